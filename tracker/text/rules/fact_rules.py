"""The rule on facts: numbers, dates, names, negation, modality, attribution."""

from __future__ import annotations

from tracker.text.hunks import Hunk
from tracker.text.rules.contents import content
from tracker.text.rules.fact_pairs import changed_facts
from tracker.text.rules.verdicts import MANY_WORDS, Scope, Verdict, information, verdict


def facts(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Numbers, dates, names, negations, modality and attribution that differ by their keys."""
    pairs = changed_facts(hunk, scope)
    if not pairs:
        return None
    added, removed = content(hunk, scope)
    one_sided = not hunk.words_gone or not hunk.words_come
    rewritten = max(len(added), len(removed)) > MANY_WORDS
    told: list[Verdict] = []
    for old, new in pairs:
        fact = old or new
        if fact is None:
            continue
        single = old is None or new is None
        moved = fact.key in scope.gone and fact.key in scope.come
        if single and (
            rewritten
            or (fact.kind == "name" and not moved)
            or (one_sided and len(added) + len(removed) > 1)
        ):
            # A new sentence with numbers and names in it is information, not a number changed.
            continue
        if single and one_sided and not moved and fact.kind in ("number", "date"):
            told += information(hunk, hunk.words_come, hunk.words_gone)
        told.append(
            verdict(
                hunk,
                fact.kind,
                True,
                hunk.old.shown(old.first, old.last) if old else "",
                hunk.new.shown(new.first, new.last) if new else "",
            )
        )
    if len(told) < len(pairs):
        told += information(hunk, hunk.words_come, hunk.words_gone)
    return told
