"""How notes are worded: what small changes to one are, and whether it says that a text was wrong.

The words are data: the ``policy.toml`` of each language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from tracker import locale

_SMALL = frozenset({"typo", "style", "markup", "link", "moved", "note"})


class Words(NamedTuple):
    """One language's words for texts that were wrong or changed, as patterns to search with."""

    itself: re.Pattern[str]
    wrong: re.Pattern[str]
    explains: re.Pattern[str]
    soft: re.Pattern[str]
    changed: re.Pattern[str]
    contrast: re.Pattern[str]

    def says_wrong(self, text: str, *, surely: bool = False) -> bool:
        """True where a note says of the text itself that it was wrong.

        With ``surely``, it need not speak of itself: what it tells of is a fact that was replaced.
        """
        for sentence in _sentences(text):
            about = surely or self.itself.search(sentence) is not None
            if about and (self.wrong.search(sentence) or self.explains.search(sentence)):
                return True
            if surely and self.contrast.search(f" {sentence} "):
                return True
        return False

    def explains_error(self, text: str) -> bool:
        """True where a correction says that something was wrong, or what."""
        return bool(
            self.wrong.search(text) or self.explains.search(text) or self.contrast.search(text)
        )

    def says_changed(self, text: str) -> bool:
        """True where a note says that the text itself was changed."""
        return any(
            self.changed.search(sentence) and self.itself.search(sentence)
            for sentence in _sentences(text)
        )


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?;])\s+", text[:5_000])


@cache
def words(language: str) -> Words | None:
    """The words of a language, by its tag; None where there is no file for it."""
    listed = locale.table(locale.base(language), "policy")
    if not listed:
        return None
    names = ("itself", "wrong", "explains", "soft", "changed")
    itself, wrong, explains, soft, changed = (_pattern(listed[name]) for name in names)
    contrast = "|".join(re.escape(each) for each in listed["contrast"])
    return Words(itself, wrong, explains, soft, changed, re.compile(contrast, re.IGNORECASE))


def _pattern(known: list[str]) -> re.Pattern[str]:
    parts = [
        re.escape(each.rstrip("*")).replace(r"\ ", r"\s+") + (r"\w*" if each[-1] == "*" else "")
        for each in known
    ]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


def is_small(was: str, now: str) -> bool:
    """True where two wordings of a note tell readers the same: a typo, markup, a link."""
    if was == now:
        return True
    from tracker.text.changes import judge
    from tracker.text.diff import diff

    change = judge(was, now, diff(was, now))
    return not change.substantive and change.labels <= _SMALL
