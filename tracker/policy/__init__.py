"""The checks: what a standards editor should look at, as findings.

Each rule is a small function from the steps of one article's life to findings. A rule knows
nothing of git, files or the time of day: what it needs is in the steps and in ``Circumstances``.
"""

from tracker.policy.rules import RULES, findings, refuse_unknown
from tracker.policy.settled import Settled, Verdict, unsettled
from tracker.policy.silence import covered
from tracker.policy.step import Circumstances, Rule, Step

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
