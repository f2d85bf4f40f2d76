"""A work tree that shows an article as it was before others moved the branch: never a reversal.

That comes of a push into a repository that people work in, or of a branch that another program
moved. The index then still has the older text, so that a recording of the file would take back,
without a word, what came in.
"""

from __future__ import annotations

from tracker.store.advance import EditedMeanwhile, edited
from tracker.store.git import Repository
from tracker.store.objects import Place

_LOOKED_AT = 2000  # commits; a work tree is seldom further behind, and the time stays short


def refuse_behind(repository: Repository, path: str, blob: str, place: Place) -> None:
    """Raise ``EditedMeanwhile`` where ``blob``, which the index has, is an earlier revision.

    Its ``base`` is that blob. A text that is staged and was never recorded passes.
    """
    if place.commit is None:
        return
    git = repository.git
    commits = git.text("rev-list", f"--max-count={_LOOKED_AT}", place.commit).split()
    name = path.encode("utf-8", "surrogateescape")
    asked = b"".join(commit.encode() + b":" + name + b"\0" for commit in commits[1:])
    said = git.run("cat-file", "--batch-check=%(objectname)", "-z", data=asked)
    if blob.encode() in said.split(b"\n"):
        raise _behind(repository, path, blob, place)


def _behind(repository: Repository, path: str, blob: str, place: Place) -> EditedMeanwhile:
    error = edited(repository, place, path)
    error.hint = (
        "What is checked out here is older; bring the two together with tracker record --merge, "
        "or put yours in its place with --anyway."
    )
    error.base = blob
    return error
