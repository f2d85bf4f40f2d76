"""Articles that try to run something in a reader's browser, and a look at whether they could."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from playwright.sync_api import Browser

from tests.browsing import Watched, served
from tests.repositories import Builder
from tests.web_newsroom import SETTINGS
from tracker.web import addresses

RUN = "window.__xss=1;alert(1)"
VECTORS = (
    f"<script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea></style></script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"' autofocus onfocus='{RUN}",
    f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript>',
    f'<iframe src="javascript:{RUN}"></iframe>',
    '<iframe srcdoc="<script>parent.__xss=1</script>"></iframe>',
    f'<object data="javascript:{RUN}"></object><embed src="javascript:{RUN}">',
    f'<a href="javascript:{RUN}">a</a>',
    f'<a href="jAvA\tscript:{RUN}">a</a>',
    f"[a](javascript:{RUN})",
    f"[a](JAVASCRIPT:{RUN})",
    f"[a](java&#x09;script:{RUN})",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](vbscript:msgbox)",
    f"<javascript:{RUN}>",
    f"![a](javascript:{RUN})",
    f'![a](https://evil.example/p.png "x" onerror="{RUN}")',
    f"[a]: javascript:{RUN}\n\n[a]",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css'; body{display:none}</style>",
    '<div style="position:fixed;inset:0;background:url(https://evil.example/x)">x</div>',
    '<p style="background:expression(alert(1))">x</p>',
    "<base href=https://evil.example/>",
    '<meta http-equiv=refresh content="0;url=https://evil.example/">',
    f'<form action="https://evil.example"><button formaction="javascript:{RUN}">x</button></form>',
    f"<details open ontoggle={RUN}>x</details>",
    f"<video autoplay onplay={RUN}><source onerror={RUN}></video>",
    f"<input autofocus onfocus={RUN}>",
    f"<body onload={RUN}>",
    f"<template><script>{RUN}</script></template>",
    f"<x onclick={RUN} tabindex=1 id=main>x</x>",
    f"```html\n<script>{RUN}</script>\n```",
    f"<!--><script>{RUN}</script>-->",
    f"<!-- updates -->\n<script>{RUN}</script>\n<!-- /updates -->",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    "{{ 7*7 }}{% raw %}${alert(1)}#{alert(1)}",
    f"\u202e<script>{RUN}</script>\u2066",
    "\u202egnp.exe\u202c \u2067abc",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    "\x00<script\x00>alert(1)</script>\x1b[31m",
)
BAIT = st.sampled_from(VECTORS)
CRUMBS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], max_codepoint=0x2100), max_size=12
)


@st.composite
def baits(draw: st.DrawFn) -> str:
    """A known attempt, cut, joined with another, or with crumbs in it."""
    first = draw(BAIT)
    way = draw(st.integers(0, 3))
    if way == 1:
        at = draw(st.integers(0, len(first)))
        return first[:at] + draw(CRUMBS) + first[at:]
    if way == 2:
        return first + draw(CRUMBS) + draw(BAIT)
    if way == 3:
        return draw(BAIT)[: draw(st.integers(1, 40))] + first
    return first


def attempts() -> st.SearchStrategy[dict[str, str]]:
    """One article's words, each of which is an attempt."""
    return st.fixed_dictionaries(
        {name: baits() for name in ("title", "dek", "byline", "body", "note", "file", "author")}
    )


class Hostile(NamedTuple):
    """Where the attempts are played."""

    browser: Browser
    folder: Path


_numbers = itertools.count(1)


def play(stand: Hostile, tried: list[dict[str, str]]) -> None:
    """Put each attempt into an article of a newsroom, and look at all its pages."""
    folder = stand.folder / f"newsroom-{next(_numbers)}"
    builder, paths = _newsroom(folder, tried)
    with served(folder) as base:
        context = stand.browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        watched = Watched(page)
        for path in ["/", "/articles/", "/corrections/", "/changelog/", "/check/"]:
            _look(watched, base + path)
        for path, one in zip(paths, tried, strict=True):
            address = quote(path.removesuffix(".md"))
            stamp = addresses.stamp_of(_Newest(builder))
            _look(watched, f"{base}/article/{address}/")
            _look(watched, f"{base}/history/{address}/")
            _look(watched, f"{base}/change/{stamp}/{address}/")
            _look(watched, f"{base}/blame/{address}/")
            _look(watched, f"{base}/search/?" + urlencode({"q": one["body"][:150]}))
            _look(watched, f"{base}/?" + urlencode({"person": one["author"][:150]}))
        _look(watched, f"{base}/article/" + quote(tried[0]["body"][:100], safe="") + "/")
        context.close()


class _Newest:
    """The newest commit of a builder, as an address needs it."""

    def __init__(self, builder: Builder) -> None:
        from datetime import UTC, datetime

        self.commit = builder.commits[-1].hash
        self.at = datetime.fromisoformat("2022-05-02T12:00:00").replace(tzinfo=UTC)


def _newsroom(folder: Path, tried: list[dict[str, str]]) -> tuple[Builder, list[str]]:
    builder = Builder(folder)
    first: dict[str, str | bytes] = {"tracker.toml": SETTINGS}
    second: dict[str, str | bytes] = {}
    paths = []
    for number, one in enumerate(tried):
        path = f"articles/{number}{_file_name(one['file'])}.md"
        paths.append(path)
        head = {"title": one["title"], "subtitle": one["dek"], "author": one["byline"]}
        matter = "".join(f"{key}: {json.dumps(value)}\n" for key, value in head.items())
        note = json.dumps(
            [{"id": "u1", "kind": "correction", "at": "2022-05-02T12:00:00Z", "text": one["note"]}]
        )
        body = f"A first paragraph.\n\n{one['body']}\n\nThe end of 12 men.\n"
        first[path] = f"---\n{matter}---\n{body}"
        changed = body.replace("12 men", f"15 men {one['note']}")
        second[path] = f"---\n{matter}updates: {note}\n---\n{changed}"
    author = _author(tried[0]["author"])
    builder.commit("First", at="2022-05-01T12:00:00Z", write=first, author=author)
    builder.commit("Second", at="2022-05-02T12:00:00Z", write=second, author=author)
    builder.build(checkout=False)
    return builder, paths


def _file_name(text: str) -> str:
    kept = "".join(" " if each in "/\0\n\r" else each for each in text)
    return kept.encode()[:120].decode(errors="ignore")


def _author(text: str) -> bytes:
    kept = "".join(each for each in text if each not in "<>\0\n\r").strip() or "Mallory"
    return f"{kept} <m@example.org>".encode()


LOOK = """() => ({
  ran: window.__xss !== undefined,
  scripts: [...document.scripts].filter(s => !s.src.endsWith("/static/pages.js")
      && s.type !== "application/ld+json").length,
  frames: document.querySelectorAll("iframe, object, embed, base, meta[http-equiv], style").length,
  handlers: [...document.querySelectorAll("*")].flatMap(e => [...e.attributes])
      .filter(a => /^on/i.test(a.name) || a.name === "style" || a.name === "srcdoc").length,
  links: [...document.querySelectorAll("[href], [src], [action], [formaction]")]
      .flatMap(e => [e.href, e.src, e.action, e.formAction])
      .filter(u => typeof u === "string" && /^\\s*(javascript|data|vbscript):/i.test(u)).length,
  forms: [...document.forms].filter(f => new URL(f.action).origin !== location.origin).length,
  mains: document.querySelectorAll("main").length,
  turned: (() => {
    const copy = document.documentElement.cloneNode(true);
    copy.querySelectorAll("script[type='application/ld+json']").forEach(data => data.remove());
    return /[\\u202a-\\u202e\\u2066-\\u2069]/.test(copy.outerHTML);
  })(),
})"""
HARMLESS = {
    "ran": False,
    "scripts": 0,
    "frames": 0,
    "handlers": 0,
    "links": 0,
    "forms": 0,
    "mains": 1,
    "turned": False,
}


def _look(watched: Watched, address: str) -> None:
    answer = watched.page.goto(address)
    assert answer is not None
    assert answer.status in (200, 404), (address, answer.status)
    found = watched.page.evaluate(LOOK)
    assert found == HARMLESS, (address, found)
    assert watched.faults == [], address
