"""Two versions of a text woven into one stream of pieces, as faces show a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from tracker.model import Edit

PieceKind = Literal["same", "insert", "delete", "moved-from", "moved-to"]


class Piece(NamedTuple):
    """A stretch of the stream."""

    kind: PieceKind
    old: str  # its text in the old version; "" for "insert" and "moved-to"
    new: str  # its text in the new version; "" for "delete" and "moved-from"
    old_start: int  # where it stands, or would stand, in the old text
    new_start: int  # where it stands, or would stand, in the new text
    edit: int = -1  # index among the edits given; -1 for "same" between edits
    move: int = 0  # 1, 2, 3 … for both ends of a move; 0 otherwise
    within: tuple[Piece, ...] = ()  # for "moved-to": the passage itself, with its own edits


def weave(
    edits: Sequence[Edit],
    old: str,
    new: str,
    *,
    old_start: int = 0,
    new_start: int = 0,
    formatting: bool = False,
) -> list[Piece]:
    """The stream from the given offsets to the ends of both texts.

    Edits before those offsets are left out. Without ``formatting``, an edit that touches no word
    is a "same" piece whose two sides differ. Moves are numbered in the order of the new text.
    """
    indexed = [
        (index, edit)
        for index, edit in enumerate(edits)
        if edit.old_start >= old_start and edit.new_start >= new_start
    ]
    return _weave(indexed, old, new, (old_start, len(old)), (new_start, len(new)), formatting)


def _weave(
    edits: list[tuple[int, Edit]],
    old: str,
    new: str,
    old_range: tuple[int, int],
    new_range: tuple[int, int],
    formatting: bool,
) -> list[Piece]:
    moves = sorted(
        (item for item in edits if item[1].operation == "move"), key=lambda item: item[1].new_start
    )
    number = {index: count for count, (index, _) in enumerate(moves, 1)}
    # Each side has its own queue: a deletion waits in the old text, an insertion in the new one,
    # a replacement in both, and a move once in each.
    from_old = [item for item in edits if item[1].operation != "insert"]
    from_old.sort(key=lambda item: (item[1].old_start, item[1].old_end))
    from_new = [item for item in edits if item[1].operation != "delete"]
    from_new.sort(key=lambda item: (item[1].new_start, item[1].new_end))
    pieces: list[Piece] = []
    here, there = old_range[0], new_range[0]
    next_old = next_new = 0
    done: set[int] = set()
    while True:
        while next_new < len(from_new) and from_new[next_new][0] in done:
            next_new += 1
        gap_old = _gap(from_old, next_old, here, old_range[1], new_side=False)
        gap_new = _gap(from_new, next_new, there, new_range[1], new_side=True)
        length = min(gap_old, gap_new)
        if length > 0:
            pieces.append(
                Piece("same", old[here : here + length], new[there : there + length], here, there)
            )
            here, there = here + length, there + length
            continue
        if (
            gap_old == 0
            and next_old < len(from_old)
            and not _waits(from_old, next_old, from_new, next_new, there)
        ):
            index, edit = from_old[next_old]
            next_old += 1
            if edit.operation == "move":
                pieces.append(Piece("moved-from", edit.old, "", here, there, index, number[index]))
            else:
                pieces.extend(_edited(index, edit, here, there, formatting))
                done.add(index)
                if edit.operation == "replace":
                    there = max(there, edit.new_end)
            here = max(here, edit.old_end)
            continue
        if gap_new == 0 and next_new < len(from_new):
            index, edit = from_new[next_new]
            next_new += 1
            if edit.operation == "move":
                pieces.append(_moved(index, edit, old, new, number[index], here, formatting))
            else:
                pieces.extend(_edited(index, edit, here, there, formatting))
            there = max(there, edit.new_end)
            continue
        return pieces


def _gap(
    queue: list[tuple[int, Edit]], position: int, here: int, end: int, *, new_side: bool
) -> int:
    """How far it is to the next edit of one side, or to the end."""
    if position == len(queue):
        return max(0, end - here)
    edit = queue[position][1]
    return max(0, (edit.new_start if new_side else edit.old_start) - here)


def _waits(
    from_old: list[tuple[int, Edit]],
    next_old: int,
    from_new: list[tuple[int, Edit]],
    next_new: int,
    there: int,
) -> bool:
    """Whether a replacement at the head of the old text's queue comes after an insertion."""
    index, edit = from_old[next_old]
    if edit.operation != "replace" or next_new == len(from_new):
        return False
    other, first = from_new[next_new]
    if other == index or first.operation == "replace":
        return False
    return first.new_start <= there and first.new_start < edit.new_start


def _edited(index: int, edit: Edit, here: int, there: int, formatting: bool) -> list[Piece]:
    if not edit.verbal and not formatting:
        return [Piece("same", edit.old, edit.new, here, there, index)]
    pieces = []
    if edit.old:
        pieces.append(Piece("delete", edit.old, "", here, there, index))
    if edit.new:
        pieces.append(Piece("insert", "", edit.new, here + len(edit.old), there, index))
    return pieces


def _moved(
    index: int, edit: Edit, old: str, new: str, number: int, here: int, formatting: bool
) -> Piece:
    within = _weave(
        [(index, inner) for inner in edit.within],
        old,
        new,
        (edit.old_start, edit.old_end),
        (edit.new_start, edit.new_end),
        formatting,
    )
    return Piece("moved-to", "", edit.new, here, edit.new_start, index, number, tuple(within))
