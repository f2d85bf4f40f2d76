"""MkDocs builds the example of docs/, and sites that lack something, with the plugin."""

from __future__ import annotations

import io
import logging
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.desk import Desk
from tests.killing import limited
from tests.sites import (
    articles,
    fragment,
    harmless,
    hostile_words,
    of_class,
    page,
    run,
    site,
    words,
)

CORRECTION = (
    "Correction 05/11/22, 9:00 a.m. ET: An earlier version of this article misstated the price."
)
UPDATE = "Update 05/12/22, 7:45 a.m. ET: This article has been updated to add the new pier."


def build(desk: Desk, folder: Path | None = None) -> list[str]:
    """Build the site as the command does; the warnings that it would print."""
    where = folder or desk.folder
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        with (where / "mkdocs.yml").open("rb") as file:
            config = load_config(file)
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
    finally:
        logger.removeHandler(handler)
    return said.getvalue().splitlines()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings alone are said; the time of the build is fixed."""
    monkeypatch.setattr(logging.getLogger("mkdocs"), "level", logging.WARNING)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1654099200")  # 1 June 2022


def settings(desk: Desk, options: str = "{}", more: str = "") -> None:
    desk.write("mkdocs.yml", f"site_name: Ferries\nplugins:\n  - tracker: {options}\n{more}")


@pytest.fixture
def ferries(desk: Desk) -> Desk:
    """A site with one article that was corrected by hand; git is all it has."""
    desk.git("init", "-q", "-b", "main")
    desk.write("docs/index.md", "# Ferries\n\n[[updates]]\n\nA ticket costs $12.\n")
    settings(desk)
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "Start", "--date=2022-05-10T12:00:00Z")
    told = desk.read("docs/index.md").replace("$12", "$21")
    desk.write("docs/index.md", told + "\n*Correction, May 11, 2022: The price was wrong.*\n")
    desk.git("commit", "-q", "-a", "-m", "Edit", "--date=2022-05-11T12:00:00Z")
    return desk


def test_the_example(desk: Desk) -> None:
    site(desk, "mkdocs")
    articles(desk, "docs", "night-ferry.md", "Київ 1.2 – Ferry.md")
    program = str(Path(sys.executable).with_name("mkdocs"))
    run(desk.folder, program, "build", "--strict", "--quiet")
    out = desk.folder / "site"
    root = page(out / "night-ferry" / "index.html")
    (updates,) = of_class(root, "tracker-updates")
    assert [words(item) for item in updates.iter("li")] == [CORRECTION, UPDATE]
    (changelog,) = of_class(root, "tracker-changelog")
    assert [words(item) for item in changelog.iter("li")] == [
        f"{UPDATE} What changed",
        f"{CORRECTION} What changed",
        "05/10/22, 4:30 p.m. ET Published. The first version",
    ]
    (history,) = of_class(root, "tracker-history")
    (link,) = history.iter("a")
    assert link.get("href") == "https://example.com/history/history/docs/night-ferry/"
    (dates,) = of_class(root, "tracker-dates")
    assert words(dates) == "Published 2022-05-10, updated 2022-05-12"
    harmless(root)
    other = page(out / "Київ 1.2 – Ferry" / "index.html")
    (updates,) = of_class(other, "tracker-updates")
    (item,) = updates.iter("li")
    assert words(item) == f"Correction 05/14/22, 4:30 p.m. ET: {hostile_words()}"
    harmless(other)
    plain = (out / "index.html").read_text()
    assert plain.count("tracker-") == plain.count("tracker-changelog") + 6, plain
    sitemap = (out / "sitemap.xml").read_text()
    assert re.findall("<lastmod>(.*)</lastmod>", sitemap) == [
        "2022-05-01", "2022-05-12", "2022-05-14",
    ]  # fmt: skip


def test_a_repository_with_no_settings_of_ours(ferries: Desk) -> None:
    assert build(ferries) == []
    root = page(ferries.folder / "site" / "index.html")
    (item,) = of_class(root, "tracker-note")
    assert words(item) == "Correction, May 11, 2022: The price was wrong."
    assert words(root).count("The price was wrong.") == 1


def test_what_templates_are_given(ferries: Desk) -> None:
    ferries.write(
        "theme/main.html",
        "<p>{{ page.meta.published }} {{ page.meta.updated }} {{ page.meta.touched }} "
        "{{ page.meta.revision_date }} {% if page.meta.tracker %}"
        "{{ page.meta.tracker.versions | length }} {{ page.meta.tracker.updates[0].kind }}"
        "{% endif %}</p>",
    )
    ferries.write("docs/index.md", ferries.read("docs/index.md") + "\nIt rains.\n")
    ferries.git("commit", "-q", "-a", "-m", "Edit", "--date=2022-05-20T12:00:00Z")
    theme = "theme: {name: null, custom_dir: theme}\n"
    settings(ferries, more=theme)
    build(ferries)
    shown = (ferries.folder / "site/index.html").read_text()
    assert shown == "<p>2022-05-10 2022-05-11 2022-05-20 2022-05-11 3 correction</p>"
    settings(ferries, "{date: touched}", theme)
    build(ferries)
    shown = (ferries.folder / "site/index.html").read_text()
    assert shown == "<p>2022-05-10 2022-05-11 2022-05-20 2022-05-20 3 correction</p>"
    text = ferries.read("docs/index.md")
    ferries.write("docs/index.md", f"---\nupdated: today\n---\n{text}")
    build(ferries)
    assert " today " in (ferries.folder / "site/index.html").read_text()
    ferries.write("docs/index.md", f"---\ntracker: false\n---\n{text}")
    build(ferries)
    assert (ferries.folder / "site/index.html").read_text() == "<p>    </p>"


def test_no_repository_is_one_warning(desk: Desk) -> None:
    settings(desk)
    for number in range(3):
        desk.write(f"docs/{number or 'index'}.md", "# Ferries\n\n[[updates]]\n\nWords.\n")
    (fault,) = build(desk)
    assert fault == (
        f"tracker: {desk.folder} is not in a git repository. "
        "The pages say nothing of their history."
    )
    text = (desk.folder / "site/index.html").read_text()
    assert "Words." in text
    assert "[[updates]]" not in text


def test_nothing_committed_yet(desk: Desk) -> None:
    desk.git("init", "-q")
    settings(desk)
    desk.write("docs/index.md", "# Ferries\n")
    (fault,) = build(desk)
    assert "Nothing is committed yet." in fault


def test_a_shallow_clone_is_one_warning(ferries: Desk) -> None:
    clone = ferries.folder / "clone"
    ferries.git("clone", "-q", "--depth=1", f"file://{ferries.folder}", str(clone))
    (fault,) = build(ferries, clone)
    assert "This clone is shallow" in fault
    assert "fetch-depth: 0" in fault
    assert "The price was wrong" in (clone / "site/index.html").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{newsroom: nowhere}", "there is no folder"),
        ("{labels: {news: x}}", "the option labels has no key “news”."),
        ("{append: [news]}", "option 'append'"),
        ("{base_url: ftp//x}", "option 'base_url'"),
        ("{heading_level: 9}", "option 'heading_level'"),
    ],
)
def test_options_that_are_wrong(ferries: Desk, options: str, sentence: str) -> None:
    settings(ferries, options)
    assert sentence in refused(ferries)


def test_settings_of_the_newsroom_that_are_wrong(ferries: Desk) -> None:
    ferries.write("tracker.toml", 'style = "nobody"\n')
    said = refused(ferries)
    assert "tracker: tracker.toml, line 1: There is no house style “nobody”." in said


def refused(desk: Desk) -> str:
    """What MkDocs says of a build that it ends, without a traceback."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger("mkdocs").addHandler(handler)
    try:
        with pytest.raises(Abort) as ended:
            build(desk)
    finally:
        logging.getLogger("mkdocs").removeHandler(handler)
    return said.getvalue() + str(ended.value)


def test_turned_off(ferries: Desk) -> None:
    settings(ferries, "{enabled: false}")
    ferries.write("tracker.toml", 'style = "nobody"\n')
    assert build(ferries) == []
    assert "tracker-" not in (ferries.folder / "site/index.html").read_text()


def test_serve_shows_what_is_not_committed_and_what_is_then_recorded(ferries: Desk) -> None:
    """A new note is seen before it is recorded; recording it builds the page anew."""
    ferries.write("docs/index.md", ferries.read("docs/index.md") + "\n[[changelog]]\n")
    ferries.git("commit", "-q", "-a", "-m", "Edit", "--date=2022-05-12T12:00:00Z")
    program = str(Path(sys.executable).with_name("mkdocs"))
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    serving = limited(
        subprocess.Popen(
            [program, "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=ferries.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    )
    assert serving.stdout is not None
    try:
        line = next(line for line in serving.stdout if "Serving on" in line)
        address = line.rpartition(" ")[2].strip()
        assert shown(address, "The price was wrong.")
        told = ferries.read("docs/index.md")
        by_hand = "\n*Correction, May 12, 2022: The pier was wrong.*\n"
        ferries.write("docs/index.md", told + by_hand)
        html = shown(address, "The pier was wrong.")
        (updates,) = of_class(fragment(html), "tracker-updates")
        assert len(list(updates.iter("li"))) == 2
        (changelog,) = of_class(fragment(html), "tracker-changelog")
        assert "pier" not in words(changelog)
        ferries.git("commit", "-q", "-a", "-m", "Edit", "--date=2022-05-13T12:00:00Z")
        until = time.monotonic() + 60
        while "pier" not in words(changelog) and time.monotonic() < until:
            html = shown(address, "The pier was wrong.")
            (changelog,) = of_class(fragment(html), "tracker-changelog")
        assert "pier" in words(changelog)
    finally:
        serving.terminate()
        serving.wait(20)
        serving.stdout.close()


def shown(address: str, wanted: str) -> str:
    """The main part of the page, as soon as these words are in it."""
    until = time.monotonic() + 60
    html = ""
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=5) as answer:
                html = answer.read().decode()
        except (URLError, TimeoutError):
            html = ""
        main = html.partition('role="main">')[2].partition("</div>")[0]
        if wanted in main:
            return main
        time.sleep(0.1)
    raise AssertionError(html)
