"""Requests to other people's servers: as a good guest, and never into a private network.

One request at a time to a host, after robots.txt, at the pace that it asks for. Every redirect is
followed here, one hop after the other: the host's name is resolved, every address is checked, and
the connection goes to an address that was checked, so that no second answer of the name server can
lead elsewhere. Size, time and what compression may unfold to are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 16 * 1024 * 1024  # of a page, unpacked
_MOST_ROBOTS = 500 * 1024  # RFC 9309: at least as much of robots.txt is read
_MOST_HOPS = 10
MOST_SECONDS = 60.0  # for one request, all of it
_STEP = 20.0  # seconds for each step of it
_CHUNK = 64 * 1024

MINUTE, HOUR, DAY = 60, 3600, 86_400

_LONGEST_BACK_OFF = 6 * HOUR

Trouble = Literal[
    "barred", "refused", "rate-limited", "blocked", "error", "too-large", "redirect-loop",
]  # fmt: skip
"""Why there is no page: robots.txt; an address that is not fetched; the host asked to wait; it does
not want us; the network or the server failed; the page is too large; redirects without end."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name."""


class Fetched(NamedTuple):
    url: str  # where it came from in the end
    status: int
    headers: Mapping[str, str]  # by lower-case names
    body: bytes  # unpacked
    raw: bytes  # as it was sent, for a WARC
    hops: tuple[tuple[int, str], ...] = ()  # status and target of each redirect on the way
    reason: str = ""  # of the status line


class FetchError(Exception):
    """There is no answer to work with."""

    def __init__(self, trouble: Trouble, sentence: str, until: float | None = None) -> None:
        super().__init__(sentence)
        self.trouble = trouble
        self.sentence = sentence
        self.until = until  # when the host may be asked again; None: as the schedule says


class Host:
    """What is known of one host, by scheme, name and port."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.robots: str | None = None  # its robots.txt; None: not read yet
        self.robots_status = 0
        self.robots_at = 0.0
        self.until = 0.0  # it is not asked before
        self.why = ""
        self.failures = 0
        self.asked = 0.0  # the last request, by the clock of pacing
        self.lock = asyncio.Lock()
        self._parsed: tuple[str, Any] | None = None

    def rules(self) -> Any:
        """robots.txt, parsed."""
        from protego import Protego

        text = self.robots or ""
        if self._parsed is None or self._parsed[0] != text:
            self._parsed = text, Protego.parse(text)
        return self._parsed[1]


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row, from 1."""
    return float(min(MINUTE * 2 ** min(failures - 1, 20), _LONGEST_BACK_OFF))


class HostBudget(NamedTuple):
    """How many requests a host may get: so many an hour, saved up for an hour at most."""

    left: float
    at: float  # when that was so

    def filled(self, now: float, an_hour: int) -> HostBudget:
        gained = max(now - self.at, 0) * an_hour / HOUR
        return HostBudget(min(self.left + gained, float(an_hour)), now)

    def spent(self) -> HostBudget:
        return self._replace(left=self.left - 1)


class Manners(NamedTuple):
    """How a host is treated."""

    agent: str  # the whole User-Agent
    robots: bool = True
    pause: float = 1.0  # seconds between two requests to a host, unless robots.txt asks for more
    headers: Mapping[str, str] = {}
    allow_private: tuple[str, ...] = ()  # networks, as 127.0.0.0/8


def host_of(url: str) -> str:
    """The host of an address, with scheme and port: ``https://paper.example``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def is_public(address: str, allowed: Sequence[str] = ()) -> bool:
    """True for an address on the open internet, or in a network that the settings allow.

    Addresses inside addresses (IPv4 in IPv6, 6to4, NAT64, Teredo) are judged too.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(found in ipaddress.ip_network(network, strict=False) for network in allowed):
        return True
    inner: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [found]
    if isinstance(found, ipaddress.IPv6Address):
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner = [ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)]
        inner += [each for each in (found.ipv4_mapped, found.sixtofour) if each is not None]
        inner += found.teredo or ()
        if found.ipv4_mapped is not None:
            inner.remove(found)
    return all(each.is_global and not each.is_multicast for each in inner)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Fetcher:
    """Requests of one round. Use it as an asynchronous context manager."""

    def __init__(
        self,
        clock: Callable[[], float],
        hosts: Callable[[str], Host],
        *,
        find: Resolve = resolve,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        spend: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``clock`` tells seconds since 1970; ``hosts`` gives what is known of a host.

        ``spend`` is called with the host at each request.
        """
        self._clock = clock
        self._hosts = hosts
        self._find = find
        self._sleep = sleep
        self._spend = spend
        self._tls: ssl.SSLContext | None = None
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.requests = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def close(self, host: str) -> None:
        """Let the connection to a host go."""
        client = self._clients.pop(host, None)
        if client is not None:
            await client.aclose()

    async def get(
        self,
        url: str,
        manners: Manners,
        conditions: Mapping[str, str] | None = None,
        *,
        most: int = MOST_BYTES,
    ) -> Fetched:
        """Fetch a page, through redirects. Raises ``FetchError`` where there is nothing to read.

        An answer 404, 410 or 304 is returned as it is. ``conditions`` are the headers of a
        conditional request; they are sent to the first address alone.
        """
        hops: list[tuple[int, str]] = []
        seen = {url}
        here = url
        while True:
            host = self._hosts(host_of(_checked(here)))
            async with host.lock:
                self._may_ask(host)
                if manners.robots:
                    await self._obey_robots(host, here, manners)
                # What opens one host is never shown to another.
                own = manners.headers if host.name == host_of(url) else {}
                answer = await self._ask(
                    host, here, manners, {**own, **({} if hops else conditions or {})}, most
                )
            target = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer._replace(hops=tuple(hops))
            here = _joined(here, target)
            hops.append((answer.status, here))
            if here in seen or len(hops) > _MOST_HOPS:
                raise FetchError("redirect-loop", f"{url} leads from one address to the next.")
            seen.add(here)

    async def post(
        self, url: str, manners: Manners, headers: Mapping[str, str], body: bytes
    ) -> Fetched:
        """Send something to a service of the user's; redirects are not followed."""
        host = self._hosts(host_of(_checked(url)))
        async with host.lock:
            return await self._ask(host, url, manners, headers, MOST_BYTES, body)

    def _may_ask(self, host: Host) -> None:
        if host.until > self._clock():
            raise FetchError("rate-limited", host.why or "The host asked to wait.", host.until)

    async def _obey_robots(self, host: Host, url: str, manners: Manners) -> None:
        if host.robots is None or self._clock() - host.robots_at > DAY:
            await self._read_robots(host, manners)
        if host.robots_status >= 500:
            raise FetchError(
                "barred", f"robots.txt of {host.name} answers {host.robots_status}: all is barred."
            )
        if not host.rules().can_fetch(url, manners.agent):
            raise FetchError("barred", "robots.txt does not allow it.")

    async def _read_robots(self, host: Host, manners: Manners) -> None:
        url = f"{host.name}/robots.txt"
        for _ in range(5):
            answer = await self._ask(host, url, manners, {}, _MOST_ROBOTS, cut=True)
            target = answer.headers.get("location", "")
            if answer.status not in (301, 302, 307, 308) or not target:
                break
            url = _checked(_joined(url, target))
        host.robots_at = self._clock()
        host.robots_status = answer.status
        good = 200 <= answer.status < 300
        host.robots = answer.body.decode("utf-8", "replace") if good else ""

    def _pause(self, host: Host, manners: Manners) -> float:
        asked = host.rules().crawl_delay(manners.agent) if manners.robots and host.robots else None
        return max(manners.pause, min(float(asked or 0), 600.0))

    async def _ask(
        self,
        host: Host,
        url: str,
        manners: Manners,
        headers: Mapping[str, str] | None,
        most: int,
        body: bytes | None = None,
        *,
        cut: bool = False,
    ) -> Fetched:
        """One request. The host's lock is held."""
        import httpx

        loop = asyncio.get_running_loop()
        wait = host.asked + self._pause(host, manners) - loop.time() if host.asked else 0.0
        if wait > 0:
            await self._sleep(wait)
        self.requests += 1
        self._spend(host.name)
        try:
            async with asyncio.timeout(MOST_SECONDS):
                answer = await self._exchange(url, manners, headers or {}, most, body, cut=cut)
        except (TimeoutError, httpx.TimeoutException):
            raise self._failed(host, f"{host.name} did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            what = str(error) or type(error).__name__
            raise self._failed(host, f"{host.name} cannot be reached: {what}.") from None
        finally:
            host.asked = loop.time()
        self._judge(host, answer, robots=cut)
        return answer

    def _failed(self, host: Host, sentence: str) -> FetchError:
        host.failures += 1
        host.why = sentence
        if host.failures > 1:  # one page may be broken; two in a row are the host's trouble
            host.until = self._clock() + back_off(host.failures)
        return FetchError("error", sentence)

    def _judge(self, host: Host, answer: Fetched, *, robots: bool) -> None:
        """Raise where the answer is that the host does not want to answer now."""
        status = answer.status
        if status in (429, 503):
            host.failures += 1
            asked = _retry_after(answer.headers.get("retry-after", ""), self._clock())
            host.until = asked or self._clock() + back_off(host.failures)
            when = datetime.fromtimestamp(host.until, UTC).isoformat(timespec="seconds")
            host.why = f"{host.name} answered {status}: it is left alone until {when}."
            raise FetchError("rate-limited", host.why, host.until)
        if robots:
            return
        if status in (401, 402, 403, 406, 451):
            named = _who_blocks(answer.headers)
            raise FetchError("blocked", f"The server answered {status}{named}.")
        if status >= 500:
            raise self._failed(host, f"{host.name} answered {status}.")
        host.failures = 0
        host.why = ""

    async def _exchange(
        self,
        url: str,
        manners: Manners,
        headers: Mapping[str, str],
        most: int,
        body: bytes | None,
        *,
        cut: bool,
    ) -> Fetched:
        import httpx

        parts = httpx.URL(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address(parts.host, port, manners)
        target = parts.copy_with(host=address, port=port, username=None, password=None)
        sent = {
            "Host": parts.netloc.decode("ascii"),
            "User-Agent": manners.agent,
            "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            **headers,
        }
        client = self._client(host_of(url))
        request = client.build_request(
            "GET" if body is None else "POST", target, headers=sent, content=body,
            extensions={"sni_hostname": parts.raw_host.decode("ascii")},
        )  # fmt: skip
        response = await client.send(request, stream=True)
        try:
            found = {key.lower(): value for key, value in response.headers.items()}
            empty = response.status_code == 304 or response.has_redirect_location
            raw, data = (b"", b"") if empty else await _bounded(response, most, cut=cut)
            said = str(response.reason_phrase)
            return Fetched(url, int(response.status_code), found, data, raw, (), said)
        finally:
            await response.aclose()

    def _client(self, host: str) -> httpx.AsyncClient:
        """One connection to a host; never shared with another host at the same address."""
        import httpx

        client = self._clients.get(host)
        if client is None:
            if self._tls is None:
                self._tls = httpx.create_ssl_context()
            client = self._clients[host] = httpx.AsyncClient(
                verify=self._tls, timeout=_STEP, trust_env=False, follow_redirects=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            )  # fmt: skip
        return client

    async def _address(self, name: str, port: int, manners: Manners) -> str:
        try:
            addresses: Sequence[str] = [str(ipaddress.ip_address(name))]
        except ValueError:
            addresses = await self._find(name, port)
        good = [each for each in addresses if is_public(each, manners.allow_private)]
        if not good or len(good) < len(addresses):
            shown = ", ".join(addresses) or "no address"
            raise FetchError(
                "refused", f"{name} is {shown}, in a private network: it is not fetched."
            )
        return good[0]


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError("refused", f"{url[:200]} is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise FetchError(
            "refused", f"{url[:200]} is not fetched: only http and https are, from a host."
        )
    return url


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise FetchError(
            "refused", f"{url} leads to {target[:200]}, which is no address."
        ) from None


async def _bounded(response: httpx.Response, most: int, *, cut: bool) -> tuple[bytes, bytes]:
    """The body as it was sent, and unpacked. Raises ``FetchError`` for one that is too large.

    ``cut``: a body that is too large is cut off instead.
    """
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchError("error", f"The server sent the coding “{coding[:40]}” unasked.")
    raw, data = bytearray(), bytearray()
    unpack = _Unpacker(coding)
    async for chunk in response.aiter_raw(_CHUNK):
        raw += chunk
        data += unpack(bytes(chunk), most - len(data) + 1)
        if max(len(raw), len(data)) > most:
            if cut:
                return bytes(raw[:most]), bytes(data[:most])
            raise FetchError("too-large", f"The page is larger than {most // 2**20} MB.")
    return bytes(raw), bytes(data)


class _Unpacker:
    """Takes compression off, piece by piece, never more than was asked for."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._engine: Any = None

    def __call__(self, chunk: bytes, most: int) -> bytes:
        if self._coding in ("", "identity"):
            return chunk
        if self._engine is None:
            # deflate is zlib by the standard, and raw by the habit of some servers
            bare = self._coding == "deflate" and chunk[:1] not in (b"\x78", b"\x58", b"\x68")
            self._engine = zlib.decompressobj(-15 if bare else 47)
        try:
            return bytes(self._engine.decompress(chunk, max(most, 1)))
        except zlib.error as error:
            raise FetchError("error", f"The page is compressed in a broken way: {error}.") from None


def _retry_after(said: str, now: float) -> float | None:
    """When a host may be asked again, by seconds or a date; at most a week from now."""
    said = said.strip()
    if said.isdecimal():
        when = now + min(int(said[:9]), 7 * DAY)
    else:
        try:
            when = parsedate_to_datetime(said).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(when, now), now + 7 * DAY)


def _who_blocks(headers: Mapping[str, str]) -> str:
    """The service that keeps robots out, by name."""
    for header, name in (
        ("cf-mitigated", "Cloudflare"),
        ("x-datadome", "DataDome"),
        ("x-amzn-waf-action", "AWS WAF"),
        ("x-akamai-edgescape", "Akamai"),
    ):
        if header in headers:
            return f", by {name}"
    return ""
