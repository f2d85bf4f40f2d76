"""One article's life without reading every change of the repository.

As a rule, an article has nothing to do with any other file: then the changes at its path are its
life. Whether that is so is told by the files that were taken away, which are few. Else all files
that come and go tell who is who, and the edits are asked for by path. Only where the line was
pulled into itself must all be read (see ``history``). The answer is the same; a test holds that.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tracker.store import identity
from tracker.store.frugal import FRUGAL
from tracker.store.git import Repository
from tracker.store.life import Life
from tracker.store.line import LOG, Step, newest_first, parse_log, same_branch
from tracker.store.lives import Lives, kin

_MOST_ROUNDS = 4  # times that the search may widen before it looks at everything
_MOST_MERGES = 16  # asked for one by one; with more, reading all at once costs less
_SHORT = 2000  # commits of a line on which no question takes long
_FIRST_PARENT = ("--first-parent", "--diff-merges=first-parent")
_GOINGS = (
    *LOG[: LOG.index("log")],
    "-c",
    "log.showRoot=false",  # nothing goes there, and very much may come
    *LOG[LOG.index("log") :],
    *_FIRST_PARENT,
    "--diff-filter=DT",
)


Told = tuple[bool, Life | None]
"""Whether it can be told this way, and the life of the article, if there is one."""

_UNTOLD: Told = (False, None)


class _Answers:
    """Several git processes that run beside each other."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._running: list[subprocess.Popen[bytes]] = []

    def ask(self, *words: str) -> Callable[[], bytes]:
        """Start git; what comes back waits for it, and gives what it printed."""
        process = self._repository.git.start(*words)
        self._running.append(process)

        def answer() -> bytes:
            printed, _ = process.communicate()
            if process.returncode:
                # Again, and alone, for the sentence that git has for it.
                return self._repository.git.run(*words)
            return printed

        return answer

    def close(self) -> None:
        """End what nobody waits for any more."""
        for process in self._running:
            if process.stdout is not None and not process.stdout.closed:
                process.kill()
                process.communicate()


class _Replay(Lives):
    """Plays again with it known already where the one article goes on."""

    def __init__(self, known: Life, ignored: Collection[str], within: Collection[str]) -> None:
        super().__init__(lambda _: {}, ignored, lambda _: True, within)
        first = known.states[0]
        self._first = (first.step.commit, first.path)
        self._goes_on = {
            (one.step.commit, one.path)
            for one in known.happenings
            if one.kind in {"moved", "returned"}
        }
        self.life: Life | None = None

    def _match(
        self, step: Step, appeared: list[identity.Appeared], gone: list[Life]
    ) -> dict[str, identity.Ended]:
        del gone
        if self.life is None or self.life.ended is None:
            return {}
        return {
            new.path: self.life.ended
            for new in appeared
            if (step.commit, new.path) in self._goes_on
        }

    def _begin(self, step: Step, new: identity.Appeared) -> None:
        super()._begin(step, new)
        if (step.commit, new.path) == self._first:
            self.life = self.all[-1]


class _Search(NamedTuple):
    """The article that is looked for, and git's answers."""

    answers: _Answers
    newest: str  # full hash of the line's newest commit
    path: str
    ignored: Collection[str]
    textual: Callable[[str], bool]
    edits: list[Step]  # at the path alone, oldest first


@contextmanager
def _search(
    repository: Repository,
    newest: str,
    path: str,
    branches: Collection[str],
    ignored: Collection[str],
    textual: Callable[[str], bool],
) -> Iterator[tuple[_Search, list[Step]] | None]:
    """What is at the path, and where files go; None where the line was pulled into itself."""
    answers = _Answers(repository)
    try:
        goings = answers.ask(*FRUGAL, *_GOINGS, newest, "--")
        merges = answers.ask(
            "log", "-z", "--first-parent", "--min-parents=2", "--no-color", "--encoding=UTF-8",
            "--format=%P%x00%s", newest, "--",
        )  # fmt: skip
        edits = answers.ask(*FRUGAL, *LOG, *_FIRST_PARENT, newest, "--", path) if path else None
        if _pulled(merges(), branches):
            yield None
            return
        here = list(parse_log(edits())) if edits is not None else []
        here.reverse()
        search = _Search(answers, newest, path, ignored, textual, here)
        yield search, list(parse_log(goings()))
    finally:
        answers.close()


def alone(
    repository: Repository,
    newest: str,
    path: str,
    *,
    branches: Collection[str],
    ignored: Collection[str],
    textual: Callable[[str], bool],
) -> Told:
    """The life of the article at ``path`` where it is soon told.

    It is not on a long line, and not where the article may have come from elsewhere.
    """
    listed = repository.git.run(
        *FRUGAL, "rev-list", "--first-parent", f"--max-count={_SHORT + 1}", newest, "--"
    )
    if listed.count(b"\n") > _SHORT:
        return _UNTOLD
    with _search(repository, newest, path, branches, ignored, textual) as found:
        return _UNTOLD if found is None else _alone(*found)


def single(
    repository: Repository,
    newest: str,
    path: str,
    *,
    branches: Collection[str],
    ignored: Collection[str],
    textual: Callable[[str], bool],
    read: identity.ReadTexts,
) -> Told:
    """The life of the article at ``path``."""
    with _search(repository, newest, path, branches, ignored, textual) as found:
        if found is None:
            return _UNTOLD
        told = _alone(*found)
        return told if told[0] else _among_others(found[0], read)


def _alone(search: _Search, goings: list[Step]) -> Told:
    """The life, if no file that was taken away can be the same article, nor can one on a side."""
    path, here = search.path, search.edits
    name = identity.name_of(path)
    came = {
        (step.commit, change.new)
        for step in here
        for change in step.changes
        if change.path == path and change.old is None
    }
    commits, blobs = {commit for commit, _ in came}, {blob for _, blob in came}
    for step in goings:
        for change in step.changes:
            if change.new is None and (
                identity.name_of(change.path) == name
                or change.old in blobs
                or (step.commit in commits and search.textual(change.path))
            ):
                return _UNTOLD
    if not _with_sides(search.answers, here):
        return _UNTOLD
    aside = (change.path for step in here for side in step.side for change in side.changes)
    if any(other != path and identity.name_of(other) == name for other in aside):
        return _UNTOLD
    lives = Lives(lambda _: {}, search.ignored, search.textual, {path})
    for step in here:
        lives.play(step, [step.changes])
    return True, lives.last_at(path)


def _among_others(search: _Search, read: identity.ReadTexts) -> Told:
    """The life, as told by all files that come and go."""
    ask, newest = search.answers.ask, search.newest
    comings = ask(*FRUGAL, *LOG, *_FIRST_PARENT, "--diff-filter=ADT", newest, "--")
    line = list(parse_log(comings()))
    line.reverse()
    known = _who(line, search.path, search.textual, read)
    if known is None:
        return _UNTOLD
    life, near = known
    if life is None:
        return True, None
    paths = {one.path for one in life.happenings} | {life.states[0].path}
    names = {identity.name_of(one) for one in paths}
    paths |= {one for one in near if identity.name_of(one) in names}
    steps = search.edits
    if paths != {search.path}:
        edits = ask(*FRUGAL, *LOG, *_FIRST_PARENT, newest, "--", *sorted(paths))
        steps = list(parse_log(edits()))
        steps.reverse()
    if not _with_sides(search.answers, steps):
        return _UNTOLD
    replay = _Replay(life, search.ignored, paths)
    for step in steps:
        replay.play(step, [step.changes])
    return replay.life is not None, replay.life


def _pulled(printed: bytes, branches: Collection[str]) -> bool:
    fields = printed.decode("utf-8", "surrogateescape").split("\0")
    return any(
        same_branch(subject, len(parents.split()) - 1, branches)
        for parents, subject in zip(fields[::2], fields[1::2], strict=False)
    )


def _who(
    line: list[Step], path: str, textual: Callable[[str], bool], read: identity.ReadTexts
) -> tuple[Life | None, set[str]] | None:
    """The article, as far as coming and going tells, with the paths near it; None if unsure."""
    within = kin(line, {path}, ())
    for _ in range(_MOST_ROUNDS):
        lives = Lives(read, (), textual, within)
        for step in line:
            lives.play(step, [step.changes])
        if not lives.beyond:
            return lives.alive.get(path) or lives.last_at(path), within
        within = kin(line, within | lives.beyond, ())
    return None


def _with_sides(answers: _Answers, steps: list[Step]) -> bool:
    """Give the merges among the steps what was on their sides; False if they are too many."""
    merges = [step for step in steps if len(step.parents) > 1]
    if len(merges) > _MOST_MERGES:
        return False
    asked = [
        answers.ask(*LOG, "--diff-merges=first-parent", step.commit, f"^{step.parents[0]}", "--")
        for step in merges
    ]
    for step, answer in zip(merges, asked, strict=True):
        step.side = newest_first(one for one in parse_log(answer()) if one.commit != step.commit)
    return True
