"""Two texts -> the edits between them, as an editor reads: words, sentences, moved passages.

``diff-match-patch`` is the engine that finds what two sequences have in common; blocks, then
sentences, then words are its elements, never characters. Its clock is switched off: the work is
bounded by the size of what it is given, so that the same texts give the same edits everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from tracker.model import Diff, Edit, Operation
from tracker.text import tokens
from tracker.text.diff import fields
from tracker.text.diff.passages import Comparison
from tracker.text.diff.wording import Draft, Passage, Range, trim
from tracker.text.markup import Markup, scan

LONGEST_SENTENCE = 400
"""Characters of the sentence around an edit that are kept."""


@cache
def _diff_match_patch() -> Any:
    from diff_match_patch import diff_match_patch  # only where texts differ

    engine = diff_match_patch()
    # Not zero, which would switch off its search for a half in common; see the module's docstring.
    engine.Diff_Timeout = 1e9
    return engine


def _engine(old: str, new: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = _diff_match_patch().diff_main(old, new, False, 1e18)
    return found


def diff(old: str, new: str, *, coarse: bool = False) -> Diff:
    """The edits between two whole texts, front matter included.

    Every difference is in some edit: ``apply(old, edits) == new`` and ``revert(new, edits) ==
    old``, always. An edit that touches no word that a reader sees is marked ``verbal=False``:
    white space, reflow, glyphs of quotation marks, markup, the target of a link, an HTML comment.
    Punctuation that a reader sees counts as verbal.

    Time and memory are bounded; where a bound was reached, some edits are larger than they need
    to be, and ``coarse`` is true. Asked for ``coarse``, all that differs in the body is one.
    """
    if old == new:
        return Diff((), (), 0, 0)
    old_start, new_start, front, changed = fields.compare(old, new)
    before, after = scan(old, old_start), scan(new, new_start)
    comparison = Comparison(before, after, _engine)
    area = trim(before, after)
    if area.old_start < area.old_end or area.new_start < area.new_end:
        if coarse:
            comparison.whole(area)
        else:
            comparison.passages(area)
    edits: list[Edit] = []
    added = removed = 0
    heads = (scan(old[:old_start], 0, "line"), scan(new[:new_start], 0, "line")) if front else None
    for field, pair, verbal, headline in front:
        for draft in _field_drafts(comparison, heads, pair):
            edits.append(_edit(old, new, draft._replace(verbal=draft.verbal and verbal), field))
            if headline and edits[-1].verbal:
                added += draft.added
                removed += draft.removed
    for draft in comparison.drafts:
        edits.append(_edit(old, new, draft, None))
        added += draft.added
        removed += draft.removed
    for place, inner in comparison.moved:
        within = tuple(_edit(old, new, draft, None) for draft in inner)
        added += sum(draft.added for draft in inner)
        removed += sum(draft.removed for draft in inner)
        seen = any(tokens.cut(after, place.new_start, place.new_end).seen)
        edits.append(_moved(old, new, place, within, seen))
    edits.sort(key=lambda edit: (edit.new_start, edit.new_end, edit.old_start))
    return Diff(tuple(edits), tuple(changed), added, removed, comparison.budget.coarse)


def _field_drafts(
    comparison: Comparison, heads: tuple[Markup, Markup] | None, pair: Range
) -> list[Draft]:
    if heads is None:
        return []
    return comparison.pair(
        Passage(heads[0], pair.old_start, pair.old_end),
        Passage(heads[1], pair.new_start, pair.new_end),
    )


def _edit(old: str, new: str, draft: Draft, field: str | None) -> Edit:
    a, b, c, d = draft[:4]
    operation: Operation = "insert" if a == b else "delete" if c == d else "replace"
    around = draft.around
    return Edit(
        operation,
        old[a:b],
        new[c:d],
        a,
        b,
        c,
        d,
        _sentence(old, around.old_start, around.old_end, a) if around else "",
        _sentence(new, around.new_start, around.new_end, c) if around else "",
        draft.verbal,
        field,
    )


def _moved(old: str, new: str, place: Range, within: tuple[Edit, ...], seen: bool) -> Edit:
    a, b, c, d = place
    return Edit(
        "move",
        old[a:b],
        new[c:d],
        a,
        b,
        c,
        d,
        _sentence(old, a, b, a),
        _sentence(new, c, d, c),
        seen or any(edit.verbal for edit in within),
        None,
        within=within,
    )


def _sentence(text: str, start: int, end: int, at: int) -> str:
    """``text[start:end]`` without white space around; of a long one, what stands around ``at``."""
    if end - start > LONGEST_SENTENCE:
        start = max(start, min(at - LONGEST_SENTENCE // 2, end - LONGEST_SENTENCE))
        end = min(end, start + LONGEST_SENTENCE)
    return text[start:end].strip()


def apply(old: str, edits: Sequence[Edit]) -> str:
    """The new text, from the old one and the edits of :func:`diff`."""
    gone = [(edit.old_start, edit.old_end) for edit in edits]
    come = [(edit.new_start, edit.new_end, edit.new) for edit in edits]
    return _rebuilt(old, gone, come)


def revert(new: str, edits: Sequence[Edit]) -> str:
    """The old text, from the new one and the edits of :func:`diff`."""
    gone = [(edit.new_start, edit.new_end) for edit in edits]
    come = [(edit.old_start, edit.old_end, edit.old) for edit in edits]
    return _rebuilt(new, gone, come)


def _rebuilt(
    text: str, gone: Iterable[tuple[int, int]], come: Iterable[tuple[int, int, str]]
) -> str:
    """What stays of ``text``, in order, with the pieces that come at their places."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(gone):
        kept.append(text[at:start])
        at = max(at, end)
    kept.append(text[at:])
    stays = "".join(kept)
    parts: list[str] = []
    used = place = 0
    for start, end, words in sorted(come):
        parts.append(stays[used : used + start - place])
        used += start - place
        parts.append(words)
        place = end
    parts.append(stays[used:])
    return "".join(parts)
