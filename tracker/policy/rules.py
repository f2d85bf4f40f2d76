"""The rules by name, and all of them run over one article."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from shlex import quote
from types import MappingProxyType
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import Finding, Saying
from tracker.policy import changes, notes
from tracker.policy.step import Circumstances, Rule, Step

RULES: dict[str, str] = {
    "silent-change": "A change of substance after publication that no note covers.",
    "unpublished": "A published article was deleted, made a draft again, or moved out of sight.",
    "note-dropped": "A note that readers had been given is gone, and no note says so.",
    "note-reworded": "A note says something else than before, and no note says so.",
    "note-incomplete": "A note does not tell of a fact that its revision changed.",
    "note-without-change": "A note says that the text was changed, and it was not.",
    "note-date": "A note is dated before one that came earlier, or in the future.",
    "euphemism": "An error was fixed, and the note does not call it a correction.",
    "footer-out-of-step": "The update lines in the body differ from the notes.",
    "date-moved": "A date of the front matter moved, and nothing of substance changed.",
}
"""Every rule with what it finds. All fail a check unless the settings say otherwise."""

_RUN: dict[str, Rule] = {
    "silent-change": changes.silent_change,
    "unpublished": changes.unpublished,
    "note-dropped": notes.note_dropped,
    "note-reworded": notes.note_reworded,
    "note-incomplete": notes.note_incomplete,
    "note-without-change": notes.note_without_change,
    "note-date": notes.note_date,
    "euphemism": notes.euphemism,
    "footer-out-of-step": changes.footer_out_of_step,
    "date-moved": changes.date_moved,
}


def findings(steps: Sequence[Step], circumstances: Circumstances) -> tuple[Finding, ...]:
    """What an editor should look at in one article, in the order of its revisions.

    Rules that the settings turn off are not run. What lies before ``[check] since``, or outside
    the commits asked for, is left out.
    """
    since, commits = circumstances.since, circumstances.commits
    found = [
        finding
        for name, rule in _RUN.items()
        if circumstances.check.rules.get(name, "fail") != "off"
        for finding in rule(steps, circumstances)
        if since is None or finding.at is None or finding.at >= since
    ]
    if commits is not None:
        found = [each for each in found if any(one in commits for one in (each.commit, *each.also))]
    if circumstances.settings.kind == "followed":
        found = [_reported(each) for each in found]
    order = list(_RUN)
    return tuple(sorted(found, key=lambda each: (each.revision or 0, order.index(each.rule))))


def _reported(finding: Finding) -> Finding:
    """The finding with advice for those who watch, and who cannot mend other people's articles."""
    from tracker.house.phrases import sentence

    last = finding.revision or 0
    versions = f"diff {quote(finding.path)} {last - 1} {last}"
    command = f"tracker {versions if last > 1 else f'history {quote(finding.path)}'}"
    advised = Saying.of("advice.report", command=command)
    return finding._replace(advised=advised, advice=sentence(advised))


def refuse_unknown(names: Iterable[str], where: str) -> None:
    """Raise ``TrackerError`` for a name that is no rule's, with the nearest one.

    ``where`` is the table that holds them, as in “tracker.toml: check.rules”.
    """
    for name in names:
        if name not in RULES:
            from difflib import get_close_matches

            near = get_close_matches(name[:60], RULES, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else f"The rules are {', '.join(RULES)}."
            raise TrackerError(f"{where}: there is no rule “{name}”.", hint)


# --- the outcome, and what somebody closed for good --------------------------------------------


class Resolved(NamedTuple):
    """One finding that somebody looked at and closed for good."""

    commit: str  # full hash, or the first seven digits or more; lower case; "": see `before`
    path: str  # "": all articles
    rule: str = ""  # "": all rules
    who: str = ""
    why: str = ""
    before: datetime | None = None  # aware; with no commit: what came before this is closed


class Verdict(NamedTuple):
    """The outcome of a check."""

    findings: tuple[Finding, ...]
    settled: int = 0  # findings that were closed before
    articles: int = 0
    revisions: int = 0
    skipped: tuple[str, ...] = ()  # sentences: articles that could not be read
    since: datetime | None = None  # aware; what is older was not looked at
    rules: Mapping[str, str] = MappingProxyType(RULES)

    @property
    def failed(self) -> bool:
        """True where a finding fails the check."""
        return any(finding.severity == "fail" for finding in self.findings)


def unresolved(found: Iterable[Finding], resolved: Collection[Resolved]) -> list[Finding]:
    """The findings that nobody has closed yet: of several revisions, each has to be closed."""
    by_path: dict[str, list[Resolved]] = {}
    for each in resolved:
        by_path.setdefault(each.path, []).append(each)
    return [
        finding
        for finding in found
        if finding.commit is None
        or not all(
            any(
                _resolves(each, finding, commit)
                for path in (finding.path, "")
                for each in by_path.get(path, ())
            )
            for commit in (finding.commit, *finding.also)
        )
    ]


def _resolves(resolved: Resolved, finding: Finding, commit: str) -> bool:
    if resolved.rule not in ("", finding.rule):
        return False
    if resolved.before is not None:
        return finding.at is not None and finding.at < resolved.before
    return len(resolved.commit) >= 7 and commit.startswith(resolved.commit)
