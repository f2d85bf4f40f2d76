"""Front matter compared key by key, by value; and the headline of a body that has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tracker.model import FieldChange
from tracker.text.document import Document, parse, role
from tracker.text.wording import Range

_CLOSED = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n(?:.*\n)*?(?:---|\+\+\+|\.\.\.)[ \t]*\r?\n")
_KEY = re.compile(
    r"^([\"']?)([^\s\"'#:=\-\[\]{}][^:=\n\"']{0,100}?)\1[ \t]*[:=]|^\[+([^\]\n]+)\]", re.M
)
_HEADING = re.compile(r"^\s*# +(.+?)[ #]*$", re.M)


class Part(NamedTuple):
    """The lines of one key in both texts."""

    key: str  # "" for the fences
    area: Range
    verbal: bool  # its value differs
    headline: bool


def compare(old: str, new: str) -> tuple[int, int, list[Part], list[FieldChange]]:
    """Where both bodies begin, the parts of the front matter that differ, and the keys."""
    same = _same_front_matter(old, new)
    if same is not None:
        return same, same, [], _headings(old, new, same, same)
    one, other = parse(old), parse(new)
    parts = _parts(one, other)
    changed = _changed(one, other)
    values = {change.key.split(".")[0] for change in changed}
    told = [
        Part(key, area, key in values, role(key) == "headline")
        for key, area in parts
        if old[area.old_start : area.old_end] != new[area.new_start : area.new_end]
    ]
    if one.front_matter is None and other.front_matter is None:
        changed += _headings(old, new, one.body_start, other.body_start)
    return one.body_start, other.body_start, told, changed


def _same_front_matter(old: str, new: str) -> int | None:
    """Where both bodies begin if what could be front matter is equal; None if one must look."""
    found = _CLOSED.match(old)
    if found and new.startswith(found.group()):
        return found.end()
    return None


def _pieces(document: Document) -> list[tuple[str, int, int]]:
    """Key, start and end of each key's lines, fences under the key ""."""
    front = document.front_matter
    if front is None:
        return [("", 0, document.body_start)] if document.body_start else []
    text = document.text
    marks = [("", 0)]
    table = ""
    for match in _KEY.finditer(text, front.content_start, front.content_end):
        if match[3]:
            if front.format != "toml":
                continue
            table = match[3].split(".")[0].strip()
            marks.append((table, match.start()))
        elif not table:
            marks.append((match[2].strip(), match.start()))
    marks.append(("", front.content_end))
    pieces = [
        (key, start, end)
        for (key, start), (_, end) in zip(
            marks, [*marks[1:], ("", document.body_start)], strict=True
        )
        if start < end
    ]
    return pieces


def _parts(one: Document, other: Document) -> list[tuple[str, Range]]:
    """The pieces of both, those of one key together, in the order of both texts.

    A key that changed places stands there twice, once for each text.
    """
    old, new = _pieces(one), _pieces(other)
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


def _changed(one: Document, other: Document) -> list[FieldChange]:
    old = one.front_matter.data if one.front_matter else {}
    new = other.front_matter.data if other.front_matter else {}
    found: list[FieldChange] = []
    _walk(old, new, "", found)
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
