"""Which file goes on as which article.

An article goes on under a new path if that path appears in the published history when, or after,
the old one ended, and holds the same text, or says so in its front matter (the same ``id`` or
``guid``, the old address among its ``aliases``), or has the same name and a body that is at least
half similar, as the unique best; or if the same path comes back with similar text. Notes, which
can be longer than a short article, are none of its body. Within one commit, a file under another
name that is at least half similar counts too: that is what a rename with an edit is. People also
copy first and delete later: that counts within the grace time (see ``catalog.update``). An article
that still lives is never continued. ``tests/cases/identity`` has these rules as cases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, Self
from unicodedata import normalize
from zlib import crc32

from tracker.errors import TrackerError
from tracker.store.git import Repository
from tracker.store.reader import Reader
from tracker.text.document import decode, parse

HALF = 0.5  # of the words, two by two, that both texts share

EMPTY = frozenset(
    {
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    }
)  # the empty file, SHA-1 and SHA-256: having no text in common proves nothing

_MOST_TEXT = 200_000  # bytes of a text that are compared
_MOST_RIVALS = 40  # ended articles of one name that are looked at, newest endings first
_COMMON = 12  # a run of words that stands in more texts than this tells nothing apart
_SHORT = 2_000  # bytes; in a longer text a note is less than half
_MANY = 100  # texts from which on it pays to start a process of their own
_MOST_BYTES = 8 * 1024 * 1024  # a larger file is compared by its blob alone
_BEST = 4  # texts that are compared in full, of those that share the most rare runs

_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")
_WORD = re.compile(rb"\w+")
_FENCED = re.compile(rb"(---|\+\+\+)[ \t]*\r?\n(?:.*\r?\n)*?\1[ \t]*(?:\r?\n|\Z)")  # front matter


class Ended(NamedTuple):
    """An article whose file was taken away, as far as identity needs to know it."""

    key: int  # whatever the caller knows it by
    path: str
    blob: str
    step: int  # place on the line of the commit that took it away


class Appeared(NamedTuple):
    """A file that one commit added."""

    path: str
    blob: str


@lru_cache(maxsize=1 << 16)
def name_of(path: str) -> str:
    """The name that stays when a file moves: its stem, without case and without Jekyll's date.

    Composed and decomposed letters are the same ("é").

    For a page bundle (``x/index.md``, ``x/index.fr.md``) it is the folder's name (``x``,
    ``x.fr``). Two names that differ by their extension alone are the same.
    """
    folder, _, file = path.rpartition("/")
    stem = file.rpartition(".")[0] or file
    first, dot, rest = stem.partition(".")
    parent = folder.rpartition("/")[2]
    if parent and first == "index":
        stem = parent + dot + rest
    elif parent and first == "_index":
        stem = f"{parent}/{stem}"
    return normalize("NFC", _DATED.sub("", stem, count=1).casefold())


class Keys(NamedTuple):
    """What a text's front matter says of its identity."""

    ids: frozenset[str] = frozenset()  # of the article, with the name of the key
    aliases: frozenset[str] = frozenset()  # names that it had: see ``name_of``


def keys_of(data: bytes) -> Keys:
    """The identity that a text's front matter gives: ids, and addresses that it had before."""
    head = data[:_HEAD]
    if not _KEYED.search(head):
        return Keys()
    try:
        front_matter = parse(decode(data)[0]).front_matter
    except TrackerError:
        return Keys()
    ids, aliases = set[str](), set[str]()
    for key, value in (front_matter.data if front_matter else {}).items():
        values = value if isinstance(value, list) else [value]
        words = [str(each).strip() for each in values if isinstance(each, str | int)]
        if key.lower() in _IDS:
            ids.update(f"{key.lower()}: {word}" for word in words if _TELLING.search(word))
        elif key.lower() in _ALIASES:
            aliases.update(name_of(word.strip("/")) for word in words if word.strip("/"))
    return Keys(frozenset(ids), frozenset(aliases))


_HEAD = 16_384  # bytes of a text in which its front matter is looked for
_IDS = frozenset({"id", "guid", "uuid", "post_id", "postid", "wordpress_id", "content_id"})
_ALIASES = frozenset({"aliases", "alias", "redirect_from", "redirects"})
_KEYED = re.compile(
    rb"(?im)^[ \t\"']{0,9}(?:\w{0,20}id|alias(?:es)?|redirect\w{0,9})[\"']?[ \t]{0,9}[:=]"
)
_TELLING = re.compile(r"(?=.*\d)...|[:/]")
"""An id such as "intro" is given again in each folder, and tells nothing."""


class Pool:
    """The articles that have ended and may come back; an index, so that mass moves stay quick."""

    def __init__(self) -> None:
        self._by_blob: dict[str, dict[int, Ended]] = {}
        self._by_name: dict[str, dict[int, Ended]] = {}
        self._by_id: dict[str, dict[int, Ended]] = {}

    def add(self, ended: Ended) -> None:
        """From now on, this article may go on elsewhere."""
        self._by_blob.setdefault(ended.blob, {})[ended.key] = ended
        self._by_name.setdefault(name_of(ended.path), {})[ended.key] = ended

    def add_ids(self, ended: Ended, ids: Iterable[str]) -> None:
        """What the front matter of an ended article called it."""
        for each in ids:
            self._by_id.setdefault(each, {})[ended.key] = ended

    def remove(self, ended: Ended) -> None:
        """This article has gone on."""
        self._by_blob.get(ended.blob, {}).pop(ended.key, None)
        self._by_name.get(name_of(ended.path), {}).pop(ended.key, None)

    def holds(self, ended: Ended) -> bool:
        """Whether it may still go on elsewhere."""
        return ended.key in self._by_name.get(name_of(ended.path), {})

    def by_blob(self, blob: str) -> list[Ended]:
        """Those that held the very same text."""
        return [] if blob in EMPTY else _newest(self._by_blob.get(blob, {}))

    def by_name(self, name: str) -> list[Ended]:
        """Those of a name, the last ones to end."""
        return _newest(self._by_name.get(name, {}))

    def by_id(self, name: str) -> list[Ended]:
        """Those whose front matter called them so."""
        return [each for each in self._by_id.get(name, {}).values() if self.holds(each)]


def _newest(found: dict[int, Ended]) -> list[Ended]:
    if len(found) <= _MOST_RIVALS:
        return list(found.values())
    return sorted(found.values(), key=lambda each: (each.step, each.path))[-_MOST_RIVALS:]


ReadTexts = Callable[[Iterable[str]], dict[str, bytes]]
"""Blobs to contents; a blob that cannot be read is left out."""


def match(
    appeared: Sequence[Appeared], pool: Pool, ending: Sequence[Ended], read: ReadTexts
) -> dict[str, Ended]:
    """Which ended article each new file continues, by the new path; the pool loses those.

    ``ending`` are those that the same commit took away; they are in the pool already. What has the
    very same text goes first, then what the front matter tells, then what is half similar.
    """
    texts = _Runs(read)
    matched: dict[str, Ended] = {}

    def settle(scored: list[tuple[_Score, Appeared, Ended]]) -> list[Appeared]:
        before = set(matched)
        _settle(scored, matched)
        for path in matched.keys() - before:
            pool.remove(matched[path])
        return [new for new in appeared if new.path not in matched]

    left = settle(
        [(_score(new, old, 1), new, old) for new in appeared for old in pool.by_blob(new.blob)]
    )
    if left:
        left = settle(_told(left, pool, ending, read))
    if left:
        pairs = [(new, old) for new in left for old in pool.by_name(name_of(new.path))]
        texts.load({each.blob for pair in pairs for each in pair})
        alike = [(texts.similarity(new.blob, old.blob), new, old) for new, old in pairs]
        left = settle([(_score(new, old, how), new, old) for how, new, old in alike])
    left = [new for new in left if new.blob not in EMPTY]
    left_old = [old for old in ending if pool.holds(old) and old.blob not in EMPTY]
    if left and left_old:
        settle(_renamed(left, left_old, texts))
    return matched


def exchanged(changes: Iterable[tuple[str, str | None, str | None]], read: ReadTexts) -> set[str]:
    """Paths whose article gave way to another one of the same commit, and went on elsewhere in it.

    So it is where two articles exchange their names, or one takes the place of another that moves
    on: both texts are there as they were, and have little in common. ``changes`` are paths, each
    with the blob before and after.
    """
    edits = [(path, old, new) for path, old, new in changes if old != new]
    was = {old: path for path, old, _ in edits if old}
    now = {new: path for path, _, new in edits if new}
    found = {
        path: (old, new)
        for path, old, new in edits
        if old and new and new in was and old in now and not EMPTY & {old, new}
    }
    if not found:
        return set()
    texts = _Runs(read, {blob for pair in found.values() for blob in pair})
    return {path for path, pair in found.items() if texts.similarity(*pair) < HALF}


def _told(
    appeared: Sequence[Appeared], pool: Pool, ending: Sequence[Ended], read: ReadTexts
) -> list[tuple[_Score, Appeared, Ended]]:
    """Pairs of which the front matter says that they are one article."""
    contents = read({new.blob for new in appeared} | {old.blob for old in ending})
    for old in ending:
        if pool.holds(old):
            pool.add_ids(old, keys_of(contents.get(old.blob, b"")).ids)
    scored: list[tuple[_Score, Appeared, Ended]] = []
    for new in appeared:
        keys = keys_of(contents.get(new.blob, b""))
        scored += [((2.0, old.step), new, old) for name in keys.ids for old in pool.by_id(name)]
        named = (old for name in keys.aliases for old in pool.by_name(name))
        scored += [((1.0, old.step), new, old) for old in named]
    return scored


_Score = tuple[float, ...]
_NO: _Score = ()


def _score(new: Appeared, old: Ended, alike: float) -> _Score:
    """How well they fit, better ones greater; empty when they do not."""
    if alike < HALF:
        return _NO
    return (
        new.blob == old.blob,
        name_of(new.path) == name_of(old.path),
        round(alike, 4),
        new.path == old.path,
        _shared_end(new.path, old.path),
        old.step,
    )


def _shared_end(one: str, other: str) -> int:
    """How many folders and names, counted from the file, both paths have in common."""
    count = 0
    for left, right in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if left != right:
            break
        count += 1
    return count


def _settle(scored: list[tuple[_Score, Appeared, Ended]], matched: dict[str, Ended]) -> None:
    """Take the best pairs first; where two are equally good for one file, take neither."""
    gone = {old.key for old in matched.values()}
    scored = sorted((entry for entry in scored if entry[0]), key=lambda entry: entry[0])
    while scored:
        best = scored[-1][0]
        group = []
        while scored and scored[-1][0] == best:
            _, new, old = scored.pop()
            if new.path not in matched and old.key not in gone:
                group.append((new, old))
        news = Counter(new.path for new, _ in group)
        olds = Counter(old.key for _, old in group)
        for new, old in group:
            if news[new.path] == 1 and olds[old.key] == 1:
                matched[new.path] = old
                gone.add(old.key)


def _renamed(
    appeared: list[Appeared], ending: list[Ended], texts: _Runs
) -> list[tuple[_Score, Appeared, Ended]]:
    """Pairs of one commit that are half similar under other names, found by the runs they share."""
    texts.load({new.blob for new in appeared} | {old.blob for old in ending})
    index: dict[int, list[Ended]] = {}
    for old in ending:
        for run in texts.sample(old.blob):
            index.setdefault(run, []).append(old)
    scored: list[tuple[_Score, Appeared, Ended]] = []
    for new in appeared:
        shared: Counter[int] = Counter()
        known = {}
        for run in texts.sample(new.blob):
            rivals = index.get(run, ())
            if len(rivals) <= _COMMON:
                for old in rivals:
                    shared[old.key] += 1
                    known[old.key] = old
        best = shared.most_common(_BEST)
        for key, count in best:
            if 2 * count < best[0][1]:
                break  # these are far behind in what was sampled, and so they are in all
            old = known[key]
            alike = texts.similarity(new.blob, old.blob)
            if alike >= HALF:
                scored.append(((round(alike, 4), _shared_end(new.path, old.path)), new, old))
    return scored


Run = tuple[bytes, bytes]
"""Two words that follow each other."""


class _Runs:
    """What is compared of contents, which are read in bulk."""

    def __init__(self, read: ReadTexts, blobs: Iterable[str] = ()) -> None:
        self._read = read
        self._runs: dict[str, Counter[Run]] = {}
        self._short: dict[str, bytes] = {}  # texts in which a note may outweigh the rest
        self.load(blobs)

    def load(self, blobs: Iterable[str]) -> None:
        """Read those that are not there yet."""
        missing = sorted({blob for blob in blobs if blob not in self._runs})
        if missing:
            for blob, data in self._read(missing).items():
                self._runs[blob] = runs(data)
                if len(data) < _SHORT:
                    self._short[blob] = data

    def similarity(self, one: str, other: str) -> float:
        """From 0 (nothing in common) to 1: twice the shared runs over all runs."""
        alike = _alike(self._runs.get(one), self._runs.get(other))
        if 0 < alike < HALF and one in self._short and other in self._short:
            bare = [runs(_without_notes(self._short[blob])) for blob in (one, other)]
            alike = max(alike, _alike(*bare))
        return alike

    def sample(self, blob: str) -> list[int]:
        """A few hundred runs of a text, chosen alike in every text."""
        found = [crc32(b" ".join(run)) for run in self._runs.get(blob, ())]
        share = max(1, len(found) // 256)
        width = 1 << (share.bit_length() - 1)
        return [run for run in found if run % width == 0]


def _alike(left: Counter[Run] | None, right: Counter[Run] | None) -> float:
    if not left or not right:
        return 0.0
    return 2 * (left & right).total() / (left.total() + right.total())


def _without_notes(data: bytes) -> bytes:
    from tracker.house.notes import find_notes

    text = data.decode("utf-8", "replace")
    for note in reversed(find_notes(text)):
        text = text[: note.start] + text[note.end :]
    return text.encode("utf-8", "replace")


def runs(data: bytes) -> Counter[Run]:
    """The words of a text's body, two by two, with their counts; of all of it where it has none."""
    fenced = _FENCED.match(data)
    words = _WORD.findall(data[fenced.end() : _MOST_TEXT].lower()) if fenced else []
    words = words or _WORD.findall(data[:_MOST_TEXT].lower())
    return Counter(pairwise(words)) if len(words) != 1 else Counter([(words[0], b"")])


class Texts:
    """Contents of texts, read once each; one that cannot be read counts as empty."""

    def __init__(self, repository: Repository) -> None:
        self._reader = Reader(repository, max_bytes=_MOST_BYTES)
        self._known: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def forget(self) -> None:
        """Make room in memory."""
        self._known.clear()

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        names = list(blobs)
        missing = [name for name in names if name not in self._known]
        with suppress(TrackerError):
            self._reader.fetch(missing)
            if len(missing) > _MANY:
                self._known.update(self._reader.read_many(missing))
        for name in missing:
            if name not in self._known:
                self._known[name] = self._one(name)
        return {name: self._known[name] for name in names}

    def _one(self, blob: str) -> bytes:
        try:
            return self._reader.read(blob)
        except TrackerError:
            return b""
