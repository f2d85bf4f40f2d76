"""The history of articles on the published line, from git alone.

A ``Track`` is the life of one article: its versions, and what else happened to its file. Which
commits count is ``line``'s question, which file goes on as which article ``identity``'s; ``lives``
plays the one by the rules of the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tracker.errors import TrackerError
from tracker.model import Track
from tracker.store.contents import Contents
from tracker.store.git import Repository
from tracker.store.line import (
    LOG,
    FileChange,
    Step,
    files,
    names_of,
    parse_entry,
    parse_log,
    published_line,
    resolve,
    tip,
    waists,
)
from tracker.store.lives import Lives, kin, textual

__all__ = [
    "ARTICLES",
    "files",
    "ignored_commits",
    "resolve",
    "tip",
    "track",
    "track_alone",
    "tracks",
]

ARTICLES = (".md", ".markdown", ".txt")
"""How the file of an article ends, where nobody says otherwise."""

FEW_OBJECTS = 2_000
"""Up to about so many objects, one article's history is read from git, all changes at once."""

_MOST_ROUNDS = 4  # times that the search for one article may widen before it looks at all


def tracks(
    repository: Repository,
    *,
    under: str = "",
    branch: str | None = None,
    ignored: frozenset[str] = frozenset(),
    accept: Callable[[str], bool] | None = None,
) -> tuple[Track, ...]:
    """Every article that is or was on the published line, in one pass, by path.

    ``under`` is a folder; ``accept`` says which paths are articles (by their endings, see
    ``ARTICLES``, when it is None). Both look at the newest path: what an article was before it came
    there is part of its history. Articles that are deleted come after those that are not.
    ``ignored`` are full hashes of commits that count as no change (see ``ignored_commits``).
    """
    folder = under.strip("/")
    prefix = f"{folder}/" if folder else ""
    chosen = accept or (lambda path: path.lower().endswith(ARTICLES))
    line, pulled = _line(repository, branch)
    with Contents(repository) as texts:
        lives = Lives(texts.read, ignored, lambda path: textual(path) or chosen(path))
        play(lives, line, pulled)
    found = [
        life
        for life in lives.all
        if life.joined is None and life.path.startswith(prefix) and chosen(life.path)
    ]
    found.sort(key=lambda life: (not life.alive, life.path, life.key))
    return tuple(life.track() for life in found)


def track(
    repository: Repository,
    path: str,
    *,
    branch: str | None = None,
    ignored: frozenset[str] = frozenset(),
) -> Track:
    """The life of the article that is at ``path``, or was the last to be there.

    Raises ``TrackerError`` when no file of that path was ever on the published line.
    """
    newest = tip(repository, branch)
    alike = _like(path)
    with Contents(repository) as texts:
        life, told = None, False
        if objects(repository) > FEW_OBJECTS:
            from tracker.store.single import single

            told, life = single(
                repository,
                newest,
                path,
                branches=names_of(repository, branch),
                ignored=ignored,
                textual=alike,
                read=texts.read,
            )
        if not told:
            line, pulled = _line(repository, branch)
            within = kin(line, {path}, pulled.values())
            for final in (*[False] * _MOST_ROUNDS, True):
                lives = Lives(texts.read, ignored, alike, None if final else within)
                play(lives, line, pulled)
                if not lives.beyond:
                    break
                within = kin(line, within | lives.beyond, pulled.values())
            life = lives.alive.get(path) or lives.last_at(path)
    if life is None:
        raise no_article(path)
    return life.track()


def track_alone(
    repository: Repository,
    path: str,
    *,
    branch: str | None = None,
    ignored: frozenset[str] = frozenset(),
) -> Track | None:
    """``track`` where it is soon told: on a short line, of an article that never moved; else None.

    Raises ``TrackerError`` when no file of that path was ever on the published line.
    """
    from tracker.store.single import alone

    told, life = alone(
        repository,
        tip(repository, branch),
        path,
        branches=names_of(repository, branch),
        ignored=ignored,
        textual=_like(path),
    )
    if told and life is None:
        raise no_article(path)
    return life.track() if life is not None else None


def _like(path: str) -> Callable[[str], bool]:
    """Tells what may be an article where the file at a path is one."""
    ending = Path(path).suffix.lower()
    return lambda name: textual(name) or (ending != "" and name.lower().endswith(ending))


def no_article(path: str) -> TrackerError:
    """The error for a path that never was on the published line."""
    return TrackerError(
        f"There is no article {path!r} in the history.",
        "Record it with tracker record, or commit it with git.",
    )


def objects(repository: Repository) -> int:
    """About how many objects there are: by the size of the packs' indexes, and one loose folder."""
    folder = repository.common_dir / "objects"
    packed = loose = 0
    with suppress(OSError), os.scandir(folder / "pack") as found:
        packed = sum(each.stat().st_size for each in found if each.name.endswith(".idx")) // 32
    with suppress(OSError), os.scandir(folder / "17") as found:
        loose = 256 * sum(1 for _ in found)
    return packed + loose


def _line(
    repository: Repository, branch: str | None
) -> tuple[list[Step], dict[str, list[list[FileChange]]]]:
    """The published line, and for merges that are seen through how they differ from the pulled."""
    newest = tip(repository, branch)
    printed = repository.git.run(*LOG, "--diff-merges=first-parent", newest, "--")
    commits = {step.commit: step for step in parse_log(printed)}
    line = published_line(commits, newest, names_of(repository, branch))
    return line, differences_from_pulled(repository, line)


def play(
    lives: Lives, line: Sequence[Step], pulled: Mapping[str, Sequence[Sequence[FileChange]]]
) -> None:
    """Play a whole line."""
    for _ in lives.play_all(line, waists(line), pulled):
        pass


def differences_from_pulled(
    repository: Repository, line: Sequence[Step]
) -> dict[str, list[list[FileChange]]]:
    """How each merge that is seen through differs from the parents that were pulled, by commit."""
    pulls = [step for step in line if step.seen_through]
    if not pulls:
        return {}
    asked = "".join(f"{step.commit} {parent}\n" for step in pulls for parent in step.seen_through)
    printed = repository.git.run(
        "diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative",
        data=asked.encode(),
    )  # fmt: skip
    found: dict[str, list[list[FileChange]]] = {}
    here: list[FileChange] = []
    tokens = iter(printed.decode("utf-8", "surrogateescape").split("\0"))
    for token in tokens:
        if token.startswith(":"):
            change = parse_entry(token, next(tokens))
            if change is not None:
                here.append(change)
        elif token:
            here = []
            found.setdefault(token.split()[0], []).append(here)
    return found


def ignored_commits(repository: Repository, *, named: bool = True) -> frozenset[str]:
    """Commits that count as no change: ``blame.ignoreRevsFile`` and ``.git-blame-ignore-revs``.

    Lines that are no full hash are left out, as is a file that is not there. In a bare repository
    the second one is read from the newest commit. ``named``: False where it is known that the
    settings name no file; git is not asked then.
    """
    names = b""
    if named:
        names = repository.git.run(
            "config", "-z", "--type=path", "--get-all", "blame.ignoreRevsFile", accept=(0, 1, 128)
        )
    base = repository.top or repository.git_dir
    texts = [
        _content(base / name.decode("utf-8", "surrogateescape"))
        for name in names.split(b"\0")
        if name
    ]
    if repository.top is not None:
        texts.append(_content(repository.top / _IGNORE))
    elif repository.head is not None:
        texts.append(
            repository.git.run("cat-file", "blob", f"{repository.head}:{_IGNORE}", accept=(0, 128))
        )
    return frozenset(_hashes(b"\n".join(texts).splitlines()))


_IGNORE = ".git-blame-ignore-revs"
_DIGITS = frozenset("0123456789abcdef")


def _hashes(lines: Iterable[bytes]) -> Collection[str]:
    words = (line.partition(b"#")[0].strip().lower().decode("ascii", "replace") for line in lines)
    return [word for word in words if len(word) in {40, 64} and _DIGITS.issuperset(word)]


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except (OSError, ValueError):
        return b""
