"""The rules by name, and all of them run over one article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from tracker.errors import TrackerError
from tracker.model import Finding, Saying
from tracker.policy import matter, notes, silence
from tracker.policy.step import Circumstances, Rule, Step

RULES: dict[str, str] = {
    "silent-change": "A change of substance after publication that no note covers.",
    "unpublished": "A published article was deleted, made a draft again, or moved out of sight.",
    "note-dropped": "A note that readers had been given is gone, and no note says so.",
    "note-reworded": "A note says something else than before, and no note says so.",
    "note-without-change": "A note says that the text was changed, and it was not.",
    "note-date": "A note is dated before one that came earlier, or in the future.",
    "euphemism": "An error was fixed, and the note does not call it a correction.",
    "footer-out-of-step": "The update lines in the body differ from the notes.",
    "date-moved": "A date of the front matter moved, and nothing of substance changed.",
}
"""Every rule with what it finds. All fail a check unless the settings say otherwise."""

_RUN: dict[str, Rule] = {
    "silent-change": silence.silent_change,
    "unpublished": silence.unpublished,
    "note-dropped": notes.note_dropped,
    "note-reworded": notes.note_reworded,
    "note-without-change": notes.note_without_change,
    "note-date": notes.note_date,
    "euphemism": notes.euphemism,
    "footer-out-of-step": matter.footer_out_of_step,
    "date-moved": matter.date_moved,
}


def findings(steps: Sequence[Step], circumstances: Circumstances) -> tuple[Finding, ...]:
    """What an editor should look at in one article, in the order of its revisions.

    Rules that the settings turn off are not run. What lies before ``[check] since``, or outside
    the commits asked for, is left out.
    """
    since, commits = circumstances.check.since, circumstances.commits
    found = [
        finding
        for name, rule in _RUN.items()
        if circumstances.check.rules.get(name, "fail") != "off"
        for finding in rule(steps, circumstances)
        if since is None or finding.at is None or finding.at >= since
    ]
    if commits is not None:
        found = [each for each in found if each.commit in commits]
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
