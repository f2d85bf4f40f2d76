"""The notes of front matter and body joined, and the notes of two revisions compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, time, tzinfo
from typing import NamedTuple

from tracker.house.dates.names import instant
from tracker.house.notes.find import body_notes
from tracker.house.notes.glance import Hits
from tracker.house.notes.passages import on_one_line
from tracker.house.style import Style
from tracker.model import FoundNote, Note, Precision
from tracker.text.document import Document, note_id, notes_of

SAME_NOTE = 0.5  # share of equal words from which a note counts as reworded, not as another one
_WORD = re.compile(r"[^\W_]+")
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})


class Differences(NamedTuple):
    """What became of an article's notes from one revision to the next."""

    brought: tuple[Note, ...]  # notes of the newer revision that the older one has not
    reworded: tuple[tuple[Note, Note], ...]  # older and newer form of notes that say it otherwise
    dropped: tuple[Note, ...]  # notes of the older revision that are gone


def read_notes(
    document: Document,
    *,
    style: Style,
    zone: tzinfo,
    brought: datetime,
    language: str = "",
    hits: Hits | None = None,
) -> tuple[Note, ...]:
    """All notes of an article: those of its front matter, then those found in its body, in order.

    They are dated by this text alone: ``carried`` gives them the ids and the instants that they
    have along the article's history.

    A line of the body that has the words of a note of the front matter is that note. Between the
    markers ``<!-- updates -->`` the front matter rules: when it has notes, lines there are no
    notes of their own, whatever they say. ``zone`` is the newsroom's; a line that names another
    zone is read in that. ``brought`` is the aware instant of the revision, for notes that give
    no day. ``language`` is that of the article, where its file says one; ``hits`` are where the
    body may have notes, if that is known.
    """
    return tuple(note for note, _ in notes_found(document, style, zone, brought, language, hits))


def notes_found(
    document: Document,
    style: Style,
    zone: tzinfo,
    brought: datetime,
    language: str,
    hits: Hits | None = None,
) -> list[tuple[Note, FoundNote | None]]:
    """What ``read_notes`` returns, each with its place in the body; None for front matter's."""
    structured = [note._replace(language=language) for note in notes_of(document, zone, brought)]
    known = {key(note.text) for note in structured}
    day = brought.astimezone(zone).date()
    notes: list[tuple[Note, FoundNote | None]] = [(note, None) for note in structured]
    used = {note.id for note in structured}
    # Between the markers the front matter rules; without notes in it, the lines are all there is.
    for found, _ in body_notes(
        document.text, day, style, start=document.body_start, local=language,
        marked=not structured, hits=hits,
    ):  # fmt: skip
        if structured and _told(found, known):
            continue
        written = on_one_line(document.text[found.start : found.end])
        note = _note(found, style, zone, brought)
        note = note._replace(id=_free(note, used), written=written, language=language)
        notes.append((note, found))
        used.add(note.id)
    return notes


def _told(found: FoundNote, known: set[str]) -> bool:
    """Whether the front matter has the words of a line, with or without its label."""
    words = key(found.text)
    return words in known or key(f"{found.label} {found.text}") in known


def key(words: str) -> str:
    """Words as they are compared: no case, no punctuation, spaces and quotation marks alike."""
    return " ".join(_WORD.findall(words.translate(_STRAIGHT).casefold()))


def _note(found: FoundNote, style: Style, zone: tzinfo, brought: datetime) -> Note:
    precision: Precision = "none"
    at = brought
    if found.date is not None:
        precision = "day" if found.time is None else "minute"
        clock = found.time or time()
        at = instant(found.date, clock, found.zone if found.time else None, zone, style.zones)
    elif found.time is not None:
        precision = "minute"
        day = brought.astimezone(zone).date()
        at = instant(day, found.time, found.zone, zone, style.zones)
    return Note("", found.kind, found.text, at, precision, origin="body")


def _free(note: Note, used: Collection[str]) -> str:
    """An id for a note of the body: a hash of its words, numbered where another note has that."""
    first = name = note_id(note.kind, note.text)
    number = 2
    while name in used:
        name = f"{first}-{number}"
        number += 1
    return name


_AMENDS = re.compile(r"Amend note (\S{2,80}) of ")


def amending(subject: str) -> str:
    """The id of the note that a commit amends, by the first line of its message; "" for none.

    A line of a body has no place of its own to say so. See ``subject_of_amending``.
    """
    found = _AMENDS.match(subject)
    return found[1] if found else ""


def subject_of_amending(note: str, path: str) -> str:
    """The first line of the message of a commit that amends a note."""
    return f"Amend note {note} of {path}"


def carried(
    notes: Sequence[Note],
    before: Sequence[Note],
    earlier: Collection[Note] = (),
    amended: str = "",
) -> tuple[Note, ...]:
    """The notes of a text with the ids and instants that they have along the article's history.

    A note belongs to the first text that had it: what it leaves out of its date comes from there,
    and its id is the one that it got there. ``before`` are the notes of the text before, or of all
    those that a merge brings together; ``earlier`` all that ever stood in the article. A note is
    known again by its words and its date. The same words under another date are another note, and
    get an id that no note ever had. The note of the id ``amended`` says something else since this
    text, and goes on.
    """
    found: dict[int, Note] = {}
    pool = list(before)
    gone = [note for note in earlier if all(note.id != other.id for other in pool)]
    by_body = [index for index, note in enumerate(notes) if note.origin == "body"]

    def take(same: Callable[[Note, Note], bool], known: list[Note]) -> None:
        for index in by_body:
            if index not in found:
                was = next((one for one in known if same(one, notes[index])), None)
                if was is not None:
                    known.remove(was)
                    found[index] = was

    for known in (pool, gone):
        take(lambda was, now: bool(now.written) and was.written == now.written, known)
        take(_same_words_and_day, known)
    take(says_the_same, pool)
    take(lambda was, _: was.id == amended, pool)
    left = [(index, notes[index]) for index in by_body if index not in found]
    found |= {index: was for was, index in _reworded(pool, left)}
    undated = {note.id: note.at for note in pool if note.precision == "none"}
    used = {note.id for note in (*before, *earlier)}
    used |= {note.id for note in notes if note.origin != "body"}
    result = []
    for index, note in enumerate(notes):
        if index in found:
            note = _of_history(found[index], note)
        elif note.origin == "body":
            note = note._replace(id=_free(note, used))
            used.add(note.id)
        elif note.precision == "none":
            note = note._replace(at=undated.get(note.id, note.at))
        result.append(note)
    return tuple(result)


def _of_history(was: Note, now: Note) -> Note:
    """A note of a text under the id of the one that it goes on, and with its date."""
    keeps = was.written == now.written or now.precision == "none" or _year_is_left_out(was, now)
    if keeps:
        return now._replace(id=was.id, at=was.at, precision=was.precision)
    return now._replace(id=was.id)


def _year_is_left_out(was: Note, now: Note) -> bool:
    """Whether two notes give the same day of the year, and the newer one no year."""
    here, there = was.at.date(), now.at.date()
    return (
        (here.month, here.day) == (there.month, there.day)
        and here != there
        and str(there.year) not in now.written
    )


def _same_words(was: Note, now: Note) -> bool:
    return key(was.text) == key(now.text)


def says_the_same(was: Note, now: Note) -> bool:
    """Whether two notes have the same words, and may be one by their dates."""
    return _same_words(was, now) and _same_day(was, now)


def _same_words_and_day(was: Note, now: Note) -> bool:
    return was.kind == now.kind and says_the_same(was, now)


def _same_day(was: Note, now: Note) -> bool:
    """Whether two notes may be one by their dates: a note without a date may have any."""
    if "none" in (was.precision, now.precision):
        return True
    return was.at.date() == now.at.date() or _year_is_left_out(was, now)


def _may_be(was: Note, now: Note) -> bool:
    """Whether a note of the same id may be the same note: the front matter's word is taken."""
    return now.origin == "front-matter" or not _same_words(was, now) or _same_day(was, now)


def _reworded(
    old: Sequence[Note], new: Sequence[tuple[int, Note]], *, any_day: bool = False
) -> list[tuple[Note, int]]:
    """Pairs of notes of which half of the words are equal, most alike first, each note once."""
    if len(old) * len(new) > 2_500:
        return []
    scored = sorted(
        (
            (alike(was.text, now.text), -i, -j)
            for i, was in enumerate(old)
            for j, (_, now) in enumerate(new)
            if any_day or _same_day(was, now)
        ),
        reverse=True,
    )
    pairs: list[tuple[Note, int]] = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, i, j in scored:
        if score >= SAME_NOTE and i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            pairs.append((old[-i], new[-j][0]))
    return pairs


def differences(older: Iterable[Note], newer: Iterable[Note]) -> Differences:
    """What the newer notes bring, say in other words, and have lost.

    Notes are the same when they have the same words and the same date; those that have the same id,
    or half of their words, are the same note reworded. Words that came back under another date are
    a note of their own, and the one before is not lost.
    """
    old, new = list(older), list(newer)
    _pair_off(old, new, lambda note: (note.id, note.kind, key(note.text), note.at.date()))
    _pair_off(old, new, lambda note: (note.kind, key(note.text), note.at.date()))
    reworded: list[tuple[Note, Note]] = []
    for was in list(old):
        now = next((one for one in new if one.id == was.id and _may_be(was, one)), None)
        if now is not None:
            if key(was.text) != key(now.text):
                reworded.append((was, now))
            old.remove(was)
            new.remove(now)
    brought = list(new)
    again: list[Note] = []
    for was, now in [(was, now) for was in old for now in new if _same_words(was, now)]:
        if any(was is one for one in old) and any(now is one for one in new):
            old.remove(was)
            new.remove(now)
            if _same_day(was, now):
                again.append(now)
    for was, index in _reworded(old, list(enumerate(new)), any_day=True):
        now = new[index]
        reworded.append((was, now))
        old.remove(was)
        if _same_day(was, now):
            again.append(now)
    return Differences(
        tuple(note for note in brought if all(note is not one for one in again)),
        tuple(reworded),
        tuple(old),
    )


def _pair_off(old: list[Note], new: list[Note], same: Callable[[Note], object]) -> None:
    """Take out of both lists the notes that are the same by this reading."""
    waiting: dict[object, list[Note]] = {}
    for note in new:
        waiting.setdefault(same(note), []).append(note)
    kept = []
    for note in old:
        twins = waiting.get(same(note))
        if twins:
            twin = twins.pop(0)
            new[:] = [one for one in new if one is not twin]
        else:
            kept.append(note)
    old[:] = kept


def alike(one: str, other: str) -> float:
    """How alike two notes are: equal words over all words, from 0 to 1 (Dice's coefficient)."""
    first, second = (Counter(_WORD.findall(each.casefold())) for each in (one, other))
    shared = (first & second).total()
    return 2 * shared / (first.total() + second.total()) if shared else 0.0
