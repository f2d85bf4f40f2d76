"""What the importers share: instants, limits, how a name is shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

LARGEST = 16 * 1024 * 1024  # bytes of one version; no article is larger, and a video may be


def instant_of(written: str) -> datetime:
    """The instant that an ISO 8601 text with offset means, aware.

    Raises ``ValueError`` whose words say what is wrong, to stand after "The value".
    """
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("is no instant like 2022-05-12T07:45:00-04:00") from None
    if at.tzinfo is None:
        raise ValueError("has no offset from UTC, as in 2022-05-12T07:45:00-04:00")
    if not 1 < at.year < 9999:  # in another zone it may have no date
        raise ValueError("is too far away")
    return at


def shown(path: Path) -> str:
    """A path for a sentence, with nothing in it that a terminal would obey.

    ``.`` and ``..`` are written out: beside a full stop they are not seen.
    """
    name = str(path if path.name not in ("", "..") else path.resolve())
    return name if name.isprintable() else ascii(name)
