"""An article's history and its passages, for a terminal, as HTML and as JSON."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tracker.house.notes import wording
from tracker.house.notes.passages import plain_words
from tracker.house.settings import Settings
from tracker.model import (
    Article,
    Blame,
    Change,
    Edit,
    Event,
    History,
    Hit,
    Note,
    Removal,
    Revision,
    SearchResult,
    Span,
)
from tracker.render.plain import counted, filled, plain, printed, record, visible
from tracker.text.document import parse

if TYPE_CHECKING:
    from tracker.newsroom.catalog import CatalogState


def heading(revision: Revision, settings: Settings) -> str:
    """One line that says which revision: number, when, who, words, commit."""
    at = settings.stamp(revision.at)
    return (
        f"revision {revision.number}, {at}, {visible(revision.person.name)}, "
        f"{words(revision)}, commit {revision.commit[:10]}"
    )


def words(revision: Revision) -> str:
    """Words added and removed, as ``+21 −3 words``."""
    return f"+{revision.words_added} −{revision.words_removed} words"


def history_lines(
    life: History,
    settings: Settings,
    *,
    limit: int | None = None,
    substantive: bool = False,
    reverse: bool = False,
) -> Iterator[str]:
    """An article's revisions and events, newest first unless ``reverse``."""
    state = " (deleted)" if life.deleted else ""
    headline = click.style(visible(life.article.headline), bold=True)
    yield f"{headline}{state}  {visible(life.article.path)}"
    for line in _items(life, settings, limit=limit, substantive=substantive, reverse=reverse):
        yield from line


def _items(
    life: History, settings: Settings, *, limit: int | None, substantive: bool, reverse: bool
) -> Iterator[list[str]]:
    shown = _chosen(life, limit=limit, substantive=substantive)
    items: list[tuple[tuple[float, int, int], list[str]]] = []
    for revision in shown:
        # Revisions keep the order of the published line, whatever their author dates say.
        key = (float(revision.number), 1, 0)
        items.append((key, list(revision_lines(revision, settings))))
    first = shown[0] if shown else None
    for when, event in enumerate(() if substantive else life.events):
        place = float(place_of(event, life.revisions))
        if first is None or place >= first.number or limit is None:
            items.append(((place, 2, when), [_event_line(event, settings)]))
    items.sort(key=lambda item: item[0], reverse=not reverse)
    for _, lines in items:
        yield lines
    hidden = len(life.revisions) - len(shown)
    if hidden:
        yield [
            click.style(f"  … {hidden} more: see them without --limit or --substantive", dim=True)
        ]


def place_of(event: Event, revisions: Sequence[Revision]) -> int:
    """The number of the revision that an event comes with, or after; 0 before the first."""
    for revision in revisions:
        if revision.commit == event.commit:
            return revision.number
    before = [each.number for each in revisions if each.at <= event.at]
    return before[-1] if before else 0


def _chosen(life: History, *, limit: int | None, substantive: bool) -> Sequence[Revision]:
    shown = life.revisions if limit is None else life.revisions[-limit:]
    return (
        [each for each in shown if each.substantive or each.number == 1] if substantive else shown
    )


def revision_lines(
    revision: Revision, settings: Settings, article: Article | None = None
) -> Iterator[str]:
    """A revision: its line, its notes in house style, and why it matters."""
    at = settings.stamp(revision.at)
    tags = []
    if not revision.published:
        tags.append("before publication")
    elif revision.substantive:
        tags.append(click.style("substantive", fg="yellow"))
    number = click.style(f"{revision.number:>4}", bold=True)
    parts = [at, visible(revision.person.name), words(revision), *tags]
    yield f"{number}  {'  '.join(parts)}  {click.style(revision.commit[:10], dim=True)}"
    if article is not None:
        headline = revision.headline or article.slug.replace("-", " ")  # of its day
        yield f"      {click.style(visible(headline), bold=True)}  {visible(article.path)}"
    for note in revision.notes:
        line = plain_words(wording.line(settings.style, note, settings.clock))
        yield f"      {click.style(visible(line), fg='green')}"
    shown = 3 if revision.substantive else 1
    told = bool(revision.notes)  # a note is named once
    reasons = [each for each in revision.why if not (told and each.label == "note")]
    for reason in [each.sentence for each in reasons][:shown]:
        yield f"      {click.style(visible(reason), dim=True)}"
    if revision.substantive and len(reasons) > shown:
        yield click.style(f"      … and {len(reasons) - shown} more", dim=True)
    if len(revision.written_on) > 1:
        yield click.style("      merged: what two sides wrote at the same time", dim=True)
    if revision.side:
        commits = counted(len(revision.side), "commit")
        yield click.style(f"      merged: {commits} that readers never saw", dim=True)


def _event_line(event: Event, settings: Settings) -> str:
    at = settings.stamp(event.at)
    what = {
        "moved": f"moved from {visible(event.old_path or '')} to {visible(event.path)}",
        "deleted": f"deleted {visible(event.path)}",
        "returned": f"returned as {visible(event.path)}",
        "ignored": f"left out by the list of ignored commits: {visible(event.subject)}",
    }[event.kind]
    commit = click.style(event.commit[:10], dim=True)
    return f"   ·  {at}  {visible(event.person.name)}  {what}  {commit}"


def history_object(life: History, *, limit: int | None = None, substantive: bool = False) -> object:
    """What ``history --json`` prints; the schema is in ``docs/history.schema.json``."""
    return printed(
        article=life.article,
        deleted=life.deleted,
        shallow=life.shallow,
        revisions=_chosen(life, limit=limit, substantive=substantive),
        events=life.events,
        notes=life.notes,
    )


def latest_lines(latest: Iterable[tuple[Article, Revision]], settings: Settings) -> Iterator[str]:
    """The newsroom's latest revisions, newest first."""
    for article, revision in latest:
        yield from revision_lines(revision, settings, article)


def deleted_lines(gone: Iterable[tuple[Article, Event]], settings: Settings) -> Iterator[str]:
    """The articles that are gone, the last deleted first, with how to look at them."""
    for article, event in gone:
        at = settings.stamp(event.at)
        yield f"{click.style(visible(article.headline), bold=True)}  {visible(article.path)}"
        yield f"      deleted {at}  {visible(event.person.name)}  {event.commit[:10]}"


def deleted_object(gone: Iterable[tuple[Article, Event]]) -> object:
    """What ``history --deleted --json`` prints."""
    return printed(deleted=[{"article": of, "event": event} for of, event in gone])


def latest_object(latest: Iterable[tuple[Article, Revision]], *, shallow: bool) -> object:
    """What ``history --json`` prints without an article: each revision names its own."""
    revisions = [{"article": plain(article), **record(made)} for article, made in latest]
    return printed(article=None, shallow=shallow, revisions=revisions)


def note_lines(notes: Iterable[Note], settings: Settings) -> Iterator[str]:
    """Notes with their ids, each in house style."""
    for note in notes:
        said = [f"amends {note.amends}"] if note.amends else []
        said += ["withdrawn"] if note.withdrawn else []
        state = f" ({', '.join(said)})" if said else ""
        line = plain_words(wording.line(settings.style, note, settings.clock))
        yield f"{note.id}{state}  {visible(line)}"


# --- what is said of a change that touches no word ------------------------------------------------


def no_word(change: Change) -> str | None:
    """The key of the phrase for a change in which no word differs and none moved.

    It says what did change: links, images, markup, or white space and quotation marks alone. None
    where a word or the front matter differs.
    """
    if not change.edits:
        return "comparison.no_change"
    if change.fields or any(edit.verbal or edit.operation == "move" for edit in change.edits):
        return None
    touched = {_touched(edit) for edit in change.edits}
    return touched.pop() if len(touched) == 1 else "comparison.only_unread"


def only_joins(revision: Revision) -> bool:
    """True of a merge that changed nothing beside the versions that it brings together.

    It is a revision all the same: readers saw a text that neither of them was.
    """
    counted = revision.words_added or revision.words_removed or revision.labels
    return len(revision.written_on) > 1 and not counted


def _touched(edit: Edit) -> str:
    if "link" in edit.labels:
        return "comparison.only_link"
    if "image" in edit.labels:
        return "comparison.only_image"
    # What has no label is white space, and quotation marks are a matter of style.
    return "comparison.only_markup" if edit.labels - {"style"} else "comparison.only_formatting"


# --- the state of the catalog, and what a search found, as lines for the terminal -----------------


def state_lines(state: CatalogState) -> Iterator[str]:
    yield f"{click.style('Catalog', bold=True)}  {visible(state.path)}"
    if not state.there:
        yield "  There is none yet that can be used: it is made when a question needs it."
        yield "  Make it now: tracker catalog --rebuild"
        return
    yield f"  size      {_size(state.bytes)}, format {state.format}"
    if state.newest is None:
        yield "  line      not read yet; tracker catalog --rebuild reads it"
    else:
        yield f"  line      {counted(state.commits, 'commit')}, the newest {state.newest[:10]}"
        gone = f" and {state.gone:,} that {'is' if state.gone == 1 else 'are'} gone"
        gone = gone if state.gone else ""
        texts = counted(state.articles, "text")
        yield f"  holds     {counted(state.revisions, 'revision')} of {texts}{gone}"
        yield f"  behind    {_behind(state.behind)}"
    yield (
        f"  articles  {state.read:,} read, {state.compared:,} compared,"
        f" {state.indexed:,} in the index of words"
    )
    yield f"  answers   {state.answers:,} remembered"


def _behind(commits: int | None) -> str:
    if commits is None:
        return "it is made anew when it is next needed"
    if commits == 0:
        return "nothing"
    return f"{counted(commits, 'commit')}; it catches up when it is next asked"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def hit_lines(found: Sequence[SearchResult], settings: Settings) -> Iterator[str]:
    """Where words were found: the article, then where in it, when, and the place, words bold."""
    for number, each in enumerate(found):
        if number:
            yield ""
        headline = click.style(visible(each.article.headline), bold=True)
        yield f"{headline}  {click.style(visible(each.article.path), dim=True)}"
        for hit in each.hits:
            yield f"  {_place(hit, settings)}  {click.style(hit.commit[:10], dim=True)}"
            yield "    " + "".join(
                click.style(visible(piece), bold=True, fg="yellow") if is_met else visible(piece)
                for piece, is_met in hit.excerpt
            )


def _place(hit: Hit, settings: Settings) -> str:
    at = hit.at.astimezone(settings.zone).strftime("%Y-%m-%d")
    if hit.last is None:
        return f"{at}  {visible(f'note {hit.note}' if hit.where == 'note' else hit.where)}"
    had = f"revision {hit.first}" if hit.first == hit.last else f"revisions {hit.first}–{hit.last}"
    where = "in the headline of" if hit.where == "older-headline" else "in"
    return f"{at}  gone, it was {where} {had}; taken out by {visible(hit.person)}"


# --- blame: each passage with the revision that brought it ----------------------------------------


def blame_object(found: Blame) -> object:
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


def blame_lines(found: Blame, settings: Settings, *, whole: bool = False) -> Iterator[str]:
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


def removal_lines(found: Blame, settings: Settings) -> Iterator[str]:
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


def blame_html(found: Blame, settings: Settings) -> str:
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
        parts=_tinted(found, start),
        revisions=[each for each in found.revisions if each.number in used],
        stamp=settings.stamp,
        line=line,
        title=title,
    )


class Passage(NamedTuple):
    """Words that one revision brought, or took out."""

    number: int
    words: str
    gone: bool = False
    tint: int = 0  # the newer the deeper; 0: not marked


def passages(
    spans: Iterable[Span], removals: Iterable[Removal], text: str, start: int
) -> Iterator[Passage]:
    """A text from ``start`` on, passage by passage, and what was taken out, where it stood."""
    gone = deque(sorted(removals, key=lambda each: (each.place, each.revision)))
    at = start
    for span in spans:
        end = min(span.end, len(text))
        while at < end:
            while gone and gone[0].place <= at:
                yield Passage(gone[0].revision, gone.popleft().text, gone=True)
            stop = min(gone[0].place, end) if gone else end
            yield Passage(span.revision, text[at:stop])
            at = stop
    for each in gone:
        yield Passage(each.revision, each.text, gone=True)


_TINTS = 4


def _tinted(found: Blame, start: int) -> Iterator[Passage]:
    """The passages; not marked are those of the first revision, and the space after others."""
    removals = (each for each in found.removals if each.place >= start)
    for each in passages(found.spans, removals, found.text, start):
        text = each.words.rstrip() if each.number > 1 and not each.gone else ""
        if text:
            tint = 1 + (each.number - 2) * _TINTS // max(len(found.revisions) - 1, 1)
            yield each._replace(words=text, tint=tint)
        yield each._replace(words=each.words[len(text) :])
