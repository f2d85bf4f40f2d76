"""Record every published version of an article, show what changed, and tell readers so.

The names below are the library. They are loaded when first used, because a command pays for every
import at its start.
"""

from __future__ import annotations

from tracker.errors import TrackerError

TYPE_CHECKING = False  # as in typing, which is not loaded for this
if TYPE_CHECKING:
    from tracker.comparison import compare
    from tracker.house.notes import find_notes
    from tracker.model import (
        Article,
        Blame,
        Change,
        Edit,
        Entry,
        Event,
        Finding,
        FoundNote,
        History,
        Note,
        Person,
        Recording,
        Refusal,
        Revision,
    )
    from tracker.newsroom.newsroom import Newsroom
    from tracker.text.blame import blame

__all__ = [
    "Article",
    "Blame",
    "Change",
    "Edit",
    "Entry",
    "Event",
    "Finding",
    "FoundNote",
    "History",
    "Newsroom",
    "Note",
    "Person",
    "Recording",
    "Refusal",
    "Revision",
    "TrackerError",
    "__version__",
    "blame",
    "compare",
    "find_notes",
]

__version__ = "0.1.0"

_HOMES = {
    "Newsroom": "tracker.newsroom.newsroom",
    "blame": "tracker.text.blame",
    "compare": "tracker.comparison",
    "find_notes": "tracker.house.notes",
}


def __getattr__(name: str) -> object:
    if name not in __all__ and name != "corpus":
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    from importlib import import_module

    if name == "corpus":  # it needs the libraries of an extra
        return import_module("tracker.corpus")
    value = getattr(import_module(_HOMES.get(name, "tracker.model")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
