"""Standing text, learnt by counting what an archive repeats."""

from __future__ import annotations

import pytest

import tracker
from tracker.model import BoilerplateSettings
from tracker.text.judge.boilerplate import Counts

PROMO = "Sign up for our free weekly newsletter and never miss a story from the county."
TOPICS = ("harbor", "school", "court", "bridge", "forest", "market", "hospital", "museum")


def counted(topics: tuple[str, ...] = TOPICS) -> Counts:
    counts = Counts()
    for topic in topics:
        counts.add(f"---\ntitle: The {topic}\n---\n\nThe old {topic} is shut.\n\n*{PROMO}*\n")
    return counts


def test_what_stands_in_many_articles_is_standing_text() -> None:
    known = counted().frozen()
    assert known.share(PROMO) == 1
    assert known.share("The old harbor is shut for the whole winter.") < 0.5
    assert known.sentences == ((PROMO, len(TOPICS)),)


def test_a_few_articles_teach_nothing() -> None:
    assert not counted(TOPICS[:3]).frozen()


def test_counts_of_parts_are_the_counts_of_the_whole() -> None:
    left, right = counted(TOPICS[:3]), Counts.from_bytes(counted(TOPICS[3:]).to_bytes())
    left.merge(right)
    assert left.frozen() == counted().frozen()


def test_by_hand() -> None:
    extra = "Our coverage is paid for by the Lake Fund and by its readers."
    known = counted().frozen(BoilerplateSettings(add=(extra,), remove=(PROMO,)))
    assert known.share(extra) == 1
    assert known.share(PROMO) == 0


def test_bytes_that_are_no_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        Counts.from_bytes(b"x")


def test_the_score_is_between_nothing_and_one() -> None:
    assert tracker.compare("Four died.", "Four died.").score == 0
    assert 0.5 < tracker.compare("Four died.", "Five died.").score <= 1
    assert tracker.compare("Four died.", "Four  died.").score < 0.5
