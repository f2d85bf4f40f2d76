"""Two clones wrote one article: what readers were told, what is found, who brought which word."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from importlib import resources

import pytest

from tests.desk import Desk
from tests.repositories import Builder
from tracker import Newsroom
from tracker.catalog.schema import catalog_file
from tracker.model import Finding, Revision
from tracker.newsroom import merging
from tracker.web import create_app
from tracker.web.addresses import stamp_of

PULL = "Merge branch 'main' of example.org:news"
TEXT = "A ticket to the island costs $12.\n\nThe crew has 30 people.\n\nThe pier opened in 1901.\n"
PRICED, OPENED = TEXT.replace("$12", "$21"), TEXT.replace("1901", "1910")
BOTH = PRICED.replace("1901", "1910")


def noted(text: str, *notes: tuple[str, str]) -> str:
    """A text with notes in its front matter: id and words."""
    listed = "".join(
        f"  - id: {name}\n    kind: correction\n"
        f"    at: 2022-01-0{3 if words == PIER_NOTE else 2}T12:00:00Z\n    text: {words}\n"
        for name, words in notes
    )
    key = "updates:" if notes else "draft: false"
    return f"---\ntitle: The ferry\n{key}\n{listed}---\n\n{text}"


PRICE_NOTE = "An earlier version misstated the price."
PIER_NOTE = "An earlier version misstated the year in which the pier opened."


def room(desk: Desk, theirs: str, ours: str, merged: str, begun: str | None = None) -> Newsroom:
    """A newsroom in which two clones edited one article, and one of them pulled."""
    builder = Builder(desk.folder)
    settings = 'timezone = "UTC"\n[check]\nsince = 2000-01-01\n[footer]\nembed = false\n'
    start = {"articles/ferry.md": begun or noted(TEXT), "tracker.toml": settings}
    builder.commit("Publish", at="2022-01-01T00:00:00Z", write=dict(start))
    write = "articles/ferry.md"
    at = ("2022-01-02T12:00:00Z", "2022-01-03T12:00:00Z", "2022-01-04T12:00:00Z")
    builder.commit("Theirs", on="theirs", start="main", at=at[0], write={write: theirs})
    builder.commit("Ours", at=at[1], write={write: ours})
    builder.commit(PULL, merge=["theirs"], at=at[2], write={write: merged})
    builder.build(checkout=True)
    return Newsroom(desk.folder)


def found(here: Newsroom) -> list[tuple[str, int | None]]:
    return [(each.rule, each.revision) for each in here.check().findings]


def notes(here: Newsroom) -> list[list[tuple[str, str]]]:
    return [[(n.id, n.text) for n in each.notes] for each in here.history("ferry")]


BOTH_TOLD = noted(BOTH, ("u1", PRICE_NOTE), ("u2", PIER_NOTE))


def test_a_note_is_told_by_the_revision_that_brought_it(desk: Desk) -> None:
    """Both gave the id u1 away; the one that the merge renamed has its new id throughout."""
    here = room(
        desk, noted(PRICED, ("u1", PRICE_NOTE)), noted(OPENED, ("u1", PIER_NOTE)), BOTH_TOLD
    )
    assert notes(here) == [[], [("u1", PRICE_NOTE)], [("u2", PIER_NOTE)], []]
    told = [(each.note.id, each.revision) for each in here.changelog("ferry") if each.note]
    assert sorted(told) == [("u1", 2), ("u2", 3)]
    assert [each.what for each in here.changelog("ferry")].count("edited") == 0
    assert found(here) == []
    # The catalog tells the same of all articles at once.
    assert {(each.note.id, each.revision) for each in here.changelog() if each.note} == {*told}


def test_the_side_that_told_nothing_is_found_and_the_merge_is_not(desk: Desk) -> None:
    here = room(
        desk, noted(PRICED, ("u1", PRICE_NOTE)), noted(OPENED), noted(BOTH, ("u1", PRICE_NOTE))
    )
    (finding,) = here.check().findings
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.revision) == ("silent-change", 3)
    assert finding.words == 'date: 1901 → 1910 in "The pier opened in 1901."'


def test_a_merge_that_lost_what_readers_were_told_is_found(desk: Desk) -> None:
    """It took our text whole: the corrected price and the note that told of it are gone."""
    here = room(desk, noted(PRICED, ("u1", PRICE_NOTE)), noted(OPENED), noted(OPENED))
    assert found(here) == [("silent-change", 3), ("silent-change", 4), ("note-dropped", 4)]
    last = here.history("ferry")[-1]
    assert last.reasons[0] == 'number: $21 → $12 in "to the island costs $21."'


def test_a_note_that_one_side_reworded_is_found_there_alone(desk: Desk) -> None:
    begun = noted(TEXT, ("u1", "The ferry leaves from pier four on every single day."))
    theirs = begun.replace("$12", "$21")
    ours = begun.replace("every single day", "no day but Sunday")
    here = room(desk, theirs, ours, ours.replace("$12", "$21"), begun)
    assert ("note-reworded", 3) in found(here)
    assert not [each for each in found(here) if each[1] == 4]


def test_each_word_is_of_the_side_that_brought_it(desk: Desk) -> None:
    """The other side's text does not have it; that takes nothing out, and nothing comes back."""
    here = room(
        desk, noted(PRICED), noted(OPENED), noted(BOTH.replace("30 people", "30 kind people"))
    )
    blame = here.blame("ferry")
    words = {blame.text[span.start : span.end].strip(): span.revision for span in blame.spans}
    assert {words["$21"], words["1910"], words["kind"]} == {2, 3, 4}
    assert (words["$21"], words["1910"], words["kind"]) == (2, 3, 4)
    assert [(each.text, each.brought, each.revision) for each in blame.removals] == [
        ("$12", 1, 2),
        ("1901", 1, 3),
    ]
    assert here.blame("ferry", 3).text == noted(OPENED)
    assert {span.revision for span in here.blame("ferry", 3).spans} == {1, 3}


def test_a_word_that_both_wrote_is_of_the_first(desk: Desk) -> None:
    here = room(desk, noted(PRICED), noted(BOTH), noted(BOTH))
    blame = here.blame("ferry")
    words = {blame.text[span.start : span.end].strip(): span.revision for span in blame.spans}
    assert (words["$21"], words["1910"]) == (2, 3)


def test_the_commands_say_what_a_merge_is_compared_with(desk: Desk) -> None:
    room(desk, noted(PRICED), noted(OPENED), noted(BOTH.replace("30 people", "40 people")))
    said = desk.ok("diff", "ferry")
    assert said.out.count("[-") == said.out.count("{+") == said.out.count("[-30-]{+40+}") == 1
    assert said.err == (
        "tracker: revision 4 brings revisions 2 and 3 together; shown is what it changed beside "
        "that. Against one of them: tracker diff ferry 3 4\n"
    )
    assert desk.ok("show", "ferry", "4", "--changes") == said
    ours = desk.ok("show", "ferry", "3", "--changes").out
    assert ours.count("[-") == ours.count("{+") == ours.count("[-1901-]{+1910+}") == 1
    assert "$12" in desk.ok("diff", "ferry", "2", "3").out  # as asked: two texts
    ends = desk.ok("diff", "ferry", "--json").json
    assert (ends["old"]["revision"], ends["new"]["revision"]) == (None, 4)
    listed = desk.ok("history", "ferry").out
    assert listed.count("merged: what two sides wrote at the same time") == 1
    revisions = desk.ok("history", "ferry", "--json").json["revisions"]
    assert [len(each["written_on"]) for each in revisions] == [0, 0, 1, 2]


def test_exports_have_each_edit_once(desk: Desk) -> None:
    room(desk, noted(PRICED), noted(OPENED), noted(BOTH))
    desk.ok("export", "--format", "jsonl", "--to", "out")
    rows = [json.loads(line) for line in desk.read("out/edits.jsonl").splitlines()]
    assert [(each["revision"], each["old"], each["new"]) for each in rows] == [
        (2, "$12", "$21"),
        (3, "1901", "1910"),
    ]


def test_the_catalog_tells_what_git_tells_and_merges_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a merge brought together is remembered by its texts, as every judgment is."""
    here = room(desk, noted(PRICED), noted(OPENED), noted(BOTH))
    (life,) = here.lives()
    assert life.revisions == here.history("ferry")
    connection = sqlite3.connect(catalog_file(here.repository))
    listed = connection.execute("SELECT number, written_on FROM revisions ORDER BY number")
    first, second, third = (each.commit for each in life.revisions[:3])
    assert listed.fetchall() == [(1, ""), (2, ""), (3, first), (4, second + third)]

    def never(*_: object) -> str:
        raise AssertionError("the sides were brought together once more")

    monkeypatch.setattr(merging, "united", never)
    again = Newsroom(desk.folder)
    again.check()
    assert next(again.lives()) == life


def shown(desk: Desk, revision: Revision) -> str:
    """The page of what a revision changed."""
    client = create_app(desk.folder).test_client()
    answer = client.get(f"/change/{stamp_of(revision)}/articles/ferry/")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_pages_show_what_each_version_changed(desk: Desk) -> None:
    here = room(desk, noted(PRICED), noted(OPENED), noted(BOTH.replace("30 people", "40 people")))
    _, theirs, ours, merge = here.history("ferry")
    changes = ((theirs, "$12", "$21"), (ours, "1901", "1910"), (merge, "30", "40"))
    for revision, old, new in changes:
        compared = shown(desk, revision).partition('class="tracker-diff"')[2]
        assert re.findall("<del[^>]*>(.*?)</del><ins>(.*?)</ins>", compared) == [(old, new)]
    assert f"/version/{stamp_of(theirs)}/articles/ferry/" in shown(desk, merge)
    assert "were written at the same time" in shown(desk, merge)
    assert "were written at the same time" not in shown(desk, ours)
    blame = create_app(desk.folder).test_client().get("/blame/articles/ferry/")
    assert all(word in blame.get_data(as_text=True) for word in ("$21", "1910", "40"))


@pytest.mark.parametrize("language", ["de", "fr", "es", "uk"])
def test_the_page_of_a_merge_in_other_languages(desk: Desk, language: str) -> None:
    here = room(desk, noted(PRICED), noted(OPENED), noted(BOTH))
    desk.write("tracker.toml", f'language = "{language}"\n')
    file = resources.files("tracker").joinpath("locale", language, "pages.toml")
    words = tomllib.loads(file.read_text("utf-8"))["compare"]["together"]
    assert words.rpartition("}")[2] in shown(desk, here.history("ferry")[-1])
