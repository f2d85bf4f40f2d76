"""The commit graph with the paths that each commit changed, in little memory."""

from __future__ import annotations

from tracker.store.frugal import FRUGAL

# Of what git has read it keeps 48 MB: with 16 it takes up to four times as long where folders are
# large. Of the packs it maps half of what others may: it takes as long.
_SETTINGS = (*FRUGAL, "-c", "core.packedGitLimit=32m")


def command(split: str) -> tuple[str, ...]:
    """The words for git: it reads commits, one a line, and writes what leads to them.

    ``split`` is ``--split`` or ``--split=no-merge``: only what no graph has yet is looked at.
    """
    return (
        *_SETTINGS,
        "commit-graph",
        "write",
        "--stdin-commits",
        split,
        "--changed-paths",
        "--no-progress",
    )
