"""The life of one article on the published line: what its file held when, written on what.

Where the line was pulled into itself, two clones wrote side by side: there the text that stands
before another one on the line need not be the one that this was written on. Such a stretch of the
line is looked at as a whole. It begins behind a commit that all before it lead to, so whatever is
written in it goes back to what stood there; what is older need not be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from tracker.model import Event, Track, Version
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
    on: tuple[str, ...] | None = ()  # as ``Version`` has it; None: the text was the same already


class Stood(NamedTuple):
    """A revision, as far as a later one needs to know it."""

    number: int  # of its step on the line
    commit: str
    blob: str


class Happening(NamedTuple):
    """An event, before its commit's date and names are decoded."""

    number: int
    step: Step
    kind: Kind
    path: str
    old_path: str | None


class Stretch:
    """What one article's file held on a stretch of the line where clones wrote side by side."""

    __slots__ = ("_found", "_ignored", "_on", "_stood")

    def __init__(self, stood: Stood | None, newest: str) -> None:
        """``stood`` is the revision before the stretch, if there is one.

        ``newest`` is the file's content there, which differs where an ignored commit made it.
        """
        # By place: what was found, oldest first, and the places that each was written on. The first
        # ones stood before the stretch.
        self._found: list[Stood | State] = [] if stood is None else [stood]
        self._on: list[tuple[int, ...]] = [()] * len(self._found)
        self._stood = len(self._found)
        self._ignored: dict[str, str] = {}  # what ignored commits made -> what they made it of
        if stood is not None and stood.blob != newest:
            self._ignored[newest] = stood.blob

    def add(self, state: State, before: Iterable[str]) -> None:
        """One more content, written on these; on the one before it where they are not known."""
        found = {self._place(blob) for blob in before}
        self._on.append(tuple(sorted(each for each in found if each is not None)))
        self._found.append(state)

    def ignore(self, made: str, before: Iterable[str]) -> None:
        """An ignored commit made a content of others."""
        self._ignored.update((made, old) for old in before)

    def heads(self, blobs: Iterable[str]) -> tuple[str, ...]:
        """Those of some contents that no other of them was written on, oldest first."""
        places = sorted({place for blob in blobs if (place := self._place(blob)) is not None})
        found: list[int] = []
        for place in reversed(places):
            if not any(self._leads_to(place, head) for head in found):
                found.append(place)
        return tuple(self._found[place].blob for place in reversed(found))

    def _place(self, blob: str) -> int | None:
        """The newest place of a content."""
        for _ in range(_MOST_IGNORED):
            for place in range(len(self._found) - 1, -1, -1):
                if self._found[place].blob == blob:
                    return place
            if blob not in self._ignored:
                break
            blob = self._ignored[blob]
        return None

    def _leads_to(self, place: int, later: int) -> bool:
        """Whether a later content was written on one, or on what was written on it."""
        waiting, seen = [later], set[int]()
        while waiting:
            here = waiting.pop()
            if here == place:
                return True
            if here > place and here not in seen:
                seen.add(here)
                waiting += self._on[here] or (here - 1,)
        return False

    def join(self, other: Stretch) -> None:
        """The other one's article turned out to be this one."""
        both = (other, self)
        order = sorted(
            (each.number, whose, place)
            for whose, stretch in enumerate(both)
            for place, each in enumerate(stretch._found)
        )
        now = {(whose, place): new for new, (_, whose, place) in enumerate(order)}
        self._on, self._found = (
            [
                tuple(sorted(now[whose, each] for each in both[whose]._on[place]))
                for _, whose, place in order
            ],
            [both[whose]._found[place] for _, whose, place in order],
        )
        self._stood += other._stood

    def states(self) -> Iterator[State]:
        """What the file held, oldest first, each with the commits that it was written on."""
        revisions = [each for each in self._found if isinstance(each, Stood)]
        stands = list(range(len(revisions)))  # for each place, the revision that has its text
        for place in range(self._stood, len(self._found)):
            state = self._found[place]
            assert isinstance(state, State)
            last = len(revisions) - 1
            on = sorted({stands[each] for each in self._on[place]}) or [last]
            if revisions and len(on) < 2 and revisions[-1].blob == state.blob:
                stands.append(last)
                yield state._replace(on=None)
                continue
            if on != [last]:
                yield state._replace(on=tuple(revisions[each].commit for each in on))
            else:
                yield state
            stands.append(len(revisions))
            revisions.append(Stood(state.number, state.step.commit, state.blob))


class Life:
    """One article while the line is played."""

    __slots__ = (
        "alive", "blob", "ended", "happenings", "joined", "key", "path", "states", "stretch",
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
        self.stretch: Stretch | None = None  # what is not told yet
        self.states: list[State] = []
        self.happenings: list[Happening] = []

    def stood(self) -> Stood | None:
        """Its newest revision."""
        for state in reversed(self.states):
            if state.on is not None:
                return Stood(state.number, state.step.commit, state.blob)
        return None

    def track(self) -> Track:
        """The life as a record."""
        versions = tuple(
            Version(
                state.step.commit, state.path, state.blob, state.step.at, state.step.person,
                state.step.subject, state.side, state.on,
            )
            for state in self.states
            if state.on is not None
        )  # fmt: skip
        events = tuple(
            Event(
                one.kind, one.step.commit, one.step.at, one.step.person, one.step.subject, one.path,
                one.old_path,
            )
            for one in self.happenings
        )  # fmt: skip
        return Track(self.path, versions, events, deleted=not self.alive)
