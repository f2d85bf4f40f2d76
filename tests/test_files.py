"""The one writer of files: what strangers put into a folder leads nowhere, and nothing is lost."""

from __future__ import annotations

import ast
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.killing import limited
from tracker.errors import TrackerError
from tracker.store import files
from tracker.store.files import FileThereError, Folder, RefusedPathError, components, write_file

PACKAGE = Path(__file__).parents[1] / "tracker"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody's, which must stay as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("precious")
    return folder


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def untouched(outside: Path) -> bool:
    return [each.name for each in outside.iterdir()] == ["precious"] and (
        outside / "precious"
    ).read_text() == "precious"


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["link/new", "a/link/new", "a/b/link/new", "link/precious"])
def test_a_link_at_any_level_is_not_followed(given: Path, outside: Path, name: str) -> None:
    link = given / name.partition("link")[0] / "link"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    with Folder.open(given) as folder:
        for act in (
            lambda: folder.write(name, b"x"),
            lambda: folder.append(name, b"x"),
            lambda: folder.remove(name),
            lambda: folder.read(name),
            lambda: folder.update(name, lambda _: b"x"),
        ):
            with pytest.raises(RefusedPathError, match="is a symbolic link, which is not followed"):
                act()
        assert folder.kind(name) is None
    assert untouched(outside)


@pytest.mark.parametrize("leads_to", ["precious", "new", "/dev/zero"])
def test_a_file_that_is_a_link_is_neither_written_nor_read(
    given: Path, outside: Path, leads_to: str
) -> None:
    (given / "page.html").symlink_to(outside / leads_to)
    with Folder.open(given) as folder:
        for act in (
            lambda: folder.write("page.html", b"x"),
            lambda: folder.write("page.html", b"x", new=True),
            lambda: folder.append("page.html", b"x"),
            lambda: folder.read("page.html"),
            lambda: folder.remove("page.html"),
        ):
            with pytest.raises(TrackerError):
                act()
        assert folder.kind("page.html") == "other"
    assert untouched(outside)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_folder_that_was_named_is_not_reached_through_a_link(
    tmp_path: Path, outside: Path, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ["one", "two", "three"]
    parts[level] = "link"
    link = tmp_path.joinpath(*parts[: level + 1])
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path.joinpath(*parts), Path(*parts)):
        with pytest.raises(RefusedPathError) as caught:
            Folder.open(path, make=True)
        assert "is a symbolic link, which is not followed." in caught.value.sentence
        assert str(outside) in caught.value.hint
    assert untouched(outside)


def test_a_folder_that_becomes_a_link_while_it_is_held_stays_what_it_was(
    given: Path, outside: Path, tmp_path: Path
) -> None:
    with Folder.open(given) as folder:
        folder.write("a/one", b"1")
        (given / "a").rename(given / "moved")
        (given / "a").symlink_to(outside)
        with pytest.raises(RefusedPathError):
            folder.write("a/two", b"2")
        given.rename(tmp_path / "elsewhere")
        given.symlink_to(outside)
        folder.write("three", b"3")
    assert (tmp_path / "elsewhere/three").read_bytes() == b"3"
    assert untouched(outside)


def test_a_stranger_who_swaps_a_folder_all_the_time_gains_nothing(
    given: Path, outside: Path
) -> None:
    (given / "a").mkdir()
    (given / "link").symlink_to(outside)
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            for old, new in (("a", "kept"), ("link", "a"), ("a", "link"), ("kept", "a")):
                with suppress(OSError):
                    (given / old).rename(given / new)

    stranger = threading.Thread(target=swap, daemon=True)
    stranger.start()
    done = 0
    try:
        with Folder.open(given) as folder:
            for number in range(400):
                try:
                    folder.write(f"a/{number}", b"x", flush=False)
                    done += 1
                except (TrackerError, OSError):
                    continue
    finally:
        ended.set()
        stranger.join(60)
    assert untouched(outside)
    assert done


def test_a_pipe_or_a_folder_in_the_place_of_a_file_is_refused(given: Path) -> None:
    os.mkfifo(given / "pipe")
    (given / "folder").mkdir()
    with Folder.open(given) as folder:
        for name in ("pipe", "folder"):
            with pytest.raises(TrackerError):
                folder.write(name, b"x")
            with pytest.raises(TrackerError):
                folder.read(name)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "/etc/x", "..", "../x", "a/../../x", "a/..", ".", "./x", "a/./x", "a//x", "a/",
        ".git", ".git/config", "a/.git/config", ".GIT/hooks/post-checkout", ".Git/x", ".git./x",
        ".git /x", ".git . ./x", ".g\u200cit/x", "\u2060.git/x", ".gi\ufefft", "git~1/x", "GIT~2",
        "gi7eba~1", ".git::$INDEX_ALLOCATION/x", ".git:x", "a\\.git\\config", "a\\..\\x",
        ".gitmodules", "gitmod~1", ".gitattributes", ".gitignore", "a\0b", "a\nb", "a\x1b[2J",
        "a\x7f", "a\x9bK", "a\u2028b", "x" * 256, "\u20ac" * 90, "/".join(["ab"] * 1500),
        "a\ud800",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_in_a_sentence(given: Path, name: str) -> None:
    with pytest.raises(RefusedPathError) as caught:
        components(name)
    assert caught.value.sentence.endswith(".")
    assert caught.value.sentence.isprintable()
    assert len(caught.value.sentence) < 1200
    with Folder.open(given) as folder, pytest.raises(RefusedPathError):
        folder.write(name, b"x")
    assert list(given.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["index.html", "articles/a b/пример.html", "...", "a..b", ".nojekyll", "gitea~x",
             "x" * 255, os.fsdecode(b"caf\xe9.md"), "\U0001f468\u200d\U0001f469.html"],
)  # fmt: skip
def test_names_that_articles_have_are_taken(given: Path, name: str) -> None:
    with Folder.open(given) as folder:
        folder.write(name, b"x")
        assert folder.read(name) == b"x"
        assert folder.remove(name)
    assert list(given.iterdir()) == []


# --- what is there stays, or is whole -------------------------------------------------------------


def test_the_file_is_new_or_old_and_keeps_its_mode(given: Path) -> None:
    file = given / "a"
    file.write_text("old")
    file.chmod(0o640)
    with Folder.open(given) as folder:
        with suppress(RuntimeError), folder.writing("a") as half:
            half.write(b"half")
            raise RuntimeError
        assert file.read_text() == "old"
        folder.write("a", b"new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in given.iterdir()] == ["a"]


def test_a_file_that_must_be_new_takes_no_place(given: Path) -> None:
    write_file(given / "a", b"first", new=True)
    with pytest.raises(FileThereError, match="is there already"):
        write_file(given / "a", b"second", new=True)
    assert (given / "a").read_bytes() == b"first"
    assert [each.name for each in given.iterdir()] == ["a"]


@pytest.fixture(params=["tmpfs", "ext4"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes; only who may mount can have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if request.param == "tmpfs":
        commands = [["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]]
    else:
        image = tmp_path / "image"
        image.write_bytes(b"\0" * (4 << 20))
        commands = [
            ["mkfs.ext4", "-q", "-b", "1024", "-m", "0", str(image)],
            ["mount", "-o", "loop", str(image), str(disk)],
        ]
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("nothing can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    for size in (65536, 1024, 64):
        for number in range(100_000):
            try:
                (disk / f"fill-{size}-{number}").write_bytes(b"x" * size)
            except OSError:
                break


def longer(before: bytes | None) -> bytes:
    return (before or b"") * 1000


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    with Folder.open(small_disk) as folder:
        folder.write("kept/a", b"old" * 100)
        fill(small_disk)
        for size in (50_000, 2_000_000):
            with pytest.raises(TrackerError, match="no space left on device"):
                folder.write("kept/a", b"n" * size)
            with pytest.raises(TrackerError, match="no space left on device"):
                folder.update("kept/a", longer)
        with pytest.raises(TrackerError):
            folder.write("kept/b", b"n" * 50_000)
        assert folder.read("kept/a") == b"old" * 100
    assert [each.name for each in (small_disk / "kept").iterdir()] == ["a"]


def test_a_limit_on_the_size_of_files_leaves_the_old_file(given: Path) -> None:
    """What the small disks show, for those who may mount none."""
    write_file(given / "a", b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(TrackerError, match="file too large"):
            write_file(given / "a", b"x" * 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (given / "a").read_bytes() == b"old"
    assert [each.name for each in given.iterdir()] == ["a"]


_WRITER = """
import sys
from pathlib import Path
from tracker.store.files import Folder
with Folder.open(Path(sys.argv[1])) as folder:
    print("ready", flush=True)
    for number in range(1_000_000):
        folder.write("a", str(number % 10).encode() * 200_000)
"""


def test_a_killed_writer_leaves_a_whole_file_and_no_litter_for_long(given: Path) -> None:
    write_file(given / "a", b"0" * 200_000)
    for wait in (0.01, 0.03, 0.05, 0.08):
        with limited(
            subprocess.Popen([sys.executable, "-c", _WRITER, str(given)], stdout=subprocess.PIPE)
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        content = (given / "a").read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
    with Folder.open(given) as folder, folder.locked():
        assert folder.names() == ["a"]
        folder.clear_unfinished()
    assert [each.name for each in given.iterdir()] == ["a"]


def test_what_a_writer_left_that_was_killed_long_ago_goes_with_the_next(given: Path) -> None:
    old, fresh = (given / f".tracker-{letter * 16}.new" for letter in "ab")
    for write in (
        lambda folder: write_file(given / "a", b"1"),
        lambda folder: folder.update("a", lambda _: b"2"),
    ):
        for file, age in ((old, 700), (fresh, 30)):
            file.touch()
            os.utime(file, (time.time() - age,) * 2)
        with Folder.open(given) as folder:
            write(folder)
        assert not old.exists()
        assert fresh.exists()


_COUNTER = """
import sys
from pathlib import Path
from tracker.store.files import Folder
with Folder.open(Path(sys.argv[1])) as folder:
    for number in range(50):
        folder.update("count", lambda before: str(int(before or b"0") + 1).encode())
"""


def test_several_writers_of_one_file_lose_nothing(given: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", _COUNTER, str(given)]) for _ in range(3)]

    def count() -> None:
        with Folder.open(given) as folder:
            for _ in range(50):
                folder.update("count", lambda before: str(int(before or b"0") + 1).encode())

    threads = [threading.Thread(target=count, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (given / "count").read_bytes() == b"250"


def test_who_waits_too_long_for_another_writer_is_told(given: Path) -> None:
    with Folder.open(given) as one, Folder.open(given) as other, one.locked():
        turn = other.locked(wait=0.05)
        with pytest.raises(TrackerError, match="Another tracker is writing into"):
            turn.__enter__()
    with Folder.open(given) as folder, folder.locked(wait=0):
        pass


def test_folders_that_are_empty_go_with_the_last_file(given: Path) -> None:
    with Folder.open(given) as folder:
        folder.write("a/b/one", b"1")
        folder.write("a/two", b"2")
        assert folder.remove("a/b/one")
        assert not folder.remove("a/b/one")
        assert folder.kind("a/b") is None
        assert folder.remove("a/two")
        assert folder.names() == []
    assert given.is_dir()


def test_what_the_system_refuses_is_a_sentence(given: Path, tmp_path: Path) -> None:
    (given / "file").write_text("x")
    for act, words in (
        (lambda: write_file(tmp_path / "none/a", b""), "none is not there."),
        (lambda: write_file(given / "file/a", b""), "file is a file, not a folder."),
        (lambda: Folder.open(given / "file", make=True), "file is a file, not a folder."),
        (lambda: write_file(given / ("x" * 300), b""), "has a name that is too long."),
    ):
        with pytest.raises(TrackerError) as caught:
            act()
        assert caught.value.sentence.endswith(words)
        assert caught.value.hint


def test_without_descriptors_links_are_refused_too(
    given: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: everything by paths, each component looked at before it is used."""
    monkeypatch.setattr(files, "_BY_DESCRIPTOR", False)
    (given / "link").symlink_to(outside)
    with Folder.open(given) as folder:
        folder.write("a/b", b"1")
        folder.write("a/b", b"2")
        assert folder.read("a/b") == b"2"
        for name in ("link/x", "link/precious"):
            with pytest.raises(RefusedPathError):
                folder.write(name, b"x")
        assert folder.remove("a/b")
    assert untouched(outside)


# --- nobody else writes ---------------------------------------------------------------------------

_CHANGES = {
    "write_text", "write_bytes", "unlink", "rename", "mkdir", "rmdir", "touch", "symlink_to",
    "hardlink_to", "chmod", "lchmod",
}  # fmt: skip
"""Methods of paths, whatever they are called on."""

_READING = {"get_terminal_size", "which", "disk_usage"}
"""Functions of shutil that write nothing."""

_OS = {
    "remove", "unlink", "rename", "renames", "replace", "mkdir", "makedirs", "rmdir", "removedirs",
    "link", "symlink", "truncate", "chmod", "chown", "mknod", "mkfifo",
}  # fmt: skip


def writes(source: str) -> list[str]:
    """Each call in a source that may change a file, with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="open") | ast.Attribute(attr="open"):
                place = 0 if isinstance(node.func, ast.Attribute) else 1
                words = [*node.args[place : place + 2]]
                words += [each.value for each in node.keywords if each.arg in ("mode", "flags")]
                text = " ".join(map(ast.unparse, words))
                if "devnull" in text or (node.args and ast.unparse(node.args[0]) in ("1", "2")):
                    continue
                modes = {each.value for each in words if isinstance(each, ast.Constant)}
                written = any(isinstance(each, str) and set(each) & set("wax+") for each in modes)
                modes_only = {each for each in modes if isinstance(each, str) and len(each) < 5}
                if (
                    ("devnull" not in text and (written and modes_only))
                    or "O_WRONLY" in text
                    or "O_RDWR" in text
                ):
                    found.append(f"{node.lineno}: open")
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in _OS:
                found.append(f"{node.lineno}: os.{name}")
            case ast.Attribute(value=ast.Name(id="shutil"), attr=name) if name not in _READING:
                found.append(f"{node.lineno}: shutil.{name}")
            case ast.Attribute(value=ast.Name(id="tempfile"), attr=name):
                found.append(f"{node.lineno}: tempfile.{name}")
            case ast.Name(id="TemporaryDirectory" | "NamedTemporaryFile" | "mkstemp" as name):
                found.append(f"{node.lineno}: {name}")
            case ast.Attribute(attr="replace") if len(node.args) == 1 and not node.keywords:
                found.append(f"{node.lineno}: Path.replace")
            case ast.Attribute(attr=name) if name in _CHANGES:
                found.append(f"{node.lineno}: {name}")
    return found


def test_no_module_but_the_store_changes_files() -> None:
    """Nor anything but the catalog, whose file SQLite writes."""
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{each}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name not in ("store", "catalog")
        for each in writes(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "open(p, 'w')", "open(p, mode='ab')", "p.open('xb')", "gzip.open(p, 'wt')",
        "os.open(p, os.O_WRONLY | os.O_CREAT)", "p.write_text('')", "p.unlink()", "a.replace(b)",
        "shutil.rmtree(p)", "tempfile.mkdtemp()", "os.rename(a, b)", "p.mkdir()",
        "TemporaryDirectory()", "p.open('r+b')",
    ],
)  # fmt: skip
def test_the_walk_sees_a_call_that_writes(line: str) -> None:
    assert writes(line)


@pytest.mark.parametrize(
    "line",
    ["open(p)", "open(p, 'rb')", "p.open('rb')", "s.replace('a', 'b')", "shutil.which('git')",
     "webbrowser.open('https://example.org')", "site.open(now)"],
)  # fmt: skip
def test_the_walk_passes_a_call_that_reads(line: str) -> None:
    assert not writes(line)
