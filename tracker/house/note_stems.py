"""The pieces of words without which no note is written, per language: a look that costs little."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import NamedTuple

from tracker import locale

SHORT = 1_500  # characters of a text that may lack the letters of its language


class Stems(NamedTuple):
    """The pieces of words by which a language's notes give themselves away."""

    pieces: tuple[str, ...]  # lower case; one of them stands in every note
    letters: frozenset[str]  # every longer text has some of these; empty when nothing is known

    def possible(self, letters: AbstractSet[str], length: int) -> bool:
        """Whether a text of these letters may be of this language; a short one always may."""
        return not self.letters or length < SHORT or not self.letters.isdisjoint(letters)


@cache
def stems() -> Mapping[str, Stems]:
    """Per language the pieces of words without which it has no note."""
    return {
        code: Stems(tuple(said["stems"]), frozenset(said["letters"]))
        for code in locale.languages("notes")
        if (said := locale.table(code, "hints")["notes"])
    }


def fold(text: str) -> str:
    """The text in lower case with straight apostrophes, every character in its place."""
    if text.isascii():
        return text.lower().replace("`", "'")
    folded = text.lower()
    if len(folded) != len(text):  # İ and its like change their length in lower case
        folded = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    for apostrophe in "’ʼ`´‘":
        folded = folded.replace(apostrophe, "'")
    return folded
