"""Blame for a terminal, as HTML and as JSON: each passage with the revision that brought it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import click

from tracker.house import style as house_style
from tracker.house.settings import Settings
from tracker.model import Blame, Revision
from tracker.render.plain import printed
from tracker.render.visible import visible


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


def text(found: Blame, settings: Settings) -> Iterator[str]:
    """Passages with their revision before them, and then those revisions with their notes."""
    width = len(str(found.revisions[-1].number))
    before = 0
    for span in found.spans:
        for line in found.text[span.start : span.end].splitlines():
            if not line.strip():
                continue
            number = str(span.revision) if span.revision != before else ""
            before = span.revision
            yield f"{click.style(f'{number:>{width}}', bold=True)} │ {visible(line.strip())}"
    yield ""
    used = {span.revision for span in found.spans}
    for revision in found.revisions:
        if revision.number in used:
            yield from _legend(revision, settings, width)


def _legend(revision: Revision, settings: Settings, width: int) -> Iterator[str]:
    at = revision.at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %Z")
    person = visible(revision.person.name)
    commit = click.style(revision.commit[:10], dim=True)
    yield f"{click.style(f'{revision.number:>{width}}', bold=True)}   {at}  {person}  {commit}"
    for note in revision.notes:
        line = house_style.line(settings.style, note, settings.zone)
        yield f"{'':>{width}}   {click.style(visible(line), fg='green')}"


def removals(found: Blame, settings: Settings) -> Iterator[str]:
    """What was taken out, with the revision that took it, newest first."""
    by_number = {revision.number: revision for revision in found.revisions}
    for each in sorted(found.removals, key=lambda each: (-each.revision, each.place)):
        revision = by_number[each.revision]
        at = revision.at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %Z")
        words = visible(" ".join(each.text.split()))
        yield f"{click.style(f'{each.revision:>4}', bold=True)}  {at}  [-{words}-]"
        yield f"      in the text since revision {each.brought}"
        for note in revision.notes:
            line = house_style.line(settings.style, note, settings.zone)
            yield f"      {click.style(visible(line), fg='green')}"


def html(found: Blame, settings: Settings) -> str:
    """A fragment: the text as it is written, each passage with its revision, and a list of them.

    Passages link to the revision that brought them; what was taken out stands where it stood, as
    ``<del>`` in a ``<details>`` that is closed.
    """
    out = ['<div class="blame">', '<p class="passages">']
    cuts = {each.place for each in found.removals}
    for span in found.spans:
        revision = found.revisions[span.revision - 1]
        title = escape(_title(revision, settings))
        at = span.start
        for cut in [*sorted(cut for cut in cuts if span.start <= cut < span.end), span.end]:
            words = escape(visible(found.text[at:cut]))
            if words:
                out.append(
                    f'<a class="passage" href="#revision-{span.revision}" title="{title}" '
                    f'data-revision="{span.revision}">{words}</a>'
                )
            out += _taken_out(found, cut) if cut in cuts else []
            at = cut
            cuts.discard(cut)
    out += ["</p>", '<ol class="revisions">']
    used = {span.revision for span in found.spans} | {each.revision for each in found.removals}
    for revision in found.revisions:
        if revision.number in used:
            at_text = revision.at.isoformat()
            notes = "".join(
                f"<br>{escape(visible(house_style.line(settings.style, note, settings.zone)))}"
                for note in revision.notes
            )
            out.append(
                f'<li id="revision-{revision.number}" value="{revision.number}">'
                f'<time datetime="{at_text}">{escape(_when(revision, settings))}</time>, '
                f"{escape(visible(revision.person.name))}{notes}</li>"
            )
    return "\n".join([*out, "</ol>", "</div>"]) + "\n"


def _taken_out(found: Blame, place: int) -> Iterator[str]:
    for each in found.removals:
        if each.place == place:
            words = escape(visible(each.text))
            yield (
                f'<del class="removed" data-revision="{each.revision}" '
                f'title="taken out by revision {each.revision}">{words}</del>'
            )


def _when(revision: Revision, settings: Settings) -> str:
    return revision.at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %Z")


def _title(revision: Revision, settings: Settings) -> str:
    notes = [house_style.line(settings.style, note, settings.zone) for note in revision.notes]
    return visible("\n".join([f"Revision {revision.number}, {_when(revision, settings)}", *notes]))
