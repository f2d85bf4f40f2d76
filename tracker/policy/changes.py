"""Changes that nobody told readers of, articles that went without a word, and dates that moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import PurePosixPath
from shlex import quote
from typing import NamedTuple

from tracker.house import footer
from tracker.house.body_line import PlacingError
from tracker.house.changelog import standing
from tracker.model import Event, FieldChange, Finding, Meaning, Saying
from tracker.policy.step import Circumstances, Step, covered, finding, touches_words
from tracker.text.document import parse


def silent_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A change of substance that readers could see, and no note.

    What was changed while the article was a draft again is seen when it comes back. Changes of one
    sitting are one finding, about the last of them.
    """
    told = covered(steps, circumstances.check)
    sitting: list[_Seen] = []
    for seen in _silent(steps, told):
        if sitting and seen.at - sitting[-1].at > circumstances.check.sitting:
            yield _told_of(sitting, circumstances)
            sitting = []
        sitting.append(seen)
    if sitting:
        yield _told_of(sitting, circumstances)


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
        if step.draft:
            unseen.append(index)
            continue
        seen, unseen = [*unseen, index], []
        silent = [steps[each] for each in seen if each not in told]
        found = [_Seen(step, each, each.change) for each in silent if each.change is not None]
        of_substance = [each for each in found if each.change.substantive]
        if of_substance and not (len(seen) > 1 and index in told):
            yield of_substance[-1]


def _told_of(sitting: Sequence[_Seen], circumstances: Circumstances) -> Finding:
    """One finding about the last of these changes, with the reasons of all of them."""
    step, changed, _ = sitting[-1]
    path, number = step.revision.path, step.revision.number
    if circumstances.unrecorded:
        advice = Saying.of(
            "advice.bring",
            command="tracker record --update TEXT",
            command_2="--correction TEXT",
        )
    else:
        command = f"tracker note {quote(path)} --covers {number} --correction TEXT"
        advice = Saying.of("advice.tell", command=command, command_2="--update")
    heaviest = sorted(sitting, key=lambda each: each.change.score, reverse=True)
    why = tuple(dict.fromkeys(reason for each in heaviest for reason in each.change.why))
    found = finding(
        "silent-change",
        step,
        circumstances,
        why[0] if why else Saying("finding.text"),
        advice,
        line=sitting[-1].change.line if changed is step else None,
        why=why,
        score=heaviest[0].change.score,
    )
    found = found._replace(also=tuple(each.step.revision.commit for each in sitting[:-1]))
    now, grace = circumstances.now, circumstances.check.grace
    if circumstances.unrecorded or now is None or now - step.revision.at >= grace:
        return found
    return found._replace(severity="warn", until=step.revision.at + grace)  # it may still come


def unpublished(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A published article that readers can no longer read, and that took no leave of them.

    One that is out again is no finding, nor one whose retraction readers had been given.
    """
    out = [step for step in steps if step.revision.published and not step.draft]
    if not out or any(note.kind == "retraction" for note in standing(out[-1].notes)):
        return
    last = steps[-1]
    title = out[-1].revision.headline or out[-1].revision.path
    advice = Saying("advice.put-article-back")
    if circumstances.deleted:
        ends = [event for event in circumstances.events if event.kind == "deleted"]
        said = Saying.of("finding.deleted", title=title)
    else:
        ends = [event for event in circumstances.events if event.kind == "moved"]
        if not ends or not (circumstances.outside or _is_drafts(ends[-1].path)):
            if last.draft:
                hidden = steps[steps.index(out[-1]) + 1]
                said = Saying.of("finding.hidden", title=title)
                yield finding("unpublished", hidden, circumstances, said, advice)
            return
        said = Saying.of("finding.moved-away", title=title, path=ends[-1].path)
    if ends:
        yield _gone(last, ends[-1], circumstances, said, advice)


def _is_drafts(path: str) -> bool:
    return "_drafts" in PurePosixPath(path).parts


def _gone(
    last: Step, event: Event, circumstances: Circumstances, said: Saying, advice: Saying
) -> Finding:
    found = finding("unpublished", last, circumstances, said, advice)
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
    step = steps[-1]
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
        yield finding(
            "footer-out-of-step",
            step,
            circumstances,
            error.said,
            error.advised(_WRITE),
            line=error.line,
        )
        return
    if lines:
        said = Saying.of("finding.lines-differ", number=len(lines))
    elif made == document.text:
        return
    else:
        said = Saying("finding.lines-missing")
    yield finding(
        "footer-out-of-step",
        step,
        circumstances,
        said,
        Saying.of("advice.change-notes", command=_WRITE),
        line=lines[0] if lines else None,
    )


_WRITE = "tracker footer --write"


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
            yield finding(
                "date-moved",
                step,
                circumstances,
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
    old, new = _instant(field.old), _instant(field.new)
    if old is None or new is None or old.date() == new.date():
        return False
    # The same instant may have two days, told in two zones.
    return old.tzinfo is None or new.tzinfo is None or old != new


def _line_of_key(text: str, key: str) -> int | None:
    found = re.search(
        rf"^[ \t]*[\"']?{re.escape(key.rpartition('.')[2])}[\"']?[ \t]*[:=]", text, re.MULTILINE
    )
    return None if found is None else text.count("\n", 0, found.start()) + 1


_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(\S*)"
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")


def _instant(value: str) -> datetime | None:
    """The instant or day that a value of the front matter means; None for anything else.

    Naive where it names no offset; a zone that is named by letters counts as none.
    """
    found = _ISO.match(value.strip())
    if found is None:
        return _in_words(value)
    year, month, day, hour, minute = (int(part or 0) for part in found.groups()[:5])
    try:
        at = datetime.combine(date(year, month, day), time(hour, minute))
    except ValueError:
        return None
    if found[6] in ("Z", "UTC"):
        return at.replace(tzinfo=UTC)
    offset = _OFFSET.fullmatch(found[6])
    if offset is None or found[4] is None:
        return at
    try:
        return datetime.fromisoformat(f"{at.isoformat()}{offset[1]}{offset[2]}:{offset[3]}")
    except ValueError:
        return at


def _in_words(value: str) -> datetime | None:
    """A day written out: “July 27, 2021”."""
    from tracker.house.dates.find import find_stamps

    days = {stamp.date for stamp in find_stamps(value[:200]) if stamp.date is not None}
    if len(days) != 1:
        return None
    day = days.pop()
    return datetime.combine(day, time())
