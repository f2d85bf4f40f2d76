"""The catalog: a SQLite file inside the git directory, derived from git and disposable.

``file`` opens it, and remembers answers about texts and pairs of texts; ``line`` brings it up to
date with the published line; ``stored`` plays that line's steps with its tables; ``ask`` answers
from them. Missing, locked, broken or on a disk that is full or read-only, it is never an error:
what it cannot tell is read from git.
"""

from tracker.store.catalog.file import FORMAT, Catalog, Pair, catalog_file

__all__ = ["FORMAT", "Catalog", "Pair", "catalog_file"]
