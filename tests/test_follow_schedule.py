"""When pages are looked at again, and which go first where a budget is short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.follow.fetch import DAY, HOUR, MINUTE, HostBudget, back_off
from tracker.follow.outcome import (
    Due,
    after_missing,
    chosen,
    interval,
    is_gone,
    next_look,
)

NOW = 1_777_800_000.0


@pytest.mark.parametrize(
    ("since", "between"),
    [
        (0, 15 * MINUTE), (2 * HOUR, 15 * MINUTE), (4 * HOUR, HOUR), (2 * DAY, 3 * HOUR),
        (10 * DAY, 3 * DAY), (40 * DAY, 30 * DAY), (400 * DAY, 180 * DAY), (9000 * DAY, 180 * DAY),
    ],
)  # fmt: skip
def test_the_interval_grows_with_the_time_since_the_last_change(since: int, between: int) -> None:
    assert interval(NOW, NOW - since) == between


@given(st.integers(0, 400 * DAY), st.text(min_size=1, max_size=20))
def test_looks_are_spread_by_a_tenth_and_never_late_after_a_change(since: int, page: str) -> None:
    between = interval(NOW, NOW - since)
    wait = next_look(NOW, NOW - since, page) - NOW
    assert 0.9 * between <= wait <= 1.1 * between
    if since < HOUR:
        assert wait <= 15 * MINUTE
    assert next_look(NOW, NOW - since, page) - NOW == wait


def test_pages_found_together_are_not_looked_at_together() -> None:
    times = {round(next_look(NOW, NOW - 2 * DAY, f"page {number}")) for number in range(100)}
    assert len(times) > 80


def test_a_live_page_is_looked_at_hourly_while_it_lives() -> None:
    assert interval(NOW, NOW - MINUTE, live=True) == HOUR
    assert interval(NOW, NOW - 10 * DAY, live=True) == 3 * DAY


def test_failures_double_the_wait_up_to_six_hours() -> None:
    assert [back_off(count) for count in (1, 2, 3)] == [60, 120, 240]
    assert back_off(30) == back_off(10_000) == 6 * HOUR


def test_a_page_is_gone_when_it_was_not_found_three_times_over_a_day() -> None:
    assert not is_gone(2, NOW - 2 * DAY, NOW)
    assert not is_gone(3, NOW - 2 * HOUR, NOW)
    assert is_gone(3, NOW - DAY, NOW)
    assert after_missing(1) + after_missing(2) >= DAY
    assert after_missing(3) == after_missing(9) == 30 * DAY


def test_a_budget_fills_up_for_an_hour_at_most() -> None:
    spent = HostBudget(100, NOW)
    for _ in range(100):
        spent = spent.spent()
    assert spent.filled(NOW, 100).left == 0
    assert spent.filled(NOW + HOUR / 2, 100).left == 50
    assert spent.filled(NOW + DAY, 100).left == 100
    assert HostBudget(float("inf"), 0).filled(NOW, 100).left == 100


def test_what_waits_longest_by_its_own_interval_goes_first() -> None:
    due = [
        Due(1, NOW - 2 * HOUR, HOUR), Due(2, NOW - HOUR, 15 * MINUTE), Due(3, None, HOUR),
        Due(4, NOW - 5 * DAY, 3 * DAY),
    ]  # fmt: skip
    first, rest = chosen(due, NOW, 3)
    assert [each.page for each in first] == [3, 2, 1]
    assert [each.page for each in rest] == [4]


def test_a_small_budget_lets_no_page_wait_ten_times_its_interval() -> None:
    """1,000 pages, 100 requests an hour: those that change often do not starve the others."""
    ages = [0.5 * HOUR] * 10 + [5 * HOUR] * 40 + [3 * DAY] * 150 + [20 * DAY] * 800
    changed = [NOW - age for age in ages]
    # each was looked at somewhere within its own interval before
    looked = [NOW - interval(NOW, when) * (number % 97) / 97 for number, when in enumerate(changed)]
    budget = HostBudget(0, NOW)
    worst = 0.0
    for step in range(1, 24 * 12 * 3):
        now = NOW + step * 5 * MINUTE
        budget = budget.filled(now, 100)
        due = [
            Due(page, looked[page], between)
            for page, when in enumerate(changed)
            if now - looked[page] >= (between := interval(now, when))
        ]
        first, rest = chosen(due, now, int(budget.left))
        for each in first:
            looked[each.page] = now
            budget = budget.spent()
        worst = max([worst, *((now - (each.looked or now)) / each.between for each in rest)])
    assert worst < 10
