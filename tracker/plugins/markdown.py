"""Python-Markdown: a page's notes or its changelog, where it says ``[[updates]]``.

``[[updates]]``, ``[[changelog]]`` and ``[[history]]`` (a link) are known on a line of their own,
not in code, not in comments, not indented; ``\\[[updates]]`` is left as text. Notes that stand in
the page's text as well move to the place that is named: none is shown twice. As an extension it is
named ``tracker``, or ``tracker.plugins.markdown``::

    markdown.markdown(text, extensions=["tracker"], extension_configs={
        "tracker": {"newsroom": "path/of/the/repository", "article": "content/posts/ferry.md"}})
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from tracker.errors import TrackerError
from tracker.house.footer import without_any_blocks
from tracker.model import Note
from tracker.plugins import site
from tracker.plugins.site import ArticlePage, PluginSite
from tracker.render.article_html import article as article_html
from tracker.render.told import (
    Look,
    ToldNote,
    changelog_html,
    history_html,
    note_html,
    updates_html,
)
from tracker.text.document import decode, parse, with_updates

log = logging.getLogger(__name__)

LABELS = ("updates", "changelog", "history", "changes", "version", "withdrawn", "amended")
"""The words around the notes that a site may set itself."""

_BEFORE_FRONT_MATTER = 28  # Python-Markdown's own reader of front matter has 27, of fences 25

Lookup = Callable[[], ArticlePage | None]
"""What the page being rendered shows; None where it is no article."""


class TrackerExtension(Extension):
    """Puts an article's notes and changelog into its page.

    Options: ``newsroom`` (the folder; default: the current one), ``article`` (the page's file,
    relative to it, or a function that returns that), ``base_url`` (of the pages of ``tracker
    serve`` or ``tracker site``; default: ``[site] url`` in tracker.toml), ``heading_level`` (1 to
    6, or 0 for no headings; default: 2), ``language`` (of the words around the notes; default: the
    newsroom's), ``labels`` (a mapping of such words, keys as in ``LABELS``), ``append`` (a list of
    "updates", "changelog", "history": what stands at the end of a page that does not name its
    place). Raises ``TrackerError`` for an option that is wrong.
    """

    def __init__(self, *, lookup: Lookup | None = None, **options: Any) -> None:
        self.config = {
            "newsroom": [".", "The folder of the newsroom."],
            "article": ["", "The file of the page's article, or a function that returns it."],
            "base_url": ["", "Where the pages of tracker serve or tracker site are."],
            "heading_level": [2, "Level of the headings, 1 to 6; 0 for none."],
            "language": ["", "Language of the words around the notes."],
            "labels": [{}, "Words to use instead."],
            "append": [[], "What stands at the end of pages that do not name its place."],
        }
        self._lookup = lookup
        self._site: PluginSite | None = None
        super().__init__(**options)
        self._level = _level(self.getConfig("heading_level"))
        self._labels = _labels(self.getConfig("labels"))
        self._append = _append(self.getConfig("append"))

    def setConfig(self, key: str, value: Any) -> None:  # noqa: N802 - Python-Markdown's name
        """Set an option; refuse one that there is not."""
        if key not in self.config:
            known = ", ".join(self.config)
            raise TrackerError(
                f"The Markdown extension “tracker” has no option “{key}”.", f"Known are: {known}."
            )
        super().setConfig(key, value)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.preprocessors.register(_Placing(md, self), "tracker", _BEFORE_FRONT_MATTER)

    def page(self) -> ArticlePage | None:
        if self._lookup is not None:
            return self._lookup()
        named = self.getConfig("article")
        named = named() if callable(named) else named
        if not named:
            return None
        folder = Path(self.getConfig("newsroom"))
        if self._site is None:
            base_url = self.getConfig("base_url") or None
            self._site = PluginSite(folder, base_url=base_url, warn=log.warning, every=False)
        if not self._site.open():
            return None
        file = folder / named
        return self._site.page(file, _text(file))

    def look(self, page: ArticlePage, *, anchors: bool = True) -> Look:
        """How the lists are put into a page."""
        return Look(
            language=self.getConfig("language") or page.settings.language,
            level=self._level,
            words=self._labels,
            most=page.settings.footer_max,
            anchors=anchors,
        )

    @property
    def append(self) -> tuple[str, ...]:
        return self._append


class _Placing(Preprocessor):
    """Fills the places of a page before anything else reads its Markdown."""

    def __init__(self, md: Markdown, extension: TrackerExtension) -> None:
        super().__init__(md)
        self._extension = extension

    def run(self, lines: list[str]) -> list[str]:
        """The lines of the page, with what was made in the stash of raw HTML."""
        text = _without_notes_in_front("\n".join(lines))
        found = site.places(text)
        append = self._extension.append
        if not found and not append:
            return text.split("\n")
        page = self._extension.page()
        named = {place.name for place in found}
        ends = [name for name in append if name not in named]
        if "changelog" in named or "changelog" in ends:
            ends = [name for name in ends if name != "history"]  # the changelog ends with that link
        updates: tuple[ToldNote, ...] = page.told.updates if page else ()
        if page is not None and "updates" in named:
            text, updates = _gathered(text, page)
            found = site.places(text)
        elif page is not None and "updates" in ends:
            there = {note.words for note in site.standing(text, page.settings, None)}
            updates = tuple(note for note in updates if site.compared(note.text) not in there)
        made = [
            self._made(place.name, page, updates, first=place.name not in _names(found[:number]))
            for number, place in enumerate(found)
        ]
        text = site.filled(text, found, made)
        last = [self._made(name, page, updates, first=True) for name in ends]
        return "\n\n".join([text, *filter(None, last)]).split("\n")

    def _made(
        self, name: str, page: ArticlePage | None, updates: Sequence[ToldNote], *, first: bool
    ) -> str:
        """A mark for the HTML that stands in a place; "" where there is nothing to show."""
        if page is None:
            return ""
        look = self._extension.look(page, anchors=first)
        if name == "updates":
            made = updates_html(updates, page.settings, look)
        elif name == "changelog":
            made = changelog_html(page.told, look)
        else:
            made = history_html(page.told, look)
        return self.md.htmlStash.store(made) if made else ""


def _names(found: Sequence[site.Placement]) -> set[str]:
    return {place.name for place in found}


def _gathered(text: str, page: ArticlePage) -> tuple[str, tuple[ToldNote, ...]]:
    """The page's text without the notes that stand above and below it, and all notes to show.

    A line written by hand keeps its wording and its links. A note between two paragraphs stays
    where it is, and is not shown a second time.
    """
    text = without_any_blocks(text, parse(text).body_start)
    told = {site.compared(note.text) for note in page.told.updates}
    standing = [each for each in site.standing(text, page.settings, None) if each.words in told]
    moved = [each for each in standing if each.movable]
    staying = {each.words for each in standing if not each.movable}
    text, taken = site.cut(text, moved)
    by_hand = {each.words: words for each, words in zip(moved, taken, strict=True)}
    updates = []
    for note in page.told.updates:
        words = site.compared(note.text)
        if words in staying:
            continue
        written = by_hand.get(words, "").strip()
        if written and note.origin == "body" and written != note.line:
            note = note._replace(html=_by_hand(written, note, page))
        updates.append(note)
    return text, tuple(updates)


def _by_hand(written: str, note: ToldNote, page: ArticlePage) -> str:
    """A line as it stands in the text, as safe HTML: its own wording, with its links."""
    before, found, after = note.line.partition(note.text)
    if found and before and written.startswith(before) and written.endswith(after):
        text = written[len(before) : len(written) - len(after)]
        if "\n" not in text:  # the house's line, with links in it
            return note_html(Note(note.id, note.kind, text, note.at, note.precision), page.settings)
    return article_html(written).strip()


def _without_notes_in_front(text: str) -> str:
    """The text without the list of notes in its front matter, for readers that take no lists.

    Pelican's own reader takes ``Key: value`` between two lines of dashes, and would put a list
    into the page as text.
    """
    if not text.startswith("---"):
        return text
    try:
        return with_updates(parse(text), ())
    except TrackerError:
        return text


def _text(file: Path) -> str | None:
    try:
        return decode(file.read_bytes())[0]
    except OSError:
        return None


def _level(given: object) -> int:
    level = str(given).strip()
    if level not in "0123456" or len(level) != 1:
        raise TrackerError(
            f"The option heading_level must be a number from 0 to 6, and is “{given}”.",
            "Write 2 for <h2>, or 0 for no headings.",
        )
    return int(level)


def _labels(given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for each in given.values()):
        raise TrackerError(
            "The option labels must be words by their keys.", f"Keys are: {', '.join(LABELS)}."
        )
    for name in given:
        if name not in LABELS:
            raise TrackerError(
                f"The option labels has no key “{name}”.", f"Keys are: {', '.join(LABELS)}."
            )
    return dict(given)


def _append(given: object) -> tuple[str, ...]:
    names = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or any(each not in site.NAMES for each in names):
        known = ", ".join(site.NAMES)
        raise TrackerError(f"The option append must be a list of: {known}.", f"It is: {given!r}.")
    return tuple(dict.fromkeys(names))


def makeExtension(**options: Any) -> TrackerExtension:  # noqa: N802 - Python-Markdown's name
    """The extension, for Python-Markdown, which loads it by the name of this module."""
    return TrackerExtension(**options)
