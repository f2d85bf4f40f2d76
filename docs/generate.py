"""Makes what can go stale: the outputs in README.md, and the command reference.

``python docs/generate.py`` writes both; ``--check`` writes nothing and fails where they are stale.
In README.md, a block of the language ``console`` that stands below ``<!-- session: NAME -->`` is
run line by line, and what is printed takes the place of what was there. Blocks of one session
share a folder. Lines that go on with ``> `` belong to the command above.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "commands.md"

_BLOCK = re.compile(r"(<!-- session: (\w+) -->\n+```console\n)(.*?)(```\n)", re.DOTALL)

_ENVIRONMENT = {
    "COLUMNS": "100",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_NAME": "Ada Editor",
    "GIT_COMMITTER_DATE": "2022-06-10T12:00:00-04:00",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Editor",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_PAGER": "cat",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "TRACKER_NOW": "2022-06-10T12:00:00-04:00",
    "TZ": "America/New_York",
}


def readme(text: str) -> str:
    """README.md with every output made anew."""
    with tempfile.TemporaryDirectory() as place:
        folders: dict[str, Path] = {}

        def run(block: re.Match[str]) -> str:
            name = block[2]
            if name not in folders:
                folders[name] = Path(place) / name
                folders[name].mkdir()
                if name in _SETUPS:
                    _shell(_SETUPS[name], folders[name])
            session = _Session(folders[name])
            outputs = "".join(session.run(command) for command in _commands(block[3]))
            folders[name] = session.folder
            return block[1] + outputs + block[4]

        return _BLOCK.sub(run, text)


def _commands(block: str) -> Iterator[str]:
    """The commands of a block as they stand there, each with its continued lines."""
    lines: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if lines:
                yield "\n".join(lines)
            lines = [line]
        elif line.startswith("> ") or line == ">":
            lines.append(line)
    if lines:
        yield "\n".join(lines)


class _Session:
    """A shell that remembers its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str) -> str:
        """The command as typed, and what it printed."""
        script = "\n".join(line[2:] for line in command.splitlines())
        printed, self.folder = _shell(script, self.folder)
        return f"{command}\n{printed}"


def _shell(script: str, folder: Path) -> tuple[str, Path]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept |= _ENVIRONMENT
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    kept["ROOT"] = str(ROOT)
    with tempfile.NamedTemporaryFile() as ended:
        done = subprocess.run(
            ["bash", "-c", f'{script}\nstatus=$?; pwd > "{ended.name}"; exit $status'],
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        where = Path(Path(ended.name).read_text(encoding="utf-8").strip() or folder)
    if done.returncode not in (0, 1):
        raise SystemExit(f"A command of README.md fails:\n{script}\n{done.stdout}")
    printed = done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"
    return printed, where


_EXPORTED = (
    {
        "slug": "harbor-fire",
        "at": "2021-03-01T06:40:00-05:00",
        "author": "Ada Editor",
        "text": "# Fire at the harbor\n\nTwo boats burned at the old ferry quay.\n",
    },
    {
        "slug": "harbor-fire",
        "at": "2021-03-01T09:15:00-05:00",
        "author": "Ada Editor",
        "text": "# Fire at the harbor\n\nThree boats burned at the old ferry quay.\n\n"
        "Update 03/01/21, 9:15 a.m. ET: This article has been updated with a third boat.\n",
    },
    {
        "slug": "tide-table",
        "at": "2021-03-02T05:00:00-05:00",
        "author": "Bo Desk",
        "text": "# The tides of March\n\nThe ferry leaves at high water.\n",
    },
)

_SETUPS = {
    # What a CMS might export: two versions of one article and one of another.
    "archive": """
cat > versions.jsonl <<'END'
"""
    + "".join(json.dumps(version) + "\n" for version in _EXPORTED)
    + "END\n",
    # The sample articles, where the demo finds them.
    "demo": 'ln -s "$ROOT/articles" articles',
    # A blog that somebody has had for years: a post, an edit, a move, a note by hand.
    "blog": """
set -e
git init -q --initial-branch=main .
mkdir _posts
post() {
    GIT_AUTHOR_DATE="$1" git add -A
    GIT_AUTHOR_DATE="$1" git commit -q -m "$2"
}
cat > _posts/2019-03-04-night-ferry.md <<'END'
---
title: The night ferry returns
date: 2019-03-04
---

The night ferry sails again from Friday, the harbor office said. It leaves at 11 p.m. from Pier 4.

A ticket costs $12.
END
post 2019-03-04T10:00:00-05:00 "Add post about the night ferry"
sed -i 's/[$]12/$21/' _posts/*.md
post 2019-03-05T09:30:00-05:00 "Fix price"
printf '\\n*Correction, March 5, 2019: An earlier version of this post misstated the price.*\\n' \\
    >> _posts/*.md
post 2019-03-05T11:00:00-05:00 "Add correction"
mkdir -p content/posts
git mv _posts/2019-03-04-night-ferry.md content/posts/night-ferry.md
post 2021-01-10T15:00:00-05:00 "Move to Hugo"
sed -i 's/Pier 4/Pier 9/' content/posts/*.md
post 2021-02-01T08:00:00-05:00 "Update pier"
""",
}


def commands() -> str:
    """The command reference, from the commands themselves."""
    from tracker.cli import cli

    out = [
        "# Commands",
        "",
        "Made from the code by `python docs/generate.py`; do not edit.",
        "",
        "Exit status: 0 fine (warnings too), 1 findings of `check`, 2 usage or input error, 3 a",
        "fault of the program, 130 interrupted. Data goes to stdout, talk to stderr. `NO_COLOR` is",
        "obeyed. `TRACKER_NOW` (ISO 8601) stands in for the clock, for tests and scripts.",
        "",
    ]
    context = click.Context(
        cli,
        info_name="tracker",
        terminal_width=90,
        max_content_width=90,
        help_option_names=["-h", "--help"],
    )
    out += _help("tracker", cli.get_help(context))
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(
            command, context, info_name=name, terminal_width=90, max_content_width=90
        )
        out += _help(f"tracker {name}", command.get_help(inner))
        for below, each in getattr(command, "commands", {}).items():
            deeper = click.Context(
                each, inner, info_name=below, terminal_width=90, max_content_width=90
            )
            out += _help(f"tracker {name} {below}", each.get_help(deeper))
    return "\n".join(out)


def _help(title: str, text: str) -> list[str]:
    return [f"## {title}", "", "```text", *text.rstrip().splitlines(), "```", ""]


def main(arguments: list[str]) -> int:
    """Write what is stale, or with ``--check`` tell of it."""
    stale = []
    for path, new in ((README, readme(README.read_text("utf-8"))), (COMMANDS, commands())):
        if not path.exists() or path.read_text("utf-8") != new:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(new, "utf-8")
    for name in stale:
        sys.stdout.write(f"{name} {'is stale' if '--check' in arguments else 'was written'}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
