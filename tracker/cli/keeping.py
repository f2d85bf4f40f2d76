"""The file that spares every start what an earlier one did: see ``tracker/prepared.py``.

Like byte code it belongs to one version of Python, is never needed, and may be deleted at any
time. It stands beside the byte code where that may be written, else in the person's cache folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracker import prepared


def _files() -> Iterator[Path]:
    """Where the file may be, the better place first."""
    name = f"prepared.{sys.implementation.cache_tag}.kept"
    if prepared.__spec__ is not None and prepared.__spec__.cached:
        yield Path(prepared.__spec__.cached).with_name(name)
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    if os.path.isabs(folder):  # noqa: PTH117
        yield Path(folder, "tracker", name)


def _may_keep(path: Path) -> bool:
    if path.parent.name == "__pycache__":
        return not sys.dont_write_bytecode and os.access(path.parent, os.W_OK)
    return True


def _stamp() -> bytes:
    return f"{sys.version}\n{sys.hexversion}".encode() + b"\0"


def take() -> None:
    """Take over what earlier starts made, if there is any."""
    stamp = _stamp()
    for path in _files():
        with suppress(OSError, ValueError, EOFError, TypeError), path.open("rb") as file:
            status = os.fstat(file.fileno())
            # Code comes of it: so it is read only from who may change our code anyway.
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
                continue
            kept = file.read()
            if kept.startswith(stamp):
                prepared.take(kept[len(stamp) :])
        if _may_keep(path):
            return  # all that this person's starts made is here


def keep() -> None:
    """Keep what this start had to make, for the next one; never fails."""
    made = prepared.give()
    if made is None:
        return
    for path in _files():
        if not _may_keep(path):
            continue
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            try:
                with open(beside, "xb", opener=_for_us_to_write) as file:
                    file.write(_stamp() + made)
                beside.replace(path)  # whole at every moment, whoever reads it meanwhile
            finally:
                beside.unlink(missing_ok=True)
            return


def _for_us_to_write(path: str, flags: int) -> int:
    return os.open(path, flags, 0o644)
