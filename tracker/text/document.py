"""An article's text taken apart: front matter and body, and what the front matter says.

``parse`` never raises: front matter that cannot be read is carried as an error with its place, and
the body is read all the same. Writing is a splice (``splice.py``), so that every byte but the
notes stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.model import KINDS, Kind, Note, Precision
from tracker.text import splice
from tracker.text.front_matter import FrontMatter, FrontMatterError, find, read_date
from tracker.text.lines import first_heading, line_and_column
from tracker.text.splice import check, toml_string, yaml_scalar

_JOINT = re.compile(r"[\s_-]")

Role = Literal["headline", "dek", "byline", "date", "caption", "image", "notes", "metadata"]


def _keys(words: str) -> tuple[str, ...]:
    return tuple(words.split())


KEYS: dict[Role, tuple[str, ...]] = {
    # In each row the first key that an article has is the one that counts.
    "headline": ("title", "headline"),
    "dek": _keys(
        "dek subtitle subheadline subhead subheading standfirst deck description "
        "excerpt summary abstract lede teaser"
    ),
    "byline": ("byline", "author", "authors", "by", "writer", "writers", "contributors"),
    "date": _keys(
        "publishdate pubdate publisheddate datepublished published date modified updated lastmod "
        "datemodified lastmodified lastmodifiedat lastupdated created createdat publishedat "
        "updatedat expirydate"
    ),
    "caption": _keys(
        "caption imagecaption herocaption photocaption featuredimagecaption covercaption alt "
        "imagealt alttext imagealttext heroalt photoalt coveralt featuredimagealt"
    ),
    "image": _keys(
        "image images hero heroimage herourl thumbnail thumb cover coverimage photo picture banner "
        "featuredimage featuredimg ogimage socialimage teaserimage imageurl gallery"
    ),
    "notes": ("updates",),
}
_ROLE_OF = {key: name for name, keys in KEYS.items() for key in keys}


def role(key: str) -> Role:
    """Return what a key of the front matter is to readers.

    ``key`` may be a path into nested values ("image.caption", "author.name"): its last part that
    is known counts.
    """
    for part in reversed(key.split(".")):
        if found := _ROLE_OF.get(bare(part)):
            return found
    return "metadata"


@lru_cache(maxsize=1024)
def bare(key: str) -> str:
    """Return a key without what spellings differ in: letter case, spaces, ``_`` and ``-``."""
    return _JOINT.sub("", key).lower()


__all__ = [
    "Document",
    "FrontMatter",
    "FrontMatterError",
    "Role",
    "decode",
    "encode",
    "line_and_column",
    "note_id",
    "notes_of",
    "parse",
    "role",
    "with_updates",
]

_LANGUAGE = ("lang", "language", "locale")
# What Hugo calls publishDate rules over the date that is shown.
_PUBLISHED = (
    "publishdate", "datepublished", "publisheddate", "pubdate", "publishedat", "publishedon",
    "published", "date",
)  # fmt: skip
_CREATED = ("created", "published", "date")  # in a table of dates, such as Material for MkDocs has


class Document(NamedTuple):
    """One state of an article. Offsets are code points in the whole text."""

    text: str  # the whole file, byte order mark included
    front_matter: FrontMatter | None  # None when there is none
    body_start: int

    @property
    def body(self) -> str:
        """Return what stands below the front matter, to the end of the file."""
        return self.text[self.body_start :]

    @property
    def headline(self) -> str | None:
        """Return the title of the front matter, else the first level-1 heading, else None."""
        for value in self._values(KEYS["headline"]):
            if words := _words(value):
                return words
        heading = first_heading(self.text, self.body_start)
        return heading.text if heading else None

    @property
    def dek(self) -> str | None:
        """Return the line under the headline, by the first of its many keys; None without one."""
        for value in self._values(KEYS["dek"]):
            if words := _words(value):
                return words
        return None

    @property
    def bylines(self) -> tuple[str, ...]:
        """Return the authors' names or ids as the front matter has them; empty when it has none."""
        for key in KEYS["byline"]:
            for value in self._values((key,)):
                if names := _names(value, several=key.endswith("s")):
                    return names
        return ()

    @property
    def published_date(self) -> date | datetime | None:
        """Return the date of publication that the front matter gives.

        A date without time where it gives none; a datetime with the zone that stands there, naive
        where none does; None when there is no date, or none that can be read.
        """
        for value in self._values(_PUBLISHED):
            if isinstance(value, dict):
                value = next((value[key] for key in _CREATED if key in value), None)
            if (when := read_date(value)) is not None:
                return when
        return None

    @property
    def draft(self) -> bool:
        """Return whether the front matter holds the article back from readers."""
        states = {key: list(self._values((key,))) for key in ("draft", "published", "status")}
        return (
            any(_truth(value) is True for value in states["draft"])
            or any(_truth(value) is False for value in states["published"])
            or any(_words(value).lower() == "draft" for value in states["status"])
        )

    @property
    def language(self) -> str | None:
        """Return the language tag that the front matter gives ("en", "de-AT"), None without."""
        for value in self._values(_LANGUAGE):
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    @property
    def updates(self) -> tuple[Mapping[str, object], ...]:
        """Return the mappings in the list ``updates`` as they stand there, ours or not."""
        raw = self.front_matter.data.get(splice.KEY) if self.front_matter else None
        entries = raw if isinstance(raw, list) else ()
        return tuple(entry for entry in entries if isinstance(entry, dict))

    def _values(self, keys: Iterable[str]) -> Iterable[object]:
        """Yield the values of the keys, in that order; letter case and ``_``, ``-`` do not count.

        Where the file has a key in two spellings, both are yielded, first the one standing first.
        """
        if self.front_matter is None:
            return
        found: dict[str, list[object]] = {}
        for key, value in self.front_matter.data.items():
            found.setdefault(bare(key), []).append(value)
        for key in keys:
            yield from found.get(key, ())


@lru_cache(maxsize=4)  # a recording asks fourteen times for the same two or three texts
def parse(text: str) -> Document:
    """Return the parts of an article's text. Never raises: see ``FrontMatter.error``."""
    front_matter = find(text)
    start = 1 if text.startswith("\ufeff") else 0
    return Document(text, front_matter, front_matter.end if front_matter else start)


def _words(value: object) -> str:
    """Return a value as one line of words; "" for what has none (lists, mappings, no value)."""
    if value is None or isinstance(value, (bool, list, dict, set, bytes)):
        return ""
    return " ".join(str(value).split())


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    words = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "yes": True, "false": False, "no": False}.get(words)


def _names(value: object, *, several: bool = False) -> tuple[str, ...]:
    """Return the names in an author value: a string, a list, a mapping with a name."""
    if isinstance(value, dict):
        named = [_names(value.get(key)) for key in ("name", "display_name", "author", "id")]
        whole = next((names for names in named if names), ())
        parts = (_words(value.get(key)) for key in ("first", "first_name", "last", "last_name"))
        joined = " ".join(part for part in parts if part)
        return whole or ((joined,) if joined else ())
    if isinstance(value, list):
        return tuple(name for part in value for name in _names(part))
    words = _words(value)
    if several and isinstance(value, str):
        split = re.split(r"\s*;\s*" if ";" in words else r"\s*,\s*", words)
        return tuple(name for name in split if name)
    return (words,) if words else ()


_NOT_A_LETTER = re.compile(r"[^a-z]")


def note_id(kind: Kind, text: str) -> str:
    """Return the id of a note that has none of its own: made from its kind and its words."""
    import hashlib  # with OpenSSL behind it; few notes need it

    digest = hashlib.sha256(f"{kind}\n{' '.join(text.split())}".encode("utf-8", "surrogatepass"))
    return f"n-{digest.hexdigest()[:8]}"


def notes_of(
    document: Document, zone: tzinfo = UTC, brought: datetime | None = None
) -> tuple[Note, ...]:
    """Return the notes of the list ``updates``, in the order of the file.

    ``zone`` is where an ``at`` without offset, or a date without time, is read. A note without
    ``at`` has precision "none" and the instant ``brought`` (that of the revision that brought it);
    without that, the start of 1970. Entries that are no notes (a site's own list under that name,
    an unknown kind, no words) are passed over. Never raises.
    """
    raw = document.front_matter.data.get(splice.KEY) if document.front_matter else None
    entries = raw if isinstance(raw, list) else ()
    notes = (_note(entry, zone, brought) for entry in entries)
    return tuple(note for note in notes if note is not None)


def with_updates(document: Document, notes: Sequence[Note]) -> str:
    """Return the whole text with the list ``updates`` holding exactly these notes.

    Entries that say the same keep their bytes and their place; changed ones are written anew where
    they stand, new ones at the end, in the order given; entries of other shapes stay. Without any
    left, the key goes too. A note of precision "none" is written without ``at``.

    Raises FrontMatterError, with line and column, when the front matter does not parse, when
    ``updates`` is not a list of notes, or when other keys would change; TrackerError when there is
    no front matter to write into or when a note holds control characters.
    """
    matter = document.front_matter
    if matter is None or matter.format in ("pelican", "json"):
        if not notes:
            return document.text
        raise TrackerError(
            "The article has no YAML or TOML front matter that could hold a note.",
            "Put the note's line into the body instead.",
        )
    if matter.error is not None:
        raise matter.error
    raw = matter.data.get(splice.KEY)
    entries = raw if isinstance(raw, list) else []
    read = [_note(entry, UTC, None) for entry in entries]
    if (raw is not None and not isinstance(raw, list)) or (entries and not any(read)):
        if not notes:
            return document.text
        raise splice.refusal(
            document.text,
            splice.place(document.text, matter),
            "the key `updates` is the site's own and not a list of notes",
            "Rename that key, or put the note's line into the body instead.",
        )
    items = _items(entries, read, notes, matter.format)
    unchanged = len(items) == len(entries) and all(isinstance(item, splice.Keep) for item in items)
    if unchanged and (entries or splice.KEY not in matter.data):
        return document.text
    return splice.write(document.text, matter, items)


def _items(
    entries: list[object], read: Sequence[Note | None], notes: Sequence[Note], form: str
) -> list[splice.Item]:
    """Return what the list shall hold: entries kept, entries made anew, and new ones last."""
    wanted: dict[str, list[Note]] = {}
    for note in notes:
        wanted.setdefault(note.id, []).append(note)
    items: list[splice.Item] = []
    for index, (entry, old) in enumerate(zip(entries, read, strict=True)):
        if old is None or not isinstance(entry, dict):
            items.append(splice.Keep(index))
        elif wanted.get(old.id):
            note = wanted[old.id].pop(0)
            if _says(entry, note):
                items.append(splice.Keep(index))
            else:
                extras = tuple(str(key) for key in entry if str(key).lower() not in _NOTE_KEYS)
                items.append(splice.Write(_fields(note, form), index, extras))
    left = {id(note) for group in wanted.values() for note in group}  # new, in the order given
    return items + [splice.Write(_fields(note, form)) for note in notes if id(note) in left]


_NOTE_KEYS = frozenset(("id", "kind", "at", "text", "amends", "withdrawn", "covers"))


def _says(entry: Mapping[object, object], note: Note) -> bool:
    """Tell whether an entry already says what a note says."""
    # A time without offset is read in the note's own zone: who read it there wrote it back.
    old = _note(entry, note.at.tzinfo or UTC, note.at)
    return old is not None and _comparable(old) == _comparable(note)


def _comparable(note: Note) -> Note:
    # In the hour that comes twice each autumn, Python finds times of two zones never equal.
    return note._replace(
        text=note.text.strip(),
        at=note.at.astimezone(UTC),
        withdrawn=note.withdrawn and note.withdrawn.astimezone(UTC),
        origin="front-matter",
    )


def _fields(note: Note, form: str) -> list[tuple[str, str]]:
    """Return the keys of a note with their values in source form."""
    scalar = yaml_scalar if form == "yaml" else toml_string
    words = note.text.strip()
    if not words:
        raise TrackerError("A note needs words.", "Say in a sentence what changed.")
    check(words)
    fields = [("id", scalar(note.id)), ("kind", scalar(note.kind))]
    if note.precision != "none":
        fields.append(("at", _instant(note.at, note.precision)))
    fields.append(("text", scalar(words)))
    if note.amends is not None:
        fields.append(("amends", scalar(note.amends)))
    if note.withdrawn is not None:
        fields.append(("withdrawn", _instant(note.withdrawn, "minute")))
    if note.covers is not None:
        fields.append(("covers", scalar(note.covers)))
    return fields


def _instant(at: datetime, precision: Precision) -> str:
    """Return an instant as YAML and TOML have it: ISO 8601 with offset, or the date alone."""
    if precision == "day":
        return at.date().isoformat()
    offset = at.utcoffset()
    if offset is None:
        raise TrackerError(
            "A note's time has no zone.", "Give the time with its zone, as in 7:45 a.m. ET."
        )
    if offset % timedelta(minutes=1):  # local mean time of long ago: no notation has its seconds
        at = at.astimezone(UTC)
    return at.isoformat()


def _note(entry: object, zone: tzinfo, brought: datetime | None) -> Note | None:
    """Return the note that an entry of ``updates`` is, None when it is something else."""
    if not isinstance(entry, dict):
        return None
    raw = {str(key).lower(): value for key, value in entry.items()}
    kind, text = _kind(raw.get("kind")), raw.get("text")
    if kind is None or not isinstance(text, str) or not text.strip():
        return None
    when = _moment(raw.get("at"), zone)
    at, precision = when or (brought or datetime(1970, 1, 1, tzinfo=UTC), "none")
    withdrawn = raw.get("withdrawn")
    taken_back = (_moment(withdrawn, zone) or (at, precision))[0] if withdrawn else None
    return Note(
        id=_identifier(raw.get("id")) or note_id(kind, text),
        kind=kind,
        text=text.strip(),
        at=at,
        precision=precision,
        amends=_identifier(raw.get("amends")),
        withdrawn=taken_back,
        covers=_identifier(raw.get("covers")),
    )


def _kind(value: object) -> Kind | None:
    name = _NOT_A_LETTER.sub("", value.lower()) if isinstance(value, str) else ""
    return next((kind for kind in KINDS if kind.replace("-", "") == name), None)


def _identifier(value: object) -> str | None:
    # YAML reads `id: 7` as a number: to a person it is the same name.
    usable = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value).strip() or None if usable else None


def _moment(value: object, zone: tzinfo) -> tuple[datetime, Precision] | None:
    """Return an aware instant with its precision; None for what says no time."""
    when = read_date(value, whole=True)
    if when is None or not 1 < when.year < 9999:  # year 1 is what Go writes for "no time"
        return None
    if not isinstance(when, datetime):
        return datetime(when.year, when.month, when.day, tzinfo=zone), "day"
    return (when if when.utcoffset() is not None else when.replace(tzinfo=zone)), "minute"


# --- bytes of a file <-> text, losing nothing -----------------------------------------------------

_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def with_front_matter(fields: Mapping[str, object], body: str) -> str:
    """Return an article's file: the fields that have a value in YAML, and the body."""
    import yaml

    given = {key: value for key, value in fields.items() if value not in (None, "", [], ())}
    head = ""
    if given:
        said = yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=float("inf"))
        head = f"---\n{said}---\n\n"
    return f"{head}{body.strip(chr(10))}\n"


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding, so that ``encode`` gives the bytes.

    UTF-8 and, with a byte order mark, UTF-16 (the mark stays in the text as U+FEFF); what is
    neither is read as Windows-1252, or as Latin-1 where that has no character for a byte.
    Raises TrackerError for what is not text: anything that holds a zero character.
    """
    if encoding := _UTF_16.get(data[:2]):
        try:
            return _text(data.decode(encoding)), encoding
        except UnicodeDecodeError:
            pass
    for encoding in ("utf-8", "cp1252"):
        try:
            return _text(data.decode(encoding)), encoding
        except UnicodeDecodeError:
            continue
    return _text(data.decode("latin-1")), "latin-1"


def encode(text: str, encoding: str) -> bytes:
    """Return the bytes of a text in an encoding that ``decode`` named.

    Raises TrackerError when the encoding has no bytes for one of the characters.
    """
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise TrackerError(
            f"The file is encoded in {encoding}, which cannot hold the character "
            f"U+{ord(character):04X}.",
            "Convert the file to UTF-8, or leave the character out.",
        ) from None


def _text(text: str) -> str:
    if "\0" in text:
        raise TrackerError(
            "The file is not text: it holds zero bytes.",
            "Give the Markdown file of an article.",
        )
    return text
