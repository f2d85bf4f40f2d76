"""What sites add to Markdown: attribute lists, boxes, shortcodes, Liquid, JSX.

Each is found before the Markdown is read, and something plain stands for it then; the values in it
that readers see (a caption, a title) are told apart from the rest.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from tracker.text import expression

_IMPORT = expression(
    r"^(?:import[ \t]++[\w{*\"'][^\n;]{0,400}+;?"
    r"|export[ \t]++(?:const|let|default|function)\b.*+)$",
    re.MULTILINE,
)


Hidden = Literal["marks", "comment", "template", "attributes"]


class Mask(NamedTuple):
    """Something that the parser shall not read as words."""

    start: int
    end: int
    role: Hidden
    alone: bool  # on lines of its own


_WORDY = (
    r"(?:[#.][A-Za-z][\w:-]{0,100}+|[A-Za-z][\w:-]{0,60}+=(?:\"[^\"\n]{0,300}+\"|'[^'\n]{0,300}+'"
    r"|[^\s{}\"'<>]{1,200}+)|-)"
)


@cache
def _braces() -> re.Pattern[str]:
    return re.compile(
        rf"""\{{(?:
          (?P<liquid>%) | (?P<hugo>\{{) | (?P<remark>/\*) | (?P<note>\#(?=[ \t\n]))
        | (?P<list>:[^{{}}\n]{{0,500}}+\}} | [ ]?{_WORDY}(?:[ \t]++{_WORDY}){{0,20}}+[ \t]*+\}})
        )""",
        re.VERBOSE,
    )


@cache
def _lines() -> re.Pattern[str]:
    return re.compile(
        r"""^[ \t]{0,12}(?:
          (?P<contents>(?:\[TOC\]|\[\[_TOC_\]\]|\{toc\})[ \t]*+\r?$)
        | (?P<box>(?:!!!|\?\?\?\+?|===[!+]?)(?=[ ])[ ][ \t]*+(?:[\w|-]++(?:[ ]++[\w|-]++){0,6}+)?+
             (?:[ \t]*+"[^"\n]{0,300}+")?+[ \t]*+\r?$)
        | (?P<colons>:{3,12}(?=[ \t\w{\r\n]|\Z)[ \t]*+(?:[\w-]++)?+(?:\{[^{}\n]{0,300}+\})?+)
        )""",
        re.VERBOSE | re.MULTILINE,
    )


_LINE_SIGNS = ("[TOC]", "[[_TOC_]]", "{toc}", "!!! ", "???", "=== ", ":::")


_JSX = expression(
    r"</?[A-Z][\w.]{0,80}+(?:[\s/](?:\"[^\"]{0,2000}+\"|'[^']{0,2000}+'|`[^`]{0,2000}+`"
    r"|\{[^{}]{0,2000}+\}|\{\{[^{}]{0,2000}+\}\}|[^<>{}\"'`]){0,400}+)?+>"
    r"|\{[^{}\n]{1,300}+\}"
)
_CLOSING = {"liquid": "%}", "hugo": "}}", "remark": "*/}", "note": "#}"}
_LONGEST = 20_000
_TAG_NAME = expression(r"\{%-?\s*+(\w++)|\{\{[<%]\s*+(/?\s*+[\w./-]++)")


def masks_of(text: str, start: int, mdx: bool) -> list[Mask]:
    """Find what sites add to Markdown, in order; none inside another."""
    found: list[Mask] = []
    place = start
    finder = Finder(text)
    for match in _braces().finditer(text, start) if "{" in text else ():
        if match.start() < place:
            continue
        name, end = match.lastgroup or "", match.end()
        role: Hidden = "attributes" if name == "list" else "template"
        if name in _CLOSING:
            mark = _CLOSING[name]
            close = finder.find(mark, end)
            if close < 0 or close - match.start() > _LONGEST:
                continue
            end = close + len(mark)
            if name in ("remark", "note"):
                role = "comment"
            elif name == "liquid":
                called = _TAG_NAME().match(text, match.start(), end)
                if called and called[1] == "comment":
                    close = finder.find("endcomment", end)
                    close = text.find("%}", close, close + 40) if close >= 0 else -1
                    end, role = (close + 2, "comment") if close >= 0 else (end, role)
        found.append(Mask(match.start(), end, role, _alone(text, match.start(), end)))
        place = end
    if any(text.find(sign, start) >= 0 for sign in _LINE_SIGNS):
        found += [
            Mask(one.start(), one.end(), "marks", _alone(text, *one.span()))
            for one in _lines().finditer(text, start)
        ]
        found = _apart(found)
    if mdx:
        found += [Mask(one.start(), one.end(), "template", True)
                  for one in _IMPORT().finditer(text, start)]  # fmt: skip
        found += [
            Mask(one.start(), one.end(), "template", _alone(text, *one.span()))
            for one in _JSX().finditer(text, start)
        ]
        found = _apart(found)
    return found


def _apart(masks: list[Mask]) -> list[Mask]:
    """Return those that do not begin inside another, in order."""
    kept: list[Mask] = []
    for mask in sorted(masks):
        if not kept or mask.start >= kept[-1].end:
            kept.append(mask)
    return kept


class Finder:
    """Finds closing marks; what is known to be missing is not searched for again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known: dict[str, int] = {}

    def find(self, mark: str, start: int) -> int:
        """Return the offset of the next ``mark`` from ``start`` on; -1 if there is none."""
        place = self.known.get(mark, -2)
        if place == -1 or place >= start:
            return place
        place = self.text.find(mark, start)
        self.known[mark] = place
        return place


def _alone(text: str, start: int, end: int) -> bool:
    """Tell whether nothing but white space stands beside it on its lines."""
    before = text.rfind("\n", max(0, start - 80), start)
    if text[before + 1 if before >= 0 else max(0, start - 80) : start].strip(" \t>"):
        return False
    after = text.find("\n", end, end + 80)
    return not text[end : after if after >= 0 else end + 80].strip()


# CommonMark wants no spaces in a link's target; kramdown and Python-Markdown take them.
_SPACED_TARGET = expression(
    r"(?<=\]\()(?:/|\.\.?/|https?://)[^()\"'<>\s]{0,400}+(?: [^()\"'<>\s]{1,200}+){1,40}+(?=\))"
)
_CODE_TAG = expression(r"\{%-?\s*+(?:end)?highlight\b|\{\{[<%]\s*+/?\s*+highlight\b")
_INDENTED = expression(r"(?:(?:[ \t]*+(?:\r?\n|\Z))*+(?:[ ]{4}|\t)[^\n]*+(?:\n|\Z))++")


_MARGIN = 80  # blanks at the head of a line, at most


def masked(text: str, start: int, masks: list[Mask]) -> str:
    """Return the body with plain letters where the parser shall read none of what sites add."""
    parts: list[str] = []
    place = start
    for number, mask in enumerate(masks):
        if mask.start < place:
            continue
        parts.append(text[place : mask.start])
        raw = text[mask.start : mask.end]
        # Blanks before words would make them code.
        line = text.rfind("\n", max(start - 1, mask.start - _MARGIN, 0), mask.start) + 1
        opens = (line > 0 or mask.start < _MARGIN) and not text[line : mask.start].strip()
        stand = " " if mask.alone or (mask.role == "attributes" and not opens) else "x"
        if mask.alone and _CODE_TAG().match(raw):
            blank = "```" + " " * (len(raw) - 3)
        elif mask.role == "marks" and raw.lstrip(" ")[:1] in "!?=":
            margin = len(raw) - len(raw.lstrip(" "))
            blank = raw[:margin] + ">" + " " * (len(raw) - margin - 1)
        elif "\n" in raw:
            blank = re.sub(r"[^\n]", stand, raw)
        else:
            blank = stand * len(raw)
        parts.append(blank)
        place = mask.end
        if blank[-1:] == " " and ">" in blank:
            inside = _INDENTED().match(text, place + 1) if text[place : place + 1] == "\n" else None
            following = masks[number + 1].start if number + 1 < len(masks) else len(text)
            if inside and following >= inside.end():
                # The paragraphs of a box stand in it as those of a quotation do.
                parts.append("\n")
                parts.append(re.sub(r"(?m)^(?:    |\t)", _in_box, inside[0]))
                place = inside.end()
    parts.append(text[place:])
    if "](" not in text:
        return "".join(parts)
    return _SPACED_TARGET().sub(lambda found: found[0].replace(" ", "_"), "".join(parts))


def _in_box(found: re.Match[str]) -> str:
    return ">   " if len(found[0]) == 4 else ">"


# --- values that readers see ---------------------------------------------------------------------

VALUE = expression(
    r"(?:(?P<name>[A-Za-z][\w-]{0,60}+)\s{0,4}+=\s{0,4}+)?(?:\"(?P<two>[^\"]{0,20000}+)\""
    r"|'(?P<one>[^']{0,4000}+)'(?![\w])|`(?P<three>[^`]{0,4000}+)`)"
)
_SEEN_NAMES = expression(
    r"(?:.*[-_])?(?:alt|attr|attribution|author|body|by|byline|caption|cite|citation|content"
    r"|credit|dek|description|desc|figcaption|heading|headline|html|label|lede|message|name|notes?"
    r"|person|quote|role|said-by|source|speaker|subtitle|summary|tagline|text|title|who)|\w*caption",
    re.IGNORECASE,
)
_ADDRESS = expression(
    r"\S*+(?:://|\.(?:html?|md|png|jpe?g|gif|svg|webp|pdf)\b)\S*+\Z|[\w./#?&=%-]*/\S*+\Z"
)


_ASKS = expression(  # a box that asks readers for something, or sends them on
    r"\{\{[<%]\s?[\w/.-]{0,60}?(?:\btips?\b|\bcta\b|newsletter|donat|subscri|sign-?up|promo|related)"
)
_SLUG = expression(r"[a-z0-9_.-]*[0-9_-][a-z0-9_.-]*|[a-z]{1,2}|true|false|left|right|center|full")


def shown_values(text: str, mask: Mask) -> list[tuple[int, int]]:
    """Return the places of values in a shortcode, a tag or the head of a box that readers see."""
    found: list[tuple[int, int]] = []
    if mask.role == "marks":
        if text[mask.start : mask.end].lstrip()[:1] not in "!?=":
            return []
    elif text.startswith("{{", mask.start) and text[mask.start + 2 : mask.start + 3] not in "<%":
        return []  # a variable, with filters
    elif text.startswith(("import", "export"), mask.start) or _ASKS().match(text, mask.start):
        return []
    for match in VALUE().finditer(text, mask.start, mask.end):
        group = (
            "two" if match["two"] is not None else "one" if match["one"] is not None else "three"
        )
        low, high = match.span(group)
        words = match[group]
        name = match["name"]
        if (
            not words.strip()
            or _ADDRESS().match(words)
            or "{{" in words
            or _SLUG().fullmatch(words)
        ):
            continue
        if _SEEN_NAMES().fullmatch(name) if name else (" " in words or mask.role == "marks"):
            found.append((low, high))
    return found


_PICTURE = expression(r"\b(?:image|img|photo|picture|figure)", re.IGNORECASE)
_ALT = expression(r"\balt(?:[-_ ]?text)?\s*=\s*[\"'`]\Z", re.IGNORECASE)


def describes_picture(text: str, mask: Mask, low: int) -> bool:
    """Tell whether a value is the description of a picture that stands in its place."""
    if _ALT().search(text, max(mask.start, low - 20), low):
        return True
    named = text[max(mask.start, low - 3) : low].rstrip("\"'`").endswith("=")
    return (
        not named
        and _PICTURE().search(text, mask.start, min(mask.start + 40, mask.end)) is not None
    )
