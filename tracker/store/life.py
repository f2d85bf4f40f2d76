"""The life of one article on the published line: what its file held when, written on what.

On a line that was pulled into itself, two clones wrote side by side. There the text that stands
before another one on the line need not be the one that this was written on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from tracker.model import Event, Track, Version
from tracker.records import NamedTuple
from tracker.store import identity
from tracker.store.line import Step

Kind = Literal["moved", "deleted", "returned", "ignored"]

_MOST_IGNORED = 16  # ignored commits on each other that are looked behind


class State(NamedTuple):
    """A content of the file, at one step."""

    number: int  # of the step on the line
    step: Step
    path: str
    blob: str
    side: tuple[str, ...]
    before: tuple[str, ...] = ()  # blobs it was written on, where the line was pulled into itself


class Happening(NamedTuple):
    """An event, before its commit's date and names are decoded."""

    number: int
    step: Step
    kind: Kind
    path: str
    old_path: str | None


class Life:
    """One article while the line is played."""

    __slots__ = (
        "alive", "blob", "ended", "happenings", "ignored", "joined", "key", "path", "states",
    )  # fmt: skip

    def __init__(
        self,
        key: int,
        path: str,
        blob: str,
        alive: bool = True,
        ended: identity.Ended | None = None,
        joined: Life | None = None,
    ) -> None:
        self.key = key
        self.path = path  # the newest, or the last
        self.blob = blob  # the newest content, ignored commits included
        self.alive = alive
        self.ended = ended  # what the pool knows of it while it is gone
        self.joined = joined  # the life that it turned out to be the same article as
        self.states: list[State] = []
        self.happenings: list[Happening] = []
        # What ignored commits made -> what they made it of; None where that is nobody's question.
        self.ignored: dict[str, str] | None = None

    def heads(self, blobs: Iterable[str]) -> tuple[str, ...]:
        """Those of some contents that no other of them was written on, oldest first."""
        places = sorted({place for blob in blobs if (place := self._place(blob)) is not None})
        found: list[int] = []
        for place in reversed(places):
            if not any(self._leads_to(place, head) for head in found):
                found.append(place)
        return tuple(self.states[place].blob for place in reversed(found))

    def _place(self, blob: str, below: int | None = None) -> int | None:
        """The newest state with a content, before another one."""
        for _ in range(_MOST_IGNORED):
            for place in range((len(self.states) if below is None else below) - 1, -1, -1):
                if self.states[place].blob == blob:
                    return place
            if self.ignored is None or blob not in self.ignored:
                break
            blob = self.ignored[blob]
        return None

    def _leads_to(self, place: int, later: int) -> bool:
        """Whether a later state was written on one, or on what was written on it."""
        waiting, seen = [later], set[int]()
        while waiting:
            here = waiting.pop()
            if here == place:
                return True
            if here > place and here not in seen:
                seen.add(here)
                waiting += self._written_on(here)
        return False

    def _written_on(self, place: int) -> list[int]:
        """The states that one was written on; the one before it where that is not known."""
        found = {self._place(blob, place) for blob in self.states[place].before}
        known = sorted(each for each in found if each is not None)
        return known or [place - 1] * (place > 0)

    def lineage(self) -> Iterator[tuple[State, tuple[str, ...] | None]]:
        """Every state with the commits it was written on, as ``Version`` has them.

        None for one that is no revision, since the text was the same already.
        """
        shown: list[int] = []  # the places of the revisions
        stands: list[int] = []  # for each place, the revision that has its text
        for place, state in enumerate(self.states):
            on = shown[-1:]
            if state.before and state.before != (self.states[place - 1].blob,):
                on = sorted({stands[each] for each in self._written_on(place)})
            if shown and len(on) < 2 and self.states[shown[-1]].blob == state.blob:
                stands.append(shown[-1])
                yield state, None
                continue
            special = state.before and on != shown[-1:]
            yield state, tuple(self.states[each].step.commit for each in on) if special else ()
            shown.append(place)
            stands.append(place)

    def track(self) -> Track:
        """The life as a record."""
        versions: list[Version] = []
        for state, on in self.lineage():
            if on is not None:
                step = state.step
                versions.append(
                    Version(
                        step.commit, state.path, state.blob, step.at, step.person, step.subject,
                        state.side, on,
                    )
                )  # fmt: skip
        events = tuple(
            Event(
                one.kind, one.step.commit, one.step.at, one.step.person, one.step.subject, one.path,
                one.old_path,
            )
            for one in self.happenings
        )  # fmt: skip
        return Track(self.path, tuple(versions), events, deleted=not self.alive)
