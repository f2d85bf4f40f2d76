"""What ``tracker export`` writes: rows for research, JSON Lines or Parquet; data files for sites.

Rows of revisions, notes and edits are flat, and name their article and their commit, so that files
can be joined. The schemas are in ``docs/``: ``export-revisions.schema.json``,
``export-notes.schema.json`` and ``export-edits.schema.json``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, Self

from tracker.errors import TrackerError
from tracker.house.changelog import notes_told, standing, told_of, went_out
from tracker.house.settings import Settings
from tracker.model import Change, Edit, History, Revision
from tracker.render.plain import SCHEMA_VERSION, json_text, plain, record
from tracker.render.told import Account, account
from tracker.render.urls import Links, addresses, article_id, inside, note_id, revision_id
from tracker.store.files import Folder

if TYPE_CHECKING:
    from tracker.newsroom.history import Exported, ExportedVersion

Kind = Literal["revisions", "notes", "edits", "versions"]
KINDS: tuple[Kind, ...] = ("revisions", "notes", "edits")
"""The kinds that belong together; ``versions`` are the lines that ``tracker import`` reads."""

Row = dict[str, object]

Compare = Callable[[str, str], Change]
"""From the text before and a text to what changed."""


def rows(
    exported: Exported,
    kind: Kind,
    settings: Settings,
    compare: Compare,
    *,
    texts: bool = False,
) -> Iterator[Row]:
    """The rows of one article. With ``texts``, revisions have their whole text."""
    if kind == "notes":
        yield from note_rows(exported.life)
    elif kind == "edits":
        yield from edit_rows(exported, compare)
    else:
        yield from revision_rows(exported, settings, texts=texts)


def revision_rows(exported: Exported, settings: Settings, *, texts: bool) -> Iterator[Row]:
    """A row for each revision, oldest first."""
    life = exported.life
    told = told_of(life, settings.check.grace)
    for revision in life.revisions:
        row = {
            **_of(life, revision),
            "at": revision.at,
            "person_name": revision.person.name,
            "person_email": revision.person.email,
            "message": revision.subject,
            "headline": revision.headline,
            "published": revision.published,
            "words_added": revision.words_added,
            "words_removed": revision.words_removed,
            "substantive": revision.substantive,
            "labels": sorted(revision.labels),
            "reasons": list(revision.reasons),
            "notes": [note.id for note in revision.notes],
            "told": revision.number in told,
            "text": exported.text(revision) if texts else None,
        }
        yield record(row)


def note_rows(life: History) -> Iterator[Row]:
    """A row for each note that readers were ever given, in the order in which they got them."""
    seen = {note.id for note in standing(life.notes)}
    for each in notes_told(life):
        note = each.note
        row = {
            **_of(life, each.revision),
            "note_id": note_id(each.revision, note.id),
            "note": note.id,
            "kind": note.kind,
            "text": note.text,
            "at": note.at,
            "precision": note.precision,
            "told_at": went_out(each),
            "amends": note.amends,
            "withdrawn": note.withdrawn,
            "covers": note.covers,
            "origin": note.origin,
            "written": note.written,
            "language": note.language,
            "stands": note.id in seen,
        }
        yield record(row)


def edit_rows(exported: Exported, compare: Compare) -> Iterator[Row]:
    """A row for each edit of each revision after the first; those inside a move name its place."""
    life = exported.life
    for revision in life.revisions:
        text, before = exported.text(revision), exported.before(revision)
        if before is not None:
            head = _of(life, revision)
            place = 0
            for edit in compare(before, text).edits:
                place += 1
                yield _edit(head, edit, place, None)
                move = place
                for inner in edit.within:
                    place += 1
                    yield _edit(head, inner, place, move)


def version_row(exported: ExportedVersion, under: str) -> Row:
    """A version with its text, as ``docs/import.schema.json`` has it.

    ``under`` is the newsroom's folder, below which its path is. All versions are under the
    article's newest path: an importer takes another path for another article.
    """
    path, version, message, text = exported
    return record(
        {
            "path": path.removeprefix(f"{under}/") if under else path,
            "at": version.at,
            "author": {"name": version.person.name, "email": version.person.email},
            "message": message,
            "text": text,
        }
    )


def _edit(head: Row, edit: Edit, place: int, within: int | None) -> Row:
    said = edit._asdict() | {"within": within}
    return record({**head, "edit": place, "within": within, **said})


def _of(life: History, revision: Revision) -> Row:
    """What every row begins with: which article, and which revision of it."""
    return {
        "article_id": article_id(life),
        "revision_id": revision_id(revision),
        "article": life.article.path,
        "path": revision.path,
        "commit": revision.commit,
        "revision": revision.number,
    }


def write_lines(write: Callable[[bytes], object], found: Iterable[Row]) -> int:
    """Write rows as JSON Lines; how many they were."""
    number = 0
    for row in found:
        write(f"{json_text(row)}\n".encode())
        number += 1
    return number


# --- rows as Parquet files ------------------------------------------------------------------------

_AT_ONCE = 10_000  # rows in a row group: what is held in memory

_COLUMNS: dict[Kind, str] = {
    "revisions": "at person_name person_email message headline published:bool words_added:int"
    " words_removed:int substantive:bool labels:list reasons:list notes:list told:bool text",
    "notes": "note_id note kind text at precision told_at amends withdrawn covers origin written"
    " language stands:bool",
    "edits": "edit:int within:int operation old new old_start:int old_end:int new_start:int"
    " new_end:int old_sentence new_sentence verbal:bool field labels:list",
}
"""The columns of a file, each with its type where that is not text.

An instant is kept as text, with its offset: Parquet's instants have none.
"""
_HEAD = "article_id revision_id article path commit revision:int"


def columns(kind: Kind) -> dict[str, str]:
    """The columns of a file, each with its type: "string", "bool", "int" or "list"."""
    parts = (each.partition(":") for each in f"{_HEAD} {_COLUMNS[kind]}".split())
    return {name: type_ or "string" for name, _, type_ in parts}


def library() -> Any:
    """pyarrow; a ``TrackerError`` where it is not installed."""
    try:
        import pyarrow.parquet  # a second to import, and needed here alone
    except ImportError:
        raise TrackerError(
            "Parquet needs pyarrow, which is not installed.",
            "Install it: pip install 'article-tracker[parquet]'. Or take --format jsonl.",
        ) from None
    return pyarrow


class ParquetWriter:
    """Writes rows to a Parquet file, some thousand at a time. Use it as a context manager."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        self._arrow = library()
        types = {
            "string": self._arrow.string(),
            "bool": self._arrow.bool_(),
            "int": self._arrow.int64(),
            "list": self._arrow.list_(self._arrow.string()),
        }
        self._schema = self._arrow.schema(
            [(name, types[type_]) for name, type_ in columns(kind).items()]
        )
        self._waiting: list[Row] = []
        self._writer = self._arrow.parquet.ParquetWriter(file, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def write(self, found: Iterable[Row]) -> int:
        """Write rows; how many they were."""
        number = 0
        for row in found:
            self._waiting.append(row)
            number += 1
            if len(self._waiting) == _AT_ONCE:
                self._flush()
        return number

    def _flush(self) -> None:
        if self._waiting:
            table = self._arrow.Table.from_pylist(self._waiting, schema=self._schema)
            self._writer.write_table(table)
            self._waiting = []


# --- data files that the templates of a site generator read ---------------------------------------
#
# A folder for Hugo's ``data/``, Jekyll's or Eleventy's ``_data/``:
#
# - ``articles/KEY.json`` (or ``.yaml``), one for each published article: its notes, its changelog,
#   its versions, all with links;
# - ``index.json``: from an article's path in the newsroom to its KEY. A key is made of small Latin
#   letters, digits, ``-`` and ``_``, because Jekyll takes other letters out of the names of data
#   files; it says nothing beyond that;
# - ``notes.json``: the notes of all articles, newest first, for a corrections page.
#
# The schema is in ``docs/site-data.schema.json``.

Form = Literal["json", "yaml"]

_PLAIN_KEY = re.compile(r"[a-z0-9_]+(?:[-/][a-z0-9_]+)*", re.ASCII)
_OTHER = re.compile(r"[^a-z0-9_]+")
_LONGEST = 100  # characters of a key
_STEM = 60  # of which so many say what the article is, where a digest has to tell it apart


class DataWritten(NamedTuple):
    """What became of a folder of data files."""

    articles: int  # that have a file now
    written: int  # files that are new or changed; the others were not touched
    removed: int  # files of articles that are no more


def data_key(address: str) -> str:
    """The name of an article's data file: its address, ``--`` for each slash, where it can be.

    Other addresses get their Latin letters and a digest.
    """
    if _PLAIN_KEY.fullmatch(address) and len(address) <= _LONGEST:
        return address.replace("/", "--")
    stem = _OTHER.sub("-", address.lower()).strip("-")[:_STEM].rstrip("-")
    digest = sha256(os.fsencode(address)).hexdigest()[:10]
    return f"{stem}---{digest}" if stem else digest


def data_files(
    lives: Iterable[History],
    settings: Settings,
    *,
    gone: Iterable[History] = (),
    under: str = "",
    base_url: str | None = None,
    form: Form = "json",
) -> Iterator[tuple[str, str]]:
    """The data files, each its name in the folder and its text.

    ``lives`` are the histories of all articles, compared (``Newsroom.lives``); those that readers
    could never see have no file. ``gone`` are those of articles that were taken down
    (``Newsroom.gone``): their notes are among the others, without links. ``under`` is the
    newsroom's folder in its repository (``Newsroom.place.under``). ``base_url`` is where the pages
    of ``tracker serve`` or ``tracker site`` are, for links to them; without it, it is that of the
    settings; "" for no links.
    """
    found = sorted(lives, key=lambda life: life.article.path)
    base = settings.site.url if base_url is None else base_url
    names = addresses((life.article.path for life in found), under)
    links = Links(base.rstrip("/"), names.__getitem__)
    index: dict[str, str] = {}
    notes: list[tuple[Account, str | None]] = []
    for life in found:
        told = account(life, settings, links)
        if told.published is None:
            continue
        name = data_key(names[told.path])
        index[inside(told.path, under)] = name
        notes.append((told, name))
        members = {**record(told), "path": inside(told.path, under)}
        yield f"articles/{name}.{form}", _dumped(members, form)
    for life in gone:
        told = account(life, settings, Links("", str))
        if told.published is not None:
            notes.append((told, None))
    yield f"index.{form}", _dumped({"paths": index}, form)
    yield f"notes.{form}", _dumped({"notes": _newest(notes, under)}, form)


def _newest(accounts: Iterable[tuple[Account, str | None]], under: str) -> list[dict[str, object]]:
    """The notes that stand, of all articles, newest first, each with its article."""
    found = []
    for told, name in accounts:
        article = {
            "path": inside(told.path, under),
            "key": name,
            "slug": told.slug,
            "headline": told.headline,
            "history_url": told.history_url,
        }
        found += [
            (note.at, told.path, {"article": article, **record(note)}) for note in told.updates
        ]
    found.sort(key=lambda each: each[:2], reverse=True)
    return [members for _, _, members in found]


def _dumped(parts: dict[str, object], form: Form) -> str:
    value = plain({"schema": SCHEMA_VERSION, **parts})
    if form == "json":
        return json_text(value, 1) + "\n"
    import yaml

    text = yaml.dump(value, Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, width=4096)
    assert isinstance(text, str)
    return text


def write_data(
    folder: Path, contents: Iterable[tuple[str, str]], done: Callable[[str], None] | None = None
) -> DataWritten:
    """Put data files into a folder, which is made where it is not there.

    A file that holds this already is not touched, so that a generator that watches does nothing.
    Files of articles that are no more are removed, if an earlier index says that they are ours.
    ``done`` is called with the name of each file. Raises ``TrackerError`` where the folder cannot
    be written, is a file, or is reached through a link.
    """
    with Folder.open(folder, make=True) as place, place.locked():
        before = _earlier(place)
        names: list[str] = []
        written = 0
        for name, text in contents:
            data = text.encode()
            if place.read(name) != data:
                place.write(name, data)
                written += 1
            names.append(name)
            if done is not None:
                done(name)
        gone = [
            name for name in sorted(before.keys() - set(names)) if _is_ours(place, name, before)
        ]
        removed = sum(map(place.remove, gone))
    articles = sum(name.startswith("articles/") for name in names)
    return DataWritten(articles, written, removed)


_KEY = re.compile(r"[a-z0-9_-]{1,120}", re.ASCII)


def _earlier(folder: Folder) -> dict[str, str]:
    """The files that an earlier run put there, as its index names them, and each one's article.

    Empty where the index is broken.
    """
    found: dict[str, str] = {}
    for form in ("json", "yaml"):
        index = _read(folder, f"index.{form}")
        paths = index.get("paths") if isinstance(index, dict) else None
        if not isinstance(paths, dict):
            continue
        found |= {f"index.{form}": "", f"notes.{form}": ""}
        for path, name in paths.items():
            if isinstance(name, str) and _KEY.fullmatch(name):
                found[f"articles/{name}.{form}"] = str(path)
    return found


def _is_ours(folder: Folder, name: str, before: Mapping[str, str]) -> bool:
    """Whether a file is one of these data files: an index is no more than somebody's word."""
    content = _read(folder, name)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA_VERSION:
        return False
    return not before[name] or content.get("path") == before[name]


def _read(folder: Folder, name: str) -> object:
    try:
        text = (folder.read(name) or b"").decode()
        if name.endswith(".json"):
            return json.loads(text)
        import yaml

        return yaml.safe_load(text)
    except Exception:  # another program's file, in any state
        return None
