"""What a text costs as it grows, for tests of texts that were made to be slow.

Four times the text takes less than eight times as long. In a straight line it would be four
times, and sixteen where each passage is held against every other: the bar is in the middle of the
two, and no measure stands alone, so that a busy machine is not taken for a slow text.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

WORTH_MEASURING = 0.08
"""Seconds of processor below which the ratio says nothing: what starts up is most of it."""


def _cost(work: Callable[[int, int], object], size: int, turn: int) -> float:
    gc.freeze()  # what other tests left in memory is not looked through again and again
    try:
        started = time.process_time()
        work(size, turn)
        return time.process_time() - started
    finally:
        gc.unfreeze()


def grows_straight(work: Callable[[int, int], object], size: int = 1) -> None:
    """Fail where ``work(4 * size, turn)`` costs eight times what ``work(size, turn)`` costs.

    Each turn asks for another text of that size, so that nothing kept of one serves the next.
    """
    once = max(WORTH_MEASURING, min(_cost(work, size, turn) for turn in range(2)))
    fourfold = _cost(work, 4 * size, 0)
    for turn in range(1, 4):  # others' work disturbs single measures, and never makes them shorter
        if fourfold < 8 * once:
            break
        fourfold = min(fourfold, _cost(work, 4 * size, turn))
    assert fourfold < 8 * once


def reads_straight(work: Callable[[str], object], text: str) -> None:
    """The same for a text and its first quarter."""
    grows_straight(lambda parts, turn: work(text[: parts * len(text) // 4] + " " * turn))
