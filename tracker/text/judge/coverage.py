"""What a note tells of a change: which of its facts the note names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracker.model import Reason
from tracker.text.lexicon import Lexicon, lexicon

_WORD = re.compile(r"\d[\d.,:]*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FACTS = frozenset({"number", "date", "time", "name"})


def untold(reasons: Iterable[Reason], told: str, language: str) -> tuple[Reason, ...]:
    """Return the facts that gave way to others, and that a note names in neither form.

    ``reasons`` are those of the change, ``told`` the words of all notes that tell of it. A number,
    date or name counts as named where the note has its value in any notation, or one of its words.
    A note that names none of the facts speaks of the change as a whole: then nothing is returned.
    """
    words = lexicon(language)
    named = _words(told, words)
    facts = [each for each in reasons if each.label in _FACTS and each.old and each.new]
    missing = [each for each in facts if not _differing(each, words) & named]
    return tuple(missing) if len(missing) < len(facts) else ()


def _differing(reason: Reason, known: Lexicon) -> set[str]:
    """The words by which one form of a fact differs from the other, of both; else all of them."""
    old, new = _words(reason.old, known), _words(reason.new, known)
    return (old ^ new) or (old | new)


def _words(text: str, known: Lexicon) -> set[str]:
    """Words as they are compared: folded, numbers by their value, no function words."""
    found = set()
    for word in _WORD.findall(text):
        if word[0].isdigit():
            found.add(_value(word, known))
            continue
        folded = word.casefold().replace("’", "'").removesuffix("'s")
        if folded in known.numbers:
            found.add(str(known.numbers[folded]))
        elif folded in known.months:
            found.add(f"month {known.months[folded]}")
        elif folded not in known.function:
            found.add(folded)
    return found


def _value(digits: str, known: Lexicon) -> str:
    whole = digits.rstrip(".,:")
    for sign in known.thousands:
        whole = re.sub(rf"(?<=\d){re.escape(sign)}(?=\d\d\d(?:\D|$))", "", whole)
    return whole.replace(known.decimal, ".").lstrip("0") or "0"
