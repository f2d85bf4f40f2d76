"""What a check looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[int, int], None]
"""Called with the number of articles done and the number of all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a check looks at."""

    articles: tuple[str, ...] = ()  # paths, slugs or parts; empty: the whole newsroom
    since: str | None = None  # a day, month or year, or a git revision: only what came after it
    until: str | None = None  # a day, month or year: only what came before its end
    rules: tuple[str, ...] = ()  # only findings of these; empty: of all
    paths: tuple[str, ...] = ()  # patterns, or folders: only articles there
    person: str | None = None  # only revisions by people whose name has this in it
    everything: bool = False  # what came before `[check] since` too
    as_one: bool = False  # with `since`: all of it as one change, as a merge would publish it
    staged: bool = False  # what is staged, against the newest commit
    index: Path | None = None  # with `staged`: the index that git made for a commit under way
    workers: int | None = None  # processes; None: as many as there are cores
