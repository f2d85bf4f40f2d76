"""Pages of a newspaper that there is not, with all that stands around an article on real ones."""

from __future__ import annotations

from html import escape

ARTICLE = tuple(
    " ".join(paragraph.split())
    for paragraph in """
The city council bought a second ferry on Tuesday, after four hours of debate, for $14 million.

The boat will sail between Havnby and the islands from May, mayor Ane Müller of Færøhavn said.

Twelve people spoke against the purchase; 21 spoke for it. The opposition wants a vote of the
people on it before the summer.

"We have waited ten years for this boat," said Jon Berg, who runs the port with 30 workers.

The first ferry, built in 1986, will be kept as a reserve until the end of the decade.
""".strip().split("\n\n")
)

NOTES = {
    "above": '<div class="note"><strong>Correction:</strong> {}</div>',
    "within_end": "<p><em>Correction: {}</em></p>",
    "correction": '<div class="correction">Correction: {}</div>',
    "aside": '<aside class="editors-note"><h4>Correction</h4><p>{}</p></aside>',
    "footer": "<footer><p>Correction: {}</p></footer>",
}

_RELATED = '<p class="related"><a href="/x/{0}">ALSO READ: {0}</a></p>'
FURNITURE: tuple[dict[str, str], ...] = (
    {
        "line": "<p>Published 3 hours ago</p><p>5 min read</p>",
        "within": _RELATED.format("The harbour that nobody wanted"),
        "teasers": "<ul>"
        + "".join(f'<li><a href="/n/{n}">News of village number {n}</a></li>' for n in range(8))
        + "</ul>",
    },
    {
        "line": "<p>Published 4 hours ago</p><p>6 min read</p><p>123 comments</p>",
        "within": _RELATED.format("School budget passed in the night"),
        "teasers": '<ul><li><a href="/n/9">Storm takes roof of the town hall</a></li></ul>',
    },
    {
        "line": "<p>Updated 15:10</p>",
        "within": '<div class="newsletter-box"><h3>Our morning letter</h3><p>The best of the '
        'coast, every day at six.</p><form><input name="m"><button>Sign up</button></form></div>',
        "ads": '<div class="ad-slot"><p>Cars from the coast, cheap as never before.</p></div>',
    },
    {
        "line": "<p>1,204 shares</p>",
        "within": '<div><strong>Read more:</strong> <a href="/z">Ferry fares go up again</a></div>',
        "ads": '<div class="ad-slot"><p>Houses by the sea, with a view of the islands.</p></div>',
        "teasers": '<div class="most-read"><h3>Most read</h3><a href="/q">A goat in the church</a>'
        "</div>",
    },
    {"line": "<p>Last updated: 3 May 2026</p>"},
)

_LAYOUTS = (
    """
<main><article class="story"><h1>{title}</h1>{line}{above}
<div class="body">{text}{within_end}{correction}</div>{aside}{footer}</article></main>{teasers}{ads}
""",
    """
<div id="content"><div class="post"><header><h1>{title}</h1>{line}</header>{above}{text}
{within_end}{correction}{aside}{footer}</div></div><div class="sidebar">{teasers}{ads}</div>
""",
    """
<article><div class="c-header"><h1>{title}</h1></div><section class="c-body">{line}{above}
{text}{within_end}{correction}</section>{ads}{aside}{footer}</article><aside>{teasers}</aside>
""",
    """
<div class="page"><nav><a href="/">Home</a> <a href="/news">News</a></nav><h1>{title}</h1>{line}
<div itemprop="articleBody">{above}{text}{within_end}{correction}</div>{aside}{footer}
{teasers}{ads}</div>
""",
)


def page(
    *,
    title: str = "City buys a second ferry",
    og_title: str = "",
    article: str = "",
    charset: str = "utf-8",
    free: str = "true",
    author: str = "Kari Lund",
    canonical: str = "",
    layout: str = "0",
    head: str = "",
    kind: str = "NewsArticle",
    **parts: str,
) -> str:
    """One page; ``parts`` stand where the layouts name them, ``within`` after the third paragraph.

    ``article`` is HTML in place of the usual paragraphs.
    """
    paragraphs = [f"<p>{text}</p>" for text in ARTICLE]
    paragraphs.insert(3, parts.pop("within", ""))
    names = ("line", "above", "within_end", "correction", "aside", "footer", "teasers", "ads")
    body = _LAYOUTS[int(layout)].format(
        title=escape(title),
        text=article or "".join(paragraphs),
        **{name: parts.pop(name, "") for name in names},
    )
    assert not parts, parts
    linked = (
        f'{{"@context": "https://schema.org", "@type": "{kind}", "headline": "{title}", '
        f'"author": {{"@type": "Person", "name": "{author}"}}, '
        f'"datePublished": "2026-05-03T12:39:00+02:00", "isAccessibleForFree": {free}}}'
    )
    meta = f'<meta charset="{charset}">' if charset else ""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head>{meta}<title>{escape(title)} - The Paper</title>'
        f'<meta property="og:title" content="{escape(og_title or title)}">{link}{head}'
        f'<script type="application/ld+json">{linked}</script></head><body>'
        f'<header><a href="/">The Paper</a></header>{body}'
        '<footer><p>© The Paper. <a href="/about">About us</a></p></footer></body></html>'
    )
