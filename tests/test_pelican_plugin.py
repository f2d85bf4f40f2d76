"""Pelican builds the example of docs/, and sites that lack something, with the plugin."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import feedparser
import pytest

from tests.desk import Desk
from tests.sites import harmless, of_class, page, run, site, words

CORRECTION = (
    "Correction 05/11/22, 9:00 a.m. ET: An earlier version of this article misstated the price."
)
UPDATE = "Update 05/12/22, 7:45 a.m. ET: This article has been updated to add the new pier."
HOSTILE = "An earlier version <script>alert(1)</script> misstated the [price](javascript:alert(1))."
HEAD = "Title: The night ferry returns\nDate: 2022-05-10 16:30\nCategory: Ferries\n\n"
BODY = "A ticket costs $12.\n\nThe ferry leaves from Pier 4.\n"


def build(desk: Desk, *settings: str) -> str:
    """Build the site as Pelican does, in a process of its own; the warnings that it prints."""
    desk.write("conf.py", "from pelicanconf import *\n" + "\n".join(settings) + "\n")
    program = str(Path(sys.executable).with_name("pelican"))
    words = ["-s", "conf.py", "-o", "output", "--log-handler", "plain"]
    return run(desk.folder, program, *words, PYTHONPATH=_path(desk), COLUMNS="500")


def _path(desk: Desk) -> str:
    return f"{desk.folder}:{Path(__file__).parents[1]}"


def faults(said: str) -> list[str]:
    """What Pelican warns of: its plain lines name no level, and its last words are no warning."""
    return said[: said.rfind("Done: ")].splitlines()


@pytest.fixture
def ferries(desk: Desk) -> Desk:
    """The example with an article that was corrected and updated."""
    site(desk, "pelican")
    path = "content/posts/night-ferry.md"
    desk.write(path, HEAD + "[[updates]]\n\n" + BODY)
    desk.ok("record", path, "--at", "05/10/22 4:30 p.m. ET")
    desk.write(path, desk.read(path).replace("$12", "$21"))
    note = "An earlier version of this article misstated the [price](https://example.org/fares)."
    desk.ok("record", path, "--correction", note, "--at", "05/11/22 9 a.m. ET")
    desk.write(path, desk.read(path).replace("Pier 4", "Pier 9"))
    desk.ok("record", path, "--update", "to add the new pier", "--at", "05/12/22 7:45 a.m. ET")
    return desk


def test_the_example(ferries: Desk) -> None:
    other = "content/posts/other.md"
    head = HEAD.replace("night", "other").replace("2022-05-10 16:30", "2022-05-13 09:00")
    ferries.write(other, head + "[[updates]]\n\n" + BODY)
    ferries.ok("record", other, "--at", "05/13/22 4:30 p.m. ET")
    ferries.write(other, ferries.read(other).replace("$12", "$13"))
    ferries.ok("record", other, "--correction", HOSTILE, "--at", "05/14/22 9 a.m. ET")
    assert faults(build(ferries)) == []
    out = ferries.folder / "output"
    root = page(out / "the-night-ferry-returns" / "index.html")
    (updates,) = of_class(root, "tracker-updates")
    assert [words(item) for item in updates.iter("li")] == [CORRECTION, UPDATE]
    assert [each.get("datetime") for each in updates.iter("time")] == [
        "2022-05-11T09:00:00-04:00",
        "2022-05-12T07:45:00-04:00",
    ]
    (changelog,) = of_class(root, "tracker-changelog")
    assert [words(item) for item in changelog.iter("li")] == [
        f"{UPDATE} What changed",
        f"{CORRECTION} What changed",
        "05/10/22, 4:30 p.m. ET Published. The first version",
    ]
    (history,) = of_class(root, "tracker-history")
    (link,) = history.iter("a")
    assert link.get("href") == ("https://example.com/history/history/content/posts/night-ferry/")
    text = words(root)
    assert text.count("misstated the price") == 2  # in the list, in the changelog; not in the text
    assert "Published Tue 10 May 2022, updated Thu 12 May 2022" in text
    harmless(root)
    (updates,) = of_class(page(out / "the-other-ferry-returns" / "index.html"), "tracker-updates")
    (item,) = updates.iter("li")
    assert words(item) == (
        "Correction 05/14/22, 9:00 a.m. ET: An earlier version <script>alert(1)</script> "
        "misstated the price."
    )
    harmless(page(out / "the-other-ferry-returns" / "index.html"))
    feed = feedparser.parse((out / "feeds/all.atom.xml").read_bytes())
    assert [each.updated for each in feed.entries] == [
        "2022-05-14T09:00:00-04:00",
        "2022-05-12T07:45:00-04:00",
    ]


def test_what_templates_are_given_and_what_is_appended(ferries: Desk) -> None:
    ferries.write(
        "content/posts/plain.md",
        HEAD.replace("night", "plain") + "Modified: 2022-05-31\nSummary: *Short.*\n\n" + BODY,
    )
    path = "content/posts/plain.md"
    ferries.write(path, ferries.read(path).replace("Ferries\n\nMod", "Ferries\nMod"))
    ferries.ok("record", path, "--at", "05/10/22 4:30 p.m. ET")
    ferries.write(
        "theme/templates/article.html",
        "{{ article.updates | length }} {{ article.changelog | length }} "
        "{{ article.revisions | length }} "
        "{% if article.modified %}{{ article.modified.isoformat() }}{% endif %} "
        "{{ article.tracker.slug }} {{ article.history_url }} {{ article.summary }}\n"
        "{{ article.content }}",
    )
    build(ferries, 'TRACKER_APPEND = ["changelog"]', 'TRACKER_BASE_URL = "https://x.example/h/"')
    first = (ferries.folder / "output/the-night-ferry-returns/index.html").read_text()
    assert first.startswith(
        "2 3 3 2022-05-12T07:45:00-04:00 night-ferry "
        "https://x.example/h/history/content/posts/night-ferry/ "
    )
    assert first.count("tracker-changelog") == 1
    second = (ferries.folder / "output/the-plain-ferry-returns/index.html").read_text()
    assert "0 1 1 2022-05-31T00:00:00-04:00 plain" in second
    assert "<p><em>Short.</em></p>" in second
    assert second.count("tracker-changelog") == 1  # in the text, and not in the summary
    build(ferries, "TRACKER_MODIFIED = False", "TRACKER_HEADING_LEVEL = 3")
    first = (ferries.folder / "output/the-night-ferry-returns/index.html").read_text()
    assert first.startswith("2 3 3  night-ferry ")
    assert "<h3>Updates</h3>" in first


def test_notes_in_front_matter_that_pelican_cannot_read(ferries: Desk) -> None:
    """Its reader takes no lists between two lines of dashes, and would print them."""
    path = "content/posts/dashes.md"
    ferries.write(path, f"---\n{HEAD.replace('night', 'dashed').strip()}\n---\n\n{BODY}")
    ferries.ok("record", path, "--at", "05/10/22 4:30 p.m. ET")
    ferries.write(path, ferries.read(path).replace("$12", "$21"))
    ferries.ok("record", path, "--correction", "The price was wrong.", "--at", "05/11/22 9 a.m. ET")
    assert "updates:\n" in ferries.read(path)
    assert faults(build(ferries)) == []
    root = page(ferries.folder / "output/the-dashed-ferry-returns/index.html")
    assert "kind: correction" not in words(root)
    assert words(root).count("The price was wrong.") == 2  # its line, and the changelog


def test_no_repository_is_one_warning(desk: Desk) -> None:
    site(desk, "pelican")
    desk.write("content/posts/a.md", HEAD + "[[updates]]\n\n" + BODY)
    (desk.folder / ".git").rename(desk.folder.parent / f"{desk.folder.name}-git")
    (fault,) = faults(build(desk))
    assert "is not in a git repository. The pages say nothing of their history." in fault
    text = (desk.folder / "output/the-night-ferry-returns/index.html").read_text()
    assert "A ticket costs $12." in text
    assert "[[updates]]" not in text


def test_a_new_article_is_built_before_it_is_committed(desk: Desk) -> None:
    site(desk, "pelican")
    note = "*Correction, May 11, 2022: The price was wrong.*\n"
    desk.write("content/posts/a.md", HEAD + "[[updates]]\n\n" + BODY + "\n" + note)
    assert faults(build(desk)) == []
    root = page(desk.folder / "output/the-night-ferry-returns/index.html")
    (item,) = of_class(root, "tracker-note")
    assert words(item) == "Correction, May 11, 2022: The price was wrong."
    assert list(of_class(root, "tracker-changelog")) == []


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ('TRACKER_NEWSROOM = "nowhere"', "tracker: there is no folder nowhere."),
        ("TRACKER_HEADING_LEVEL = 9", "must be a number from 0 to 6, and is “9”."),
        ('TRACKER_APPEND = ["news"]', "must be a list of: updates, changelog, history."),
    ],
)
def test_settings_that_are_wrong(desk: Desk, setting: str, sentence: str) -> None:
    from pelican import Pelican
    from pelican.settings import read_settings

    site(desk, "pelican")
    desk.write("content/posts/one.md", "Title: One\nDate: 2022-05-10\n\nOne.\n")
    desk.write("conf.py", Path("pelicanconf.py").read_text() + setting + "\n")
    settings = read_settings("conf.py", override={"OUTPUT_PATH": "output"})
    logging.getLogger("pelican").setLevel(logging.CRITICAL)
    with pytest.raises(RuntimeError, match=r"^tracker: ") as refused:
        Pelican(settings)
    assert sentence in str(refused.value)
