"""Links from a site that one has to the pages that ``tracker serve`` and ``tracker site`` make.

Articles, versions and notes are named as the pages themselves name them: see ``naming``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Self
from urllib.parse import quote

from tracker.render.naming import addresses, note_key, stamp


class Links(NamedTuple):
    """Where the pages of a newsroom's articles are."""

    base: str  # of the pages, without a slash at the end; "": they are nowhere
    addresses: Mapping[str, str]  # path in the repository -> address, not percent-encoded

    @classmethod
    def of(cls, base: str, paths: Iterable[str], under: str = "") -> Self:
        """The links to these articles. ``under`` is the newsroom's folder in its repository."""
        return cls(base.rstrip("/"), addresses(paths, under))

    def history(self, path: str) -> str | None:
        """The page with all versions of an article; None where there are no pages."""
        return self._link("history", path)

    def version(self, path: str, at: datetime, commit: str) -> str | None:
        """The page of one version."""
        return self._link(f"version/{stamp(at, commit)}", path)

    def change(self, path: str, at: datetime, commit: str) -> str | None:
        """The page that shows what a version changed; a site of files has it too."""
        return self._link(f"change/{stamp(at, commit)}", path)

    def note(self, path: str, note: str) -> str | None:
        """The lasting link to a note."""
        return self._link(f"note/{note_key(note)}", path)

    def _link(self, page: str, path: str) -> str | None:
        address = self.addresses.get(path)
        if not self.base or address is None:
            return None
        return f"{self.base}/{page}/{quote(os.fsencode(address), safe='/')}/"
