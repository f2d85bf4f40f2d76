"""The articles' files on disk: which are changed, moved or gone since the newest commit."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.errors import TrackerError
from tracker.newsroom.selection import is_text
from tracker.newsroom.workspace import Workspace
from tracker.store.identity import Appeared, Ended, Pool, match
from tracker.store.reader import Reader, object_hash
from tracker.store.worktree import FileStates, file_states


def changed_articles(workspace: Workspace) -> list[str]:
    """The articles whose file on disk is new, edited or gone, sorted.

    One that was moved is named by its new path alone.
    """
    states = file_states(workspace.repository, workspace.under)
    moved = _moves(workspace, states)
    paths = {*states.changed, *states.gone} - set(moved.values())
    return workspace.choose(paths)


def former_path(workspace: Workspace, path: str) -> str | None:
    """The path that the article in a new file had, where its old file is gone from the disk."""
    if workspace.repository.bare or workspace.repository.head is None:
        return None
    return _moves(workspace, file_states(workspace.repository)).get(path)


def _moves(workspace: Workspace, states: FileStates) -> dict[str, str]:
    """New paths on disk with the path that the article had: as an article goes on in a commit."""
    gone = [path for path in states.gone if is_text(path)]
    new = [path for path in states.new if is_text(path)]
    if not gone or not new:
        return {}
    tip, known = workspace.tip, dict[str, bytes]()
    pool, ending, appeared = Pool(), list[Ended](), list[Appeared]()
    for number, path in enumerate(gone):
        found = workspace.objects.info(f"{tip}:{path}")
        if found is not None:
            ending.append(Ended(number, path, found.hash, 0))
            pool.add(ending[-1])
    for path in new:
        data = workspace.read_if_there(path)
        if data is not None:
            blob = object_hash("blob", data, len(tip))
            known[blob] = data
            appeared.append(Appeared(path, blob))
    with Reader(workspace.repository) as reader:

        def read(blobs: Iterable[str]) -> dict[str, bytes]:
            texts = dict[str, bytes]()
            for blob in blobs:
                try:
                    texts[blob] = known[blob] if blob in known else reader.read(blob)
                except TrackerError:  # too large, or no text: it is nobody's continuation
                    continue
            return texts

        return {path: ended.path for path, ended in match(appeared, pool, ending, read).items()}
