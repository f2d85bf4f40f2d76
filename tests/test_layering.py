"""The source holds its own map: imports run downwards, and pure rooms stay pure."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tracker"

LEVELS: dict[str, int] = {
    "errors": 0,
    "locale": 1,
    "model": 0,
    "text": 2,
    "house": 3,
    "policy": 4,
    "comparison": 4,
    "processes": 4,
    "store": 4,
    "catalog": 5,
    "newsroom": 6,
    "render": 7,
    "follow": 7,
    "sources": 8,
    "corpus": 9,
    "plugins": 8,
    "web": 8,
    "intake": 9,
    "cli": 10,
    "__main__": 11,
}
"""A room imports rooms of a lower level, and itself. The package's own face stands above all."""

FACES = ("cli", "web", "plugins", "intake", "corpus")
PURE = ("text", "house", "policy", "comparison", "locale", "model", "errors")
IMPURE_MODULES = {
    "git", "getpass", "http", "locale", "multiprocessing", "os", "random", "secrets", "shutil",
    "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request",
    "uuid",
}  # fmt: skip
CLOCK_CALLS = {"now", "today", "utcnow"}


@cache
def sources() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str | None:
    """The room of a module of this package: its second name; None for the package itself."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a file imports, functions' imports included."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def within(path: Path, *rooms: str) -> bool:
    return room(module_name(path)) in rooms


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def is_module(name: str, modules: set[str] | frozenset[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def faults_of_level(path: Path) -> list[str]:
    own = room(module_name(path))
    if own is None:
        return []
    found = []
    for line, name in imports(path):
        if name.split(".")[0] != "tracker":
            continue
        other = room(name)
        if other is None or (other not in LEVELS and own not in FACES):
            found.append(f"{place(path, line)} imports the package's face")
        elif other in LEVELS and other != own and LEVELS[other] >= LEVELS[own]:
            found.append(f"{place(path, line)}: {own} imports {other}")
    return found


def faults_of_purity(path: Path) -> list[str]:
    found = [
        f"{place(path, line)} imports {name}"
        for line, name in imports(path)
        if is_module(name, IMPURE_MODULES)
    ]
    for node in ast.walk(tree(path)):
        match node:
            case ast.Attribute(attr="environ" | "getenv" as attribute):
                found.append(f"{place(path, node.lineno)} reads .{attribute}")
            case ast.Call(func=ast.Attribute(attr=attribute)) if attribute in CLOCK_CALLS:
                found.append(f"{place(path, node.lineno)} calls .{attribute}()")
            case ast.Call(func=ast.Name(id="print" | "input" | "exec" | "eval" as function)):
                found.append(f"{place(path, node.lineno)} calls {function}()")
    return found


def test_every_room_stands_on_the_map() -> None:
    """A new room gets a level here before it gets imports."""
    rooms = {room(module_name(path)) for path in sources()} - {None, "__main__"}
    assert rooms <= set(LEVELS)


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_run_downwards_only(path: Path) -> None:
    assert faults_of_level(path) == []


@pytest.mark.parametrize(
    "path", [path for path in sources() if within(path, *PURE)], ids=module_name
)
def test_pure_rooms_know_no_clock_environment_or_git(path: Path) -> None:
    assert faults_of_purity(path) == []


def test_the_sequence_engine_is_imported_in_the_room_of_text_alone() -> None:
    found = [
        place(path, line)
        for path in sources()
        if not within(path, "text")
        for line, name in imports(path)
        if is_module(name, {"diff_match_patch"})
    ]
    assert found == []


def test_git_is_run_in_the_store_alone() -> None:
    """An editor or a browser may be started from cli/, what judges a corpus from there; git only
    from store/."""
    found = [
        place(path, line)
        for path in sources()
        if not within(path, "store")
        for line, name in imports(path)
        if is_module(
            name,
            {"git", "subprocess"} - ({"subprocess"} if within(path, "cli", "corpus") else set()),
        )
    ]
    assert found == []
    words = [
        place(path, node.lineno)
        for path in sources()
        if not within(path, "store")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.List | ast.Tuple)
        and node.elts
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "git"
        and len(node.elts) > 1
    ]
    assert words == []


def test_only_the_command_line_prints() -> None:
    found = [
        place(path, node.lineno)
        for path in sources()
        if not within(path, "cli")
        for node in ast.walk(tree(path))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("print", "input")
        )
        or (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
            and node.attr in ("stdout", "stderr", "stdin")
        )
    ]
    assert found == []


def test_environment_and_clock_are_known_to_the_command_line_and_the_web_alone() -> None:
    """store/git.py reads both too: it scrubs what git would inherit, and says its time."""
    found = []
    for path in sources():
        if within(path, "cli", "web") or path == PACKAGE / "store" / "git.py":
            continue
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Attribute):
                continue
            if node.attr in ("environ", "getenv"):
                found.append(f"{place(path, node.lineno)} reads .{node.attr}")
            if (
                node.attr in CLOCK_CALLS
                and isinstance(node.value, ast.Name)
                and node.value.id in ("datetime", "date")
            ):
                found.append(f"{place(path, node.lineno)} reads .{node.attr}")
            if (
                node.attr in ("time", "time_ns", "localtime")
                and isinstance(node.value, ast.Name)
                and node.value.id == "time"
            ):
                found.append(f"{place(path, node.lineno)} reads time.{node.attr}")
    assert found == []


def modules() -> dict[str, set[str]]:
    """Every module with those of this package that it imports, in functions and for types too."""
    names = {module_name(path) for path in sources()}
    found: dict[str, set[str]] = {}
    for path in sources():
        own = module_name(path)
        wanted = set()
        for _, name in imports(path):
            module = name if name in names else name.rpartition(".")[0]
            if module in names and module != own:
                wanted.add(module)
        found[own] = wanted
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, directly or by way of others."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    reach = {name: reached(name) for name in graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in graph
        if name in reach[name]
    }
    return sorted(map(sorted, groups))


def test_no_module_imports_what_imports_it() -> None:
    """Also not in a function, nor for types alone, nor by way of others."""
    assert circles(modules()) == []


def test_the_newsroom_s_facade_is_imported_by_nothing_below_it() -> None:
    facade = "tracker.newsroom.newsroom"
    own = LEVELS["newsroom"]
    found = [
        name
        for name, wanted in modules().items()
        if facade in wanted and LEVELS.get(name.split(".")[1] if "." in name else "", 99) <= own
    ]
    assert found == []


# What a distribution is imported as, where it has another name; None: it is used without an import.
IMPORTED_AS = {
    "beautifulsoup4": "bs4",
    "cryptography": None,  # the workers of Dask and their scheduler know each other by it
    "brotli": None,  # httpx reads answers that are packed so
    "cssselect": None,  # lxml's selectors
    "dask-jobqueue": "dask_jobqueue",
    "diff-match-patch": "diff_match_patch",
    "gitpython": "git",
    "lxml_html_clean": None,  # trafilatura
    "pyyaml": "yaml",
    "tzdata": None,  # zoneinfo, where the system has no zones
}


def test_nothing_that_is_declared_goes_unused() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = setup["options"]["install_requires"].split()
    for extra, wanted in setup["options.extras_require"].items():
        if extra not in ("test", "benchmark"):
            declared += wanted.split()
    names = {re.split(r"[<>=!~]", each)[0].lower() for each in declared}
    used = {name.split(".")[0] for path in sources() for _, name in imports(path)}
    unused = [
        name for name in sorted(names) if (IMPORTED_AS.get(name, name) or "tracker") not in used
    ]
    assert unused == []


def test_the_walk_sees_what_it_is_meant_to_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of each sort, put into a file of its own, is found."""
    monkeypatch.setattr("tests.test_layering.ROOT", tmp_path)
    file = tmp_path / "tracker" / "text" / "wrong.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "from ..store import git\n"
        "import tracker.cli.main\n"
        "from tracker import compare\n"
        "from tracker.model import Note\n"
        "from datetime import datetime\n"
        "def when():\n"
        "    import os.path\n"
        "    print(1)\n"
        "    return datetime.now()\n"
    )
    assert faults_of_level(file) == [
        "tracker/text/wrong.py:1: text imports store",
        "tracker/text/wrong.py:2: text imports cli",
        "tracker/text/wrong.py:3 imports the package's face",
    ]
    assert faults_of_purity(file) == [
        "tracker/text/wrong.py:7 imports os.path",
        "tracker/text/wrong.py:8 calls print()",
        "tracker/text/wrong.py:9 calls .now()",
    ]
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
