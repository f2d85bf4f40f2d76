"""Blame for a terminal, as HTML and as JSON: each passage with the revision that brought it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from tracker.house.notes import wording
from tracker.house.settings import Settings
from tracker.model import Blame, Note, Removal, Revision
from tracker.render.plain import filled, printed, visible
from tracker.text.document import parse


def as_object(found: Blame) -> object:
    """What ``blame --json`` prints; the schema is in ``docs/blame.schema.json``."""
    used = {span.revision for span in found.spans} | {each.revision for each in found.removals}
    return printed(
        article=found.article,
        revision=found.revisions[-1].number,
        spans=[
            {
                "start": span.start,
                "end": span.end,
                "revision": span.revision,
                "text": found.text[span.start : span.end],
            }
            for span in found.spans
        ],
        removals=found.removals,
        revisions=[each for each in found.revisions if each.number in used],
    )


def text(found: Blame, settings: Settings, *, whole: bool = False) -> Iterator[str]:
    """The body, each passage beside number, day and person of its revision; then the revisions.

    With ``whole`` the front matter too.
    """
    start = 0 if whole else parse(found.text).body_start
    shown = {span.revision for span in found.spans if span.end > start}
    by_number = {each.number: each for each in found.revisions if each.number in shown}
    width = len(str(found.revisions[-1].number))
    signs = {
        number: f"{number:>{width}}  {settings.local(each.at):%Y-%m-%d}  {_short_name(each):<12}"
        for number, each in by_number.items()
    }
    before, blank = 0, True
    for span in found.spans:
        lines = found.text[max(span.start, start) : max(span.end, start)].splitlines()
        for line in lines:
            if not line.strip():
                if not blank:
                    yield f"{'':{width + 26}} │"
                blank = True
                continue
            sign = signs[span.revision] if span.revision != before else ""
            before, blank = span.revision, False
            yield f"{click.style(f'{sign:{width + 26}}', bold=True)} │ {visible(line.strip())}"
    yield ""
    for revision in by_number.values():
        yield from _legend(revision, settings, width)


def _short_name(revision: Revision) -> str:
    """The last word of a person's name, as far as there is room."""
    return visible((revision.person.name.split() or [""])[-1])[:12]


def _legend(revision: Revision, settings: Settings, width: int) -> Iterator[str]:
    at = settings.stamp(revision.at)
    person = visible(revision.person.name)
    commit = click.style(revision.commit[:10], dim=True)
    yield f"{click.style(f'{revision.number:>{width}}', bold=True)}   {at}  {person}  {commit}"
    for note in revision.notes:
        line = wording.line(settings.style, note, settings.clock)
        yield f"{'':>{width}}   {click.style(visible(line), fg='green')}"


def removals(found: Blame, settings: Settings) -> Iterator[str]:
    """What was taken out, with the revision that took it, newest first."""
    by_number = {revision.number: revision for revision in found.revisions}
    for each in sorted(found.removals, key=lambda each: (-each.revision, each.place)):
        revision = by_number[each.revision]
        at = settings.stamp(revision.at)
        words = visible(" ".join(each.text.split()))
        yield f"{click.style(f'{each.revision:>4}', bold=True)}  {at}  [-{words}-]"
        yield f"      in the text since revision {each.brought}"
        for note in revision.notes:
            line = wording.line(settings.style, note, settings.clock)
            yield f"      {click.style(visible(line), fg='green')}"


def html(found: Blame, settings: Settings) -> str:
    """A fragment: the body as it is written, and the revisions that brought its passages.

    Passages that came after the first revision are marked, with a link to their revision; what
    was taken out stands as ``<del>`` where it stood. Front matter is left out.
    """
    start = parse(found.text).body_start
    used = {span.revision for span in found.spans if span.end > start}
    used |= {each.revision for each in found.removals if each.place >= start}

    def line(note: Note) -> str:
        return wording.line(settings.style, note, settings.clock)

    def title(number: int) -> str:
        revision = found.revisions[number - 1]
        first = f"Revision {number}, {settings.stamp(revision.at)}"
        return "\n".join([first, *map(line, revision.notes)])

    return filled(
        "blame.html",
        parts=_passages(found, start),
        revisions=[each for each in found.revisions if each.number in used],
        stamp=settings.stamp,
        line=line,
        title=title,
    )


class _Passage(NamedTuple):
    """Words of the page that one revision brought, or took out."""

    number: int
    words: str
    tint: int = 0  # the newer the deeper; 0: not marked
    gone: bool = False


def _passages(found: Blame, start: int) -> list[_Passage]:
    gone: dict[int, list[Removal]] = {}
    for each in found.removals:
        gone.setdefault(each.place, []).append(each)
    places = sorted(place for place in gone if place >= start)
    parts: list[_Passage] = []
    for span in found.spans:
        at = max(span.start, start)
        if at >= span.end:
            continue
        cuts = [place for place in places if at <= place < span.end]
        for cut in [*cuts, span.end]:
            parts += _passage(span.revision, found.text[at:cut], len(found.revisions))
            if cut < span.end or cut == len(found.text):
                parts += [
                    _Passage(each.revision, each.text, gone=True) for each in gone.get(cut, ())
                ]
            at = cut
    return parts


_TINTS = 4


def _passage(number: int, words: str, revisions: int) -> Iterator[_Passage]:
    """A passage, and the space after it, which is not marked: nor is what the first brought."""
    text = words.rstrip() if number > 1 else ""
    if text:
        yield _Passage(number, text, 1 + (number - 2) * _TINTS // max(revisions - 1, 1))
    yield _Passage(number, words[len(text) :])
