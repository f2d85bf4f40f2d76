"""Many commits at once: one ``git fast-import``, on the commit that it was begun on.

It writes into a folder of its own, as git's own server does with what is pushed: the repository
gets the pack when nothing stands in the way, and a failure leaves nothing there. The folder is a
git directory to it, so that it locks nothing of the repository's. No branch is moved here. Texts
come before the commits that need them, article by article: git stores a text as its difference from
the one before it in the stream, so that any other order takes twice the room.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

from tracker.errors import TrackerError
from tracker.model import Person
from tracker.store import locks
from tracker.store.git import FRUGAL, GitError, Repository, environment, first_line, missing

_NAME = b"refs/heads/import"  # never made: the stream ends with taking it back
_BUFFER = 1 << 20  # bytes

# For each object git takes some memory, and gives it back: without these, the C library hands it
# to the system and fetches it again each time, which can take as long as the writing.
_KEPT = {"MALLOC_MMAP_THRESHOLD_": "4194304", "MALLOC_TRIM_THRESHOLD_": "8388608"}  # bytes

_WHY = (
    ("No space left", "the disk is full"),
    ("Out of diskspace", "the disk is full"),
    ("Disk quota exceeded", "the disk quota is used up"),
    ("Read-only file system", "the file system is read-only"),
    ("ermission denied", "there is no permission"),
)
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+|[<>]")


class PathChange(NamedTuple):
    """What a commit does to one path."""

    path: bytes  # checked
    blob: str | None  # full hash of a text that was given, or is there; None: the path goes
    mode: str = "100644"  # or "100755"


class StreamedCommit(NamedTuple):
    """One commit, ready to be written."""

    author: bytes  # "Name <address>", as ``author_line`` gives it
    date: bytes  # "1652355900 -0400"
    seconds: int  # the committer's, since 1970, unless the commit before has a later one
    message: bytes
    changes: tuple[PathChange, ...]


def author_line(person: Person) -> bytes:
    """``Name <address>`` without what would break the line; b"" for a person without a name.

    Line breaks and other control characters become a space, so that names do not run together.
    """
    name, email = (
        _BREAKING.sub(lambda found: "" if found[0] in "<>" else " ", text).strip()
        for text in (person.name, person.email)
    )
    if not name.strip(".,:;\"'\\ "):
        return b""
    return f"{name} <{email}>".encode("utf-8", "replace")


def quoted(path: bytes) -> bytes:
    """A path as fast-import reads it."""
    if path[:1] != b'"' and b"\n" not in path and path[:1] != b" " and path[-1:] != b" ":
        return path
    escaped = b"".join(
        bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
        for byte in path
    )
    return b'"%s"' % escaped


class CommitStream:
    """Texts and commits on their way into a repository; a context manager.

    ``folder`` takes the pack until ``deliver``. ``base`` is the commit that the first one follows,
    None for none. ``committer`` is who git says is at work. Raises ``TrackerError`` when git stops.
    """

    def __init__(
        self, repository: Repository, folder: Path, base: str | None, committer: Person
    ) -> None:
        self._repository = repository
        self._folder = folder
        self.base = base  # the commit that the first one follows
        self._committer = author_line(committer)
        self._newest = 0  # seconds: no commit gets an older date of its committer
        digits = len(base) if base is not None else 40
        if base is None and repository.git.text("rev-parse", "--show-object-format") == "sha256":
            digits = 64
        self._sha = hashlib.sha256 if digits == 64 else hashlib.sha1
        self._given = 0  # commits

    def __enter__(self) -> Self:
        try:
            for name in ("objects/pack", "refs"):
                (self._folder / name).mkdir(parents=True, exist_ok=True)
            (self._folder / "HEAD").write_text("ref: refs/heads/none\n", "ascii")
            (self._folder / "config").write_bytes(self._configuration())
        except OSError as error:
            raise locks.not_writable(self._folder, error) from None
        git = self._repository.git
        words = git.command(
            *FRUGAL, "fast-import", "--quiet", "--done",
            "--date-format=raw-permissive", f"--export-marks={self._marks}",
        )  # fmt: skip
        try:
            self._process = subprocess.Popen(
                words, cwd=git.directory, bufsize=_BUFFER, stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=environment(**self._variables, **_KEPT, GIT_DIR=os.fspath(self._folder)),
            )  # fmt: skip
        except OSError as error:
            raise missing(git.directory, error) from None
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        process.kill()
        process.wait()
        assert process.stdin is not None
        assert process.stderr is not None
        with suppress(OSError):
            process.stdin.close()
        process.stderr.close()

    def _configuration(self) -> bytes:
        """That of the repository, but for what says where and how it keeps things."""
        theirs = os.fsencode(self._repository.common_dir / "config")
        words = [b"[core]", b"repositoryFormatVersion = 1", b"bare = true"]
        words += [b"[extensions]", b"objectFormat = %s" % self._sha().name.encode()]
        words += [b"[include]", b'path = "%s"' % re.sub(rb'(["\\])', rb"\\\1", theirs), b""]
        return b"\n".join(words)

    @property
    def _marks(self) -> Path:
        return self._folder / "marks"

    @property
    def _variables(self) -> dict[str, str]:
        """By which git writes into the folder, and finds what the repository has."""
        return {
            "GIT_OBJECT_DIRECTORY": os.fspath(self._folder / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.fspath(self._repository.common_dir / "objects"),
        }

    def not_before(self, commit: str) -> None:
        """No commit is to have an older date of its committer than this one."""
        words = ("log", "-1", "--no-show-signature", "--format=%ct", commit)
        self._newest = int(self._repository.git.text(*words))

    def hashed(self, data: bytes) -> str:
        """The full hash of a text's blob; nothing is given."""
        digest = self._sha(b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def text(self, data: bytes) -> None:
        """Give a text, before the commits that need it."""
        self._give(b"blob\ndata %d\n%b\n" % (len(data), data))

    def commit(self, new: StreamedCommit) -> None:
        """Give a commit, which follows the one given before."""
        self._newest = max(self._newest, new.seconds)
        self._given += 1
        follows = b""
        if self._given == 1 and self.base is not None:
            follows = b"from %s\n" % self.base.encode()
        self._give(
            b"commit %s\nmark :%d\nauthor %s %s\ncommitter %s %d +0000\ndata %d\n%s\n%s"
            % (
                _NAME, self._given, new.author, new.date, self._committer, self._newest,
                len(new.message), new.message, follows,
            )
        )  # fmt: skip
        for change in new.changes:
            if change.blob is None:
                self._give(b"D %s\n" % quoted(change.path))
            else:
                words = change.mode.encode(), change.blob.encode(), quoted(change.path)
                self._give(b"M %s %s %s\n" % words)
        self._give(b"\n")

    def _give(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except OSError:
            raise self._stopped() from None

    def finish(self) -> str:
        """End the stream; the newest commit, full hash. The repository has nothing of it yet."""
        nothing = b"0" * self._sha(usedforsecurity=False).digest_size * 2
        self._give(b"reset %s\nfrom %s\n\ndone\n" % (_NAME, nothing))
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            raise self._stopped() from None
        if self._process.wait() != 0:
            raise self._stopped()
        *_, newest = self.commits()
        return newest

    def _stopped(self) -> GitError:
        """Why git stopped, in its own words."""
        assert self._process.stderr is not None
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        said = self._process.stderr.read().decode("utf-8", "replace").strip()
        self._process.wait()
        lines = [line for line in said.splitlines() if not line.startswith("fast-import:")]
        why = next((words for sign, words in _WHY if sign in said), None)
        why = why or first_line("\n".join(lines)) or "it does not say why"
        return GitError(
            f"git stopped while it was importing: {why}.",
            "Nothing was recorded; see to it, and try again.",
            stderr=said,
        )

    def commits(self) -> Iterator[str]:
        """After ``finish``: the full hashes of the commits, in the order in which they came."""
        with self._marks.open(encoding="ascii") as lines:
            for line in lines:
                yield line.split()[1]

    def deliver(self) -> None:
        """Put what was written into the repository. Nothing there points to it yet."""
        source, target = self._folder / "objects", self._repository.common_dir / "objects"
        try:
            for folder in sorted(each for each in source.iterdir() if len(each.name) == 2):
                (target / folder.name).mkdir(exist_ok=True)
                for file in folder.iterdir():
                    _move(file, target / folder.name / file.name)
            for pack in sorted((source / "pack").glob("*.pack")):
                (target / "pack").mkdir(exist_ok=True)
                for ending in (".pack", ".rev", ".idx"):  # git looks for the index: it comes last
                    file = pack.with_suffix(ending)
                    if file.exists():
                        _move(file, target / "pack" / file.name)
                _flush(target / "pack")
        except OSError as error:
            raise locks.not_writable(target, error) from None


def _move(file: Path, target: Path) -> None:
    if not target.exists():
        file.replace(target)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def quarantine(repository: Repository, name: str) -> Iterator[Path]:
    """A folder in the git directory for what is written, gone afterwards.

    What a killed one of that name left is removed: the caller holds the lock that goes with it.
    """
    import shutil
    from tempfile import mkdtemp

    home = repository.common_dir / "tracker"
    try:
        home.mkdir(exist_ok=True)
        for left in home.glob(f"{name}-*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(prefix=f"{name}-", dir=home))
    except OSError as error:
        raise locks.not_writable(home, error) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class ImportFolder:
    """A folder in the git directory for one import at a time; a context manager.

    Entering removes what a killed import left. Raises ``TrackerError`` where another import is at
    work for longer than ``wait`` seconds, and where the git directory cannot be written.
    """

    def __init__(self, repository: Repository, wait: float = 0.0) -> None:
        self._repository = repository
        self._wait = wait
        self._stack = ExitStack()

    def __enter__(self) -> Path:
        home = self._repository.common_dir / "tracker"
        with self._stack:
            try:
                home.mkdir(exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                lock = os.open(home / "import.lock", flags, 0o666)
            except OSError as error:
                raise locks.not_writable(home, error) from None
            self._stack.callback(os.close, lock)
            if not locks.taken(lock, self._wait):
                raise TrackerError(
                    "Another import into this repository is at work.", "Wait until it is done."
                )
            for left in home.glob("import-*"):
                _take_back(left, self._repository.common_dir / "objects" / "pack")
            folder = self._stack.enter_context(quarantine(self._repository, "import"))
            self._stack = self._stack.pop_all()
        return folder

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _take_back(left: Path, target: Path) -> None:
    """Remove a pack that was being moved when an import was killed: its index stayed behind."""
    for index in left.glob("objects/pack/*.idx"):
        if not index.with_suffix(".pack").exists() and not (target / index.name).exists():
            for ending in (".pack", ".rev"):
                with suppress(OSError):
                    (target / index.name).with_suffix(ending).unlink()


# --- what git makes of a file's bytes when it takes it from a work tree ---------------------------

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


class GitSettings(NamedTuple):
    """What git's configuration says that matters to many revisions at once."""

    hooks: bool  # a commit hook would run
    signs: bool  # commits are to be signed
    line_ends: bool  # git turns line ends without being told so by attributes
    attributes: tuple[Path, ...]  # where a person's or a machine's attributes would stand


def git_settings(repository: Repository) -> GitSettings:
    """What matters of ``git var -l``."""
    said = repository.git.text("var", "-l")
    values = _values(said)
    hooks_in_settings = any(
        key.startswith("hook.") and key.endswith(".event") and value in _HOOKS
        for key, value in (line.split("=", 1) for line in said.split("\n") if "=" in line)
    )
    return GitSettings(
        hooks_in_settings or _has_hooks(repository, values.get("core.hookspath")),
        _true(values.get("commit.gpgsign", "")),
        values.get("core.autocrlf", "false").lower() not in {"false", "no", "off", "0", ""},
        _attributes(values),
    )


def _values(said: str) -> dict[str, str]:
    """The variables by name; of one that is set several times, the last counts."""
    values: dict[str, str] = {}
    for line in said.split("\n"):
        key, _, value = line.partition("=")
        values[key] = value if "=" in line else "true"
    return values


def _attributes(values: dict[str, str]) -> tuple[Path, ...]:
    """The files of attributes outside of a repository; newer versions of git list them."""
    names = [values[key] for key in ("GIT_ATTR_SYSTEM", "GIT_ATTR_GLOBAL") if key in values]
    if "GIT_ATTR_SYSTEM" not in values:
        names += [f"{prefix}/etc/gitattributes" for prefix in ("", "/usr/local", "/opt/homebrew")]
    if "GIT_ATTR_GLOBAL" not in values:
        kept = environment()
        home = kept.get("XDG_CONFIG_HOME") or f"{kept.get('HOME', '')}/.config"
        names.append(values.get("core.attributesfile", f"{home}/git/attributes"))
    return tuple(Path(name).expanduser() for name in names)


def _true(value: str) -> bool:
    return value.lower() in {"true", "yes", "on"} or (value.isdigit() and int(value) != 0)


def _has_hooks(repository: Repository, named: str | None) -> bool:
    folder = repository.common_dir / "hooks"
    if named:
        if named.startswith(("~", "%")):
            named = repository.git.text("config", "--type=path", "core.hooksPath")
        folder = (repository.top or repository.git_dir) / named
    return any(os.access(folder / hook, os.X_OK) and (folder / hook).is_file() for hook in _HOOKS)


_ASKED = ("text", "eol", "crlf", "filter", "ident", "working-tree-encoding")
_UNSET = {"unspecified", "unset"}
_PRINTABLE = bytes([8, 9, 12, 27, *range(32, 127), *range(128, 256)])


class Conversion:
    """What becomes of the texts of one path after another; a context manager.

    In a bare repository, and where no attributes and settings ask for it, nothing is changed.
    """

    def __init__(self, repository: Repository, settings: GitSettings) -> None:
        self._repository = repository
        self._line_ends = settings.line_ends
        places = [repository.common_dir / "info" / "attributes", *settings.attributes]
        self._everywhere = any(os.path.lexists(place) for place in places)
        self._bare = repository.top is None
        self._folders: dict[str, bool] = {"": self._has("")}
        self._process: subprocess.Popen[bytes] | None = None
        self._mode = "plain"  # of the path at hand: "plain", "text", "auto", "git"
        self._path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()

    def _has(self, folder: str) -> bool:
        top = self._repository.top
        return top is not None and os.path.lexists(Path(top, folder, ".gitattributes"))

    def _attributes_apply(self, folder: str) -> bool:
        found = self._folders.get(folder)
        if found is None:
            found = self._has(folder) or self._attributes_apply(folder.rpartition("/")[0])
            self._folders[folder] = found
        return found

    def of(self, path: str, has_crlf: Callable[[], bool]) -> None:
        """The texts that follow are of this path; ``has_crlf``: the branch has it with CRLF."""
        self._path = path
        self._mode = "plain"
        if self._bare:
            return
        folder = path.rpartition("/")[0]
        values = dict.fromkeys(_ASKED, "unspecified")
        if self._everywhere or self._attributes_apply(folder):
            values = self._ask(path)
        if any(values[key] not in _UNSET for key in ("filter", "ident", "working-tree-encoding")):
            self._mode = "git"
            return
        text = values["text"] if values["text"] != "unspecified" else _old(values["crlf"])
        if text == "unset":
            return
        if text == "set" or (text == "unspecified" and values["eol"] in ("lf", "crlf")):
            self._mode = "text"
        elif (text == "auto" or self._line_ends) and not has_crlf():
            self._mode = "auto"

    def _ask(self, path: str) -> dict[str, str]:
        """The attributes of a path, from one process that goes on running."""
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "check-attr", "-z", "--stdin", *_ASKED],
                cwd=self._repository.git.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(path.encode("utf-8", "surrogateescape") + b"\0")
        self._process.stdin.flush()
        said = b""
        while said.count(b"\0") < 3 * len(_ASKED):
            block = self._process.stdout.read1(65536)  # type: ignore[attr-defined]
            if not block:
                raise TrackerError(
                    "git stopped while it was asked for attributes.", "Try: git check-attr -a ."
                )
            said += block
        words = said.decode("utf-8", "surrogateescape").split("\0")
        return dict(zip(words[1::3], words[2::3], strict=False))

    def __call__(self, data: bytes) -> bytes:
        """The bytes that git stores for a file with these."""
        if self._mode == "plain" or (b"\r" not in data and self._mode != "git"):
            return data
        if self._mode == "text" or (self._mode == "auto" and not _binary(data)):
            return data.replace(b"\r\n", b"\n")
        if self._mode == "auto":
            return data
        git = self._repository.git
        try:
            blob = git.text("hash-object", "-w", f"--path={self._path}", "--stdin", data=data)
        except GitError as error:
            raise TrackerError(
                f"git cannot take the text as it would take a file: {first_line(error.stderr)}.",
                "See what its filters and attributes say: git check-attr --all",
            ) from None
        return git.run("cat-file", "blob", blob)


def _old(crlf: str) -> str:
    """The attribute ``text`` that the older ``crlf`` stands for."""
    return {"set": "set", "unset": "unset", "input": "set"}.get(crlf, "unspecified")


def _binary(data: bytes) -> bool:
    """What git takes for binary when it has to guess."""
    if b"\0" in data or b"\r" in data.replace(b"\r\n", b""):
        return True
    printable = len(data) - len(data.translate(None, _PRINTABLE))
    odd = len(data.translate(None, _PRINTABLE + b"\r\n"))
    return (printable >> 7) < odd
