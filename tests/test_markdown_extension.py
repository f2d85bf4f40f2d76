"""The extension of Python-Markdown puts notes and changelog where a page says so."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import markdown
import pytest

from tests.desk import Desk
from tests.sites import (
    CORRECTION,
    FERRY,
    HOSTILE,
    fragment,
    harmless,
    hostile_words,
    of_class,
    words,
)
from tracker.errors import TrackerError
from tracker.plugins.site import places

LINE = "Correction 05/11/22, 9:00 a.m. ET: An earlier version of this article misstated the price."
ITEM = (
    '<li class="tracker-note tracker-correction" id="note-u1">Correction '
    '<time datetime="2022-05-11T09:00:00-04:00">05/11/22, 9:00 a.m. ET</time>: An earlier '
    'version of this article misstated the <a href="https://example.org/fares" '
    'rel="noopener noreferrer nofollow">price</a>.</li>'
)
SETTINGS = 'style = "newsweek"\ntimezone = "America/New_York"\n'


def render(desk: Desk, text: str | None = None, article: str = "ferry.md", **options: Any) -> str:
    """The body of an article, or another text, as HTML."""
    if text is None:
        text = desk.read(article).split("---\n", 2)[-1]
    config = {"newsroom": str(desk.folder), "article": article, **options}
    return markdown.markdown(
        text, extensions=["tracker", "fenced_code"], extension_configs={"tracker": config}
    )


@pytest.fixture
def ferry(desk: Desk) -> Desk:
    """A newsroom with an article that was corrected; its notes are in its front matter."""
    return corrected(desk, "---\ntitle: The ferry\n---\n\n")


_made: dict[str, Path] = {}
"""Newsrooms that a test made already; the next one takes a copy."""


def corrected(desk: Desk, head: str, note: str = CORRECTION) -> Desk:
    made = _made.get(head + note)
    if made is not None and made.is_dir():
        shutil.copytree(made, desk.folder, dirs_exist_ok=True)
        return desk
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", SETTINGS)
    desk.write("ferry.md", head + FERRY)
    desk.ok("record", "ferry.md", "--at", "05/10/22 4:30 p.m. ET")
    desk.write("ferry.md", desk.read("ferry.md").replace("$12", "$21"))
    desk.ok("record", "ferry.md", "--correction", note, "--at", "05/11/22 9 a.m. ET")
    _made[head + note] = desk.folder.with_name(f"{desk.folder.name}-copy")
    shutil.copytree(desk.folder, _made[head + note])
    return desk


def test_updates_where_the_page_says_so(ferry: Desk) -> None:
    text = "Before.\n[[updates]]\nAfter.\n"
    assert render(ferry, text).split("\n") == [
        "<p>Before.</p>",
        '<section class="tracker-updates">',
        "<h2>Updates</h2>",
        '<ol class="tracker-notes">',
        ITEM,
        "</ol>",
        "</section>",
        "<p>After.</p>",
    ]


def test_the_lines_that_stand_in_the_text_move_there(ferry: Desk) -> None:
    assert "<!-- updates -->" in ferry.read("ferry.md")
    body = ferry.read("ferry.md").split("---\n", 2)[-1]
    root = fragment(render(ferry, "[[updates]]\n" + body))
    assert words(root).count("misstated the price") == 1
    assert words(root).startswith(f"Updates {LINE} A ticket costs $21.")


def test_a_changelog_with_links(ferry: Desk) -> None:
    root = fragment(render(ferry, "[[changelog]]", base_url="https://example.org/h/"))
    (section,) = of_class(root, "tracker-changelog")
    assert [words(item) for item in section.iter("li")] == [
        f"{LINE} What changed",
        "05/10/22, 4:30 p.m. ET Published. The first version",
    ]
    first, second = ferry.git("log", "--format=%H", "--reverse").split()
    old, new = f"20220510203000-{first[:10]}", f"20220511130000-{second[:10]}"
    assert [link.get("href") for link in section.iter("a")] == [
        "https://example.org/fares",
        f"https://example.org/h/change/{new}/ferry/",
        f"https://example.org/h/version/{old}/ferry/",
        "https://example.org/h/history/ferry/",
    ]
    link = render(ferry, "[[history]]", base_url="https://example.org/h")
    assert link == (
        '<p class="tracker-history"><a href="https://example.org/h/history/ferry/">'
        "All versions of this article</a></p>"
    )


def test_the_address_of_the_pages_may_stand_in_the_settings(ferry: Desk) -> None:
    ferry.write("tracker.toml", SETTINGS + '[site]\nurl = "https://example.org/s"\n')
    assert 'href="https://example.org/s/history/ferry/"' in render(ferry, "[[history]]")


@pytest.mark.parametrize(
    "text",
    [
        "```\n[[updates]]\n```",
        "~~~~ text\n[[updates]]\n~~~\n[[updates]]\n~~~~",
        "Code:\n\n    [[updates]]",
        "\\[[updates]]",
        "Say [[updates]] in a line.",
        "[[updates]] and more",
        "`[[updates]]`",
        "<!--\n[[updates]]\n-->",
        "<pre>\n[[updates]]\n</pre>",
        "[[Updates]]",
        "> [[updates]]",
    ],
)
def test_what_is_no_place(ferry: Desk, text: str) -> None:
    assert places(text) == []
    html = render(ferry, text)
    assert "tracker-" not in html
    assert "[[updates]]" in html.replace("Updates", "updates")


def test_the_same_without_the_extension_for_fences(ferry: Desk) -> None:
    config = {"newsroom": str(ferry.folder), "article": "ferry.md"}
    text = "```\n[[updates]]\n```"
    html = markdown.markdown(text, extensions=["tracker"], extension_configs={"tracker": config})
    assert "tracker-" not in html


def test_inside_an_element_of_the_page(ferry: Desk) -> None:
    root = fragment(render(ferry, '<aside id="a">\n[[updates]]\n</aside>\n'))
    (aside,) = (each for each in root.iter("aside"))
    assert words(aside) == f"Updates {LINE}"


def test_said_twice_the_ids_stay_unique(ferry: Desk) -> None:
    root = fragment(render(ferry, "[[updates]]\n\n[[updates]]\n"))
    assert len(list(of_class(root, "tracker-note"))) == 2
    assert [each.get("id") for each in root.iter() if each.get("id")] == ["note-u1"]


def test_lines_written_by_hand_move_with_their_words_and_links(desk: Desk) -> None:
    """An article without front matter: its lines are its notes."""
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", SETTINGS)
    body = "# The ferry\n\nA ticket costs $12.\n"
    desk.write("ferry.md", body)
    desk.ok("record", "ferry.md", "--at", "05/10/22")
    by_hand = "*Correction, May 11, 2022: An earlier version misstated the [price](/fares).*"
    between = "**Update, May 12:** The pier is closed."
    new = body.replace("$12", "$21") + f"\n{between}\n\nIt leaves at 11 p.m.\n\n{by_hand}\n"
    desk.write("ferry.md", new)
    desk.ok("record", "ferry.md", "--at", "05/12/22")
    root = fragment(render(desk, "[[updates]]\n\n" + new))
    (item,) = of_class(root, "tracker-note")
    assert words(item) == "Correction, May 11, 2022: An earlier version misstated the price."
    assert [each.get("href") for each in item.iter("a")] == ["/fares"]
    text = words(root)
    assert text.count("misstated") == 1
    assert "costs $21. Update, May 12: The pier is closed. It leaves at" in text


def test_at_the_end_of_a_page_that_does_not_name_the_place(ferry: Desk) -> None:
    text = "A ticket costs $21.\n"
    html = render(ferry, text, append=["updates", "changelog", "history"], base_url="https://x.org")
    order = [each.get("class") for each in fragment(html) if each.get("class")]
    assert order == ["tracker-updates", "tracker-changelog"]
    assert html.count("tracker-history") == 1
    named = render(ferry, "[[updates]]\n\nText.", append="updates")
    assert named.count("tracker-updates") == 1


def test_nothing_is_appended_that_stands_in_the_text(ferry: Desk) -> None:
    html = render(ferry, append=["updates"])
    assert "tracker-updates" not in html
    assert html.count("misstated the") == 1


def test_a_hostile_note_is_read_as_it_was_typed(desk: Desk) -> None:
    corrected(desk, "---\ntitle: The ferry\n---\n\n", HOSTILE)
    root = fragment(render(desk, "[[updates]]\n\n[[changelog]]"))
    for item in (*of_class(root, "tracker-note"), *of_class(root, "tracker-correction")):
        assert words(item) == f"Correction 05/11/22, 9:00 a.m. ET: {hostile_words()}"
    harmless(root)


def test_a_hostile_line_in_the_text_does_nothing_where_it_moves(desk: Desk) -> None:
    """Its own Markdown is kept, without what would run."""
    note = (
        "An earlier version <script>alert(1)</script> <b onclick=alert(1)>misstated</b> the price."
    )
    corrected(desk, "", note)
    text = desk.read("ferry.md").replace("Correction 05/11/22", "**Correction** 05/11/22")
    root = fragment(render(desk, "[[updates]]\n\n" + text))
    (item,) = of_class(root, "tracker-note")
    assert words(item).startswith("Correction 05/11/22, 9:00 a.m. ET: An earlier version")
    assert words(root).count("misstated") == 1
    harmless(root)


def test_an_id_that_would_break_out(desk: Desk) -> None:
    desk.git("init", "-q")
    note = 'id: "\\"><script>alert(1)</script>"\n    kind: update\n    text: The pier was added.'
    desk.write("ferry.md", f"---\nupdates:\n  - {note}\n---\n\nWords.\n")
    desk.ok("record", "ferry.md", "--at", "2022-05-10")
    root = fragment(render(desk, "[[updates]]"))
    (item,) = of_class(root, "tracker-note")
    assert str(item.get("id")).startswith("note-x")
    harmless(root)


def test_headings_words_and_language(ferry: Desk) -> None:
    assert "<h4>Updates</h4>" in render(ferry, "[[updates]]", heading_level="4")
    without = render(ferry, "[[updates]]", heading_level=0)
    assert without.startswith('<section class="tracker-updates" aria-label="Updates">\n<ol')
    assert "<h2>Оновлення</h2>" in render(ferry, "[[updates]]", language="uk-UA")
    assert "<h2>Updates</h2>" in render(ferry, "[[updates]]", language="ja")
    own = render(ferry, "[[updates]]", labels={"updates": "News & <more>"})
    assert "<h2>News &amp; &lt;more&gt;</h2>" in own


def test_older_notes_stand_behind_a_summary(ferry: Desk) -> None:
    for number in range(3):
        ferry.ok(
            "note", "ferry", "--update", f"to add pier {number}", "--at", f"05/1{number + 2}/22"
        )
    ferry.write("tracker.toml", SETTINGS + "[footer]\nmax = 2\n")
    root = fragment(render(ferry, "[[updates]]"))
    (details,) = root.iter("details")
    assert [len(list(each.iter("li"))) for each in (root, details)] == [4, 2]
    assert words(details).startswith("Earlier updates Correction 05/11/22")


def test_withdrawn_and_amended_notes(ferry: Desk) -> None:
    ferry.ok("note", "ferry", "--update", "to add a pier", "--at", "05/12/22 9 a.m.")
    ferry.ok("note", "ferry", "--amend", "u1", "The price was $12.", "--at", "05/13/22 9 a.m.")
    ferry.ok("note", "ferry", "--withdraw", "u2", "--at", "05/14/22 9 a.m.")
    root = fragment(render(ferry, "[[updates]]\n\n[[changelog]]"))
    (note,) = of_class(root, "tracker-note")
    assert words(note) == "Correction 05/13/22, 9:00 a.m. ET: The price was $12."
    struck = [words(each) for each in of_class(root, "tracker-entry") if list(each.iter("del"))]
    assert [each.partition(":")[0] for each in struck] == ["Withdrawn", "Amended since"]


def test_the_article_may_be_told_by_a_function(ferry: Desk) -> None:
    asked = []

    def article() -> str:
        asked.append(1)
        return "ferry.md"

    config = {"newsroom": str(ferry.folder), "article": article}
    md = markdown.Markdown(extensions=["tracker"], extension_configs={"tracker": config})
    assert "tracker-updates" in md.reset().convert("[[updates]]")
    assert "tracker-updates" in md.reset().convert("[[updates]]")
    assert md.reset().convert("Text.") == "<p>Text.</p>"
    assert len(asked) == 2


def test_what_is_not_committed_is_shown_too(ferry: Desk) -> None:
    """The notes of the file on disk are shown, before they are recorded."""
    told = ferry.read("ferry.md").replace("misstated the [price]", "gave a wrong [price]")
    ferry.write("ferry.md", told)
    assert "gave a wrong" in render(ferry, "[[updates]]")
    ferry.write("new.md", told)
    assert "gave a wrong" in render(ferry, "[[updates]]", article="new.md")
    assert render(ferry, "[[changelog]]\n\nText.", article="new.md") == "<p>Text.</p>"


def test_a_place_without_an_article_stays_empty(ferry: Desk) -> None:
    for article in ("missing.md", "", str(Path("/") / "etc" / "hostname")):
        assert render(ferry, "[[updates]]\n\nText.\n", article=article) == "<p>Text.</p>"


def test_no_repository_is_warned_of_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    config = {"newsroom": str(desk.folder), "article": "ferry.md"}
    md = markdown.Markdown(extensions=["tracker"], extension_configs={"tracker": config})
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert md.reset().convert("[[updates]]\n\nText.") == "<p>Text.</p>"
    (record,) = caplog.records
    assert record.name == "tracker.plugins.markdown"
    assert record.message == (
        f"{desk.folder} is not in a git repository. The pages say nothing of their history."
    )


def test_a_shallow_clone_is_told_of(ferry: Desk, caplog: pytest.LogCaptureFixture) -> None:
    ferry.git("clone", "-q", "--depth=1", f"file://{ferry.folder}", "clone")
    with caplog.at_level(logging.WARNING):
        html = render(ferry, "[[updates]]", newsroom=str(ferry.folder / "clone"))
    assert "misstated the" in html
    (record,) = caplog.records
    assert record.message.startswith("This clone is shallow: what came before it is not known")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"heading_level": 7},
            "The option heading_level must be a number from 0 to 6, and is “7”.",
        ),
        ({"heading": 2}, "The Markdown extension “tracker” has no option “heading”."),
        ({"labels": {"update": "x"}}, "The option labels has no key “update”."),
        ({"labels": "x"}, "The option labels must be words by their keys."),
        ({"append": ["news"]}, "The option append must be a list of: updates, changelog, history."),
    ],
)
def test_options_that_are_wrong(ferry: Desk, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TrackerError) as refused:
        render(ferry, "[[updates]]", **options)
    assert refused.value.sentence == sentence
    assert refused.value.hint


def test_settings_that_are_wrong_stop_the_page(ferry: Desk) -> None:
    ferry.write("tracker.toml", 'style = "nobody"\n')
    with pytest.raises(TrackerError, match="no house style"):
        render(ferry, "[[updates]]")


def test_hostile_pages_cost_bounded_time() -> None:
    """Comments and elements that are never closed, and thousands of places in a fence."""
    assert places("<!--\n" * 20_000 + "[[updates]]\n") != []
    assert places("<pre>\n<style>\n<!--\n" * 20_000 + "[[updates]]") != []
    assert places("```\n" + "[[updates]]\n" * 20_000) == []
    assert len(places("[[updates]]\n" * 20_000)) == 20_000
