"""Pages that a command writes to a file."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.store.files import write_file


def write_page(file: str, title: str, fragment: str) -> None:
    """A whole page around a fragment, written to a file."""
    from tracker.render.diff_html import page

    write_file(Path(file), page(title, fragment).encode())
    click.echo(f"Wrote {file}.", err=True)
