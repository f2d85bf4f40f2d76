"""The commits of an import, given to git in time order while texts are still being read.

The articles come in the order of their first versions. So when one comes, all commits that are
older than its first version are known, and can be written beside the texts that follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracker.model import Person
from tracker.store import bulk

if TYPE_CHECKING:
    from tracker.newsroom.import_article import Tally
    from tracker.newsroom.import_plan import ImportPlan, Ready

_EVERY = 50  # articles between two looks whether git can take commits
_LAST = 1 << 62  # seconds: later than any commit


class Commits:
    """Takes commits out of the plan and gives them to a stream, each once."""

    def __init__(
        self,
        plan: ImportPlan,
        stream: bulk.Stream,
        tally: Tally,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._plan = plan
        self._stream = stream
        self._tally = tally
        self._progress = progress
        self._articles = 0
        self._bound = 0  # seconds: older commits are all in the plan, and their texts in git
        self._given = 0
        self._last: Ready | None = None  # the last one that was given

    def before_article(self, first: int) -> None:
        """All articles that begin before this instant (seconds since 1970) have been read."""
        self._stream.texts_before(first)
        self._articles += 1
        if self._articles % _EVERY == 0:
            self._give_some()

    def _give_some(self) -> None:
        """Give what git can take without waiting for it."""
        bound = self._stream.settled()
        if bound > self._bound:
            self._tally.flush()
            self._bound = bound
        if self._bound and self._stream.has_room():
            self._give(self._bound)

    def _give(self, bound: int) -> bool:
        """Give some more commits from before an instant; False where there are none."""
        rows = self._plan.ready_before(bound, self._last)
        for row in rows:
            self._stream.commit(_commit(row))
        if rows:
            self._last = rows[-1]
            self._given += len(rows)
        return bool(rows)

    def finish(self) -> str:
        """Give all the rest, when all articles were read; the newest commit."""
        self._stream.end_texts()
        while self._give(_LAST):
            self._progress("Revisions", self._given, self._tally.added)
        commit = self._stream.finish()
        assert commit is not None
        return commit

    def again(self, base: str) -> None:
        """Begin anew, on a commit that somebody else made meanwhile."""
        self._last, self._given = None, 0
        self._stream.again(base)


def _commit(row: Ready) -> bulk.NewCommit:
    return bulk.NewCommit(
        path=row.path.encode(),
        blob=row.blob,
        mode=row.mode,
        author=bulk.author_line(Person(row.name, row.email)),
        date=_date(row.seconds, row.minutes),
        seconds=row.place,
        message=row.message.encode("utf-8", "replace"),
    )


def _date(seconds: int, minutes: int) -> bytes:
    """An instant as git writes it."""
    sign, amount = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{seconds} {sign}{amount // 60:02}{amount % 60:02}".encode()
