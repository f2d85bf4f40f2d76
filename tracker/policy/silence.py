"""Changes that nobody told readers of, and articles that went away without a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from shlex import quote

from tracker.house.note_joining import key
from tracker.house.standing import standing
from tracker.model import Event, Finding, Note, Saying
from tracker.policy.rewording import is_small
from tracker.policy.step import Circumstances, Step, finding


def covered(steps: Sequence[Step], grace: timedelta) -> set[int]:
    """The indexes of the steps that a note covers.

    A note covers the revision that brings it, those within the grace time before it that brought
    no note of their own, and the one that it names. A note that stood before and now says
    something else, or the same of a later day ("Last updated"), covers its revision.
    """
    by_commit = {step.revision.commit: index for index, step in enumerate(steps)}
    found: set[int] = set()
    for index, step in enumerate(steps):
        brought = [note for note in step.revision.notes if not note.withdrawn]
        if brought or _says_more(steps, index):
            named = {by_commit[note.covers] for note in brought if note.covers in by_commit}
            found |= named | {index}
            if len(named) < len(brought):
                found.update(before(steps, index, grace))
    return found


def before(steps: Sequence[Step], index: int, grace: timedelta) -> Iterator[int]:
    """The steps right before one, without notes of their own, that are within the grace time."""
    for earlier in range(index - 1, -1, -1):
        revision = steps[earlier].revision
        if revision.notes or steps[index].revision.at - revision.at > grace:
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


def silent_change(steps: Sequence[Step], circumstances: Circumstances) -> Iterator[Finding]:
    """A change of substance that readers could see, and no note.

    What was changed while the article was a draft again is seen when it comes back.
    """
    told = covered(steps, circumstances.check.grace)
    unseen: list[int] = []
    for index, step in enumerate(steps):
        if index == 0 or not steps[index - 1].revision.published:
            continue
        if step.draft:
            unseen.append(index)
            continue
        seen, unseen = [*unseen, index], []
        silent = [each for each in seen if each not in told and _of_substance(steps[each])]
        if silent and not (len(seen) > 1 and index in told):
            yield _silent(step, steps[silent[-1]], circumstances)


def _of_substance(step: Step) -> bool:
    return step.change is not None and step.change.substantive


def _silent(step: Step, changed: Step, circumstances: Circumstances) -> Finding:
    assert changed.change is not None
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
    why = changed.change.why
    line = changed.change.line if changed is step else None
    said = why[0] if why else Saying("finding.text")
    found = finding("silent-change", step, circumstances, said, advice, line=line)
    now, grace = circumstances.now, circumstances.check.grace
    if circumstances.unrecorded or now is None or now - step.revision.at >= grace:
        return found
    return found._replace(severity="warn")  # the note may still come


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
