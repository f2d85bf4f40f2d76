"""Can this archive be believed: the chain, the catalog, the signatures, the line as last seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tracker.catalog.build import agrees
from tracker.errors import TrackerError
from tracker.newsroom.catalog import all_tracks, history_of
from tracker.newsroom.workspace import Workspace
from tracker.store.files import Folder, write_file
from tracker.store.verify import (
    Flaw,
    PublishedHashes,
    Signature,
    Witness,
    WitnessComparison,
    compared,
    flaws,
    line_of,
    read,
    signatures,
    witness_of,
    written,
)

Rule = Literal[
    "damaged", "malformed", "replaced", "catalog", "unsigned", "bad-signature", "unknown-key",
    "not-allowed", "revoked-key", "expired", "rewritten", "behind", "aside", "read-otherwise",
    "late",
]  # fmt: skip

_WARNINGS = frozenset({"malformed", "expired", "late"})


class Concern(NamedTuple):
    """Something that shakes the trust in the archive."""

    rule: Rule
    severity: Literal["warn", "fail"]
    commit: str | None  # full hash, where one commit is meant
    words: str  # what it is
    advice: str  # what to do next


class Seen(NamedTuple):
    """The published line held against one witness."""

    witness: str  # the file's name; "" for the last verification here
    at: datetime  # aware: when the witness was made
    commits: int  # how many commits the line had then
    state: str  # "same", "grown", "rewritten", "behind", "aside", "read-otherwise"
    since: int  # how many came after it


class Trust(NamedTuple):
    """What was looked at, and what was found."""

    branch: str  # short name of the published branch; "" for a detached HEAD
    tip: str  # full hash of its newest commit
    commits: int  # on the published line
    concerns: tuple[Concern, ...]
    seen: tuple[Seen, ...]  # the last verification here first; empty: there was none
    signed: int | None  # commits with a good signature; None: signatures were not asked for
    asked: int  # commits that must be signed
    signers: tuple[tuple[str, int], ...]  # who signed how many, most first
    catalog: Literal["agrees", "differs", "none"]  # "none": there is none to compare
    limits: tuple[str, ...]  # what all this does not prove

    @property
    def sound(self) -> bool:
        """True where nothing was found that fails."""
        return all(each.severity == "warn" for each in self.concerns)


class VerifyRequest(NamedTuple):
    witnesses: tuple[Path, ...] = ()  # files to hold the line against
    signed: bool = False  # signatures are asked for, whatever the settings say
    contents: bool = True  # every file's content is held against its hash
    accept: bool = False  # the line is to be taken as it is from now on


def verify(
    workspace: Workspace,
    asked: VerifyRequest,
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
) -> tuple[Trust, Witness]:
    """The findings, and a witness of the line as it stands.

    What the line was is remembered in the git directory for the next time, unless something was
    found that fails. Raises ``TrackerError`` for a witness that cannot be read, and where SSH
    signatures cannot be checked for want of a list of keys.
    """
    given = [(path, _read(path)) for path in asked.witnesses]
    repository, tip = workspace.repository, workspace.tip
    branch = workspace.settings.branch
    name = _name(workspace)
    concerns = [*_flaw_concerns(workspace, flaws(repository, tip, contents=asked.contents))]
    line = line_of(repository, tip, branch)
    local = _local(workspace, name)
    last = None if asked.accept else _last(local)
    seen = []
    for where, witness in ([("", last)] if last else []) + [(str(p), w) for p, w in given]:
        found = compared(repository, line, witness, branch)
        seen.append(Seen(where, witness.at, witness.commits, found.state, found.since))
        concerns += _line_concerns(where, witness, found, workspace.settings.zone)
    demands = workspace.settings.verify
    chosen: Sequence[str] | None = None
    signers: dict[str, int] = {}
    if demands.signed or asked.signed:
        chosen = _to_be_signed(line, demands.since)
        for signature in signatures(repository, chosen, progress):
            concern = _signature_concern(signature)
            if concern is not None:
                concerns.append(concern)
            if signature.status in _GOOD:
                who = signature.signer or signature.key
                signers[who] = signers.get(who, 0) + 1
    catalog = _catalog(workspace)
    if catalog == "differs":
        concerns.append(
            Concern(
                "catalog", "fail", None, "the catalog says something else than git",
                "Make it anew: tracker catalog --rebuild",
            )
        )  # fmt: skip
    now = witness_of(line, name, workspace.clock())
    trust = Trust(
        name, tip, len(line.commits), tuple(concerns), tuple(seen),
        None if chosen is None else sum(signers.values()), len(chosen or ()),
        tuple(sorted(signers.items(), key=lambda pair: (-pair[1], pair[0]))),
        catalog, tuple(_limits(workspace, bool(seen), chosen is not None)),
    )  # fmt: skip
    if trust.sound:
        _remember(local, now)
    return trust, now


def _name(workspace: Workspace) -> str:
    name = workspace.settings.branch or workspace.repository.branch or ""
    return name.removeprefix("refs/heads/")


# --- the chain ------------------------------------------------------------------------------------


def _flaw_concerns(workspace: Workspace, found: Sequence[Flaw]) -> Iterator[Concern]:
    places = _places(workspace, {flaw.object for flaw in found if flaw.object})
    for flaw in found:
        where = places.get(flaw.object or "", "")
        words = f"{where}: {flaw.words}" if where else flaw.words
        if flaw.kind == "replaced":
            advice = "See who did it, and take it away: git replace --list, git replace --delete"
        elif flaw.kind == "malformed":
            advice = "Written so by another program, most likely; readers are not affected"
        else:
            advice = "Bring it back from another clone or a backup"
        severity: Literal["warn", "fail"] = "warn" if flaw.kind in _WARNINGS else "fail"
        yield Concern(flaw.kind, severity, None, words, advice)


def _places(workspace: Workspace, objects: set[str]) -> dict[str, str]:
    """Which revisions the objects are, where the history can still be read."""
    if not objects:
        return {}
    found = {}
    try:
        for track in all_tracks(workspace):
            for number, version in enumerate(track.versions, start=1):
                for each in (version.blob, version.commit):
                    if each in objects:
                        found[each] = f"{version.path}, revision {number}"
    except TrackerError:
        return {}
    return found


# --- the published line ---------------------------------------------------------------------------


_ACCEPT = "Ask who did it and why; where it was right: tracker verify --accept"
_STATES: dict[str, tuple[Rule, str, str]] = {
    "rewritten": ("rewritten", "the history was rewritten since {what}", _ACCEPT),
    "behind": (
        "behind",
        "revisions that {what} saw are gone from the end of the published line",
        "Bring them back: tracker sync",
    ),
    "aside": ("aside", "what {what} saw as published is only a side branch now", _ACCEPT),
    "read-otherwise": (
        "read-otherwise",
        "the commits that {what} saw are there, but the line up to them is another",
        "See whether branch in tracker.toml changed, or git replace was used",
    ),
}


def _line_concerns(
    where: str, witness: Witness, found: WitnessComparison, zone: ZoneInfo
) -> Iterator[Concern]:
    day = witness.at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    what = f"{f'the witness {where}' if where else 'the last verification'} of {day}"
    if found.state in _STATES:
        rule, words, advice = _STATES[found.state]
        words = words.format(what=what)
        if found.state == "rewritten" and found.common is None:
            words += ": nothing of it is known here"
        elif found.state == "rewritten" and found.common is not None:
            place, commit = found.common
            words += (
                f": the first {place:,} of its {witness.commits:,} commits are still there, up to "
                f"{commit[:10]}"
            )
        yield Concern(rule, "fail", witness.tip, words, advice)
    for commit in found.late:
        yield Concern(
            "late", "warn", commit,
            f"{commit[:10]} stands before {day} on the line, and was not there then",
            "Most likely a colleague's, brought in by a later merge; look who made it",
        )  # fmt: skip


def _read(path: Path) -> Witness:
    try:
        return read(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise TrackerError(
            f"There is no witness {path}.", "Make one with: tracker verify --write FILE"
        ) from None
    except UnicodeDecodeError:
        raise TrackerError(
            f"{path} is no witness of tracker.", "Make one with: tracker verify --write FILE"
        ) from None
    except OSError as error:
        raise TrackerError(
            f"{path} could not be read: {(error.strerror or str(error)).lower()}.",
            "Check the path after --witness.",
        ) from None


def _local(workspace: Workspace, branch: str) -> Path:
    """Where the last verification of a branch is remembered, in the git directory."""
    return workspace.repository.common_dir / "tracker" / f"witness-{quote(branch, safe='')}.json"


def _last(file: Path) -> Witness | None:
    try:
        return read(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError):
        return None


def _remember(file: Path, witness: Witness) -> None:
    """Kept where that is possible; a read-only archive is verified all the same."""
    with suppress(TrackerError), Folder.open(file.parent.parent, follow=True) as folder:
        folder.write(f"{file.parent.name}/{file.name}", written(witness).encode())


def write(path: Path, witness: Witness) -> None:
    """Write a witness to a file of somebody's choice. Raises ``TrackerError`` where it cannot."""
    write_file(path, written(witness).encode())


# --- signatures -----------------------------------------------------------------------------------

_GOOD = frozenset({"good", "expired-key", "expired-signature"})


def _to_be_signed(line: PublishedHashes, since: datetime | None) -> Sequence[str]:
    """From the first commit that is not older than ``since``, all: a date can be made up."""
    if since is None:
        return line.commits
    for number, commit in enumerate(line.commits):
        if line.committed[commit] >= since.timestamp():
            return line.commits[number:]
    return ()


_SIGN = "Ask its author; sign from now on: git config commit.gpgSign true"
_ALLOW = "Where it is right, add it to the file that gpg.ssh.allowedSignersFile names"
_MAYBE = "It was good once, or its date was made up: ask its owner"
_SIGNATURES: dict[str, tuple[Rule, str, str]] = {
    "unsigned": ("unsigned", "is not signed", _SIGN),
    "bad": ("bad-signature", "has a signature that does not fit it", "It was changed since"),
    "unknown-key": ("unknown-key", "is signed with a key that git does not have", "Get the key"),
    "not-allowed": ("not-allowed", "is signed with a key that is not allowed to sign", _ALLOW),
    "revoked-key": ("revoked-key", "is signed with a key that was revoked", "Ask since when"),
    "expired-key": ("expired", "is signed with a key that has expired since", _MAYBE),
    "expired-signature": ("expired", "has a signature that has expired since", _MAYBE),
}


def _signature_concern(signature: Signature) -> Concern | None:
    known = _SIGNATURES.get(signature.status)
    if known is None:
        return None
    rule, words, advice = known
    who = f" ({signature.signer or signature.key})" if signature.signer or signature.key else ""
    severity: Literal["warn", "fail"] = "warn" if rule in _WARNINGS else "fail"
    return Concern(
        rule, severity, signature.commit, f"{signature.commit[:10]} {words}{who}", advice
    )


# --- the catalog, and what is left ----------------------------------------------------------------


def _catalog(workspace: Workspace) -> Literal["agrees", "differs", "none"]:
    try:
        same = agrees(workspace.repository, history_of(workspace), workspace.watch)
    except TrackerError:
        return "none"  # git cannot be read to the end, which is told of already
    return "none" if same is None else "agrees" if same else "differs"


def _limits(workspace: Workspace, witnessed: bool, signed: bool) -> Iterator[str]:
    """What the verification does not prove, for people who must rely on it."""
    if workspace.repository.shallow:
        yield "This clone is shallow: what lies before its oldest commit was not looked at."
    if workspace.repository.partial:
        yield "This clone is partial: the texts that it lacks were not looked at."
    if witnessed:
        yield "What was rewritten or left out before the oldest witness is not seen."
    else:
        yield (
            "There was no earlier verification here, and no witness was given: whether the history "
            "was rewritten before today is not seen."
        )
    yield (
        "When something was written is not proved: dates in commits are what their makers said. "
        "For proof of time, have a witness stamped (RFC 3161) and published."
    )
    if signed:
        yield (
            "A signature says which key was used, and not who held it: a stolen key signs as well."
        )
    else:
        yield "Signatures were not asked for: who made a commit is what the commit says."
    yield "That everything published was recorded is not proved: only what is recorded is here."
