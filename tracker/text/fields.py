"""Front matter compared key by key, by value; and the headline of a body that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracker.model import FieldChange
from tracker.text.document import Document, parse, role
from tracker.text.front_matter import read_yaml
from tracker.text.wording import Range

_KEY = re.compile(
    r"^([\"']?)([^\s\"'#:=\-\[\]{}][^:=\n\"']{0,100}?)\1[ \t]*[:=]|^\[+([^\]\n]+)\]", re.MULTILINE
)
# An anchor or an alias: the value of one key may stand in the lines of another.
_ANCHOR = re.compile(r"(?:^|[\s\[{,])[&*][\w]")
_HEADING = re.compile(r"^\s*# +(.+?)[ #]*$", re.MULTILINE)


class Part(NamedTuple):
    """The lines of one key in both texts."""

    key: str  # "" for the fences
    area: Range
    verbal: bool  # its value differs
    headline: bool


class _Front(NamedTuple):
    """Where the front matter of one text stands. Offsets are code points in the whole text."""

    text: str
    toml: bool
    content_start: int  # after the opening fence
    content_end: int  # before the closing one
    end: int


def compare(old: str, new: str) -> tuple[int, int, list[Part], list[FieldChange]]:
    """Where both bodies begin, the parts of the front matter that differ, and the keys."""
    one, other = _fenced(old), _fenced(new)
    if one and other and one.toml == other.toml:
        if one.end == other.end and old[: one.end] == new[: one.end]:
            return one.end, one.end, [], []
        if not one.toml and (quick := _compare_keys(one, other)) is not None:
            return one.end, other.end, *quick
    document, new_document = parse(old), parse(new)
    one, other = _front(document), _front(new_document)
    changed: list[FieldChange] = []
    _walk(_data(document), _data(new_document), "", changed)
    if document.front_matter is None and new_document.front_matter is None:
        changed += _headings(old, new, document.body_start, new_document.body_start)
    values = {change.key.split(".")[0] for change in changed}
    told = _told(_parts(_pieces(one), _pieces(other)), values, old, new)
    return one.end, other.end, told, changed


def _fenced(text: str) -> _Front | None:
    """Front matter between fences, found without reading it; None if it needs a closer look."""
    start = 1 if text.startswith("\ufeff") else 0
    fence = text[start : start + 3]
    first = text.find("\n", start) + 1
    if fence not in {"---", "+++"} or text[start:first].rstrip() != fence:
        return None
    at = first - 1
    while (at := text.find("\n" + fence, at)) >= 0:
        end = text.find("\n", at + 1) + 1
        if end and text[at + 1 : end].rstrip() == fence:
            break
        at += 1
    if at < 0 or "\n..." in text[start:at]:
        return None
    return _Front(text, fence == "+++", first, at + 1, end)


def _front(document: Document) -> _Front:
    front = document.front_matter
    if front is None:
        return _Front(
            document.text, False, document.body_start, document.body_start, document.body_start
        )
    return _Front(
        document.text,
        front.format == "toml",
        front.content_start,
        front.content_end,
        document.body_start,
    )


def _data(document: Document) -> Mapping[str, object]:
    return document.front_matter.data if document.front_matter else {}


def _compare_keys(one: _Front, other: _Front) -> tuple[list[Part], list[FieldChange]] | None:
    """Read only those keys of YAML whose lines differ; None if that may mislead."""
    old, new = _pieces(one), _pieces(other)
    read: list[dict[str, object]] = []
    for mine, its, text, theirs in (
        (old, new, one.text, other.text),
        (new, old, other.text, one.text),
    ):
        known = {theirs[piece.start : piece.end] for piece in its}
        names = [piece.key for piece in mine if piece.key]
        if len(set(names)) < len(names) or mine[0].end != mine[1].start or not names:
            return None
        if ("&" in text or "*" in text) and _ANCHOR.search(text, 0, mine[-1].end):
            return None
        apart = [
            piece for piece in mine if piece.key and text[piece.start : piece.end] not in known
        ]
        try:
            # Lines of some keys of a mapping are a mapping.
            data = read_yaml("".join([text[piece.start : piece.end] for piece in apart]))
        except Exception:
            return None
        if data is None or list(data) != [piece.key for piece in apart]:
            return None
        read.append(data)
    changed: list[FieldChange] = []
    _walk(read[0], read[1], "", changed)
    values = {change.key.split(".")[0] for change in changed}
    return _told(_parts(old, new), values, one.text, other.text), changed


def _told(parts: list[tuple[str, Range]], values: set[str], old: str, new: str) -> list[Part]:
    return [
        Part(key, area, key in values, role(key) == "headline")
        for key, area in parts
        if old[area.old_start : area.old_end] != new[area.new_start : area.new_end]
    ]


class _Piece(NamedTuple):
    key: str  # "" for the fences
    start: int
    end: int


def _pieces(front: _Front) -> list[_Piece]:
    """The lines of each key, and the fences."""
    marks = [("", 0)]
    table = ""
    for match in _KEY.finditer(front.text, front.content_start, front.content_end):
        if match[3]:
            if front.toml:
                table = match[3].split(".")[0].strip("[ ")
                marks.append((table, match.start()))
        elif not table:
            marks.append((match[2].strip(), match.start()))
    marks.append(("", front.content_end))
    ends = [start for _, start in marks[1:]] + [front.end]
    return [
        _Piece(key, start, end)
        for (key, start), end in zip(marks, ends, strict=True)
        if start < end
    ]


def _parts(old: Sequence[_Piece], new: Sequence[_Piece]) -> list[tuple[str, Range]]:
    """The pieces of both, those of one key together, in the order of both texts.

    A key that changed places stands there twice, once for each text.
    """
    found: list[tuple[str, Range]] = []
    i = j = 0
    old_at = new_at = 0
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
    one, other = _HEADING.search(old), _HEADING.search(new)
    before, after = (match[1].strip() if match else None for match in (one, other))
    if before == after:
        return []
    return [FieldChange("heading", "headline", before, after)]
