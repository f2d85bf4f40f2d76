"""What the rules are given: the steps of an article's life, and the circumstances."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.house.notes import Differences
from tracker.house.settings import CheckSettings, Settings
from tracker.model import Event, Finding, Meaning, Note, Reason, Revision, Saying


class Step(NamedTuple):
    """One revision of an article, as the rules see it."""

    revision: Revision
    read: Callable[[], str]  # gives its text; reading is put off, since most rules need none
    notes: tuple[Note, ...]  # all that stand in this version
    differences: Differences  # of the notes, against the version it was written on
    change: Meaning | None  # against the version it was written on; None for the first
    draft: bool  # its site does not show this version
    marked: bool = True  # False: its text has no markers of a block of notes
    stood: tuple[Note, ...] = ()  # all that stood in the version it was written on

    @property
    def text(self) -> str:
        """The whole text, front matter included."""
        return self.read()


class Circumstances(NamedTuple):
    """What the rules need to know beside the steps."""

    settings: Settings
    events: tuple[Event, ...] = ()
    deleted: bool = False  # the article is not in the newest commit
    outside: bool = False  # its file is now where the newsroom has no articles
    now: datetime | None = None  # aware; None: nothing is still in its grace time
    commits: Collection[str] | None = None  # only findings about these; None: about all
    unrecorded: bool = False  # the last step is not out yet: staged, or a pull request
    touched: datetime | None = None  # aware; when the article changed before the first step

    @property
    def check(self) -> CheckSettings:
        """The settings of the checks."""
        return self.settings.check


Rule = Callable[[Sequence[Step], Circumstances], Iterator[Finding]]


def finding(
    rule: str,
    step: Step,
    circumstances: Circumstances,
    said: Saying | Reason,
    advised: Saying,
    *,
    line: int | None = None,
) -> Finding:
    """A finding about one step, as severe as the settings say. ``line`` counts from 1."""
    from tracker.house.phrases import sentence  # late: most commands read steps and find nothing

    revision = step.revision
    return Finding(
        rule,
        "warn" if circumstances.check.rules.get(rule) == "warn" else "fail",
        revision.path,
        revision.commit or None,
        revision.number,
        revision.at,
        said.sentence if isinstance(said, Reason) else sentence(said),
        sentence(advised),
        line,
        said,
        advised,
    )
