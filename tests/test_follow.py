"""Other people's sites are followed: what is recorded, what is not, and what is told of it."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.fetched_pages import NOTES, page
from tests.followed_site import Watch, WebSite, serving, watching

CORRECTION = NOTES["aside"].format("An earlier version of this article misstated the cost.")
ONE = "pause = 0\n"


@pytest.fixture
def site():  # type: ignore[no-untyped-def]
    with serving() as found:
        yield found


@pytest.fixture
def watch(desk: Desk) -> Watch:
    return watching(desk)


def follow_feed(watch: Watch, site: WebSite, more: str = "") -> None:
    watch.follow(f'[[site]]\nfeed = "{site.url}/feed"\n{ONE}{more}')


def test_versions_of_a_page_become_revisions_with_their_labels(
    desk: Desk, watch: Watch, site: WebSite
) -> None:
    site.feed("/2026/ferry")
    follow_feed(watch, site)
    dearer = page().replace("$14", "$41")
    versions = (
        page(),
        dearer,
        page(aside=CORRECTION).replace("$14", "$41"),
        page(aside=CORRECTION, title="City buys ferry after long debate").replace("$14", "$41"),
        page(title="City buys ferry after long debate").replace("$14", "$41"),
    )
    for html in versions:
        site.page("/2026/ferry", html)
        done = watch.round()
        assert [each.event for each in done.recorded] == ["revision"], done
    (path,) = watch.room.workspace.paths()
    revisions = watch.room.history(path)
    assert [each.number for each in revisions] == [1, 2, 3, 4, 5]
    assert "number" in revisions[1].labels
    assert [note.kind for note in revisions[2].notes] == ["correction"]
    assert "headline" in revisions[3].labels
    assert revisions[1].person.name == "Kari Lund"
    said = desk.run("check", "--json").json
    assert "note-dropped" in {finding["rule"] for finding in said["findings"]}
    desk.clean()
