"""One article's life without reading every change of the repository.

Who is who is told by files that come and go alone, which are few; the edits are then asked for by
path. Only where the line was pulled into itself must all be read (see ``history``). The answer is
the same; a test holds that.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection

from tracker.store import identity
from tracker.store.git import Repository
from tracker.store.life import Life
from tracker.store.line import LOG, Step, newest_first, parse_log, same_branch
from tracker.store.lives import Lives, kin

_MOST_ROUNDS = 4  # times that the search may widen before it looks at everything
_MOST_MERGES = 16  # asked for one by one; with more, reading all at once costs less
_FIRST_PARENT = ("--first-parent", "--diff-merges=first-parent")


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


def single(
    repository: Repository,
    newest: str,
    path: str,
    *,
    branches: Collection[str],
    ignored: Collection[str],
    textual: Callable[[str], bool],
    read: identity.ReadTexts,
) -> tuple[bool, Life | None]:
    """Whether it can be told this way, and the life of the article at ``path``, if there is one."""
    answers = _Answers(repository)
    try:
        comings = answers.ask(*LOG, *_FIRST_PARENT, "--diff-filter=ADT", newest, "--")
        merges = answers.ask(
            "log", "-z", "--first-parent", "--min-parents=2", "--no-color", "--encoding=UTF-8",
            "--format=%P%x00%s", newest, "--",
        )  # fmt: skip
        edits = answers.ask(*LOG, *_FIRST_PARENT, newest, "--", path) if path else None
        line = list(parse_log(comings()))  # the longest first: the others run meanwhile
        if _pulled(merges(), branches):
            return False, None
        line.reverse()
        known = _who(line, path, textual, read)
        if known is None:
            return False, None
        life, near = known
        if life is None:
            return True, None
        paths = {one.path for one in life.happenings} | {life.states[0].path}
        names = {identity.name_of(one) for one in paths}
        paths |= {one for one in near if identity.name_of(one) in names}
        if edits is None or paths != {path}:
            edits = answers.ask(*LOG, *_FIRST_PARENT, newest, "--", *sorted(paths))
        steps = list(parse_log(edits()))
        steps.reverse()
        if not _with_sides(answers, steps):
            return False, None
        replay = _Replay(life, ignored, paths)
        for step in steps:
            replay.play(step, [step.changes])
        return replay.life is not None, replay.life
    finally:
        answers.close()


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
