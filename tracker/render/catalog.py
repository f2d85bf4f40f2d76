"""The state of the catalog, and what a search found, as lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tracker.model import Hit
from tracker.render.visible import visible

if TYPE_CHECKING:
    from tracker.house.settings import Settings
    from tracker.newsroom.catalog import CatalogState


def state_lines(state: CatalogState) -> Iterator[str]:
    """What the catalog holds."""
    yield f"{click.style('Catalog', bold=True)}  {visible(state.path)}"
    if not state.there:
        yield "  There is none yet that can be used: it is made when a question needs it."
        yield "  Make it now: tracker catalog --rebuild"
        return
    yield f"  size      {_size(state.bytes)}, format {state.format}"
    if state.newest is None:
        yield "  line      not read yet; tracker catalog --rebuild reads it"
    else:
        yield f"  line      {_many(state.commits, 'commit')}, the newest {state.newest[:10]}"
        gone = f" and {state.gone:,} that {'is' if state.gone == 1 else 'are'} gone"
        gone = gone if state.gone else ""
        texts = _many(state.articles, "text")
        yield f"  holds     {_many(state.revisions, 'revision')} of {texts}{gone}"
        yield f"  behind    {_behind(state.behind)}"
    yield (
        f"  articles  {state.read:,} read, {state.compared:,} compared,"
        f" {state.indexed:,} in the index of words"
    )
    yield f"  answers   {state.answers:,} remembered"


def _behind(commits: int | None) -> str:
    if commits is None:
        return "it is made anew when it is next needed"
    if commits == 0:
        return "nothing"
    return f"{_many(commits, 'commit')}; it catches up when it is next asked"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def hit_lines(hits: Sequence[Hit], settings: Settings) -> Iterator[str]:
    """Where words were found: the article, where in it, when, and the place with the words bold."""
    for number, hit in enumerate(hits):
        if number:
            yield ""
        at = hit.at.astimezone(settings.zone).strftime("%Y-%m-%d")
        where = f"note {hit.note}" if hit.where == "note" else hit.where
        headline = click.style(visible(hit.article.headline), bold=True)
        yield f"{headline}  {at}  {visible(where)}"
        yield click.style(f"  {visible(hit.article.path)}  {hit.commit[:10]}", dim=True)
        yield "  " + "".join(
            click.style(visible(piece), bold=True, fg="yellow") if found else visible(piece)
            for piece, found in hit.excerpt
        )
