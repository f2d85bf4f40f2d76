"""Two histories of one branch made one, and three texts: by git's own merge.

The tip that is published goes first among the parents of a merge, so that the first-parent history
stays that of the readers. Nothing is changed until ``move_to``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.store import locks
from tracker.store.commit import moved
from tracker.store.files import scratch_folder
from tracker.store.git import Git, GitError, Repository, first_line, shown_path
from tracker.store.log import FILES
from tracker.store.reader import Objects, must_be_whole
from tracker.store.worktree import check_place, index_blobs, read

# --- three texts


class Collision(NamedTuple):
    """A passage that both editors changed, each in another way."""

    base: str  # as it was before both; "" where both wrote something new
    ours: str  # "" where it was taken out
    theirs: str


def three_way(
    git: Git, base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[str | Collision, ...]:
    """The pieces of three texts merged: text that is agreed on, and collisions, in order.

    ``git merge-file`` merges lines; each different piece is given to it as a number, so that
    nothing in a text can be taken for a line's end or for a mark of a conflict.
    """
    numbers: dict[str, int] = {}
    known: list[str] = []
    lines = []
    for text in (ours, base, theirs):
        for piece in text:
            if piece not in numbers:
                numbers[piece] = len(known)
                known.append(piece)
        lines.append("".join(f"{numbers[piece]}\n" for piece in text))
    with scratch_folder() as folder:
        files = [folder / name for name in ("ours", "base", "theirs")]
        for file, content in zip(files, lines, strict=True):
            file.write_text(content, encoding="ascii")
        done = git.completed("merge-file", "-p", "-q", "--diff3", *map(str, files))
    if done.returncode > 127:
        said = done.stderr.decode("utf-8", "replace")
        raise TrackerError(
            f"git could not merge the texts: {first_line(said)}.", "Bring them together by hand."
        )
    return tuple(_parts(done.stdout.decode("ascii").splitlines(), known))


_MARKS = {"<": 0, "|": 1, "=": 2, ">": 3}


def _parts(lines: Sequence[str], known: Sequence[str]) -> list[str | Collision]:
    found: list[str | Collision] = []
    sides: list[list[str]] = []
    agreed: list[str] = []
    for line in lines:
        mark = _MARKS.get(line[0])
        if mark is None:
            (sides[-1] if sides else agreed).append(known[int(line)])
        elif mark < 3:
            sides.append([])
        else:
            if agreed:
                found.append("".join(agreed))
            ours, base, theirs = ("".join(side) for side in sides)
            found.append(Collision(base, ours, theirs))
            sides, agreed = [], []
    if agreed:
        found.append("".join(agreed))
    return found


# --- two commits


class Sides(NamedTuple):
    """One path as it was before both, in the first tip and in the second; None: not there."""

    base: str | None  # full hashes of blobs
    first: str | None
    second: str | None
    mode: str = "100644"  # of what stays
    plain: bool = True  # all of them are ordinary files


class Tried(NamedTuple):
    """Two tips merged by git, nothing written but objects."""

    tree: str  # full hash; where there are conflicts, of files with git's marks in them
    conflicts: dict[str, Sides]  # by path
    both: dict[str, Sides]  # merged by git, and changed on both sides at the same path


def merge_trees(repository: Repository, first: str, second: str) -> Tried:
    """What git makes of two commits. Raises ``TrackerError`` where they have nothing in common."""
    git = repository.git
    bases = git.text("merge-base", "--all", first, second, accept=(0, 1)).split()
    if not bases:
        if repository.shallow:
            raise TrackerError(
                "This clone is shallow: where the two histories part is not in it.",
                "Bring in the rest with: git fetch --unshallow",
            )
        raise TrackerError(
            "The two histories have no commit in common: they are not of one newsroom.",
            "Check the remote's address; to join them all the same, use git merge by hand.",
        )
    try:
        said = git.run("merge-tree", "--write-tree", "-z", "--no-messages", first, second,
                       accept=(0, 1))  # fmt: skip
    except GitError as error:
        if error.status == 129:
            raise TrackerError(
                "This git cannot merge without a work tree.", "Install git 2.38 or later."
            ) from None
        raise
    tree, *lines = said.decode("utf-8", "surrogateescape").split("\0")
    stages: dict[str, dict[str, tuple[str, str]]] = {}
    for line in lines:
        if "\t" in line:
            facts, _, path = line.partition("\t")
            mode, blob, stage = facts.split(" ")
            stages.setdefault(path, {})[stage] = mode, blob
    conflicts = {path: _sides(found) for path, found in stages.items()}
    both: dict[str, Sides] = {}
    if len(bases) == 1:
        here, there = (_changed(repository, bases[0], tip) for tip in (second, first))
        for path in (here.keys() & there.keys()) - conflicts.keys():
            (mode, base, second_blob), (_, _, first_blob) = here[path], there[path]
            if first_blob and second_blob and first_blob != second_blob:
                both[path] = Sides(base, first_blob, second_blob, mode)
    return Tried(tree, conflicts, both)


def _sides(found: dict[str, tuple[str, str]]) -> Sides:
    base, first, second = (found[stage][1] if stage in found else None for stage in "123")
    modes = [mode for mode, _ in found.values()]
    mode = found.get("2", found.get("3", (modes[0], "")))[0]
    return Sides(base, first, second, mode, all(each in FILES for each in modes))


def _changed(
    repository: Repository, base: str, tip: str
) -> dict[str, tuple[str, str | None, str | None]]:
    """The ordinary files that a tip changed: new mode, old and new blob; None where none was."""
    said = repository.git.run("diff-tree", "-r", "-z", "--no-renames", "--raw", base, tip)
    words = said.decode("utf-8", "surrogateescape").split("\0")
    found = {}
    for facts, path in zip(words[::2], words[1::2], strict=False):
        old_mode, mode, old, new, _ = facts.lstrip(":").split(" ")
        found[path] = (
            mode,
            old if old_mode in FILES else None,
            new if mode in FILES else None,
        )
    return found


def store(repository: Repository, data: bytes) -> str:
    """Keep a blob; its full hash."""
    said = repository.git.run("hash-object", "-w", "--stdin", data=data)
    return said.decode().strip()


def tree_with(repository: Repository, tree: str, entries: dict[str, tuple[str, str]]) -> str:
    """A tree with other blobs at some paths (mode and full hash); its full hash."""
    if not entries:
        return tree
    git = repository.git
    with scratch_folder() as folder:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        git.run("read-tree", tree, extra=index)
        lines = [f"{mode} {blob}\t{path}\0" for path, (mode, blob) in entries.items()]
        data = "".join(lines).encode("utf-8", "surrogateescape")
        git.run("update-index", "-z", "--index-info", data=data, extra=index)
        return git.run("write-tree", extra=index).decode().strip()


def merge_commit(repository: Repository, tree: str, first: str, second: str, message: str) -> str:
    """A commit with two parents, signed where the repository signs; its full hash."""
    git = repository.git
    signs = git.text("config", "--type=bool", "--get", "commit.gpgSign", accept=(0, 1)) == "true"
    words = ["commit-tree", *(["-S"] if signs else []), "-p", first, "-p", second, "-F", "-", tree]
    try:
        said = git.run(*words, data=message.encode("utf-8", "surrogateescape"))
    except GitError as error:
        raise TrackerError(
            f"git did not make the merge's commit: {first_line(error.stderr)}.",
            "Nothing was changed; settle what git complains of, and sync again.",
        ) from None
    commit = said.decode().strip()
    must_be_whole(git, commit, first, second)
    return commit


class Arriving(NamedTuple):
    """A file that a move of the branch changes."""

    path: str
    mode: str  # "000000" where the file goes
    old: str | None  # full hash; None where there is no file before
    new: str | None  # None where the file goes


class Obstacles(NamedTuple):
    """What a work tree holds where a move of the branch writes."""

    in_the_way: tuple[str, ...]  # paths with work of somebody that is in no commit
    arrived: tuple[Arriving, ...]  # those that are as they will be, as a killed move leaves them


def obstacles(repository: Repository, old: str | None, new: str) -> Obstacles:
    """What stands where a move from one commit to another writes; nothing in a bare repository."""
    if repository.top is None:
        return Obstacles((), ())
    said = repository.git.run(
        "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=all",
    )  # fmt: skip
    touched = {entry[3:].decode("utf-8", "surrogateescape") for entry in said.split(b"\0") if entry}
    blocked, arrived = [], []
    for each in _arriving(repository, old, new):
        file = repository.top / each.path
        there = file.is_symlink() or file.exists()
        if each.path not in touched and (each.old is not None or not there):
            continue
        if _is_as_it_will_be(repository, file, each):
            arrived.append(each)
        else:
            blocked.append(each.path)
    return Obstacles(tuple(blocked), tuple(arrived))


def _arriving(repository: Repository, old: str | None, new: str) -> list[Arriving]:
    git = repository.git
    before = old or git.text("hash-object", "-t", "tree", "--stdin")
    said = git.run("diff-tree", "-r", "-z", "--no-renames", "--raw", before, new)
    words = said.decode("utf-8", "surrogateescape").split("\0")
    found = []
    for facts, path in zip(words[::2], words[1::2], strict=False):
        old_mode, mode, one, other, _ = facts.lstrip(":").split(" ")
        found.append(
            Arriving(
                path,
                mode,
                None if old_mode == "000000" else one,
                None if mode == "000000" else other,
            )
        )
    return found


def _is_as_it_will_be(repository: Repository, file: Path, arriving: Arriving) -> bool:
    if arriving.new is None:
        return not (file.is_symlink() or file.exists())
    if arriving.mode not in FILES or file.is_symlink() or not file.is_file():
        return False
    try:
        data = file.read_bytes()
    except OSError:
        return False
    git = repository.git
    return git.text("hash-object", f"--path={arriving.path}", "--stdin", data=data) == arriving.new


def move_to(
    repository: Repository, branch: str, old: str | None, new: str, why: str, turn: locks.Turn
) -> bool:
    """Move a branch, and the work tree that shows it, from one commit to another.

    The files and the index come first, as in a recording: a kill leaves them as they will be,
    never a staged reversal. Returns False where the branch was moved by others meanwhile; then
    files and index are as before. Raises ``TrackerError`` where somebody's work is in the way.
    """
    git = repository.git
    if repository.top is not None:
        lock = repository.git_dir / "index.lock"
        locks.wait_for_git(lock)
        found = obstacles(repository, old, new)
        if found.in_the_way:
            raise in_the_way(found.in_the_way)
        turn.may_leave(
            lock, repository.git_dir / "HEAD.lock", repository.common_dir / f"{branch}.lock"
        )
        for each in found.arrived:
            words = ["--force-remove", "--", each.path]
            if each.new is not None:
                words = ["--add", "--cacheinfo", f"{each.mode},{each.new},{each.path}"]
            git.run("update-index", *words, started=turn.runs)
    done = False
    with files_arriving(repository, new):
        if repository.top is not None:
            _read_trees(repository, turn, old, new, {each.path for each in found.arrived})
        try:
            done = moved(repository, turn, branch, old, new, f"tracker: {why}")
        finally:
            if not done and repository.top is not None:
                with suppress(TrackerError):
                    _read_trees(repository, turn, new, old)
    return done


def _mark(repository: Repository) -> Path:
    return repository.git_dir / "tracker" / "landing"


@contextmanager
def files_arriving(repository: Repository, new: str) -> Iterator[None]:
    """While git brings files to a commit, a mark names it: see ``take_back``."""
    mark = _mark(repository)
    if repository.top is None:
        yield
        return
    try:
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(f"{new}\n", "ascii")
    except OSError as error:
        raise locks.not_writable(mark, error) from None
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def take_back(repository: Repository) -> None:
    """Take away what killed writers left, and undo what an import or sync did to files by then.

    It wrote them one by one, and the index at the end: those that it had begun, or taken away,
    would look as if somebody had edited them. They get what the index has. Never raises.
    """
    locks.clear_left(repository.common_dir)
    mark = _mark(repository)
    if repository.top is None or not mark.exists():
        return
    git = repository.git
    with (
        suppress(TrackerError, OSError),
        locks.turn(repository.common_dir),
        Objects(repository) as objects,
    ):
        new = mark.read_text("ascii").strip()
        old = git.text("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1)) or None
        staged = index_blobs(git)
        begun = [
            each
            for each in _arriving(repository, old, new)
            if staged.get(each.path) == each.old and _is_begun(repository.top, each, objects)
        ]
        _put_back(repository, begun)
        mark.unlink()


def _is_begun(top: Path, arriving: Arriving, objects: Objects) -> bool:
    """Whether a file is missing, or holds the beginning of what it was to hold."""
    check_place(top, arriving.path)
    data = read(top, arriving.path)
    if data is None:
        return arriving.old is not None
    wanted = objects.content(arriving.new, "blob") if arriving.new else None
    return wanted is not None and wanted.startswith(data)


def _read_trees(
    repository: Repository,
    turn: locks.Turn,
    old: str | None,
    new: str | None,
    there: Collection[str] = (),
) -> None:
    """Bring index and files from one commit to another; what else is edited stays.

    ``there``: paths that are as they will be already.
    """
    git = repository.git
    trees = [name or git.text("hash-object", "-w", "-t", "tree", "--stdin") for name in (old, new)]
    # A recording leaves the times of its file out of the index; git looks at them here.
    git.run("update-index", "-q", "--refresh", accept=(0, 1), started=turn.runs)
    try:
        git.run("read-tree", "-m", "-u", *trees, started=turn.runs)
    except GitError as error:
        put_back(repository, old, new, there)
        raise TrackerError(
            f"git could not bring the files here up to date: {first_line(error.stderr)}.",
            "Settle what it complains of, and sync again; nothing was lost.",
        ) from None


def put_back(
    repository: Repository, old: str | None, new: str | None, there: Collection[str]
) -> None:
    """Give files their content of before, where git stopped half-way: the index is still that one.

    None of them held anybody's work: that was looked at. Never raises.
    """
    if repository.top is None or new is None:
        return
    with suppress(TrackerError, OSError):
        arriving = [each for each in _arriving(repository, old, new) if each.path not in there]
        _put_back(repository, arriving)


def _put_back(repository: Repository, arriving: Sequence[Arriving]) -> None:
    assert repository.top is not None
    for each in arriving:  # those first, since the disk may be full
        if each.old is None:
            _unlink(repository.top, repository.top / each.path)
    paths = b"".join(
        each.path.encode("utf-8", "surrogateescape") + b"\0" for each in arriving if each.old
    )
    repository.git.run("checkout-index", "-f", "-q", "-z", "--stdin", data=paths)


def _unlink(top: Path, file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder == top:
                break
            folder.rmdir()


def in_the_way(paths: tuple[str, ...]) -> TrackerError:
    """The error for files with work that a sync would write over."""
    shown = ", ".join(map(shown_path, paths[:5])) + (", …" if len(paths) > 5 else "")
    has = "has" if len(paths) == 1 else "have"
    return TrackerError(
        f"{shown} {has} changes here that are not recorded, and others changed the same there.",
        f"Record first, then sync again: tracker record {shown_path(paths[0])}",
    )
