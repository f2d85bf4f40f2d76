"""What an article's file held while clones wrote side by side, and what each text was based on.

Where a branch was pulled into itself, the text that comes before another one in the published
history need not be the one that this was written on. Such a part of the history is looked at as a
whole. It begins behind a commit that all before it lead to, so whatever is written in it goes back
to what the file held there; what is older need not be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tracker.store.log import Commit

_MOST_IGNORED = 16  # ignored commits on each other that are looked behind


class FileState(NamedTuple):
    """A content of the file, at one published commit."""

    number: int  # of the commit, in the published history
    commit: Commit
    path: str
    blob: str
    side: tuple[str, ...]
    based_on: tuple[str, ...] | None = ()  # as ``Version.written_on``; None: the text was the same


class LastRevision(NamedTuple):
    """A revision, as far as a later one needs to know it."""

    number: int  # of its commit, in the published history
    commit: str
    blob: str


class DivergentEdits:
    """What one article's file held in such a part of the history."""

    __slots__ = ("_based_on", "_before", "_found", "_ignored")

    def __init__(self, last: LastRevision | None, newest: str) -> None:
        """``last`` is the revision before them, if there is one.

        ``newest`` is the file's content there, which differs where an ignored commit made it.
        """
        # By place: what was found, oldest first, and the places that each was written on. The first
        # ones come from before.
        self._found: list[LastRevision | FileState] = [] if last is None else [last]
        self._based_on: list[tuple[int, ...]] = [()] * len(self._found)
        self._before = len(self._found)
        self._ignored: dict[str, str] = {}  # what ignored commits made -> what they made it of
        if last is not None and last.blob != newest:
            self._ignored[newest] = last.blob

    def add(self, state: FileState, before: Iterable[str]) -> None:
        """One more content, written on these; on the one before it where they are not known."""
        found = {self._place(blob) for blob in before}
        self._based_on.append(tuple(sorted(each for each in found if each is not None)))
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
                waiting += self._based_on[here] or (here - 1,)
        return False

    def join(self, other: DivergentEdits) -> None:
        """The other one's article turned out to be this one."""
        both = (other, self)
        order = sorted(
            (each.number, whose, place)
            for whose, edits in enumerate(both)
            for place, each in enumerate(edits._found)
        )
        now = {(whose, place): new for new, (_, whose, place) in enumerate(order)}
        self._based_on, self._found = (
            [
                tuple(sorted(now[whose, each] for each in both[whose]._based_on[place]))
                for _, whose, place in order
            ],
            [both[whose]._found[place] for _, whose, place in order],
        )
        self._before += other._before

    def states(self) -> Iterator[FileState]:
        """What the file held, oldest first, each with the commits that it was written on."""
        revisions = [each for each in self._found if isinstance(each, LastRevision)]
        stands = list(range(len(revisions)))  # for each place, the revision that has its text
        for place in range(self._before, len(self._found)):
            state = self._found[place]
            assert isinstance(state, FileState)
            last = len(revisions) - 1
            based_on = sorted({stands[each] for each in self._based_on[place]}) or [last]
            if revisions and len(based_on) < 2 and revisions[-1].blob == state.blob:
                stands.append(last)
                yield state._replace(based_on=None)
                continue
            if based_on != [last]:
                yield state._replace(based_on=tuple(revisions[each].commit for each in based_on))
            else:
                yield state
            stands.append(len(revisions))
            revisions.append(LastRevision(state.number, state.commit.hash, state.blob))
