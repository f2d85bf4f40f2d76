"""Rendered articles and comparisons, fit to stand in a page of ours.

``render/article_html`` has cleaned what comes in here: only elements of running text are left. What
it leaves and a page of ours still cannot take is changed tag by tag: a headline's own heading, so
that a page has one; pictures, which would tell other sites who reads; links that lead to a place
beside the article's own site; characters that turn the line.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape, unescape

from markupsafe import Markup

from tracker.render.article_html import article
from tracker.render.visible import visible

_WHOLE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_INSIDE = re.compile(r"#(?:move-\d+-(?:from|to)|revision-\d+)")  # links that we make ourselves

_START, _END = "\ue000", "\ue001"  # private characters, which Markdown passes through
_PRIVATE = re.compile("[\ue000\ue001]")

LONGEST = 300_000
"""Code points of a body that a page shows; the rest is a link away."""


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r'<(?:[^">]++|"[^"]*+")*+>|[^<]++|<')


@cache
def _attribute() -> re.Pattern[str]:
    return re.compile(r'([a-z-]+)="([^"]*+)"')


TURNING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
"""What ``visible`` writes out, but for the tab and line breaks, which it keeps."""


def fit(rendered: str, base: str = "") -> Markup:
    """Cleaned HTML as it may stand in a page.

    ``base`` is the web address of the article on its own site, which its relative links are
    resolved against; "" where that is not known: such links become plain words.
    """
    out: list[str] = []
    linked = False
    for match in _token().finditer(rendered):
        token = match.group()
        if len(token) > 1 and token.startswith("<"):
            out.append(_tag(token, base, linked=linked))
            linked = token.startswith(("<a ", "<a>")) or (linked and not token.startswith("</a"))
        else:
            out.append(TURNING.sub(_written_out, token.replace("<", "&lt;")))
    return Markup("".join(out))  # noqa: S704 - cleaned by nh3, and only made poorer here


def body(text: str, start: int, base: str = "") -> Markup:
    """The body of an article, from ``start`` on, as it may stand in a page."""
    return fit(article(text, start), base)


def line(markdown: str, words: str = "") -> Markup:
    """One line of Markdown, a note in house style, without its paragraph.

    ``words`` are those in it that are written by others: they cannot turn the rest of the line.
    """
    source = " ".join(_PRIVATE.sub("\ufffd", markdown).split())
    words = " ".join(_PRIVATE.sub("\ufffd", words).split())
    if words and words in source and _right_to_left().search(source):
        before, _, after = source.rpartition(words)
        source = f"{before}{_START}{words}{_END}{after}"
    rendered = fit(article(source)).strip()
    if rendered.startswith("<p>") and rendered.endswith("</p>") and rendered.count("<p>") == 1:
        return Markup(_isolated(rendered[3:-4]))  # noqa: S704 - a piece of what is safe already
    return Markup('<span class="plain"><bdi>{}</bdi></span>').format(visible(markdown))


def _isolated(rendered: str) -> str:
    """The line with ``<bdi>`` for the private characters, if no element stands across them."""
    before, start, rest = rendered.partition(_START)
    words, end, after = rest.partition(_END)
    if start and end and _closed_in_itself(words):
        return f"{before}<bdi>{words}</bdi>{after}"
    return rendered.replace(_START, "").replace(_END, "")


def _closed_in_itself(rendered: str) -> bool:
    depth = 0
    for tag in re.findall(r"<(?:/|(?!(?:br|hr|img|wbr)\b))", rendered):
        depth += -1 if tag == "</" else 1
        if depth < 0:
            return False
    return depth == 0


@cache
def _right_to_left() -> re.Pattern[str]:
    """Letters that are written from right to left (UAX #9, classes R and AL)."""
    return re.compile(
        "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
    )


def _written_out(found: re.Match[str]) -> str:
    return f'<span class="control">U+{ord(found.group()):04X}</span>'


def _tag(token: str, base: str, *, linked: bool) -> str:
    token = TURNING.sub("", token)
    if token.startswith("<img"):
        return _picture(_attributes(token), base, linked=linked)
    if token.startswith("<a ") and (target := _attributes(token).get("href")):
        return _link(token, target, base)
    if token.startswith(("<h1", "</h1")):
        return token.replace("h1", "h2", 1)
    return token


def _attributes(token: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _attribute().findall(token)}


def _link(token: str, target: str, base: str) -> str:
    """A link that leads where it led on the article's own site, or nowhere."""
    if _INSIDE.fullmatch(target) or _WHOLE.match(target):
        return token
    found = _resolved(target, base)
    return f'<a href="{escape(found)}" rel="noopener noreferrer nofollow">' if found else "<a>"


def _resolved(target: str, base: str) -> str:
    from urllib.parse import urljoin

    if not base or not target or target.startswith("#"):
        return ""
    try:
        found = urljoin(base, target)
    except ValueError:
        return ""
    return found if found.startswith(("http://", "https://")) else ""


def _picture(attributes: dict[str, str], base: str, *, linked: bool) -> str:
    """What stands for a picture: its words, and a way to it where there is one."""
    words = visible(attributes.get("alt") or attributes.get("title") or "")
    source = attributes.get("src", "")
    if not _WHOLE.match(source):
        source = _resolved(source, base)
    shown = escape(f"🖼 {words}".strip())
    if source and not linked:
        shown = f'<a href="{escape(source)}" rel="noopener noreferrer nofollow">{shown}</a>'
    return f'<span class="picture">{shown}</span>'
