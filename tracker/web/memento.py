"""Memento (RFC 7089): what an article said on a date, found by its address and the date.

An article's own address is its TimeGate (pattern 1.1): asked with ``Accept-Datetime``, it answers
302 to the version of that date; asked without, it is the article as it stands. Where articles live
on the publisher's own site, that address is the original, and ``/timegate/`` with it after the
slash is the TimeGate; clients that want a TimeGate of that form find ours there too.

Mementos are the versions that readers could see, and no drafts. A version counts from its author
date on, or from that of an earlier one where dates are out of order. Of two versions in one second
the later one is what readers saw; each has its own address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, g, make_response, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.http import http_date, parse_date

from tracker.house.changelog import SeenVersion, seen, seen_at
from tracker.model import History
from tracker.newsroom.selection import slug
from tracker.render.urls import Links, first_seen
from tracker.web import addresses, http
from tracker.web.addresses import site
from tracker.web.desk import desk
from tracker.web.page import known_addresses, links
from tracker.web.reading import FoundArticle, find
from tracker.web.reading import version as version_of

pages = Blueprint("memento", __name__)

MEDIA_TYPE = "application/link-format"

_DAY = re.compile("Mon|Tue|Wed|Thu|Fri|Sat|Sun")
_LAST = datetime.max.replace(tzinfo=UTC)
_MOST_OF_A_SLUG = 100  # articles of one name that an address is held against


def read_date(text: str) -> datetime | None:
    """The instant of an ``Accept-Datetime``; None where it is none (RFC 7089, 2.1.1)."""
    found, text = parse_date(text), text.strip()
    # Werkzeug reads more than one form; that the day of the week is right is not asked for.
    exact = found is not None and _DAY.match(text) and http_date(found)[3:] == text[3:]
    return found if exact else None


# --- the article's address as its TimeGate ------------------------------------------------------


@pages.before_app_request
def _negotiate() -> Response | None:
    if request.endpoint != "article.article" or "Accept-Datetime" not in request.headers:
        return None
    assert request.view_args is not None
    return _redirected(find(str(request.view_args["address"])))


@pages.after_app_request
def _described(response: Response) -> Response:
    """The headers by which clients find their way, on articles and their versions."""
    if response.status_code != 200 or request.view_args is None or g.get("made_apart"):
        return response
    if request.endpoint == "article.article":
        found = find(str(request.view_args["address"]))
        response.vary.add("accept-datetime")
        response.headers["Link"] = _links(found.life, seen(found.life))
    elif request.endpoint == "article.one_version":
        found = find(str(request.view_args["address"]))
        revision = version_of(found, str(request.view_args["stamp"]))
        versions = seen(found.life)
        for place, each in enumerate(versions):
            if each.revision.commit == revision.commit:
                response.headers["Memento-Datetime"] = _date(each.since)
                response.headers["Link"] = _links(found.life, versions, place)
    return response


def _redirected(found: FoundArticle) -> Response:
    """The way to the version that a request wants; without a date, to the newest."""
    versions = seen(found.life)
    asked = request.headers.get("Accept-Datetime")
    wanted = _LAST if asked is None else read_date(asked)
    if wanted is None:
        raise _varied(BadRequest("Accept-Datetime is no date."))
    chosen = seen_at(versions, wanted)
    if chosen is None:
        raise _varied(NotFound())
    response = make_response("", 302)
    where = links()
    response.headers["Location"] = where.version(found.life.article.path, chosen.revision)
    response.headers["Link"] = _links(found.life, versions, versions.index(chosen))
    response.headers["Cache-Control"] = http.REVALIDATED
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.vary.add("accept-datetime")
    return response


def _varied(error: HTTPException) -> HTTPException:
    g.for_a_date = True
    return error


@pages.after_app_request
def _vary(response: Response) -> Response:
    """An error of a TimeGate is one for this date alone."""
    if g.get("for_a_date"):
        response.vary.add("accept-datetime")
    return response


# --- the publisher's own addresses --------------------------------------------------------------


@pages.route("/timegate/<path:original>", merge_slashes=False)
def timegate(original: str) -> Response:
    """The way from an article's address, here or on the publisher's site, and a date."""
    if request.query_string:
        original += "?" + request.query_string.decode("latin-1")
    path = _article_of(original)
    if path is None:
        raise _varied(NotFound())
    return _redirected(find(known_addresses().address(path)))


def _article_of(original: str) -> str | None:
    """The path of the article that a whole address means."""
    where = links()
    wanted = _bare(original)
    if not wanted:
        return None
    own = _bare(f"{where.base}/article/")
    known = known_addresses()
    if wanted.startswith(f"{own}/"):
        address = wanted.removeprefix(f"{own}/")
        return known.path(address) or find(address, addresses.article).life.article.path
    if (
        not where.site.article
        or wanted.partition("/")[0] != _bare(where.site.article).partition("/")[0]
    ):
        return None
    by_slug = desk().kept("slugs", "", _by_slug)
    parts = set(re.split(r"[/.?=&]", wanted)) | set(wanted.split("/"))
    candidates = [path for part in parts for path in by_slug.get(part, ())[:_MOST_OF_A_SLUG]]
    candidates += [path for path in (known.path(part) for part in _tails(wanted)) if path]
    for path in dict.fromkeys(candidates):
        if _bare(where.original(path, first_seen(desk().life(path).revisions))) == wanted:
            return path
    return None


def _by_slug() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in known_addresses().by_path:
        found.setdefault(addresses.known(slug(path)), []).append(path)
    return found


def _tails(wanted: str) -> list[str]:
    """What may be an article's address at the end of a URL."""
    parts = wanted.split("/")
    return ["/".join(parts[start:]) for start in range(1, min(len(parts), 20))]


def _bare(url: str) -> str:
    """A URL without scheme, percent-encoding and last slash: what two ways to write it share.

    "" for what is none.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{unquote(parts.path).rstrip('/')}{query}"


# --- TimeMaps -----------------------------------------------------------------------------------


@pages.get("/timemap/<address:address>/")
def timemap(address: str) -> Response:
    """The list of an article's versions, as RFC 7089 and RFC 6690 have it."""
    found = find(address)
    versions, where = seen(found.life), links()
    if not versions or not where.base:
        raise NotFound
    path = found.life.article.path
    lines = [
        *_original(found.life, where),
        _link(where.timemap(path), "self", type=MEDIA_TYPE, **_span(versions)),
    ]
    last = len(versions) - 1
    for place, each in enumerate(versions):
        relation = " ".join(
            word for word, here in (("first", place == 0), ("last", place == last)) if here
        )
        url = where.version(path, each.revision)
        lines.append(_link(url, f"{relation} memento".strip(), datetime=_date(each.since)))
    response = make_response(",\n".join(lines) + "\n")
    response.headers["Content-Type"] = MEDIA_TYPE
    http.touched(found.newest.out_at)
    return response


def _links(life: History, versions: Sequence[SeenVersion], place: int | None = None) -> str:
    """A Link header: the original, the TimeGate, the TimeMap, and the versions around one."""
    where = links()
    path = life.article.path
    found = _original(life, where)
    if versions:
        span = _span(versions)
        found.append(_link(where.timemap(path), "timemap", type=MEDIA_TYPE, **span))
    relations: dict[int, list[str]] = {}
    if place is not None:
        last = len(versions) - 1
        for index, word in ((0, "first"), (place - 1, "prev"), (place + 1, "next"), (last, "last")):
            if 0 <= index <= last:
                relations.setdefault(index, []).append(word)
        relations.setdefault(place, [])
    for index in sorted(relations):
        each = versions[index]
        words = " ".join([*relations[index], "memento"])
        url = where.version(path, each.revision)
        found.append(_link(url, words, datetime=_date(each.since)))
    return ", ".join(found)


def _original(life: History, where: Links) -> list[str]:
    """The original and its TimeGate: one, where the article's page here is the original.

    Files have no TimeGate: whoever serves them knows no dates.
    """
    path = life.article.path
    page = where.article(path)
    original = where.original(path, first_seen(life.revisions))
    if site().files:
        return [_link(original, "original")]
    if original == page:
        return [_link(original, "original timegate")]
    return [_link(original, "original"), _link(f"{where.base}/timegate/{original}", "timegate")]


def _span(versions: Sequence[SeenVersion]) -> dict[str, str]:
    return {"from": _date(versions[0].since), "until": _date(versions[-1].since)}


def _link(url: str, relation: str, **attributes: str) -> str:
    more = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return f'<{url}>; rel="{relation}"{more}'


def _date(at: datetime) -> str:
    return http_date(at.astimezone(UTC))
