"""The command line: commands of one kind in a file, which is loaded when one is called."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

from tracker.cli.common import throw_output_away
from tracker.errors import TrackerError

COMMANDS = {
    "init": "Make a newsroom: a git repository with its settings.",
    "record": "Record the version that just went out, with the note for readers.",
    "note": "Tell readers of what is already out; amend or withdraw a note.",
    "history": "Show the revisions of an article, or the newsroom's latest.",
    "show": "Print a version of an article.",
    "restore": "Make an older version current again, as a new revision.",
    "diff": "Show what changed between two versions.",
    "blame": "Show which revision brought each passage.",
    "changelog": "Print the dated changelog of edits and notes.",
    "footer": "Print the update lines in house style, or put them into the article.",
    "check": "Find changes of substance that readers were never told of.",
    "review": "Walk through the findings: write the note, close, or leave for later.",
    "stats": "Numbers for the year's report: notes, corrections, changes untold.",
    "serve": "Show the newsroom's pages in a browser.",
    "search": "Find words in headlines, notes and current texts.",
    "follow": "Follow other people's sites: feeds and pages, every version recorded.",
    "intake": "Record what a CMS sends over HTTP: with a token, or by a signed webhook.",
    "token": "Say who may record over HTTP: tokens for the intake.",
    "import": "Bring dated versions of articles into a newsroom.",
    "sync": "Receive and send revisions, and merge where both sides wrote.",
    "verify": "Verify that the archive is whole and was not rewritten.",
    "export": "Write articles, revisions and notes for other programs.",
    "corpus": "Judge millions of pairs of versions, on all cores or on a cluster.",
    "site": "Write the newsroom's pages as files, for any static host.",
    "catalog": "Show the state of the catalog, or make it anew.",
    "styles": "List the house styles, or show one.",
}
"""Every command with its one line of help."""

_FILES = {
    **dict.fromkeys(
        ("history", "show", "blame", "changelog", "footer", "search", "stats", "styles"), "reading"
    ),
    **dict.fromkeys(("init", "sync", "verify", "catalog"), "archive"),
    **dict.fromkeys(("serve", "site", "intake", "token"), "serving"),
    "restore": "record", "review": "check", "import": "import_",
}  # fmt: skip
"""The file of a command where that has another name."""

FAULT = 3
INTERRUPTED = 130


class EnoughReadError(Exception):
    """Whoever reads our output has enough, and closed it."""


class Commands(click.Group):
    """A group that loads a command's file when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the README."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        file = import_module(f"tracker.cli.{_FILES.get(cmd_name, cmd_name)}")
        # A keyword names neither a module nor a function.
        command: click.Command = getattr(file, "import_" if cmd_name == "import" else cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; that nobody reads on is told apart here, as click would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise EnoughReadError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or a usage error that names the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no command “{args[0]}”.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from tracker import __version__

        click.echo(f"tracker {__version__}")
        ctx.exit()


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.option(
    "-C",
    "--newsroom",
    metavar="DIR",
    default=".",
    help="Work in this newsroom instead of the current folder.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
@click.pass_context
def cli(ctx: click.Context, newsroom: str) -> None:
    """Record every published version of an article, show what changed, and tell readers so.

    ARTICLE is a path, a slug, or a unique part of one. REV is a number, latest, latest~1, a date
    or instant (what readers saw then), or a commit.
    """
    ctx.obj = newsroom
    try:
        Path.cwd()
    except FileNotFoundError:
        raise TrackerError(
            "The folder that you are in is not there any more.", "Go into another one, with cd."
        ) from None
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit status.

    0: fine. 1: findings. 2: usage or input error. 3: a fault of the program. 130: interrupted.
    """
    _open_streams()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # see ``__main__``
        signal.signal(signal.SIGINT, signal.default_int_handler)
    status = _flushed(_status_of(arguments))
    if arguments is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done: nothing is left to be told
    sys.exit(status)


def _status_of(arguments: Sequence[str] | None) -> int:
    try:
        status = cli.main(arguments, prog_name="tracker", standalone_mode=False)
    except TrackerError as error:
        return _say(error.sentence, error.hint)
    except click.UsageError as error:
        hint = f"Try: {error.ctx.command_path} --help" if error.ctx else ""
        return _say(error.format_message(), hint)
    except click.ClickException as error:
        return _say(error.format_message(), "")
    except (click.Abort, KeyboardInterrupt):
        with suppress(OSError):
            click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except (BrokenPipeError, EnoughReadError):
        throw_output_away()
        return 0
    except Exception as error:  # the last line of defence
        if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
            return _not_written(error)
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            return _say(
                f"A database in the git directory could not be written: {error}.",
                "Make room, and run it again: what was told as done is done.",
            )
        if os.environ.get("TRACKER_DEBUG"):
            raise
        kind = type(error).__name__
        _say(
            f"tracker failed, which is a fault of the program ({kind}: {error}).",
            "Please report it; TRACKER_DEBUG=1 shows where it happened.",
        )
        return FAULT
    return status if isinstance(status, int) else 0


_NOT_WRITTEN = {
    errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENAMETOOLONG, errno.ENOSPC,
}  # fmt: skip


def _not_written(error: OSError) -> int:
    """Say that a file, or the output, cannot take what is written."""
    if error.filename is None:
        throw_output_away()
    what = error.filename or "The output"
    reason = (error.strerror or str(error)).rstrip(".")
    return _say(f"{what} could not be written: {reason}.", "Make room, or write elsewhere.")


def _flushed(status: int) -> int:
    """The exit status, after the last of the output is written too."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        throw_output_away()
    except (OSError, ValueError) as error:
        return _not_written(error) if isinstance(error, OSError) else status
    return status


class _Closed(io.RawIOBase):
    """A standard output that was closed before the program began."""

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        raise OSError(errno.EBADF, "it is closed")


def _open_streams() -> None:
    """Make the standard streams fit to write to.

    A descriptor that is closed would be given to the next file that is opened, and git would write
    into that. And a character that the terminal's encoding lacks is written out.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Closed()), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _say(sentence: str, hint: str) -> int:
    from tracker.render.plain import visible  # names of files may hold anything

    with suppress(OSError, ValueError):  # nobody may be there to be told
        click.echo(f"tracker: {visible(sentence)}", err=True)
        if hint:
            click.echo(f"  {visible(hint)}", err=True)
    return 2
