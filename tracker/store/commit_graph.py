"""The commit graph with the paths that each commit changed, in little memory."""

from __future__ import annotations

# git maps whole packs and keeps 96 MB of what it has read, all of which counts as its memory. With
# this much it takes as long; with 16 MB kept, up to four times as long where folders are large.
_FRUGAL = (
    "-c",
    "core.deltaBaseCacheLimit=48m",
    "-c",
    "core.packedGitWindowSize=8m",
    "-c",
    "core.packedGitLimit=64m",
)


def command(split: str) -> tuple[str, ...]:
    """The words for git: it reads commits, one a line, and writes what leads to them.

    ``split`` is ``--split`` or ``--split=no-merge``: only what no graph has yet is looked at.
    """
    return (
        *_FRUGAL,
        "commit-graph",
        "write",
        "--stdin-commits",
        split,
        "--changed-paths",
        "--no-progress",
    )
