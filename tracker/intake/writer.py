"""The one thread that records: what waits in the inbox, in the order in which readers saw it.

Several jobs go through one stream of git, and each is answered when its commit is on the disk. The
commit carries the job's key as the trailer "Intake", so that a crash between commit and inbox
records nothing twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from tracker.errors import TrackerError
from tracker.intake.inbox import Inbox, State, Submission
from tracker.model import Recording, Refusal, Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.revisions import article_of
from tracker.render.plain import plain

TRAILER = "Intake"
MOST = 64  # jobs in one batch
_GATHER = 0.01  # seconds
_FRESH = 1.0  # seconds between batches after which the newsroom is looked at anew
_POLL = 0.25  # seconds between looks for what is due
_REMEMBERED = 2000  # answers that wait for who asked
_TRIES = 5
_LATER = timedelta(seconds=60)  # after which a webhook that failed is tried again
_LOOKED_AT = 5_000  # newest commits, where the one that a job came on is gone

End = tuple[Submission, State, int, dict[str, Any]]


class Writer:
    """Records jobs until it is stopped."""

    def __init__(self, path: Path, inbox: Inbox, now: Callable[[], datetime]) -> None:
        self._path = path
        self._inbox = inbox
        self._now = now
        self.room = Newsroom(path)
        self._opened = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._woken = threading.Condition()
        self._answered: LRUCache[int, tuple[int, dict[str, Any]]] = LRUCache(_REMEMBERED)
        self._stopping = False
        self.tip = self._newest()  # as it was before the batch under way; "" for none yet

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End when the batch under way is done."""
        with self._woken:
            self._stopping = True
            self._woken.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        with self._woken:
            self._woken.notify_all()

    def answer(self, number: int, seconds: float) -> tuple[int, dict[str, Any]] | None:
        """Status and answer of a job; None where it is not done after so many seconds."""
        with self._woken:
            self._woken.wait_for(lambda: number in self._answered or self._stopping, seconds)
            return self._answered.pop(number, None)

    def _newest(self) -> str:
        """The published branch's newest commit; "" for none yet."""
        git = self.room.repository.git
        return git.text("rev-parse", "--quiet", "--verify", self._branch(), accept=(0, 1, 128))

    def _branch(self) -> str:
        branch = self.room.settings.branch
        return f"refs/heads/{branch}" if branch else "HEAD"

    # --- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        recovered, forgotten = False, self._now()
        while not self._stopping:
            try:
                if not recovered:
                    self.recover()
                    recovered = True
                done = self.record_due()
                if self._now() - forgotten > timedelta(hours=1):
                    self._inbox.forget_old(self._now())
                    forgotten = self._now()
            except (TrackerError, OSError):  # a full disk, a locked inbox: nothing is lost
                with self._woken:
                    self._woken.wait(1)
                done = 0
            with self._woken:
                if not self._stopping:
                    # Those who were just answered send their next; they go into one batch.
                    self._woken.wait(_GATHER if done else _POLL)
            if not done:
                time.sleep(_GATHER)

    def recover(self) -> None:
        """Answer jobs whose commits were made before a crash; the others wait on."""
        waiting = self._inbox.listed("waiting", limit=100_000)
        if waiting:
            made = self._made(waiting[0].tip)
            known = [job for job in waiting if job.key in made]
            self._finish([self._found(job, made[job.key]) for job in known])

    def record_due(self) -> int:
        """Record a batch of what is due; how many jobs it was."""
        jobs = self._batch(self._inbox.waiting(self._now(), MOST))
        if not jobs:
            return 0
        if jobs[0].asked.get("sync"):
            self._finish([self._sync(jobs[0])])
            return 1
        self._finish(self._record(jobs))
        return len(jobs)

    def _batch(self, jobs: list[Submission]) -> list[Submission]:
        """Those of the jobs that can be recorded together, in their order."""
        taken: list[Submission] = []
        paths: set[str] = set()
        for job in jobs:
            if job.asked.get("sync"):
                return taken or [job]
            alike = not taken or _keeps(job) == _keeps(taken[0])
            # What is written on a revision is looked at when those before it are there.
            alone = job.path in paths and "expected" in job.asked
            if not alike or alone or not job.path:
                if not taken:
                    return [job]
                break
            taken.append(job)
            paths.add(job.path)
        return taken

    # --- recording --------------------------------------------------------------------------------

    def _record(self, jobs: Sequence[Submission]) -> list[End]:
        before = self.tip
        recordings = [self._recording(job) for job in jobs]
        try:
            self._reopen()
            results = self.room.record_many(recordings, keep_notes=_keeps(jobs[0]))
        except TrackerError as error:
            made = self._made(before)
            found = [self._found(job, made[job.key]) for job in jobs if job.key in made]
            left = [job for job in jobs if job.key not in made]
            if len(left) > 1:
                return found + [end for job in left for end in self._record([job])]
            return found + [_failed(job, error) for job in left]
        made = self._made(before)
        self.tip = self.room.repository.head or self.tip
        ends = []
        for job, recording, result in zip(jobs, recordings, results, strict=True):
            if isinstance(result, Refusal) and recording.moved_from is not None:
                ends += self._record([_without(job, "entry")])  # it is there no more
            else:
                ends.append(self._end(job, result, is_new=job.key in made))
        return ends

    def _reopen(self) -> None:
        """See the settings as they are now, where some time went by."""
        if time.monotonic() - self._opened > _FRESH:
            self.room = Newsroom(self._path)
        self._opened = time.monotonic()

    def _recording(self, job: Submission) -> Recording:
        asked = job.asked
        former = None
        if asked.get("entry") and job.path:
            there = self._inbox.path_of(job.source, asked["entry"])
            former = there if there != job.path else None
        return Recording(
            article=job.path,
            text=job.text,
            at=job.at,
            by=asked.get("by"),
            message=asked.get("message"),
            trailers=(*map(tuple, asked.get("trailers", ())), (TRAILER, job.key)),
            moved_from=None if asked.get("gone") else former,
            note=asked.get("note"),
            kind=asked.get("kind", "update"),
            expected=asked.get("expected"),
        )

    def _end(self, job: Submission, result: Revision | Refusal, *, is_new: bool) -> End:
        if isinstance(result, Revision):
            return job, "done", 201 if is_new else 200, self._told(result, is_new=is_new)
        if result.current is None:
            return job, "refused", 422, problem(422, result.reason, result.hint)
        told = problem(412, result.reason, result.hint)
        told["current"] = result.current or None
        if result.current and job.asked.get("expected"):
            told["changed"] = self._changed(job, result.current)
        return job, "refused", 412, told

    def _told(self, revision: Revision, *, is_new: bool) -> dict[str, Any]:
        article = article_of(revision.path, revision.headline)
        return {
            "schema": 1,
            "unchanged": not is_new,
            "article": plain(article),
            "revision": plain(revision),
        }

    def _changed(self, job: Submission, current: str) -> list[str]:
        """What the other editor changed, as reasons; none where the older text is not known."""
        try:
            change = self.room.diff(job.path, job.asked["expected"], current)
        except TrackerError:
            return []
        return list(change.reasons)

    def _found(self, job: Submission, commit: str) -> End:
        try:
            revision = self.room.revision(job.path, commit)
        except TrackerError:  # a deletion has no text
            return job, "done", 201, {"schema": 1, "unchanged": False, "commit": commit}
        return job, "done", 201, self._told(revision, is_new=True)

    def _made(self, tip: str) -> dict[str, str]:
        """The commits that were made since a tip, by the keys of their jobs."""
        git, branch = self.room.repository.git, self._branch()
        shown = "--format=%H %(trailers:key=Intake,valueonly,separator=%x20)"
        words = ("log", "--first-parent", shown)
        said = git.text(*words, f"^{tip}", branch, "--", accept=(0, 128)) if tip else ""
        if not said:  # nothing since, or that commit is gone
            said = git.text(*words, f"-n{_LOOKED_AT}", branch, "--", accept=(0, 128))
        found = {}
        for line in said.splitlines():
            commit, _, keys = line.partition(" ")
            found.update(dict.fromkeys(keys.split(), commit))
        return found

    def _sync(self, job: Submission) -> End:
        try:
            synced = self.room.sync(push=False)
        except TrackerError as error:
            return _failed(job, error)
        told = plain(synced)
        return job, "done", 200, told if isinstance(told, dict) else {"schema": 1}

    # --- what became of it ------------------------------------------------------------------------

    def _finish(self, ends: Sequence[End]) -> None:
        """Keep and tell what became of jobs."""
        if not ends:
            return
        self._inbox.finish(ends)
        now = self._now()
        gone = [
            (job.source, str(job.asked["entry"]), job.path)
            for job, state, _, _ in ends
            if state == "done" and job.asked.get("entry") and job.path
        ]
        self._inbox.remember(gone)
        for job, state, status, answer in ends:
            revision = answer.get("revision") or answer
            self._inbox.log(
                now, job=job.id, source=job.source, path=job.path, state=state, status=status,
                commit=revision.get("commit"), why=answer.get("detail"),
            )  # fmt: skip
            if state == "failed" and job.source.startswith("hook ") and job.tries < _TRIES:
                self._inbox.again(job.id, now + _LATER)
        with self._woken:
            for job, _, status, answer in ends:
                self._answered[job.id] = status, answer
            self._woken.notify_all()


def _keeps(job: Submission) -> bool:
    return bool(job.asked.get("keep_notes"))


def _without(job: Submission, key: str) -> Submission:
    return job._replace(asked={name: each for name, each in job.asked.items() if name != key})


def _failed(job: Submission, error: TrackerError) -> End:
    return job, "failed", 503, problem(503, error.sentence, error.hint)


TITLES = {
    400: "Not understood", 401: "Who is it?", 403: "Not allowed", 404: "Not there",
    405: "Not done here", 409: "Being done", 412: "Edited meanwhile", 413: "Too large",
    415: "Not JSON", 422: "Cannot be recorded", 429: "Too many", 500: "A fault of the program",
    503: "Not recorded yet",
}  # fmt: skip


def problem(status: int, detail: str, hint: str = "", **more: Any) -> dict[str, Any]:
    """What was refused, as RFC 9457 has it."""
    title = TITLES.get(status, "It cannot be done")
    told = {"type": "about:blank", "title": title, "status": status}
    return {**told, "detail": f"{detail} {hint}".strip(), **more}
