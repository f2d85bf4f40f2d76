"""One revision in, safely: one ordinary commit of one article, and nothing else touched.

In a work tree git makes it, by ``git add`` and ``git commit --only``: hooks run, it is signed where
the repository signs, and what else is staged or edited stays as it was. In this order: all checks;
the file; the index; the branch, by git's own compare-and-swap. Killed at any moment, a recording
leaves the article as it was, or staged as it will be, and never a staged reversal of the branch.
In a bare repository it is a ``git fast-import`` of one commit.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import locks, worktree
from tracker.store.git import (
    DURABLE,
    GitError,
    Repository,
    checked,
    encoded,
    environment,
    first_line,
    missing,
    parsed_identity,
    shown_path,
    unknown_writer,
)
from tracker.store.log import FileChange, tree_entries
from tracker.store.reader import Objects, gone, object_hash
from tracker.store.stream import (
    CommitStream,
    PathChange,
    StreamedCommit,
    author_line,
    quarantine,
)
from tracker.store.worktree import Index, no_file

_ATTEMPTS = 50  # at a branch that others move all the time
_LOOKED_AT = 2000  # commits; a work tree is seldom further behind, and the time stays short
_PARENT = re.compile(rb"tree [0-9a-f]+\nparent ([0-9a-f]+)\n")
_FITS = 4096  # bytes that can be written to a pipe before anybody reads
_LITTLE = 100_000  # bytes; with so few left on the disk, that is why git fails
_MANY = 27  # objects in one of 256 folders: git packs at 6,700 loose ones in all


class EditedMeanwhile(TrackerError):  # noqa: N818 - what happened, in an editor's words
    """The article is no longer what the caller read: another editor was there."""

    def __init__(
        self,
        sentence: str,
        hint: str,
        *,
        commit: str | None,
        person: Person | None,
        at: datetime | None,
        base: str | None = None,
    ) -> None:
        super().__init__(sentence, hint)
        self.base = base  # the blob that the work tree still shows; None: the one expected
        self.commit = commit  # full hash of what came between; None when git cannot name it
        self.person = person  # its author
        self.at = at  # its author date, aware


class FileWrite(NamedTuple):
    """What a recording does to one file."""

    path: str  # in the repository, with forward slashes
    data: bytes | None  # its new content, as it stands in a file; None: it goes
    expected: str | None  # the blob that the caller read at the tip of the branch; None: no file
    disk: bytes | None = None  # what the caller read in the work tree; None where there was none


class _Commit(NamedTuple):
    """What is to be recorded, checked."""

    files: tuple[FileWrite, ...]
    message: bytes
    person: Person
    at: datetime
    branch: str  # full name


def write(
    repository: Repository,
    files: Sequence[FileWrite],
    *,
    message: str,
    person: Person,
    at: datetime,
    branch: str | None = None,
    settled: bool = False,
    objects: Objects | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> str | None:
    """Record one revision: the full hash of its commit.

    None where nothing changed: the branch holds this already, and no commit was made. ``person``
    and ``at`` (aware) become the author; the committer is who git says is at work, now. ``branch``
    is the published one, default: the one that is checked out. ``settled``: the caller knows that
    the work tree still shows an earlier revision, and what came after it is in the new text or
    gives way. ``objects`` may have a git that is running already. ``meanwhile`` is work of the
    caller that is done while git makes the commit.

    Raises ``EditedMeanwhile`` when a file in the branch is not what is expected, and
    ``TrackerError`` for all that stands in the way; then nothing is recorded, and files and
    index are as they were.
    """
    for each in files:
        checked(each.path)
    words, author = _message(message), _author(person)
    git_date(at)
    with locks.turn(repository.common_dir) as turn:
        name = worktree.branch_to_write(repository, branch)
        new = _Commit(tuple(files), words, author, at, name)
        with _asked(repository, objects) as asked:
            try:
                if repository.top is None:
                    commit = _in_bare(repository, new, turn, asked)
                else:
                    where = repository, repository.top
                    commit = _in_work_tree(*where, new, turn, asked, settled, meanwhile)
            except GitError as error:
                raise _explained(error, repository) from None
        if commit is not None:
            _upkeep(repository)
        return commit


@contextmanager
def _asked(repository: Repository, objects: Objects | None) -> Iterator[Objects]:
    if objects is not None:
        yield objects
        return
    with Objects(repository) as own:
        yield own


# --- what a commit needs --------------------------------------------------------------------------


def _message(message: str) -> bytes:
    text = message.replace("\0", "").strip("\n")
    if not text.strip():
        raise TrackerError(
            "The commit message is empty.", "Say in a few words what was done, with -m."
        )
    return encoded_text(text) + b"\n"


def _author(person: Person) -> Person:
    """The person without what would break the line that git keeps of an author."""
    name, email = (
        "".join(character for character in text if character >= " " and character not in "<>\x7f")
        for text in (person.name, person.email)
    )
    if not name.strip():
        raise TrackerError(
            "The author has no name.", "Give a name and an address, like: Ada Jones <ada@x.org>"
        )
    return Person(
        *(encoded_text(text.strip()).decode("utf-8", "surrogateescape") for text in (name, email))
    )


def encoded_text(text: str) -> bytes:
    """A text for a commit: UTF-8; bytes that were none when read come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def git_date(at: datetime) -> str:
    """An instant as git writes it: seconds since 1970 in UTC, and the offset."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("the instant of a revision must be aware of its zone")
    seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if seconds < 0:
        raise TrackerError(
            f"git cannot keep a date before 1970, and {at:%Y-%m-%d} is one.",
            "Record it with a later date, and tell the real one in the article.",
        )
    minutes = offset // timedelta(minutes=1)
    if abs(minutes) > 14 * 60:  # no place on earth, and git takes it for an error
        minutes = 0
    return f"{seconds} {'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _author_variables(new: _Commit) -> dict[str, str]:
    """The variables by which git takes an author."""
    return {
        "GIT_AUTHOR_NAME": new.person.name,
        "GIT_AUTHOR_EMAIL": new.person.email,
        "GIT_AUTHOR_DATE": f"@{git_date(new.at)}",
    }


# --- what is there --------------------------------------------------------------------------------


def _expected(repository: Repository, objects: Objects, new: _Commit) -> str | None:
    """The newest commit of the branch. Raises unless the files in it are what the caller read."""
    base = objects.tip(new.branch)
    for each in new.files:
        if _blob(objects, base, each.path) == each.expected:
            continue
        found = objects.info(f"{base}:{each.path}")
        if found is not None and found.kind != "blob":
            what = "a folder" if found.kind == "tree" else "a submodule"
            shown = shown_path(each.path)
            raise TrackerError(f"{shown} is {what} in the repository.", "Name a file.")
        raise _edited(repository, base, each.path)
    return base


def _blob(objects: Objects, commit: str | None, path: str, *, fresh: bool = False) -> str | None:
    """What a commit has at a path, full hash; None for nothing. ``fresh``: looked at anew."""
    trees = [] if commit is None else objects.trees(commit, path, fresh=fresh)
    return trees[-1][0] if len(trees) > path.count("/") + 1 else None


def _edited(repository: Repository, base: str | None, path: str) -> EditedMeanwhile:
    """The error that names who changed a path last."""
    said = ""
    if base is not None:
        said = repository.git.text(
            "log", "-1", "--format=%H%x00%an%x00%ae%x00%aI", base, "--", path
        )
    if not said:
        return EditedMeanwhile(
            f"{shown_path(path)} is no longer in the branch as it was read.",
            "Read it again, and record again.",
            commit=None,
            person=None,
            at=None,
        )
    commit, name, email, date = said.split("\0")
    at = datetime.fromisoformat(date)
    return EditedMeanwhile(
        f"{name} changed {shown_path(path)} meanwhile: commit {commit[:10]} of "
        f"{at.isoformat(' ', 'minutes')}.",
        "Look at it with tracker diff, bring the two texts together, and record again.",
        commit=commit,
        person=Person(name, email),
        at=at,
    )


def _refuse_behind(repository: Repository, base: str, path: str, blob: str) -> None:
    """Raise ``EditedMeanwhile`` where ``blob``, which the index has, is an earlier revision.

    That comes of a push into a repository that people work in, or of a branch that another program
    moved: the work tree still shows the older text, so that a recording of the file would take
    back, without a word, what came in. A text that is staged and was never recorded passes.
    """
    git = repository.git
    commits = git.text("rev-list", f"--max-count={_LOOKED_AT}", base).split()
    name = encoded(path)
    asked = b"".join(commit.encode() + b":" + name + b"\0" for commit in commits[1:])
    said = git.run("cat-file", "--batch-check=%(objectname)", "-z", data=asked)
    if blob.encode() in said.split(b"\n"):
        error = _edited(repository, base, path)
        error.hint = (
            "What is checked out here is older; bring the two together with tracker record "
            "--merge, or put yours in its place with --anyway."
        )
        error.base = blob
        raise error


# --- in a work tree -------------------------------------------------------------------------------


def _in_work_tree(
    repository: Repository, top: Path, new: _Commit, turn: locks.Turn, objects: Objects,
    settled: bool, meanwhile: Callable[[], object] | None,
) -> str | None:  # fmt: skip
    for each in new.files:
        worktree.check_place(top, each.path)
    index = Index(repository, {each.path: each.expected for each in new.files}, turn)
    base = _expected(repository, objects, new)
    for each in new.files:
        if worktree.read(top, each.path) not in (each.disk, each.data):
            raise worktree.changed_meanwhile(each.path)
        entry = index.before.get(each.path)
        if entry is None and each.data is not None:
            index.may_add(each.path, known=each.expected is not None)
        if entry is not None and base and each.expected not in (None, entry.hash) and not settled:
            _refuse_behind(repository, base, each.path, entry.hash)
    recording = _Recording(repository, top, new, base, index, turn, objects, meanwhile)
    try:
        recording.stage()
        commit = recording.commit()
    except BaseException:
        recording.undo()
        raise
    recording.done()
    return commit


class _Recording:
    """One recording in a work tree, from its files to its commit; put back when it fails."""

    def __init__(
        self, repository: Repository, top: Path, new: _Commit, base: str | None, index: Index,
        turn: locks.Turn, objects: Objects, meanwhile: Callable[[], object] | None,
    ) -> None:  # fmt: skip
        self.repository = repository
        self.top = top
        self.new = new
        self.base = base
        self.index = index
        self.turn = turn
        self.objects = objects
        self.meanwhile = meanwhile
        self.replaced: list[worktree.Replacement] = []

    @property
    def _locks(self) -> tuple[Path, ...]:
        """The files by which git locks what it changes here."""
        here, common = self.repository.git_dir, self.repository.common_dir
        return here / "index.lock", here / "HEAD.lock", common / f"{self.new.branch}.lock"

    def stage(self) -> None:
        """Put the files in their places, then into the index."""
        self.turn.may_leave(*self._locks)
        for each in self.new.files:
            one = worktree.Replacement(
                self.top, each.path, each.disk, each.data, self.repository.git_dir
            )
            self.replaced.append(one)
            one.make(self.turn.may_leave)
        self.index.keep()
        # `git mv` and `git rm` have taken a path out already: then git knows none such to add.
        before = self.index.before
        paths = [one.path for one in self.new.files if one.data is not None or one.path in before]
        if paths:
            self.index.add(paths)

    def commit(self) -> str | None:
        """Let git make the commit, again where others moved the branch; None where none is due."""
        for attempt in range(_ATTEMPTS):
            if worktree.checked_out(self.repository) != self.new.branch:
                raise _another_branch()
            status, said = self._git_commit()
            made = self._made() if status == 0 or "unable to write new index" in said else ""
            if made:
                return made
            if self._nothing_to_do():
                return None
            if worktree.checked_out(self.repository) != self.new.branch:
                raise _another_branch()
            before, self.base = self.base, _expected(self.repository, self.objects, self.new)
            if self.base == before:  # git lost no race
                raise _refused(self.repository, said)
            time.sleep(0.001 * attempt)
        raise TrackerError(
            f"The branch {self.new.branch.removeprefix('refs/heads/')} is moved by others all the "
            "time.",
            "Record again when there is less going on.",
        )

    def _git_commit(self) -> tuple[int, str]:
        """Status of ``git commit --only``, and what it complained of."""
        # Not by Git.command: hooks would inherit --literal-pathspecs and the settings given there.
        # Upkeep is looked for once, afterwards.
        words = [
            "git", *DURABLE, "-c", "maintenance.auto=false", "-c", "i18n.commitEncoding=UTF-8",
            "commit", "--quiet", "--only", "--cleanup=verbatim", "--file=-", "--",
            *(f":(top,literal){each.path}" for each in self.new.files),
        ]  # fmt: skip
        variables = environment(**_author_variables(self.new), GIT_REFLOG_ACTION="tracker")
        deadline = time.monotonic() + locks.WAIT_FOR_GIT
        while True:
            self.turn.goes_on()
            try:
                process = subprocess.Popen(
                    words, cwd=self.repository.git.directory, stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=variables,
                )  # fmt: skip
            except OSError as error:
                raise missing(self.repository.git.directory, error) from None
            self.turn.runs(process)
            try:
                complaint = self._waited_for(process)
            except BaseException:  # git is told of it too, and ends
                process.wait()
                raise
            said = complaint.decode("utf-8", "replace").strip()
            lock = locks.in_the_way(said)
            if process.returncode == 0 or lock is None:
                return process.returncode, said
            locks.wait_longer(lock, deadline)

    def _waited_for(self, process: subprocess.Popen[bytes]) -> bytes:
        """What git complained of until its end; meanwhile the caller's own work is done."""
        message = self.new.message
        if self.meanwhile is not None and len(message) <= _FITS:
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(message)
            process.stdin, message = None, b""
            self.meanwhile()
        return process.communicate(message)[1]

    def _made(self) -> str:
        """The commit that git made, looked at again; "" where there is none."""
        if worktree.checked_out(self.repository) != self.new.branch:
            self._take_back("HEAD", self._ours("HEAD"))
            raise _another_branch()
        commit = self.objects.tip(self.new.branch) or ""
        if commit in ("", self.base):
            return ""
        if self._parent(commit) != self.base:
            commit = self._ours(self.new.branch)
            parent = self._parent(commit)
            for each in self.new.files:
                if _blob(self.objects, parent, each.path) != each.expected:
                    # Somebody recorded between our look and git's: theirs is not to be covered.
                    self._take_back(self.new.branch, commit)
                    raise _edited(self.repository, parent, each.path)
        self._see(commit)
        return commit

    def _parent(self, commit: str) -> str | None:
        content = self.objects.content(commit, "commit")
        found = None if content is None else _PARENT.match(content)
        return None if found is None else found[1].decode()

    def _ours(self, reference: str) -> str:
        """The newest commit with this author and date, where others made some at the same time."""
        person = self.new.person
        wanted = _letters(f"{person.name}{person.email}{git_date(self.new.at)}")
        said = self.repository.git.text(
            "log", f"--max-count={_LOOKED_AT}", "--date=raw", "--encoding=UTF-8",
            "--format=%H %an%ae%ad", reference,
        )  # fmt: skip
        lines = (line.partition(" ") for line in said.split("\n"))
        return next((commit for commit, _, author in lines if _letters(author) == wanted), "")

    def _take_back(self, reference: str, commit: str) -> None:
        """Move a branch back from a commit that is not to be on it, where it is the newest."""
        parent = self._parent(commit) if commit else None
        if parent is not None:
            with suppress(GitError):
                self.repository.git.run("update-ref", reference, parent, commit)

    def _see(self, commit: str) -> None:
        """Raise unless the commit, its trees and its text are there."""
        for each in self.new.files:
            blob = _blob(self.objects, commit, each.path, fresh=True)
            if each.data is None:
                continue
            if blob is None or self.objects.content(blob, "blob") is None:
                self._take_back(self.new.branch, commit)
                raise gone(f"the text of {shown_path(each.path)}")
            if blob != object_hash("blob", each.data, len(commit)):
                self.index.agree(each.path, blob)  # a filter, or a hook that rewrote it

    def _nothing_to_do(self) -> bool:
        """Whether the index, and so the branch, has nothing new."""
        now = self.index.read()
        return all(
            (now[path].hash if path in now else None) == _blob(self.objects, self.base, path)
            for path in (each.path for each in self.new.files)
        )

    def done(self) -> None:
        """What was kept to be put back is not needed any more."""
        for each in self.replaced:
            each.forget()
        self.index.forget()

    def undo(self) -> None:
        """Put files and index back after a failure, where they still are as they were made.

        Nothing is put back where the branch has the new text all the same. Where another revision
        of the article came between, the index gets its entry: what was there before would stage
        its reversal. Never raises.
        """
        here = self.base
        self.turn.clear_locks()
        with suppress(TrackerError, OSError):
            here = self.objects.tip(self.new.branch)
            if here != self.base and all(self._has(here, each) for each in self.new.files):
                self.done()
                return
        for replaced in self.replaced:
            replaced.undo()
        with suppress(TrackerError, OSError):
            if worktree.checked_out(self.repository) != self.new.branch:
                tip = self.objects.info("HEAD")
                here = None if tip is None else tip.hash
            moved = {}
            for each in self.new.files:
                blob = _blob(self.objects, here, each.path)
                if blob != each.expected:
                    moved[each.path] = blob
            self.index.undo(moved)
        self.index.forget()

    def _has(self, commit: str | None, each: FileWrite) -> bool:
        blob = _blob(self.objects, commit, each.path)
        if each.data is None or blob is None:
            return blob is None and each.data is None
        return blob == object_hash("blob", each.data, len(blob))


def _letters(text: str) -> str:
    """What git leaves of a name, and more: it takes away points and marks at its ends."""
    return "".join(filter(str.isalnum, text))


def _another_branch() -> TrackerError:
    return TrackerError(
        "Another branch was checked out meanwhile.", "Go back to it, and record again."
    )


def _refused(repository: Repository, said: str) -> TrackerError:
    """Why git made no commit, in its words or in ours."""
    if _reason(repository, said):
        return GitError(f"git commit failed: {first_line(said)}.", stderr=said)
    if "empty ident" in said or "tell me who you are" in said:
        return unknown_writer()
    words = first_line(said) or "it gave no reason"
    return TrackerError(
        f"git did not make the commit: {words}.",
        "Nothing was recorded; settle what the commit hook or git complains of, and record again.",
    )


# --- in a bare repository -------------------------------------------------------------------------


def _in_bare(
    repository: Repository, new: _Commit, turn: locks.Turn, objects: Objects
) -> str | None:
    git = repository.git
    signs = git.text("config", "--type=bool", "commit.gpgSign", accept=(0, 1)) == "true"
    committer, now = parsed_identity(git.text("var", "GIT_COMMITTER_IDENT"))
    author = author_line(new.person)
    for attempt in range(_ATTEMPTS):
        base = objects.tip(new.branch)
        modes = _modes(repository, base, new)
        if _expected(repository, objects, new) != base:
            continue
        with (
            quarantine(repository, "record") as folder,
            CommitStream(repository, folder, base, committer) as stream,
        ):
            changes = []
            for each in new.files:
                blob = None if each.data is None else stream.hashed(each.data)
                if blob != each.expected:
                    mode = modes.get(each.path, "100644")
                    changes.append(PathChange(encoded(each.path), blob, mode))
            if not changes:
                return None
            for each in new.files:
                if each.data is not None:
                    stream.text(each.data)
            date, seconds = git_date(new.at).encode(), int(now.timestamp())
            stream.commit(StreamedCommit(author, date, seconds, new.message, tuple(changes)))
            commit = stream.finish()
            stream.deliver()
        if signs:
            commit = _signed(repository, new, base, commit)
        for each in new.files:
            if each.data is not None and objects.info(f"{commit}:{each.path}") is None:
                raise gone(f"the text of {shown_path(each.path)}")
        if moved(repository, turn, new.branch, base, commit, _reflog(new.message)):
            return commit
        time.sleep(0.001 * attempt)
    raise TrackerError(
        f"The branch {new.branch.removeprefix('refs/heads/')} is moved by others all the time.",
        "Record again when there is less going on.",
    )


def _modes(repository: Repository, base: str | None, new: _Commit) -> dict[str, str]:
    """The modes of the files that are there. Raises for what is no file, or in the way of one."""
    paths = {each.path for each in new.files}
    above = {path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"}
    modes = {}
    for path, (mode, kind, _) in tree_entries(repository, base, sorted(paths | above)):
        if path in paths:
            if not mode.startswith("100"):
                raise no_file(path, mode)
            modes[path] = mode
        elif kind != "tree":
            inside = next(one for one in paths if one.startswith(f"{path}/"))
            raise TrackerError(
                f"{shown_path(path)} is a file or a submodule in the repository, so "
                f"{shown_path(inside)} cannot be in it.",
                "Choose another path.",
            )
    return modes


def _reflog(message: bytes) -> str:
    return "tracker: " + message.decode("utf-8", "replace").partition("\n")[0][:200]


def _signed(repository: Repository, new: _Commit, base: str | None, commit: str) -> str:
    """The same commit made by git itself, which signs it."""
    parents = () if base is None else ("-p", base)
    said = repository.git.run(
        "commit-tree", "-S", *parents, "-F", "-", f"{commit}^{{tree}}",
        data=new.message, extra=_author_variables(new),
    )  # fmt: skip
    return said.decode().strip()


def moved(
    repository: Repository, turn: locks.Turn, branch: str, old: str | None, new: str, why: str
) -> bool:
    """Move a branch from one commit to another. False: it was elsewhere."""
    git = repository.git
    turn.may_leave(repository.git_dir / "HEAD.lock", repository.common_dir / f"{branch}.lock")
    deadline = time.monotonic() + locks.WAIT_FOR_GIT
    while True:
        try:
            zeros = "0" * len(new)
            git.run("update-ref", "-m", why, branch, new, old or zeros, started=turn.runs)
        except GitError as error:
            said = git.text("rev-parse", "--quiet", "--verify", branch, accept=(0, 1, 128))
            if said == new:
                return True
            if said != (old or ""):
                return False
            lock = locks.in_the_way(error.stderr)
            if lock is None:
                raise
            locks.wait_longer(lock, deadline)
        else:
            return True


def only_change(objects: Objects, commit: str, path: str) -> FileChange | None:
    """What a commit did to a file, where it did nothing else to any; None where that is not so.

    The trees on the way to the file are those of the commit before, but for the one entry.
    """
    found = _PARENT.match(objects.content(commit, "commit") or b"")
    if found is None:
        return None
    old, new = (objects.trees(each, path) for each in (found[1].decode(), commit))
    if not len(old) == len(new) == path.count("/") + 2:
        return None
    names = encoded(path).split(b"/")
    for name, (_, was), (before, _), (_, tree), (after, _) in zip(
        names, old, old[1:], new, new[1:], strict=False
    ):
        entries = [name + b"\0" + bytes.fromhex(each) for each in (before, after)]
        if tree.replace(entries[1], entries[0], 1) != was:
            return None
    return FileChange(path, old[-1][0], new[-1][0])


# --- afterwards -----------------------------------------------------------------------------------


def _upkeep(repository: Repository) -> None:
    """Let git pack its objects when there are many, as it does itself after a commit."""
    loose = repository.common_dir / "objects" / "17"
    with suppress(OSError):
        if len(list(loose.iterdir())) > _MANY:
            repository.git.run("gc", "--auto", "--quiet", accept=(0, 1, 128))


_REASONS = (
    ("No space left", "the disk is full"),
    ("Out of diskspace", "the disk is full"),
    ("Read-only file system", "the file system is read-only"),
    ("Permission denied", "there is no permission"),
    ("insufficient permission", "there is no permission"),
    ("Operation not permitted", "there is no permission"),
    ("Disk quota exceeded", "the disk quota is used up"),
)


def _reason(repository: Repository, said: str) -> str:
    """Why git could not write, where that was it; "" else."""
    for words, reason in _REASONS:
        if words in said:
            return reason
    import shutil

    with suppress(OSError):  # git does not always say it
        if shutil.disk_usage(repository.common_dir).free < _LITTLE:
            return "the disk is full"
    return ""


def _explained(error: GitError, repository: Repository) -> TrackerError:
    """What git said, with what to do about it."""
    if reason := _reason(repository, error.stderr):
        return TrackerError(
            f"git cannot write in {repository.common_dir}: {reason}.",
            "Nothing was recorded; see to it, and record again.",
        )
    if not error.hint:
        error.hint = "Nothing was recorded; settle what git complains of, and record again."
    return error


def blob_of(repository: Repository, path: str, data: bytes) -> str:
    """The hash of the blob that git makes of a file's content at a path; nothing is written."""
    if repository.top is None:
        digits = 64 if repository.git.text("rev-parse", "--show-object-format") == "sha256" else 40
        return object_hash("blob", data, digits)
    return repository.git.text("hash-object", f"--path={path}", "--stdin", data=data)
