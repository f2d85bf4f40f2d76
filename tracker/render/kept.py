"""Things that were made, kept while there is room: bounded in number and in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")


class Kept(Generic[_Key, _Made]):
    """Keeps at most ``number`` things of ``size`` bytes in all; what was used least goes first.

    ``weight`` gives about how many bytes a thing and its key take. What is heavier than a quarter
    of all is not kept: it would drive out what many ask for. Threads may share it.
    """

    def __init__(self, number: int, size: int, weight: Callable[[_Key, _Made], int]) -> None:
        self._number = number
        self._most = size
        self._weight = weight
        self._lock = threading.Lock()
        self._held: OrderedDict[_Key, tuple[_Made, int]] = OrderedDict()
        self.size = 0  # bytes, as far as ``weight`` tells

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: _Key, make: Callable[[_Key], _Made]) -> _Made:
        """What ``make`` gives for a key. Two threads that ask at once may both make it."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
                return found[0]
        made = make(key)
        weight = self._weight(key, made)
        if weight > self._most // 4:
            return made
        with self._lock:
            if key not in self._held:
                self._held[key] = made, weight
                self.size += weight
                while self.size > self._most or len(self._held) > self._number:
                    self.size -= self._held.popitem(last=False)[1][1]
        return made
