"""Questions about all articles: the catalog answers what git alone answers, also after changes."""

from __future__ import annotations

import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import plain_answers
from tests.desk import Desk
from tests.repositories import run
from tracker.catalog.schema import catalog_file
from tracker.model import Selection
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.queries import Term, excerpt, matching, terms, visible

NOW = datetime(2022, 6, 1, 12, tzinfo=UTC)
NOTE = "\n*Correction, May 5, 2022: An earlier version of this post misstated the price.*\n"
FERRY = (
    "---\ntitle: The Ferry's Return\n---\n\nThe night ferry sails again from Friday, the harbor "
    "office said on Tuesday.\n\nA ticket costs $12 for adults.\n"
)
BRIDGE = "---\ntitle: Brücke über den Fluß\n---\n\nDie Brücke öffnet im Mai. 東京都の橋。\n"
SELECTIONS = [
    Selection(),
    Selection(kind="correction"),
    Selection(person="Ada Editor", month="2022-05"),
    Selection(substantive=True, month="2022-05"),
    Selection(told=False),
    Selection(told=True, kind="correction"),
    Selection(substantive=False, told=False, person="Nobody"),
]


def newsroom(desk: Desk, now: datetime = NOW) -> Newsroom:
    return Newsroom(desk.folder, now=now)


def commit(desk: Desk, at: str, **files: str) -> None:
    for name, text in files.items():
        desk.write(f"articles/{name}.md", text)
    desk.git("add", "--all")
    desk.git("commit", "-q", "--allow-empty", f"--date={at}", "-m", f"Edit at {at}")


@pytest.fixture
def room(desk: Desk) -> Desk:
    """A newsroom of three articles, one of them corrected, with no settings."""
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", 'timezone = "America/New_York"\n')
    commit(desk, "2022-04-30T23:30:00-04:00", ferry=FERRY)
    commit(desk, "2022-05-01T00:30:00Z", bridge=BRIDGE, weather="Rain.\n")
    commit(desk, "2022-05-05T08:00:00Z", ferry=FERRY.replace("$12", "$21"))
    commit(desk, "2022-05-05T09:00:00Z", ferry=FERRY.replace("$12", "$21") + NOTE)
    commit(desk, "2022-05-09T09:00:00Z", bridge=BRIDGE.replace("Mai", "Juni"))
    return desk


def agree(desk: Desk, now: datetime = NOW) -> None:
    """The catalog answers as if every history were read for every question."""
    here = newsroom(desk, now)
    for selection in SELECTIONS:
        expected = tuple(plain_answers.latest(here, selection))
        assert here.latest(50, selection=selection) == expected
        assert here.latest(1, offset=1, selection=selection) == expected[1:2]
        assert here.count(selection) == len(expected)
        assert here.months(selection) == tuple(plain_answers.months(here, selection))
    assert here.people() == tuple(plain_answers.people(here))
    assert here.articles() == tuple(plain_answers.articles(here))
    listed = plain_answers.listed(here)
    assert here.listed() == tuple(listed)
    noted = [each for each in listed if each.notes]
    assert here.listed(noted=True) == tuple(noted)
    assert here.count_articles(noted=True) == len(noted)
    for since in {each.at for each in listed}:
        changed = [each for each in listed if each.at >= since]
        assert here.listed(since=since) == tuple(changed)
        assert here.count_articles(since) == len(changed)
    assert here.changelog() == tuple(plain_answers.changelog(here))
    assert list(here.lives()) == plain_answers.lives(here)
    for words in ("ferry", "misstated pri*", '"night ferry"', "brucke", "京都", "adults", "rain"):
        found = here.search(words, 50)
        assert sorted(found, key=repr) == sorted(plain_answers.search(here, words), key=repr)
        assert found, words


def test_every_question(room: Desk) -> None:
    """Counts, months, people, articles, revisions, notes, words."""
    agree(room)
    here = newsroom(room)
    assert here.count() == 6
    assert here.months() == (("2022-05", 3), ("2022-04", 3))  # half past midnight UTC is April
    assert here.count(Selection(kind="correction")) == 1
    assert here.articles(1)[0].headline == "Brücke über den Fluß"


def test_what_is_new_moved_gone_and_back(room: Desk) -> None:
    """After each commit the catalog answers anew, with nothing of before left in it."""
    agree(room)
    commit(room, "2022-05-10T09:00:00Z", weather="Rain, and wind.\n" + NOTE, opera="An opera.\n")
    agree(room)
    room.git("mv", "articles/ferry.md", "articles/night-ferry.md")
    commit(room, "2022-05-11T09:00:00Z")
    agree(room)
    room.git("rm", "-q", "articles/opera.md")
    commit(room, "2022-05-12T09:00:00Z")
    agree(room)
    assert newsroom(room).search("opera") == ()
    room.git("reset", "-q", "--hard", "HEAD~2")
    agree(room)
    room.git("commit", "-q", "--amend", "--date=2022-05-10T10:00:00Z", "-m", "Again")
    agree(room)


def test_an_old_text_that_git_lost_makes_the_index_anew(room: Desk) -> None:
    commit(room, "2022-05-10T09:00:00Z", weather="Hail and rain.\n")
    agree(room)
    room.git("reset", "-q", "--hard", "HEAD~1")
    room.git("reflog", "expire", "--expire=now", "--all")
    room.git("gc", "-q", "--prune=now")
    agree(room)
    assert newsroom(room).search("hail") == ()


def test_other_settings_are_other_answers(room: Desk) -> None:
    """Patterns, a zone, the grace time: what was worked out before does not count."""
    agree(room)
    room.write("tracker.toml", 'articles = ["articles/f*.md"]\ntimezone = "UTC"\n')
    here = newsroom(room)
    assert [each.slug for each in here.articles()] == ["ferry"]
    assert here.months() == (("2022-05", 3),)
    assert here.search("brücke") == ()
    room.write("tracker.toml", 'timezone = "UTC"\n[check]\ngrace = "1m"\n')
    here = newsroom(room)
    assert here.count(Selection(told=False)) == 2
    assert len(plain_answers.latest(here, Selection(told=False))) == 2


def test_the_folder_of_the_articles_is_chosen_anew(desk: Desk) -> None:
    """Without patterns the first usual folder counts; which one that is may change."""
    desk.git("init", "-q", "-b", "main")
    desk.write("README.md", "Read me.\n")
    desk.write("a.md", "A.\n")

    def names() -> list[str]:
        desk.git("add", "--all")
        desk.git("commit", "-q", "-m", "Edit")
        here = newsroom(desk)
        assert here.articles() == tuple(plain_answers.articles(here))
        return sorted(each.path for each in here.articles())

    assert names() == ["a.md"]
    desk.write("b.md", "B.\n")
    assert names() == ["a.md", "b.md"]
    desk.write("docs/c.md", "C.\n")
    assert names() == ["docs/c.md"]
    desk.write("d.md", "D.\n")
    assert names() == ["docs/c.md"]
    desk.write("posts/e.md", "E.\n")
    assert names() == ["posts/e.md"]
    desk.git("mv", "posts/e.md", "docs/e.md")
    assert names() == ["docs/c.md", "docs/e.md"]
    desk.git("rm", "-q", "-r", "docs")
    assert names() == ["a.md", "b.md", "d.md"]


def test_what_comes_out_with_time(desk: Desk) -> None:
    """An article of tomorrow is out tomorrow, with nothing committed meanwhile."""
    desk.git("init", "-q", "-b", "main")
    commit(desk, "2022-05-01T09:00:00Z", later="---\ndate: 2022-06-02\n---\n\nIt opens.\n")
    seen = []
    for day in (0, 1, 0):
        here = newsroom(desk, NOW + timedelta(days=day))
        assert here.latest(9) == tuple(plain_answers.latest(here))
        seen.append(here.latest()[0][1].published)
    assert seen == [False, True, False]


def test_only_what_changed_is_read_again(room: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One new revision costs one article's reading."""
    newsroom(room).latest(50)
    asked: list[str] = []
    from tracker.newsroom import facts

    judge = facts.Work.judge

    def counted(self: facts.Work, job: facts.Job) -> facts.Done:
        asked.append(job.track.path)
        return judge(self, job)

    monkeypatch.setattr(facts.Work, "judge", counted)
    newsroom(room).latest(50)
    assert asked == []
    commit(room, "2022-05-10T09:00:00Z", weather="Rain, and wind.\n")
    newsroom(room).latest(50)
    assert asked == ["articles/weather.md"]


def test_after_a_pull_the_order_is_that_of_the_whole_history(room: Desk) -> None:
    """From the fork on, it may be another; so the history is read anew."""
    agree(room)
    room.git("checkout", "-q", "-b", "theirs", "HEAD~1")
    commit(room, "2022-05-07T09:00:00Z", opera="An opera.\n", weather="Rain. And hail.\n")
    room.git("checkout", "-q", "main")
    room.git("merge", "-q", "-m", "Merge branch 'main' of example.org:news", "theirs")
    agree(room)
    catalog_file(newsroom(room).repository).unlink()
    agree(room)


def test_a_newsroom_in_a_folder_and_one_beside_it(desk: Desk) -> None:
    """Two newsrooms of one repository share the file, and each has its own articles."""
    desk.git("init", "-q", "-b", "main")
    for name in ("one", "two"):
        desk.write(f"{name}/tracker.toml", f'name = "{name}"\n')
        desk.write(f"{name}/articles/{name}.md", f"Text of {name}.\n")
    desk.git("add", "--all")
    desk.git("commit", "-q", "-m", "Both")
    for name in ("one", "two", "one"):
        here = Newsroom(desk.folder / name, now=NOW)
        assert [each.slug for each in here.articles()] == [name]
        assert here.count() == 1


def test_without_a_catalog_git_answers(room: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the folder would be, and one that is locked: slower, and the same."""
    here = newsroom(room)
    expected = here.latest(50)
    path = catalog_file(here.repository)
    monkeypatch.setattr("tracker.catalog.schema.PATIENCE", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert newsroom(room).latest(50) == expected
    other.close()
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    agree(room)


def test_the_views_are_there_for_other_tools(room: Desk) -> None:
    """Every view answers in plain SQL, with names, hexadecimal hashes and ISO instants."""
    here = newsroom(room)
    here.count(Selection(substantive=True))
    connection = sqlite3.connect(catalog_file(here.repository))
    rows = connection.execute(
        "SELECT article_path, number, at, person, headline, substantive, kinds FROM revisions"
        " WHERE article_path LIKE '%ferry%' ORDER BY number"
    ).fetchall()
    assert rows == [
        ("articles/ferry.md", 1, "2022-05-01T03:30:00Z", "Ada Editor", "The Ferry's Return", 0, ""),
        ("articles/ferry.md", 2, "2022-05-05T08:00:00Z", "Ada Editor", "The Ferry's Return", 1, ""),
        (
            "articles/ferry.md", 3, "2022-05-05T09:00:00Z", "Ada Editor", "The Ferry's Return", 0,
            "correction",
        ),
    ]  # fmt: skip
    notes = connection.execute("SELECT kind, article_path, number, hash, text FROM notes")
    assert [row[:3] for row in notes] == [("correction", "articles/ferry.md", 3)]
    head = run(room.folder, "rev-parse", "HEAD").decode().strip()
    assert connection.execute("SELECT hash FROM commits ORDER BY number DESC").fetchone() == (head,)
    assert connection.execute("SELECT count(*) FROM articles WHERE current").fetchone() == (3,)
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    connection.close()


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ferry", '"ferry"'),
        ("night ferry", '"night" AND "ferry"'),
        ('"Night Ferry" sail*', '"night ferry" AND "sail" *'),
        ('"night ferr"*', '"night ferr"'),
        ("well-known a.m.", '"well known" AND "a m"'),
        ("Straße ÉLAN", '"strasse" AND "elan"'),
        ("京都*", '"京 都" *'),
        ('NEAR(a b) OR -c ^d {e}:f "', '"near a" AND "b" AND "or" AND "c" AND "d" AND "e f"'),
        ('"unclosed phrase', '"unclosed phrase"'),
        ('* " - ""', ""),
    ],
)
def test_what_people_type(typed: str, expected: str) -> None:
    """Whatever is typed becomes quoted words: none of it is read as syntax."""
    assert matching(terms(typed)) == expected


@pytest.mark.parametrize(
    "typed", ['"', "((((", "a AND", "x:y", "*" * 5000, '" OR 1=1 --', "\0", "a\udc80"]
)
def test_no_query_raises(room: Desk, typed: str) -> None:
    newsroom(room).search(typed)


def test_kinds_and_limits(room: Desk) -> None:
    here = newsroom(room)
    assert here.search("price", kind="update") == ()
    (hit,) = here.search("price", kind="correction")
    assert (hit.where, hit.note, hit.article.slug) == ("note", here.notes("ferry")[0].id, "ferry")
    assert hit.commit == here.history("ferry")[2].commit
    both = here.search("ferry")
    assert len(both) == 2
    assert here.search("ferry", 1) + here.search("ferry", 1, 1) == both


@pytest.mark.parametrize("before", [98, 99, 100, 101, 199, 200, 500])
def test_an_excerpt_begins_with_the_phrase_wherever_it_stands(before: int) -> None:
    text = "x " * before + "night ferry " + "y " * 300 + "night ferry"
    pieces = list(excerpt(text, [Term(("night", "ferry"), prefix=False)]))
    assert [piece for piece, found in pieces if found] == ["night", "ferry"]
    assert pieces[0][0].endswith("x ")
    assert pieces[-1][0].startswith(" y y")


def test_excerpts_show_the_words() -> None:
    """A long text is cut at words around the first place; the words are marked."""
    text = "word " * 100 + "the night ferry sails " + "rest " * 100
    pieces = list(excerpt(text, [Term(("night", "ferry"), prefix=False)]))
    assert [piece for piece, found in pieces if found] == ["night", "ferry"]
    whole = "".join(piece for piece, _ in pieces)
    assert whole.startswith("… word ")
    assert whole.endswith(" rest …")
    assert len(whole) < 250
    assert list(excerpt("Short Fährt.", [Term(("fahrt",), prefix=False)])) == [
        ("Short ", False), ("Fährt", True), (".", False),
    ]  # fmt: skip


def test_visible_words() -> None:
    """Targets of links, tags, comments and template calls are no words of the text."""
    data = (
        b"---\ntitle: T\n---\n\n# Head\n\n<!-- updates -->\nUpdate: no.\n<!-- /updates -->\n"
        b"See [the *rules*](https://example.org/x) <b>now</b> {% image 'a.png' %} &amp; then.\n"
    )
    assert visible(data) == "Head See the rules now & then."
    linked = b"She [posted][her note] to the list.\n\n[her note]: https://example.org/\n"
    assert visible(linked) == "She posted to the list."
    for hostile in (b"<!--" * 20000, b"](" * 30000, b"{%" * 30000, b"<a " * 30000, b"[" * 50000):
        visible(hostile)


def test_the_commands(room: Desk) -> None:
    """``tracker catalog`` tells the state, ``tracker search`` finds, as text and as JSON."""
    said = room.ok("catalog").out
    assert "There is none yet that can be used" in said
    assert room.ok("catalog", "--json").json["there"] is False
    state = room.ok("catalog", "--rebuild", "--json").json
    assert (state["commits"], state["articles"], state["revisions"]) == (5, 3, 6)
    assert state["behind"] == 0
    commit(room, "2022-05-10T09:00:00Z", weather="Rain, and wind.\n")
    assert "behind    1 commit; it catches up when it is next asked" in room.ok("catalog").out
    found = room.ok("search", "ferry").out
    assert "The Ferry's Return" in found
    hit = room.ok("search", "wind", "--json").json["hits"][0]
    assert hit["article"]["path"] == "articles/weather.md"
    assert hit["excerpt"] == [["Rain, and ", False], ["wind", True], [".", False]]
    assert room.ok("catalog", "--json").json["indexed"] == 3
    assert room.ok("search", "nowhere").err == "tracker: nothing was found.\n"
    assert "There is no word to look for." in room.refused("search", "***")
    (Path(room.folder) / ".git" / "tracker" / "catalog.sqlite3").unlink()
    assert room.ok("search", "wind").out


def test_the_questions_of_the_documentation(room: Desk) -> None:
    """Every SQL question of docs/catalog.md can be asked; the columns are those that it lists."""
    page = (Path(__file__).parents[1] / "docs" / "catalog.md").read_text("utf-8")
    here = newsroom(room)
    here.count(Selection(substantive=True))
    connection = sqlite3.connect(catalog_file(here.repository))
    asked = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    answers = [connection.execute(question).fetchall() for question in asked]
    assert len(asked) == 5
    assert answers[0] == [("2022-05", 6, 2)]
    assert [row[1:3] for row in answers[1]] == [("articles/bridge.md", 2)]
    assert answers[2][0][2] == 96.5
    for view, listed in re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", page, re.MULTILINE):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({view})")]
        assert columns == re.findall(r"`(\w+)`", listed)
    connection.close()


def test_when_did_this_sentence_go(room: Desk) -> None:
    """What an article had and has no more: in which revisions, and which one took it out."""
    hail = "Hail is expected in the hills tonight.\n\nBring a coat.\n"
    commit(room, "2022-05-10T09:00:00Z", weather=hail)
    commit(room, "2022-05-11T09:00:00Z", weather=hail.replace("coat", "hat"))
    commit(room, "2022-05-12T09:00:00Z", weather="Bring a hat.\n")
    here = newsroom(room)
    assert here.search_articles('"hail is expected"') == ()
    (found,) = here.search_articles('"hail is expected"', older=True)
    (hit,) = found.hits
    revisions = here.history("articles/weather.md")
    assert (hit.where, hit.last) == ("older-text", len(revisions) - 1)
    assert hit.first == len(revisions) - 2
    assert (hit.at, hit.commit) == (revisions[-1].at, revisions[-1].commit)
    assert hit.person == revisions[-1].person.name
    day = datetime(2022, 5, 12, tzinfo=UTC)
    assert here.search_articles("hail", older=True, since=day)
    assert not here.search_articles("hail", older=True, until=day)
    assert not here.search_articles("hail", older=True, kind="correction")
    commit(room, "2022-05-13T09:00:00Z", weather=hail + "\nRain.\n")
    (found,) = newsroom(room).search_articles("hail", older=True)
    assert [each.where for each in found.hits] == ["text"]
    agree(room)


def test_articles_with_the_words_in_a_headline_come_first(room: Desk) -> None:
    commit(
        room, "2022-05-10T09:00:00Z", weather="A zeppelin. A zeppelin. A zeppelin.\n",
        opera="---\ntitle: The zeppelin\n---\n\nIt has landed in the park behind the opera.\n",
    )  # fmt: skip
    commit(room, "2022-05-11T09:00:00Z", opera="---\ntitle: The airship\n---\n\nIt has gone.\n")
    here = newsroom(room)
    found = here.search_articles("zeppelin", older=True)
    assert [(each.article.path, each.hits[0].where) for each in found] == [
        ("articles/opera.md", "older-headline"),
        ("articles/weather.md", "text"),
    ]
    assert here.search_articles("zeppelin", 1, 1, older=True) == found[1:]
    assert [each.article.path for each in here.search_articles("zeppelin")] == [
        "articles/weather.md"
    ]
    said = room.ok("search", "--older", "zeppelin", "--since", "2022-05-11").out
    assert "gone, it was in the headline of revision" in said


def test_settings_that_only_change_what_is_shown_keep_what_was_read(room: Desk) -> None:
    room.run("check")
    known = room.ok("catalog", "--json").json["answers"]
    shown = (
        'name = "The Gazette"\ntimezone = "America/New_York"\n'
        "[footer]\nmax = 2\n"
        '[site]\nurl = "https://example.com/changes"\n'
        '[style]\nearlier_updates = "Before that"\nrepeat_error = true\n'
    )
    for said, more in ((shown, 1), ('timezone = "Europe/Kyiv"\n', 2)):
        room.write("tracker.toml", said)
        room.run("check")
        assert room.ok("catalog", "--json").json["answers"] == more * known
