"""The articles that have ended and may come back: in the catalog's tables, and since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.store import identity
from tracker.store.catalog.columns import stored_path

if TYPE_CHECKING:
    from tracker.store.catalog.stored import StoredLives

_HELD = "coalesce(article.ended_blob, article.blob)"


class StoredPool(identity.Pool):
    """The articles that have ended, in the tables and since."""

    def __init__(self, lives: StoredLives) -> None:
        super().__init__()
        self._lives = lives
        self._asked: set[object] = set()
        self._some: bool | None = None

    def any(self) -> bool:
        """Whether any article has ended."""
        if self._some is None:
            self._some = self._lives.any_ended()
        return self._some or bool(self._by_name)

    def forget(self) -> None:
        """Everything is in the tables now."""
        self._by_blob.clear()
        self._by_name.clear()
        self._asked.clear()
        self._some = None

    def remove(self, ended: identity.Ended) -> None:
        """This article has gone on."""
        self._by_blob.get(ended.blob, {}).pop(ended.key, None)
        self._by_name.get(identity.name_of(ended.path), {}).pop(ended.key, None)

    def candidates(self, new: identity.Appeared) -> list[identity.Ended]:
        """Every ended article that ``new`` might be, told by blob and by name alone."""
        if self._some is None:
            self._some = self._lives.any_ended()
        if self._some:
            self._ask(
                "article.name", identity.name_of(new.path), stored_path(identity.name_of(new.path))
            )
            if new.blob not in identity.EMPTY:
                self._ask(_HELD, new.blob, bytes.fromhex(new.blob))
        return super().candidates(new)

    def _ask(self, column: str, key: str, value: object) -> None:
        if (column, key) in self._asked:
            return
        self._asked.add((column, key))
        for life in self._lives.ended_under(column, value):
            if life.ended is not None and not life.alive:
                self.add(life.ended)
