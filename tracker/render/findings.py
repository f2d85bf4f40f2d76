"""Findings for people, as JSON, as GitHub annotations, as GitLab's report and as SARIF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import tzinfo
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

import click

from tracker.model import Finding
from tracker.policy.rules import RULES, CheckResult
from tracker.policy.step import SMALL
from tracker.render.plain import counted, json_text, plain, record, visible


def write(verdict: CheckResult, form: str, version: str) -> str:
    """The findings for programs: as ``json``, ``github``, ``gitlab`` or ``sarif``.

    ``version`` is that of this program, for SARIF.
    """
    if form == "json":
        return _dump(as_object(verdict))
    if form == "sarif":
        return _dump(sarif(verdict, version))
    if form == "gitlab":
        return _dump(gitlab(verdict))
    return "".join(f"{line}\n" for line in github(verdict))


def _dump(value: object) -> str:
    return json_text(plain(value), 2) + "\n"


def _line(words: str) -> str:
    """Words of an article, or a path, safe to show on one line."""
    return visible(words).replace("\n", "⏎")


def as_object(verdict: CheckResult) -> dict[str, object]:
    """What ``check --json`` prints; the schema is in ``docs/findings.schema.json``."""
    names = ("findings", "settled", "articles", "revisions", "skipped", "failed", "since")
    return record({name: getattr(verdict, name) for name in names})


def inbox(found: Iterable[Finding]) -> list[Finding]:
    """Findings as an editor takes them up: the newest and weightiest first.

    Two months halve a finding's weight, and so does each of its rule before it in its article.
    What is not out yet comes before all.
    """
    listed = list(found)
    newest = max(map(_when, listed), default=0.0)

    def rank(finding: Finding) -> tuple[bool, float, float, str]:
        aged = 0.5 ** ((newest - _when(finding)) / _TWO_MONTHS + before.get(_key(finding), 0))
        return not finding.commit, finding.score * aged, _when(finding), finding.path

    before: dict[object, int] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for finding in sorted(listed, key=rank, reverse=True):
        before[_key(finding)] = seen[finding.path, finding.rule]
        seen[finding.path, finding.rule] += 1
    return sorted(listed, key=rank, reverse=True)


def gathered(found: Iterable[Finding]) -> list[Finding]:
    """Ranked findings, those of one piece of work in many articles as one: see ``Finding.beside``.

    That is one commit, the same change within a month, or headlines, deks and bylines that one
    person changed in a day.
    """
    listed = list(found)
    order = {_key(each): place for place, each in enumerate(listed)}
    for one_work in (_commit, _said, _furniture):
        alike: dict[object, list[Finding]] = {}
        for finding in listed:
            alike.setdefault(one_work(finding), []).append(finding)
        listed = [
            each
            for group in alike.values()
            for each in ([_beside(group)] if _is_many(group) else group)
        ]
    return sorted(listed, key=lambda each: order[_key(each)])


_TWO_MONTHS = 60 * 24 * 3600.0
_MANY = 4  # articles in which the same work is one finding


def _key(finding: Finding) -> object:
    return finding.rule, finding.path, finding.commit, finding.words


def _commit(finding: Finding) -> object:
    return (finding.rule, finding.commit) if finding.commit else _key(finding)


def _said(finding: Finding) -> object:
    if not finding.why or finding.at is None:
        return _key(finding)
    return finding.rule, finding.at.year, finding.at.month, finding.why[0]._replace(context="")


def _furniture(finding: Finding) -> object:
    labels = {each.label for each in finding.why} - SMALL
    if not labels or labels - {"headline", "dek", "byline"} or finding.at is None:
        return _key(finding)
    return finding.rule, finding.person, finding.at.date()


def _is_many(group: Sequence[Finding]) -> bool:
    return len({each.path for each in group}) >= _MANY


def _beside(group: Sequence[Finding]) -> Finding:
    first, *others = (each._replace(beside=()) for each in group)
    more = [one for each in group for one in each.beside]
    return first._replace(beside=(*others, *more))


def _month(finding: Finding, zone: tzinfo) -> str:
    """The month of a finding; of what is not out yet one that is past all others."""
    return finding.at.astimezone(zone).strftime("%Y-%m") if finding.commit and finding.at else "~"


def _when(finding: Finding) -> float:
    return finding.at.timestamp() if finding.at else 0.0


def text(verdict: CheckResult, zone: tzinfo, limit: int | None = None) -> Iterator[str]:
    """The inbox, for people: how much there is, the findings, and what to do about each rule.

    Times are given in ``zone``. Only the first ``limit`` findings are shown; None: all.
    """
    found = sorted(verdict.findings, key=lambda each: _month(each, zone), reverse=True)
    entries = gathered(inbox(found))
    shown = sorted(entries[:limit], key=lambda each: _month(each, zone), reverse=True)
    yield _count(verdict, zone)
    if len(entries) > len(shown) or len({_month(each, zone) for each in found}) > _FEW_MONTHS:
        yield ""
        yield from _table(found, zone)
    for month, group in groupby(shown, key=lambda each: _month(each, zone)):
        yield ""
        yield click.style(_MONTHLESS if month == "~" else month, bold=True)
        for finding in group:
            yield from block(finding, zone)
    if shown:
        yield ""
    advice = {each.rule: each.advice for each in reversed(shown)}
    for rule in sorted(advice, key=list(RULES).index):
        yield click.style(f"  {rule}  → {_line(advice[rule])}", dim=True)
    if len(shown) < len(entries):
        told = sum(1 + len(each.beside) for each in shown)
        yield f"Shown are {told:,} of {len(found):,}. More: --limit 100"


_FEW_MONTHS = 3  # months that are seen at a glance without a table
_MONTHLESS = "not recorded yet"
_REASONS = 3  # of a finding that are shown
_COLUMNS = 4  # months of the table that have a column each


def block(finding: Finding, zone: tzinfo) -> Iterator[str]:
    """A finding in some lines: rule, headline and path, revision, and what it is about."""
    warns = finding.severity == "warn"
    rule = click.style(finding.rule, fg="yellow" if warns else "red")
    named = f"“{_line(finding.headline)}”  " if finding.headline else ""
    yield f"  {'warning: ' if warns else ''}{rule}  {named}{_line(finding.path)}"
    if finding.commit and finding.at is not None:
        at = finding.at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
        who = f", {_line(finding.person)}" if finding.person else ""
        more = f", with {len(finding.also)} before it" if finding.also else ""
        yield f"      revision {finding.revision}{more}, {at}{who}, {finding.commit[:10]}"
    reasons = [each.sentence for each in finding.why] or [finding.words]
    for words in reasons[:_REASONS]:
        yield f"      {_line(words)}"
    if len(reasons) > _REASONS:
        yield f"      and {len(reasons) - _REASONS} more"
    if finding.beside:
        paths = list(dict.fromkeys(_line(each.path) for each in finding.beside))
        few = ", ".join(paths[:_REASONS]) + (", …" if len(paths) > _REASONS else "")
        yield f"      the same work in {counted(len(paths), 'other article')}: {few}"
    if finding.until is not None:
        until = finding.until.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
        yield f"      a note may still come until {until}"


class Summary(NamedTuple):
    """How many findings each rule has in the newest months, before them, and in all."""

    months: tuple[str, ...]  # newest first
    older: bool  # there are findings of months before those
    rows: tuple[tuple[str, tuple[int, ...], int, int], ...]  # rule, by month, before, in all


def summary(listed: Collection[tuple[str, str]], months: Sequence[str]) -> Summary:
    """The table of findings, each given by rule and month; ``months`` are theirs, newest first."""
    counts, whole = Counter(listed), Counter(rule for rule, _ in listed)
    named = tuple(months[:_COLUMNS])
    rows = []
    for rule in (each for each in RULES if whole[each]):
        row = tuple(counts[rule, month] for month in named)
        rows.append((rule, row, whole[rule] - sum(row), whole[rule]))
    return Summary(named, len(months) > len(named), tuple(rows))


def _table(found: Sequence[Finding], zone: tzinfo) -> Iterator[str]:
    listed = [(each.rule, _month(each, zone)) for each in found]
    made = summary(listed, list(dict.fromkeys(month for _, month in listed)))
    heads = [_MONTHLESS if each == "~" else each for each in made.months]
    heads += ["before", "all"] if made.older else ["all"]
    width = max(len(rule) for rule, *_ in made.rows)
    yield "  " + " " * width + "".join(f"  {head:>7}" for head in heads)
    for rule, row, before, whole in made.rows:
        numbers = (*row, before, whole) if made.older else (*row, whole)
        cells = "".join(
            f"  {number or '·':>{max(7, len(head))}}"
            for number, head in zip(numbers, heads, strict=True)
        )
        yield f"  {rule:<{width}}{cells}"


def _count(verdict: CheckResult, zone: tzinfo | None = None) -> str:
    failing = sum(finding.severity == "fail" for finding in verdict.findings)
    warnings = len(verdict.findings) - failing
    parts = [counted(failing, "finding")]
    if warnings:
        parts.append(counted(warnings, "warning"))
    if verdict.settled:
        parts.append(f"{verdict.settled:,} settled")
    since = ""
    if verdict.since is not None and zone is not None:
        since = f" since {verdict.since.astimezone(zone).strftime('%Y-%m-%d %H:%M %Z')}"
    seen = f"{counted(verdict.articles, 'article')}, {counted(verdict.revisions, 'revision')}"
    return f"{', '.join(parts)}{since} in {seen}."


def github(verdict: CheckResult) -> Iterator[str]:
    """Workflow commands that GitHub Actions shows beside the lines of a pull request."""
    for finding in verdict.findings:
        command = "error" if finding.severity == "fail" else "warning"
        place = [f"file={_property(finding.path)}"]
        if finding.line is not None:
            place.append(f"line={finding.line}")
        place.append(f"title={_property(f'tracker {finding.rule}')}")
        yield f"::{command} {','.join(place)}::{_message(f'{finding.words}. {finding.advice}')}"
    yield _count(verdict)


def _message(words: str) -> str:
    return visible(words).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _message(words).replace(":", "%3A").replace(",", "%2C")


def gitlab(verdict: CheckResult) -> list[dict[str, object]]:
    """The findings as GitLab's Code Quality report, which merge requests show."""
    return [
        {
            "description": f"{visible(finding.words)}. {finding.advice}",
            "check_name": finding.rule,
            "fingerprint": _fingerprint(finding),
            "severity": "major" if finding.severity == "fail" else "minor",
            "location": {"path": finding.path, "lines": {"begin": finding.line or 1}},
        }
        for finding in verdict.findings
    ]


def sarif(verdict: CheckResult, version: str) -> dict[str, object]:
    """The findings as a SARIF 2.1.0 log (OASIS)."""
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tracker",
                        "version": version,
                        "rules": [
                            {"id": name, "shortDescription": {"text": what}}
                            for name, what in verdict.rules.items()
                        ],
                    }
                },
                "results": [_result(finding, list(verdict.rules)) for finding in verdict.findings],
            }
        ],
    }


def _result(finding: Finding, rules: list[str]) -> dict[str, object]:
    path = quote(finding.path.encode("utf-8", "surrogateescape"))
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": "error" if finding.severity == "fail" else "warning",
        "message": {"text": f"{visible(finding.words)}. {finding.advice}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": finding.line or 1},
                }
            }
        ],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }


def _fingerprint(finding: Finding) -> str:
    """What tells a finding apart from all others, the same at the next run."""
    words = f"{finding.rule}:{finding.path}:{finding.commit or ''}:{finding.words}"
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]
