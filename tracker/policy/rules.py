"""The rules by name, those about changes and dates, and all of them run over one article."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import PurePosixPath
from shlex import quote
from types import MappingProxyType
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house import footer
from tracker.house.changelog import standing
from tracker.house.dates.find import find_stamps
from tracker.house.footer import PlacingError
from tracker.house.toml_file import nearest
from tracker.model import Event, FieldChange, Finding, Meaning, Reason, Saying
from tracker.policy import notes
from tracker.policy.step import (
    PUBLISHING,
    SMALL,
    Circumstances,
    Rule,
    Step,
    covered,
    named,
    timely,
    touches_words,
)
from tracker.text.document import parse
from tracker.text.front_matter import read_date

# --- changes that readers were not told of, deleted articles, dates that moved ------------------


def silent_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A change of substance that readers could see, and no note.

    What was changed while the article was a draft again is seen when it comes back. Changes of one
    sitting are one finding, about the last of them.
    """
    told = covered(steps, circumstances.check)
    sitting: list[_Seen] = []
    for seen in _silent(steps, told):
        if sitting and seen.at - sitting[-1].at > circumstances.check.sitting:
            yield from _told_of(sitting, steps, circumstances)
            sitting = []
        sitting.append(seen)
    if sitting:
        yield from _told_of(sitting, steps, circumstances)


class _Seen(NamedTuple):
    """A change of substance, at the step with which readers could see it."""

    step: Step
    changed: Step
    change: Meaning

    @property
    def at(self) -> datetime:
        return self.step.revision.at


def _silent(steps: Sequence[Step], told: set[int]) -> Iterator[_Seen]:
    unseen: list[int] = []
    for index, step in enumerate(steps):
        if index == 0 or not steps[index - 1].revision.published:
            continue
        if steps[index - 1].bare and not step.bare:
            continue  # a headline gets its article
        if step.draft:
            unseen.append(index)
            continue
        seen, unseen = [*unseen, index], []
        silent = [steps[each] for each in seen if each not in told]
        found = [_Seen(step, each, each.change) for each in silent if each.change is not None]
        of_substance = [each for each in found if each.change.substantive]
        if of_substance and not (len(seen) > 1 and index in told):
            yield of_substance[-1]


def _told_of(
    sitting: Sequence[_Seen], steps: Sequence[Step], circumstances: Circumstances
) -> Iterator[Finding]:
    """One finding about the last of these changes, with the reasons of all of them.

    None where the sitting itself took back what it had changed.
    """
    left = _not_taken_back(sitting)
    if not left:
        return
    step, changed, _ = sitting[-1]
    number = step.revision.number
    if circumstances.unrecorded:
        advice = Saying.of(
            "advice.bring",
            command="tracker record --update TEXT",
            command_2="--correction TEXT",
        )
    else:
        command = f"tracker note {named(steps, circumstances)} --covers {number} --correction TEXT"
        advice = Saying.of("advice.tell", command=command, command_2="--update")
    heaviest = sorted(left, key=lambda each: each.change.score, reverse=True)
    why = tuple(dict.fromkeys(reason for each in heaviest for reason in each.change.why))
    language = circumstances.settings.language
    timed = timely(steps, step.revision.at, circumstances.check.sitting)
    if any(notes.was_unwritten(reason, language) for reason in why):
        timed = min(timed, PUBLISHING)  # the article, or a part of it, had not been written
    found = circumstances.finding(
        step,
        why[0] if why else Saying("finding.text"),
        advice,
        line=sitting[-1].change.line if changed is step else None,
        why=why,
        score=heaviest[0].change.score * timed,
    )
    found = found._replace(also=tuple(each.step.revision.commit for each in sitting[:-1]))
    now, grace = circumstances.now, circumstances.check.grace
    if not circumstances.unrecorded and now is not None and now - step.revision.at < grace:
        found = found._replace(severity="warn", until=step.revision.at + grace)  # it may still come
    yield found


def _not_taken_back(sitting: Sequence[_Seen]) -> list[_Seen]:
    """The changes with the reasons that no other change of the sitting turned back."""
    turns = [{_turn(each) for each in one.change.why} for one in sitting]
    found = []
    for number, one in enumerate(sitting):
        others = set[tuple[str, str, str]]().union(*turns[:number], *turns[number + 1 :])
        why = tuple(each for each in one.change.why if _turn(each, back=True) not in others)
        if len(why) == len(one.change.why) or any(each.label not in SMALL for each in why):
            found.append(one._replace(change=one.change._replace(why=why)))
    return found


def _turn(reason: Reason, *, back: bool = False) -> tuple[str, str, str]:
    """What a reason says changed into what; or that the other way round."""
    label = reason.label.removesuffix("-added").removesuffix("-removed")
    return (label, reason.new, reason.old) if back else (label, reason.old, reason.new)


def unpublished(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A published article that readers can no longer read, and that took no leave of them.

    One that is out again is no finding, nor one whose retraction readers had been given, nor one
    whose last version brought an editor's note.
    """
    out = [step for step in steps if step.revision.published and not step.draft]
    if not out or any(note.kind == "retraction" for note in standing(out[-1].notes)):
        return
    if any(note.kind == "editors-note" for note in out[-1].revision.notes):
        return
    last = steps[-1]
    title = out[-1].revision.headline or out[-1].revision.path
    advice = Saying("advice.put-article-back")
    if circumstances.deleted:
        ends = [event for event in circumstances.events if event.kind == "deleted"]
        said = Saying.of("finding.deleted", title=title)
        if ends and not circumstances.unrecorded:
            path = quote(ends[-1].old_path or ends[-1].path)
            command = f"tracker restore {path} latest --editors-note TEXT"
            advice = Saying.of("advice.restore", command=command, command_2="--retraction")
    else:
        ends = [event for event in circumstances.events if event.kind == "moved"]
        if not ends or not (circumstances.outside or _is_drafts(ends[-1].path)):
            if last.draft:
                hidden = steps[steps.index(out[-1]) + 1]
                said = Saying.of("finding.hidden", title=title)
                yield circumstances.finding(hidden, said, advice)
            return
        said = Saying.of("finding.moved-away", title=title, path=ends[-1].path)
    if ends:
        gone = _gone(last, ends[-1], circumstances, said, advice)
        timed = timely(steps, ends[-1].at, circumstances.check.sitting)
        yield gone._replace(score=gone.score * timed)


def _is_drafts(path: str) -> bool:
    return "_drafts" in PurePosixPath(path).parts


def _gone(
    last: Step, event: Event, circumstances: Circumstances, said: Saying, advice: Saying
) -> Finding:
    found = circumstances.finding(last, said, advice)
    path = event.old_path or event.path
    return found._replace(path=path, commit=event.commit or None, at=event.at)


# --- front matter and body ----------------------------------------------------------------------


_TOUCHED = frozenset(
    [
        "modified",
        "updated",
        "lastmod",
        "datemodified",
        "lastmodified",
        "lastmodifiedat",
        "lastupdated",
        "updatedat",
    ]
)
"""Keys that say when a text was last changed, without spaces, dashes and capitals."""

_NO_MATTER = frozenset({"expirydate"})


def footer_out_of_step(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """Only the newest state counts: what an older one looked like cannot be mended."""
    if not steps or circumstances.deleted or circumstances.outside:
        return
    step, write = steps[-1], f"tracker footer {named(steps, circumstances)} --write"
    notes = [note for note in step.notes if note.origin == "front-matter"]
    if not notes or not (step.marked or circumstances.settings.footer_embed):
        return
    settings = circumstances.settings
    document = parse(step.text)
    house = (settings.style, settings.zone, settings.footer_max)
    try:
        lines = footer.block_differs(document, notes, *house)
        made = footer.embed(document, notes, *house) if settings.footer_embed else document.text
    except PlacingError as error:
        yield circumstances.finding(
            step,
            error.said,
            error.advised(write),
            line=error.line,
        )
        return
    if lines:
        said = Saying.of("finding.lines-differ", number=len(lines))
    elif made == document.text:
        return
    else:
        said = Saying("finding.lines-missing")
    yield circumstances.finding(
        step,
        said,
        Saying.of("advice.change-notes", command=write),
        line=lines[0] if lines else None,
    )


def date_moved(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A date that says that an article is newer, or older, than what readers find.

    Left alone are another spelling of the same instant, a date that is set right within the grace
    time after publication, and a key such as ``lastmod`` that moves with a change of visible words.
    """
    out: datetime | None = None
    for before, step in pairwise(steps):
        if not before.revision.published or step.draft:
            continue
        out = before.revision.at if out is None else out
        change = step.change
        if change is None or change.substantive or step.revision.notes:
            continue
        for moved in change.fields:
            if moved.role != "date" or not _moves(moved):
                continue
            if _bare(moved.key) in _TOUCHED:
                if touches_words(change):
                    continue
            elif step.revision.at - out <= circumstances.check.grace:
                continue
            yield circumstances.finding(
                step,
                Saying.of(
                    "finding.date-moved", key=moved.key, old=moved.old or "", new=moved.new or ""
                ),
                Saying("advice.date-back"),
                line=_line_of_key(step.text, moved.key),
            )


def _bare(key: str) -> str:
    return re.sub(r"[\s_-]", "", key.rpartition(".")[2]).lower()


def _moves(field: FieldChange) -> bool:
    """True where both values are dates, of different days."""
    if not field.old or not field.new or _bare(field.key) in _NO_MATTER:
        return False
    dates = _dated(field.old), _dated(field.new)
    days = [each.date() if isinstance(each, datetime) else each for each in dates]
    if None in days or days[0] == days[1]:
        return False
    # The same instant may have two days, told in two zones.
    aware = all(isinstance(each, datetime) and each.tzinfo is not None for each in dates)
    return not aware or dates[0] != dates[1]


def _line_of_key(text: str, key: str) -> int | None:
    found = re.search(
        rf"^[ \t]*[\"']?{re.escape(key.rpartition('.')[2])}[\"']?[ \t]*[:=]", text, re.MULTILINE
    )
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _dated(value: str) -> date | None:
    """The day or instant that a value of the front matter means; None for anything else."""
    if (found := read_date(value)) is not None:
        return found
    days = {stamp.date for stamp in find_stamps(value[:200]) if stamp.date is not None}
    return days.pop() if len(days) == 1 else None


# --- all rules over one article -----------------------------------------------------------------

_RULES = (
    Rule(
        "silent-change", "A change of substance after publication that no note covers.", 0.6,
        silent_change,
    ),
    Rule(
        "unpublished",
        "A published article was deleted, made a draft again, or moved out of sight.", 0.6,
        unpublished,
    ),
    Rule(
        "note-dropped", "A note that readers had been given is gone, and no note says so.", 0.9,
        notes.note_dropped,
    ),
    Rule(
        "note-reworded", "A note says something else than before, and no note says so.", 0.8,
        notes.note_reworded,
    ),
    Rule(
        "note-incomplete", "A note does not tell of a fact that its revision changed.", 0.7,
        notes.note_incomplete, "warn",
    ),
    Rule(
        "note-without-change", "A note says that the text was changed, and it was not.", 0.6,
        notes.note_without_change,
    ),
    Rule(
        "note-date", "A note is dated before one that came earlier, or in the future.", 0.4,
        notes.note_date,
    ),
    Rule(
        "euphemism", "An error was fixed, and the note does not call it a correction.", 0.5,
        notes.euphemism,
    ),
    Rule(
        "footer-out-of-step", "The update lines in the body differ from the notes.", 0.3,
        footer_out_of_step,
    ),
    Rule(
        "date-moved", "A date of the front matter moved, and nothing of substance changed.", 0.4,
        date_moved,
    ),
)  # fmt: skip
RULES: dict[str, str] = {rule.name: rule.about for rule in _RULES}
"""Every rule with what it finds. All but one fail a check unless the settings say otherwise."""


def findings(steps: Sequence[Step], circumstances: Circumstances) -> tuple[Finding, ...]:
    """What an editor should look at in one article, in the order of its revisions.

    Rules that the settings turn off are not run. What lies before ``[check] since``, or outside
    the commits asked for, is left out.
    """
    since, commits = circumstances.since, circumstances.commits
    found = [
        finding
        for rule in _RULES
        if circumstances.check.rules.get(rule.name, "fail") != "off"
        for finding in rule.run(steps, circumstances._replace(rule=rule))
        if since is None or finding.at is None or finding.at >= since
    ]
    if commits is not None:
        found = [each for each in found if any(one in commits for one in (each.commit, *each.also))]
    if circumstances.settings.kind == "followed":
        found = [_reported(each) for each in found]
    order = list(RULES)
    return tuple(sorted(found, key=lambda each: (each.revision or 0, order.index(each.rule))))


def _reported(finding: Finding) -> Finding:
    """The finding with advice for those who watch, and who cannot mend other people's articles."""
    from tracker.locale import sentence

    last = finding.revision or 0
    versions = f"diff {quote(finding.path)} {last - 1} {last}"
    command = f"tracker {versions if last > 1 else f'history {quote(finding.path)}'}"
    advised = Saying.of("advice.report", command=command)
    return finding._replace(advised=advised, advice=sentence(advised))


def refuse_unknown(names: Iterable[str], where: str) -> None:
    """Raise ``TrackerError`` for a name that is no rule's, with the nearest one.

    ``where`` is the table that holds them, as in “tracker.toml: check.rules”.
    """
    for name in names:
        if name not in RULES:
            near = nearest(name, RULES)
            hint = f"Did you mean “{near}”?" if near else f"The rules are {', '.join(RULES)}."
            raise TrackerError(f"{where}: there is no rule “{name}”.", hint)


# --- the outcome, and what somebody closed for good --------------------------------------------


class Resolved(NamedTuple):
    """One finding that somebody looked at and closed for good."""

    commit: str  # full hash, or the first seven digits or more; lower case; "": see `before`
    path: str  # "": all articles
    rule: str = ""  # "": all rules
    who: str = ""
    why: str = ""
    before: datetime | None = None  # aware; with no commit: what came before this is closed


class CheckResult(NamedTuple):
    """The outcome of a check."""

    findings: tuple[Finding, ...]
    settled: int = 0  # findings that were closed before
    articles: int = 0
    revisions: int = 0
    skipped: tuple[str, ...] = ()  # sentences: articles that could not be read
    since: datetime | None = None  # aware; what is older was not looked at
    rules: Mapping[str, str] = MappingProxyType(RULES)

    @property
    def failed(self) -> bool:
        """True where a finding fails the check."""
        return any(finding.severity == "fail" for finding in self.findings)


def unresolved(found: Iterable[Finding], resolved: Collection[Resolved]) -> list[Finding]:
    """The findings that nobody has closed yet: of several revisions, each has to be closed."""
    by_path: dict[str, list[Resolved]] = {}
    for each in resolved:
        by_path.setdefault(each.path, []).append(each)
    return [
        finding
        for finding in found
        if finding.commit is None
        or not all(
            any(
                _resolves(each, finding, commit)
                for path in (finding.path, "")
                for each in by_path.get(path, ())
            )
            for commit in (finding.commit, *finding.also)
        )
    ]


def _resolves(resolved: Resolved, finding: Finding, commit: str) -> bool:
    if resolved.rule not in ("", finding.rule):
        return False
    if resolved.before is not None:
        return finding.at is not None and finding.at < resolved.before
    return len(resolved.commit) >= 7 and commit.startswith(resolved.commit)
