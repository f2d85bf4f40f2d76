"""Pages that a command writes to a file."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.errors import TrackerError


def write_page(file: str, title: str, fragment: str) -> None:
    """A whole page around a fragment, written to a file."""
    from tracker.render.diff_html import page

    try:
        Path(file).write_text(page(title, fragment), encoding="utf-8")
    except OSError as error:
        raise TrackerError(
            f"{file} could not be written: {error.strerror}.", "Choose another file."
        ) from None
    click.echo(f"Wrote {file}.", err=True)
