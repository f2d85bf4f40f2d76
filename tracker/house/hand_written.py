"""Whether the words of a note stand in a text already, written by hand or by an earlier run."""

from __future__ import annotations

import re

from tracker.text.lines import marked_lines

_LONGEST_START = 150  # characters that label, date and markup may take before a note's words
_KEY = 8  # characters at the end of a passage by which it is found again
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "*": None, "_": None})
_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"\d+|[^\W\d]+")
_WHOLE_DATE = 3  # numbers: day, month and year


def bare(words: str) -> str:
    """Return words without emphasis, with straight quotation marks and single spaces."""
    words = words.replace("&lt;!--", "<!--").replace("--&gt;", "-->")
    return " ".join(words.translate(_STRAIGHT).split()).rstrip(" .)]")


class Passages:
    """The paragraphs and the lines of a body, code left out, to look notes up in."""

    def __init__(self, text: str, start: int) -> None:
        self._by_end: dict[str, list[str]] = {}
        self._all: set[str] = set()
        paragraph: list[str] = []
        for line in marked_lines(text, start):
            words = "" if line.code else text[line.start : line.end].lstrip(" \t>")
            if words.strip():
                paragraph.append(words)
                self._add(words)
            else:
                self._end(paragraph)
        self._end(paragraph)

    def _end(self, paragraph: list[str]) -> None:
        if len(paragraph) > 1:
            self._add(" ".join(paragraph))
        paragraph.clear()

    def _add(self, words: str) -> None:
        passage = bare(words)
        if passage not in self._all:
            self._all.add(passage)
            self._by_end.setdefault(passage[-_KEY:], []).append(passage)

    def tell(self, text: str, line: str) -> bool:
        """Return whether a passage is the note's line, or label and date with the note's words.

        The same words under another date are another note.
        """
        whole, words = bare(line), bare(text)
        if whole in self._all:
            return True
        if not words:
            return False
        said = whole[: -len(words)] if whole.endswith(words) else ""
        short = len(words) < _KEY
        for passage in self._all if short else self._by_end.get(words[-_KEY:], ()):
            start = len(passage) - len(words)
            if not passage.endswith(words) or start > _LONGEST_START:
                continue
            if start and passage[start - 1].isalnum():
                continue
            if _same_day(passage[:start], said):
                return True
        return False


def _same_day(written: str, made: str) -> bool:
    """Tell whether two labels with their dates, or one without, may be of the same note."""
    dates, others = _NUMBER.findall(written), _NUMBER.findall(made)
    if not dates or not others or (dates == others and len(dates) >= _WHOLE_DATE):
        return True
    tokens, more = (_TOKEN.findall(words.casefold()) for words in (written, made))
    shared = min(len(tokens), len(more))
    return tokens[:shared] == more[:shared]
