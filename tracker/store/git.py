"""The git program: one way to run it, and what a repository says of itself.

Every call to git in this project goes through ``Git``. The environment is scrubbed of the
variables that would send a command into another repository (they are set inside hooks), and of
those that would change what git prints.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import IO, NamedTuple

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store.files import LONGEST_NAME, is_git_name

_SCRUBBED = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


def environment(**extra: str) -> dict[str, str]:
    """The environment for git: the person's own, without what redirects it, in plain English."""
    kept = {name: value for name, value in os.environ.items() if name not in _SCRUBBED}
    kept.update(LC_ALL="C.UTF-8", LANGUAGE="C", GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")
    kept.update(extra)
    return kept


class GitError(TrackerError):
    """git refused; ``stderr`` is what it said."""

    def __init__(self, sentence: str, hint: str = "", *, stderr: str = "", status: int = 1) -> None:
        super().__init__(sentence, hint)
        self.stderr = stderr
        self.status = status


# Objects, index and reference are on the disk before a revision is called recorded; the index too:
# an older one would stage the reversal of the revision. Never core.fsyncMethod=batch, whatever the
# person's own settings say: with it, most versions of git do not notice that an object could not
# be moved to its place on a full disk.
DURABLE: tuple[str, ...] = ("-c", "core.fsync=added", "-c", "core.fsyncMethod=fsync")

FRUGAL = (
    "-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=64m",
    "-c", "core.deltaBaseCacheLimit=48m",
)  # fmt: skip
"""Words before git's command: else it maps whole packs, and all that it touched counts as its own.

The index of a pack is always mapped whole. It has about 30 bytes an object, and a look at a commit
touches a page of it: so a process that looks at few thousand commits stays smaller, too.
"""


NOT_FETCHED = (
    "This clone is partial, and the texts that it lacks could not be fetched.",
    "Go online, or make a clone without --filter.",
)


class Git(NamedTuple):
    """Runs git in one directory; pathspecs are taken literally, and what is written is flushed."""

    directory: Path

    def command(self, *arguments: str) -> list[str]:
        """The words of the command line, for callers that start the process themselves."""
        return [
            "git",
            "--literal-pathspecs",
            "-c",
            "core.quotePath=false",
            "-c",
            "log.showSignature=false",
            *DURABLE,
            *arguments,
        ]

    def run(
        self,
        *arguments: str,
        data: bytes | None = None,
        accept: tuple[int, ...] = (0,),
        extra: dict[str, str] | None = None,
        started: Callable[[subprocess.Popen[bytes]], object] | None = None,
        apart: bool = False,
    ) -> bytes:
        """What git prints on stdout. ``data`` goes to its stdin; ``extra`` into its environment.

        ``started`` is given the process. ``apart``: an interruption from the keyboard does not
        reach it. Raises ``GitError`` for an exit status that is not in ``accept``.
        """
        done = self.completed(*arguments, data=data, extra=extra, started=started, apart=apart)
        if done.returncode not in accept:
            said = done.stderr.decode("utf-8", "replace").strip()
            if "promisor remote" in said:
                raise GitError(*NOT_FETCHED, stderr=said, status=done.returncode)
            raise GitError(
                f"git {arguments[0]} failed: {first_line(said) or f'status {done.returncode}'}.",
                stderr=said,
                status=done.returncode,
            )
        return done.stdout

    def completed(
        self,
        *arguments: str,
        data: bytes | None = None,
        extra: dict[str, str] | None = None,
        started: Callable[[subprocess.Popen[bytes]], object] | None = None,
        apart: bool = False,
    ) -> subprocess.CompletedProcess[bytes]:
        """git after it has ended, whatever its status; raises only where it could not start."""
        try:
            process = subprocess.Popen(
                self.command(*arguments),
                cwd=self.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(**(extra or {})),
                start_new_session=apart,
            )
        except (OSError, ValueError) as error:
            raise missing(self.directory, error) from None
        with process:
            if started is not None:
                started(process)
            printed, complaint = process.communicate(data or b"")
        return subprocess.CompletedProcess(arguments, process.returncode, printed, complaint)

    def text(
        self, *arguments: str, data: bytes | None = None, accept: tuple[int, ...] = (0,)
    ) -> str:
        """What git prints, decoded, without the newline at the end."""
        printed = self.run(*arguments, data=data, accept=accept)
        return printed.decode("utf-8", "surrogateescape").rstrip("\n")

    @contextmanager
    def fields(self, *arguments: str) -> Iterator[Iterator[bytes]]:
        """What git prints between NUL characters, as it comes.

        Raises ``GitError`` when git fails before all was read.
        """
        process = self.start(*arguments)
        assert process.stdout is not None
        try:
            yield _split(process, process.stdout, arguments)
        finally:
            process.stdout.close()
            process.wait()

    def start(
        self, *arguments: str, feed: bool = False, quiet: bool = False
    ) -> subprocess.Popen[bytes]:
        """A running git whose stdout (and, with ``feed``, stdin) the caller reads and closes.

        With ``feed`` its stderr is a pipe too, unless it is to be ``quiet``.
        """
        try:
            return subprocess.Popen(
                self.command(*arguments),
                cwd=self.directory,
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if feed and not quiet else subprocess.DEVNULL,
                env=environment(),
            )
        except (OSError, ValueError) as error:
            raise missing(self.directory, error) from None


def _split(
    process: subprocess.Popen[bytes], printed: IO[bytes], arguments: Sequence[str]
) -> Iterator[bytes]:
    rest = b""
    while block := printed.read(1 << 18):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest.strip():
        yield rest
    if process.wait() != 0:
        raise GitError(
            f"git {' '.join(arguments[:3])} failed while it was read.",
            "Look for damage with: git fsck",
            status=process.returncode,
        )


def first_line(said: str) -> str:
    """git's own complaint, without its "fatal:" and without a full stop."""
    lines = [line for line in said.splitlines() if not line.startswith("hint:")]
    line = lines[0] if lines else ""
    return line.removeprefix("fatal: ").removeprefix("error: ").strip().rstrip(".")


def missing(directory: Path, error: OSError | ValueError | None = None) -> TrackerError:
    """The error for a git that could not be started at all."""
    if isinstance(error, ValueError):
        return GitError("A name holds a NUL character, which git cannot be given.", stderr="")
    if isinstance(error, PermissionError):
        return TrackerError(
            f"The folder {directory} may not be read.", "Ask its owner for the right to read it."
        )
    if error is not None and error.errno == errno.E2BIG:
        return GitError("A name is longer than git can be given.", stderr="")
    if not directory.is_dir():
        return TrackerError(
            f"There is no folder {directory}.", "Check the path, or make it with tracker init."
        )
    return TrackerError("The program git was not found.", "Install git 2.38 or later.")


class Repository(NamedTuple):
    """A git repository as it was found, at the moment it was asked."""

    git: Git  # runs in the work tree's top, or in the git directory of a bare repository
    top: Path | None  # the work tree's top folder, absolute; None for a bare repository
    git_dir: Path  # absolute; of this work tree
    common_dir: Path  # absolute; shared by all work trees
    branch: str | None  # full name of what HEAD points to, "refs/heads/main"; None if detached
    head: str | None  # full hash of the newest commit; None on an unborn branch
    shallow: bool

    @property
    def bare(self) -> bool:
        """True where there is no work tree."""
        return self.top is None

    @property
    def partial(self) -> bool:
        """True for a partial clone: it may lack texts, which git fetches when they are read."""
        return any((self.common_dir / "objects" / "pack").glob("*.promisor"))


class Search:
    """The search for the repository that holds a folder: git starts at once, and is awaited late.

    A command begins it before it loads the rooms that it needs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path if path.is_dir() else path.parent
        self._process = Git(self._folder).start(*_QUESTIONS, feed=True)

    def found(self) -> Repository:
        """The repository. Raises ``TrackerError`` where there is none. To be asked once."""
        printed, complaint = self._process.communicate()
        said = printed.decode("utf-8", "surrogateescape").split("\n")[:-1]
        if len(said) < 5:  # the first answers cannot fail in a repository that git accepts
            raise _not_usable(self.path, complaint.decode("utf-8", "replace").strip())
        return _repository(self.path, self._folder, said, whole=self._process.returncode == 0)


def discover(path: Path) -> Repository:
    """The repository that holds a folder. Raises ``TrackerError`` where there is none."""
    return Search(path).found()


def _repository(path: Path, folder: Path, said: list[str], *, whole: bool) -> Repository:
    shallow, inside = said[1] == "true", said[2] == "true"
    git_dir, common_dir = Path(said[3]), Path(said[4])
    top = None
    if inside:
        # As git sees it: the folder without symbolic links, so many steps up.
        top = Path(os.path.normpath(Path(os.path.realpath(folder), said[5])))
    git = Git(top or git_dir)
    if whole:
        name = said[-1]
        branch = name if name.startswith("refs/") else None
        return Repository(git, top, git_dir, common_dir, branch, said[-2], shallow)
    branch = git.text("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)) or None
    if git.run("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1, 128)):
        if git.run("rev-parse", "--quiet", "--verify", "HEAD^{commit}", accept=(0, 1, 128)):
            return discover(path)  # its first commit came between the questions
        raise TrackerError(
            f"The newest commit of the repository at {path} cannot be read.",
            "Look for damage with: git fsck",
        )
    return Repository(git, top, git_dir, common_dir, branch, None, shallow)


# Answered in this order, a line each, but for --show-cdup without a work tree, which prints none.
# HEAD comes last, since on an unborn branch git stops there.
_QUESTIONS = (
    "rev-parse",
    "--is-bare-repository",
    "--is-shallow-repository",
    "--is-inside-work-tree",
    "--absolute-git-dir",
    "--path-format=absolute",
    "--git-common-dir",
    "--show-cdup",
    "HEAD^{commit}",
    "--symbolic-full-name",
    "HEAD",
)


NO_REPOSITORY = "Make a newsroom there with: tracker init"


def _not_usable(path: Path, said: str) -> TrackerError:
    if "dubious ownership" in said:
        return TrackerError(
            f"git does not trust the repository at {path}, because another user owns it.",
            f"Allow it with: git config --global --add safe.directory {path}",
        )
    if "not a git repository" in said:
        return TrackerError(f"{path} is not in a git repository.", NO_REPOSITORY)
    return TrackerError(
        f"git cannot read the repository at {path}: {first_line(said) or 'it does not say why'}.",
        "See what git says there: git status",
    )


def identity(repository: Repository) -> tuple[Person, datetime]:
    """Who git says is writing now, and git's present time, aware, in the local offset.

    Raises ``TrackerError`` where git knows no name or e-mail address.
    """
    try:
        said = repository.git.text("var", "GIT_AUTHOR_IDENT")
    except GitError:
        raise unknown_writer() from None
    return parsed_identity(said)


def present(repository: Repository) -> datetime:
    """git's present time, aware, in the local offset: the clock's, unless a variable sets it."""
    if "GIT_AUTHOR_DATE" in os.environ:
        return identity(repository)[1]
    return datetime.now().astimezone().replace(microsecond=0)


def unknown_writer() -> TrackerError:
    """The error for a git that knows no name or address of who is writing."""
    return TrackerError(
        "git does not know who you are.",
        'Say so: git config --global user.name "Your Name"; '
        "git config --global user.email you@example.org",
    )


def parsed_identity(said: str) -> tuple[Person, datetime]:
    """A name, an address and an instant as git writes them in one line."""
    name, _, rest = said.partition(" <")
    email, _, stamp = rest.rpartition("> ")
    seconds, _, offset = stamp.partition(" ")
    return Person(name, email), instant(int(seconds), offset)


def instant(seconds: int, offset: str) -> datetime:
    """A git time stamp ("1652355900", "-0400") as an aware datetime."""
    sign = -1 if offset.startswith("-") else 1
    minutes = sign * (int(offset[1:3]) * 60 + int(offset[3:5]))
    if abs(minutes) >= 24 * 60:
        minutes = 0
    try:
        return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)


# --- paths inside a repository --------------------------------------------------------------------

_LONGEST = 4000  # characters; PATH_MAX of Linux, less what stands before


def encoded(path: str) -> bytes:
    """A path as the bytes that git has; names that are no UTF-8 come back as they were.

    Raises ``TrackerError`` for a path that no file can have.
    """
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise TrackerError(
            f"The path {path!r} holds characters that no file name can have.",
            "Give the path as your file manager shows it.",
        ) from None


def checked(path: str) -> tuple[bytes, ...]:
    """The components of a path below the repository's top folder, as bytes.

    Raises ``TrackerError`` for an empty or absolute path, one that leads out of the repository,
    one with empty components, and one with a name that git, or a file system that people use,
    takes for git's own files.
    """
    if not path:
        raise TrackerError("The path of the article is empty.", "Name a file in the repository.")
    shown = shown_path(path)
    if "\0" in path:
        raise TrackerError(
            f"The path {shown} holds a NUL character, which no file name can have.",
            "Give the path as your file manager shows it.",
        )
    if len(path) > _LONGEST:
        raise TrackerError(
            f"A path of {len(path)} characters is too long.", "Name a file in the repository."
        )
    components = path.split("/")
    if ".." in components or path.startswith("/"):
        raise TrackerError(
            f"{shown} leads out of the repository.",
            "Give the path of a file in the repository, without leading slash and without ..",
        )
    if "" in components or "." in components:
        raise TrackerError(
            f"{shown} is not the path of a file.",
            "Write it like articles/2022/slug.md, with no empty parts.",
        )
    for component in components:
        if is_git_name(component):
            raise TrackerError(
                f"{shown} has the part {shown_path(component)}, a name that git keeps for itself.",
                "Choose another name.",
            )
        if len(component.encode("utf-8", "replace")) > LONGEST_NAME:
            raise TrackerError(
                f"{shown_path(component[:60])}… is too long for the name of a file.",
                "Choose a shorter name.",
            )
    return tuple(encoded(component) for component in components)


def shown_path(path: str) -> str:
    """A path as it can be put into a sentence: control characters escaped."""
    if path.isprintable():
        return path
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in path
    )
