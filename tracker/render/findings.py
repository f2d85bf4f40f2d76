"""Findings for people, as JSON, as GitHub annotations, as GitLab's report and as SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

import click

from tracker.model import Finding
from tracker.policy.settled import Verdict
from tracker.render.plain import plain
from tracker.render.visible import visible


def write(verdict: Verdict, form: str, version: str) -> str:
    """The findings in a form: ``text``, ``json``, ``github``, ``gitlab`` or ``sarif``.

    ``version`` is that of this program, for SARIF.
    """
    if form == "json":
        return _dump(as_object(verdict))
    if form == "sarif":
        return _dump(sarif(verdict, version))
    if form == "gitlab":
        return _dump(gitlab(verdict))
    lines = github(verdict) if form == "github" else text(verdict)
    return "".join(f"{line}\n" for line in lines)


def _dump(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n"


def _line(words: str) -> str:
    """Words of an article, or a path, safe to show on one line."""
    return visible(words).replace("\n", "⏎")


def as_object(verdict: Verdict) -> dict[str, object]:
    """What ``check --json`` prints; the schema is in ``docs/findings.schema.json``."""
    return {
        "findings": plain(verdict.findings),
        "settled": verdict.settled,
        "articles": verdict.articles,
        "revisions": verdict.revisions,
        "skipped": list(verdict.skipped),
        "failed": verdict.failed,
    }


def text(verdict: Verdict) -> Iterator[str]:
    """Article by article, for people, with a last line that counts."""
    for path, group in groupby(verdict.findings, key=lambda finding: finding.path):
        yield click.style(_line(path), bold=True)
        for finding in group:
            color = "red" if finding.severity == "fail" else "yellow"
            where = f"revision {finding.revision}" if finding.commit else "not recorded yet"
            when = f", {finding.at.isoformat(' ', 'minutes')}" if finding.at else ""
            commit = f", {finding.commit[:10]}" if finding.commit else ""
            yield f"  {click.style(finding.rule, fg=color)}  {where}{when}{commit}"
            yield f"      {_line(finding.words)}"
            yield click.style(f"      → {_line(finding.advice)}", dim=True)
    yield _count(verdict)


def _count(verdict: Verdict) -> str:
    failing = sum(finding.severity == "fail" for finding in verdict.findings)
    warnings = len(verdict.findings) - failing
    parts = [_number(failing, "finding")]
    if warnings:
        parts.append(_number(warnings, "warning"))
    if verdict.settled:
        parts.append(f"{verdict.settled:,} settled")
    seen = f"{_number(verdict.articles, 'article')}, {_number(verdict.revisions, 'revision')}"
    return f"{', '.join(parts)} in {seen}."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def github(verdict: Verdict) -> Iterator[str]:
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


def gitlab(verdict: Verdict) -> list[dict[str, object]]:
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


def sarif(verdict: Verdict, version: str) -> dict[str, object]:
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
    from urllib.parse import quote

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
    from hashlib import sha256

    words = f"{finding.rule}:{finding.path}:{finding.commit or ''}:{finding.words}"
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]
