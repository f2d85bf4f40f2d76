"""What a newsroom answers before much is in it, and names that files may have."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.desk import Desk
from tests.repositories import Builder
from tests.web_newsroom import build
from tracker.model import Reason
from tracker.render.feed import article_items
from tracker.render.urls import NO_LINKS

LONG = "a" * 252


def begun(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write("tracker.toml", 'name = "The Ledger"\ntimezone = "America/New_York"\n')


def test_a_repository_without_commits_is_empty_for_data_files_search_and_feeds(desk: Desk) -> None:
    begun(desk)
    desk.ok("export", "--format", "data", "--to", "data")
    assert json.loads(desk.read("data/index.json"))["paths"] == {}
    assert desk.ok("search", "ferry", "--json").json["hits"] == []
    for form in ("text", "markdown", "html", "json", "atom", "jsonfeed"):
        desk.ok("changelog", "--format", form)
    assert json.loads(desk.ok("changelog", "--format", "jsonfeed").out)["items"] == []


def test_a_link_that_leads_nowhere_is_in_the_way_before_anything_is_made(desk: Desk) -> None:
    (desk.folder / "tracker.toml").symlink_to("nowhere")
    assert "tracker.toml is there already." in desk.refused("init")
    (desk.folder / "room").symlink_to("nowhere")
    assert "room is a symbolic link, which is not followed." in desk.refused("init", "room")
    assert {each.name for each in desk.folder.iterdir()} == {"room", "tracker.toml"}


def test_an_article_on_disk_is_recorded_by_its_slug(desk: Desk) -> None:
    begun(desk)
    desk.write("articles/ferry.md", "# Ferry\n\nThe ferry leaves at noon.\n")
    assert desk.refused("history", "ferry") == (
        "tracker: No revision of articles/ferry.md is recorded yet.\n"
        "  Record it first: tracker record articles/ferry.md\n"
    )
    desk.git("config", "user.name", "Ada")
    desk.git("config", "user.email", "ada@example.org")
    desk.ok("record", "ferry")
    desk.write("articles/bridge.md", "# Bridge\n\nThe bridge is closed.\n")
    desk.ok("record", "bridge")
    desk.ok("history", "bridge")


def test_a_name_too_long_for_a_file_is_shortened_and_the_export_goes_on(desk: Desk) -> None:
    begun(desk)
    for name in (LONG, "b"):
        desk.write(f"articles/{name}.md", f"# {name[:3]}\n\nSome words.\n")
    desk.git("add", ".")
    desk.git("-c", "user.name=Ada", "-c", "user.email=a@example.org", "commit", "-qm", "Start")
    for form, ending in (("jsonld", "jsonld"), ("ninjs", "json")):
        desk.ok("export", "--format", form, "--to", form)
        names = sorted(each.name for each in (desk.folder / form / "articles").iterdir())
        assert names[0].startswith("a" * 60 + "---")
        assert names == [names[0], f"b.{ending}"]
        assert names[0].endswith(f".{ending}")


def test_who_closes_our_output_ends_the_command_well(desk: Desk) -> None:
    build(desk.folder)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "tracker", "export", "--with-texts"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_address_of_the_site_is_that_of_the_settings(desk: Desk) -> None:
    begun(desk)
    with (desk.folder / "tracker.toml").open("a") as settings:
        settings.write('[site]\nurl = "https://news.example.org/record"\n')
    desk.write("articles/b.md", "# B\n\nSome words.\n")
    desk.git("add", ".")
    desk.git("-c", "user.name=Ada", "-c", "user.email=a@example.org", "commit", "-qm", "Start")
    desk.ok("site", "out", "--workers", "1", "--with", "versions")
    assert "https://news.example.org/record/" in desk.read("out/feeds/atom.xml")
    assert (desk.folder / "out/timemap/articles/b").is_dir()


def test_a_feed_counts_the_reasons_that_it_leaves_out(desk: Desk) -> None:
    build(desk.folder)
    from tracker.newsroom.newsroom import Newsroom

    room = Newsroom(desk.folder)
    life = room.life("articles/war.md")
    many = tuple(Reason("quote", f"<{number}>", "x") for number in range(7))
    changed = life.revisions[1]._replace(why=many, substantive=True)
    life = life._replace(revisions=(life.revisions[0], changed, *life.revisions[2:]))
    item = article_items(life, room.settings, NO_LINKS)[-2]
    assert item.html.endswith("<li>quote: “&lt;4&gt;” → “x”</li><li>… and 2 more</li></ul>")
    assert item.text == "\n".join(
        [item.summary, *(f"- quote: “<{number}>” → “x”" for number in range(5)), "- … and 2 more"]
    )


def test_one_commit_is_no_commits(desk: Desk) -> None:
    begun(desk)
    desk.write("articles/b.md", "# B\n\nSome words.\n")
    desk.git("add", ".")
    desk.git("-c", "user.name=Ada", "-c", "user.email=a@example.org", "commit", "-qm", "Start")
    said = desk.ok("catalog", "--rebuild").out
    assert "1 commit, the newest" in said
    assert "1 revision of 1 text\n" in said


def test_a_moved_article_is_counted_under_the_folder_where_it_is_now(desk: Desk) -> None:
    from tracker.newsroom.newsroom import Newsroom
    from tracker.web.editors_pages import board

    one = Builder(desk.folder)
    text = "# Ferry\n\nThe ferry leaves from Pier 4 at noon, and 59 people were counted on it.\n"
    one.commit("Start", write={"_posts/ferry.md": text})
    one.commit("Edit", edit={"_posts/ferry.md": ["59", "95"]})
    one.commit("Move", move={"_posts/ferry.md": "content/harbor/ferry.md"})
    one.build(checkout=True)
    found = board(Newsroom(desk.folder)).shown
    assert {(each.finding.path, each.desk, each.headline) for each in found} == {
        ("_posts/ferry.md", "harbor", "Ferry")
    }
    assert all(each.old and each.new for each in found)


def test_the_repository_is_there_as_gitpython_has_it(newsroom: Desk) -> None:
    from tracker.newsroom.newsroom import Newsroom

    newsroom.write("a.md", "Words.\n")
    newsroom.ok("record", "a.md")
    repo = Newsroom(newsroom.folder).repo
    assert repo.head.commit.tree["a.md"].data_stream.read() == b"Words.\n"
    assert [str(each.author) for each in repo.iter_commits()] == ["Ada Editor", "Ada Editor"]


def test_a_site_that_is_there_already_proposes_its_settings(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write("hugo.toml", 'title = "The Port Gazette"\ntimeZone = "America/New_York"\n')
    for name in ("news/ferry.md", "news/bridge.md", "about.md", "pages/jobs.md"):
        desk.write(f"content/{name}", "---\ntitle: A text\ndate: 2022-05-10\n---\n\nWords.\n")
    desk.write("docs/how-to.md", "How to write.\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "A site")
    said = desk.ok("init")
    toml = desk.read("tracker.toml")
    assert 'name = "The Port Gazette"' in toml
    assert 'timezone = "America/New_York"' in toml
    assert 'articles = ["content/**/*.md"]' in toml
    assert 'exclude = ["content/about.md", "content/pages/jobs.md"]' in toml
    assert "4 articles under content; 1 other Markdown file left out." in said.out
    assert "Next: tracker history; tracker check --since 2022; tracker serve" in said.err
    assert len(desk.ok("history", "--json").json["revisions"]) == 4


def test_whoever_follows_is_told_which_newsroom_to_make(desk: Desk) -> None:
    make = "Make a newsroom for them: tracker init DIR --followed"
    assert make in desk.refused("follow", "add", "https://paper.example/feed.xml")
    desk.git("init", "-q", "-b", "main")
    desk.write("content/a.md", "---\ntitle: A text\ndate: 2022-05-10\n---\n\nWords.\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "A site")
    assert make in desk.refused("follow", "status")
    desk.ok("init", "--followed")
    assert desk.read("tracker.toml").count("articles = ") == 1
    assert desk.ok("follow", "status").out == ""


def test_the_newest_revisions_stand_under_the_headlines_of_their_day(desk: Desk) -> None:
    desk.ok("init", ".")
    for words in ("Council votes", "Council votes no"):
        desk.write("articles/vote.md", f"# {words}\n\nThe council voted on Monday.\n")
        desk.ok("record", "articles/vote.md")
    said = desk.ok("history").out
    assert "      Council votes no  articles/vote.md\n" in said
    assert "      Council votes  articles/vote.md\n" in said


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("_config.yml", "title: 'Port: the paper'\ntimezone: Europe/Kyiv\n", "Port: the paper"),
        ("mkdocs.yml", "site_name: Port\n", "Port"),
        ("pelicanconf.py", "SITENAME = 'Port'\nTIMEZONE = 'Europe/Kyiv'\n", "Port"),
        ("config.json", '{"title": "Port", "timeZone": "Nowhere/Land"}', ""),
        ("hugo.toml", 'title = "Port\nbroken', ""),
    ],
)
def test_what_a_generator_calls_the_site(desk: Desk, file: str, text: str, name: str) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.write(file, text)
    desk.write("posts/a.md", "Words.\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "A site")
    desk.ok("init")
    toml = desk.read("tracker.toml")
    assert f'name = "{name or desk.folder.name}"' in toml
