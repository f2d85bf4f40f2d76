"""Repositories as strangers have them: every command answers, and counts what git counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk import Desk

NOTE = "*Correction, March 5, 2019: An earlier version of this post misstated the price.*\n"
PARAGRAPHS = (
    "The night ferry sails again from Friday, the harbor office said on Tuesday.\n\n"
    "It leaves Pier 4 at 11 p.m. and takes forty cars, twice as many as the old boat did.\n\n"
    "A ticket costs $12 for adults, and children under six travel free of charge.\n"
)


def commit(desk: Desk, at: str, message: str = "Edit") -> str:
    """Everything on disk as one commit of that time; its hash."""
    desk.git("add", "--all")
    desk.git("commit", "-q", "--allow-empty", f"--date={at}", "-m", message)
    return desk.git("rev-parse", "HEAD").strip()


def start(desk: Desk, name: str = "") -> None:
    desk.git("init", "-q", "-b", "main", name or ".")


def edit(desk: Desk, name: str, old: str, new: str) -> None:
    text = desk.read(name)
    assert old in text
    desk.write(name, text.replace(old, new))


def versions(desk: Desk, *paths: str) -> int:
    """How many commits of the published line changed the text at these paths, as git says."""
    words = ["--first-parent", "--diff-filter=AMR", "--format=%H", "--", *paths]
    return len(set(desk.git("log", *words).split()))


def reading(desk: Desk, article: str) -> dict[str, str]:
    """What every command that reads prints of an article; none fails."""
    said: dict[str, str] = {}

    def ok(*words: str) -> str:
        answer = desk.run(*words)
        assert answer.status in ((0, 1) if words[0] == "check" else (0,)), (words, answer)
        assert "Traceback" not in answer.err
        if words[0] != "show" or "--json" in words:
            answer.out.encode("utf-8")
        said[" ".join(word for word in words if word != article)] = answer.out
        return answer.out

    history = desk.ok("history", "--json", "--", article).json
    first, last = history["revisions"][0], history["revisions"][-1]
    went_out = last["out"] or last["at"]  # a scheduled article is not out before its date
    forms = ["1", "latest", str(last["number"]), went_out, went_out[:10], first["commit"][:12]]
    for form in dict.fromkeys(forms):
        ok("show", "--", article, form)
    if len(history["revisions"]) > 1:
        ok("show", "--", article, "latest~1")
        ok("diff", "--", article)
        ok("diff", "--json", "--", article, "1", "latest")
        ok("diff", "--stat", "--", article, "1")
    for words in (
        ("history",),
        ("history", "--substantive", "--reverse"),
        ("history", "--json"),
        ("show", "--changes"),
        ("show", "--json"),
        ("blame",),
        ("blame", "--removed"),
        ("blame", "--json"),
        *(("changelog", "--format", form) for form in ("text", "markdown", "html", "json")),
        ("changelog", "--notes"),
        ("footer",),
        ("footer", "--json"),
        ("note",),
        ("note", "--json"),
        *(("check", "--format", form) for form in ("text", "json", "github", "sarif")),
    ):
        ok(*words, "--", article)
    return said


def newsroom_reading(desk: Desk) -> None:
    """The commands that read a whole newsroom, none of which fails."""
    for words in (
        ("history",),
        ("history", "--json"),
        *(("changelog", "--format", form) for form in ("text", "markdown", "html", "json")),
        *(("check", "--format", form) for form in ("text", "json", "github", "sarif")),
    ):
        answer = desk.run(*words)
        assert answer.status in ((0, 1) if words[0] == "check" else (0,)), (words, answer)


def writing(desk: Desk, article: str) -> None:
    """A recording, two notes, an amendment, a withdrawal and a restoration; git agrees."""
    before = desk.ok("history", "--json", "--", article).json["revisions"]
    path = before[-1]["path"]
    file = desk.folder / os.fsdecode(path.encode("utf-8", "surrogateescape"))
    if not file.exists():
        file = desk.folder / article
    data = file.read_bytes()
    addition = "\nThe mayor, Ada Lane, said 40 people waited.\n"
    encoding = "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-8"
    file.write_bytes(data + addition.encode(encoding))
    desk.ok("record", "--update", "to add a count of 40 people", "--", article)
    desk.ok("note", "--correction", "The pier was misnamed.", "--", article)
    notes = desk.ok("note", "--json", "--", article).json["notes"]
    assert [each["kind"] for each in notes[-2:]] == ["update", "correction"]
    desk.ok("note", "--amend", notes[-1]["id"], "The pier's name was misspelled.", "--", article)
    notes = desk.ok("note", "--json", "--", article).json["notes"]
    (amended,) = [each for each in notes if "misspelled" in each["text"]]
    desk.ok("note", "--withdraw", amended["id"], "--", article)
    desk.ok("restore", "--", article, str(len(before)))
    desk.ok("footer", "--write", "--", article)
    after = desk.ok("history", "--json", "--", article).json["revisions"]
    assert len(after) == len(before) + 5
    desk.git("fsck", "--full", "--strict")


def numbers(desk: Desk, article: str) -> list[int]:
    revisions = desk.ok("history", "--json", "--", article).json["revisions"]
    return [each["number"] for each in revisions]


def test_a_hugo_site_with_toml_bundles_drafts_and_dates_to_come(desk: Desk) -> None:
    start(desk)
    desk.write("hugo.toml", "title = 'Harbor News'\n")
    desk.write("content/_index.md", "+++\ntitle = 'All news'\n+++\n")
    desk.write(
        "content/news/ferry/index.md",
        "+++\ntitle = 'The ferry returns'\ndate = 2019-03-04T09:00:00Z\n+++\n\n" + PARAGRAPHS,
    )
    desk.write("content/news/ferry/pier.jpg", b"\xff\xd8\x00")
    desk.write(
        "content/news/tolls.md",
        "+++\ntitle = 'Tolls'\ndraft = true\n+++\n\nThe toll is $3.\n",
    )
    desk.write(
        "content/news/later.md",
        "+++\ntitle = 'Later'\ndate = 2019-06-01\n+++\n\nThe bridge opens in June.\n",
    )
    commit(desk, "2019-03-04T10:00:00Z", "First")
    edit(desk, "content/news/ferry/index.md", "$12", "$21")
    edit(desk, "content/news/tolls.md", "$3", "$4")
    edit(desk, "content/news/later.md", "opens", "may open")
    commit(desk, "2019-03-05T08:00:00Z", "Prices")
    desk.write(
        "content/news/ferry/index.md", desk.read("content/news/ferry/index.md") + "\n" + NOTE
    )
    edit(desk, "content/news/tolls.md", "draft = true", "draft = false")
    commit(desk, "2019-03-05T09:00:00Z", "Note")

    said = reading(desk, "ferry")
    assert len(numbers(desk, "ferry")) == versions(desk, "content/news/ferry/index.md") == 3
    assert "misstated the price" in said["changelog --notes --"]
    published = [
        each["published"] for each in desk.ok("history", "tolls", "--json").json["revisions"]
    ]
    assert published == [False, False, True]
    published = [
        each["published"] for each in desk.ok("history", "later", "--json").json["revisions"]
    ]
    assert published == [False, True]  # the second still stood in June
    assert "_index" not in desk.ok("history").out
    for name in ("tolls", "later"):
        reading(desk, name)
    newsroom_reading(desk)
    writing(desk, "ferry")
    assert "[[updates]]" in desk.read("content/news/ferry/index.md")


def test_a_jekyll_blog_with_drafts_and_a_move_to_hugo(desk: Desk) -> None:
    start(desk)
    head = "---\nlayout: post\ntitle: 'The ferry returns'\n"
    desk.write("_drafts/ferry.md", f"{head}---\n\n{PARAGRAPHS}")
    desk.write("_posts/2019-02-01-old.md", f"{head}published: false\n---\n\nOld words.\n")
    desk.write("README.md", "# A blog\n")
    commit(desk, "2019-03-01T10:00:00Z", "Draft")
    (desk.folder / "_posts").mkdir(exist_ok=True)
    desk.git("mv", "_drafts/ferry.md", "_posts/2019-03-04-ferry.md")
    commit(desk, "2019-03-04T10:00:00Z", "Publish")
    edit(desk, "_posts/2019-03-04-ferry.md", "$12", "$21")
    commit(desk, "2019-03-05T08:00:00Z", "Price")
    name = "_posts/2019-03-04-ferry.md"
    desk.write(name, desk.read(name) + "\n" + NOTE)
    commit(desk, "2019-03-05T09:00:00Z", "Note")
    (desk.folder / "content/posts").mkdir(parents=True)
    desk.git("mv", name, "content/posts/ferry.md")
    edit(desk, "content/posts/ferry.md", "layout: post", "date: 2019-03-04")
    commit(desk, "2021-01-01T09:00:00Z", "Hugo")

    history = desk.ok("history", "content/posts/ferry.md", "--json").json
    assert [each["path"] for each in history["revisions"]] == [
        "_drafts/ferry.md",
        "_posts/2019-03-04-ferry.md",
        "_posts/2019-03-04-ferry.md",
        "content/posts/ferry.md",
    ]
    # The first text went out as it was when it left the drafts.
    assert [each["published"] for each in history["revisions"]] == [True, True, True, True]
    assert [each["kind"] for each in history["events"]] == ["moved", "moved"]
    said = reading(desk, "content/posts/ferry.md")
    assert "misstated the price" in said["changelog --notes --"]
    (old,) = desk.ok("history", "_posts/2019-02-01-old.md", "--json").json["revisions"]
    assert old["published"] is False
    newsroom_reading(desk)
    writing(desk, "content/posts/ferry.md")


def test_a_pelican_site_with_metadata_and_a_draft(desk: Desk) -> None:
    start(desk)
    head = "Title: The ferry returns\nDate: 2019-03-04 09:00\nStatus: {}\n\n"
    desk.write("content/ferry.md", head.format("draft") + PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    desk.write("content/ferry.md", head.format("published") + PARAGRAPHS)
    commit(desk, "2019-03-04T11:00:00Z")
    desk.write("content/ferry.md", head.format("published") + PARAGRAPHS + "\n" + NOTE)
    commit(desk, "2019-03-05T11:00:00Z")
    revisions = desk.ok("history", "ferry", "--json").json["revisions"]
    assert [each["published"] for each in revisions] == [False, True, True]
    assert revisions[-1]["headline"] == "The ferry returns"
    assert [note["kind"] for note in revisions[-1]["notes"]] == ["correction"]
    reading(desk, "ferry")
    newsroom_reading(desk)
    writing(desk, "ferry")
    assert "updates" not in desk.read("content/ferry.md").partition("\n\n")[0]


def test_an_mkdocs_tree_without_front_matter(desk: Desk) -> None:
    start(desk)
    desk.write("mkdocs.yml", "site_name: Docs\n")
    desk.write("docs/index.md", "# Welcome\n\nWords to begin with.\n")
    desk.write("docs/guide/start.md", "# Start\n\nRun it with Python 3.9 or later.\n")
    commit(desk, "2019-03-04T10:00:00Z")
    edit(desk, "docs/guide/start.md", "3.9", "3.11")
    commit(desk, "2019-03-05T10:00:00Z")
    assert len(numbers(desk, "start")) == versions(desk, "docs/guide/start.md") == 2
    assert desk.ok("history", "start", "--json").json["article"]["headline"] == "Start"
    assert desk.ok("history", "docs/index.md", "--json").json["article"]["slug"] == "docs"
    reading(desk, "start")
    newsroom_reading(desk)
    writing(desk, "start")


def test_a_repository_without_a_folder_of_articles(desk: Desk) -> None:
    start(desk)
    for name in ("README.md", "LICENSE.md", "CHANGELOG.md", "requirements.txt", ".github/x.md"):
        desk.write(name, "Usual words.\n")
    desk.write("essay.md", PARAGRAPHS)
    desk.write("notes/idea.markdown", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    listed = desk.ok("history", "--json").json["revisions"]
    assert {each["article"]["path"] for each in listed} == {"essay.md", "notes/idea.markdown"}
    reading(desk, "essay")
    reading(desk, "README.md")  # a path given by hand is always taken
    newsroom_reading(desk)


def test_a_newsroom_in_a_folder_of_a_larger_repository(desk: Desk) -> None:
    start(desk)
    desk.write("app/docs/manual.md", "# Manual\n\nWords.\n")
    desk.write("newsroom/tracker.toml", 'style = "ap"\ntimezone = "America/Chicago"\n')
    desk.write("newsroom/articles/ferry.md", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    edit(desk, "newsroom/articles/ferry.md", "$12", "$21")
    commit(desk, "2019-03-05T10:00:00Z")
    listed = desk.ok("-C", "newsroom", "history", "--json").json["revisions"]
    assert {each["article"]["path"] for each in listed} == {"newsroom/articles/ferry.md"}
    room = Desk(desk.folder / "newsroom", desk._monkeypatch)
    assert numbers(room, "ferry") == numbers(room, "articles/ferry.md") == [1, 2]
    reading(room, "ferry")
    newsroom_reading(room)
    edit(room, "articles/ferry.md", "$21", "$20")
    room.ok("record", "--all", "--correction", "The price was wrong.")
    assert numbers(room, "ferry") == [1, 2, 3]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("cp1252", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-8", b"\xef\xbb\xbf"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "---\ntitle: Café\n---\n\n"])
def test_files_in_old_encodings_keep_them(
    desk: Desk, encoding: str, mark: bytes, ending: str, head: str
) -> None:
    start(desk)
    text = (head + "The café’s owner said “no” to 12 people.\n").replace("\n", ending)
    desk.write("articles/cafe.md", mark + text.encode(encoding))
    commit(desk, "2019-03-04T10:00:00Z")
    data = (desk.folder / "articles/cafe.md").read_bytes()
    new = data.replace("12".encode(encoding), "15".encode(encoding))
    desk.write("articles/cafe.md", new)
    commit(desk, "2019-03-05T10:00:00Z")
    said = reading(desk, "cafe")
    assert "number: 12 → 15" in said["history --"]
    desk.ok("record", "cafe", "--update", "to change the café’s count")
    desk.ok("note", "cafe", "--correction", "The café had 15 guests.")
    now = (desk.folder / "articles/cafe.md").read_bytes()
    assert now.startswith(mark)
    assert "15 guests" in now[len(mark) :].decode(encoding)
    assert now.decode("utf-16" if "16" in encoding else encoding).count("\n") == now.decode(
        "utf-16" if "16" in encoding else encoding
    ).count(ending)
    kinds = [each["kind"] for each in desk.ok("note", "cafe", "--json").json["notes"]]
    assert kinds == ["update", "correction"]


def test_merges_by_pull_request_and_by_pull(desk: Desk) -> None:
    start(desk)
    desk.write("articles/ferry.md", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    desk.git("checkout", "-qb", "prices")
    for number, price in enumerate(("$14", "$16", "$21")):
        desk.write("articles/ferry.md", PARAGRAPHS.replace("$12", price))
        commit(desk, f"2019-03-04T1{number + 1}:00:00Z", "On the side")
    desk.git("checkout", "-q", "main")
    desk.git("merge", "-q", "--no-ff", "-m", "Merge pull request #1 from x/prices", "prices")
    merged = desk.ok("history", "ferry", "--json").json["revisions"]
    assert [each["number"] for each in merged] == [1, 2]
    assert len(merged[1]["side"]) == 3
    assert versions(desk, "articles/ferry.md") == 2

    desk.git("clone", "-q", ".", "../colleague")
    other = Desk(desk.folder.parent / "colleague", desk._monkeypatch)
    edit(other, "articles/ferry.md", "Pier 4", "Pier 9")
    commit(other, "2019-03-05T10:00:00Z", "Pier")
    desk._monkeypatch.chdir(desk.folder)
    edit(desk, "articles/ferry.md", "six travel", "seven travel")
    commit(desk, "2019-03-05T11:00:00Z", "Cars")
    desk.git("pull", "-q", "--no-rebase", "--no-edit", "../colleague", "main")
    desk.git("commit", "-q", "--amend", "-m", "Merge branch 'main' of ../colleague")
    pulled = desk.ok("history", "ferry", "--json").json["revisions"]
    subjects = [each["subject"] for each in pulled]
    assert {"Pier", "Cars"} <= set(subjects)
    reading(desk, "ferry")


def test_reverts_are_revisions_that_say_what_came_back(desk: Desk) -> None:
    start(desk)
    desk.write("articles/ferry.md", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    edit(desk, "articles/ferry.md", "$12", "$21")
    commit(desk, "2019-03-05T10:00:00Z")
    desk.git("revert", "--no-edit", "HEAD")
    desk.git("revert", "--no-edit", "HEAD")
    assert len(numbers(desk, "ferry")) == versions(desk, "articles/ferry.md") == 4
    reading(desk, "ferry")
    blame = desk.ok("blame", "ferry", "--json").json
    (span,) = [each for each in blame["spans"] if "21" in each["text"]]
    assert span["revision"] == 2
    writing(desk, "ferry")


def test_a_storm_of_renames_keeps_every_history_apart(desk: Desk) -> None:
    start(desk)
    names = [f"story-{number}" for number in range(25)]
    for number, name in enumerate(names):
        words = PARAGRAPHS.replace("Pier 4", f"Pier {number}").replace("forty", f"{number * 7}")
        desk.write(f"_posts/2019-01-01-{name}.md", f"---\ntitle: {name}\n---\n\n{words}")
    commit(desk, "2019-03-04T10:00:00Z")
    folders = ["_posts", "posts", "content/posts", "content/news", "content/posts"]
    for step in range(1, len(folders)):
        (desk.folder / folders[step]).mkdir(parents=True, exist_ok=True)
        for name in names:
            old = f"{folders[step - 1]}/{'2019-01-01-' if step == 1 else ''}{name}.md"
            new = f"{folders[step]}/{name}.md"
            (desk.folder / old).rename(desk.folder / new)
            if step == 3:
                edit(desk, new, "$12", f"${step + 10}")
        commit(desk, f"2019-04-0{step}T10:00:00Z", "Move")
    for name in names[:3]:
        history = desk.ok("history", name, "--json").json
        assert [each["number"] for each in history["revisions"]] == [1, 2]
        assert [each["kind"] for each in history["events"]] == ["moved"] * 4
    listed = desk.ok("history", "--json", "-n", "100").json["revisions"]
    assert len(listed) == 50
    newsroom_reading(desk)
    reading(desk, names[7])


def test_an_article_deleted_and_brought_back(desk: Desk) -> None:
    start(desk)
    desk.write("articles/ferry.md", PARAGRAPHS)
    desk.write("articles/other.md", "Other words.\n")
    commit(desk, "2019-03-04T10:00:00Z")
    desk.git("rm", "-q", "articles/ferry.md")
    commit(desk, "2019-03-05T10:00:00Z", "Remove")
    said = reading(desk, "articles/ferry.md")
    assert "unpublished" in said["check --format text --"]
    newsroom_reading(desk)
    desk.write("articles/ferry.md", PARAGRAPHS.replace("$12", "$21"))
    commit(desk, "2019-03-06T10:00:00Z", "Return")
    history = desk.ok("history", "ferry", "--json").json
    assert [each["number"] for each in history["revisions"]] == [1, 2]
    assert [each["kind"] for each in history["events"]] == ["deleted", "returned"]
    assert history["deleted"] is False
    reading(desk, "ferry")
    writing(desk, "ferry")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "---\ntitle: Only this\n---\n",
        "---\n---\n",
        "+++\n+++\n",
        "---\n",
        "# \n",
        "Title: x\n",
    ],
)
def test_a_file_with_nothing_in_it_or_only_front_matter(desk: Desk, text: str) -> None:
    start(desk)
    desk.write("articles/bare.md", text)
    commit(desk, "2019-03-04T10:00:00Z")
    reading(desk, "bare")
    desk.write("articles/bare.md", text + "\nFirst words of 3 people.\n")
    commit(desk, "2019-03-05T10:00:00Z")
    desk.write("articles/bare.md", text)
    commit(desk, "2019-03-06T10:00:00Z")
    assert numbers(desk, "bare") == [1, 2, 3]
    reading(desk, "bare")
    newsroom_reading(desk)
    writing(desk, "bare")


def test_an_article_of_a_megabyte(desk: Desk) -> None:
    start(desk)
    big = "".join(
        f"Line {number} tells of {number * 3} people at sea.\n\n" for number in range(25_000)
    )
    assert len(big) > 1_000_000
    desk.write("articles/big.md", big)
    commit(desk, "2019-03-04T10:00:00Z")
    desk.write("articles/big.md", big.replace("Line 7000 tells", "Line 7000 does not tell") + NOTE)
    commit(desk, "2019-03-05T10:00:00Z")
    history = desk.ok("history", "big", "--json").json["revisions"]
    assert history[1]["substantive"] is True
    assert [note["kind"] for note in history[1]["notes"]] == ["correction"]
    desk.ok("diff", "big")
    desk.ok("record", "big")
    desk.ok("note", "big", "--update", "to add nothing but this")
    desk.ok("footer", "big")


HOSTILE_NAMES = [
    b"two\nlines.md",
    b"\"quoted\" 'name'.md",
    b"-leading.md",
    b"--all.md",
    b"caf\xe9.md",
    b"tab\there.md",
    b"back\\slash.md",
    b"star*[a].md",
    b":(top)x.md",
    b"1.md",
    b"latest.md",
    b"\x1b[31mred.md",
    "caf\u00e9 \u6f22 \U0001f6a2.md".encode(),
    "e\u0301.md".encode(),
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_file_names_that_are_hard_to_say(desk: Desk, name: bytes) -> None:
    start(desk)
    path = desk.folder / "articles"
    path.mkdir()
    file = path / os.fsdecode(name)
    file.write_text(PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    file.write_text(PARAGRAPHS.replace("$12", "$21"))
    commit(desk, "2019-03-05T10:00:00Z")
    typed = f"articles/{os.fsdecode(name)}"
    assert numbers(desk, typed) == [1, 2]
    assert numbers(desk, os.fsdecode(name)) == [1, 2]
    said = reading(desk, typed)
    assert all("\x1b" not in each for form, each in said.items() if "show" not in form)
    newsroom_reading(desk)
    file.write_text(PARAGRAPHS.replace("$12", "$20"))
    desk.ok("record", "--correction", "The price was wrong.", "--", typed)
    desk.ok("note", "--update", "to add a word", "--", typed)
    desk.ok("restore", "--", typed, "1")
    assert numbers(desk, typed) == [1, 2, 3, 4, 5]
    desk.git("fsck", "--full", "--strict")


def test_a_shallow_bare_or_detached_clone_still_reads(desk: Desk, tmp_path: Path) -> None:
    start(desk, "site")
    site = Desk(desk.folder / "site", desk._monkeypatch)
    for number in range(4):
        site.write("articles/ferry.md", PARAGRAPHS.replace("$12", f"${12 + number}"))
        commit(site, f"2019-03-0{number + 1}T10:00:00Z")
    where = (desk.folder / "site").as_uri()
    for name, words in {
        "shallow": ["--depth=2"],
        "bare": ["--bare"],
        "detached": [],
    }.items():
        folder = desk.folder / name
        subprocess.run(["git", "clone", "-q", *words, where, str(folder)], check=True)
        clone = Desk(folder, desk._monkeypatch)
        if name == "detached":
            clone.git("checkout", "-q", "--detach", "HEAD~1")
        expected = {"shallow": 2, "bare": 4, "detached": 3}[name]
        assert len(numbers(clone, "ferry")) == expected
        newsroom_reading(clone)
        reading(clone, "ferry")


def test_a_terminal_that_lacks_characters_gets_them_written_out(desk: Desk) -> None:
    start(desk)
    desk.write("articles/ferry.md", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    desk.write("articles/ferry.md", PARAGRAPHS.replace("$12", "$21"))
    commit(desk, "2019-03-05T10:00:00Z")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    for command in ("history", "blame", "diff", "changelog", "check"):
        done = subprocess.run(
            [sys.executable, "-m", "tracker", command, "ferry"],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert b"fault" not in done.stderr


def test_a_complaint_moves_no_cursor(desk: Desk) -> None:
    start(desk)
    for name in ("one", "two"):
        desk.write(f"articles/{name}\x1b[31m-x.md", PARAGRAPHS)
    commit(desk, "2019-03-04T10:00:00Z")
    said = desk.refused("history", "--", "-x")
    assert said.startswith("tracker: Two articles match “-x”: articles/one<U+001B>[31m-x.md")
