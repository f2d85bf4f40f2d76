"""Rules on lines that tell nothing of the story: promotion, links to other stories."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from functools import cache

from tracker.text.counts import Interval
from tracker.text.judge.article import fold_words
from tracker.text.judge.facts import Fact, opens_sentence
from tracker.text.judge.hunks import Hunk, Side
from tracker.text.judge.verdicts import Scope, Verdict, verdict

_WORD = re.compile(r"[\w']+")

_LONGEST_LINE = 2_000
_MOST_LINES = 60


STANDING = 0.65
"""Share of the words of a change that the archive repeats, from which it is standing text."""

_FACT = 6  # words of one fact put for another, which is news inside a repeated sentence too
_AROUND = 8
_MOST_WORDS = 600


def repeated(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that stands in many articles comes, goes, or gives way to other such text."""
    if not scope.boilerplate or not (hunk.words_gone or hunk.words_come):
        return None
    if hunk.a < hunk.b and hunk.c < hunk.d and max(hunk.b - hunk.a, hunk.d - hunk.c) <= _FACT:
        old, new = hunk.facts()
        if {fact.key for fact in old} != {fact.key for fact in new}:
            return None
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first < last and standing_share(side, first, last, scope) < STANDING:
            return None
    return [verdict(hunk, "boilerplate", False)]


def standing_share(side: Side, first: int, last: int, scope: Scope) -> float:
    """Return how much of some seen tokens the archive repeats, with the words around them."""
    if scope.boilerplate is None:
        return 0.0
    last = min(last, first + _MOST_WORDS)
    low, high = first, last
    while low > 0 and first - low < _AROUND and not side.seen[low].line:
        low -= 1
    while high < len(side.seen) and high - last < _AROUND and not side.seen[high].line:
        high += 1
    words: list[str] = []  # with the marks that stand at them
    asked: list[int] = []  # which of them
    for place in range(low, high):
        token = side.seen[place]
        if place > low and not token.line and side.seen[place - 1].end == token.start:
            words[-1] += token.fold
        else:
            words.append(token.fold)
        if first <= place < last and token.kind in ("word", "number"):
            asked.append(len(words) - 1)
    found = scope.boilerplate.standing(words)
    return sum(found[word] for word in asked) / len(asked) if asked else 0.0


def boilerplate(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Standing text: subscribe, follow us, donate, republish; every line of the hunk is such."""
    found = False
    single = not hunk.words_gone or not hunk.words_come
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first == last:
            continue
        lines = _lines(side, first, last)
        if not 0 < len(lines) <= _MOST_LINES or not all(
            _promotes(side, start, end, first, last, single, scope) for start, end in lines
        ):
            return None
        found = True
    if not found or (not single and _figures(hunk)):
        return None
    return [verdict(hunk, "boilerplate", False)]


def _figures(hunk: Hunk) -> bool:
    """Tell whether figures differ: another telephone number is not the same standing text."""
    left, right = (
        [token.fold for token in tokens if token.kind == "number"]
        for tokens in (hunk.gone, hunk.come)
    )
    return left != right


def _lines(side: Side, first: int, last: int) -> list[Interval]:
    """Return the lines or paragraphs that reach into some seen tokens, whole, as places.

    None at all where one is too long to be standing text: the work stays bounded.
    """
    starts = side.lines
    number = max(bisect_right(starts, first) - 1, 0)
    if side.seen[first].start - side.seen[starts[number]].start > _LONGEST_LINE:
        return []
    found: list[Interval] = []
    near = [*starts[number : number + _MOST_LINES + 2], len(side.seen)]
    for start, place in itertools.pairwise(near):
        if side.seen[place - 1].start - side.seen[start].start > _LONGEST_LINE:
            return []
        found.append((start, place))
        if place >= last or len(found) > _MOST_LINES:
            break
    return found


def _promotes(
    side: Side, start: int, end: int, first: int, last: int, single: bool, scope: Scope
) -> bool:
    """Tell whether what changed in a line is standing text, by its first sentence."""
    low, high = max(start, first), min(end, last)
    while low > start and not opens_sentence(side.seen, low):
        low -= 1
    while high < end and not opens_sentence(side.seen, high):
        high += 1
    sentences = [low] + [
        place for place in range(low + 1, high) if opens_sentence(side.seen, place)
    ] + [high]  # fmt: skip
    told = [f" {fold_words(side.seen[one:other])} " for one, other in itertools.pairwise(sentences)]
    promising = [_says_standing(words, scope) for words in told]
    if single and low == start and any(
        told[0].startswith(f" {phrase} ") for phrase in _plain(scope.lexicon.openings)
    ):  # fmt: skip
        promising[0] = True
    if not any(promising):
        return False
    return _no_story(side, low, high, told, promising) and (
        all(promising) or promising[0] or low == start
    )


def _no_story(side: Side, low: int, high: int, told: list[str], promising: list[bool]) -> bool:
    """Tell whether a line states no figure, date or speaker, and few sentences are not standing."""
    others = [words for words, promise in zip(told, promising, strict=True) if not promise]
    return len(others) <= sum(promising) + 1 and not any(
        fact.first < high and fact.last > low and _tells(fact) for fact in side.facts
    )


def _tells(fact: Fact) -> bool:
    """Tell whether a fact is one of the story: "today" and "every day" stand in any promotion."""
    if fact.kind == "date":
        return fact.key[0] != "date" or any(
            isinstance(part, tuple) and part[0] in ("month", "weekday", "year", "written")
            for part in fact.key
        )
    return fact.kind in ("number", "attribution") and not fact.weak


def _says_standing(words: str, scope: Scope) -> bool:
    return any(f" {phrase} " in words for phrase in _plain(scope.lexicon.boilerplate))


@cache
def _plain(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Return phrases without their punctuation, as the words of a text are joined."""
    return tuple(" ".join(_WORD.findall(phrase)) for phrase in phrases)


@cache
def _link_line() -> re.Pattern[str]:
    # What stands before the link, without its markup, and the link that ends the line.
    return re.compile(
        r"[ \t>*_#+|-]*+(?P<label>[^\[\]<>\n]{0,60}?)[ \t*_:>|\u2013\u2014-]*+"
        r"(?:\[[^\[\]\n]{1,300}+\][ \t]?\([^()\s]{1,2000}+\)"
        r"|<a\s[^<>\n]{1,2000}+>[^<>\n]{1,300}+</a>)[ \t*_.|\]]*+"
    )


def promo(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Lines with nothing but a link to another story come or go: "Related: …", a list of links."""
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.words_gone else (hunk.new, hunk.c, hunk.d)
    )
    lines = _lines(side, first, last)
    if not 0 < len(lines) <= _MOST_LINES or (lines[0][0], lines[-1][1]) != (first, last):
        return None
    text = side.article.text
    for start, end in lines:
        low = text.rfind("\n", 0, side.seen[start].start) + 1
        high = text.find("\n", side.seen[end - 1].end)
        line = text[low : high if high >= 0 else len(text)].rstrip()
        found = _link_line().fullmatch(line) if len(line) <= _LONGEST_LINE else None
        if found is None:
            return None
        label = " ".join(_WORD.findall(found["label"].casefold()))
        if label and label not in scope.lexicon.promos:
            return None
    return [verdict(hunk, "link", False)]
