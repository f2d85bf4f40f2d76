"""The checks: what a standards editor should look at, as findings.

Each rule is a small function from the steps of one article's life to findings. A rule knows
nothing of git, files or the time of day: what it needs is in the steps and in ``Circumstances``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from tracker.house import footer
from tracker.house.notes import Differences, find_notes
from tracker.house.settings import CheckSettings, Settings
from tracker.model import Event, Finding, FoundNote, Meaning, Note, Revision
from tracker.text.document import parse

RULES: dict[str, str] = {
    "silent-change": "A change of substance after publication that no note covers.",
    "unpublished": "A published article was deleted, or made a draft again.",
    "note-dropped": "A note that readers had been given is gone, and no note says so.",
    "note-reworded": "A note says something else than before, and no note says so.",
    "note-without-change": "A note came, and nothing that it could tell of.",
    "note-date": "A note is dated before the one before it, or in the future.",
    "euphemism": "An error was fixed, and the note does not call it a correction.",
    "footer-out-of-step": "The update lines in the body differ from the notes.",
    "date-moved": "A date of the front matter moved, and nothing of substance changed.",
}
"""Every rule with what it finds. All fail a check unless the settings say otherwise."""

_CLOCKS = timedelta(minutes=10)
"""How far a note's minute may be ahead of its commit: people type the time of publication."""


@dataclass(frozen=True, slots=True)
class Step:
    """One revision of an article, as the rules see it."""

    revision: Revision
    text: str
    notes: tuple[Note, ...]  # all that stand in this version
    differences: Differences  # of the notes, against the step before
    change: Meaning | None  # against the step before; None for the first
    draft: bool  # its site does not show this version


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rules need to know beside the steps."""

    settings: Settings
    events: tuple[Event, ...] = ()
    deleted: bool = False  # the article is not in the newest commit
    now: datetime | None = None  # aware; None: nothing is still in its grace time
    commits: Collection[str] | None = None  # only findings about these; None: about all
    unrecorded: bool = False  # the last step is not out yet: staged, or a pull request

    @property
    def check(self) -> CheckSettings:
        """The settings of the checks."""
        return self.settings.check


Rule = Callable[[Sequence[Step], Circumstances], Iterator[Finding]]


def findings(steps: Sequence[Step], circumstances: Circumstances) -> tuple[Finding, ...]:
    """What an editor should look at in one article, in the order of its revisions.

    Rules that the settings turn off are not run. What lies before ``[check] since``, or outside
    the commits asked for, is left out.
    """
    since = circumstances.check.since
    found = [
        finding
        for name, rule in _RULES.items()
        if circumstances.check.rules.get(name, "fail") != "off"
        for finding in rule(steps, circumstances)
        if since is None or finding.at is None or finding.at >= since
    ]
    if circumstances.commits is not None:
        found = [each for each in found if each.commit in circumstances.commits]
    order = list(_RULES)
    return tuple(sorted(found, key=lambda each: (each.revision or 0, order.index(each.rule))))


def _finding(
    rule: str,
    step: Step,
    circumstances: Circumstances,
    words: str,
    advice: str,
    *,
    offset: int | None = None,
) -> Finding:
    severity = circumstances.check.rules.get(rule, "fail")
    line = None if offset is None else step.text.count("\n", 0, offset) + 1
    revision = step.revision
    return Finding(
        rule,
        "warn" if severity == "warn" else "fail",
        revision.path,
        revision.commit or None,
        revision.number,
        revision.at,
        words,
        advice,
        line,
    )


# --- changes that nobody told of ----------------------------------------------------------------


def covered(steps: Sequence[Step], grace: timedelta) -> set[int]:
    """The indexes of the steps that a note covers.

    A note covers the revision that brings it, those within the grace time before it that no other
    note covers, and the one that it names.
    """
    by_commit = {step.revision.commit: index for index, step in enumerate(steps)}
    found: set[int] = set()
    for index, step in enumerate(steps):
        brought = [note for note in step.revision.notes if not note.withdrawn]
        if not brought and not step.differences.reworded:
            continue
        named = {by_commit[note.covers] for note in brought if note.covers in by_commit}
        found |= named | {index}
        if brought and len(named) < len(brought):
            found.update(_before(steps, index, grace))
    return found


def _before(steps: Sequence[Step], index: int, grace: timedelta) -> Iterator[int]:
    """The steps right before one, without notes of their own, that are within the grace time."""
    for earlier in range(index - 1, -1, -1):
        revision = steps[earlier].revision
        if revision.notes or steps[index].revision.at - revision.at > grace:
            return
        yield earlier


def _silent_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    told = covered(steps, circumstances.check.grace)
    for index, step in enumerate(steps):
        if index == 0 or index in told or not steps[index - 1].revision.published:
            continue
        if step.change is None or not step.change.substantive:
            continue
        finding = _finding(
            "silent-change",
            step,
            circumstances,
            step.change.reasons[0] if step.change.reasons else "the text",
            f"Tell readers: tracker note {step.revision.path} --update TEXT, or --correction TEXT"
            if not circumstances.unrecorded
            else "Bring the note with the change: tracker record --update TEXT, or --correction",
            offset=step.change.first,
        )
        yield _still_in_grace(finding, step, circumstances)


def _still_in_grace(finding: Finding, step: Step, circumstances: Circumstances) -> Finding:
    """A finding that only warns, while the note may still come."""
    now = circumstances.now
    if circumstances.unrecorded or now is None:
        return finding
    if now - step.revision.at < circumstances.check.grace:
        return replace(finding, severity="warn")
    return finding


def _unpublished(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    advice = (
        "Put it back with an editor's note or a retraction that says why: tracker restore, "
        "tracker note --retraction TEXT"
    )
    for before, step in pairwise(steps):
        if before.revision.published and step.draft and not before.draft:
            words = "a published article was made a draft"
            yield _finding("unpublished", step, circumstances, words, advice)
    if circumstances.deleted and steps and steps[-1].revision.published:
        ends = [event for event in circumstances.events if event.kind == "deleted"]
        if ends:
            revision = steps[-1].revision
            yield Finding(
                "unpublished",
                "warn" if circumstances.check.rules.get("unpublished") == "warn" else "fail",
                ends[-1].path,
                ends[-1].commit,
                revision.number,
                ends[-1].at,
                f"the published article “{revision.headline or revision.path}” was deleted",
                advice,
            )


# --- notes ---------------------------------------------------------------------------------------


def _note_dropped(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    for before, step in pairwise(steps):
        if not before.revision.published or step.revision.notes:
            continue
        for note in step.differences.dropped:
            yield _finding(
                "note-dropped",
                step,
                circumstances,
                f"gone: “{note.text}”",
                "Put the note back, or withdraw it: tracker note --withdraw",
            )


def _note_reworded(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    for before, step in pairwise(steps):
        if not before.revision.published or step.revision.notes:
            continue
        for was, now in step.differences.reworded:
            yield _finding(
                "note-reworded",
                step,
                circumstances,
                f"“{was.text}” became “{now.text}”",
                "Say it openly: tracker note --amend, with the new words",
            )


_TELLS_OF_CHANGE = ("update", "correction", "clarification", "refile")


def _note_without_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    grace = circumstances.check.grace
    for index, step in enumerate(steps[1:], start=1):
        notes = [
            note
            for note in step.revision.notes
            if note.kind in _TELLS_OF_CHANGE and note.covers is None and note.amends is None
        ]
        if not notes or not steps[index - 1].revision.published:
            continue
        seen = [index, *_before(steps, index, grace)]
        if any(_touches_words(steps[each].change) for each in seen if each > 0):
            continue
        yield _finding(
            "note-without-change",
            step,
            circumstances,
            f"“{notes[0].text}”",
            "Check that the change was published; name its revision with --covers if it is older",
        )


def _touches_words(change: Meaning | None) -> bool:
    """True for a change of visible words outside notes."""
    return change is not None and bool(change.labels - {"note", "markup", "metadata", "moved"})


def _note_date(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    zone = circumstances.settings.zone
    newest: Note | None = None
    for step in steps:
        for note in step.revision.notes:
            if note.precision == "none":
                continue
            if newest is not None and _is_before(note, newest, circumstances):
                yield _finding(
                    "note-date",
                    step,
                    circumstances,
                    f"“{note.text}” is dated {_day(note)}, before the note of {_day(newest)}",
                    "Give the note the time at which readers got it",
                )
            elif _is_ahead(note, step.revision.at, circumstances):
                at = step.revision.at.astimezone(zone).isoformat(" ", "minutes")
                yield _finding(
                    "note-date",
                    step,
                    circumstances,
                    f"“{note.text}” is dated {_day(note)}, and was published on {at}",
                    "Give the note the time at which readers got it",
                )
            if newest is None or note.at > newest.at:
                newest = note


def _day(note: Note) -> str:
    if note.precision == "day":
        return note.at.date().isoformat()
    return note.at.isoformat(" ", "minutes")


def _is_before(note: Note, newest: Note, circumstances: Circumstances) -> bool:
    if "day" in (note.precision, newest.precision):
        zone = circumstances.settings.zone
        return note.at.astimezone(zone).date() < newest.at.astimezone(zone).date()
    return note.at < newest.at


def _is_ahead(note: Note, published: datetime, circumstances: Circumstances) -> bool:
    if note.precision == "day":
        # Midnight comes earlier in the east: a day ahead by the newsroom's zone may be today's.
        zone = circumstances.settings.zone
        return note.at.date() > (published.astimezone(zone) + timedelta(hours=14)).date()
    return note.at > published + _CLOCKS


_SOFT = re.compile(
    r"\b(updated?|clarif(?:y|ied|ies)|recast|revised|amended|adjusted)\b", re.IGNORECASE
)
_HARD = re.compile(
    r"\b(incorrect\w*|wrong\w*|misstat\w*|misspel\w*|misidentif\w*|misattribut\w*|mistaken\w*"
    r"|erroneous\w*|inaccurate\w*|in error|correct(?:ed|s|ion)?)\b",
    re.IGNORECASE,
)


def _euphemism(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """AP: a correction must always be labeled a correction."""
    advice = "Call it a correction, and say what was wrong: tracker note --amend"
    for index, step in enumerate(steps):
        for note in step.revision.notes:
            found = _as_found(step, note, circumstances)
            label = found.label if found is not None else note.kind
            says_wrong = _HARD.search(note.text) is not None
            if note.kind == "correction":
                soft = _SOFT.search(note.text)
                if _SOFT.search(label) or (soft and not says_wrong):
                    yield _finding("euphemism", step, circumstances, f"“{note.text}”", advice)
            elif _should_be_correction(note, index, step, says_wrong=says_wrong):
                yield _finding("euphemism", step, circumstances, f"“{note.text}”", advice)


def _should_be_correction(note: Note, index: int, step: Step, *, says_wrong: bool) -> bool:
    if note.kind not in ("update", "clarification") or index == 0:
        return False
    return says_wrong or _only_facts_replaced(step.change)


def _as_found(step: Step, note: Note, circumstances: Circumstances) -> FoundNote | None:
    if note.origin != "body":
        return None
    for found in find_notes(step.text, style=circumstances.settings.style):
        if found.text == note.text:
            return found
    return None


def _only_facts_replaced(change: Meaning | None) -> bool:
    """True where a fact gave way to another and nothing was added: the text was wrong."""
    if change is None or change.labels & {"information-added", "information-removed"}:
        return False
    return change.fact_replaced


# --- front matter and body -----------------------------------------------------------------------


def _footer_out_of_step(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """Only the newest state counts: what an older one looked like cannot be mended."""
    if not steps or circumstances.deleted:
        return
    step = steps[-1]
    settings = circumstances.settings
    document = parse(step.text)
    for line in footer.block_differs(
        document, step.notes, settings.style, settings.zone, settings.footer_max
    ):
        yield _finding(
            "footer-out-of-step",
            step,
            circumstances,
            f"line {line} is not what the notes say",
            "Change the notes in the front matter, then: tracker footer --write",
        )


def _date_moved(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    for before, step in pairwise(steps):
        change = step.change
        if change is None or change.substantive or step.revision.notes:
            continue
        if not before.revision.published:
            continue
        for moved in change.fields:
            if moved.role == "date" and moved.old and moved.new:
                yield _finding(
                    "date-moved",
                    step,
                    circumstances,
                    f"{moved.key}: {moved.old} → {moved.new}",
                    "Put the date back, or tell readers what is new",
                )


_RULES: dict[str, Rule] = {
    "silent-change": _silent_change,
    "unpublished": _unpublished,
    "note-dropped": _note_dropped,
    "note-reworded": _note_reworded,
    "note-without-change": _note_without_change,
    "note-date": _note_date,
    "euphemism": _euphemism,
    "footer-out-of-step": _footer_out_of_step,
    "date-moved": _date_moved,
}


# --- findings that were settled ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """One finding that somebody looked at and closed for good."""

    commit: str  # full hash, or the first seven digits or more
    path: str
    rule: str = ""  # "": all rules
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check."""

    findings: tuple[Finding, ...]
    settled: int = 0  # findings that were closed before
    articles: int = 0
    revisions: int = 0
    rules: dict[str, str] = field(default_factory=lambda: dict(RULES))

    @property
    def failed(self) -> bool:
        """True where a finding fails the check."""
        return any(finding.severity == "fail" for finding in self.findings)


def unsettled(found: Iterable[Finding], settled: Collection[Settled]) -> list[Finding]:
    """The findings that nobody has closed yet."""
    by_path: dict[str, list[Settled]] = {}
    for each in settled:
        by_path.setdefault(each.path, []).append(each)
    return [
        finding
        for finding in found
        if not any(_settles(each, finding) for each in by_path.get(finding.path, ()))
    ]


def _settles(settled: Settled, finding: Finding) -> bool:
    if settled.rule not in ("", finding.rule) or finding.commit is None:
        return False
    return len(settled.commit) >= 7 and finding.commit.startswith(settled.commit)
