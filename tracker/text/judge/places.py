"""Rules on where words are: said twice, elsewhere in the text, in a heading, behind a link."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tracker.text.judge.article import Article, raw_words
from tracker.text.judge.hunks import Hunk, Side
from tracker.text.judge.seen import Token
from tracker.text.judge.verdicts import Scope, Verdict, verdict


def found_elsewhere(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that is gone here, and stands elsewhere in the new version; or came from elsewhere."""
    hunk = _without_capitals(hunk, scope)
    gone, come = hunk.words_gone, hunk.words_come
    if bool(gone) == bool(come):
        return None
    words = (gone or come).split(" ")
    side, first, last = (hunk.old, hunk.a, hunk.b) if gone else (hunk.new, hunk.c, hunk.d)
    other = scope.new if gone else scope.old
    if len(words) < FEWEST_WORDS:
        # Two or three words may stand anywhere by chance: only a line of its own counts.
        found = len(words) >= 2 and _whole_lines(side, first, last) and other.has_line(words)
    else:
        found = other.says(" ".join(words), side.shown(first, last)) or _reworded(
            words, other, scope
        )
    return [verdict(hunk, "moved", False)] if found else None


def _without_capitals(hunk: Hunk, scope: Scope) -> Hunk:
    """Leave out small words that differ in their capitals alone: "Ruiz said the", "The"."""
    small = scope.lexicon.function
    a, b, c, d = hunk.a, hunk.b, hunk.c, hunk.d
    while a < b and c < d and _one_small(hunk.old.seen[a], hunk.new.seen[c], small):
        a, c = a + 1, c + 1
    while a < b and c < d and _one_small(hunk.old.seen[b - 1], hunk.new.seen[d - 1], small):
        b, d = b - 1, d - 1
    return Hunk(hunk.old, hunk.new, a, b, c, d, hunk.edits) if (a, b) != (hunk.a, hunk.b) else hunk


def _one_small(one: Token, other: Token, small: Collection[str]) -> bool:
    return one.fold == other.fold and one.fold in small and not one.text.isupper()


FEWEST_WORDS = 4
_FEWEST_CONTENT = 6
_SLACK = 8


def _reworded(words: Sequence[str], other: Article, scope: Scope) -> bool:
    """Tell whether every word that counts stands close together in the other version.

    A caption that went into a picture's description, a sentence put into another paragraph.
    """
    lexicon = scope.lexicon
    raw = raw_words(" ".join(words))
    wanted = {
        word
        for word in raw
        if word in lexicon.negations
        or (word not in lexicon.function and word not in lexicon.soft and len(word) > 1)
    }
    if len(wanted) < _FEWEST_CONTENT:
        return False
    places = other.places_of(wanted)
    if not places:
        return False
    rarest = min(wanted, key=lambda word: (len(places[word]), word))
    reach = len(raw) + _SLACK
    for place in places[rarest][:20]:
        around = other.raw_list[max(0, place - reach) : place + reach]
        if wanted <= set(around):
            return True
    return False


def _whole_lines(side: Side, first: int, last: int) -> bool:
    starts = first == 0 or bool(side.seen[first].line) or _line_break(side, first)
    return starts and (
        last >= len(side.seen) or bool(side.seen[last].line) or _line_break(side, last)
    )


def _line_break(side: Side, place: int) -> bool:
    between = side.article.text[side.seen[place - 1].end : side.seen[place].start]
    return "\n" in between


def heading(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A subheading that comes or goes, or a word with a colon that says what a line is."""
    del scope
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.words_gone else (hunk.new, hunk.c, hunk.d)
    )
    tokens = side.seen[first:last]
    facts = [fact for fact in side.facts if fact.first < last and fact.last > first]
    if not _starts_line(side, first):
        return None
    if _enumerates(tokens):
        return [verdict(hunk, "style", False)]
    if any(fact.kind in ("number", "date", "negation") and not fact.weak for fact in facts):
        return None
    lines = [token.line for token in tokens[1:] if token.line]
    only_heading = tokens[0].line == "heading" and not lines and len(tokens) <= _LONGEST_HEADING
    if only_heading and (last >= len(side.seen) or _line_break(side, last)):
        return [verdict(hunk, "style", False)]
    words = [token for token in tokens if token.kind == "word"]
    if len(words) <= 2 and tokens[-1].text == ":" and len(tokens) == len(words) + 1:
        return [verdict(hunk, "style", False)]
    return None


_LONGEST_HEADING = 10


def _enumerates(tokens: Sequence[Token]) -> bool:
    """Tell whether some tokens are the number before a heading: "2." or "3)"."""
    return (
        len(tokens) == 2
        and tokens[0].line == "heading"
        and tokens[0].text.isdecimal()
        and len(tokens[0].text) <= 2
        and tokens[1].text in (".", ")", ":")
    )


def _starts_line(side: Side, first: int) -> bool:
    return first == 0 or bool(side.seen[first].line) or _line_break(side, first)


def doubled(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A word said twice in a row, once by mistake: "the the", "people people"."""
    del scope
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.a < hunk.b else (hunk.new, hunk.c, hunk.d)
    )
    if (hunk.a < hunk.b) == (hunk.c < hunk.d) or last - first > 3:
        return None
    words = [token.fold for token in side.seen[first:last]]
    if not all(word.isalpha() for word in words):
        return None
    for start in (first - len(words), last):
        around = [token.fold for token in side.seen[max(start, 0) : max(start, 0) + len(words)]]
        if around == words and start >= 0:
            return [verdict(hunk, "typo", False)]
    return None


def described(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A picture's description comes or goes, with its picture or without."""
    del scope
    tokens = [*hunk.gone, *hunk.come]
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    if all(token.leaf is not None and token.leaf.picture for token in tokens):
        return [verdict(hunk, "image", False)]
    return None


def _addresses(side: Side) -> set[str]:
    """Return the addresses that stand bare in a passage."""
    if "addresses" not in side.answers:
        side.answers["addresses"] = {
            token.text.rstrip("/.,") for token in side.tokens if token.kind == "url"
        }
    found: set[str] = side.answers["addresses"]
    return found


def named_link(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """An address that stood bare in the text now stands behind words, or the other way round."""
    del scope
    bare, named = (hunk.old, hunk.new) if not hunk.words_gone else (hunk.new, hunk.old)
    first, last = (hunk.c, hunk.d) if not hunk.words_gone else (hunk.a, hunk.b)
    if (hunk.words_gone and hunk.words_come) or not 0 < last - first <= 8:
        return None
    start, end = named.seen[first].start, named.seen[last - 1].end + 3
    links = [
        token.text
        for token in named.hidden(start, end)
        if token.kind == "link" and start < token.start < end
    ]
    if links and any(url in link for url in _addresses(bare) for link in links):
        return [verdict(hunk, "link", False)]
    return None
