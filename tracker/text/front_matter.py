"""Where the front matter of an article stands, and what it says.

Four shapes are read: YAML between ``---`` lines (Jekyll, Hugo), TOML between ``+++`` lines (Hugo),
one object of JSON (Hugo), and ``Key: value`` lines at the top (Pelican, MultiMarkdown).
Front matter is written by hand and by strangers: whatever stands there, reading ends in bounded
time, with values or with an error that has its place in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.text import expression
from tracker.text.lines import line_and_column, lines

Format = Literal["yaml", "toml", "json", "pelican"]

LONGEST = 2_000_000
"""Characters of front matter that are read; a longer one is an error, never a long wait."""

DEEPEST = 100
"""Levels of lists and mappings inside each other that are read."""

MOST_VALUES = 100_000
"""Values of YAML that are read, those that aliases stand for counted each time."""

_YAML_END = expression(r"\n(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)")
_TOML_END = expression(r"\n\+\+\+[ \t]*(?=[\r\n]|\Z)")


def _keys(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Keys of Pelican and MultiMarkdown; without one of the first, lines that look like `Key: value`
# are taken for prose. The words of notes to readers ("Update: …") are never keys.
_KNOWN_KEYS = _keys(
    "title date author authors category tags slug status modified summary subtitle keywords lang "
    "translation template save_as url description image copyright language"
)
_KEYS_ALONE = _keys("title slug category tags date author authors")
_KEYS_OF_NOTES = _keys(
    "update updated correction corrected clarification clarified note edit edited editor retraction"
    " refile erratum"
)


class FrontMatterError(TrackerError):
    """The front matter cannot be read, or cannot be written into; with its place in the file."""

    def __init__(self, problem: str, line: int, column: int, hint: str = "") -> None:
        super().__init__(f"Line {line}, column {column} of the file: {problem}.", hint)
        self.problem = problem  # what is wrong, without full stop
        self.line = line  # in the file, counted from 1
        self.column = column  # in code points, counted from 1

    def in_file(self, path: str) -> FrontMatterError:
        """Return the same error with the file named in its sentence."""
        error = FrontMatterError(self.problem, self.line, self.column, self.hint)
        error.sentence = f"{path}, line {self.line}, column {self.column}: {self.problem}."
        error.args = (error.sentence,)
        return error


class FrontMatter(NamedTuple):
    """The front matter of one article. Offsets are code points in the whole text."""

    format: Format
    start: int  # of the opening fence, or of the first key
    end: int  # after the closing fence and its line break; of Pelican's, before the empty line
    content_start: int  # between the fences
    content_end: int
    data: Mapping[str, object]  # empty when it does not parse
    error: FrontMatterError | None = None  # why it does not parse


class Located(NamedTuple):
    """Where front matter stands, before it is read. Offsets are code points in the whole text."""

    format: Format
    start: int  # of the opening fence, or of the first key
    content_start: int
    content_end: int
    end: int  # after the closing fence and its line break


@lru_cache(maxsize=6)  # the diff of two texts asks for what was parsed, and the next one again
def locate(text: str) -> Located | None:
    """Return where the front matter of a text stands; None when it has none. Reads no value."""
    start = 1 if text.startswith("\ufeff") else 0
    if text[start : start + 1].isspace() and (after := _AFTER_BLANKS().match(text, start)):
        start = after.start(1)  # Hugo reads past blank lines
    if text.startswith("---", start):
        found = _fenced(text, start, "yaml", _YAML_END())
    elif text.startswith("+++", start):
        found = _fenced(text, start, "toml", _TOML_END())
    elif text.startswith("{", start):
        return _braced(text, start)
    else:
        lines_found = _pelican(text, start)
        return (
            Located("pelican", start, start, lines_found[0], lines_found[0])
            if lines_found
            else None
        )
    if found and found.content_end - found.content_start < _SHORT_PROSE:
        content = text[found.content_start : found.content_end]
        if content.strip() and not _KEYED().search(content):
            return None  # two thematic breaks with a paragraph between them
    return found


_AFTER_BLANKS = expression(r"\s{1,200}(?<=\n)((?:---|\+\+\+)[ \t]*\r?\n[\w-]{1,60}[ \t]*[:=])")
_SHORT_PROSE = 20_000
_KEYED = expression(
    r"^[ \t]*(?:#|[\[{-]|[^\s:=][^\n:=]{0,200}?[:=](?=\s|\Z|[\"'\[{\d]))", re.MULTILINE
)


def find(text: str) -> FrontMatter | None:
    """Return the front matter of a text, parsed, or None when it has none. Never raises."""
    found = locate(text)
    if found is None:
        return None
    if found.format == "pelican":
        metadata = _pelican(text, found.start)
        return FrontMatter("pelican", found.start, found.end, found.start, found.end,
                           metadata[1] if metadata else {})  # fmt: skip
    return _parsed(text, found)


def _fenced(text: str, start: int, kind: Format, closing: re.Pattern[str]) -> Located | None:
    first = next(lines(text, start))
    if text[first.start : first.end].strip(" \t") not in {"---", "+++"}:
        return None
    # A line break and the fence; a lone CR breaks lines too.
    searched = text.replace("\r", "\n") if "\r" in text else text
    fence = closing.search(searched, first.next - 1)
    if fence is None:
        return None
    last = next(lines(text, fence.start() + 1))
    return Located(kind, start, first.next, last.start, last.next)


_OPENS_JSON = expression(r"\{\s*+(?:\"[^\"\n]{1,200}\"\s*+:|\})")
_CLOSES_JSON = expression(r"(?<=[\r\n])\}[ \t]*+(?=[\r\n]|\Z)")


def _braced(text: str, start: int) -> Located | None:
    """Find the front matter in JSON that Hugo reads: one object, whose brace ends its line."""
    if not _OPENS_JSON().match(text, start):
        return None
    import json

    try:
        end = json.JSONDecoder().raw_decode(text[start : start + LONGEST])[1] + start
    except (ValueError, RecursionError):
        closing = _CLOSES_JSON().search(text, start)
        if closing is None:
            return None
        end = closing.start() + 1
    line = next(lines(text, end), None)
    if line is not None and text[line.start : line.end].strip():
        return None
    return Located("json", start, start, end, line.next if line else end)


def _parsed(text: str, found: Located) -> FrontMatter | None:
    """Return the front matter that stands at a place."""
    kind, start, inner, inner_end, end = found
    content = text[inner:inner_end]
    try:
        if len(content) > LONGEST:
            raise _Unreadable(f"the front matter is longer than {LONGEST:,} characters", 0)  # noqa: TRY301
        data = _read(kind, content)
    except _Unreadable as problem:
        line, column = line_and_column(text, inner + problem.offset)
        error = FrontMatterError(
            problem.problem, line, column, "Correct the front matter there, then try again."
        )
        return FrontMatter(kind, start, end, inner, inner_end, {}, error)
    if data is None:
        return None
    return FrontMatter(kind, start, end, inner, inner_end, data)


def read_json(content: str) -> dict[str, object]:
    import json

    try:
        data = json.loads(content)
    except json.JSONDecodeError as error:
        problem = error.msg[:1].lower() + error.msg[1:]
        raise _Unreadable(problem, min(error.pos, len(content))) from None
    except (RecursionError, ValueError):
        raise _Unreadable("lists or objects are nested too deeply", 0) from None
    if _deeper_than(data, DEEPEST):
        raise _Unreadable("lists or objects are nested too deeply", 0)
    return dict(data)


class _Unreadable(Exception):  # noqa: N818
    """A problem in a passage, with its offset there."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem.strip().rstrip(".")
        self.offset = offset


def read_yaml(content: str) -> dict[str, object] | None:
    """Return the mapping that YAML says; None for mere prose between two lines of dashes."""
    import yaml

    node = compose(content)
    if node is None:
        return {}
    if isinstance(node, yaml.ScalarNode):
        return None  # two thematic breaks with a paragraph between them
    if not isinstance(node, yaml.MappingNode):
        raise _Unreadable("the front matter is a list, not keys with values", 0)
    constructor = _constructor_class()()
    try:
        data = constructor.construct_document(node)
    except yaml.YAMLError as error:
        raise _unreadable(content, error) from None
    except (ValueError, OverflowError, TypeError, RecursionError) as error:
        raise _Unreadable(f"a value cannot be read ({error})", 0) from None
    return {str(key): value for key, value in data.items()}


def compose(content: str) -> Any:
    """Return the root node of YAML with its marks, None for an empty document.

    Bounded: depth and values are counted before libyaml's composer runs, which recurses on the C
    stack, and the values behind aliases before they are made ("a billion laughs").
    """
    import yaml

    try:
        # Each level needs one of these marks; only a text that has many is worth the second pass.
        if len(re.findall(r"[\[{]|[-?:](?=\s)", content)) > DEEPEST:
            _check_size(content)
        node = _loader_class()(content).get_single_node()
    except yaml.YAMLError as error:
        raise _unreadable(content, error) from None
    except UnicodeEncodeError as error:
        raise _Unreadable("a half of a surrogate pair is no character", error.start) from None
    if node is not None:
        _weigh(node, {})
    return node


@cache
def _loader_class() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_size(content: str) -> None:
    import yaml

    events = _loader_class()(content)
    count = depth = 0
    while events.check_event():
        event = events.get_event()
        place: int = event.start_mark.index
        count += 1
        if count > 2 * MOST_VALUES:  # at most two events a value
            raise _Unreadable(_TOO_MANY, place)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _Unreadable("lists or mappings are nested too deeply", place)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _weigh(node: Any, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """Return how many values a node stands for with its aliases followed, and how deep they go."""
    if isinstance(node.value, str):  # a scalar
        return 1, 1
    if id(node) in known:
        weight = known[id(node)]
        if weight is None:
            raise _Unreadable("an alias stands inside its own anchor", node.start_mark.index)
        return weight
    known[id(node)] = None
    count, depth = 1, 0
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            more, deeper = _weigh(part, known)
            count, depth = count + more, max(depth, deeper)
    if count > MOST_VALUES:
        raise _Unreadable(_TOO_MANY, node.start_mark.index)
    if depth >= DEEPEST:
        raise _Unreadable("lists or mappings are nested too deeply", node.start_mark.index)
    known[id(node)] = count, depth + 1
    return count, depth + 1


_TOO_MANY = "the front matter holds too many values"
_FORBIDDEN = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


def _unreadable(content: str, error: Any) -> _Unreadable:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
    if mark is not None:
        return _Unreadable(str(problem), min(mark.index, len(content)))
    found = re.search(_FORBIDDEN, content)
    if found is None:
        return _Unreadable(str(problem), 0)
    return _Unreadable(f"the character U+{ord(found[0]):04X} is not allowed in YAML", found.start())


@cache
def _constructor_class() -> Any:
    """Return PyYAML's safe constructor made tolerant: a value that cannot be made stays text."""
    import yaml
    from yaml.constructor import SafeConstructor

    class Constructor(SafeConstructor):
        """Makes plain values only."""

        def as_text(self, node: Any) -> object:
            """Return the scalar's value by its tag, or as written when there is no such value."""
            try:
                return SafeConstructor.yaml_constructors[node.tag](self, node)
            except (ValueError, OverflowError, TypeError, LookupError, AttributeError):
                return node.value

        def untagged(self, node: Any) -> object:
            """Return the value of a node whose tag nobody knows: no site's code runs here."""
            if isinstance(node, yaml.MappingNode):
                return self.construct_mapping(node, deep=True)
            if isinstance(node, yaml.SequenceNode):
                return self.construct_sequence(node, deep=True)
            return node.value

    tolerant: Any = Constructor
    for tag in ("timestamp", "int", "float", "bool"):
        tolerant.add_constructor(f"tag:yaml.org,2002:{tag}", Constructor.as_text)
    tolerant.add_constructor(None, Constructor.untagged)
    return tolerant


# tomllib takes quadratic time over a key of very many parts.
LONG_KEY = expression(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{DEEPEST}}}")
_TOML_PLACE = expression(r"(.*?)\s*\(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def read_toml(content: str) -> dict[str, object]:
    """Return the table that TOML says."""
    import tomllib

    if "\n" not in content:  # TOML knows no lone CR; an old file keeps its offsets this way
        content = content.replace("\r", "\n")
    short, values = _shortened(content)
    try:
        if values and not LONG_KEY().search(short):
            data = tomllib.loads(short)
            if not _deeper_than(data, DEEPEST):
                whole: dict[str, object] = _with_values(data, values)
                return whole
    except (ValueError, OverflowError, RecursionError):
        pass  # read again, for the error's place
    if long_key := LONG_KEY().search(content):
        raise _Unreadable("lists or tables are nested too deeply", long_key.start())
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _toml_problem(content, str(error)) from None
    except RecursionError:
        raise _Unreadable("lists or tables are nested too deeply", 0) from None
    except (ValueError, OverflowError) as error:
        raise _Unreadable(f"a value cannot be read ({error})", 0) from None
    if _deeper_than(data, DEEPEST):
        raise _Unreadable("lists or tables are nested too deeply", 0)
    return data


_PLAIN = r'[^"\\\x00-\x08\x0a-\x1f\x7f]*+'
_LONG_VALUE = expression(
    rf'([ \t]*+[\w-]++[ \t]*+=[ \t]*+)("{_PLAIN}'
    rf'(?:\\(?:[btnfr"\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{{4}}){_PLAIN})*+")(?=[ \t]*+\r?\Z)'
)
_LONG = 300  # code points
_STANDS_FOR = "\ue000"


def _shortened(content: str) -> tuple[str, list[str]]:
    """Return TOML with short words for long strings, and these.

    tomllib reads a string sign by sign, which takes most of the time where a site keeps whole texts
    in its front matter. The escapes that are taken here are those of JSON too.
    """
    values: list[str] = []
    if len(content) < _LONG or '"""' in content or "'''" in content or _STANDS_FOR in content:
        return content, values

    parts = content.split("\n")
    for place, line in enumerate(parts):
        found = _LONG_VALUE().match(line) if len(line) >= _LONG else None
        if found and found.end() >= _LONG:
            values.append(json.loads(found[2], strict=False))
            parts[place] = f'{found[1]}"{_STANDS_FOR}{len(values) - 1}"{line[found.end() :]}'
    return "\n".join(parts), values


def _with_values(data: Any, values: list[str]) -> Any:
    """Return a table with the long strings that ``_shortened`` took out."""
    if isinstance(data, dict):
        return {key: _with_values(value, values) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_values(value, values) for value in data]
    if isinstance(data, str) and data.startswith(_STANDS_FOR):
        return values[int(data[1:])]
    return data


def _toml_problem(content: str, message: str) -> _Unreadable:
    found = _TOML_PLACE().match(message)
    if found is None:
        return _Unreadable(message, 0)
    problem = found[1][:1].lower() + found[1][1:]
    if found[2] is None:
        return _Unreadable(problem, len(content))
    for number, line in enumerate(lines(content), 1):
        if number == int(found[2]):
            return _Unreadable(problem, min(line.start + int(found[3]) - 1, line.end))
    return _Unreadable(problem, len(content))


def _deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [
            part
            for one in level
            if isinstance(one, (dict, list))
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


_KEY = expression(r" {0,3}([A-Za-z][\w-]*(?: [\w-]+){0,3}):(?:[ \t]+(.*)|[ \t]*)")


def _pelican(text: str, start: int) -> tuple[int, dict[str, object]] | None:
    """Return the end of the metadata lines at the top, and what they say.

    None when the text may as well begin with prose.
    """
    values: dict[str, list[str]] = {}
    key, end = "", start
    ended = True  # by an empty line or the end of the file
    for line in lines(text, start):
        words = text[line.start : line.end]
        if not words.strip():
            break
        if key and words.startswith(("    ", "\t")):
            values[key].append(words.strip())
        else:
            found = _KEY().fullmatch(words)
            key = found[1].lower() if found else ""
            if found is None or key.split()[0].split("-")[0] in _KEYS_OF_NOTES:
                ended = False
                break
            values.setdefault(key, []).append((found[2] or "").strip())
        end = line.next
    if not _is_metadata(values.keys(), ended=ended):
        return None
    return end, {key: "\n".join(value for value in found if value) for key, found in values.items()}


def _is_metadata(keys: Collection[str], *, ended: bool) -> bool:
    if len(keys) == 1:
        return ended and not _KEYS_ALONE.isdisjoint(keys)
    # A line of another shape ends it too, but then the key that every page has must be there.
    return not _KNOWN_KEYS.isdisjoint(keys) if ended else len(keys) > 1 and "title" in keys


_READERS: dict[Format, Callable[[str], dict[str, object] | None]] = {
    "yaml": read_yaml,
    "toml": read_toml,
    "json": read_json,
}


@lru_cache(maxsize=8)  # most versions of an article have the same
def _read(kind: Format, content: str) -> dict[str, object] | None:
    return _READERS[kind](content)


# --- dates, in the forms that site generators read; nothing that is a guess ----------------------

_CLOCK = (
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?(?:[ \t]*([AaPp])\.?[Mm]\.?(?![\w]))?"
    r"[ \t]*(Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?(?![\w:])"
)
_DATE = expression(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}})(?!\d)(?:(?:[Tt]|[ \t]+){_CLOCK})?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NAMED = expression(  # "Feb 02 2022", "February 2, 2022", "Wed, 2 Feb 2022 13:00:00 GMT"
    rf"(?:[a-z]{{3,9}}\.?,?[ \t]+)?(?:{_MONTH}\.?[ \t]+(\d{{1,2}})(?:st|nd|rd|th)?,?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?[ \t]+{_MONTH}\.?,?)[ \t]+(\d{{4}})(?!\d)"
    rf"(?:,?[ \t]+(?:at[ \t]+)?{_CLOCK})?",
    re.IGNORECASE,
)


def read_date(value: object, *, whole: bool = False) -> date | datetime | None:
    """Return the date or datetime that a value of front matter is or begins with, else None.

    Read are ISO 8601 and its looser relatives, and months by their English names, as site
    generators write them. A datetime has the offset that stands there, and is naive where none
    does; ``whole``: nothing may follow the date.
    """
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) > 200:
        return None
    words = value.strip()
    found = _DATE().fullmatch(words) if whole else _DATE().match(words)
    if found is not None:
        year, month, day = int(found[1]), int(found[3]), int(found[4])
        clock = found.groups()[4:]
    else:
        found = _NAMED().fullmatch(words) if whole else _NAMED().match(words)
        if found is None:
            return None
        name = (found[1] or found[4])[:3].lower()
        year, month = int(found[5]), _MONTHS.index(name) + 1
        day = int(found[2] or found[3])
        clock = found.groups()[5:]
    try:
        return _at(date(year, month, day), *clock)
    except ValueError:
        return None


def _at(
    day: date,
    hour: str | None,
    minute: str,
    second: str | None,
    fraction: str | None,
    half: str | None,
    offset: str | None,
) -> date | datetime:
    """A day, or a day with its time; ``ValueError`` where there is no such time."""
    if hour is None:
        return day
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(hour)
        hours = hours % 12 + (12 if half in "pP" else 0)
    micro = int((fraction or "0").ljust(6, "0"))
    clock = time(hours, int(minute), int(second or 0), micro)
    return datetime.combine(day, clock, _offset(offset))


def _offset(words: str | None) -> tzinfo | None:
    if not words:
        return None
    if words[0] not in "+-":
        return UTC
    digits = words[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if words[0] == "-" else offset)
