"""Who sent a webhook: the signatures of CMSs, verified over the bytes that came.

Pure: the present time is given. A signature is compared in constant time, against each secret of
the hook, of which there may be two while one is replaced.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import quote

from tracker.errors import TrackerError

PATIENCE = 300  # seconds by which a signature may be old, or ahead of our clock

Form = Literal["hex", "base64", "base64url", "static"]


class BadSignatureError(Exception):
    """The request is not proven to be from the CMS; says why, in words that help no forger."""


class Sent(NamedTuple):
    method: str
    path: str  # with the query, as it was asked for
    headers: Mapping[str, str]  # names in small letters
    body: bytes


class Scheme(NamedTuple):
    """How a CMS signs: an HMAC in a header, over the body and perhaps a time."""

    header: str  # in small letters; it carries the signature
    form: Form = "hex"  # "static": the header's value is the secret itself
    key: str = ""  # of the signature, in a header of the form key=value, …; "": the whole value
    signed: str = "{body}"  # what is signed: {body} and {time}
    time_key: str = ""  # of the time, in the same header
    time_header: str = ""  # a header of its own for the time
    unit: int = 1  # parts of a second in which the time is told: 1 or 1000
    algorithm: str = "sha256"
    event: str = ""  # the header with the delivery's own name; "" where there is none


SCHEMES: dict[str, Scheme] = {
    "ghost": Scheme("x-ghost-signature", "hex", "sha256", "{body}{time}", "t", unit=1000),
    "sanity": Scheme(
        "sanity-webhook-signature", "base64url", "v1", "{time}.{body}", "t", unit=1000,
        event="idempotency-key",
    ),
    "github": Scheme("x-hub-signature-256", "hex", "sha256", event="x-github-delivery"),
    "storyblok": Scheme("webhook-signature", "hex", algorithm="sha1"),
    "kontent": Scheme("x-kontent-ai-signature", "base64"),
    "woocommerce": Scheme(
        "x-wc-webhook-signature", "base64", event="x-wc-webhook-delivery-id"
    ),
    "strapi": Scheme("authorization", "static"),
}  # fmt: skip
"""Those whose way is a row. Standard Webhooks and Contentful have functions of their own."""

FROM = ("standard", "wordpress", "contentful", *SCHEMES, "custom")
"""What a hook can be from."""


def verify(
    source: str, scheme: Scheme | None, secrets: Sequence[str], sent: Sent, now: datetime
) -> None:
    """Raise ``BadSignatureError`` unless the request was signed by one of the secrets, lately."""
    if not secrets:
        raise BadSignatureError("the hook has no secret")
    if source in ("standard", "wordpress"):
        _standard(secrets, sent, now)
    elif source == "contentful":
        _contentful(secrets, sent, now)
    else:
        assert scheme is not None
        _by_scheme(scheme, secrets, sent, now)


TEST = b'{"tracker":"test"}'
"""An event that every hook ignores."""


def signed_test(
    source: str, scheme: Scheme | None, secret: str, path: str, now: datetime
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a test event, signed as the CMS would."""
    headers = {"Content-Type": "application/json"}
    if source in ("standard", "wordpress"):
        from standardwebhooks.webhooks import Webhook

        at = now.astimezone(UTC).replace(microsecond=0)
        headers["webhook-id"] = f"test-{int(at.timestamp())}"
        headers["webhook-timestamp"] = str(int(at.timestamp()))
        headers["webhook-signature"] = Webhook(secret).sign(
            headers["webhook-id"], at, TEST.decode()
        )
    elif source == "contentful":
        time = str(int(now.timestamp() * 1000))
        names = "x-contentful-signed-headers,x-contentful-timestamp"
        signed = f"x-contentful-signed-headers:{names};x-contentful-timestamp:{time}"
        message = f"POST\n{path}\n{signed}\n".encode() + TEST
        headers |= {
            "x-contentful-signed-headers": names, "x-contentful-timestamp": time,
            "x-contentful-signature": _signed(Scheme("", "hex"), secret, message),
        }  # fmt: skip
    elif scheme is not None:
        time = str(int(now.timestamp() * scheme.unit))
        value = secret
        if scheme.form != "static":
            value = _signed(scheme, secret, _message(scheme, time, TEST))
        parts = [f"{scheme.key}={value}" if scheme.key else value]
        if scheme.time_key:
            parts.append(f"{scheme.time_key}={time}")
        headers[scheme.header] = ",".join(parts)
        if scheme.time_header:
            headers[scheme.time_header] = time
    return headers, TEST


def event_name(source: str, scheme: Scheme | None, sent: Sent) -> str:
    """What the CMS calls this delivery; "" where it does not."""
    if source in ("standard", "wordpress"):
        return sent.headers.get("webhook-id", "")
    return sent.headers.get(scheme.event, "") if scheme is not None and scheme.event else ""


def _by_scheme(scheme: Scheme, secrets: Sequence[str], sent: Sent, now: datetime) -> None:
    value = sent.headers.get(scheme.header, "").strip()
    if not value:
        raise BadSignatureError(f"there is no header {scheme.header}")
    if scheme.form == "static":
        _one_of([value.removeprefix("Bearer ").strip()], secrets)
        return
    told = _pairs(value)
    given = told.get(scheme.key, "") if scheme.key else value
    time = told.get(scheme.time_key, "") if scheme.time_key else ""
    if scheme.time_header:
        time = sent.headers.get(scheme.time_header, "").strip()
    if scheme.time_key or scheme.time_header:
        _recent(time, scheme.unit, now)
    message = _message(scheme, time, sent.body)
    _one_of([given], [_signed(scheme, secret, message) for secret in secrets])


def _message(scheme: Scheme, time: str, body: bytes) -> bytes:
    before, _, after = scheme.signed.replace("{time}", time).partition("{body}")
    return before.encode() + body + after.encode()


def _signed(scheme: Scheme, secret: str, message: bytes) -> str:
    digest = hmac.digest(secret.encode(), message, scheme.algorithm)
    if scheme.form == "hex":
        return digest.hex()
    if scheme.form == "base64":
        return base64.b64encode(digest).decode()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _standard(secrets: Sequence[str], sent: Sent, now: datetime) -> None:
    """Standard Webhooks: "webhook-id", "-timestamp", "-signature" with one or more of "v1,…"."""
    try:
        from standardwebhooks.webhooks import Webhook
    except ImportError:
        raise TrackerError(
            "Standard Webhooks need the library standardwebhooks, which is not here.",
            "Install it with: pip install 'article-tracker[intake]'",
        ) from None
    name, time = sent.headers.get("webhook-id", ""), sent.headers.get("webhook-timestamp", "")
    given = [each for each in sent.headers.get("webhook-signature", "").split(" ") if each]
    if not name or not given:
        raise BadSignatureError("there is no header webhook-id or webhook-signature")
    at = _recent(time, 1, now)
    try:
        body = sent.body.decode()
    except UnicodeDecodeError:
        raise BadSignatureError("the body is not UTF-8") from None
    known = []
    for secret in secrets:
        try:
            known.append(Webhook(secret).sign(name, at, body))
        except (ValueError, RuntimeError):
            raise BadSignatureError("the hook's secret is not base64") from None
    _one_of(given, known)


def _contentful(secrets: Sequence[str], sent: Sent, now: datetime) -> None:
    """Contentful's signed requests: method, path, the headers that it names, and the body."""
    given = sent.headers.get("x-contentful-signature", "").strip()
    names = sent.headers.get("x-contentful-signed-headers", "").lower()
    if not given or not names:
        raise BadSignatureError("there is no header x-contentful-signature")
    listed = [name.strip() for name in names.split(",") if name.strip()]
    if "x-contentful-timestamp" not in listed:
        raise BadSignatureError("its time is not signed")
    _recent(sent.headers.get("x-contentful-timestamp", ""), 1000, now)
    headers = ";".join(f"{name}:{sent.headers.get(name, '').strip()}" for name in sorted(listed))
    path = quote(sent.path, safe=";,/?:@&=+$-_.!~*'()#%")
    message = f"{sent.method}\n{path}\n{headers}\n".encode() + sent.body
    scheme = Scheme("", "hex")
    _one_of([given], [_signed(scheme, secret, message) for secret in secrets])


def _recent(written: str, unit: int, now: datetime) -> datetime:
    """The time of a signature. Raises where it is none, old, or ahead of our clock."""
    if not written.isascii() or not written.isdigit() or len(written) > 16:
        raise BadSignatureError("it has no time")
    seconds = int(written) / unit
    if abs(now.timestamp() - seconds) > PATIENCE:
        raise BadSignatureError("its time is more than five minutes from ours")
    return datetime.fromtimestamp(seconds, UTC)


def _pairs(value: str) -> dict[str, str]:
    found = {}
    for part in value.split(","):
        key, mark, rest = part.strip().partition("=")
        if mark:
            found[key] = rest
    return found


def _one_of(given: Sequence[str], known: Sequence[str]) -> None:
    """Raise unless a value is one of those known; each is compared, in constant time."""
    matches = [hmac.compare_digest(one.encode(), each.encode()) for one in given for each in known]
    if not any(matches):
        raise BadSignatureError("the signature does not match")
