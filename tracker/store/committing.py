"""The commit made by ``git commit`` itself, where the repository has commit hooks or signs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping

from tracker.errors import TrackerError
from tracker.store.git import DURABLE, Repository, environment, first_line


def commit_only(
    repository: Repository,
    path: str,
    *,
    message: bytes,
    variables: Mapping[str, str],
    base: str | None,
    runs: Callable[[int], None],
) -> str:
    """Commit one path of the work tree with hooks and signature; the full hash of the commit.

    ``variables`` name the author; ``base`` is the newest commit before. Raises ``TrackerError``
    with the hook's own words when it refuses.
    """
    # Not by Git.command: hooks would inherit --literal-pathspecs and the settings given there.
    process = subprocess.Popen(
        [
            "git", *DURABLE, "commit", "--only", "--quiet", "--cleanup=verbatim", "--file=-",
            "--", f":(top,literal){path}",
        ],
        cwd=repository.git.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(**variables),
    )  # fmt: skip
    runs(process.pid)
    printed, _ = process.communicate(message)
    said = printed.decode("utf-8", "replace").strip()
    since = "HEAD" if base is None else f"{base}..HEAD"
    made = repository.git.text(
        "rev-list", "-1", "--first-parent", since, "--", path, accept=(0, 128)
    )
    if process.returncode == 0 and made:
        return made
    words = first_line(said) or "it gave no reason"
    raise TrackerError(
        f"git did not make the commit: {words}.",
        "Nothing was recorded; settle what the commit hook or git complains of, and record again.",
    )
