"""What a hunk means: ordered rules, each a small function from a hunk to findings.

A rule returns what it found, or None to leave the hunk to the next ones. Facts come first: a
change to a digit, a date, a name, a negation or the words of a quotation is never called small,
unless both sides are the same fact in another form.
"""

from __future__ import annotations

from tracker.text.judge.contents import raw_content
from tracker.text.judge.fact_pairs import facts, one_sided_keys
from tracker.text.judge.hunks import Hunk
from tracker.text.judge.places import described, doubled, found_elsewhere, heading, named_link
from tracker.text.judge.standing import boilerplate, promo, repeated
from tracker.text.judge.verdicts import Rule, Scope, Verdict, clipped, contrasted, verdict
from tracker.text.judge.word_rules import quotation, same_words, weighty, words

__all__ = [
    "Scope",
    "Verdict",
    "clipped",
    "contrasted",
    "judge_hunk",
    "one_sided_keys",
    "raw_content",
    "verdict",
]

RULES: tuple[Rule, ...] = (
    repeated, doubled, described, found_elsewhere, heading, boilerplate, promo, named_link,
    same_words, weighty, facts, quotation, words,
)  # fmt: skip
"""The order counts: the first that answers "small" ends the judging of a hunk."""


def judge_hunk(hunk: Hunk, scope: Scope) -> list[Verdict]:
    """Return what the rules find in a hunk; never empty."""
    found: list[Verdict] = []
    scope.quoted = False
    for rule in RULES:
        verdicts = rule(hunk, scope)
        if verdicts is None:
            continue
        if verdicts and not verdicts[-1].substantive:
            # What is small is told only of a hunk with nothing large in it.
            return found if any(one.substantive for one in found) else found + verdicts
        found += verdicts
    return found or [verdict(hunk, "style", False)]
