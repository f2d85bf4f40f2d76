"""Webhooks: what ``intake.toml`` says of them, and what an event means for the newsroom."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tracker.errors import TrackerError
from tracker.house.toml_file import check, read_table
from tracker.intake.signatures import FROM, SCHEMES, TEST, Scheme, Sent, event_name
from tracker.sources.versions import Markup, html_body
from tracker.text.document import with_front_matter

FILE = "intake.toml"
SETTLE = 2.0  # seconds for which an event waits for older ones that come late

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PLAIN_SLUG = re.compile(r"[^/\x00-\x1f\x7f]{1,200}")
_FIELDS = (
    "id", "slug", "path", "title", "text", "html", "rich", "at", "published", "author", "url",
    "description", "status", "before", "note", "kind",
)  # fmt: skip
_KEYS: dict[str, Any] = {
    "name": str, "from": str, "secret-env": (str, list), "path": str, "by": str, "html": str,
    "locale": str, "settle": (int, float), "fields": dict, "signature": dict, "branch": str,
}  # fmt: skip
_SIGNATURE_KEYS = {
    "header": str, "form": str, "key": str, "signed": str, "time-key": str, "time-header": str,
    "unit": str, "algorithm": str, "event": str,
}  # fmt: skip
_OUT = frozenset({"", "published", "publish", "sent", "live"})
"""States in which readers can see an entry; the first where a CMS tells none."""


class NotWantedError(Exception):
    """An event that brings nothing to record: a draft, an automatic save. Says why."""


class Hook(NamedTuple):
    """One webhook of the newsroom."""

    name: str  # the last part of its address
    source: str  # one of ``signatures.FROM``
    scheme: Scheme | None
    secrets: tuple[str, ...]
    path: str  # with {slug}, {id}: below the newsroom's folder
    by: str | None  # the author where the event names none
    markup: Markup
    locale: str
    settle: float  # seconds
    fields: Mapping[str, str]
    branch: str  # of a git-based CMS, whose pushes are fetched


class CmsEvent(NamedTuple):
    """What a webhook tells: a version of an article, or that it is gone."""

    name: str  # what the CMS calls the delivery; "" for none
    id: str  # of the entry in the CMS; "" where it tells none
    path: str  # below the newsroom's folder; "" where the event knows the id alone
    text: bytes | None  # None: readers cannot see it any more
    at: datetime | None  # aware; None: when it came
    by: str | None
    url: str
    note: str | None = None
    kind: str = "update"
    sync: bool = False  # nothing but a push: the newsroom is to be synced


# --- settings -------------------------------------------------------------------------------------


def read_hooks(toml: str, environment: Mapping[str, str]) -> dict[str, Hook]:
    """The hooks that ``intake.toml`` has, by name; their secrets are in the environment.

    Raises ``TrackerError`` that names the place of what is wrong.
    """
    table = read_table(toml, FILE)
    check(table, {"hook": list}, where=FILE, toml=toml)
    found: dict[str, Hook] = {}
    for given in table.get("hook", []):
        if not isinstance(given, dict):
            raise TrackerError(f"{FILE}: a hook is a table.", "Write it under [[hook]].")
        hook = _hook(given, environment, toml)
        if hook.name in found:
            raise TrackerError(
                f"{FILE}: there are two hooks {hook.name}.", "Each needs a name of its own."
            )
        found[hook.name] = hook
    return found


def _hook(given: Mapping[str, Any], environment: Mapping[str, str], toml: str) -> Hook:
    check(given, _KEYS, where=FILE, toml=toml, under="hook")

    def wrong(key: str, wanted: str) -> TrackerError:
        return TrackerError(f"{FILE}: “{key}” of a hook must be {wanted}.", "See docs/intake.md.")

    name, source = given.get("name", ""), given.get("from", "")
    if not _NAME.fullmatch(name):
        raise wrong("name", "small letters, digits and hyphens")
    if source not in FROM:
        raise wrong("from", f"one of {', '.join(FROM)}")
    path = given.get("path", "articles/{slug}.md")
    if source != "github" and "{slug}" not in path and "{id}" not in path:
        raise wrong("path", "a path with {slug} or {id}")
    markup = given.get("html", "markdown")
    if markup not in ("markdown", "keep", "strip"):
        raise wrong("html", "markdown, keep or strip")
    fields = given.get("fields", {})
    for key, value in fields.items():
        if key not in _FIELDS or not isinstance(value, str):
            raise wrong(f"fields.{key}", f"one of {', '.join(_FIELDS)}, and a place in the body")
    names = given.get("secret-env", ())
    names = (names,) if isinstance(names, str) else names
    secrets = tuple(environment[each] for each in names if environment.get(each))
    if not secrets:
        raise TrackerError(
            f"{FILE}: the hook {name} has no secret.",
            f"Set {' or '.join(names) or 'a variable that secret-env names'} in the environment.",
        )
    return Hook(
        name, source, _scheme(given, source, toml), secrets, path, given.get("by"), markup,
        given.get("locale", "en-US"), float(given.get("settle", SETTLE)),
        {**FIELDS.get(source, OWN), **fields}, given.get("branch", ""),
    )  # fmt: skip


def _scheme(given: Mapping[str, Any], source: str, toml: str) -> Scheme | None:
    if source != "custom":
        return SCHEMES.get(source)
    told = given.get("signature", {})
    check(told, _SIGNATURE_KEYS, where=FILE, toml=toml, under="hook")
    if not told.get("header") or told.get("form", "hex") not in (
        "hex", "base64", "base64url", "static",
    ):  # fmt: skip
        raise TrackerError(
            f"{FILE}: a custom hook says how it is signed.",
            'Write signature = { header = "X-Signature", form = "hex" }; see docs/intake.md.',
        )
    if "{body}" not in told.get("signed", "{body}") or told.get("algorithm", "sha256") not in (
        "sha256", "sha512", "sha1",
    ):  # fmt: skip
        raise TrackerError(f"{FILE}: a signature is over {{body}}, by sha256.", "See docs.")
    return Scheme(
        told["header"].lower(), told.get("form", "hex"), told.get("key", ""),
        told.get("signed", "{body}"), told.get("time-key", ""), told.get("time-header", "").lower(),
        1000 if told.get("unit") == "ms" else 1, told.get("algorithm", "sha256"),
        told.get("event", "").lower(),
    )  # fmt: skip


# --- events ---------------------------------------------------------------------------------------

OWN = {key: f"data.{key}|{key}" for key in _FIELDS if key != "rich"}
"""Where a body in our own form has each field: at its top, or in ``data`` (Standard Webhooks)."""


def _either(*places: str, **names: str) -> dict[str, str]:
    return {
        key: "|".join(f"{place}.{name}" for place in places) for key, name in names.items()
    }  # fmt: skip


FIELDS: dict[str, Mapping[str, str]] = {
    "ghost": {
        **_either(
            "post.current", "page.current", id="id", title="title", html="html",
            at="updated_at", published="published_at", author="primary_author.name", url="url",
            description="custom_excerpt", status="status",
        ),
        "id": "post.current.id|page.current.id|post.previous.id|page.previous.id",
        "slug": "post.current.slug|page.current.slug|post.previous.slug|page.previous.slug",
        "before": "post.previous.status|page.previous.status",
    },
    "contentful": {
        "id": "sys.id", "slug": "fields.slug", "title": "fields.title", "rich": "fields.body",
        "at": "sys.publishedAt|sys.updatedAt", "published": "fields.publishDate",
        "author": "fields.author", "description": "fields.description", "url": "fields.url",
    },
    "sanity": {
        "id": "_id", "slug": "slug.current|slug", "title": "title", "text": "text", "html": "html",
        "at": "_updatedAt", "published": "publishedAt", "author": "author.name|author",
        "url": "url", "description": "description",
    },
    "strapi": {
        **_either(
            "entry", id="documentId", slug="slug", title="title", text="body", html="html",
            at="updatedAt", published="publishedAt", author="author.name", url="url",
            description="description",
        ),
    },
    "woocommerce": {**OWN, "html": "description", "at": "date_modified_gmt", "title": "name"},
}  # fmt: skip
"""Where each CMS has the fields of an entry; places with a bar between are tried in turn."""


def read_event(hook: Hook, sent: Sent) -> CmsEvent:
    """What a request tells. Raises ``NotWantedError``, or ``TrackerError`` for a broken one."""
    try:
        body = json.loads(sent.body)
    except (ValueError, RecursionError):
        raise TrackerError("The body is not JSON.", "Send the event as application/json.") from None
    if not isinstance(body, dict):
        raise TrackerError("The body is not an object.", "Send one event a request.")
    if sent.body == TEST:
        raise NotWantedError("it is a test")
    name = event_name(hook.source, hook.scheme, sent)
    if hook.source == "github":
        return _push(hook, sent, body, name)
    gone = _is_gone(hook, sent, body)
    read = _Read(body, hook)
    status, before = read.word("status").lower(), read.word("before").lower()
    if status not in _OUT and not gone:
        if before not in _OUT or not before:
            raise NotWantedError(f"its status is {status[:40]}, and readers do not see it")
        gone = True
    at = read.instant("at")
    identity = read.word("id")
    path = read.path(identity)
    by = read.word("author")[:200] or hook.by
    if by is not None and not any(letter.isalnum() for letter in by):
        by = hook.by
    url = read.word("url")
    if gone:
        return CmsEvent(name, identity, path, None, at, by, url)
    note = read.word("note") or None
    kind = read.word("kind") or "update"
    return CmsEvent(name, identity, path, read.text(), at, by, url, note, kind)


def _is_gone(hook: Hook, sent: Sent, body: Mapping[str, Any]) -> bool:
    """Whether the event says that readers cannot see the entry any more.

    Raises ``NotWantedError`` for what the CMS tells of and readers do not see.
    """
    if hook.source == "contentful":
        action = sent.headers.get("x-contentful-topic", "").rpartition(".")[2]
        if action not in ("publish", "unpublish", "delete"):
            raise NotWantedError(f"“{action[:40]}” is no publication")
        return action != "publish"
    if hook.source == "sanity":
        return sent.headers.get("sanity-operation", "") == "delete"
    if hook.source == "strapi":
        action = str(body.get("event", "")).rpartition(".")[2]
        if action not in ("publish", "unpublish", "delete"):
            raise NotWantedError(f"“{action[:40]}” is no publication")
        return action != "publish"
    kind = str(body.get("type") or body.get("event") or "")
    return kind.rpartition(".")[2] in ("deleted", "unpublished", "delete", "unpublish", "trashed")


def _push(hook: Hook, sent: Sent, body: Mapping[str, Any], name: str) -> CmsEvent:
    kind = sent.headers.get("x-github-event", "push")
    branch = hook.branch or "main"
    if kind != "push" or body.get("ref") != f"refs/heads/{branch}":
        raise NotWantedError(f"it is no push of {branch}")
    return CmsEvent(name, "", "", None, None, None, "", sync=True)


class _Read(NamedTuple):
    """The body of an event, read by the hook's places."""

    body: Mapping[str, Any]
    hook: Hook

    def value(self, key: str) -> Any:
        for place in self.hook.fields.get(key, "").split("|"):
            found: Any = self.body
            for part in place.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if self.hook.source == "contentful" and isinstance(found, dict) and place != "sys":
                found = found.get(self.hook.locale, next(iter(found.values()), None))
            if found not in (None, "", {}, []):
                return found
        return None

    def word(self, key: str) -> str:
        found = self.value(key)
        if isinstance(found, dict):
            found = found.get("name")
        return " ".join(str(found).split()) if isinstance(found, str | int | float) else ""

    def instant(self, key: str) -> datetime | None:
        written = self.word(key)
        if not written:
            return None
        try:
            at = datetime.fromisoformat(written)
        except ValueError:
            raise TrackerError(
                f"The event's time is no instant: “{written[:60]}”.",
                "Send ISO 8601.",
            ) from None
        if at.tzinfo is None or not 1970 <= at.year < 9990:
            raise TrackerError(
                f"The event's time has no offset from UTC: “{written[:60]}”.",
                "Send ISO 8601 with an offset, as 2022-05-12T07:45:00Z.",
            )
        return at

    def path(self, identity: str) -> str:
        given = self.word("path")
        if given:
            return given
        slug = self.word("slug")
        if not slug and "{slug}" in self.hook.path:
            if identity:
                return ""  # an event that tells the id alone: where it went is known
            raise TrackerError("The event has no slug.", "Map one: fields = { slug = … }")
        for part in (slug, identity):
            if part and not _PLAIN_SLUG.fullmatch(part):
                raise TrackerError("The event's slug is no plain name.", "Map another field.")
        return self.hook.path.replace("{slug}", slug).replace("{id}", identity)

    def text(self) -> bytes:
        given, html, rich = self.value("text"), self.value("html"), self.value("rich")
        title = self.word("title")
        if isinstance(given, str) and (given.startswith(("---\n", "+++\n")) or not title):
            return _encoded(given)
        if isinstance(given, str):
            body = given
        elif isinstance(html, str):
            try:
                body = html_body(html, self.hook.markup)
            except ValueError as error:
                raise TrackerError(f"The event's HTML cannot be read: {error}.", "") from None
        elif isinstance(rich, dict):
            body = rich_text(rich)
        elif isinstance(rich, str):
            body = rich
        else:
            raise TrackerError("The event has no text.", "Map one: fields = { html = … }")
        published, identity = self.word("published"), self.word("id")
        fields = {
            "title": title, "date": published, "author": self.word("author"),
            "description": self.word("description"),
            "id": f"{self.hook.source}:{identity}" if identity else "",
        }  # fmt: skip
        return _encoded(with_front_matter(fields, body))


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise TrackerError("The event's text holds zero bytes.", "An article is text.")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise TrackerError("The event's text holds half a character.", "Send UTF-8.") from None


# --- Contentful's rich text -----------------------------------------------------------------------

_MARKS = {"bold": "**", "italic": "*", "code": "`"}
_SPECIAL = re.compile(r"([\\`*_\[\]])")
_DEEPEST = 50


def rich_text(document: Mapping[str, Any]) -> str:
    """A document of Contentful's rich text as Markdown; embedded entries and assets left out."""
    return "\n\n".join(part for part in _blocks(document.get("content", []), 0) if part.strip())


def _blocks(nodes: Any, depth: int) -> list[str]:
    if depth > _DEEPEST:
        raise TrackerError("The event's text is nested too deeply.", "")
    return [_block(node, depth) for node in nodes if isinstance(node, dict)]


def _block(node: Mapping[str, Any], depth: int) -> str:
    kind, content = str(node.get("nodeType", "")), node.get("content", [])
    if kind.startswith("heading-"):
        return f"{'#' * int(kind[-1])} {_inline(content, depth)}"
    if kind in ("unordered-list", "ordered-list"):
        items = [_blocks(item.get("content", []), depth + 1) for item in content]
        marks = ["-" if kind[0] == "u" else f"{number}." for number in range(1, len(items) + 1)]
        return "\n".join(
            f"{mark} " + "\n\n".join(item).replace("\n", "\n    ")
            for mark, item in zip(marks, items, strict=True)
        )
    if kind == "blockquote":
        inner = "\n\n".join(_blocks(content, depth + 1))
        return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
    if kind == "hr":
        return "---"
    if kind == "table":
        rows = [f"| {' | '.join(_cells(row, depth))} |" for row in content]
        columns = len(_cells(content[0], depth)) if content else 0
        return "\n".join([*rows[:1], "|" + " --- |" * columns, *rows[1:]])
    return _inline(content, depth)


def _cells(row: Mapping[str, Any], depth: int) -> list[str]:
    return [" ".join(_blocks(cell.get("content", []), depth + 1)) for cell in row["content"]]


def _inline(nodes: Any, depth: int) -> str:
    if depth > _DEEPEST:
        raise TrackerError("The event's text is nested too deeply.", "")
    parts = []
    for node in nodes:
        if node.get("nodeType") == "text":
            said = _SPECIAL.sub(r"\\\1", str(node.get("value", ""))).replace("<", "&lt;")
            if said.strip():
                for mark in node.get("marks", []):
                    sign = _MARKS.get(mark.get("type"), "")
                    said = f"{sign}{said}{sign}"
            parts.append(said.replace("\n", "  \n"))
        elif node.get("nodeType") == "hyperlink":
            target = str(node.get("data", {}).get("uri", ""))
            parts.append(f"[{_inline(node.get('content', []), depth + 1)}]({target})")
        else:
            parts.append(_inline(node.get("content", []), depth + 1))
    return "".join(parts)


def check_pattern(patterns: Sequence[str]) -> None:
    """Raise ``TrackerError`` for a pattern of paths that is none."""
    for each in patterns:
        if not each.strip() or each.startswith("/") or ".." in each.split("/"):
            raise TrackerError(f"“{each}” is no pattern of paths.", "Write it like content/**.")
