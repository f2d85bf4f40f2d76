"""Search: words as people type them to the index of the catalog, and what it finds to excerpts.

Words are compared without case and without accents; each Han character is a word of its own, since
its writing has no spaces. All words must stand in one passage: a headline, a note, or the text of
an article as it is now. ``"in quotes"`` they must follow each other; a star stands for any ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from tracker.catalog import facts as index
from tracker.errors import TrackerError
from tracker.model import Hit, Kind, Progress
from tracker.newsroom.facts import READ, Known
from tracker.newsroom.revisions import article_of
from tracker.store.reader import Reader
from tracker.text.document import decode, parse
from tracker.text.markup import scan

_MOST_TERMS = 32
_MOST_TYPED = 1000  # code points of a query that are read
_EXCERPT = 90  # code points before and after the first word that was found
_WHOLE = 320  # a passage of so many code points is shown whole
_WORDS = 100  # words of a passage that are looked at at once
_AT_ONCE = 200  # articles that are indexed in one transaction
_TOLD, _TOLD_ENDS = "<!-- updates -->", "<!-- /updates -->"

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TYPED = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Term(NamedTuple):
    """Words that must follow each other."""

    words: tuple[str, ...]  # folded
    prefix: bool  # the last one may go on


def terms(typed: str) -> list[Term]:
    """What a person typed, as terms; what holds no letter and no digit is passed over."""
    found = []
    for quoted, word in _TYPED.findall(typed[:_MOST_TYPED]):
        said = tuple(fold(each) for each in _words().findall(quoted or word))
        if said:
            found.append(Term(said, word.endswith("*")))
    return found[:_MOST_TERMS]


def matching(wanted: Sequence[Term]) -> str:
    """The terms as an FTS5 expression: nothing but quoted words, so that none is read as syntax."""
    return " AND ".join(
        f'"{" ".join(each.words)}"' + (" *" if each.prefix else "") for each in wanted
    )


def _words() -> re.Pattern[str]:
    return re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """A word without case and accents."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word).casefold())
    return "".join(each for each in parts if not unicodedata.combining(each)) or word


def indexed(passage: str) -> str:
    return " ".join(map(fold, _words().findall(passage)))


def visible(data: bytes) -> str:
    """The words of an article's body as readers see them, on one line, without its update lines."""
    text = decode(data)[0]
    seen = scan(text, parse(text).body_start)
    parts, start = [], seen.start
    while (told := text.find(_TOLD, start)) >= 0 and (end := text.find(_TOLD_ENDS, told)) >= 0:
        parts.append(seen.words(start, told))  # what readers were told is a passage of its own
        start = end + len(_TOLD_ENDS)
    parts.append(seen.words(start))
    return " ".join(" ".join(parts).split())


# --- the index ------------------------------------------------------------------------------------


def bring_up(it: Known, progress: Progress | None = None) -> None:
    """Bring the index up to what stands now."""
    it.up_to(READ, progress=progress)
    over = index.left_over(it.connection)
    fresh = index.unindexed(it.connection)
    if not over and not fresh:
        return
    with Reader(it.workspace.repository) as reader:
        try:
            old = _texts(reader, sorted(index.blobs_of(it.connection, over)))
            with it.catalog.writing() as connection:
                for article in over:
                    index.take_out(connection, article, old, indexed)
        except TrackerError:  # an old text is gone: the index cannot forget it by itself
            with it.catalog.writing() as connection:
                index.take_all_out(connection)
            fresh = index.unindexed(it.connection)
        done, rest = 0, iter(fresh)
        while some := list(islice(rest, _AT_ONCE)):
            texts = _texts(reader, [each.blob for each in some])
            with it.catalog.writing() as connection:
                for each in some:
                    index.put_in(connection, each, texts[each.blob], indexed)
            done += len(some)
            if progress is not None:
                progress(done, len(fresh))


def _texts(reader: Reader, blobs: Sequence[str]) -> dict[str, str]:
    return {blob: visible(data) for blob, data in reader.read_many(dict.fromkeys(blobs))}


def search(
    it: Known,
    typed: str,
    limit: int,
    offset: int = 0,
    *,
    kind: Kind | None = None,
    progress: Progress | None = None,
) -> tuple[Hit, ...]:
    """Where all that was typed stands, best first; with ``kind``, in notes of that kind alone."""
    wanted = terms(typed)
    if not wanted:
        return ()
    bring_up(it, progress)
    found = index.find(it.connection, matching(wanted), limit, offset, kind)
    with Reader(it.workspace.repository) as reader:
        return tuple(_hit(each, wanted, reader) for each in found)


def _hit(found: index.Passage, wanted: Sequence[Term], reader: Reader) -> Hit:
    where: Literal["headline", "note", "text"] = "note"
    if found.place == index.HEADLINE:
        where = "headline"
    elif found.place == index.TEXT:
        where = "text"
    said = visible(reader.read(found.blob)) if found.said is None else found.said
    return Hit(
        article_of(found.path, found.headline),
        where,
        tuple(excerpt(said, wanted)),
        found.at,
        found.commit,
        found.note,
    )


# --- excerpts -------------------------------------------------------------------------------------


def excerpt(passage: str, wanted: Sequence[Term]) -> Iterator[tuple[str, bool]]:
    """Pieces of a passage around the words looked for; True for those words."""
    places, marked = _first_marked(passage, wanted)
    start, end = 0, len(passage)
    if end > _WHOLE:
        first = places[min(marked)][0] if marked else 0
        start = _edge(passage, max(0, first - _EXCERPT), first)
        end = start + 2 * _EXCERPT if first < start + 2 * _EXCERPT else len(passage)
        end = _edge(passage, min(len(passage), end), min(len(passage), end + 20))
    at, before = start, "… " if start else ""
    for number in sorted(marked):
        low, high = places[number]
        if low < at or high > end:
            continue
        if before + passage[at:low]:
            yield before + passage[at:low], False
        yield passage[low:high], True
        at, before = high, ""
    rest = before + (passage[at:end].rstrip() + " …" if end < len(passage) else passage[at:end])
    if rest:
        yield rest, False


def _first_marked(passage: str, wanted: Sequence[Term]) -> tuple[list[tuple[int, int]], set[int]]:
    """Where the words of a passage stand, and which of them are meant.

    Of a long one, those up to the end of its excerpt: most articles have the words at their start.
    """
    places: list[tuple[int, int]] = []
    folded: list[str] = []
    words = _words().finditer(passage)
    longest = max(len(term.words) for term in wanted)
    marked: set[int] = set()
    while some := list(islice(words, _WORDS)):
        again = max(len(folded) - longest + 1, 0)  # a phrase may have begun among those before
        places += [found.span() for found in some]
        folded += [fold(found.group()) for found in some]
        marked.update(again + number for number in _marked(folded[again:], wanted))
        if marked and len(passage) > _WHOLE:
            first = min(marked)
            # A phrase that begins sooner may end among the words that were not looked at yet.
            if len(places) > first + longest and places[-1][0] > places[first][0] + 3 * _EXCERPT:
                break
    return places, marked


def holds(passage: str, wanted: Sequence[Term]) -> bool:
    """Whether all terms stand in a passage."""
    folded = list(map(fold, _words().findall(passage)))
    return all(_marked(folded, [term]) for term in wanted)


def _edge(passage: str, start: int, end: int) -> int:
    """Where a word begins, from ``start`` on, before ``end``."""
    if start == 0 or start >= len(passage):
        return start
    space = passage.find(" ", start, end)
    return start if space < 0 else space + 1


def _marked(folded: Sequence[str], wanted: Sequence[Term]) -> set[int]:
    """The numbers of the words that the terms mean."""
    marked: set[int] = set()
    for term in wanted:
        *before, last = term.words
        length = len(term.words)
        for number, word in enumerate(folded):
            if word != last and not (term.prefix and word.startswith(last)):
                continue
            first = number - length + 1
            if first >= 0 and list(folded[first:number]) == before:
                marked.update(range(first, number + 1))
    return marked
