"""What the rules are given: the steps of an article's history, and the circumstances."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from shlex import quote
from typing import Literal, NamedTuple

from tracker.house.notes.merge import Differences, key
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
    bare: bool = False  # there is nothing under the front matter

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
    since: datetime | None = None  # aware; what is older is not told
    commits: Collection[str] | None = None  # only findings about these; None: about all
    unrecorded: bool = False  # the last step is not out yet: staged, or a pull request
    touched: datetime | None = None  # aware; when the article changed before the first step

    rule: Rule | None = None  # the one that is run

    @property
    def check(self) -> CheckSettings:
        """The settings of the checks."""
        return self.settings.check

    def finding(
        self,
        step: Step,
        said: Saying | Reason,
        advised: Saying,
        *,
        line: int | None = None,
        why: tuple[Reason, ...] = (),
        score: float | None = None,
    ) -> Finding:
        """What the rule found at a step, as severe as the settings say. ``line`` counts from 1."""
        from tracker.locale import sentence  # late: most commands read steps and find nothing

        assert self.rule is not None
        name, revision = self.rule.name, step.revision
        score = self.rule.weight if score is None else score
        return Finding(
            name,
            "warn" if self.check.rules.get(name, self.rule.usually) == "warn" else "fail",
            revision.path,
            revision.commit or None,
            revision.number,
            revision.at,
            said.sentence if isinstance(said, Reason) else sentence(said),
            sentence(advised),
            line,
            said,
            advised,
            revision.headline,
            revision.person.name,
            (self.rule.weight if score is None else score)
            * (_PAGE if page_of(revision.path) else 1),
            why=why,
        )


def named(steps: Sequence[Step], circumstances: Circumstances) -> str:
    """The article as a command takes it: the path that its file has now."""
    last = steps[-1].revision
    moved = [each for each in circumstances.events if each.kind == "moved" and each.at >= last.at]
    return quote(moved[-1].path if moved else last.path)


class Rule(NamedTuple):
    """One rule of the checks: it is given steps, oldest first, and yields findings."""

    name: str
    about: str  # what it finds, a sentence
    weight: float  # how much a finding matters, from 0 to 1, where its change does not say
    run: Callable[[Sequence[Step], Circumstances], Iterator[Finding]]
    usually: Literal["warn", "fail"] = "fail"  # where the settings do not say


_PAGE = 0.1  # how much less it matters on a page that is no news,
PUBLISHING = 0.1  # in the sitting in which the article came out, or where it had a gap,
_KEPT_UP = 0.2  # and on a page that is kept up to date
_NEWS = timedelta(days=14)  # how long an article is news
_DAYS_KEPT_UP = 3  # edited on so many days after that, it is a page

_PAGES = (
    r"about(?:-us)?|contact(?:-us)?|donate|donations|jobs|careers|legal|membership|newsletters?|"
    r"thanks|thank-you"
)
_FOLDER = re.compile(f"_?(?:{_PAGES})")
_NAME = re.compile(
    rf"{_PAGES}|.+-(?:thanks|thank-you)|team|staff|masthead|support(?:-us)?|privacy(?:-policy)?|"
    r"terms(?:-of-(?:use|service))?|cookies|imprint|impressum|subscribe|search|archives?|sitemap|"
    r"404|corrections(?:-policy)?"
)
_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-")


def page_of(path: str) -> str:
    """Return where a page is that is no news, by the name of a folder or of the file: about, jobs.

    That is the folder, or the path itself; "" for what may be an article.
    """
    parts = path.split("/")
    stem = parts[-1].lower().partition(".")[0]
    if _DATED.match(stem):
        return ""
    if stem == "index" and len(parts) > 1:
        stem = parts[-2].lower()
    for depth, folder in enumerate(parts[:-1], start=1):
        if _FOLDER.fullmatch(folder.lower()):
            return "/".join(parts[:depth])
    return path if _NAME.fullmatch(stem) else ""


def timely(steps: Sequence[Step], at: datetime, sitting: timedelta) -> float:
    """How much a change matters for the time at which it came, from 0 to 1.

    Little in the sitting in which the article came out, and on a page that is edited for months.
    """
    seen = [each for each in steps if each.revision.published]
    seen = seen[next((number for number, each in enumerate(seen) if not each.bare), 0) :]
    out = max(seen[0].revision.at, seen[0].revision.out_at)
    times = [out, *sorted(max(out, each.revision.at) for each in seen if each.revision.at < at), at]
    if all(later - earlier <= sitting for earlier, later in pairwise(times)):
        return PUBLISHING
    late = {
        each.revision.at.date()
        for each in seen
        if each.revision.at - out > _NEWS and touches_words(each.change)
    }
    return _KEPT_UP if at - out > _NEWS and len(late) >= _DAYS_KEPT_UP else 1.0


# --- what several rules ask of steps ------------------------------------------------------------


def covered(steps: Sequence[Step], check: CheckSettings) -> set[int]:
    """The indexes of the steps that a note covers.

    A note covers the revision that brings it, those within the grace time before it that brought
    no note of their own, and the one that it names with the rest of its sitting. A note that
    stood before and now says something else, or the same of a later day ("Last updated"), covers
    its revision.
    """
    by_commit = {step.revision.commit: index for index, step in enumerate(steps)}
    found: set[int] = set()
    for index, step in enumerate(steps):
        brought = [note for note in step.revision.notes if not note.withdrawn]
        if brought or _says_more(steps, index):
            named = {by_commit[note.covers] for note in brought if note.covers in by_commit}
            found |= named | {index}
            for each in named:
                found.update(_sitting(steps, each, check.sitting))
            if len(named) < len(brought):
                found.update(before(steps, index, check.grace))
    return found


def before(steps: Sequence[Step], index: int, grace: timedelta) -> Iterator[int]:
    """The steps right before one, without notes of their own, that are within the grace time."""
    for earlier in range(index - 1, -1, -1):
        revision = steps[earlier].revision
        if revision.notes or steps[index].revision.at - revision.at > grace:
            return
        yield earlier


def _sitting(steps: Sequence[Step], index: int, sitting: timedelta) -> Iterator[int]:
    """The steps before one that belong to its sitting, each no further from the next than that."""
    for earlier in range(index - 1, -1, -1):
        revision, later = steps[earlier].revision, steps[earlier + 1].revision
        if revision.notes or later.at - revision.at > sitting:
            return
        yield earlier


def _says_more(steps: Sequence[Step], index: int) -> bool:
    """True where a note that stood before was changed to tell readers more."""
    step = steps[index]
    if any(not is_small(was.text, now.text) for was, now in step.differences.reworded):
        return True
    older = _latest_days(step.stood)
    newer = _latest_days(step.notes)
    return any(words in older and at > older[words] for words, at in newer.items())


def _latest_days(notes: Sequence[Note]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for note in notes:
        if note.precision != "none":
            words = key(note.text)
            found[words] = max(note.at, found.get(words, note.at))
    return found


_UNSEEN = frozenset({"note", "markup", "metadata", "moved"})
"""What a change can touch without a word that readers see being another one."""


def touches_words(change: Meaning | None) -> bool:
    """True for a change of words that readers see, outside notes."""
    return change is not None and bool(change.labels - _UNSEEN)


_SMALL = frozenset({"typo", "style", "markup", "link", "moved", "note"})
SMALL = _SMALL | {"image", "metadata", "boilerplate"}
"""Labels of changes that no reader needs to be told of."""


def is_small(was: str, now: str) -> bool:
    """True where two wordings of a note tell readers the same: a typo, markup, a link."""
    if was == now:
        return True
    from tracker.text.diff import diff
    from tracker.text.judge.changes import judge

    change = judge(was, now, diff(was, now))
    return not change.substantive and change.labels <= _SMALL
