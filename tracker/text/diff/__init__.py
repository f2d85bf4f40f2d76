"""Two texts -> the edits between them, as an editor reads: words, sentences, moved passages.

``diff-match-patch`` is the engine that finds what two sequences have in common; blocks, then
sentences, then words are its elements, never characters. Its clock is switched off: the work is
bounded by the size of what it is given, so that the same texts give the same edits everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from tracker.model import Diff, Edit, FieldChange, Operation
from tracker.text import expression, tokens
from tracker.text.diff.passages import Comparison
from tracker.text.diff.wording import CutPassage, Draft, Range, trim, trim_html
from tracker.text.document import Document, parse, role
from tracker.text.front_matter import Format, locate, read_yaml
from tracker.text.lines import common_head, common_tail
from tracker.text.markup import scan

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


def diff(old: str, new: str, *, coarse: bool = False, brief: bool = False) -> Diff:
    """The edits between two whole texts, front matter included.

    Every difference is in some edit: ``apply(old, edits) == new`` and ``revert(new, edits) ==
    old``, always. An edit that touches no word that a reader sees is marked ``verbal=False``:
    white space, reflow, glyphs of quotation marks, markup, the target of a link, an HTML comment.
    Punctuation that a reader sees counts as verbal.

    Time and memory are bounded; where a bound was reached, some edits are larger than they need
    to be, and ``coarse`` is true. Asked for ``coarse``, all that differs in the body is one; asked
    to be ``brief``, the edits of the front matter are left out, but for those of the headline.
    """
    if old == new:
        return Diff((), (), 0, 0)
    old_start, new_start, front, changed = compare(old, new)
    if old[old_start:] == new[new_start:]:
        comparison = Comparison(scan(old, old_start), scan(new, new_start), _engine)
    else:
        before, after = scan(old, old_start), scan(new, new_start)
        comparison = Comparison(before, after, _engine)
        area = trim(before, after)
        if coarse:
            comparison.whole(area)
        else:
            comparison.passages(area)
    edits: list[Edit] = []
    added = removed = 0
    for field, pair, verbal, headline in front:
        if brief and field and not headline:
            continue
        for draft in _field_drafts(comparison, pair):
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
        seen = any(tokens.cut(comparison.new_markup, place.new_start, place.new_end).seen)
        edits.append(_moved(old, new, place, within, seen))
    edits.sort(key=lambda edit: (edit.new_start, edit.new_end, edit.old_start))
    return Diff(tuple(edits), tuple(changed), added, removed, comparison.budget.coarse)


def _field_drafts(comparison: Comparison, pair: Range) -> list[Draft]:
    """The edits between the lines of a key; of long ones, those between are read that differ."""
    area = trim_html(comparison.old, comparison.new, pair)
    drafts = comparison.pair(
        CutPassage(scan(comparison.old[: area.old_end], area.old_start, "line"), *area[:2]),
        CutPassage(scan(comparison.new[: area.new_end], area.new_start, "line"), *area[2:]),
    )
    return [draft._replace(around=pair) for draft in drafts]


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


# --- front matter compared key by key, by value; and the headline of a body that has none ---------

_KEY = expression(
    r"^([\"']?)([^\s\"'#:=\-\[\]{}][^:=\n\"']{0,100}?)\1[ \t]*[:=]|^\[+([^\]\n]+)\]", re.MULTILINE
)
# Keys on lines of their own, as anybody writes them; what stands deeper is indented further.
_JSON_KEY = expression(r"^(?:[ ]{0,4}|\t)\"([^\"\n]{1,100})\"[ \t]*:", re.MULTILINE)
# An anchor or an alias: the value of one key may stand in the lines of another.
_ANCHOR = expression(r"(?:^|[\s\[{,])[&*][\w]")
_HEADING = expression(r"^\s*# +(.+?)[ #]*$", re.MULTILINE)


class Part(NamedTuple):
    """The lines of one key in both texts."""

    key: str  # "" for the fences
    area: Range
    verbal: bool  # its value differs
    headline: bool


class _Front(NamedTuple):
    """Where the front matter of one text stands. Offsets are code points in the whole text."""

    text: str
    format: Format | Literal[""]  # "": there is none
    content_start: int  # after the opening fence
    content_end: int  # before the closing one
    end: int


def compare(old: str, new: str) -> tuple[int, int, list[Part], list[FieldChange]]:
    """Where both bodies begin, the parts of the front matter that differ, and the keys."""
    one = _front(old)
    if one.format and new.startswith(old[: one.end]) and _front(new).end == one.end:
        return one.end, one.end, [], []
    other = _front(new)
    if one.format == other.format == "yaml":
        quick = _compare_keys(one, other)
        if quick is not None:
            return one.end, other.end, *quick
    document, new_document = parse(old), parse(new)
    changed: list[FieldChange] = []
    _walk(_data(document), _data(new_document), "", changed)
    if document.front_matter is None and new_document.front_matter is None:
        changed += _headings(old, new, document.body_start, new_document.body_start)
    values = {change.key.split(".")[0].lower() for change in changed}
    told = _told(_parts(_all_pieces(one), _all_pieces(other), 0, 0), values, old, new)
    return one.end, other.end, told, changed


def _front(text: str) -> _Front:
    found = locate(text)
    if found is None:
        start = 1 if text.startswith("\ufeff") else 0
        return _Front(text, "", start, start, start)
    return _Front(text, found.format, found.content_start, found.content_end, found.end)


def _data(document: Document) -> Mapping[str, object]:
    return document.front_matter.data if document.front_matter else {}


def _compare_keys(one: _Front, other: _Front) -> tuple[list[Part], list[FieldChange]] | None:
    """Read only those keys of YAML whose lines differ; None if that may mislead."""
    window = _window(one, other)
    if window is None:
        return None
    old = _pieces(one.text, window.old_start, window.old_end)
    new = _pieces(other.text, window.new_start, window.new_end)
    read: list[dict[str, object]] = []
    for front, mine, its, theirs in ((one, old, new, other.text), (other, new, old, one.text)):
        text = front.text
        known = {theirs[piece.start : piece.end] for piece in its}
        apart = [piece for piece in mine if text[piece.start : piece.end] not in known]
        lines = "".join([text[piece.start : piece.end] for piece in apart])
        if ("&" in lines or "*" in lines) and _ANCHOR().search(lines):
            return None
        try:
            # Lines of some keys of a mapping are a mapping.
            data = _read(lines) if lines else {}
        except Exception:
            return None
        if data is None or list(data) != [piece.key for piece in apart]:
            return None
        whole = text[front.content_start - 1 : front.content_end]
        if any(whole.count(f"\n{key}:") > 1 for key in data):
            return None
        read.append(data)
    changed: list[FieldChange] = []
    _walk(read[0], read[1], "", changed)
    values = {change.key.split(".")[0].lower() for change in changed}
    parts = _parts(old, new, window.old_start, window.new_start)
    return _told(parts, values, one.text, other.text), changed


def _window(one: _Front, other: _Front) -> Range | None:
    """Whole keys around all that differs between two front matters; None if a fence differs."""
    a, b, c, d = one.content_start, one.content_end, other.content_start, other.content_end
    if one.text[:a] != other.text[:c] or one.text[b : one.end] != other.text[d : other.end]:
        return None
    old, new = one.text[a:b], other.text[c:d]
    head = common_head(old, new)
    while head:
        head = old.rfind("\n", 0, head) + 1
        if _KEY().match(old, head) and _KEY().match(new, head):
            break
        head = max(0, head - 1)
    tail = common_tail(old, new, min(len(old), len(new)) - head)
    following = _KEY().search(old, len(old) - tail + 1) if tail > 1 else None
    tail = len(old) - following.start() if following else 0
    return Range(a + head, b - tail, c + head, d - tail)


# One key with a value that can only be text: quoted, without escapes, or plain words.
_TEXT = expression(
    r"([A-Za-z_][\w-]*): +(?:\"([^\"\\\n]*)\"|'([^'\n]*)'|([A-Za-z]+ [^\n:#\"\\]*[^\s:#\"\\]))\n",
    re.ASCII,
)


def _read(lines: str) -> dict[str, object] | None:
    """Read lines of YAML; those of a title, which change most, without starting a parser."""
    if (found := _TEXT().fullmatch(lines)) and lines[:-1].isprintable():
        return {found[1]: next(value for value in found.groups()[1:] if value is not None)}
    return read_yaml(lines)


def _told(parts: list[tuple[str, Range]], values: set[str], old: str, new: str) -> list[Part]:
    return [
        Part(key, area, key.lower() in values, role(key) == "headline")
        for key, area in parts
        if old[area.old_start : area.old_end] != new[area.new_start : area.new_end]
    ]


class _Piece(NamedTuple):
    key: str  # "" for the fences
    start: int
    end: int


def _all_pieces(front: _Front) -> list[_Piece]:
    """The lines of each key, and the fences."""
    return [
        _Piece("", 0, front.content_start),
        *_pieces(front.text, front.content_start, front.content_end, front.format),
        _Piece("", front.content_end, front.end),
    ]


def _pieces(text: str, low: int, high: int, form: str = "yaml") -> list[_Piece]:
    """The lines of each key in ``text[low:high]``; what stands before the first has the key ""."""
    marks = [("", low)]
    if form == "json":
        marks += [(match[1], match.start()) for match in _JSON_KEY().finditer(text, low, high)]
    table = ""
    for match in _keys_of(text, low, high) if form != "json" else ():
        if match[3]:
            if form == "toml":
                table = match[3].split(".")[0].strip("[ ")
                marks.append((table, match.start()))
        elif not table:
            marks.append((match[2].strip(), match.start()))
    ends = [start for _, start in marks[1:]] + [high]
    return [
        _Piece(key, start, end)
        for (key, start), end in zip(marks, ends, strict=True)
        if start < end
    ]


def _keys_of(text: str, low: int, high: int) -> Iterator[re.Match[str]]:
    """The keys that begin lines: a search would try every place of values that are long."""
    match, start = _KEY().match, low
    while low <= start < high:
        if found := match(text, start, high):
            yield found
        start = text.find("\n", start, high) + 1


def _parts(
    old: Sequence[_Piece], new: Sequence[_Piece], old_at: int, new_at: int
) -> list[tuple[str, Range]]:
    """The pieces of both, those of one key together, in the order of both texts.

    A key that changed places stands there twice, once for each text.
    """
    found: list[tuple[str, Range]] = []
    i = j = 0
    later = {key: place for place, (key, _, _) in enumerate(new)}
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i][0] == new[j][0]:
            found.append((old[i][0], Range(*old[i][1:], *new[j][1:])))
            old_at, new_at = old[i][2], new[j][2]
            i, j = i + 1, j + 1
        elif i < len(old) and (j == len(new) or later.get(old[i][0], -1) < j):
            found.append((old[i][0], Range(*old[i][1:], new_at, new_at)))
            old_at = old[i][2]
            i += 1
        elif j < len(new) and (i == len(old) or new[j][0] not in {key for key, _, _ in old[i:]}):
            found.append((new[j][0], Range(old_at, old_at, *new[j][1:])))
            new_at = new[j][2]
            j += 1
        else:  # both come later: the keys changed places
            found.append((old[i][0], Range(*old[i][1:], new_at, new_at)))
            old_at = old[i][2]
            i += 1
    return found


def _walk(
    old: Mapping[str, object], new: Mapping[str, object], path: str, found: list[FieldChange]
) -> None:
    keys = list(new) + [key for key in old if key not in new]
    for key in keys:
        one, other = old.get(key), new.get(key)
        if key in old and key in new and one == other:
            continue
        name = f"{path}{key}"
        if isinstance(one, Mapping) and isinstance(other, Mapping) and path.count(".") < 3:
            _walk(one, other, f"{name}.", found)
            continue
        before = _text(one) if key in old else None
        after = _text(other) if key in new else None
        if before != after:
            found.append(FieldChange(name, role(name), before, after))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(one)}" for key, one in value.items())
    return str(value)


def _headings(old: str, new: str, old_start: int, new_start: int) -> list[FieldChange]:
    """The first level-1 heading, where it is the headline because no front matter has one."""
    if old_start or new_start:
        return []
    one, other = _HEADING().search(old), _HEADING().search(new)
    before, after = (match[1].strip() if match else None for match in (one, other))
    if before == after:
        return []
    return [FieldChange("heading", "headline", before, after)]
