"""What texts say and what pairs of texts mean: worked out once, then remembered as compact JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, overload

from tracker.comparison import Compared, Looked, Text, words_of_first
from tracker.house.settings import Settings
from tracker.model import Change, FieldChange, Meaning, Note, Reason, Track, Version
from tracker.newsroom.merging import bases, ground
from tracker.newsroom.note_editor import NoteEditor
from tracker.newsroom.revisions import Reading, State, Unite, reading_of
from tracker.store.git import Git
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.catalog.boilerplate import Watched


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def meaning_to_json(found: Meaning) -> str:
    fields = [[each.key, each.role, each.old, each.new] for each in found.fields]
    return _dump(
        [
            found.words_added,
            found.words_removed,
            found.substantive,
            sorted(found.labels),
            _plain_reasons(found.why),
            fields,
            found.line,
            found.fact_replaced,
        ]
    )


def meaning_from_json(text: str) -> Meaning | None:
    """The meaning that ``meaning_to_json`` wrote; None for anything else."""
    try:
        added, removed, substantive, labels, reasons, fields, line, replaced = json.loads(text)
        why = tuple(Reason(*each) for each in reasons)
        return Meaning(
            added,
            removed,
            substantive,
            frozenset(labels),
            tuple(each.sentence for each in why),
            tuple(FieldChange(*each) for each in fields),
            line,
            replaced,
            why,
        )
    except (TypeError, ValueError, RecursionError):
        return None


def notes_to_json(notes: Sequence[Note]) -> str:
    return _dump(_plain_notes(notes))


def notes_from_json(text: str) -> tuple[Note, ...]:
    """The notes that ``notes_to_json`` wrote."""
    return tuple(_note(*each) for each in json.loads(text))


def reasons_to_json(reasons: Sequence[Reason]) -> str:
    """Reasons as JSON: the values alone, since every sentence is made from them."""
    return _dump(_plain_reasons(reasons))


def reasons_from_json(text: str) -> tuple[Reason, ...]:
    """The reasons that ``reasons_to_json`` wrote."""
    return tuple(Reason(*each) for each in json.loads(text))


def _plain_reasons(reasons: Sequence[Reason]) -> list[list[str]]:
    return [_without_empty_end(each) for each in reasons]


def _without_empty_end(values: Sequence[str]) -> list[str]:
    found = list(values)
    while not found[-1]:
        found.pop()
    return found


def _plain_notes(notes: Sequence[Note]) -> list[object]:
    return [
        [
            note.id,
            note.kind,
            note.text,
            note.at.isoformat(),
            note.precision,
            note.amends,
            note.withdrawn.isoformat() if note.withdrawn else None,
            note.covers,
            note.origin,
            note.written,
            note.language,
        ]
        for note in notes
    ]


def reading_to_json(found: Reading) -> str:
    due = found.due.isoformat() if found.due else None
    return _dump([found.headline, found.draft, due, _plain_notes(found.notes), found.marked])


def reading_from_json(text: str) -> Reading | None:
    """The reading that ``reading_to_json`` wrote; None for anything else."""
    try:
        headline, draft, due, notes, marked = json.loads(text)
        return Reading(
            headline, draft, day_or_instant(due), tuple(_note(*each) for each in notes), marked
        )
    except (TypeError, ValueError, RecursionError, AttributeError):
        return None


def day_or_instant(text: str | None) -> date | None:
    """A day, or an instant, as ISO 8601 has it; None for nothing."""
    if not text:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _note(
    name: str,
    kind: str,
    text: str,
    at: str,
    precision: str,
    amends: str | None,
    withdrawn: str | None,
    covers: str | None,
    origin: str,
    written: str,
    language: str,
) -> Note:
    return Note(
        name,
        kind,  # type: ignore[arg-type]
        text,
        datetime.fromisoformat(at),
        precision,  # type: ignore[arg-type]
        amends,
        datetime.fromisoformat(withdrawn) if withdrawn else None,
        covers,
        origin,  # type: ignore[arg-type]
        written,
        language,
    )


FACTS = frozenset({"number", "date", "name", "quote", "negation"})
NOTHING = Meaning(0, 0, substantive=False, labels=frozenset(), reasons=(), fields=())
_MOST_KEPT = 8  # texts that are kept read: an article's neighbours in time, which are compared

Compare = Callable[[str, str], Change]
Pair = tuple[str, str]
"""Two blobs that were compared; or a blob, and the instant of the revision that has it."""


def meaning(change: Change, text: str) -> Meaning:
    """A change without its edits. ``text`` is the newer of its texts."""
    places = [
        edit.new_start for edit in change.edits if edit.verbal and edit.labels and not edit.field
    ]
    return Meaning(
        change.words_added,
        change.words_removed,
        change.substantive,
        change.labels,
        change.reasons,
        change.fields,
        line=text.count("\n", 0, min(places)) + 1 if places else None,
        fact_replaced=any(
            edit.operation == "replace" and edit.labels & FACTS for edit in change.edits
        ),
        why=change.why,
    )


class Analyst:
    """Says what each revision of an article changed; ``count`` gives the words of a first one."""

    def __init__(self, compare: Compare, count: Callable[[str], int] | None = None) -> None:
        self._compare = compare
        self._count = count

    def meaning(self, before: State | None, state: State) -> Meaning:
        """What the change that made a version means; the first one's is against none."""
        text = state.read()
        if before is None:
            return NOTHING._replace(words_added=self._count(text)) if self._count else NOTHING
        return meaning(self._compare(before.read(), text), text)


def questions(track: Track, *, first: bool = False) -> Iterator[Pair]:
    """Under which keys the answers about a track are remembered.

    With ``first``, the words of the first version are one of them.
    """
    if first and track.versions:
        yield "", track.versions[0].blob
    for version in track.versions:
        yield version.blob, version.at.isoformat()
    on = bases(track.versions)
    for number, version in enumerate(track.versions[1:], start=1):
        before = ground(on, number, lambda each: track.versions[each].blob, _both)
        assert before is not None
        yield before, version.blob
        if len(on[number]) > 1:
            yield _read_of(before, version)


def _both(fork: str | None, one: str, other: str) -> str:
    """How the text is called that brings two sides together: no blob has such a name."""
    return f"{fork or ''}+{one}+{other}"


def _read_of(both: str, merge: Version) -> Pair:
    return both, f"{merge.blob} {merge.at.isoformat()}"


def uniting(settings: Settings, git: Git) -> Unite:
    """Brings the two sides of a merge together, that its text may be compared with that."""

    def unite(fork: State | None, one: State, other: State, merge: State) -> State:
        return _united(settings, git, (fork, one, other, merge), None)

    return unite


def _united(
    settings: Settings,
    git: Git,
    states: tuple[State | None, State, State, State],
    reading: Reading | None,
) -> State:
    fork, one, other, merge = states
    at = merge.version.at

    @cache
    def text() -> str:
        from tracker.newsroom.merging import united

        base = fork.read() if fork is not None else ""
        return united(NoteEditor(settings), git, base, one.read(), other.read(), merge.read(), at)

    reading = reading or reading_of(Text(text()), at, settings, merge.version.path)
    name = _both(fork.version.blob if fork else None, one.version.blob, other.version.blob)
    return State(merge.version._replace(blob=name), reading, reading.notes, text)


class RememberingAnalyst:
    """Reads and compares the versions of one article, from memory where it can.

    ``read`` gives the bytes of a blob, and is asked only where a text is needed. ``known`` holds
    earlier answers as JSON, ``learned`` what was worked out beside them: see ``questions``; and
    ``asked`` what each of those looked up in ``repeated``, what the archive repeats. Without
    ``git``, two sides are not brought together. With ``count_first``, a first version is compared
    too, with an empty text.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[str], bytes],
        known: dict[Pair, str] | None = None,
        repeated: Watched | None = None,
        *,
        git: Git | None = None,
        count_first: bool = False,
    ) -> None:
        self._git = git
        self._settings = settings
        self._read = read
        self._known = known or {}
        self._count_first = count_first
        self._sides: dict[str, Text] = {}
        self._looked: dict[str, Looked] = {}  # of all its texts, by their blobs
        self._repeated = repeated
        self.asked: dict[Pair, bytes] = {}
        self.learned: dict[Pair, str] = {}

    def states(self, track: Track) -> Sequence[State]:
        """The versions of a track with what their texts say, read when they are asked for."""
        return _States(track.versions, self._state)

    def _state(self, version: Version) -> State:
        key = version.blob, version.at.isoformat()
        remembered = self._known.get(key)
        reading = reading_from_json(remembered) if remembered is not None else None
        if reading is None:
            side = self._side(version.blob)
            reading = reading_of(side, version.at, self._settings, version.path)
            self.learned[key] = reading_to_json(reading)
        return State(version, reading, reading.notes, lambda: self._side(version.blob).text)

    def unite(self, fork: State | None, one: State, other: State, merge: State) -> State:
        """Two sides brought together: see ``uniting``."""
        if self._git is None:
            return other
        name = _both(fork.version.blob if fork else None, one.version.blob, other.version.blob)
        key = _read_of(name, merge.version)
        remembered = self._known.get(key)
        reading = reading_from_json(remembered) if remembered is not None else None
        found = _united(self._settings, self._git, (fork, one, other, merge), reading)
        if reading is None:
            self.learned[key] = reading_to_json(found.reading)
        return found

    def meaning(self, before: State | None, state: State) -> Meaning:
        """What the change that made a version means; the first only has its words."""
        if before is None and not self._count_first:
            return NOTHING
        key = before.version.blob if before is not None else "", state.version.blob
        remembered = self._known.get(key)
        found = meaning_from_json(remembered) if remembered is not None else None
        if found is None:
            new = self._side(key[1])
            if before is None:
                settings = self._settings
                count = words_of_first(
                    new.text, style=settings.style, language=settings.articles_language
                )
                found = NOTHING._replace(words_added=count)
            else:
                found = meaning(self._compared(self._before(before), new), new.text)
                asked = self._repeated.taken() if self._repeated else None
                if asked is not None:
                    self.asked[key] = asked
            self.learned[key] = meaning_to_json(found)
        return found

    def _compared(self, old: Text, new: Text) -> Change:
        """What ``Newsroom.compare`` would say, with each text read once for both its pairs."""
        known = self._repeated.boilerplate if self._repeated else None
        settings = self._settings
        return Compared(old, new, settings.style, settings.articles_language, known).change

    def _before(self, state: State) -> Text:
        blob = state.version.blob
        return Text(state.read()) if "+" in blob else self._side(blob)

    def _side(self, blob: str) -> Text:
        found = self._sides.pop(blob, None)
        if found is None:
            looked = self._looked.setdefault(blob, {})
            found = Text(decode(self._read(blob))[0], looked)
            while len(self._sides) >= _MOST_KEPT:
                del self._sides[next(iter(self._sides))]
        self._sides[blob] = found
        return found


class _States(Sequence[State]):
    """States of versions, each made once: so a text is compared while it is in memory."""

    def __init__(self, versions: Sequence[Version], make: Callable[[Version], State]) -> None:
        self._versions = versions
        self._state = cache(make)

    def __len__(self) -> int:
        return len(self._versions)

    @overload
    def __getitem__(self, index: int) -> State: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[State]: ...
    def __getitem__(self, index: int | slice) -> State | Sequence[State]:
        if isinstance(index, slice):
            return [self._state(version) for version in self._versions[index]]
        return self._state(self._versions[index])


def rules_key(settings: Settings) -> str:
    """A digest of all that an answer depends on beside the texts.

    What a style says of showing notes and of drafts is no part of it.
    """
    style = settings.style
    templates = {kind: each._replace(order="newest") for kind, each in style.templates.items()}
    read_by = style._replace(
        name="", templates=templates, separator="", earlier_updates="", repeat_error=False, draft={}
    )
    said = (_rules_version(), settings.articles_language, str(settings.zone), read_by)
    return sha256(repr(said).encode()).hexdigest()[:24]


@cache
def _rules_version() -> str:
    """A digest of the rules' files, by size and time: no one has to think of raising a number."""
    package = Path(__file__).parents[1]
    digest = sha256()
    files = [
        (str(package / name), (package / name).stat()) for name in ("comparison.py", "model.py")
    ]
    for folder in ("text", "house", "newsroom", "locale"):
        files += sorted(_files(str(package / folder)))
    for path, said in files:
        name = path.removeprefix(str(package))
        digest.update(f"{name} {said.st_size} {said.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".py", ".toml")):
                yield entry.path, entry.stat()
            elif entry.is_dir():
                yield from _files(entry.path)
