"""What texts say and what pairs of texts mean: worked out once, then remembered as compact JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tracker.catalog.schema import Pair, day_or_instant, note_of, to_json
from tracker.comparison import Compared, Looked, Text, words_of_first
from tracker.house.settings import Settings
from tracker.model import Change, FieldChange, Meaning, Reason, Track, Version
from tracker.newsroom.merging import bases, ground, united
from tracker.newsroom.note_editor import NoteEditor
from tracker.newsroom.revisions import State, TextReading, reading_of
from tracker.store.git import Git
from tracker.text.document import decode

if TYPE_CHECKING:
    from tracker.catalog.boilerplate import Watched


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
        settings: Settings,
        git: Git,
        read: Callable[[str], bytes],
        known: Mapping[Pair, str] = MappingProxyType({}),
        repeated: Watched | None = None,
        *,
        count_first: bool = True,
    ) -> None:
        self._settings = settings
        self._git = git
        self._read = read
        self._known = known
        self._repeated = repeated
        self._count_first = count_first
        self._looked: dict[str, Looked] = {}  # of all its texts, by their blobs
        self._text = lru_cache(_MOST_KEPT)(self._text_of)
        self.asked: dict[Pair, bytes] = {}
        self.learned: dict[Pair, str] = {}

    def states(self, track: Track) -> Callable[[int], State]:
        """The versions of a track by their places, with what their texts say; each made once."""
        return cache(lambda place: self._state(track.versions[place]))

    def _state(self, version: Version) -> State:
        key = version.blob, version.at.isoformat()
        reading = self._reading(key, version, lambda: self._text(version.blob))
        return State(version, reading, reading.notes, lambda: self._text(version.blob).text)

    def _reading(self, key: Pair, version: Version, text: Callable[[], Text]) -> TextReading:
        found = reading_from_json(self._known.get(key, ""))
        if found is None:
            found = reading_of(text(), version.at, self._settings, version.path)
            self.learned[key] = to_json(found)
        return found

    def unite(self, fork: State | None, one: State, other: State, merge: State) -> State:
        """The two sides of a merge brought together, that its text may be compared with that."""
        version = merge.version
        name = _both(fork.version.blob if fork else None, one.version.blob, other.version.blob)

        @cache
        def text() -> str:
            base = fork.read() if fork is not None else ""
            notes, texts = NoteEditor(self._settings), (base, one.read(), other.read())
            return united(notes, self._git, *texts, merge.read(), version.at)

        reading = self._reading(_read_of(name, version), version, lambda: Text(text()))
        return State(version._replace(blob=name), reading, reading.notes, text)

    def meaning(self, before: State | None, state: State) -> Meaning:
        """What the change that made a version means; the first only has its words."""
        if before is None and not self._count_first:
            return NOTHING
        key = before.version.blob if before is not None else "", state.version.blob
        found = meaning_from_json(self._known.get(key, ""))
        if found is None:
            found = self._compared(before, self._text(key[1]))
            asked = self._repeated.taken() if before and self._repeated else None
            if asked is not None:
                self.asked[key] = asked
            self.learned[key] = meaning_to_json(found)
        return found

    def _compared(self, before: State | None, new: Text) -> Meaning:
        """What ``Newsroom.compare`` would say, with each text read once for both its pairs."""
        style, language = self._settings.style, self._settings.articles_language
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
