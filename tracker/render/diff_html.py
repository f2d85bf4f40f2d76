"""A Change as HTML: inline or side by side, on the rendered article or on its source.

A fragment needs the style sheet of :func:`page` (``diff.css``), which also has screen readers
announce what is inserted and deleted.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from tracker.locale import FIRST, languages, phrase
from tracker.model import Change, Edit, Note, Precision
from tracker.render import diff_rendered
from tracker.render.diff_page import (
    MarkKind,
    aligned,
    change_marks,
    mark,
    move_link,
    move_stub,
)
from tracker.render.history import no_word
from tracker.render.plain import filled, visible
from tracker.render.terminal_diff import note_pairs, own_offset
from tracker.render.weave import Piece, weave
from tracker.text.diff import diff
from tracker.text.document import parse

View = Literal["rendered", "source"]
Layout = Literal["inline", "side-by-side"]

When = Callable[[datetime, Precision], str]
"""Writes an aware instant as exactly as it is known; "" for one that is not to be shown."""

LONGEST_RENDERED = 100_000
"""Code points of either version, about 17,000 words, up to which the page itself is marked."""


def fragment(
    change: Change,
    old: str,
    new: str,
    *,
    view: View = "rendered",
    layout: Layout = "inline",
    formatting: bool = False,
    old_name: str = "",
    new_name: str = "",
    language: str = FIRST,
    written_in: str = "",
    when: When | None = None,
    notes: bool = True,
) -> str:
    """A ``<div class="tracker-diff">`` with the change: valid, safe, and closed in itself.

    ``old`` and ``new`` are the whole texts that ``change`` was made from. Of the rendered article
    the front matter is shown by name, and what cannot be seen in the article (targets of links,
    images, comments) is listed below it. With ``formatting``, edits that touch no word count too.
    ``old_name`` and ``new_name`` head the columns. ``language`` (BCP 47) is that of the words
    around the article; ``written_in`` that of the article itself, where it is known and another.
    ``when`` writes the instant of a note, which is in ISO 8601 without it. Without ``notes``, those
    that stand in the front matter are left out: they are told elsewhere.
    """
    parts: list[str] = []
    say = partial(phrase, language)
    face = _Face(
        layout,
        formatting,
        (old_name or say("comparison.before"), new_name or say("comparison.after")),
        language,
        f' lang="{html.escape(written_in)}"' if written_in else "",
        when or own_offset,
    )
    remark = no_word(change)
    if remark and not (formatting and change.edits):
        parts.append(_remark(say(remark)))
    if change.coarse:
        parts.append(_remark(say("comparison.coarse")))
    if view == "rendered":
        too_long = max(len(old), len(new)) > LONGEST_RENDERED
        body = None if too_long else _rendered(change, old, new, face)
        if body is None:
            parts.append(_remark(say(f"comparison.{'too_long' if too_long else 'not_placed'}")))
            view = "source"
        else:
            parts.append(_fields(change, old, new, face, notes=notes))
            parts.append(body)
    if view == "source":
        parts.append(_source(change, old, new, face))
    inner = "\n".join(part for part in parts if part)
    return f'<div class="tracker-diff">\n{inner}\n</div>'


class _Face(NamedTuple):
    """How a comparison is shown."""

    layout: Layout
    formatting: bool
    names: tuple[str, str]  # of the columns
    language: str  # of the words around the article
    lang: str  # the attribute for the article's own words; "" where there is none
    when: When  # how the instant of a note is written


def _remark(words: str) -> str:
    return f'<p class="tracker-remark">{words}</p>'


def stylesheet() -> str:
    """The CSS that fragments need, with what is read aloud of a change in every language."""
    rules = Path(__file__).with_name("diff.css").read_text(encoding="utf-8")
    return rules + "".join(_read_aloud(code) for code in languages("pages") if code != FIRST)


def _read_aloud(code: str) -> str:
    say = partial(phrase, code)
    said = (
        f'--inserted: " [{say("comparison.inserted")}] "',
        f'--insertion-ends: " [{say("comparison.insertion_ends")}] "',
        f'--deleted: " [{say("comparison.deleted")}] "',
        f'--deletion-ends: " [{say("comparison.deletion_ends")}] "',
    )
    return f":root:lang({code}) {{ {'; '.join(said)}; }}\n"


def page(title: str, fragment: str, language: str = FIRST) -> str:
    """A complete HTML page around a fragment; it loads nothing from anywhere but images.

    ``language`` is that of the fragment's own words.
    """
    values = {"title": title, "fragment": fragment, "language": language, "style": stylesheet()}
    return filled("page.html", **values)


# --- front matter --------------------------------------------------------------------------------


_NAMED = frozenset({"headline", "dek", "byline", "notes"})


def _fields(change: Change, old: str, new: str, face: _Face, *, notes: bool) -> str:
    rows: list[str] = []
    say = partial(phrase, face.language)
    told = [
        _note_mark("del", one, face) + _note_mark("ins", other, face)
        for one, other in note_pairs(old, new)
    ]
    for field in change.fields:
        lang = face.lang
        if field.role == "notes" and not notes:
            continue
        if field.role == "notes" and told:
            values, lang = told, ""  # a note's own words alone are in the article's language
        elif field.old is None or field.new is None:
            values = [mark("del", field.old or "") + mark("ins", field.new or "")]
        else:
            # An empty line before it: a value is never taken for front matter of its own.
            one, other = "\n" + field.old, "\n" + field.new
            pieces = weave(diff(one, other).edits, one, other, formatting=True)
            values = [_inline(pieces, face.language).strip("\n")]
        if field.role in _NAMED:
            name = say(f"comparison.{field.role}")
        else:
            name = f"<code>{html.escape(visible(field.key))}</code>"
        rows.append(f"<dt>{name}</dt>")
        rows.extend(f'<dd dir="auto"{lang}>{value}</dd>' for value in values)
    inner = "\n".join(rows)
    return f'<dl class="tracker-fields">\n{inner}\n</dl>' if rows else ""


def _note_mark(kind: MarkKind, note: Note | None, face: _Face) -> str:
    """A note with its kind and time on one line, which its words do not turn; "" for none."""
    if note is None:
        return ""
    say = partial(phrase, face.language)
    at = face.when(note.at, note.precision)
    label = say(f"kind.{note.kind}") + (f", {at}" if at else "")
    words = html.escape(visible(note.text), quote=False)
    line = say("form.labeled").format(
        label=html.escape(visible(label), quote=False), words=f"<bdi{face.lang}>{words}</bdi>"
    )
    if note.withdrawn is not None:
        withdrawn = html.escape(visible(face.when(note.withdrawn, "minute")), quote=False)
        line = say("comparison.note_withdrawn").format(note=line, at=withdrawn)
    return f"<{kind}>{line}</{kind}>"


# --- the rendered article ------------------------------------------------------------------------


def _rendered(change: Change, old: str, new: str, face: _Face) -> str | None:
    starts = parse(old).body_start, parse(new).body_start
    pieces = weave(
        change.edits, old, new, old_start=starts[0], new_start=starts[1], formatting=face.formatting
    )
    pair = diff_rendered.NodePair(pieces, old, new, starts, face.language)
    if not pair.known:
        return None
    if face.layout == "inline":
        body = f'<div class="tracker-article" dir="auto"{face.lang}>\n{pair.inline()}\n</div>'
    else:
        body = _table(pair.side_by_side(), face, "tracker-article")
    indexes = set(pair.unseen())
    if not face.formatting:  # a target is no word, and is told of all the same
        indexes |= {at for at, edit in enumerate(change.edits) if _is_unseen(edit)}
    unseen = [change.edits[index] for index in sorted(indexes)]
    if unseen:
        items = "\n".join(
            f"<li><code{face.lang}>{change_marks(edit.old, edit.new)}</code></li>"
            for edit in unseen
        )
        body += (
            '\n<section class="tracker-unseen">\n'
            f"<h2>{phrase(face.language, 'comparison.unseen')}</h2>"
            f"\n<ul>\n{items}\n</ul>\n</section>"
        )
    return body


def _is_unseen(edit: Edit) -> bool:
    """Whether an edit is of a link's target, a picture, or a tag of a site's generator."""
    if edit.verbal:
        return False
    tag = any("{%" in side or "{{<" in side for side in (edit.old, edit.new))
    return tag or bool(edit.labels & {"link", "image"})


# --- the source ----------------------------------------------------------------------------------


def _source(change: Change, old: str, new: str, face: _Face) -> str:
    pieces = weave(change.edits, old, new, formatting=face.formatting)
    if face.layout == "inline":
        shown = _break(_inline(pieces, face.language))
        return f'<pre class="tracker-source" dir="auto"{face.lang}>{shown}</pre>'
    old_runs, new_runs = _runs(pieces, face.language)
    left = _paragraphs(old)
    right = _paragraphs(new)
    rows = aligned(len(left), len(right), _shared(pieces, left, right))
    return _table(
        [
            (_cell(old, rows_left, left, old_runs), _cell(new, rows_right, right, new_runs))
            for rows_left, rows_right in rows
        ],
        face,
        "tracker-sides-source",
    )


def _break(content: str) -> str:
    """A newline right after ``<pre>`` is not shown; one more makes the first one seen."""
    return "\n" + content if content.startswith("\n") else content


def _inline(pieces: Sequence[Piece], language: str) -> str:
    out: list[str] = []
    for piece in pieces:
        if piece.kind == "same":
            out.append(html.escape(visible(piece.new), quote=False))
        elif piece.kind == "delete":
            out.append(mark("del", piece.old))
        elif piece.kind == "insert":
            out.append(mark("ins", piece.new))
        elif piece.kind == "moved-from":
            out.append(move_stub(piece.move, piece.old, language=language))
            out.append(html.escape(_space_at_end(piece.old)))
        else:
            out.append(move_link(piece.move, language=language))
            out.extend(
                mark("moved", inner.new) if inner.kind == "same" else _inline([inner], language)
                for inner in piece.within
            )
    return "".join(out)


def _space_at_end(text: str) -> str:
    return text[len(text.rstrip()) :].replace("\r\n", "\n")


_Run = tuple[int, int, Callable[[str], str]]


def _runs(pieces: Sequence[Piece], language: str) -> tuple[list[_Run], list[_Run]]:
    """What is marked on either side: start, end, and how to mark it."""
    old_runs: list[_Run] = []
    new_runs: list[_Run] = []

    def link(move: int, end: Literal["from", "to"]) -> Callable[[str], str]:
        return lambda _: move_link(move, end, language=language)

    def add(pieces: Sequence[Piece], *, moved: bool) -> None:
        for piece in pieces:
            old_end = piece.old_start + len(piece.old)
            new_end = piece.new_start + len(piece.new)
            if piece.kind == "delete":
                old_runs.append((piece.old_start, old_end, lambda part: mark("del", part)))
            elif piece.kind == "insert":
                new_runs.append((piece.new_start, new_end, lambda part: mark("ins", part)))
            elif piece.kind == "moved-from":
                old_runs.append((piece.old_start, piece.old_start, link(piece.move, "from")))
            elif piece.kind == "moved-to":
                new_runs.append((piece.new_start, piece.new_start, link(piece.move, "to")))
                add(piece.within, moved=True)
            elif moved:
                old_runs.append((piece.old_start, old_end, lambda part: mark("moved", part)))
                new_runs.append((piece.new_start, new_end, lambda part: mark("moved", part)))

    add(pieces, moved=False)
    old_runs.sort(key=lambda run: run[:2])
    new_runs.sort(key=lambda run: run[:2])
    return old_runs, new_runs


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Start and end of each paragraph, blank lines after it included."""
    found: list[tuple[int, int]] = []
    start = at = 0
    blank = False
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if line.strip():
            if blank:
                found.append((start, at))
                start = at
            blank = False
        else:
            blank = True
        at += len(line)
    if start < len(text):
        found.append((start, len(text)))
    return found


def _shared(
    pieces: Sequence[Piece], left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pairs of paragraphs that have words in common at their place."""
    left_starts = [start for start, _ in left]
    right_starts = [start for start, _ in right]
    pairs: dict[tuple[int, int], None] = {}
    for piece in pieces:
        if piece.kind != "same" or piece.old != piece.new:
            continue
        at = 0
        while at < len(piece.new):
            one = bisect_right(left_starts, piece.old_start + at) - 1
            other = bisect_right(right_starts, piece.new_start + at) - 1
            stop = min(
                len(piece.new),
                left[one][1] - piece.old_start,
                right[other][1] - piece.new_start,
            )
            if piece.new[at:stop].strip():
                pairs[one, other] = None
            at = max(stop, at + 1)
    return list(pairs)


def _cell(
    text: str, places: Sequence[int], ranges: Sequence[tuple[int, int]], runs: Sequence[_Run]
) -> str:
    """The paragraphs of one cell, marked; "" for none."""
    if not places:
        return ""
    start, end = ranges[places[0]][0], ranges[places[-1]][1]
    out: list[str] = []
    at = start
    # Runs are in order and do not overlap, so their ends are in order too.
    first = bisect_left(runs, start, key=lambda run: run[1])
    for low, high, marked in islice(runs, first, None):
        if low >= end:
            break
        if low < high <= start:
            continue
        low, high = max(low, start), min(high, end)
        out.append(html.escape(visible(text[at:low]), quote=False))
        out.append(marked(text[low:high]))
        at = max(at, high)
    out.append(html.escape(visible(text[at:end]), quote=False))
    content = "".join(out).rstrip("\n")
    return f'<pre class="tracker-source" dir="auto">{_break(content)}</pre>'


_SAME = ' class="tracker-same"'  # a narrow screen shows the words of both cells once


def _table(rows: Sequence[tuple[str, str]], face: _Face, kind: str) -> str:
    cell = f'<td dir="auto"{face.lang}>'
    cells = "\n".join(
        f"<tr{_SAME if left == right else ''}>\n{cell}{left}</td>\n{cell}{right}</td>\n</tr>"
        for left, right in rows
    )
    heads = "".join(f'<th scope="col">{html.escape(visible(name))}</th>' for name in face.names)
    return (
        f'<table class="tracker-sides {kind}">\n<thead>\n<tr>{heads}</tr>\n</thead>\n'
        f"<tbody>\n{cells}\n</tbody>\n</table>"
    )
