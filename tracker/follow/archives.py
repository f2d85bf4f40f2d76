"""Archives beside git: responses as WARC files; what the Wayback Machine and webhooks want to read.

WARC 1.1 (ISO 28500) with an index in CDXJ, one file a day for each host, so that a better reading
can be tried on what was really sent.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tracker.follow.fetch import Fetched
from tracker.follow.sites import quoted, site_of
from tracker.store.files import Folder

WARCS = "warc"
"""The folder beside ``follow.toml``."""

CALLS_A_MINUTE = 24
"""Calls of the Wayback Machine's index: at 60 it blocks, and for an hour at the firewall."""

SAVES_A_MINUTE = 12
"""Calls of Save Page Now: 15 are allowed."""


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


# --- the Wayback Machine --------------------------------------------------------------------------


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
        f"{wayback}/cdx/search/cdx?url={quoted(url)}&output=json&collapse=digest"
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
