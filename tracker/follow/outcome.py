"""What becomes of a look at a page: it is as it was, there is a new version, or why there is none.

Each function writes the page's new state; a version that is to be recorded is written down with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from tracker.follow.fetch import DAY, HOUR, MINUTE, Fetched, FetchError, back_off, host_of
from tracker.follow.read import PageReading, article_text, refusal
from tracker.follow.sites import article_path, clean, site_of, url_key
from tracker.follow.state import FollowedPage, FollowState, Pending
from tracker.follow.volatile import (
    SETTLED_LOOKS,
    SETTLED_TIME,
    SHARED,
    TOGGLES,
    TURNS,
    LeftOut,
    SettledBlocks,
    mark,
    settle,
)
from tracker.house.dates.names import aware
from tracker.house.notes import find_notes

_LIVE = 3  # changes of added blocks alone within an hour
_PERMANENT = (301, 308)
REFUSALS = {
    "paywall": "Most of the text is behind a paywall.",
    "consent": "The page asks for consent, or whether a person is there.",
    "soft-404": "The server says the page is there, and it is not the article.",
    "short": "There are too few words for an article.",
    "too-large": "The page has more elements than are read.",
    "no-text": "No text was found on the page.",
}


class Incident(NamedTuple):
    """A page that could not be read, or was not recorded, and why."""

    url: str
    state: str
    reason: str


class FetchedPage(NamedTuple):
    answer: Fetched
    reading: PageReading
    at: datetime  # aware
    capture: str = ""  # where a WARC file has it


def free_path(state: FollowState, url: str, article: int | None = None) -> str:
    """Where the article of an address is kept: no other article is there."""
    path = article_path(url)
    if state.free_path(path, article):
        return path
    digest = hashlib.sha256(url_key(url).encode()).hexdigest()[:8]
    return f"{path.removesuffix('.md')}-{digest}.md"


def _next(page: FollowedPage, now: float) -> float:
    return next_look(now, page.changed, page.url, live=bool(page.live))


def same(state: FollowState, page: FollowedPage, status: int, now: float) -> None:
    """The page is as it was: the server says so, or it sent the same bytes."""
    with state.together():
        kept = "turns" if page.state == "turns" else "ok"
        state.keep(
            page._replace(
                looked=now, due=_next(page, now), state=kept, failures=0, missing=0,
                missing_since=None,
            )
        )  # fmt: skip
        state.looked(page.id, now, status, "unchanged")


def failed(state: FollowState, page: FollowedPage, error: FetchError, now: float) -> Incident:
    """There was no answer to work with."""
    failures = page.failures + 1
    wait = max(now + back_off(failures), error.until or 0)
    if error.trouble in ("barred", "refused", "blocked", "too-large"):
        wait = now + DAY
    asked = error.trouble != "rate-limited"
    with state.together():
        state.keep(
            page._replace(
                looked=now if asked else page.looked, due=wait, state=error.trouble,
                reason=error.sentence, failures=failures,
            )
        )  # fmt: skip
        if asked:
            state.looked(page.id, now, 0, error.trouble)
    return Incident(page.url, error.trouble, error.sentence)


def missing(state: FollowState, page: FollowedPage, status: int, at: datetime) -> Incident:
    """The server has no such page. Said for good, or three times, that is a deletion."""
    now = at.timestamp()
    count = page.missing + 1
    since = now if page.missing_since is None else page.missing_since
    gone = bool(page.gone) or status == 410 or is_gone(count, since, now)
    reason = f"The server answered {status}, {count} time{'s' * (count > 1)} in a row."
    page = page._replace(
        looked=now, due=now + after_missing(3 if gone else count), missing=count,
        missing_since=since, state="gone" if gone else "missing", reason=reason, etag="",
        modified="", body="", failures=0,
    )  # fmt: skip
    with state.together():
        look = state.looked(page.id, now, status, page.state)
        if gone and page.last and not page.gone:
            _wait(state, page, at, look, None)
            page = page._replace(gone=1)
        state.keep(page)
    return Incident(page.url, page.state, reason)


def refused(
    state: FollowState,
    page: FollowedPage,
    name: str,
    reason: str,
    now: float,
    left: Sequence[LeftOut] = (),
) -> Incident:
    """What was sent is no version of the article."""
    with state.together():
        due = max(_next(page, now), now + HOUR)
        state.keep(page._replace(looked=now, due=due, state=name, reason=reason, body=""))
        state.leave_out(page.id, left)
        state.looked(page.id, now, 200, name)
    return Incident(page.url, name, reason)


def judged(state: FollowState, page: FollowedPage, seen: FetchedPage) -> Incident | None:
    """A page was read: record what is new. None where there is nothing new."""
    now = seen.at.timestamp()
    reading = seen.reading
    left = reading.left_out
    if _leads_up(page.url, seen.answer):
        return refused(state, page, "soft-404", f"It leads to {seen.answer.url}.", now, left)
    name = refusal(reading, seen.answer.url, page.words if page.last else None)
    if name == "short" and page.last:
        page, gutted = _gutted(page, reading, now)
        name = None if gutted else name
    if name is not None:
        return refused(state, page, name, REFUSALS[name], now, left)
    moved = _addresses(state, page, seen)
    if isinstance(moved, Incident):
        return moved
    page, former = moved
    page = page._replace(
        looked=now, failures=0, missing=0, missing_since=None, title=reading.headline[:300],
        etag=seen.answer.headers.get("etag", ""),
        modified=seen.answer.headers.get("last-modified", ""),
    )  # fmt: skip
    settled = _settled(state, page, reading)
    fields = _fields(reading)
    fingerprint = f"{fields} {' '.join(mark(block) for block in settled.blocks)}"
    state.leave_out(page.id, [*left, *settled.left_out])
    short = mark(fingerprint)
    held = _again(page, short, now)
    stays = held.held_looks >= SETTLED_LOOKS and now - (held.held_since or now) >= SETTLED_TIME
    if page.last == fields and settled.same and former is None and not page.gone:
        if page.state == "turns" and not stays:
            page = _in_turn(held)
        else:
            page = page._replace(state="ok", reason="", held="", held_looks=0)
        state.keep(page._replace(due=_next(page, now)))
        state.looked(page.id, now, seen.answer.status, "unchanged", seen.capture)
        return None
    if page.last == fields and settled.toggled is not None:
        state.toggled(page.id, settled.toggled)
    times = json.loads(page.seen)
    if times.get(short, 0) >= TURNS and former is None and not page.gone:
        if not stays:
            page = _in_turn(held)
            state.keep(page._replace(due=_next(page, now)))
            state.looked(page.id, now, seen.answer.status, "turns", seen.capture)
            return Incident(page.url, "turns", page.reason)
        times = {}
    _record(state, page, seen, settled, former, times | {short: times.get(short, 0) + 1})
    return Incident(page.url, "recorded", "")


def _gutted(page: FollowedPage, reading: PageReading, now: float) -> tuple[FollowedPage, bool]:
    """Whether an article was cut to a few words, which a page that failed to load looks like too.

    It was where the publisher says why, or where it stays so: three looks, over a day.
    """
    page = _again(page, mark(reading.body), now)
    stays = page.held_looks >= 3 and now - (page.held_since or now) >= DAY
    return page, stays or bool(find_notes(reading.body))


def _again(page: FollowedPage, fingerprint: str, now: float) -> FollowedPage:
    """The page after one more look at a version that is not recorded, so far."""
    if fingerprint != page.held:
        return page._replace(held=fingerprint, held_since=now, held_looks=1)
    return page._replace(held_looks=page.held_looks + 1)


def _in_turn(page: FollowedPage) -> FollowedPage:
    reason = "Two versions or more are being shown in turn; each is recorded twice."
    return page._replace(state="turns", reason=reason)


def _record(
    state: FollowState,
    page: FollowedPage,
    seen: FetchedPage,
    settled: SettledBlocks,
    former: str | None,
    times: dict[str, int],
) -> None:
    now = seen.at.timestamp()
    reading = seen.reading._replace(blocks=settled.blocks)
    added = bool(page.last) and page.last == _fields(reading) and settled.added_only
    what = "added" if added else "recorded"
    look = state.looked(page.id, now, seen.answer.status, what, seen.capture)
    lively = added and state.count_looks(page.id, "added", now - HOUR) >= _LIVE
    as_it_was = former is not None and page.last == _fields(reading) and settled.same
    text = "" if as_it_was else article_text(_out(reading, seen.at), page.url)
    _wait(state, page, seen.at, look, text, former, seen)
    page = page._replace(
        changed=now if page.last else page.changed, state="ok", reason="", gone=0,
        words=reading.words, last=_fields(reading), seen=json.dumps(times),
        blocks=" ".join(mark(block) for block in settled.blocks), held="", held_looks=0,
        live=int(reading.about.live or lively),
    )  # fmt: skip
    state.keep(page._replace(due=_next(page, now)))


def _out(reading: PageReading, at: datetime) -> PageReading:
    """The reading without a date of publication that lies after the look that saw it out."""
    try:
        published = aware(datetime.fromisoformat(reading.about.published), UTC)
    except ValueError:
        return reading
    if published <= at:
        return reading
    return reading._replace(about=reading.about._replace(published=""))


def _settled(state: FollowState, page: FollowedPage, reading: PageReading) -> SettledBlocks:
    loose = {mark(block) for block in reading.loose if not any(map(str.isdigit, block))}
    state.stand(page.host, page.id, loose)
    shared = state.shared(page.host, loose, SHARED) if loose else ()
    last = page.blocks.split()
    return settle(reading.blocks, last, shared, state.toggling(page.id, TOGGLES))


def _fields(reading: PageReading) -> str:
    """A mark of what decides beside the blocks: not when the page says it was touched."""
    about = reading.about
    parts = [reading.headline, about.og_title, about.description, about.author, about.published]
    parts += [note.text for note in reading.notes]
    return mark("\x1f".join(" ".join(part.split()) for part in parts))


def _wait(
    state: FollowState,
    page: FollowedPage,
    at: datetime,
    look: int,
    text: str | None,
    former: str | None = None,
    seen: FetchedPage | None = None,
) -> None:
    """Write down a version, or a deletion, for the end of the round."""
    trailers = [("Url", page.url)]
    before = state.last_look(page.id, at.timestamp())
    if before is not None and page.last:
        trailers.append(("Seen-After", _instant(before)))
    trailers.append(("Seen", _instant(at.timestamp())))
    if seen is not None and seen.capture:
        trailers.append(("Capture", seen.capture))
    by = _author(seen.reading.about.author if seen is not None else "") or site_of(page.url)
    event = "deleted" if text is None else "moved" if former else "revision"
    if page.gone and text is not None:
        event = "returned"
    state.wait(
        Pending(
            0, page.id, at.timestamp(), page.path, text, former, by, tuple(trailers), look, event
        )
    )  # fmt: skip


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _author(name: str) -> str:
    return " ".join(re.sub(r"[<>\x00-\x1f\x7f]", " ", name).split())[:200]


# --- addresses ------------------------------------------------------------------------------------


def _leads_up(url: str, answer: Fetched) -> bool:
    """True where a redirect ends at the home page, or at a section that the page was in."""
    if not answer.hops:
        return False
    start, end = urlsplit(url).path.rstrip("/"), urlsplit(answer.url).path.rstrip("/")
    return (
        start != end and (not end or start.startswith(f"{end}/")) and not urlsplit(answer.url).query
    )


def _addresses(
    state: FollowState, page: FollowedPage, seen: FetchedPage
) -> tuple[FollowedPage, str | None] | Incident:
    """The page under its proper address, and the path that it had where that is another now.

    A page whose proper address is that of another is that other one.
    """
    proper = _proper(page.url, seen)
    for key in {url_key(url) for _, url in seen.answer.hops} | {url_key(proper)}:
        known = state.known(key)
        if known is None:
            state.name(key, page.id)
        elif known != page.id and key == url_key(proper):
            return _joined(state, page, known, proper, seen)
    path = free_path(state, proper, page.id)
    former = page.path if page.last and not page.gone and path != page.path else None
    return page._replace(url=proper, host=host_of(proper), path=path), former


def _proper(url: str, seen: FetchedPage) -> str:
    """Where a page lives: where a permanent redirect leads, then what it says itself."""
    here = url
    for status, target in seen.answer.hops:
        if status not in _PERMANENT:
            break
        here = clean(target)
    said = seen.reading.about.canonical
    if said and site_of(said) == site_of(seen.answer.url) and urlsplit(said).path.strip("/"):
        temporary = any(status not in _PERMANENT for status, _ in seen.answer.hops)
        if not temporary:
            here = clean(said)
    return here


def _joined(
    state: FollowState, page: FollowedPage, known: int, proper: str, seen: FetchedPage
) -> Incident:
    other = state.page(known)
    if not page.last:
        state.forget(page.id, known)
        return Incident(page.url, "same", "")
    reason = f"It leads to {proper}, which is followed as {other.path}."
    return refused(state, page, "joined", reason, seen.at.timestamp())


# --- when a page is looked at again ---------------------------------------------------------------

_TABLE = (
    (3 * HOUR, 15 * MINUTE),
    (DAY, HOUR),
    (7 * DAY, 3 * HOUR),
    (30 * DAY, 3 * DAY),
    (360 * DAY, 30 * DAY),
)
"""Changed less than so long ago: looked at so often."""

_LAST = 180 * DAY
_CONFIRM = (HOUR, DAY)  # after the first and the second "not found"
_GONE_AGAIN = 30 * DAY  # a deleted page is looked at for its return


def interval(now: float, changed: float, *, live: bool = False) -> float:
    """Seconds between two looks at a page that last changed, or was first seen, at ``changed``.

    ``live``: it is written while things happen, and is looked at hourly until a day has passed.
    """
    if live and now - changed < DAY:
        return HOUR
    for age, between in _TABLE:
        if now - changed < age:
            return between
    return _LAST


def next_look(now: float, changed: float, page: str, *, live: bool = False) -> float:
    """When a page that was just seen is looked at again.

    ``page`` names it: pages that were seen together are spread by a tenth of their interval, the
    same page in the same way. A page that changed within the hour is never put off past 15 minutes.
    """
    wait = interval(now, changed, live=live)
    spread = 0.9 + 0.2 * _share(f"{page} {now:.0f}")
    if not live and now - changed < HOUR:
        spread = min(spread, 1.0)
    return now + wait * spread


def _share(name: str) -> float:
    """A number from 0 to 1 that this name always has."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def after_missing(count: int) -> float:
    """Seconds until a page is looked at again that was not found for the ``count``-th time."""
    return float(_CONFIRM[count - 1]) if count <= len(_CONFIRM) else float(_GONE_AGAIN)


def is_gone(count: int, since: float, now: float) -> bool:
    """True where a page was not found three times, with a day between the first and the last."""
    return count > len(_CONFIRM) and now - since >= DAY


class Due(NamedTuple):
    page: int
    looked: float | None  # the last look; None: never
    between: float  # its interval


def urgency(due: Due, now: float) -> float:
    """How late a page is, in its own intervals; pages never seen are as late as can be."""
    return float("inf") if due.looked is None else (now - due.looked) / max(due.between, 1)


def chosen(waiting: Iterable[Due], now: float, allowed: int) -> tuple[list[Due], list[Due]]:
    """The pages that a host's budget allows now, most urgent first, and those left waiting."""
    ordered = sorted(waiting, key=lambda due: (-urgency(due, now), due.page))
    return ordered[:allowed], ordered[allowed:]
