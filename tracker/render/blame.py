"""Blame for a terminal, as HTML and as JSON: each passage with the revision that brought it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import click

from tracker.house.notes import wording
from tracker.house.settings import Settings
from tracker.model import Blame, Removal, Revision
from tracker.render.plain import printed, visible
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
    out = [
        '<div class="tracker-blame">',
        f'<div class="tracker-text">{_passages(found, settings, start)}</div>',
    ]
    out += ["<h2>Revisions</h2>", "<ol>"]
    used = {span.revision for span in found.spans if span.end > start}
    used |= {each.revision for each in found.removals if each.place >= start}
    for revision in found.revisions:
        if revision.number in used:
            out.append(_item(revision, settings))
    return "\n".join([*out, "</ol>", "</div>"]) + "\n"


def _passages(found: Blame, settings: Settings, start: int) -> str:
    gone: dict[int, list[Removal]] = {}
    for each in found.removals:
        gone.setdefault(each.place, []).append(each)
    places = sorted(place for place in gone if place >= start)
    parts: list[str] = []
    for span in found.spans:
        at = max(span.start, start)
        if at >= span.end:
            continue
        cuts = [place for place in places if at <= place < span.end]
        for cut in [*cuts, span.end]:
            parts.append(_passage(found, settings, span.revision, found.text[at:cut]))
            if cut < span.end or cut == len(found.text):
                parts += [_taken_out(each) for each in gone.get(cut, ())]
            at = cut
    return "".join(parts).strip("\n")


_TINTS = 4


def _passage(found: Blame, settings: Settings, number: int, words: str) -> str:
    """One passage: plain from the first revision, else marked, the newer the deeper."""
    if not words.strip() or number == 1:
        return escape(visible(words))
    revision = found.revisions[number - 1]
    tint = 1 + (number - 2) * _TINTS // max(len(found.revisions) - 1, 1)
    text = words.rstrip()
    link = f'<sup><a href="#revision-{number}">{number}</a></sup>'
    title = escape(_title(revision, settings))
    return (
        f'<span class="tracker-passage tracker-tint-{tint}" title="{title}">'
        f"{escape(visible(text))}{link}</span>{escape(words[len(text) :])}"
    )


def _taken_out(gone: Removal) -> str:
    number = gone.revision
    return (
        f'<del title="Taken out by revision {number}">{escape(visible(gone.text))}'
        f'<sup><a href="#revision-{number}">{number}</a></sup></del> '
    )


def _item(revision: Revision, settings: Settings) -> str:
    notes = "".join(
        f"<br>{escape(visible(wording.line(settings.style, note, settings.clock)))}"
        for note in revision.notes
    )
    return (
        f'<li id="revision-{revision.number}" value="{revision.number}">'
        f'<time datetime="{revision.at.isoformat()}">{escape(_when(revision, settings))}</time>, '
        f"{escape(visible(revision.person.name))}{notes}</li>"
    )


def _when(revision: Revision, settings: Settings) -> str:
    return settings.stamp(revision.at)


def _title(revision: Revision, settings: Settings) -> str:
    notes = [wording.line(settings.style, note, settings.clock) for note in revision.notes]
    return visible("\n".join([f"Revision {revision.number}, {_when(revision, settings)}", *notes]))
