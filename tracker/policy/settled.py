"""The outcome of a check, and the findings that somebody closed for good."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tracker.model import Finding
from tracker.policy.rules import RULES


class Settled(NamedTuple):
    """One finding that somebody looked at and closed for good."""

    commit: str  # full hash, or the first seven digits or more; lower case
    path: str
    rule: str = ""  # "": all rules
    who: str = ""
    why: str = ""


class Verdict(NamedTuple):
    """The outcome of a check."""

    findings: tuple[Finding, ...]
    settled: int = 0  # findings that were closed before
    articles: int = 0
    revisions: int = 0
    skipped: tuple[str, ...] = ()  # sentences: articles that could not be read
    rules: Mapping[str, str] = MappingProxyType(RULES)

    @property
    def failed(self) -> bool:
        """True where a finding fails the check."""
        return any(finding.severity == "fail" for finding in self.findings)


def unsettled(found: Iterable[Finding], settled: Collection[Settled]) -> list[Finding]:
    """The findings that nobody has closed yet."""
    by_path: dict[str, list[Settled]] = {}
    for each in settled:
        by_path.setdefault(each.path, []).append(each)
    return [
        finding
        for finding in found
        if not any(_settles(each, finding) for each in by_path.get(finding.path, ()))
    ]


def _settles(settled: Settled, finding: Finding) -> bool:
    if settled.rule not in ("", finding.rule) or finding.commit is None:
        return False
    return len(settled.commit) >= 7 and finding.commit.startswith(settled.commit)
