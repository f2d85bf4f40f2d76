"""Rules on where words are: said twice, elsewhere in the text, standing text, behind a link."""

from __future__ import annotations

from tracker.text.hunks import Hunk, Side
from tracker.text.rules.verdicts import Scope, Verdict, verdict


def found_elsewhere(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that is gone here, and stands elsewhere in the new version; or came from elsewhere."""
    gone, come = hunk.words_gone, hunk.words_come
    if bool(gone) == bool(come):
        return None
    words = gone or come
    count = words.count(" ") + 1
    whole = (
        _whole_lines(hunk.old, hunk.a, hunk.b) if gone else _whole_lines(hunk.new, hunk.c, hunk.d)
    )
    if count < 4 and not (whole and count >= 2):
        return None
    other = scope.new if gone else scope.old
    if not other.says(words):
        return None
    return [verdict(hunk, "moved", False)]


def _whole_lines(side: Side, first: int, last: int) -> bool:
    starts = first == 0 or bool(side.seen[first].line)
    return starts and (last >= len(side.seen) or bool(side.seen[last].line))


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


def boilerplate(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Standing text: subscribe, follow us, all rights reserved."""
    words = f"{hunk.words_gone} / {hunk.words_come}"
    if len(words) < 600 and any(phrase in words for phrase in scope.lexicon.boilerplate):
        return [verdict(hunk, "boilerplate", False)]
    return None


def named_link(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """An address that stood bare in the text now stands behind words, or the other way round."""
    del scope
    bare, named = (hunk.old, hunk.new) if not hunk.words_gone else (hunk.new, hunk.old)
    first, last = (hunk.c, hunk.d) if not hunk.words_gone else (hunk.a, hunk.b)
    if (hunk.words_gone and hunk.words_come) or not 0 < last - first <= 8:
        return None
    urls = {token.text.rstrip("/.,") for token in bare.tokens if token.kind == "url"}
    start = named.seen[first].start
    links = [
        token.text
        for token in named.tokens
        if token.kind == "link" and start < token.start < named.seen[last - 1].end + 3
    ]
    if any(url in link for url in urls for link in links):
        return [verdict(hunk, "link", False)]
    return None
