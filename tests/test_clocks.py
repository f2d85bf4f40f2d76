"""The three clocks of an article, and which version readers saw when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_changelog import START, history, note, revision
from tracker.house.changelog import (
    Clocks,
    clocks,
    entries,
    first_out,
    seen,
    seen_at,
    tellings,
    told_of,
)
from tracker.house.style import load
from tracker.model import KINDS, History

NEW_YORK = ZoneInfo("America/New_York")


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def test_the_three_clocks_are_kept_apart() -> None:
    draft = revision(1, -10, published=False)
    told = note("u1", 2)
    found = history(draft, revision(2, 0), revision(3, 2, told), revision(4, 5), notes=(told,))
    assert clocks(found) == Clocks(hours(0), hours(2), hours(5))


def test_what_readers_no_longer_see_moves_no_clock() -> None:
    first = note("u1", 2)
    refile = note("u2", 4)._replace(kind="refile")
    gone = note("u3", 6)._replace(withdrawn=hours(8))
    replaced, by = note("u4", 7), note("u5", 3)._replace(amends="u4")
    notes = (first, refile, gone, replaced, by)
    found = history(revision(1, 0), revision(2, 9, *notes), notes=notes)
    assert clocks(found).updated == hours(3)


def test_a_note_of_a_day_counts_when_it_came_and_none_before_publication() -> None:
    day = START.replace(hour=0)
    told = note("u1", 0)._replace(at=day, precision="day")
    found = history(revision(1, 0), revision(2, 3, told), notes=(told,))
    assert clocks(found).updated == hours(3)
    old = note("u1", -48)
    found = history(revision(1, 0, old), notes=(old,))
    assert clocks(found).updated == hours(0)


def test_nothing_published_and_nothing_told_are_no_instants() -> None:
    assert clocks(history(revision(1, 0, published=False))) == Clocks(None, None, hours(0))
    assert clocks(history()) == Clocks(None, None, None)
    assert seen_at((), START) is None


@pytest.mark.parametrize(
    ("said", "out"),
    [
        (None, START),
        (date(2015, 9, 15), date(2015, 9, 15)),
        (datetime(2015, 9, 15, 8, tzinfo=UTC), datetime(2015, 9, 15, 8, tzinfo=UTC)),
    ],
)
def test_an_article_came_out_when_its_front_matter_says(said: date | None, out: date) -> None:
    assert first_out(history(revision(1, 0)._replace(out=said))) == out


def test_what_is_not_published_never_came_out() -> None:
    assert first_out(history(revision(1, 0, published=False))) is None


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    st.integers(0, 8),
    st.integers(-8, 8),
)
def test_readers_saw_the_versions_in_their_order(
    offsets: list[int], drafts: int, asked: int
) -> None:
    found = history(
        *(
            revision(number, offset, published=number > drafts)
            for number, offset in enumerate(offsets, start=1)
        )
    )
    shown = seen(found)
    assert [each.revision.number for each in shown] == list(range(drafts + 1, len(offsets) + 1))
    instants = [each.since for each in shown]
    assert instants == sorted(instants)
    chosen = seen_at(shown, hours(asked))
    if not shown:
        assert chosen is None
        return
    out = [each for each in shown if each.since <= hours(asked)]
    assert chosen == (out[-1] if out else shown[0])


@st.composite
def histories(draw: st.DrawFn) -> History:
    revisions = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        notes = [
            note(f"u{number}{place}", number * 10)._replace(
                kind=draw(st.sampled_from(KINDS)),
                covers=draw(st.sampled_from([None, None, f"{1:040x}", f"{2:040x}"[:9], "abc"])),
            )
            for place in range(draw(st.integers(0, 2)))
        ]
        published = draw(st.booleans()) or number > 2
        revisions.append(revision(number, number * 10, *notes, published=published))
    return history(*revisions, notes=tuple(n for each in revisions for n in each.notes))


@given(histories(), st.sampled_from([0, 5, 10, 24]))
def test_what_tells_of_a_revision_is_why_the_changelog_leaves_it_out(
    found: History, grace: int
) -> None:
    limit = timedelta(hours=grace)
    told = tellings(found, limit)
    assert set(told) == told_of(found, limit)
    edited = {
        entry.revision
        for entry in entries(found, load("default"), NEW_YORK, limit)
        if entry.what == "edited"
    }
    published = [each.number for each in found.revisions if each.published]
    assert edited == set(published[1:]) - set(told)
    for number, notes in told.items():
        assert len({each.note.id for each in notes}) == len(notes)
        for each in notes:
            assert each.revision.number >= number or each.note.covers
