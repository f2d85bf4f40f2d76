"""What is asked of all articles at once: newest revisions, counts, changelog, and search.

Searched words are compared without case and without accents; each Han character is a word of its
own, since its writing has no spaces. All words must stand in one passage: a headline, a note, the
text of an article as it is now, or a paragraph that it had and has no more. ``"in quotes"`` they
must follow each other; a star stands for any ending.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Concatenate, Literal, NamedTuple, ParamSpec, TypeVar

from tracker.catalog import facts as index
from tracker.catalog import queries
from tracker.catalog.schema import Catalog
from tracker.errors import TrackerError
from tracker.house.changelog import Keyed, note_entry, with_key
from tracker.house.dates.names import aware
from tracker.model import (
    Article,
    History,
    Hit,
    Kind,
    Listed,
    Progress,
    Revision,
    SearchResult,
    Selection,
    Track,
)
from tracker.newsroom.facts import COMPARED, LINE, READ, Known, UnusableError, known
from tracker.newsroom.revisions import article_of
from tracker.newsroom.workspace import Workspace
from tracker.store.reader import Reader
from tracker.text.document import decode, parse
from tracker.text.markup import scan

ALL = Selection()
_Answer = TypeVar("_Answer")
_Given = ParamSpec("_Given")
_ROUNDS = 4  # times that another process may add to the history meanwhile, or the file fail


def ask(
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[Concatenate[Known, _Given], _Answer],
    *given: _Given.args,
    **named: _Given.kwargs,
) -> _Answer:
    """What one of the questions below answers.

    ``progress`` is called with the number of articles done and the number of all.
    """
    with Catalog(workspace.repository) as catalog:
        return _ask(catalog, workspace, progress, lambda it: question(it, *given, **named))


def _ask(
    catalog: Catalog,
    workspace: Workspace,
    progress: Progress | None,
    question: Callable[[Known], _Answer],
) -> _Answer:
    for _ in range(_ROUNDS):
        try:
            return question(known(workspace, catalog, progress))
        except UnusableError:
            continue
        except sqlite3.Error as error:
            catalog.fall_back(error)
    raise TrackerError(
        "The history changes faster than it can be read.", "Try again when others are done."
    )


def _up_to(it: Known, selection: Selection) -> None:
    """Make known of every article what tells which revisions are meant."""
    read = (selection.kind, selection.told) != (None, None)
    it.up_to(COMPARED if selection.substantive is not None else READ if read else LINE)


def _article(it: Known, number: int) -> Article | None:
    """The article of a number; None where its texts cannot be read."""
    head = queries.head(it.connection, number)
    return None if head is None else article_of(head.path, head.headline)


def latest(
    it: Known, limit: int, offset: int = 0, selection: Selection = ALL
) -> tuple[tuple[Article, Revision], ...]:
    """The newsroom's newest revisions, newest first, each with its article."""
    _up_to(it, selection)
    chosen = queries.newest(it.connection, selection, limit, offset)
    it.up_to(COMPARED, [article for article, _ in chosen])
    found = tuple(
        (head, queries.revision(it.connection, article, number))
        for article, number in chosen
        if (head := _article(it, article)) is not None
    )
    if chosen and not found:
        raise TrackerError(
            "None of the newest texts can be read.", "What is wrong with each: tracker check"
        )
    return found


def count(it: Known, selection: Selection = ALL) -> int:
    _up_to(it, selection)
    return queries.count(it.connection, selection)


def months(it: Known, selection: Selection = ALL) -> tuple[tuple[str, int], ...]:
    _up_to(it, selection)
    return tuple(queries.months(it.connection, selection))


def people(it: Known) -> tuple[tuple[str, int], ...]:
    return tuple(queries.people(it.connection))


def articles(it: Known, limit: int | None = None, offset: int = 0) -> tuple[Article, ...]:
    numbers = queries.last_revised(it.connection, limit, offset)
    it.up_to(READ, numbers)
    return tuple(filter(None, (_article(it, number) for number in numbers)))


def listed(
    it: Known,
    limit: int | None = None,
    offset: int = 0,
    *,
    since: datetime | None = None,
    noted: bool = False,
    published: bool = False,
) -> tuple[Listed, ...]:
    """The articles with what a list tells of them: see ``Newsroom.listed``."""
    if noted:
        it.up_to(READ)
    numbers = queries.last_revised(it.connection, limit, offset, since, noted)
    it.up_to(READ, numbers)
    found = []
    for number in numbers:
        told = queries.listed(it.connection, number, published)
        article = _article(it, number)
        if told is None or article is None:
            continue
        at, due, *counts = told
        out = at if due is None else aware(due, it.workspace.settings.zone)
        found.append(Listed(article, max(at, out), *counts))
    return tuple(found)


def count_articles(it: Known, since: datetime | None = None, *, noted: bool = False) -> int:
    """How many articles there are, or of them those that are asked for."""
    if noted:
        it.up_to(READ)
    return queries.count_articles(it.connection, since, noted)


def paths_of(track: Track) -> set[str]:
    return {track.path, *(version.path for version in track.versions)}


def changelog(it: Known) -> list[Keyed]:
    """The notes of all articles that are there now."""
    style, clock = it.workspace.settings.style, it.workspace.settings.clock
    it.up_to(READ)
    found = []
    for told in queries.notes(it.connection):
        entry = note_entry(
            article_of(told.path, told.headline), told.note, told.number, told.commit,
            told.person, style, clock, told.replaced,
        )  # fmt: skip
        found.append(with_key(entry, told.out, told.place))
    return found


def lives(
    workspace: Workspace, progress: Progress | None = None, only: Collection[str] | None = None
) -> Iterator[History]:
    """The histories of the articles that are there now, compared; by path.

    ``only``: of those at these paths.
    """
    if workspace.empty:
        return

    def paths(it: Known) -> list[str]:
        if only is None:
            it.up_to(COMPARED)
            return sorted(path for path, _ in queries.paths(it.connection))
        numbers = {path: queries.number_of(it.connection, path) for path in sorted(only)}
        it.up_to(COMPARED, [each for each in numbers.values() if each is not None])
        return [path for path, number in numbers.items() if number is not None]

    with Catalog(workspace.repository) as catalog:
        for path in _ask(catalog, workspace, progress, paths):
            try:
                life = _history_at(workspace, catalog, path)
            except sqlite3.Error as error:
                catalog.fall_back(error)
                _ask(catalog, workspace, None, paths)
                life = _history_at(workspace, catalog, path)
            if life is not None:  # else its texts cannot be read
                yield life


def _history_at(workspace: Workspace, catalog: Catalog, path: str) -> History | None:
    """The history of an article that is compared; None where its texts cannot be read."""
    number = queries.number_of(catalog.connection, path)
    head = None if number is None else queries.head(catalog.connection, number)
    if number is None or head is None:
        return None
    return History(
        article_of(head.path, head.headline),
        queries.revisions_of(catalog.connection, number),
        queries.events_of(catalog.connection, number),
        deleted=False,
        shallow=workspace.repository.shallow,
        notes=head.notes,
    )


# --- search ---------------------------------------------------------------------------------------

_MOST_TERMS = 32
_MOST_TYPED = 1000  # code points of a query that are read
_EXCERPT = 90  # code points before and after the first word that was found
_WHOLE = 320  # a passage of so many code points is shown whole
_WORDS = 100  # words of a passage that are looked at at once
_HITS = 3  # places of one article that are told
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


def bring_up(it: Known, *, older: bool = False) -> None:
    """Bring the index up to what stands now, with ``older`` to what ever stood."""
    it.up_to(READ)
    over = index.left_over(it.connection)
    fresh = index.unindexed(it.connection, older=older)
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
            fresh = index.unindexed(it.connection, older=older)
        done, rest = 0, iter(fresh)
        while some := list(islice(rest, _AT_ONCE)):
            texts = _texts(reader, [each.blob for each in some])
            with it.catalog.writing() as connection:
                for each in some:
                    if not each.versions:
                        index.put_in(connection, each, texts[each.blob], indexed)
                    if older:
                        had = _earlier(connection, reader, each.article, texts[each.blob])
                        index.put_in_earlier(connection, each, had, indexed)
            done += len(some)
            if it.progress is not None:
                it.progress(done, len(fresh))


def _texts(reader: Reader, blobs: Sequence[str]) -> dict[str, str]:
    return {blob: visible(data) for blob, data in reader.read_many(dict.fromkeys(blobs))}


_PARAGRAPHS = re.compile(r"\n[^\S\n]*+\n")
_MOST_EARLIER = 2000  # passages of one article: its newest


def _earlier(
    connection: sqlite3.Connection, reader: Reader, article: int, now: str
) -> list[index.Earlier]:
    """The headlines and paragraphs that an article had; ``now`` is its text as it is seen now."""
    versions = index.earlier(connection, article)
    spans: dict[tuple[int, str], tuple[int, int]] = {}
    texts = reader.read_many([blob for _, blob, _ in versions])
    for (number, _, headline), (_, data) in zip(versions, texts, strict=True):
        text = decode(data)[0]
        said = {(index.OLDER_HEADLINE, headline)}
        body = text[parse(text).body_start :]
        said |= {(index.OLDER_TEXT, each) for each in _PARAGRAPHS.split(body) if _TOLD not in each}
        for each in said:
            spans[each] = (spans[each][0] if each in spans else number, number)
    stands = f" {indexed(now)} "
    newest = versions[-1][0] if versions else 0
    found = []
    for (place, raw), (first, last) in spans.items():
        if last == newest or not raw.strip():
            continue
        said_then = raw if place == index.OLDER_HEADLINE else scan(raw, kind="markdown").words()
        words = " ".join(said_then.split())
        if words and (place == index.OLDER_HEADLINE or f" {indexed(words)} " not in stands):
            found.append(index.Earlier(place, words, first, last))
    return sorted(found, key=lambda each: -each.last)[:_MOST_EARLIER]


def search(
    it: Known, typed: str, limit: int, offset: int = 0, *, kind: Kind | None = None
) -> tuple[Hit, ...]:
    """Where all that was typed stands, best first; with ``kind``, in notes of that kind alone."""
    wanted = terms(typed)
    if not wanted:
        return ()
    bring_up(it)
    found = index.find(it.connection, index.PassageQuery(matching(wanted), kind), limit, offset)
    with Reader(it.workspace.repository) as reader:
        return tuple(_hit(each, wanted, reader) for each in found)


class Narrowed(NamedTuple):
    """Which of the places count where words stand."""

    kind: Kind | None = None  # notes of that kind alone
    since: datetime | None = None  # aware: of the note, or the revision that has or took it out
    until: datetime | None = None
    older: bool = False  # what stood once, too


def search_articles(
    it: Known, typed: str, limit: int, offset: int, narrowed: Narrowed
) -> tuple[SearchResult, ...]:
    """The articles in which all that was typed stands: see ``Newsroom.search_articles``."""
    wanted = terms(typed)
    if not wanted:
        return ()
    bring_up(it, older=narrowed.older)
    since, until = (
        None if each is None else int(each.timestamp()) for each in (narrowed.since, narrowed.until)
    )
    asked = index.PassageQuery(matching(wanted), narrowed.kind, since, until, narrowed.older)
    with Reader(it.workspace.repository) as reader:
        return tuple(
            SearchResult(
                article_of(some[0].path, some[0].headline),
                tuple(_hit(each, wanted, reader) for each in some[:_HITS]),
            )
            for some in index.find_articles(it.connection, asked, limit, offset)
        )


_PLACES: dict[int, Literal["headline", "text", "older-headline", "older-text"]] = {
    index.HEADLINE: "headline",
    index.TEXT: "text",
    index.OLDER_HEADLINE: "older-headline",
    index.OLDER_TEXT: "older-text",
}


def _hit(found: index.PassageHit, wanted: Sequence[Term], reader: Reader) -> Hit:
    said = visible(reader.read(found.blob)) if found.said is None else found.said
    return Hit(
        article_of(found.path, found.headline),
        _PLACES.get(found.place, "note"),
        tuple(excerpt(said, wanted)),
        found.at,
        found.commit,
        found.note,
        found.first,
        found.last,
        found.person if found.last is not None else "",
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
