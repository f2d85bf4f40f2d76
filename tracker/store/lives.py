"""The lives of articles: the steps of the published line, played in order.

Every ordinary file has a life, since a text may have been without its ending for a while; only
texts are looked at for where they went on. What becomes of a life is put into records at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from tracker.store import identity
from tracker.store.life import Happening, Kind, Life, State, Stretch
from tracker.store.line import FileChange, Step

TEXTS = (
    ".md", ".markdown", ".txt", ".mdown", ".mkd", ".mdx", ".rst", ".adoc", ".asciidoc", ".org",
    ".html", ".htm", ".qmd", ".rmd",
)  # fmt: skip
"""How files end that are, or were, or may become articles."""


def textual(path: str) -> bool:
    """May this file be an article's, of today or of some other time?"""
    return path.lower().endswith(TEXTS) or "." not in path.rpartition("/")[2]


class Lives:
    """Plays steps, oldest first, and keeps every article's life.

    ``textual`` says which paths may be articles; ``within``, when it is given, limits everything to
    these paths, and ``beyond`` then tells whether that was too few for a sure answer.
    """

    def __init__(
        self,
        read: identity.ReadTexts,
        ignored: Collection[str],
        textual: Callable[[str], bool],
        within: Collection[str] | None = None,
    ) -> None:
        self._read = read
        self._ignored = ignored
        self._textual = textual
        self._within = within
        self._pool = identity.Pool()
        self._number = 0
        # Whether clones wrote side by side here, so that what a text was written on need not be
        # what stands before it; then, for each path of a step, which contents it was written on,
        # and the lives that have something to tell at the end of the stretch.
        self._apart = False
        self._before: dict[str, tuple[str, ...]] = {}
        self._untold: list[Life] = []
        self._sides_of: Step | None = None
        self._sides: dict[str, set[int]] = {}  # path or name -> places in the side
        self.beyond: set[str] = set()  # paths outside that may have to do with those within
        self.alive: dict[str, Life] = {}
        self.all: list[Life] = []
        self._last_at: dict[str, Life] = {}

    def at(self, path: str) -> Life | None:
        """The article that is at a path now."""
        return self.alive.get(path)

    def came_to(self, path: str) -> Life | None:
        """The life that came to a path last, whatever became of it."""
        return self._last_at.get(path)

    def life_of(self, key: int) -> Life:
        """The life of that key."""
        return self.all[key]

    def last_at(self, path: str) -> Life | None:
        """The article that is at a path, or was the last to be there."""
        life = self.came_to(path)
        while life is not None and life.joined is not None:
            life = life.joined
        return life

    def play_all(
        self,
        line: Sequence[Step],
        waist: Sequence[bool],
        pulled: Mapping[str, Sequence[Sequence[FileChange]]],
    ) -> Iterator[Step]:
        """Play a line, or what it has after a waist of it; each step is given back when played.

        ``waist`` is as ``line.waists`` has it, ``pulled`` as ``history.differences_from_pulled``.
        """
        together = True  # up to here, all commits lead to the last one
        for step, narrow in zip(line, waist, strict=True):
            self._apart = not (together and narrow) or bool(step.seen_through)
            self.play(step, [step.changes, *pulled.get(step.commit, ())])
            if narrow and self._apart:
                self._tell_all()
            together = narrow
            yield step
        self._apart = False

    def _tell_all(self) -> None:
        """The end of a stretch where clones wrote side by side: what it brought can be told."""
        for life in self._untold:
            stretch, life.stretch = life.stretch, None
            if stretch is not None and life.joined is None:
                for state in stretch.states():
                    self._tell(life, state)
        self._untold.clear()

    def play(self, step: Step, differences: Sequence[Sequence[FileChange]]) -> None:
        """One commit of the line; ``differences`` from its first parent, and from pulled ones."""
        self._number += 1
        changes: Iterable[FileChange] = differences[0]
        if self._apart:
            self._before = {each.path: (each.old,) for each in differences[0] if each.old}
        if step.seen_through:
            for difference in differences:
                self._join(step, difference)
            changes = self._unsettled(step, differences)
        gone: list[Life] = []
        appeared: list[identity.Appeared] = []
        for change in changes:
            if self._within is not None and change.path not in self._within:
                continue
            if change.new is None:
                self._end(change.path, change.old, gone)
            elif (life := self.at(change.path)) is not None:
                self._change(life, step, change.path, change.new)
            elif change.old is not None and self.came_to(change.path) is not None:
                self._change_elsewhere(step, change.path, change.new)
            else:
                appeared.append(identity.Appeared(change.path, change.new))
        matched = self._match(step, appeared, gone)
        continued = {old.key for old in matched.values()}
        for ended in gone:
            if ended.key not in continued:
                self._happen(ended, step, "deleted", ended.path)
        for new in appeared:
            old = matched.get(new.path)
            if old is None:
                self._begin(step, new)
            else:
                self._go_on(self.life_of(old.key), step, new)
        if self._within is not None and len(appeared) + len(gone) > 2 * len(matched):
            self._look_beyond(differences, len(matched) < len(appeared), len(matched) < len(gone))

    def _look_beyond(
        self,
        differences: Sequence[Sequence[FileChange]],
        unmatched_new: bool,
        unmatched_old: bool,
    ) -> None:
        """A rename under another name may involve any file of the same commit."""
        within = self._within or ()
        for change in (one for difference in differences for one in difference):
            if (
                (unmatched_new and change.new is None) or (unmatched_old and change.old is None)
            ) and change.path not in within:
                self.beyond.add(change.path)

    def _join(self, step: Step, difference: Sequence[FileChange]) -> None:
        """One article that two chains of the line had under two paths is one, from this merge on.

        Seen from one of its parents, the merge moves the article; the other chain had it there
        already.
        """
        old: dict[int, identity.Ended] = {}
        new: list[identity.Appeared] = []
        for change in difference:
            life = self.at(change.path)
            if life is None or not self._textual(change.path):
                continue
            if change.new is None and change.old is not None:
                old[life.key] = identity.Ended(life.key, change.path, change.old, self._number)
            elif change.old is None and change.new is not None:
                new.append(identity.Appeared(change.path, change.new))
        if self._within is not None:
            self._look_beyond([difference], bool(new), bool(old))
        if not old or not new:
            return
        pool = identity.Pool()
        for ended in old.values():
            pool.add(ended)
        matched = identity.match(new, pool, list(old.values()), self._read)
        for path, ended in matched.items():
            first, second = self.life_of(ended.key), self.at(path)
            if second is None or first is second:
                continue
            self._leave(ended.path)
            other = self._stretch(first)
            first.joined, first.alive = second, False
            self._stretch(second).join(other)
            self._take_over(first, second)
            self._happen(second, step, "moved", path, ended.path)

    def _take_over(self, first: Life, second: Life) -> None:
        """What one article had on the line before, another has."""
        second.states = sorted([*first.states, *second.states], key=lambda one: one.number)
        second.happenings = sorted(
            [*first.happenings, *second.happenings], key=lambda one: one.number
        )

    def _unsettled(
        self, step: Step, differences: Sequence[Sequence[FileChange]]
    ) -> list[FileChange]:
        """What a merge that is seen through holds otherwise than the line before it.

        All sides have been played. A file differs from none of them, or from one because another
        changed it, and stands as it should; or the merge settled it anew. What both sides wrote,
        it settled in any case.
        """
        held = {change.path: change for difference in differences for change in difference}
        sides = [self._side_of_merge(difference) for difference in differences]
        if len(sides) <= len(step.seen_through):
            sides.append(({}, {}))  # a side from which the merge does not differ at all
        found = []
        for path, change in held.items():
            life = self.at(path)
            stood = None if life is None else life.blob
            both = False
            if life is not None and change.new is not None and self._textual(path):
                blobs = (there.get(path, change.new) or gone.get(life.key) for there, gone in sides)
                heads = self._stretch(life).heads(blob for blob in blobs if blob is not None)
                self._before[path] = heads
                both = len(heads) > 1
            if both or change.new != stood:
                found.append(FileChange(path, stood, change.new))
        return found

    def _side_of_merge(
        self, difference: Sequence[FileChange]
    ) -> tuple[dict[str, str | None], dict[int, str]]:
        """What one side has otherwise than a merge: by path, and articles under another path."""
        gone = {}
        for change in difference:
            if change.new is None and change.old is not None and self._textual(change.path):
                life = self.last_at(change.path)
                if life is not None:
                    gone[life.key] = change.old
        return {each.path: each.old for each in difference}, gone

    def _match(
        self, step: Step, appeared: list[identity.Appeared], gone: list[Life]
    ) -> dict[str, identity.Ended]:
        """Which ended article each new file continues, by the new path; a replay knows by step."""
        del step
        texts = [new for new in appeared if self._textual(new.path)]
        if not texts:
            return {}
        ending = [
            life.ended for life in gone if life.ended is not None and self._textual(life.path)
        ]
        return identity.match(texts, self._pool, ending, self._read)

    def _end(self, path: str, blob: str | None, gone: list[Life]) -> None:
        life = self.at(path)
        if life is not None:
            self._leave(path)
            life.alive = False
            life.ended = identity.Ended(life.key, path, blob or life.blob, self._number)
            self._pool.add(life.ended)
            gone.append(life)

    def _come(self, life: Life, path: str) -> None:
        self.alive[path] = self._last_at[path] = life

    def _leave(self, path: str) -> None:
        del self.alive[path]

    def _begin(self, step: Step, new: identity.Appeared) -> None:
        life = Life(len(self.all), new.path, new.blob)
        self.all.append(life)
        self._come(life, new.path)
        self._hold(life, step, new.path, new.blob, {new.path})

    def _go_on(self, life: Life, step: Step, new: identity.Appeared) -> None:
        old_path, old_blob = life.path, life.blob
        if self._apart and life.ended is not None:
            old_blob = life.ended.blob  # what this side had: the other one may have written since
            self._before[new.path] = (old_blob,)
        life.path, life.alive, life.ended = new.path, True, None
        self._come(life, new.path)
        if new.path == old_path:
            self._happen(life, step, "returned", new.path)
        else:
            self._happen(life, step, "moved", new.path, old_path)
        if new.blob != old_blob:
            self._change(life, step, new.path, new.blob, old_path)

    def _change(
        self, life: Life, step: Step, path: str, blob: str, old_path: str | None = None
    ) -> None:
        stretch = self._stretch(life) if self._apart else None
        life.blob = blob
        if step.commit in self._ignored:
            if stretch is not None:
                stretch.ignore(blob, self._before.get(path, ()))
            self._happen(life, step, "ignored", path)
        else:
            self._hold(life, step, path, blob, {path, old_path or path})

    def _change_elsewhere(self, step: Step, path: str, blob: str) -> None:
        """An edit on one chain of the line; another one has moved or deleted the file meanwhile."""
        life = self.last_at(path)
        if life is None:  # pragma: no cover - the caller has looked
            return
        self._change(life, step, path, blob)
        if life.ended is not None:
            self._pool.remove(life.ended)
            life.ended = life.ended._replace(blob=blob)
            self._pool.add(life.ended)

    def _hold(self, life: Life, step: Step, path: str, blob: str, paths: set[str]) -> None:
        side = self._side(step, paths) if step.side else ()
        state = State(self._number, step, path, blob, side)
        if self._apart:
            self._stretch(life).add(state, self._before.get(path, ()))
        else:
            self._tell(life, state)

    def _stretch(self, life: Life) -> Stretch:
        """Where what a life has on this stretch of the line is kept until it can be told."""
        if life.stretch is None:
            life.stretch = Stretch(life.stood(), life.blob)
            self._untold.append(life)
        return life.stretch

    def _tell(self, life: Life, state: State) -> None:
        """One more content, with what it was written on."""
        if not state.on and life.states and life.states[-1].blob == state.blob:
            state = state._replace(on=None)
        life.states.append(state)

    def _happen(
        self, life: Life, step: Step, kind: Kind, path: str, old_path: str | None = None
    ) -> None:
        life.happenings.append(Happening(self._number, step, kind, path, old_path))

    def _side(self, step: Step, paths: set[str]) -> tuple[str, ...]:
        """Commits of the merged branch that touched the article, under its path or its name."""
        if self._sides_of is not step:
            self._sides_of = step
            self._sides = {}
            for number, side in enumerate(step.side):
                for change in side.changes:
                    self._sides.setdefault(change.path, set()).add(number)
                    if self.at(change.path) is None and self._textual(change.path):
                        name = "\0" + identity.name_of(change.path)  # no path holds a NUL
                        self._sides.setdefault(name, set()).add(number)
        found: set[int] = set()
        for path in paths:
            found |= self._sides.get(path, set())
            found |= self._sides.get("\0" + identity.name_of(path), set())
        return tuple(step.side[number].commit for number in sorted(found))


def kin(
    line: Iterable[Step], paths: Iterable[str], pulled: Collection[Sequence[Sequence[FileChange]]]
) -> set[str]:
    """Every path that may have to do with those at ``paths``, by name or by blob, in turn."""
    by_name: dict[str, set[str]] = {}
    by_blob: dict[str, set[str]] = {}
    blobs: dict[str, set[str]] = {}
    everything = chain(
        (step.changes for step in line), (one for several in pulled for one in several)
    )
    for change in chain.from_iterable(everything):
        # Where files come and go; with several chains, an edit may stand for that too.
        if pulled or change.old is None or change.new is None:
            by_name.setdefault(identity.name_of(change.path), set()).add(change.path)
            for blob in (change.old, change.new):
                if blob is not None and blob not in identity.EMPTY:
                    by_blob.setdefault(blob, set()).add(change.path)
                    blobs.setdefault(change.path, set()).add(blob)
    found: set[str] = set()
    waiting = set(paths)
    while waiting:
        here = waiting.pop()
        found.add(here)
        near = set(by_name.get(identity.name_of(here), ()))
        for blob in blobs.get(here, ()):
            near |= by_blob[blob]
        waiting |= near - found
    return found
