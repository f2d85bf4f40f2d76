"""Three texts into one, by git's own merge: what two editors did since the text they both had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store.git import Git, first_line


class Collision(NamedTuple):
    """A passage that both editors changed, each in another way."""

    base: str  # as it was before both; "" where both wrote something new
    ours: str  # "" where it was taken out
    theirs: str


def three_way(
    git: Git, base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[str | Collision, ...]:
    """The pieces of three texts merged: text that is agreed on, and collisions, in order.

    ``git merge-file`` merges lines; each different piece is given to it as a number, so that
    nothing in a text can be taken for a line's end or for a mark of a conflict.
    """
    numbers: dict[str, int] = {}
    known: list[str] = []
    lines = []
    for text in (ours, base, theirs):
        for piece in text:
            if piece not in numbers:
                numbers[piece] = len(known)
                known.append(piece)
        lines.append("".join(f"{numbers[piece]}\n" for piece in text))
    with TemporaryDirectory(prefix="tracker-") as folder:
        files = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for file, content in zip(files, lines, strict=True):
            file.write_text(content, encoding="ascii")
        done = git.completed("merge-file", "-p", "-q", "--diff3", *map(str, files))
    if done.returncode > 127:
        said = done.stderr.decode("utf-8", "replace")
        raise TrackerError(
            f"git could not merge the texts: {first_line(said)}.", "Bring them together by hand."
        )
    return tuple(_parts(done.stdout.decode("ascii").splitlines(), known))


_MARKS = {"<": 0, "|": 1, "=": 2, ">": 3}


def _parts(lines: Sequence[str], known: Sequence[str]) -> list[str | Collision]:
    found: list[str | Collision] = []
    sides: list[list[str]] = []
    agreed: list[str] = []
    for line in lines:
        mark = _MARKS.get(line[0])
        if mark is None:
            (sides[-1] if sides else agreed).append(known[int(line)])
        elif mark < 3:
            sides.append([])
        else:
            if agreed:
                found.append("".join(agreed))
            ours, base, theirs = ("".join(side) for side in sides)
            found.append(Collision(base, ours, theirs))
            sides, agreed = [], []
    if agreed:
        found.append("".join(agreed))
    return found
