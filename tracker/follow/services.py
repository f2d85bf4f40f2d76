"""What goes to other programs and services: messages about new versions, and the Wayback Machine.

A message waits in the state until it was taken: a receiver may see one twice, and never misses one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

from tracker.errors import TrackerError
from tracker.follow import outcome, sites
from tracker.follow.fetch import DAY, Fetcher, FetchError, Host, Manners, back_off, host_of
from tracker.follow.outcome import Incident
from tracker.follow.read import PageReading, article_text, read
from tracker.follow.run import Means, Recorded, read_as, record_pending, site_named
from tracker.follow.state import FollowedPage, Message

GIVE_UP = 7 * DAY
_ANYWHERE = ("0.0.0.0/0", "::/0")  # the user named the address of a webhook, wherever it is
_AT_ONCE = 50  # captures that are recorded together


def check_environment(means: Means) -> None:
    """Raise ``TrackerError`` where the environment lacks what ``follow.toml`` names."""
    errands = _Errands(means)
    followed = means.followed
    for site in followed.sites:
        followed.manners(site, means.environment)
    if followed.webhook:
        errands.secret(followed.webhook_secret_from, "webhook-secret-from")
    if any(site.wayback for site in followed.sites):
        errands.secret(followed.wayback_keys_from, "wayback-keys-from")


def deliver(
    means: Means,
    content: Callable[[str, str], str],
    command: Callable[[Sequence[str], str], str],
) -> list[Incident]:
    """Send the messages that are due; what could not be sent, and why.

    ``content`` makes the JSON of a change, by the path and the commit. ``command`` runs a command
    with that on its standard input; it returns what went wrong, or "".
    """
    if not means.state.messages(means.clock().timestamp()):
        return []
    return asyncio.run(_Errands(means).deliver(content, command))


class _Errands:
    """Requests to services that the user named."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.state = means.state
        self.hosts: dict[str, Host] = {}
        self.fetcher = Fetcher(self.now, self._host, find=means.find, sleep=means.sleep)

    def now(self) -> float:
        return self.means.clock().timestamp()

    def _host(self, name: str) -> Host:
        return self.hosts.setdefault(name, Host(name))

    def _manners(self, pause: float) -> Manners:
        return Manners(
            self.means.followed.agent, robots=False, pause=pause, allow_private=_ANYWHERE
        )

    # --- messages

    async def deliver(
        self,
        content: Callable[[str, str], str],
        command: Callable[[Sequence[str], str], str],
    ) -> list[Incident]:
        told = []
        async with self.fetcher:
            for message in self.state.messages(self.now()):
                try:
                    why = await self._send(message, content, command)
                except FetchError as error:
                    why = error.sentence
                if not why:
                    self.state.delivered(message)
                    continue
                told.append(Incident(message.kind, "undelivered", why))
                if self.now() - message.made > GIVE_UP:
                    self.state.delivered(message)
                else:
                    wait = back_off(message.tries + 1)
                    self.state.put_off(message, self.now() + wait, why)
        return told

    async def _send(
        self,
        message: Message,
        content: Callable[[str, str], str],
        command: Callable[[Sequence[str], str], str],
    ) -> str:
        said = json.loads(message.content)
        followed = self.means.followed
        if message.kind == "command":
            if not followed.on_change:
                return ""
            return command(followed.on_change, content(said["path"], said["commit"]))
        if message.kind == "webhook":
            return await self._webhook(message, content(said["path"], said["commit"]).encode())
        if message.kind == "wayback":
            return await self._save(said)
        return await self._saved(said)

    async def _webhook(self, message: Message, body: bytes) -> str:
        followed = self.means.followed
        if not followed.webhook:
            return ""
        secret = self.secret(followed.webhook_secret_from, "webhook-secret-from")
        number = f"msg_{message.id}_{int(message.made)}"
        headers = signed_headers(secret, number, self.means.clock(), body)
        answer = await self.fetcher.post(followed.webhook, self._manners(0), headers, body)
        return "" if 200 <= answer.status < 300 else f"The webhook answered {answer.status}."

    def secret(self, variable: str, key: str) -> str:
        """What the environment has under the name that a key of ``follow.toml`` gives."""
        found = self.means.environment.get(variable, "") if variable else ""
        if not found:
            named = f"the environment has no {variable}" if variable else "it names no variable"
            raise TrackerError(
                f"{sites.FILE} wants “{key}”: {named}.", "Put the secret into the environment."
            )
        return found

    async def _save(self, said: dict[str, object]) -> str:
        followed = self.means.followed
        keys = self.secret(followed.wayback_keys_from, "wayback-keys-from")
        body = urlencode({"url": said["url"], "skip_first_archive": "1"}).encode()
        pause = 60 / SAVES_A_MINUTE
        answer = await self.fetcher.post(
            f"{followed.wayback}/save", self._manners(pause), save_headers(keys), body
        )
        job = _object(answer.body).get("job_id")
        if answer.status != 200 or not isinstance(job, str):
            return f"Save Page Now answered {answer.status}."
        self.state.send("wayback-job", self.now() + 30, json.dumps({**said, "job": job}))
        return ""

    async def _saved(self, said: dict[str, object]) -> str:
        followed = self.means.followed
        answer = await self.fetcher.get(
            f"{followed.wayback}/save/status/{said['job']}", self._manners(5)
        )
        found = _object(answer.body)
        if found.get("status") == "success":
            page = self.state.page(int(str(said["article"])))
            address = f"{followed.wayback}/web/{found.get('timestamp')}/{page.url}"
            self.state.keep(page._replace(wayback=address))
            return ""
        if found.get("status") == "pending":
            return "The Wayback Machine has not saved it yet."
        return f"The Wayback Machine could not save it: {str(found.get('message'))[:200]}"

    # --- captures

    async def backfill(
        self, pages: Sequence[FollowedPage], since: str, tell: Callable[[str, int, int], None]
    ) -> tuple[list[Recorded], list[Incident]]:
        self.recorded: list[Recorded] = []
        self.told: list[Incident] = []
        async with self.fetcher:
            for page in pages:
                try:
                    await self._captures_of(page, since, tell)
                except FetchError as error:
                    self.told.append(Incident(page.url, error.trouble, error.sentence))
                    break  # it goes on from here the next time
                finally:
                    self._record()
        return self.recorded, self.told

    def _record(self) -> None:
        recorded, refused = record_pending(self.means)
        self.recorded += recorded
        self.told += refused

    async def _captures_of(
        self, page: FollowedPage, since: str, tell: Callable[[str, int, int], None]
    ) -> None:
        wayback = self.means.followed.wayback
        manners = self._manners(60 / CALLS_A_MINUTE)
        if not self.state.captures(page.url):
            address = captures_url(wayback, page.url, since)
            answer = await self.fetcher.get(address, manners)
            self.state.list_captures(page.url, captures(answer.body))
        waiting = self.state.captures(page.url)
        for number, (stamp, url) in enumerate(waiting):
            tell(page.url, number, len(waiting))
            await self._capture(page.id, stamp, url, manners)
            self.state.read_capture(page.url, stamp)
            if (number + 1) % _AT_ONCE == 0:
                self._record()

    async def _capture(self, number: int, stamp: str, url: str, manners: Manners) -> None:
        page = self.state.page(number)
        at = Capture(stamp, url, "").at
        if page.looked is not None and at.timestamp() <= page.looked:
            return
        address = capture_url(self.means.followed.wayback, stamp, url)
        answer = await self.fetcher.get(address, manners)
        if answer.status != 200:
            return
        site = site_named(self.means.followed, page.site)
        reading = await asyncio.to_thread(read_as, site, answer, url, at)
        seen = outcome.FetchedPage(
            answer._replace(url=url, hops=(), headers={}), reading, at, address
        )
        with self.state.together():
            outcome.judged(self.state, page, seen)


def _object(data: bytes) -> dict[str, object]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def pages_of(means: Means, url: str) -> list[FollowedPage]:
    """The pages that an address means: those of a source, or one page, which is followed from now.

    Pages that were recorded already are left out: nothing can be put in before their versions.
    """
    state = means.state
    if site := site_named(means.followed, url):
        return [page for page in state.pages(site.url) if not page.last]
    known = state.known(sites.url_key(url))
    if known is None:
        address = sites.clean(url)
        with state.together():
            near = [s for s in means.followed.sites if sites.site_of(s.url) == sites.site_of(url)]
            known = state.add(
                address, host_of(address), outcome.free_path(state, address),
                near[0].url if near else "", means.clock().timestamp(),
            )  # fmt: skip
            state.name(sites.url_key(url), known)
    page = state.page(known)
    if page.last and not state.captures(page.url):
        raise TrackerError(
            f"{url} has versions in the newsroom already, and none can be put in before them.",
            "Backfill an article before it is followed.",
        )
    return [page]


def backfill(
    means: Means, pages: Sequence[FollowedPage], since: str, tell: Callable[[str, int, int], None]
) -> tuple[list[Recorded], list[Incident]]:
    """Record the versions that the Wayback Machine has of pages, oldest first.

    ``since``: 4 to 14 digits of a stamp, or "". ``tell`` is called with the page, the number of
    captures done and of all. Where the Wayback Machine asks to wait, it stops, and goes on from
    there the next time.
    """
    return asyncio.run(_Errands(means).backfill(pages, since, tell))


class FollowPreview(NamedTuple):
    """What ``follow add`` found at an address, before anything is written."""

    source: sites.Source
    url: str
    title: str
    leads: tuple[sites.Lead, ...]
    sample: str  # the address of one article
    text: str  # of that article, as its file would be
    left_out: int  # blocks


def show(means: Means, url: str) -> FollowPreview:
    """Look at an address that is to be followed. Raises ``TrackerError`` where it cannot be."""
    try:
        return asyncio.run(_show(means, url))
    except FetchError as error:
        raise TrackerError(f"{url} cannot be followed: {error.sentence}") from None


async def _show(means: Means, url: str) -> FollowPreview:
    errands = _Errands(means)
    manners = means.followed.manners(None, means.environment)
    async with errands.fetcher as fetcher:
        answer = await fetcher.get(url, manners)
        if answer.status != 200:
            raise FetchError("error", f"The server answered {answer.status}.")
        found = sites.look(answer.body, answer.url, answer.headers.get("content-type", ""))
        address = answer.url
        if found.kind == "page":
            reading = read(answer.body, address, as_of=means.clock().date())
            article = reading.about.article and reading.words > 50
            if article and (not found.feeds or sites.is_article(address)):
                return _shown("page", address, reading.headline, (), address, reading)
            if found.feeds:
                address = found.feeds[0]
                answer = await fetcher.get(address, manners)
                found = sites.look(answer.body, answer.url)
        elif found.kind == "sitemap-index" and found.feeds:
            answer = await fetcher.get(found.feeds[-1], manners)
            inner = sites.look(answer.body, answer.url)
            found = found._replace(leads=inner.leads)
        source: sites.Source = (
            "feed" if found.kind == "feed" else "site" if found.kind == "page" else "sitemap"
        )
        leads = found.leads
        if source != "feed":
            leads = tuple(sites.of_the_site(leads, address))
        if not leads:
            raise FetchError("error", "No feed, no sitemap and no article was found there.")
        sample = await fetcher.get(leads[0].url, manners)
        reading = read(sample.body, sample.url, as_of=means.clock().date())
        return _shown(source, address, found.title, leads, sample.url, reading)


def _shown(
    source: sites.Source,
    url: str,
    title: str,
    leads: Sequence[sites.Lead],
    sample: str,
    reading: PageReading,
) -> FollowPreview:
    text = article_text(reading, sample)
    return FollowPreview(source, url, title, tuple(leads), sample, text, len(reading.left_out))


# --- what the Wayback Machine and the receiver of a webhook want to read -------------------------

CALLS_A_MINUTE = 24
"""Calls of the Wayback Machine's index: at 60 it blocks, and for an hour at the firewall."""

SAVES_A_MINUTE = 12
"""Calls of Save Page Now: 15 are allowed."""


class Capture(NamedTuple):
    """A version that the Wayback Machine has."""

    stamp: str  # 14 digits, UTC
    url: str  # the address at that time
    digest: str

    @property
    def at(self) -> datetime:
        """When it was captured, aware."""
        return datetime.strptime(self.stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def captures_url(wayback: str, url: str, since: str = "") -> str:
    """The address of the index for one page: captures that differ from the one before.

    ``since``: 4 to 14 digits of a stamp.
    """
    start = f"&from={since}" if since else ""
    return (
        f"{wayback}/cdx/search/cdx?url={quote(url, safe='')}&output=json&collapse=digest"
        f"&filter=statuscode:200&fl=timestamp,original,digest{start}"
    )


def captures(data: bytes) -> Iterator[Capture]:
    """What the index answered; rows that are none are passed over."""
    try:
        rows = json.loads(data or b"[]")
    except ValueError:
        rows = []
    for row in rows if isinstance(rows, list) else ():
        whole = isinstance(row, list) and len(row) == 3 and all(isinstance(x, str) for x in row)
        if whole and len(row[0]) == 14 and row[0].isdecimal():
            try:
                capture = Capture(*row)
                capture.at  # noqa: B018 - a stamp that is no instant is none
            except ValueError:
                continue
            yield capture


def capture_url(wayback: str, stamp: str, url: str) -> str:
    """The address of a capture's page as it was sent, without the archive's own frame."""
    return f"{wayback}/web/{stamp}id_/{url}"


def save_headers(keys: str) -> dict[str, str]:
    """Headers of Save Page Now, for "key:secret" of an account of archive.org."""
    return {
        "Accept": "application/json",
        "Authorization": f"LOW {keys}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


# --- a signed webhook -----------------------------------------------------------------------------


def signed_headers(secret: str, number: str, at: datetime, content: bytes) -> dict[str, str]:
    """Headers of a webhook by the rules of standardwebhooks.com, version 1.

    ``secret`` is "whsec_" and base64. ``number`` names the message: a receiver that has it already
    leaves it.
    """
    from standardwebhooks import Webhook

    signature = Webhook(secret).sign(number, at, content.decode())
    return {
        "Content-Type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
