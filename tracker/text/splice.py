"""Notes into the front matter of a text, with every other byte left as it was.

A YAML library that reads and writes keeps little more than half of real front matters as they
were. So nothing is written but the entries that changed, at the marks that the parser gives; the
result is parsed again, and refused when any other key reads differently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from tracker.errors import TrackerError
from tracker.text import expression
from tracker.text.front_matter import FrontMatter, FrontMatterError, compose, find
from tracker.text.lines import BREAK, line_and_column, lines, newline_of

# Words that begin with a letter and hold a space are text to every YAML reader, 1.1 or 1.2.
_PLAIN = expression(r"[^\W\d_][^\s:#]*(?: (?:[^\s:#]|(?<=\S)#|:(?=[^\s]))+)+")
_WORD = expression(r"[A-Za-z][A-Za-z0-9_-]*")
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_UNSAFE = expression(
    r"[\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    r"\ufff0-\uffff\U000e0000-\U000e0fff]"
)
# Joiners and direction marks are part of real words and emoji: they stay, inside quotation marks.
_SHOWN = frozenset("\xa0\xad\u200b\u200c\u200d\u200e\u200f\u061c\u2060")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"'}


def yaml_scalar(text: str) -> str:
    """Return YAML for a text: plain where nothing can be misread, else in double quotes.

    Raises TrackerError for control characters, which YAML cannot hold as such.
    """
    if _PLAIN().fullmatch(text) and not _UNSAFE().search(text):
        return text
    if _WORD().fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return f'"{_escaped(text)}"'


def toml_string(text: str) -> str:
    """Return a TOML basic string for a text. Raises TrackerError as ``yaml_scalar`` does."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    check(text)
    return re.sub(r'[\\"]|' + _UNSAFE().pattern, _escape, text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _NAMED:
        return _NAMED[character]
    if character in _SHOWN:
        return character
    code = ord(character)
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


_CONTROL = expression(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def check(text: str) -> None:
    """Raise TrackerError when a text holds a character that no note can have."""
    if found := _CONTROL().search(text):
        raise TrackerError(
            f"A note cannot hold the control character U+{ord(found[0]):04X}.",
            "Leave the character out.",
        )


_DASH = expression(r" *-[ \t]+")

KEY = "updates"

Fields = Sequence[tuple[str, str]]
"""Keys of one note with their values in the source form of the format, in the order to write."""


class Keep(NamedTuple):
    """An entry of the list that stays as it is."""

    position: int  # in the list as it stands


class Write(NamedTuple):
    """An entry to write: a new one, or the one at `position` made new."""

    fields: Fields
    position: int | None = None  # in the list as it stands; None: a new one, at the end
    extras: tuple[str, ...] = ()  # keys of the old entry that are not ours, and are kept


Item = Keep | Write


class _Beyond(Exception):  # noqa: N818
    """The entries cannot be changed one by one where they stand."""


def refusal(text: str, offset: int, problem: str, hint: str) -> FrontMatterError:
    """Return the error that says why nothing can be written, with its place."""
    line, column = line_and_column(text, offset)
    return FrontMatterError(problem, line, column, hint)


def write(text: str, matter: FrontMatter, items: Sequence[Item]) -> str:
    """Return the text with the list ``updates`` holding ``items``; without the key for none.

    Raises FrontMatterError when that cannot be done with all other keys left as they are.
    """
    content = text[matter.content_start : matter.content_end]
    splice = _yaml if matter.format == "yaml" else _toml
    try:
        changed = splice(content, items, newline_of(text))
    except _Beyond as reason:
        raise refusal(
            text, matter.content_start + _place_of_key(content), str(reason), _BY_HAND
        ) from None
    result = text[: matter.content_start] + changed + text[matter.content_end :]
    if not _only_updates_differ(matter, find(result), items):
        raise refusal(
            text,
            matter.content_start + _place_of_key(content),
            "writing the notes here would change other keys of the front matter",
            _BY_HAND,
        )
    return result


_BY_HAND = "Write the list `updates` by hand, one key to a line, then try again."


def place(text: str, matter: FrontMatter) -> int:
    """Return where the key `updates` stands in the text, or else the front matter."""
    return matter.content_start + _place_of_key(text[matter.content_start : matter.content_end])


def _place_of_key(content: str) -> int:
    found = re.search(rf"^[ \t]*(?:\[\[)?[ \t]*[\"']?{KEY}\b", content, re.MULTILINE)
    return found.start() if found else 0


def _only_updates_differ(old: FrontMatter, new: FrontMatter | None, items: Sequence[Item]) -> bool:
    """Tell whether all other keys have the same values, in the same order, of the same types."""
    if new is None or new.error is not None:
        return False
    # `repr` also tells 1 from True and 1.0, and finds NaN equal to itself.
    before = repr([pair for pair in old.data.items() if pair[0] != KEY])
    if before != repr([pair for pair in new.data.items() if pair[0] != KEY]):
        return False
    written = new.data.get(KEY)
    if not items:
        return KEY not in new.data
    if not isinstance(written, list) or len(written) != len(items):
        return False
    kept = old.data.get(KEY)
    return all(
        isinstance(kept, list) and repr(kept[item.position]) == repr(entry)
        for item, entry in zip(items, written, strict=True)
        if isinstance(item, Keep)
    )


# --- YAML -----------------------------------------------------------------------------------------


def _yaml(content: str, items: Sequence[Item], newline: str) -> str:
    root = compose(content)
    if root is None:
        return content + _yaml_block("", "  ", content, [], items, newline)
    if root.flow_style:
        raise _Beyond("the front matter is one mapping in braces")
    pairs = [pair for pair in root.value if pair[0].value == KEY]
    if len(pairs) > 1:
        raise _Beyond("the key `updates` stands twice")
    margin = " " * root.start_mark.column
    if not pairs:
        block = _yaml_block(margin, "  ", content, [], items, newline)
        return content + block
    key, value = pairs[0]
    start = _line_start(content, key.start_mark.index)
    if content[start : key.start_mark.index].strip(" "):
        raise _Beyond("the key `updates` does not begin its line")
    if value.start_mark.index < key.end_mark.index:
        raise _Beyond("the list `updates` is an alias")
    entries = value.value if isinstance(value.value, list) else []
    if not items:
        return content[:start] + content[_end(content, value, key.end_mark.index) :]
    if entries and not value.flow_style:
        return _yaml_entries(content, entries, items, newline)
    end = _end(content, value, key.end_mark.index)
    if content[value.end_mark.index : end].strip():
        raise _Beyond("a comment stands after the list `updates`")
    old = [(entry.start_mark.index, entry.end_mark.index) for entry in entries]
    block = _yaml_block(margin, "  ", content, old, items, newline)
    return content[:start] + block + content[end:]


def _yaml_block(
    margin: str,
    indent: str,
    content: str,
    old: Sequence[tuple[int, int]],
    items: Sequence[Item],
    newline: str,
) -> str:
    """Return the key with the whole list; kept entries as they stand in ``content``."""
    if not items:
        return ""
    block = [f"{margin}{KEY}:{newline}"]
    for item in items:
        if isinstance(item, Keep):
            start, end = old[item.position]
            block.append(f"{margin}{indent}- {content[start:end].strip()}{newline}")
        else:
            block.append(_yaml_entry(f"{margin}{indent}", "  ", item.fields, newline))
    return "".join(block)


def _yaml_entry(margin: str, indent: str, fields: Fields, newline: str) -> str:
    first = f"{margin}-{' ' * (len(indent) - 1)}"
    return "".join(
        f"{first if number == 0 else margin + indent}{key}: {value}{newline}"
        for number, (key, value) in enumerate(fields)
    )


def _yaml_entries(content: str, entries: list[Any], items: Sequence[Item], newline: str) -> str:
    """Return the content with single entries of a block sequence made new, added or removed."""
    spans: list[tuple[int, int]] = []
    for entry in entries:
        start = _line_start(content, entry.start_mark.index)
        end = _end(content, entry, entry.start_mark.index)
        mark = content[start : entry.start_mark.index]
        if not _DASH().fullmatch(mark) or (spans and start < spans[-1][1]):
            raise _Beyond("the entries of `updates` do not begin lines of their own")
        spans.append((start, end))
    mark = content[spans[0][0] : entries[0].start_mark.index]
    margin = mark[: mark.index("-")]
    indent = mark[len(margin) :].replace("-", " ").replace("\t", " ")
    new: dict[int, str] = {}
    added: list[str] = []
    for item in items:
        if isinstance(item, Keep):
            new[item.position] = content[slice(*spans[item.position])]
            continue
        written = _yaml_entry(margin, indent, item.fields, newline)
        if item.position is None:
            added.append(written)
        else:
            lead = margin + " " * len(indent)
            new[item.position] = written + _extras(
                content, entries[item.position], item.extras, lead
            )
    parts, last = [], 0
    for index, (start, end) in enumerate(spans):
        parts += [content[last:start], new.get(index, "")]
        last = end
    parts += added
    return "".join(parts) + content[last:]


def _extras(content: str, entry: Any, keys: tuple[str, ...], lead: str) -> str:
    """Return the source of those pairs of an entry, as lines of their own."""
    if keys and entry.flow_style:
        raise _Beyond("an entry of `updates` in braces has keys of its own")
    kept = []
    for key, value in entry.value:
        if str(key.value) in keys:
            end = _end(content, value, key.end_mark.index)
            kept.append(lead + content[key.start_mark.index : end])
    return "".join(kept)


def _line_start(content: str, offset: int) -> int:
    return max(content.rfind("\n", 0, offset), content.rfind("\r", 0, offset)) + 1


def _end(content: str, node: Any, least: int) -> int:
    """Return the end of the last line of a node, its line break and a comment on it included.

    The marks of block collections run on to the next key, over comments and empty lines that
    belong to what follows: so the last scalar or flow collection is what counts.
    """
    while isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.index
    if end < least:
        if node.value:
            raise _Beyond("an alias stands in the list `updates`")
        end = least
    if isinstance(node.value, str) and node.style in ("|", ">"):
        # The mark of a block scalar is behind its last line, or behind empty lines after that.
        keeps = "+" in content[node.start_mark.index : _line_end(content, node.start_mark.index)]
        bare = end if keeps else len(content[:end].rstrip(" \t\r\n"))
        return end if keeps else min(end, _next_line(content, bare))
    return _next_line(content, end)


def _line_end(content: str, offset: int) -> int:
    found = BREAK.search(content, offset)
    return found.start() if found else len(content)


def _next_line(content: str, offset: int) -> int:
    found = BREAK.search(content, offset)
    return found.end() if found else len(content)


# --- TOML -----------------------------------------------------------------------------------------


class _Table(NamedTuple):
    """One table of the source: its header, and its lines up to the last that says something."""

    name: str  # as written between the brackets, spaces and quotation marks removed
    array: bool  # [[name]]
    start: int
    end: int  # comments and empty lines before the next header are not its own
    pairs: tuple[tuple[str, int, int], ...]  # key as written, start and end of its lines


_TOML_TOKEN = expression(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*\'{3,5}'
    r'|"(?:[^"\\\r\n]|\\.)*"|\'[^\'\r\n]*\'|#[^\r\n]*|[\[\]{}]|\r\n|\n|\r',
    re.DOTALL,
)


def _statements(content: str) -> list[tuple[int, int]]:
    """Return start and end of the statements of valid TOML: headers, pairs, empty lines."""
    found, start, depth = [], 0, 0
    for token in _TOML_TOKEN().finditer(content):
        mark = token[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark in ("\n", "\r\n", "\r") and depth == 0:
            found.append((start, token.end()))
            start = token.end()
    if start < len(content):
        found.append((start, len(content)))
    return found


_HEADER = expression(r"[ \t]*(\[\[?)([^\]]*)\]")
_PAIR = expression(r"[ \t]*([\w-]+|\"[^\"\r\n]*\"|'[^'\r\n]*')[ \t]*([=.])")


def _tables(content: str) -> list[_Table]:
    """Return the tables in order; the first is the root, with an empty name."""
    tables: list[_Table] = []
    name, array, start, end = "", False, 0, 0
    pairs: list[tuple[str, int, int]] = []
    for begin, stop in _statements(content):
        words = content[begin:stop].strip()
        if words.startswith("["):
            tables.append(_Table(name, array, start, end, tuple(pairs)))
            header = _HEADER().match(content, begin, stop)
            name = re.sub(r"[\s\"']", "", header[2]) if header else words
            array, start, end, pairs = words.startswith("[["), begin, stop, []
        elif words and not words.startswith("#"):
            pair = _PAIR().match(content, begin, stop)
            pairs.append((pair[1].strip("\"'") if pair else words, begin, stop))
            end = stop
    tables.append(_Table(name, array, start, end, tuple(pairs)))
    return tables


def _toml(content: str, items: Sequence[Item], newline: str) -> str:
    tables = _tables(content)
    if any(key == KEY for key, _, _ in tables[0].pairs):
        content = _without_inline(content, tables[0], items)
        tables = _tables(content)
    if any(table.name.startswith(f"{KEY}.") for table in tables):
        raise _Beyond("the notes have tables of their own below `updates`")
    spans = [table for table in tables if table.name == KEY and table.array]
    kept = {item.position: item for item in items if item.position is not None}
    if any(index >= len(spans) for index in kept):
        raise _Beyond("the list `updates` is not written as tables [[updates]]")
    parts, last = [], 0
    for index, table in enumerate(spans):
        item = kept.get(index)
        if isinstance(item, Keep):
            continue
        start = table.start if item else _with_empty_line(content, table.start)
        parts.append(content[last:start])
        if item is not None:
            extras = (content[a:b] for key, a, b in table.pairs if key in item.extras)
            parts += [_toml_table(item.fields, newline), *extras]
        last = table.end
    parts.append(content[last:])
    for item in items:
        if item.position is None and isinstance(item, Write):
            parts += [newline if any(parts) else "", _toml_table(item.fields, newline)]
    return "".join(parts)


def _without_inline(content: str, root: _Table, items: Sequence[Item]) -> str:
    """Return the content without ``updates = […]``; its notes are written as tables instead."""
    if any(isinstance(item, Keep) or item.extras for item in items):
        raise _Beyond("the list `updates` is written on one line, with keys or entries of its own")
    start, end = next((a, b) for key, a, b in root.pairs if key == KEY)
    return content[:start] + content[end:]


def _with_empty_line(content: str, start: int) -> int:
    """Return the start of the one empty line before ``start``, or ``start``."""
    before = list(lines(content[:start]))[-1:] if start else []
    return before[0].start if before and before[0].start == before[0].end else start


def _toml_table(fields: Fields, newline: str) -> str:
    return f"[[{KEY}]]{newline}" + "".join(f"{key} = {value}{newline}" for key, value in fields)
