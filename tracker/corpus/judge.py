"""Pairs of versions as Arrow has them -> what changed, one row a pair: a pure function.

Any engine can run it: Dask, Spark, Ray, a loop. What goes wrong with a pair is told in its row.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from tracker.comparison import Compared, Text
from tracker.house.notes.merge import key
from tracker.house.style import Style
from tracker.model import Edit
from tracker.render.plain import record
from tracker.text.document import Document, bare, notes_of
from tracker.text.judge.boilerplate import Boilerplate

SECONDS = 60.0
"""What a pair may take. Articles take milliseconds; the largest that were measured took two."""

_TEXTS = pa.list_(pa.string())
_NOTES = pa.list_(pa.struct([("kind", pa.string()), ("text", pa.string())]))
_INSTANT = pa.timestamp("us", "UTC")
_HEAD = [
    ("pair", pa.string()),  # a digest of the names and instants of its two versions
    ("source", pa.string()),  # the outlet: a host name, or what the corpus calls it
    ("article", pa.string()),
    ("old_commit", pa.string()),  # null where the versions are not from a repository
    ("new_commit", pa.string()),
    ("old_at", _INSTANT),
    ("new_at", _INSTANT),
]

PAIRS = pa.schema([*_HEAD, ("old", pa.string()), ("new", pa.string())])
"""Two versions of an article, one after the other, with their whole texts."""

SCHEMA = pa.schema(
    [
        *_HEAD,
        ("section", pa.string()),  # by the front matter, else by the address; "" for none
        ("substantive", pa.bool_()),
        ("score", pa.float64()),
        ("labels", _TEXTS),
        ("reasons", _TEXTS),
        ("words_added", pa.int64()),
        ("words_removed", pa.int64()),
        ("coarse", pa.bool_()),
        ("notes_added", _NOTES),
        ("notes_removed", _NOTES),
        ("ms", pa.float64()),  # processor time
        ("error", pa.string()),  # why there is no verdict; null for almost all
        ("tracker", pa.string()),  # the version of this program, with a digest of its rules
    ]
)
"""A verdict on a pair. Where ``error`` says something, what the texts would tell is null."""

SPARK_SCHEMA = (
    "pair string, source string, article string, old_commit string, new_commit string,"
    " old_at timestamp, new_at timestamp, section string, substantive boolean, score double,"
    " labels array<string>, reasons array<string>, words_added bigint, words_removed bigint,"
    " coarse boolean, notes_added array<struct<kind:string,text:string>>,"
    " notes_removed array<struct<kind:string,text:string>>, ms double, error string,"
    " tracker string"
)
"""``SCHEMA`` as Spark's ``mapInArrow`` takes it."""

EDITS = pa.schema(
    [
        ("pair", pa.string()),
        ("source", pa.string()),
        ("article", pa.string()),
        ("edit", pa.int64()),  # its place among those of its pair, from 1
        ("within", pa.int64()),  # of an edit inside a move: the move's place
        *((name, pa.string()) for name in ("operation", "old", "new")),
        *((name, pa.int64()) for name in ("old_start", "old_end", "new_start", "new_end")),
        ("old_sentence", pa.string()),
        ("new_sentence", pa.string()),
        ("verbal", pa.bool_()),
        ("field", pa.string()),
        ("labels", _TEXTS),
    ]
)
"""One edit of a pair: see docs/formats.md."""

Row = dict[str, Any]


class Terms(NamedTuple):
    style: Style | str | None = None  # the house style; None: none is known
    language: str | None = None  # BCP 47; None: each article says its own, or it is guessed
    boilerplate: Mapping[str, Boilerplate] = {}  # by source: what its archive repeats
    seconds: float = SECONDS  # what a pair may take


class PairVerdict(NamedTuple):
    row: Row  # of ``SCHEMA``
    edits: list[Row]  # of ``EDITS``


def judge(
    batch: pa.RecordBatch,
    *,
    style: Style | str | None = None,
    language: str | None = None,
    boilerplate: Mapping[str, Boilerplate] | None = None,
    seconds: float = SECONDS,
) -> pa.RecordBatch:
    """Return the verdicts on a batch of pairs, a row for each, in their order.

    ``batch`` has the columns of ``PAIRS``; a text that is missing or no UTF-8 is told in the row's
    ``error``, as is a pair that takes longer than ``seconds`` of wall time. (That limit holds in
    a process's main thread, where Spark, Ray and plain loops call this.) ``boilerplate`` is what
    the archive of each source repeats: see ``terms``. Never raises for any batch.
    """
    terms = Terms(style, language, boilerplate or {}, seconds)
    rows = [verdict.row for verdict in verdicts(batch, terms)]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def judge_table(table: pa.Table, **settings: Any) -> pa.Table:
    """Return what ``judge`` does, for engines that hand out tables."""
    found = [judge(batch, **settings) for batch in table.to_batches()]
    return pa.Table.from_batches(found, schema=SCHEMA)


def verdicts(batch: pa.RecordBatch, terms: Terms, *, edits: bool = False) -> Iterator[PairVerdict]:
    """The verdicts on a batch, one after the other; with ``edits``, those of each pair too."""
    heads = {name: _column(batch, name) for name, _ in _HEAD}
    olds, news = (_column(batch, name, pa.large_binary()) for name in ("old", "new"))
    last: Text | None = None  # a text is the newer of one pair, and the older of the next
    for place in range(batch.num_rows):
        row = {name: column[place] for name, column in heads.items()}
        started = time.thread_time()
        found: list[Row] = []
        try:
            old = _text(olds[place], "old", last)
            last = new = _text(news[place], "new")
            with _limit(terms.seconds):
                compared = Compared(
                    old, new, terms.style, terms.language, terms.boilerplate.get(row["source"])
                )
                row |= _told(compared, str(row["article"] or ""))
                found = list(_edits(row, compared.change.edits)) if edits else []
        except _TooLongError:
            row["error"] = f"It took longer than {terms.seconds:g} s."
        except MemoryError:
            row["error"] = "It needed more memory than it may have."
        except Exception as error:
            last = None
            row["error"] = told_of_error(error)
        row["ms"] = (time.thread_time() - started) * 1000
        yield PairVerdict(finished(row), found)


def finished(row: Row) -> Row:
    """A row with the version of this program, and nothing of the texts where there was an error."""
    if row.get("error"):
        row = {name: row.get(name) for name, _ in (*_HEAD, ("error", 0), ("ms", 0))}
    return {**row, "tracker": version()}


@cache
def version() -> str:
    """The version of this program with a digest of its rules: "0.1.0+5f0c9a1e".

    Who works on a copy from git has other rules under the same number.
    """
    from tracker import __version__

    package = Path(__file__).parents[1]
    digest = sha256()
    for name in ("comparison.py", "model.py", "text", "house", "locale"):
        place = package / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.suffix in (".py", ".toml", ".txt"):
                digest.update(file.relative_to(package).as_posix().encode())
                digest.update(file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"


def told_of_error(error: Exception) -> str:
    """What an exception says, on one short line."""
    if isinstance(error, _BadTextError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _told(compared: Compared, article: str) -> Row:
    change = compared.change
    before, after = (
        _notes(text.document, found)
        for text, found in zip((compared.old, compared.new), compared.notes, strict=True)
    )
    return {
        "section": section(compared.new.document, article),
        "substantive": change.substantive,
        "score": change.score,
        "labels": sorted(change.labels),
        "reasons": list(change.reasons),
        "words_added": change.words_added,
        "words_removed": change.words_removed,
        "coarse": change.coarse,
        "notes_added": [note for said, note in after.items() if said not in before],
        "notes_removed": [note for said, note in before.items() if said not in after],
    }


def _notes(document: Document, found: Iterable[Any]) -> dict[tuple[str, str], Row]:
    """The notes of a version by what they say: the front matter's, and those in its body."""
    known: dict[tuple[str, str], Row] = {}
    for note in (*notes_of(document, UTC), *found):
        known.setdefault((note.kind, key(note.text)), {"kind": note.kind, "text": note.text})
    return known


def _edits(row: Row, edits: Iterable[Edit]) -> Iterator[Row]:
    place = 0
    for edit in edits:
        place += 1
        move = place
        for each in (edit, *edit.within):
            if each is not edit:
                place += 1
            said = {**record(each), "within": None if each is edit else move, "edit": place}
            yield {name: said.get(name, row.get(name)) for name in EDITS.names}


_SECTIONS = ("section", "sections", "category", "categories", "channel", "desk", "topic")
_NO_SECTIONS = {"articles", "content", "posts", "_posts", "pages", "site", "src"}


def section(document: Document, article: str) -> str:
    """The section that an article is in, by its front matter, else by its path; "" for none."""
    data = document.front_matter.data if document.front_matter else {}
    said = {bare(str(name)): value for name, value in data.items()}
    for name in _SECTIONS:
        value = said.get(name)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first.strip():
            return " ".join(first.split()).casefold()[:100]
    *folders, name = article.split("/")
    if name.startswith("index."):  # the last folder is the article's own
        folders = folders[:-1]
    named = (each for each in folders if each not in _NO_SECTIONS and not each.isdigit())
    return next(named, "").casefold()


# --- what may go wrong ----------------------------------------------------------------------------


class _BadTextError(Exception):
    """A text that is none."""


class _TooLongError(BaseException):
    """The alarm rang: no ``except Exception`` on the way may take it for something else."""


def _text(value: object, which: str, last: Text | None = None) -> Text:
    if not isinstance(value, bytes):
        raise _BadTextError(f"The {which} text is missing.")
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise _BadTextError(f"The {which} text is no UTF-8 at byte {error.start:,}.") from None
    return last if last is not None and last.text == text else Text(text)


def _column(batch: pa.RecordBatch, name: str, kind: Any = None) -> list[Any]:
    """The values of a column; None for all where there is no such column, or it is of another kind.

    Texts are read as bytes: a string column of Arrow may hold anything.
    """
    place = batch.schema.get_field_index(name)
    nothing = [None] * batch.num_rows
    if place < 0:
        return nothing
    column = batch.column(place)
    try:
        found: list[Any] = (column if kind is None else column.cast(kind)).to_pylist()
    except (pa.ArrowException, ValueError):
        return nothing
    return found


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise ``_TooLongError`` within when so many seconds of wall time are over."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    others = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *others)
        signal.signal(signal.SIGALRM, before)


def _ring(_signal: int, _frame: object) -> None:
    raise _TooLongError
