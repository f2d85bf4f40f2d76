"""What keeps a git process small in a large repository."""

FRUGAL = (
    "-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=64m",
    "-c", "core.deltaBaseCacheLimit=48m",
)  # fmt: skip
"""Words before git's command: else it maps whole packs, and all that it touched counts as its own.

The index of a pack is always mapped whole. It has about 30 bytes an object, and a look at a commit
touches a page of it: so a process that looks at few thousand commits stays smaller, too.
"""
