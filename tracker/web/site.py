"""The pages as files, for any static host: the application is asked for each, and writes nothing.

Frozen-Flask does the same for small sites. Here pages are made by several processes, a page whose
article did not change is not made again, links lead from file to file, and each file is put in its
place in one step; so the application's own test client is asked instead.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from tracker.errors import TrackerError
from tracker.house.site import PAGES
from tracker.model import History, Progress, Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.processes import cores, on_interrupt, on_several
from tracker.store.files import Folder, RefusedPathError, components
from tracker.web import addresses
from tracker.web.addresses import Addresses, file_of
from tracker.web.desk import OpenNewsrooms
from tracker.web.http import code_version
from tracker.web.newsroom_pages import PAGE, numbers
from tracker.web.reading import anchor_of, page_of

NOT_FOUND = "404.html"
NO_JEKYLL = ".nojekyll"  # GitHub Pages then takes every file as it is
_AT_ONCE = 8  # articles that a process is given at once
_SAVED_EVERY = 500  # articles


class SiteOptions(NamedTuple):
    """How a site is made."""

    base_url: str | None = None  # where it will be; None: links lead from file to file
    editors: bool = False  # with the editors' dashboard
    workers: int | None = None  # processes; None: as many as there are cores
    pages: tuple[str, ...] = ()  # what there is beside the rest: see ``house.site.PAGES``
    since: datetime | None = None  # only articles that changed from then on; aware


PLAIN = SiteOptions()


class PagesToMake(NamedTuple):
    """The pages of one article, or of the newsroom."""

    name: str  # "article articles/war.md"; "newsroom"
    key: str  # a digest of all that they depend on; "" where they are made anew each time
    pages: tuple[str, ...]  # addresses
    moved: Mapping[str, str] = {}  # addresses that the pages once had -> those that they have
    life: History | None = None


class PagesMade(NamedTuple):
    """What came of a job."""

    name: str
    group: Group
    written: int
    left: tuple[str, ...]  # sentences


class Maker(NamedTuple):
    """What a process needs to make pages."""

    newsroom: Path
    writer: SiteWriter
    options: SiteOptions
    now: datetime


def write(
    room: Newsroom, folder: Path, options: SiteOptions = PLAIN, progress: Progress | None = None
) -> SiteTally:
    """Write the site of a newsroom into a folder; only what changed is written again.

    ``progress`` is called with the number of articles done and the number of all. Raises
    ``TrackerError`` for a folder that holds other things, and where it cannot be written.
    """
    site = SiteFolder(folder, room.repository.common_dir)
    with site.opened():
        return _write(room, site, options, progress)


def _write(
    room: Newsroom, site: SiteFolder, options: SiteOptions, progress: Progress | None
) -> SiteTally:
    maker = Maker(room.workspace.root or room.repository.git_dir, site.writer(), options, room.now)
    app = application(maker)
    common = _common(room, options)
    unchanged = _nothing_new(room, site, common)
    if unchanged is not None:
        return unchanged
    site.made_of = ""
    due: list[datetime] = []
    jobs = list(_article_jobs(room, app, common, options, due, progress))
    groups: dict[str, Group] = {}
    waiting = []
    for job in jobs:
        if site.whole(job.name, job.key):
            groups[job.name] = site.groups[job.name]
        else:
            waiting.append(job)
    written = 0
    left: list[str] = []
    try:
        for done in _made(maker, app, waiting, options.workers):
            groups[done.name] = done.group
            written += done.written
            left += done.left
            if progress is not None:
                progress(len(groups), len(jobs))
            if len(groups) % _SAVED_EVERY == 0:
                site.groups |= groups
                site.save()
        own = make(app, maker, _newsroom_job(room, app, options))
        groups[own.name] = own.group
    except KeyboardInterrupt:
        site.groups |= groups
        site.save()
        raise
    if not left and not own.left:  # what was left out is told of again the next time
        site.made_of = _made_of(room, common)
    site.due = min(due).isoformat() if due else ""
    deleted = site.finish(groups)
    pages = sum(len(group.files) for group in groups.values())
    return SiteTally(pages, written + own.written, deleted, (*left, *own.left))


def _made_of(room: Newsroom, common: str) -> str:
    """A digest of all that a site is made of but the present time; "" where nothing is recorded."""
    if room.workspace.empty:
        return ""
    made = f"{common}\0{room.workspace.tip}"
    return sha256(made.encode("utf-8", "surrogatepass")).hexdigest()


def _nothing_new(room: Newsroom, site: SiteFolder, common: str) -> SiteTally | None:
    """What is told of a site that is made of nothing new, with all of its files there."""
    if not site.made_of or site.made_of != _made_of(room, common) or not site.all_there():
        return None
    if site.due and room.now and room.now >= datetime.fromisoformat(site.due):
        return None  # a scheduled article is out now
    return SiteTally(sum(len(group.files) for group in site.groups.values()))


def application(maker: Maker) -> Flask:
    """The application that makes the pages of a site."""
    from tracker.web import create_app

    url = maker.options.base_url
    app = create_app(
        maker.newsroom,
        base_url=url,
        now=lambda: maker.now,
        files=True,
        relative=url is None,
        unpublished=False,
        editors=maker.options.editors,
        pages=maker.options.pages,
        since=maker.options.since,
    )
    app.testing = False
    return app


# --- which pages there are -----------------------------------------------------------------------


def _common(room: Newsroom, options: SiteOptions) -> str:
    """What every page depends on."""
    parts = [code_version(), repr(room.settings), str(options.base_url), str(options.editors)]
    parts += [*options.pages, str(options.since)]
    return "\0".join(parts)


def _article_jobs(
    room: Newsroom,
    app: Flask,
    common: str,
    options: SiteOptions = PLAIN,
    due: list[datetime] | None = None,
    progress: Progress | None = None,
) -> Iterator[PagesToMake]:
    """The pages of each article that readers could see; ``due`` gets when others will be out."""
    if room.workspace.empty:
        return
    known = Addresses.of(room.workspace.paths(), room.workspace.under)
    listed = room.listed(published=True) if options.since else ()
    chosen = {each.article.path for each in listed if options.since and each.at >= options.since}
    forwarded: set[str] = set()  # of several articles that had an address, the first has it
    for life in room.lives(progress):
        if due is not None and room.now is not None:
            due += [each.out_at for each in life.revisions if each.out_at > room.now]
        if not any(revision.published for revision in life.revisions):
            continue
        if options.since and life.article.path not in chosen:
            continue
        address = known.address(life.article.path)
        pages = _answered(app, article_pages(life, address, options.pages))
        instead = {} if "versions" in options.pages else dict(_instead(life, address))
        leads = dict(_moved(life, address, known, (*pages, *instead)))
        leads = {old: instead.get(page, page) for old, page in leads.items()} | instead
        moved = {old: page for old, page in leads.items() if old not in forwarded}
        forwarded.update(moved)
        depends = sha256(common.encode("utf-8", "surrogatepass"))
        depends.update(repr((address, life, pages, moved)).encode("utf-8", "surrogatepass"))
        name = f"article {life.article.path}"
        yield PagesToMake(name, depends.hexdigest()[:32], pages, moved, life)


def article_pages(life: History, address: str, more: Sequence[str] = PAGES) -> Iterator[str]:
    """The addresses of an article's pages: of neighbors the comparisons, and of first with last.

    ``more``: which of the large ones there are.
    """
    seen = _seen(life)
    stamps = [addresses.stamp_of(revision) for revision in seen]
    yield addresses.article(address)
    yield from dict.fromkeys(page_of(each.number, seen, address) for each in reversed(seen))
    yield addresses.blame(address)
    for place, stamp in enumerate(stamps):
        if "versions" in more:
            yield addresses.version(stamp, address)
        if "sources" in more:
            yield addresses.source(stamp, address)
        if place:
            yield addresses.change(stamp, address)
        if place and "sides" in more:
            yield addresses.change(stamp, address, sides=True)
    if len(stamps) > 2:
        yield addresses.compare(stamps[0], stamps[-1], address)
        if "sides" in more:
            yield addresses.compare(stamps[0], stamps[-1], address, sides=True)
    notes = dict.fromkeys(note.id for revision in seen for note in revision.notes)
    for note in notes:
        yield addresses.note(addresses.note_key(note), address)
    if "versions" in more:
        yield addresses.timemap(address)
    yield addresses.feed("atom.xml", address)
    yield addresses.feed("feed.json", address)


def _instead(life: History, address: str) -> Iterator[tuple[str, str]]:
    """Where there are no pages of versions, the address of each with its line in the history."""
    seen = _seen(life)
    for each in seen:
        page = addresses.version(addresses.stamp_of(each), address)
        yield page, f"{page_of(each.number, seen, address)}#{anchor_of(each)}"


def _seen(life: History) -> list[Revision]:
    """The revisions that readers could see, counted from the first of them."""
    shown = [revision for revision in life.revisions if revision.published]
    return [each._replace(number=number) for number, each in enumerate(shown, start=1)]


def _moved(
    life: History, address: str, known: Addresses, pages: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Addresses under which the pages of a moved article were linked before."""
    now = addresses.encoded(address)
    old_paths = dict.fromkeys(
        event.old_path for event in life.events if event.kind == "moved" and event.old_path
    )
    for path in old_paths:
        old = addresses.short(path, known.under)
        if old == address or known.path(old) is not None:
            continue
        for page in pages:
            if page.endswith(f"/{now}/") and not page.startswith(("/source/", "/timemap/")):
                yield page.removesuffix(f"{now}/") + addresses.encoded(old) + "/", page


def _newsroom_job(room: Newsroom, app: Flask, options: SiteOptions) -> PagesToMake:
    """The pages of the newsroom, made anew each time: any revision may show on them."""
    from tracker.web import editors_pages, newsroom_pages, publisher_pages

    pages = ["/", "/articles/", *_static()]
    with app.test_request_context("/"):
        if not room.workspace.empty:
            pages += [addresses.newsroom(n) for n in numbers(newsroom_pages.count())]
            for month, number in newsroom_pages.months():
                pages += [addresses.newsroom(n, month) for n in numbers(number)]
            listed = len(newsroom_pages.published_articles())
            pages += [addresses.articles(n) for n in numbers(listed, 2 * PAGE)]
        pages += publisher_pages.all_addresses()
        if options.editors:
            pages += editors_pages.all_addresses()
    pages += [addresses.feed("atom.xml"), addresses.feed("feed.json")]
    return PagesToMake("newsroom", "", _answered(app, pages))


def _static() -> list[str]:
    folder = Path(__file__).with_name("static")
    return [addresses.static(each.name) for each in sorted(folder.iterdir())] + [
        addresses.static("diff.css")
    ]


def _answered(app: Flask, pages: Iterable[str]) -> tuple[str, ...]:
    """Those addresses that the application answers; feeds need to know where the site is."""
    routes = app.url_map.bind("localhost")
    nowhere = app.extensions["tracker-site"].base_url is None
    return tuple(
        page
        for page in dict.fromkeys(pages)
        if not (nowhere and page.startswith(("/feeds/", "/timemap/")))
        and routes.test(unquote_to_bytes(page).decode("utf-8", "replace"), method="GET")
    )


# --- making them ---------------------------------------------------------------------------------


def _made(
    maker: Maker, app: Flask, jobs: Sequence[PagesToMake], workers: int | None
) -> Iterator[PagesMade]:
    """What comes of each job, on several processes where there is enough to do."""
    workers = workers or cores()
    if workers < 2 or len(jobs) < 2 * _AT_ONCE:
        for job in jobs:
            yield make(app, maker, job)
        return
    yield from on_several(workers, _make_there, jobs, _start, (maker,), _AT_ONCE)


_there: list[tuple[Flask, Maker]] = []
"""In a worker process: its application."""


def _start(maker: Maker) -> None:
    import signal

    on_interrupt(signal.SIG_IGN)  # the parent says when to end
    _there[:] = [(application(maker), maker)]


def _make_there(job: PagesToMake) -> PagesMade:
    app, maker = _there[0]
    return make(app, maker, job)


def make(app: Flask, maker: Maker, job: PagesToMake) -> PagesMade:
    """Make the pages of a job, and write those that changed."""
    here: OpenNewsrooms = app.extensions["tracker-desk"]
    if job.life is not None:
        here.give("life", job.life.article.path, job.life)
    files: dict[str, str] = {}
    left: list[str] = []
    written = 0
    named = {page: _file(page) for page in (*job.pages, *job.moved)}
    maker.writer.announce(named.values())
    with here.one_reader():
        for file, data in _contents(app, job, named, left):
            try:
                written += maker.writer.write(file, data)
                files[file] = digest(data)
            except RefusedPathError as error:
                left.append(f"{file} was left out: {error.sentence}")
    return PagesMade(job.name, Group(job.key, files), written, tuple(left))


def _contents(
    app: Flask, job: PagesToMake, named: Mapping[str, str], left: list[str]
) -> Iterator[tuple[str, bytes]]:
    for page in job.pages:
        status, data = _asked(app, page)
        if status == 200:
            yield named[page], data
        else:
            left.append(f"{page} was left out: it was answered with {status}.")
    for old, new in job.moved.items():
        yield named[old], _forwarding(app, old, new)
    if job.life is None:
        yield NOT_FOUND, _asked(app, f"/{NOT_FOUND}")[1]
        yield NO_JEKYLL, b""


def _asked(app: Flask, page: str) -> tuple[int, bytes]:
    """The status and the content with which a page is answered.

    The path is put into the request as bytes: the name of a file need not be UTF-8.
    """
    environ = create_environ(base_url="http://localhost/")
    environ["PATH_INFO"] = unquote_to_bytes(page).decode("latin-1")
    environ["REQUEST_URI"] = environ["RAW_URI"] = page
    body, status, _ = run_wsgi_app(app, environ, buffered=True)
    return int(status[:3]), b"".join(body)


def _forwarding(app: Flask, old: str, new: str) -> bytes:
    """A page that leads to where another one is now."""
    from tracker.web.addresses import link
    from tracker.web.page import page

    with app.test_request_context(old):
        return page("moved.html", where=link(new)).encode()


def _file(page: str) -> str:
    """The file in the folder that holds a page."""
    return os.fsdecode(unquote_to_bytes(file_of(page))).lstrip("/")


# --- the folder that a site is written to ---------------------------------------------------------

MARK = ".tracker-site.json"
STATE = "tracker/sites"  # below git's directory
_FORMAT = 2
_NAME = re.compile(r"[0-9a-f]{32}")


class Group(NamedTuple):
    """Files that depend on the same things."""

    key: str  # a digest of what they depend on; "": made anew each time
    files: Mapping[str, str]  # path in the folder, with forward slashes -> digest of the content


class SiteTally(NamedTuple):
    """What a run did."""

    pages: int = 0  # files of the site
    written: int = 0  # new or changed
    deleted: int = 0
    left: tuple[str, ...] = ()  # sentences: what was left out, and why


class SiteFolder:
    """A folder that holds a site, or will, and the list of its files in ``git_dir``.

    Use it as a context manager: nobody else writes the site meanwhile. Raises ``TrackerError`` for
    a folder that holds anything else.
    """

    def __init__(self, folder: Path, git_dir: Path) -> None:
        self.path = folder
        self.name = ""  # of the list and the journal
        self.groups: dict[str, Group] = {}
        self.made_of = ""  # a digest of all that the whole site was made of; "" where it was not
        self.due = ""  # the instant from which an article is out that was not then; "" for none
        self._git_dir = git_dir
        self._remembers = True  # False where git's directory cannot be written
        self._adopted: frozenset[str] = frozenset()

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """The folder, made where it is not there, with what is known of it."""
        with (
            Folder.open(self.path, make=True) as self._folder,
            self._folder.locked(wait=1.0),
            Folder.open(self._git_dir, follow=True) as self._state,
        ):
            self._read()
            yield self

    def _read(self) -> None:
        names = self._folder.names()
        if not names:
            self.name = secrets.token_hex(16)
            mark = {"about": "This folder is a site that tracker writes.", "site": self.name}
            try:
                self.save()
            except TrackerError:  # the site is made all the same, and not made again
                self._remembers = False
            self._folder.write(MARK, json.dumps(mark).encode() + b"\n")
            return
        self.name = self._marked()
        written = self._state.read(f"{STATE}/{self.name}.json") if self.name else None
        if written is None:
            others = min((each for each in names if each != MARK), default=MARK)
            raise TrackerError(
                f"{self.path} holds other things, such as {others}."
                if MARK not in names
                else f"{self.path} holds a site that was not made from this repository here.",
                "Name an empty folder, or one that tracker site made from this repository.",
            )
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            table = json.loads(written)
            if table["format"] == _FORMAT:
                self.made_of, self.due = str(table.get("made_of", "")), str(table.get("due", ""))
                self.groups = {
                    name: Group(str(key), dict(files))
                    for name, (key, files) in table["groups"].items()
                }
        journal = self._state.read(f"{STATE}/{self.name}.journal") or b""
        self._adopted = frozenset(journal.decode("utf-8", "surrogateescape").split("\0"))
        for folder in {str(Path(file).parent) for file in self._adopted - {""}}:
            with suppress(TrackerError), Folder.open(self.path / folder) as begun:
                begun.clear_unfinished()

    def _marked(self) -> str:
        with suppress(ValueError, KeyError, TypeError, RefusedPathError):
            name = str(json.loads(self._folder.read(MARK) or b"")["site"])
            return name if _NAME.fullmatch(name) else ""
        return ""

    def ours(self) -> frozenset[str]:
        """The files that this program wrote, or may have written before it was stopped."""
        return self._adopted.union(*(group.files for group in self.groups.values())) - {""}

    def whole(self, name: str, key: str) -> bool:
        """True where a group's files are there and depend on nothing new."""
        known = self.groups.get(name)
        if known is None or not key or known.key != key:
            return False
        return all(self._folder.kind(file) == "file" for file in known.files)

    def all_there(self) -> bool:
        """True where each file that is listed is in the folder."""
        return not self._adopted - {""} and all(
            self._folder.kind(file) == "file"
            for group in self.groups.values()
            for file in group.files
        )

    def save(self) -> None:
        """Write the list of files; the journal has done its duty then."""
        table = {
            "about": "The files of a site that tracker wrote: do not edit.",
            "folder": str(self.path),
            "format": _FORMAT,
            "made_of": self.made_of,
            "due": self.due,
            "groups": {name: [group.key, group.files] for name, group in self.groups.items()},
        }
        data = json.dumps(table, ensure_ascii=True, separators=(",", ":")).encode()
        self._folder.flush()
        if not self._remembers:
            return
        self._state.write(f"{STATE}/{self.name}.json", data)
        self._state.remove(f"{STATE}/{self.name}.journal")
        self._adopted = frozenset()

    def finish(self, groups: Mapping[str, Group]) -> int:
        """Delete our files that no group has any more; returns how many were deleted.

        A file that somebody else has changed since stays where it is.
        """
        kept = {file for group in groups.values() for file in group.files}
        digests = {
            file: known for group in self.groups.values() for file, known in group.files.items()
        }
        deleted = 0
        for file in sorted(self.ours() - kept):
            with suppress(TrackerError):
                content = self._folder.read(file)
                if content is None or digest(content) != digests.get(file, digest(content)):
                    continue
                deleted += self._folder.remove(file)
        self.groups = dict(groups)
        self.save()
        return deleted

    def writer(self) -> SiteWriter:
        """What a process needs to write pages into the folder."""
        return SiteWriter(
            self.path, self._git_dir, self.name if self._remembers else "", self.ours()
        )


class SiteWriter:
    """Writes the files of groups into a site's folder; each process has its own."""

    def __init__(self, folder: Path, git_dir: Path, name: str, ours: frozenset[str]) -> None:
        self._made_of = (folder, git_dir, name, ours)
        self._folder = Folder.open(folder)
        self._state = Folder.open(git_dir, follow=True)
        self._journal = f"{STATE}/{name}.journal" if name else ""
        self._ours = ours

    def __reduce__(self) -> tuple[type[SiteWriter], tuple[Path, Path, str, frozenset[str]]]:
        """Another process opens the folders anew."""
        return SiteWriter, self._made_of

    def announce(self, files: Iterable[str]) -> None:
        """Say in the journal which files may be written next; what others wrote is left out."""
        mine = []
        for file in files:
            with suppress(RefusedPathError):
                components(file)
                if file in self._ours or self._folder.kind(file) is None:
                    mine.append(file)
        line = "\0".join(mine) + "\0"
        if self._journal:
            self._state.append(self._journal, line.encode("utf-8", "surrogateescape"))

    def write(self, file: str, data: bytes) -> bool:
        """Write a file unless its content is there already; returns whether it was written.

        Raises ``RefusedPathError`` where a file stands that this program did not write, and for a
        path that could lead out of the folder.
        """
        old = self._folder.read(file)
        if old == data:
            return False
        if old is not None and file not in self._ours:
            raise RefusedPathError("a file that tracker did not write is there.", "")
        self._folder.write(file, data, flush=False)
        return True


def digest(data: bytes) -> str:
    """What a content is known by."""
    return sha256(data).hexdigest()[:16]
