"""The checks: what a standards editor should look at, as findings.

Each rule is a small function from the steps of one article's life to findings. A rule knows
nothing of git, files or the time of day: what it needs is in the steps and in ``Circumstances``.

The rules are loaded when they are asked for: every command that reads a history needs ``Step``,
and only one runs the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.policy.step import Circumstances, Rule, Step

if TYPE_CHECKING:
    from tracker.policy.rules import RULES, findings, refuse_unknown
    from tracker.policy.settled import Settled, Verdict, unsettled
    from tracker.policy.silence import covered

_ROOMS = {
    "RULES": "rules",
    "findings": "rules",
    "refuse_unknown": "rules",
    "Settled": "settled",
    "Verdict": "settled",
    "unsettled": "settled",
    "covered": "silence",
}

__all__ = [
    "RULES",
    "Circumstances",
    "Rule",
    "Settled",
    "Step",
    "Verdict",
    "covered",
    "findings",
    "refuse_unknown",
    "unsettled",
]


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
