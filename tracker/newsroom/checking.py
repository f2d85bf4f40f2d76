"""The checks over an article, a newsroom, a range of commits or what is staged."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from tracker.errors import TrackerError
from tracker.house.dates.names import aware
from tracker.house.toml_file import Keys, quoted, read_table
from tracker.house.toml_file import check as check_keys
from tracker.model import Article, Event, Finding, Person, Progress, Track, Version
from tracker.newsroom import names
from tracker.newsroom.catalog import all_tracks, learnt
from tracker.newsroom.facts import Job, remembered
from tracker.newsroom.history import track_of
from tracker.newsroom.names import locate
from tracker.newsroom.queries import paths_of
from tracker.newsroom.revisions import Analyst, article_of, joined
from tracker.newsroom.selection import matches, slug
from tracker.newsroom.workspace import SETTINGS_FILE, Workspace
from tracker.policy.rules import CheckResult, Resolved, findings, refuse_unknown, unresolved
from tracker.policy.step import Circumstances
from tracker.store.files import Folder
from tracker.store.log import (
    Changed,
    author_time,
    between,
    commits_since,
    last_change,
    merge_base,
    staged,
)
from tracker.store.reader import Reader
from tracker.text.document import decode, parse


@dataclass(frozen=True, slots=True)
class CheckScope:
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


Early = Callable[[datetime, Callable[[], tuple[Finding, ...]]], None]
"""Told while articles are looked at, newest first: after which instant all findings are known,
and what gives them."""


def check(
    workspace: Workspace,
    scope: CheckScope,
    progress: Progress | None = None,
    early: Early | None = None,
) -> CheckResult:
    """The findings of a newsroom that nobody has settled yet.

    ``early`` is called after each article of a whole newsroom.

    Raises ``TrackerError`` for settings that name a rule that there is not, and for an article or
    a revision that is not there.
    """
    refuse_unknown(workspace.settings.check.rules, f"{SETTINGS_FILE}, [check.rules]")
    refuse_unknown(scope.rules, "--rule")
    if scope.until is not None:
        names.period_end(
            workspace, scope.until
        )  # no date is refused, whether or not something is found
    resolved = read_resolved(workspace)
    if scope.staged:
        if workspace.repository.bare:
            raise TrackerError(
                "This repository is bare: nothing can be staged in it.", "Check in a clone of it."
            )
        verdict = _one_change(
            workspace, scope, None, staged(workspace.repository, workspace.under, scope.index)
        )
    elif scope.since is not None and scope.as_one:
        verdict = _one_change(workspace, scope, *_range(workspace, scope.since))
    else:

        def known(so_far: Sequence[Finding], after: datetime) -> None:
            def final() -> tuple[Finding, ...]:
                sure = [each for each in so_far if each.at is not None and each.at > after]
                return tuple(_left(workspace, scope, sure, resolved)[0])

            if early is not None:
                early(after, final)

        verdict = _history(workspace, scope, progress, known)
    left, number = _left(workspace, scope, verdict.findings, resolved)
    return verdict._replace(findings=tuple(left), settled=number - len(left))


def _left(
    workspace: Workspace, scope: CheckScope, found: Iterable[Finding], resolved: Sequence[Resolved]
) -> tuple[list[Finding], int]:
    """The findings that are wanted and not closed, and how many are wanted."""
    wanted = [each for each in found if _is_wanted(each, workspace, scope)]
    return unresolved(wanted, resolved), len(wanted)


def _is_wanted(finding: Finding, workspace: Workspace, scope: CheckScope) -> bool:
    if scope.rules and finding.rule not in scope.rules:
        return False
    if scope.person is not None and scope.person.casefold() not in finding.person.casefold():
        return False
    until = None if scope.until is None else names.period_end(workspace, scope.until)
    return until is None or finding.at is None or finding.at < until


# --- revision by revision -----------------------------------------------------------------------


def _history(
    workspace: Workspace,
    scope: CheckScope,
    progress: Progress | None,
    known: Callable[[Sequence[Finding], datetime], None],
) -> CheckResult:
    if workspace.empty and scope == CheckScope():
        return CheckResult(())  # nothing was ever committed
    since, commits = _since(workspace, scope)
    chosen = _chosen(workspace, scope)
    if not chosen:
        raise _nothing_there(workspace, scope)
    if commits is not None:
        chosen = [each for each in chosen if not commits.isdisjoint(_commits(each.track))]
    if since is not None:
        chosen = [each for each in chosen if _newest(each.track) >= since]
    chosen.sort(key=lambda each: _newest(each.track), reverse=True)
    jobs = [replace(job, commits=commits, since=since) for job in chosen]
    found: list[Finding] = []
    skipped: list[str] = []
    results = remembered(workspace, jobs, scope.workers, progress)
    for number, done in enumerate(results, start=1):
        found += done.findings
        skipped += done.skipped
        if number < len(jobs):
            known(found, _newest(jobs[number].track))
    found.sort(key=lambda each: (each.path, each.revision or 0))
    revisions = sum(len(job.track.versions) for job in jobs)
    if jobs and len(skipped) == len(jobs):
        raise TrackerError(
            f"Nothing could be looked at: {skipped[0]}",
            f"Of {len(jobs):,} articles, none can be read." if len(jobs) > 1 else "",
        )
    return CheckResult(
        tuple(found), articles=len(jobs), revisions=revisions, skipped=tuple(skipped), since=since
    )


def _since(
    workspace: Workspace, scope: CheckScope
) -> tuple[datetime | None, frozenset[str] | None]:
    """From which instant, or with which commits; None for no such bound."""
    if scope.since is None:
        return (None if scope.everything else workspace.settings.check.since), None
    try:
        return names.period_start(workspace, scope.since), None
    except TrackerError:
        pass
    try:
        commits = commits_since(workspace.repository, scope.since, workspace.tip)
    except TrackerError:
        raise TrackerError(
            f"“{scope.since}” is no date, and no revision of git.",
            "Write 2022-05-12, 2022-05, 2022 or “3 weeks ago”; or a branch, a tag or a commit.",
        ) from None
    return (None if scope.everything else workspace.settings.check.since), commits


def _nothing_there(workspace: Workspace, scope: CheckScope) -> TrackerError:
    if scope.paths:
        return TrackerError(
            f"No article matches {' or '.join(scope.paths)}.",
            "Give a folder or a pattern from the newsroom's folder, as content/news or **/2022-*.",
        )
    return TrackerError(
        f"There is no article to look at in {workspace.root or workspace.repository.git_dir}.",
        f'Say in {SETTINGS_FILE} where they are: articles = ["content/**/*.md"]',
    )


def _chosen(workspace: Workspace, scope: CheckScope) -> list[Job]:
    if scope.articles:
        named = (track_of(workspace, article) for article in scope.articles)
        return [Job(track) for track in {each.path: each for each in named}.values()]
    found = all_tracks(workspace)
    here = set(workspace.paths())
    belongs = workspace.selection.holds
    begun = sorted((each.versions[0].at, each.path) for each in found)
    chosen = []
    for track in found:
        if not _is_looked_at(workspace, scope, track.path):
            continue
        if track.deleted and _came_again(track, begun, workspace.settings.check.grace):
            track = track._replace(events=())
        if track.path in here:
            chosen.append(Job(track))
        elif any(belongs(path) for path in paths_of(track)):
            chosen.append(Job(track, outside=not track.deleted))
    return chosen


def _came_again(track: Track, begun: Sequence[tuple[datetime, str]], grace: timedelta) -> bool:
    """Whether an article under a like name began about when this one was deleted."""
    gone = track.events[-1].at if track.events else track.versions[-1].at
    words = _words(track.path)
    near = bisect_left(begun, (gone - grace, "")), bisect_left(begun, (gone + grace, ""))
    return any(
        len(words & other) >= _LIKE * max(len(words), len(other))
        for other in (_words(path) for _, path in begun[slice(*near)] if path != track.path)
    )


_LIKE = 0.6  # of the words of a name


def _words(path: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", slug(path).casefold()))


def deleted(workspace: Workspace) -> tuple[tuple[Article, Event], ...]:
    if workspace.empty:
        return ()
    belongs = workspace.selection.holds
    found = []
    with Reader(workspace.repository) as reader:
        for track in all_tracks(workspace):
            ends = [event for event in track.events if event.kind == "deleted"]
            if not (track.deleted and ends and any(map(belongs, paths_of(track)))):
                continue
            try:
                headline = parse(decode(reader.read(track.versions[-1].blob))[0]).headline
            except TrackerError:  # its text cannot be read any more
                headline = None
            found.append((article_of(track.path, headline), ends[-1]))
    return tuple(sorted(found, key=lambda pair: pair[1].at, reverse=True))


def _is_looked_at(workspace: Workspace, scope: CheckScope, path: str) -> bool:
    under = workspace.under
    inside = path.removeprefix(f"{under}/") if under else path
    exclude = workspace.settings.check.exclude
    if not scope.articles and any(matches(each, inside) for each in exclude):
        return False
    return not scope.paths or any(matches(each, inside) for each in scope.paths)


def _commits(track: Track) -> set[str]:
    versions = {version.commit for version in track.versions}
    return versions | {event.commit for event in track.events}


def _newest(track: Track) -> datetime:
    instants = [version.at for version in track.versions]
    return max([*instants, *(event.at for event in track.events)])


# --- one change ---------------------------------------------------------------------------------


def _range(workspace: Workspace, since: str) -> tuple[str, tuple[Changed, ...]]:
    """The commit where the checkout left a revision's line, and what came of it since."""
    tip = workspace.repository.head or workspace.tip
    base = merge_base(workspace.repository, since, tip)
    return base, between(workspace.repository, base, tip, workspace.under)


def _one_change(
    workspace: Workspace, scope: CheckScope, base: str | None, changes: Iterable[Changed]
) -> CheckResult:
    """The findings of a change that is not out yet, article by article."""
    base = base or workspace.repository.head
    both = [each for each in changes if each.old_path is not None or each.path is not None]
    paths = [path for each in both for path in (each.old_path, each.path) if path is not None]
    chosen = set(workspace.choose(paths))
    if scope.articles:
        chosen &= {locate(workspace, article, new=True) for article in scope.articles}
    chosen = {path for path in chosen if _is_looked_at(workspace, scope, path)}
    found: list[Finding] = []
    number = 0
    for each in sorted(both, key=lambda each: each.path or each.old_path or ""):
        if each.old_path not in chosen and each.path not in chosen:
            continue
        number += 1
        if each.old_path is not None and each.old_path in chosen and base is not None:
            found += _judge_change(workspace, base, each, outside=each.path not in chosen)
    return CheckResult(tuple(found), articles=number, revisions=number)


def _judge_change(
    workspace: Workspace, base: str, change: Changed, *, outside: bool
) -> Iterable[Finding]:
    assert change.old_path is not None
    assert change.old_blob is not None
    nobody = Person("", "")
    before = author_time(workspace.repository, base)
    versions = [Version(base, change.old_path, change.old_blob, before, nobody, "")]
    events = []
    if change.path is None:
        events.append(Event("deleted", "", workspace.clock(), nobody, "", change.old_path))
    else:
        if change.path != change.old_path:
            moved = Event("moved", "", workspace.clock(), nobody, "", change.path, change.old_path)
            events.append(moved)
        assert change.blob is not None
        if change.blob != change.old_blob:
            versions.append(Version("", change.path, change.blob, workspace.clock(), nobody, ""))
    track = Track(
        change.path or change.old_path, tuple(versions), tuple(events), deleted=change.path is None
    )
    circumstances = Circumstances(
        workspace.settings,
        track.events,
        deleted=track.deleted,
        outside=outside and not track.deleted,
        now=workspace.now,
        unrecorded=True,
        touched=last_change(workspace.repository, base, change.old_path),
    )
    repeated = learnt(workspace).watched()
    with Reader(workspace.repository) as reader:
        git = workspace.repository.git
        analyst = Analyst(track, workspace.settings, git, reader.read, repeated=repeated)
        steps = joined(analyst, compared=True, now=workspace.now)
        return [each for each in findings(steps, circumstances) if each.commit is None]


# --- the committed file of findings that somebody looked at and closed for good -------------------

RESOLVED_FILE = ".tracker-reviewed.toml"

_HEAD = """\
# Findings of `tracker check` that an editor looked at and closed. Commit this file.
# commit and path say which revision; without rule, all findings about it are closed.
# before, in their place, closes what came before that instant: by rule, where one is named.
"""
_KEYS: Keys = {
    "commit": str,
    "path": str,
    "rule": str,
    "before": (datetime, date),
    "who": str,
    "why": str,
}
_HASH = re.compile(r"[0-9a-f]{7,64}")


def read_resolved(workspace: Workspace) -> tuple[Resolved, ...]:
    """What the file says; nothing where there is none.

    Raises ``TrackerError`` for a file that does not parse, or whose tables hold something else.
    """
    text = workspace.file(RESOLVED_FILE)
    if not text or not text.strip():
        return ()
    table = read_table(text, RESOLVED_FILE)
    rows = table.get("reviewed", [])
    other = min(set(table) - {"reviewed"}, default=None)
    if other is not None or not isinstance(rows, list):
        raise TrackerError(
            f"{RESOLVED_FILE} holds [[reviewed]] tables and nothing else.",
            "Write [[reviewed]] with two brackets."
            if other is None
            else f"Take “{other}” out, or put it into such a table.",
        )
    zone = workspace.settings.zone
    return tuple(_resolved(row, number, zone) for number, row in enumerate(rows, start=1))


def _resolved(row: object, number: int, zone: tzinfo) -> Resolved:
    where = f"{RESOLVED_FILE}, entry {number}"
    if not isinstance(row, dict):
        raise TrackerError(f"{where} is no table.", "Write [[reviewed]], and its keys below.")
    check_keys(row, _KEYS, where=where, toml="")
    rule = row.get("rule", "")
    if rule:
        refuse_unknown([rule], where)
    who, why = row.get("who", ""), row.get("why", "")
    if "before" in row:
        return Resolved("", row.get("path", ""), rule, who, why, aware(row["before"], zone))
    for key in ("commit", "path"):
        if key not in row:
            raise TrackerError(f"{where} has no “{key}”.", "It says which revision is meant.")
    commit = row["commit"].strip().lower()
    if not _HASH.fullmatch(commit):
        raise TrackerError(
            f"{where}: “{row['commit'][:70]}” is no hash of a commit.",
            "Give seven digits of it or more, as tracker check prints them.",
        )
    return Resolved(commit, row["path"], rule, who, why)


def resolve(workspace: Workspace, found: Iterable[Finding], who: str, why: str) -> int:
    """Add findings to the file on disk; how many were added. Commit it afterwards.

    Findings about what is not recorded yet are left out: there is no commit to name.
    """
    rows = [each for each in found if each.commit]
    _append(
        workspace,
        [
            {"commit": commit, "path": each.path, "rule": each.rule, "who": who, "why": why}
            for each in rows
            for commit in (each.commit or "", *each.also)
        ],
    )
    return len(rows)


def resolve_before(
    workspace: Workspace, before: datetime, rules: Iterable[str], who: str, why: str
) -> None:
    """Close all findings of these rules, or of every rule, about what came before an instant."""
    _append(
        workspace,
        [{"rule": rule, "before": before, "who": who, "why": why} for rule in list(rules) or [""]],
    )


def _append(workspace: Workspace, rows: list[dict[str, str | datetime]]) -> None:
    """Put tables at the end of the file; two who do it at once both keep theirs."""
    root = workspace.root
    if root is None:
        raise TrackerError(
            "This repository is bare: it has no files on disk.", "Settle findings in a clone."
        )
    if not rows:
        return
    tables = "".join(_table(row) for row in rows)

    def added(before: bytes | None) -> bytes:
        text = before.decode("utf-8-sig") if before else _HEAD
        return f"{text.rstrip()}\n{tables}".encode()

    with Folder.open(root) as folder:
        folder.update(RESOLVED_FILE, added)


def _table(row: dict[str, str | datetime]) -> str:
    lines = [
        f"{key} = {value.isoformat() if isinstance(value, datetime) else quoted(value)}"
        for key, value in row.items()
        if value
    ]
    return "\n[[reviewed]]\n" + "\n".join(lines) + "\n"
