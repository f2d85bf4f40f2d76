"""The YAML that most front matter is: keys with a value on one line, lists of values or of notes.

PyYAML takes 20 ms to load, a quarter of a whole recording, so it is left alone where a few lines
say the same. What is read here is read as PyYAML reads it, and a test holds the two against each
other; whatever is not certain (a comment, a value over several lines, an escape, a tab) is left to
PyYAML, and so is all that is wrong.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from tracker.prepared import expression

_MOST_LINES = 5_000

_KEY = r"(?P<key>[A-Za-z_][A-Za-z0-9_-]{0,99}):"
_LINE = expression(
    rf"(?P<margin> *)(?P<dash>- +)?(?:{_KEY}(?: +(?P<value>\S.*))?|(?P<item>\S.*))? *"
)
# No control characters, no line breaks but LF, nothing invisible that YAML forbids.
_ALLOWED = expression(
    "[\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_QUOTED = expression(r"\"([^\"\\]*)\"|'([^']*)'")
_DAY = expression(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = expression(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}"
)
_WHOLE = expression(r"0|[1-9][0-9]{0,17}")
_COUNTED = expression(r"[1-9][0-9]*[A-Za-z ]")  # "18F", "7 days": no number, and no date
# Words that YAML 1.1 takes for something else than text.
_NAMED = {
    word: value
    for words, value in (("yes true on", True), ("no false off", False), ("null", None))
    for name in words.split()
    for word in (name, name.capitalize(), name.upper())
}


class Mark:
    """A place in the text."""

    __slots__ = ("column", "index")

    def __init__(self, index: int, column: int) -> None:
        self.index = index  # code points from the start
        self.column = column  # code points from the start of the line


class Scalar:
    """A value on one line; the names are those of PyYAML's nodes."""

    __slots__ = ("data", "end_mark", "start_mark", "style", "value")
    flow_style = None

    def __init__(
        self, value: str, start: Mark, end: Mark, data: object, style: str | None = None
    ) -> None:
        self.value = value  # as text
        self.start_mark = start
        self.end_mark = end
        self.data = data  # the value meant
        self.style = style  # the quotation mark


class Sequence:
    """A list with an entry to a line, or to some lines."""

    __slots__ = ("start_mark", "value")
    flow_style = False

    def __init__(self, start: Mark) -> None:
        self.value: list[Scalar | Mapping] = []
        self.start_mark = start

    @property
    def data(self) -> list[object]:
        """The values meant."""
        return [entry.data for entry in self.value]


class Mapping:
    """Keys with their values, a line each."""

    __slots__ = ("start_mark", "value")
    flow_style = False

    def __init__(self, start: Mark) -> None:
        self.value: list[tuple[Scalar, Scalar | Sequence]] = []
        self.start_mark = start

    @property
    def data(self) -> dict[str, object]:
        """The values meant, by key."""
        return {key.value: value.data for key, value in self.value}


class _Uncertain(Exception):  # noqa: N818 - no error: PyYAML reads it
    """This is for PyYAML."""


def compose(content: str) -> Mapping | None:
    """Return the mapping that front matter says; None where PyYAML has to read it."""
    if not _ALLOWED.fullmatch(content) or content.count("\n") > _MOST_LINES:
        return None
    try:
        return _Reader().read(content)
    except _Uncertain:
        return None


class _Reader:
    """Reads lines from the first to the last."""

    def __init__(self) -> None:
        self.top = Mapping(Mark(0, 0))
        self.open: tuple[Scalar, Mark] | None = None  # a key without a value, and the place of it
        self.list: Sequence | None = None  # the list that may go on
        self.entry: Mapping | None = None  # its last entry, where that may go on

    def read(self, content: str) -> Mapping | None:
        at = 0
        for line in content.split("\n"):
            found = _LINE.fullmatch(line)
            if found is None:
                return None
            if line and not line.isspace():
                self.line(found, at)
            at += len(line) + 1
        self.close()
        if not self.top.value:
            return None
        self.top.start_mark = self.top.value[0][0].start_mark
        return self.top

    def line(self, found: re.Match[str], at: int) -> None:
        """Take in one line that begins at ``at``."""
        if found["dash"]:
            self.item(found, at)
        elif found["key"] is None:
            raise _Uncertain
        elif not found["margin"]:
            self.close()
            key = _key(found, at)
            if found["value"] is None:
                self.open = key, Mark(at + found.end("key") + 1, found.end("key") + 1)
            else:
                self.top.value.append((key, _scalar(found, "value", at)))
        else:
            # A further line of an entry stands below the first one's key.
            if self.entry is None or self.entry.start_mark.column != found.end("margin"):
                raise _Uncertain
            self.pair(found, at)

    def item(self, found: re.Match[str], at: int) -> None:
        """Take in a line with a dash: the next entry of the list."""
        column = found.end("margin")
        if self.open is not None:
            self.list = Sequence(Mark(at + column, column))
            self.top.value.append((self.open[0], self.list))
            self.open = None
        if self.list is None or self.list.start_mark.column != column:
            raise _Uncertain
        start = found.end("dash")
        if found["key"] is not None:
            self.entry = Mapping(Mark(at + start, start))
            self.list.value.append(self.entry)
            self.pair(found, at)
        elif found["item"] is not None:
            self.entry = None
            self.list.value.append(_scalar(found, "item", at))
        else:
            raise _Uncertain

    def pair(self, found: re.Match[str], at: int) -> None:
        """Take in a key of an entry."""
        if found["value"] is None or self.entry is None:
            raise _Uncertain
        self.entry.value.append((_key(found, at), _scalar(found, "value", at)))

    def close(self) -> None:
        """A list, and a key without a value, end where the next key begins."""
        if self.open is not None:
            key, place = self.open
            self.top.value.append((key, Scalar("", place, place, None)))
        self.open = self.list = self.entry = None


def _key(found: re.Match[str], at: int) -> Scalar:
    word = found["key"]
    if word in _NAMED:
        raise _Uncertain
    start, end = found.span("key")
    return Scalar(word, Mark(at + start, start), Mark(at + end, end), word)


def _scalar(found: re.Match[str], group: str, at: int) -> Scalar:
    written = found[group].rstrip(" ")
    start = found.start(group)
    end = start + len(written)
    marks = Mark(at + start, start), Mark(at + end, end)
    first = written[0]
    if first in "\"'":
        quoted = _QUOTED.fullmatch(written)
        if quoted is None:
            raise _Uncertain
        text = quoted[1] if first == '"' else quoted[2]
        return Scalar(text, *marks, text, first)
    if ": " in written or " #" in written or written.endswith(":"):
        raise _Uncertain
    if first.isalpha() or first == "/" or _COUNTED.match(written):
        return Scalar(written, *marks, _NAMED.get(written, written))
    return Scalar(written, *marks, _number_or_date(written))


def _number_or_date(written: str) -> object:
    try:
        if _WHOLE.fullmatch(written):
            return int(written)
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
        if _INSTANT.fullmatch(written):
            return datetime.fromisoformat(written)
    except ValueError:
        pass
    raise _Uncertain
