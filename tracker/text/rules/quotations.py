"""The rule on the words of quotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracker.text.hunks import Hunk
from tracker.text.lexicon import Lexicon, known
from tracker.text.rules.verdicts import Scope, Verdict, verdict
from tracker.text.spelling import canonical, same_word
from tracker.text.surface import Token

_LETTERED = ("word", "number", "symbol")


def word_tokens(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens that are words, numbers or symbols."""
    return [token for token in tokens if token.kind in ("word", "number", "symbol")]


def quotation(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Words inside quotation marks; only a slip of spelling is small there."""
    gone, come = word_tokens(hunk.gone), word_tokens(hunk.come)
    if not any(token.quoted for token in gone) and not any(token.quoted for token in come):
        return None
    lexicon = scope.lexicon
    covered_old, covered_new = _equal_fact_places(hunk)
    left = [
        token
        for place, token in enumerate(hunk.gone, hunk.a)
        if token.kind in _LETTERED and place not in covered_old
    ]
    right = [
        token
        for place, token in enumerate(hunk.come, hunk.c)
        if token.kind in _LETTERED and place not in covered_new
    ]
    folds_left = Counter(canonical([token.fold for token in left], lexicon))
    folds_right = Counter(canonical([token.fold for token in right], lexicon))
    lost = _quoted_only(left, folds_right, lexicon)
    won = _quoted_only(right, folds_left, lexicon)
    if not lost and not won:
        reordered = [t.fold for t in left if t.quoted] != [t.fold for t in right if t.quoted]
        same_size = sum(t.quoted for t in left) == sum(t.quoted for t in right)
        if reordered and same_size and folds_left == folds_right and left:
            return [verdict(hunk, "quote", True)]
        return None
    if len(left) == len(right) and all(
        one.fold == other.fold or _is_slip(one.fold, other.fold, lexicon)
        for one, other in zip(left, right, strict=True)
    ):
        return None
    scope.quoted = bool(left and right) and all(
        token.quoted for token in [*left, *right] if token.kind != "mark"
    )
    return [verdict(hunk, "quote", True)]


def _quoted_only(tokens: Sequence[Token], others: Counter[str], lexicon: Lexicon) -> list[Token]:
    """Return the quoted tokens whose words are not among the others."""
    return [
        token
        for token in tokens
        if token.quoted and any(word not in others for word in canonical([token.fold], lexicon))
    ]


def _is_slip(old: str, new: str, lexicon: Lexicon) -> bool:
    """In a quotation, only a misspelling is a slip: "kills" and "killed" are two words there."""
    if frozenset((old, new)) in lexicon.confused:
        return old not in lexicon.function or new not in lexicon.function
    if lexicon.language == "en" and known(old) and known(new):
        return False
    return same_word(old, new, lexicon) is not None


def _equal_fact_places(hunk: Hunk) -> tuple[set[int], set[int]]:
    """Return the places of tokens in facts that both sides have, in whatever form."""
    old, new = hunk.facts()
    kept = Counter(fact.key for fact in old) & Counter(fact.key for fact in new)
    return (
        {place for fact in old if kept[fact.key] for place in range(fact.first, fact.last)},
        {place for fact in new if kept[fact.key] for place in range(fact.first, fact.last)},
    )
