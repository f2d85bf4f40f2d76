"""Versions and their texts become revisions: read, dated, compared; what was worked out is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tracker.catalog.schema import Pair, day_or_instant, note_of, to_json
from tracker.comparison import Compared, Looked, Text, words_of_first
from tracker.house.dates.names import aware
from tracker.house.notes.merge import amending, carried, differences, key, read_notes
from tracker.house.notes.wording import in_language, language_of
from tracker.house.settings import Settings
from tracker.model import (
    Article,
    Change,
    Event,
    FieldChange,
    History,
    Meaning,
    Note,
    Reason,
    Revision,
    Track,
    Version,
)
from tracker.newsroom.bases import Bases, bases, behind, ground
from tracker.newsroom.note_editor import NoteEditor
from tracker.newsroom.selection import slug
from tracker.policy.step import Step
from tracker.store.git import Git
from tracker.text.document import decode, parse

if TYPE_CHECKING:
    from tracker.catalog.boilerplate import Watched


class TextReading(NamedTuple):
    """What a version's text says of itself."""

    headline: str  # "" where it has none
    draft: bool
    due: date | datetime | None  # when its front matter says that it is published; naive or aware
    notes: tuple[Note, ...]  # all that stand in it
    marked: bool = True  # False: there are no markers of a block of notes
    bare: bool = False  # there is nothing under the front matter


class State(NamedTuple):
    """One version with what its text says."""

    version: Version
    reading: TextReading
    notes: tuple[Note, ...]  # those of the reading, dated by the versions before it
    read: Callable[[], str]  # gives the text


def article_of(path: str, headline: str | None) -> Article:
    """The article at a path, its newest one, under a headline; without one, by its name."""
    name = slug(path)
    return Article(path, name, headline or name.replace("-", " "))


def reading_of(text: Text, at: datetime, settings: Settings, path: str) -> TextReading:
    """What a text says of itself. ``at`` is the aware instant of the revision that has it."""
    document = text.document
    brought = settings.local(at)
    language = language_of(document, path)
    style = in_language(settings.style, language)
    zone = settings.clock or brought.tzinfo or settings.zone
    return TextReading(
        headline=document.headline or "",
        draft=document.draft,
        due=document.published_date,
        notes=read_notes(
            document,
            style=style,
            zone=zone,
            brought=brought,
            language=language,
            hits=text.hits(style, style.language),
        ),
        marked="updates" in document.text and "<!--" in document.text,
        bare=not document.body.strip(),
    )


def joined(
    analyst: Analyst, *, compared: bool, now: datetime | None = None, newest: int | None = None
) -> list[Step]:
    """The versions of an article as steps, oldest first: what each brought and changed.

    Each is asked for one after the other, and before it is compared. Without ``compared`` no text
    is compared with what it was written on; with ``newest``, only that many versions at the end
    are.
    """
    track, settings = analyst.track, analyst.settings
    unread = 0 if newest is None else len(track.versions) - newest
    found: list[Step] = []
    dated: list[State] = []
    ever: dict[str, Note] = {}  # every note that the article ever had, by its id
    on = bases(track.versions)
    published = publications(
        track.versions, lambda place: analyst.state(place).reading, settings, track.events, now=now
    )
    seen = False
    for place, out in enumerate(published):
        state = analyst.state(place)
        first = first_out(state, settings, only=not place) if out and not seen else None
        seen = seen or out
        before = _ground(on, place, dated, state, analyst)
        sides = [dated[each] for each in on[place]] if len(on[place]) > 1 else []
        state = _dated(state, *(each for each in (before, *sides) if each), ever=ever)
        ever |= {note.id: note for note in state.notes}
        change = analyst.meaning(before, state) if compared and place >= unread else None
        found.append(_step(place + 1, before, state, change, published=out, out=first))
        dated.append(state)
    return _named_as_merged(found, on)


def without_notes(
    analyst: Analyst, first: int, *, now: datetime | None = None
) -> list[Revision] | None:
    """The versions from a place on as revisions, not compared: as ``joined`` makes them.

    None where one of them has notes: what these are called, and since when they are told, only
    the whole history says. Of older texts no more is read than when the article came out.
    """
    versions, settings = analyst.track.versions, analyst.settings
    states = {place: analyst.state(place) for place in range(first, len(versions))}
    if any(state.notes for state in states.values()):
        return None

    def says(place: int) -> TextReading:
        return states[place].reading if place >= first else analyst.appearance(place)

    published = list(publications(versions, says, settings, analyst.track.events, now=now))
    found = []
    for place, state in states.items():
        comes_out = published[place] and not (place and published[place - 1])
        out = first_out(state, settings, only=not place) if comes_out else None
        step = _step(place + 1, None, state, None, published=published[place], out=out)
        found.append(step.revision)
    return found


def _named_as_merged(found: list[Step], on: Bases) -> list[Step]:
    """The notes of a side under the ids that they have since a merge.

    Two clones may both give an id away; a merge then gives one of the notes another.
    """
    for number, sides in enumerate(on):
        if len(sides) < 2:
            continue
        there = {(note.kind, key(note.text)): note.id for note in found[number].notes}
        for side in sides:
            new_ids = {
                note.id: there[note.kind, key(note.text)]
                for note in found[side].notes
                if note.id != there.get((note.kind, key(note.text)), note.id)
            }
            if not new_ids:
                continue
            others = set[int]().union(*(behind(on, each) for each in sides if each != side))
            for each in behind(on, side) - others:
                revision = found[each].revision
                notes = tuple(
                    note._replace(
                        id=new_ids.get(note.id, note.id),
                        amends=new_ids.get(note.amends or "", note.amends),
                    )
                    for note in revision.notes
                )
                found[each] = found[each]._replace(revision=revision._replace(notes=notes))
    return found


def _ground(
    on: Bases, number: int, earlier: Sequence[State], state: State, analyst: Analyst
) -> State | None:
    """What a version was written on; of a merge that settled two sides, both brought together."""

    def together(fork: State | None, one: State, other: State) -> State:
        return _dated(analyst.unite(fork, one, other, state), one, other)

    return ground(on, number, earlier.__getitem__, together)


def _dated(state: State, *before: State, ever: Mapping[str, Note] = {}) -> State:
    """A state whose notes have the ids and instants that they have along the history."""
    known = {note.id: note for each in before for note in each.notes}
    amended = amending(state.version.subject)
    notes = carried(state.notes, tuple(known.values()), ever.values(), amended)
    return state._replace(notes=notes)


def _step(
    number: int,
    before: State | None,
    state: State,
    change: Meaning | None,
    *,
    published: bool,
    out: date | None,
) -> Step:
    version = state.version
    told = differences(before.notes if before else (), state.notes)
    amended = amending(version.subject)
    again = tuple(now for _, now in told.reworded if now.id == amended and now.origin == "body")
    if again:  # what readers are told is no longer what it was, and they are told so
        told = told._replace(reworded=tuple(each for each in told.reworded if each[1] not in again))
        if change is not None and not change.words_added and not change.words_removed:
            noted = frozenset({"note"})
            change = change._replace(substantive=False, labels=noted, reasons=(), why=())
    revision = Revision(
        number=number,
        commit=version.commit,
        path=version.path,
        at=version.at,
        person=version.person,
        subject=version.subject,
        headline=state.reading.headline,
        published=published,
        notes=told.brought + again,
        words_added=change.words_added if change else 0,
        words_removed=change.words_removed if change else 0,
        substantive=bool(change and before and change.substantive),
        reasons=change.reasons if change and before else (),
        labels=change.labels if change and before else frozenset(),
        side=version.side,
        why=change.why if change and before else (),
        written_on=version.written_on,
        out=out,
    )
    return Step(
        revision,
        state.read,
        state.notes,
        told,
        change if before else None,
        is_draft(state),
        state.reading.marked,
        before.notes if before else (),
        state.reading.bare,
    )


def history(track: Track, found: Sequence[Step], *, shallow: bool = False) -> History:
    article = article_of(track.path, found[-1].revision.headline)
    revisions = tuple(step.revision for step in found)
    return History(
        article,
        revisions,
        track.events,
        deleted=track.deleted,
        shallow=shallow,
        notes=found[-1].notes,
    )


def appearance_of(data: bytes) -> TextReading:
    """What a text says of its own publication; its notes are not looked for."""
    document = parse(decode(data)[0])
    return TextReading(document.headline or "", document.draft, document.published_date, ())


def publications(
    versions: Sequence[Version],
    reading: Callable[[int], TextReading],
    settings: Settings,
    events: Sequence[Event] = (),
    *,
    now: datetime | None = None,
) -> Iterator[bool]:
    """For each version, oldest first: could readers see it, or one before it?

    The first is one that is no draft and is not before its front matter's date; one written
    earlier counts when it still stood on that date. A draft that was moved out of the drafts'
    folder as it was, is out from then on. ``now`` decides for the last version; without it, that
    one counts by the time of its commit. ``reading`` gives what a version says of itself, by its
    index; it is not asked again once the article is out.
    """
    out = False
    moves = _plain_moves(versions, events)
    for index, version in enumerate(versions):
        if not out:
            until = versions[index + 1].at if index + 1 < len(versions) else now
            stood = max(version.at, until) if until else version.at
            says = reading(index)
            due = says.due or _date_in_name(version.path)
            out = not _hidden(says, version, moves) and not _is_before(due, stood, settings)
        yield out


def comes_out(
    track: Track, newest: TextReading, revisions: Sequence[Revision], settings: Settings
) -> datetime | None:
    """When the newest version comes or came out by its own date, where no one before it did.

    Until then, whether readers can see it depends on the present time. Aware; None where it does
    not.
    """
    if len(revisions) > 1 and revisions[-2].published:
        return None
    last = track.versions[-1]
    due = newest.due or _date_in_name(last.path)
    if due is None or _hidden(newest, last, _plain_moves(track.versions, track.events)):
        return None
    return aware(due, settings.zone)


def first_out(state: State, settings: Settings, *, only: bool) -> date | None:
    """When readers could first see a version, where its front matter says another time than git.

    A later one counts: it was scheduled. An earlier one counts where it is the first version of
    all (``only``): the article is older than its file in git, or than the file under this name.
    """
    due = state.reading.due or _date_in_name(state.version.path)
    at = state.version.at
    if due is None:
        return None
    if isinstance(due, datetime):
        due = aware(due, settings.clock or at.tzinfo)
        return due if due > at or (only and due < at) else None
    day = settings.local(at).date()
    return due if due > day or (only and due < day) else None


def _plain_moves(versions: Sequence[Version], events: Sequence[Event]) -> list[Event]:
    edited = {version.commit for version in versions}
    return [each for each in events if each.kind == "moved" and each.commit not in edited]


def _hidden(says: TextReading, version: Version, moves: Sequence[Event]) -> bool:
    in_drafts = _in_drafts(version.path) and not _was_moved_out(version.path, moves)
    return says.draft or in_drafts


def _was_moved_out(path: str, moves: Sequence[Event]) -> bool:
    """True where the file left the drafts' folder with no change to its text."""
    for event in moves:
        if event.old_path == path:
            path = event.path
    return not _in_drafts(path)


def is_draft(state: State) -> bool:
    """True for a text that its site does not show."""
    return state.reading.draft or _in_drafts(state.version.path)


def _in_drafts(path: str) -> bool:
    return "_drafts" in PurePosixPath(path).parts[:-1]


def _is_before(due: date | datetime | None, stood: datetime, settings: Settings) -> bool:
    if due is None:
        return False
    if isinstance(due, datetime):
        return stood < aware(due, settings.zone)
    return stood.astimezone(settings.zone).date() < due


def _date_in_name(path: str) -> date | None:
    """The date in a file's or its folder's name: ``2015-09-15-title.md``, ``…-title/index.md``."""
    file = PurePosixPath(path)
    name = file.parent.name if file.stem.partition(".")[0] == "index" else file.name
    parts = name.split("-", 3)
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2])) if len(parts) == 4 else None
    except ValueError:
        return None


# --- what texts say and what pairs of texts mean --------------------------------------------------


def meaning_to_json(found: Meaning) -> str:
    return to_json(found._replace(reasons=()))  # every sentence is made from a reason's values


def meaning_from_json(text: str) -> Meaning | None:
    """The meaning that ``meaning_to_json`` wrote; None for anything else."""
    try:
        found = Meaning(*json.loads(text))
        why = tuple(Reason(*each) for each in found.why)
        return found._replace(
            labels=frozenset(found.labels),
            reasons=tuple(each.sentence for each in why),
            fields=tuple(FieldChange(*each) for each in found.fields),
            why=why,
        )
    except (TypeError, ValueError, RecursionError):
        return None


def reading_from_json(text: str) -> TextReading | None:
    """The reading that ``to_json`` wrote; None for anything else."""
    try:
        headline, draft, due, notes, marked, bare = json.loads(text)
        notes = tuple(note_of(*each) for each in notes)
        return TextReading(headline, draft, day_or_instant(due), notes, marked, bare)
    except (TypeError, ValueError, RecursionError, AttributeError):
        return None


FACTS = frozenset({"number", "date", "name", "quote", "negation"})
NOTHING = Meaning(0, 0, substantive=False, labels=frozenset(), reasons=(), fields=())
_MOST_KEPT = 8  # texts that are kept read: an article's neighbours in time, which are compared


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
        tuple(each for each in change.fields if each.role == "date"),
        line=text.count("\n", 0, min(places)) + 1 if places else None,
        fact_replaced=any(
            edit.operation == "replace" and edit.labels & FACTS for edit in change.edits
        ),
        why=change.why,
        score=change.score,
    )


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


class Analyst:
    """Reads and compares the versions of one article, from memory where it can.

    ``read`` gives the bytes of a blob, and is asked only where a text is needed. ``known`` holds
    earlier answers as JSON, ``learned`` what was worked out beside them: see ``questions``; and
    ``asked`` what each of those looked up in ``repeated``, what the archive repeats. With
    ``count_first``, the words of a first version are counted too.
    """

    def __init__(
        self,
        track: Track,
        settings: Settings,
        git: Git,
        read: Callable[[str], bytes],
        known: Mapping[Pair, str] = MappingProxyType({}),
        repeated: Watched | None = None,
        *,
        count_first: bool = True,
    ) -> None:
        self.track = track
        self.settings = settings
        self._git = git
        self._read = read
        self._known = known
        self._repeated = repeated
        self._count_first = count_first
        self._looked: dict[str, Looked] = {}  # of all its texts, by their blobs
        self._text = lru_cache(_MOST_KEPT)(self._text_of)
        self.state = cache(self._state)  # of a version, by its place, with what its text says
        self.asked: dict[Pair, bytes] = {}
        self.learned: dict[Pair, str] = {}

    def _state(self, place: int) -> State:
        version = self.track.versions[place]
        key = version.blob, version.at.isoformat()
        reading = self._reading(key, version, lambda: self._text(version.blob))
        return State(version, reading, reading.notes, lambda: self._text(version.blob).text)

    def appearance(self, place: int) -> TextReading:
        """What a version's text says of its own publication; its notes are not looked for."""
        return appearance_of(self._read(self.track.versions[place].blob))

    def _reading(self, key: Pair, version: Version, text: Callable[[], Text]) -> TextReading:
        known = self._known.get(key)
        found = None if known is None else reading_from_json(known)
        if found is None:
            found = reading_of(text(), version.at, self.settings, version.path)
            self.learned[key] = to_json(found)
        return found

    def unite(self, fork: State | None, one: State, other: State, merge: State) -> State:
        """The two sides of a merge brought together, that its text may be compared with that."""
        version = merge.version
        name = _both(fork.version.blob if fork else None, one.version.blob, other.version.blob)

        @cache
        def text() -> str:
            from tracker.newsroom.merging import united  # few histories have such a merge

            base = fork.read() if fork is not None else ""
            notes, texts = NoteEditor(self.settings), (base, one.read(), other.read())
            return united(notes, self._git, *texts, merge.read(), version.at)

        reading = self._reading(_read_of(name, version), version, lambda: Text(text()))
        return State(version._replace(blob=name), reading, reading.notes, text)

    def meaning(self, before: State | None, state: State) -> Meaning:
        """What the change that made a version means; the first only has its words."""
        if before is None and not self._count_first:
            return NOTHING
        key = before.version.blob if before is not None else "", state.version.blob
        known = self._known.get(key)
        found = None if known is None else meaning_from_json(known)
        if found is None:
            found = self._compared(before, self._text(key[1]))
            asked = self._repeated.taken() if before and self._repeated else None
            if asked is not None:
                self.asked[key] = asked
            self.learned[key] = meaning_to_json(found)
        return found

    def _compared(self, before: State | None, new: Text) -> Meaning:
        """What ``Newsroom.compare`` would say, with each text read once for both its pairs."""
        style, language = self.settings.style, self.settings.articles_language
        if before is None:
            count = words_of_first(new.text, style=style, language=language)
            return NOTHING._replace(words_added=count)
        blob = before.version.blob
        old = Text(before.read()) if "+" in blob else self._text(blob)
        known = self._repeated.boilerplate if self._repeated else None
        compared = Compared(old, new, style, language, known, brief=True)
        return meaning(compared.change, new.text)

    def _text_of(self, blob: str) -> Text:
        return Text(decode(self._read(blob))[0], self._looked.setdefault(blob, {}))


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
    for folder in ("text", "house", "catalog", "newsroom", "locale"):
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
