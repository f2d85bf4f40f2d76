"""Mutated articles by the thousand: each diff must rebuild both texts and cut no word in two.

    python -m tests.long.fuzz_diff [--count 10000] [--seed N] [--repository FOLDER]

Without a seed, a new one is taken each time, and printed. With a repository, its Markdown files are
the articles; without one, articles are made up. It ends with the first pair that fails, written out
so that it can become a test.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
from pathlib import Path
from random import Random

from tests.articles import FRONT, PIECES, TOKENS, changed
from tests.test_diff import check
from tracker.model import Edit

_UNITS = re.compile(r"\n\n|[^\n]*\n|[^\s]+[ ]?|\s")


def made(random: Random) -> str:
    """An article of made-up pieces."""
    size = random.choice((5, 40, 200))
    pieces = [random.choice(PIECES) + random.choice(("", " ")) for _ in range(size)]
    return random.choice(FRONT) + "".join(pieces)


def mutated(random: Random, text: str) -> str:
    """``text`` as an editor, or an accident, might leave it."""
    how = random.randrange(8)
    if how == 0:
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((1, 5, 80)))
        return text[:at] + random.choice(("", random.choice(TOKENS), "\n\n")) + text[end:]
    if how == 1:
        return re.sub(r"(?<=\w) (?=\w)", lambda _: random.choice((" ", "\n")), text)
    if how == 2:
        return text.replace('"', "“").replace("'", "’")
    if how == 3:
        paragraphs = re.split(r"(?<=\n\n)", text)
        at, to = random.randrange(len(paragraphs)), random.randrange(len(paragraphs))
        paragraphs.insert(to, paragraphs.pop(at))
        text = "".join(paragraphs)
    if how == 4:
        text = text.replace("\n", "\r\n")
    return "".join(changed(random, _UNITS.findall(text)))


def cuts_a_word(text: str, places: list[int]) -> bool:
    """Whether a place stands between two plain letters: no token boundary can be there."""
    return any(
        0 < place < len(text)
        and text[place - 1 : place + 1].isalpha()
        and text[place - 1 : place + 1].isascii()
        for place in places
    )


def places(edits: tuple[Edit, ...]) -> tuple[list[int], list[int]]:
    old, new = [], []
    for edit in edits:
        old += [edit.old_start, edit.old_end]
        new += [edit.new_start, edit.new_end]
        inner = places(edit.within)
        old += inner[0]
        new += inner[1]
    return old, new


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=10_000, help="pairs to compare")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--repository", type=Path, help="a folder of Markdown files to mutate")
    options = parser.parse_args()
    sys.stderr.write(f"seed {options.seed}\n")
    random = Random(options.seed)
    articles: list[str] = []
    if options.repository:
        paths = sorted(options.repository.rglob("*.md"))
        articles = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    coarse = moved = edits = 0
    for number in range(options.count):
        old = random.choice(articles) if articles and number % 4 else made(random)
        new = mutated(random, old)
        try:
            found = check(old, new)
            old_places, new_places = places(found.edits)
            assert not cuts_a_word(old, old_places), "an edit cuts a word of the old text"
            assert not cuts_a_word(new, new_places), "an edit cuts a word of the new text"
        except Exception:
            sys.stderr.write(f"Pair {number} of seed {options.seed}:\n{old!r}\n{new!r}\n")
            raise
        coarse += found.coarse
        edits += len(found.edits)
        moved += sum(edit.operation == "move" for edit in found.edits)
    sys.stdout.write(
        f"{options.count} pairs rebuilt: {edits} edits, {moved} moves, {coarse} coarse\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
