"""Notes to readers as the front matter holds them: the list ``updates``, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from tracker.errors import TrackerError
from tracker.model import KINDS, Kind, Note, Precision
from tracker.text import splice
from tracker.text.dates import read_date
from tracker.text.splice import check, toml_string, yaml_scalar

_NOT_A_LETTER = re.compile(r"[^a-z]")

if TYPE_CHECKING:
    from tracker.text.document import Document


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
