"""One round: what is due is fetched, read, and recorded where it changed; then it is told.

Hosts are asked at the same time, each by one request at a time. A version that was seen is written
down at once; all of a round go into git through one stream, and a killed round's versions with the
next one.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tracker.errors import TrackerError
from tracker.follow import outcome, sites
from tracker.follow.fetch import (
    DAY,
    Fetched,
    Fetcher,
    FetchError,
    Host,
    HostBudget,
    Manners,
    Resolve,
    back_off,
    host_of,
)
from tracker.follow.fetch import resolve as ask_system
from tracker.follow.outcome import Due, Incident
from tracker.follow.read import PageReading, read
from tracker.follow.sites import Followed, FollowedSite, Lead, clean, site_of, url_key
from tracker.follow.state import FollowedPage, FollowState, Pending, SourceState
from tracker.model import Recording, Refusal, Revision
from tracker.newsroom.newsroom import Newsroom
from tracker.store.files import Folder

_HOSTS_AT_ONCE = 32
_READERS = 2  # pages read at the same time
_SITEMAP_SINCE = timedelta(days=30)  # older entries of a sitemap are not followed
_MOST_SITEMAPS = 20  # of one index in one round
_HTML = ("text/html", "application/xhtml+xml", "")


class Recorded(NamedTuple):
    """A version, deletion or move that a round put into git."""

    event: str  # "revision", "moved", "deleted", "returned"
    path: str
    url: str
    title: str
    commit: str
    number: int | None  # of the revision


class Round(NamedTuple):
    looked: int = 0
    unchanged: int = 0
    found: int = 0  # articles that are new
    waiting: int = 0  # pages that are due and that the budgets left out
    requests: int = 0
    recorded: tuple[Recorded, ...] = ()
    troubles: tuple[Incident, ...] = ()


class Means(NamedTuple):
    folder: Path  # of the newsroom
    followed: Followed
    state: FollowState
    clock: Callable[[], datetime]  # aware
    environment: Mapping[str, str] = {}
    find: Resolve = ask_system
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def run_round(means: Means) -> Round:
    """Look at all that is due, once."""
    return asyncio.run(_Round(means).run())


def due(means: Means) -> tuple[list[SourceState], list[FollowedPage]]:
    """The sources and pages that a round would look at now."""
    now = means.clock().timestamp()
    feeds = [means.state.source(site.url) for site in means.followed.sites]
    return [source for source in feeds if source.due <= now], means.state.due(now)


def record_pending(means: Means) -> tuple[list[Recorded], list[Incident]]:
    """Put into git what was seen and is not there yet, through one stream; what git refused."""
    waiting = means.state.pending()
    if not waiting:
        return [], []
    room = Newsroom(means.folder, now=means.clock())
    results = list(room.record_many([_recording(room, each) for each in waiting]))
    again = [
        number
        for number, (each, result) in enumerate(zip(waiting, results, strict=True))
        if isinstance(result, Refusal) and each.moved_from is not None
    ]
    # A killed round may have moved the file already: then only the text is to be compared.
    retried = room.record_many([_recording(room, waiting[number], moved=True) for number in again])
    for number, result in zip(again, retried, strict=True):
        results[number] = result
    done: list[Recorded] = []
    refused: list[Incident] = []
    with means.state.together():
        for each, result in zip(waiting, results, strict=True):
            kept = _keep_result(means, each, result)
            if isinstance(kept, Recorded):
                done.append(kept)
            elif kept is not None:
                refused.append(kept)
    return done, refused


def _recording(room: Newsroom, each: Pending, *, moved: bool = False) -> Recording:
    """``moved``: its file is under the new path already."""
    at = datetime.fromtimestamp(each.at, UTC)
    former = None if moved else each.moved_from
    text: str | bytes | None = each.text
    if text == "":
        under = f"{room.workspace.under}/" if room.workspace.under else ""
        stands = room.workspace.blob(f"{under}{former or each.path}")
        text = room.workspace.content(stands) if stands else None
    return Recording(each.path, text, at, each.by or None, None, each.trailers, former)


def _keep_result(
    means: Means, each: Pending, result: Revision | Refusal
) -> Recorded | Incident | None:
    state = means.state
    page = state.page(each.article)
    if isinstance(result, Refusal):
        state.recorded(each, "")
        if each.text is None:  # a killed round had deleted it already
            return None
        # Nothing is like it, so that the next look sees a version that is to be recorded.
        page = page._replace(state="refused", reason=result.reason, last="-", body="", etag="")
        state.keep(page._replace(modified=""))
        return Incident(page.url, "refused", result.reason)
    state.recorded(each, result.commit)
    number = None if each.event == "deleted" else result.number
    done = Recorded(each.event, each.path, page.url, page.title, result.commit, number)
    content = json.dumps({"path": done.path, "commit": done.commit, "event": done.event})
    now = means.clock().timestamp()
    for kind, wanted in (
        ("command", means.followed.on_change), ("webhook", means.followed.webhook),
    ):  # fmt: skip
        if wanted:
            state.send(kind, now, content)
    site = site_named(means.followed, page.site)
    if site is not None and site.wayback and each.text is not None:
        state.send("wayback", now, json.dumps({"url": page.url, "article": page.id}))
    return done


def site_named(followed: Followed, url: str) -> FollowedSite | None:
    """The entry of ``follow.toml`` with this address."""
    return next((site for site in followed.sites if site.url == url), None)


def read_as(site: FollowedSite | None, answer: Fetched, url: str, at: datetime) -> PageReading:
    """A page read by what ``follow.toml`` says of its site."""
    rules = site or FollowedSite("page", url)
    return read(
        answer.body, url, content_type=answer.headers.get("content-type", ""), as_of=at.date(),
        strip=rules.strip, keep=rules.keep, ignore=rules.ignore,
    )  # fmt: skip


class _Round:
    def __init__(self, means: Means) -> None:
        self.means = means
        self.state = means.state
        self.followed = means.followed
        self.hosts: dict[str, Host] = {}
        self.budgets: dict[str, HostBudget] = {}
        self.left_waiting: dict[str, int] = {}
        self.readers = asyncio.Semaphore(_READERS)
        self.at_once = asyncio.Semaphore(_HOSTS_AT_ONCE)
        self.looked = self.unchanged = self.found = 0
        self.troubles: list[Incident] = []

    def now(self) -> float:
        return self.means.clock().timestamp()

    async def run(self) -> Round:
        recorded, told = record_pending(self.means)
        async with Fetcher(
            self.now, self._host, find=self.means.find, sleep=self.means.sleep, spend=self._spend
        ) as self.fetcher:
            await self._sources()
            await self._pages()
            requests = self.fetcher.requests
        more, refused = record_pending(self.means)
        with self.state.together():
            for name, host in self.hosts.items():
                self.state.keep_host(host, self.budgets[name], self.left_waiting.get(name, 0))
            self.state.say("last-round", self.means.clock().isoformat())
        return Round(
            self.looked, self.unchanged, self.found, sum(self.left_waiting.values()), requests,
            (*recorded, *more), (*self.troubles, *told, *refused),
        )  # fmt: skip

    def _host(self, name: str) -> Host:
        if name not in self.hosts:
            self.hosts[name], self.budgets[name] = self.state.host(name)
        return self.hosts[name]

    def _spend(self, name: str) -> None:
        self._host(name)
        self.budgets[name] = self.budgets[name].spent()

    def _manners(self, site: FollowedSite | None) -> Manners:
        return self.followed.manners(site, self.means.environment)

    # --- sources

    async def _sources(self) -> None:
        by_host: dict[str, list[FollowedSite]] = {}
        for site in self.followed.sites:
            if self.state.source(site.url).due <= self.now():
                by_host.setdefault(host_of(site.url), []).append(site)
        await asyncio.gather(*(self._of_host(some, self._source) for some in by_host.values()))

    async def _of_host(
        self,
        some: Sequence[FollowedSite] | Sequence[FollowedPage],
        do: Callable[[Any], Awaitable[None]],
    ) -> None:
        async with self.at_once:
            for each in some:
                await do(each)
            if some:
                await self.fetcher.close(host_of(some[0].url))

    async def _source(self, site: FollowedSite) -> None:
        state = self.state.source(site.url)
        now = self.now()
        state = state._replace(kind=site.source, looked=now, due=now + site.every.total_seconds())
        if site.source == "page":
            self._add([Lead(clean(site.url))], site, now)
            self.state.keep_source(state._replace(state="ok", due=now + DAY))
            return
        try:
            answer = await self.fetcher.get(
                site.url, self._manners(site), _conditions(state.etag, state.modified)
            )
        except FetchError as error:
            self._source_failed(state, error.trouble, error.sentence, error.until)
            return
        if answer.status == 304:
            self.state.keep_source(state._replace(state="ok", reason="", failures=0))
            return
        if answer.status != 200:
            self._source_failed(state, "error", f"The server answered {answer.status}.", None)
            return
        try:
            found = await asyncio.to_thread(
                sites.look, answer.body, answer.url, answer.headers.get("content-type", "")
            )
        except Exception as error:  # one feed must not stop the round for all others
            reason = f"It cannot be read ({type(error).__name__}: {error})."
            reason = error.sentence if isinstance(error, TrackerError) else reason
            self._source_failed(state, "error", reason, None)
            return
        leads = list(found.leads)
        if found.kind == "sitemap-index":
            leads = await self._sitemaps(site, found.feeds)
        if found.kind != "feed":
            leads = list(sites.of_the_site(leads, site.url))
            leads = list(sites.newest(leads, self.means.clock() - _SITEMAP_SINCE))
        self._add(leads, site, now)
        self.state.keep_source(
            state._replace(
                title=found.title[:200], etag=answer.headers.get("etag", ""),
                modified=answer.headers.get("last-modified", ""), state="ok", reason="",
                failures=0,
            )
        )  # fmt: skip

    async def _sitemaps(self, site: FollowedSite, urls: Sequence[str]) -> list[Lead]:
        leads: list[Lead] = []
        for url in urls[-_MOST_SITEMAPS:]:
            with suppress(FetchError, TrackerError, ValueError):
                answer = await self.fetcher.get(url, self._manners(site))
                if answer.status == 200:
                    leads += (await asyncio.to_thread(sites.look, answer.body, answer.url)).leads
        return leads

    def _source_failed(
        self, state: SourceState, name: str, reason: str, until: float | None
    ) -> None:
        failures = state.failures + 1
        wait = max(self.now() + back_off(failures), until or 0, state.due)
        self.state.keep_source(
            state._replace(state=name, reason=reason, failures=failures, due=wait)
        )
        self.troubles.append(Incident(state.url, name, reason))

    def _add(self, leads: Sequence[Lead], site: FollowedSite, now: float) -> None:
        """Follow what is new; what is known under another name keeps its place."""
        with self.state.together():
            for lead in leads:
                key = url_key(lead.url)
                guid = f"guid {sites.site_of(site.url)} {lead.guid}" if lead.guid else ""
                known = self.state.known(key)
                if known is None and guid:
                    known = self.state.known(guid)
                    if known is not None:  # the item has a new address
                        page = self.state.page(known)
                        page = page._replace(url=lead.url, host=host_of(lead.url), due=now)
                        self.state.keep(page._replace(body="", etag="", modified=""))
                if known is None:
                    path = outcome.free_path(self.state, lead.url)
                    known = self.state.add(lead.url, host_of(lead.url), path, site.url, now)
                    self.found += 1
                self.state.name(key, known)
                if guid:
                    self.state.name(guid, known)

    # --- pages

    async def _pages(self) -> None:
        waiting: dict[str, list[FollowedPage]] = {}
        now = self.now()
        followed = {site.url for site in self.followed.sites}
        for page in self.state.due(now):
            if page.site not in followed:
                continue  # its entry was taken out of follow.toml
            waiting.setdefault(host_of(page.url), []).append(page)
        chosen = []
        for name, pages in waiting.items():
            host = self._host(name)
            an_hour = self._an_hour(pages)
            self.budgets[name] = self.budgets[name].filled(now, an_hour)
            allowed = int(self.budgets[name].left) if host.until <= now else 0
            by_id = {page.id: page for page in pages}
            first, rest = outcome.chosen((_due(page, now) for page in pages), now, allowed)
            self.left_waiting[name] = len(rest)
            if first:
                chosen.append([by_id[each.page] for each in first])
        await asyncio.gather(*(self._of_host(some, self._look) for some in chosen))

    def _an_hour(self, pages: Sequence[FollowedPage]) -> int:
        """The budget of a host: the smallest that a site of these pages has."""
        named = {page.site for page in pages}
        return min((s.budget for s in self.followed.sites if s.url in named), default=sites.BUDGET)

    async def _look(self, page: FollowedPage) -> None:
        site = site_named(self.followed, page.site)
        self.looked += 1
        fresh = page.state == "ok"
        conditions = _conditions(page.etag, page.modified) if fresh else {}
        try:
            answer = await self.fetcher.get(page.url, self._manners(site), conditions)
        except FetchError as error:
            self._tell(outcome.failed(self.state, page, error, self.now()))
            return
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status == 304:
            self.unchanged += 1
            outcome.same(self.state, page, answer.status, self.now())
        elif answer.status in (404, 410):
            self._tell(outcome.missing(self.state, page, answer.status, self.means.clock()))
        elif answer.status != 200:
            trouble = FetchError("error", f"The server answered {answer.status}.")
            self._tell(outcome.failed(self.state, page, trouble, self.now()))
        elif kind not in _HTML:
            reason = f"It is {kind[:60]}, and no page."
            self._tell(outcome.refused(self.state, page, "not-html", reason, self.now()))
        else:
            await self._read(page, site, answer)

    async def _read(self, page: FollowedPage, site: FollowedSite | None, answer: Fetched) -> None:
        rules = (site.strip, site.keep, site.ignore) if site else ((), (), ())
        body = hashlib.sha256(answer.body + repr(rules).encode()).hexdigest()
        if body == page.body and page.state == "ok" and not answer.hops:
            self.unchanged += 1
            outcome.same(self.state, page, answer.status, self.now())
            return
        at = self.means.clock()
        async with self.readers:
            try:
                reading = await asyncio.to_thread(read_as, site, answer, answer.url, at)
            except TrackerError:
                raise
            except Exception as error:  # one page must not stop the round for all others
                reason = f"The page cannot be read ({type(error).__name__}: {error})."
                self._tell(outcome.refused(self.state, page, "error", reason, self.now()))
                return
        capture = ""
        if site is not None and site.archive:
            capture = keep_response(self.means.folder, answer, at)
        seen = outcome.FetchedPage(answer, reading, at, capture)
        with self.state.together():
            told = outcome.judged(self.state, page._replace(body=body), seen)
        self.unchanged += told is None
        self._tell(told)

    def _tell(self, told: Incident | None) -> None:
        if told is not None and told.reason:
            self.troubles.append(told)


def _conditions(etag: str, modified: str) -> Mapping[str, str]:
    """Headers that ask for a page only where it is another."""
    found = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in found.items() if value}


def _due(page: FollowedPage, now: float) -> Due:
    between = outcome.interval(now, page.changed, live=bool(page.live))
    return Due(page.id, page.looked, between)


# --- responses as they were sent: WARC 1.1 (ISO 28500), one file a day for each host --------------

WARCS = "warc"
"""The folder beside ``follow.toml``."""


def keep_response(folder: Path, fetched: Fetched, at: datetime) -> str:
    """Add a response to the day's WARC file of its host; where it stands, for a trailer.

    "paper.example/paper.example-20260503.warc.gz 4711 sha256:…": file, offset, digest of the body.
    """
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    stamp = at.astimezone(UTC)
    site = _file_name(site_of(fetched.url))
    name = f"{site}/{site}-{stamp:%Y%m%d}.warc.gz"
    sent = [
        (key.title(), value)
        for key, value in fetched.headers.items()
        if key not in ("transfer-encoding", "content-length")
    ]
    sent.append(("Content-Length", str(len(fetched.raw))))
    status = f"{fetched.status} {fetched.reason}".strip()
    digest = hashlib.sha256(fetched.body).hexdigest()
    packed = io.BytesIO()
    writer = WARCWriter(packed, gzip=True, warc_version="1.1")
    record = writer.create_warc_record(
        fetched.url, "response", payload=io.BytesIO(fetched.raw), length=len(fetched.raw),
        http_headers=StatusAndHeaders(status, sent, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": stamp.isoformat(timespec="seconds").replace("+00:00", "Z")},
    )  # fmt: skip
    writer.write_record(record)
    data = packed.getvalue()
    with Folder.open(folder / WARCS, make=True) as warcs, warcs.locked():
        file = folder / WARCS / name
        offset = file.stat().st_size if file.is_file() else 0
        warcs.append(name, data)
        line = {
            "url": fetched.url, "status": str(fetched.status), "length": str(len(data)),
            "mime": fetched.headers.get("content-type", "").partition(";")[0],
            "offset": str(offset), "filename": name, "digest": f"sha256:{digest}",
        }  # fmt: skip
        index = f"{_surt(fetched.url)} {stamp:%Y%m%d%H%M%S} {json.dumps(line)}\n"
        warcs.append(f"{site}/{site}-{stamp:%Y%m%d}.cdxj", index.encode())
    return f"{name} {offset} sha256:{digest}"


def _file_name(site: str) -> str:
    return "".join(each if each.isalnum() or each in ".-" else "-" for each in site)[:100]


def _surt(url: str) -> str:
    """An address by the host's parts from the end, as indexes of archives sort them."""
    parts = urlsplit(url)
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}){parts.path.lower() or '/'}{query}"
