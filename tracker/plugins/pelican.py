"""Pelican: what readers were told of each article, its changelog, and links to its versions.

In ``pelicanconf.py``, with every setting::

    PLUGINS = ["tracker.plugins.pelican"]
    TRACKER_NEWSROOM = "."           # a folder of the repository; default: that of the settings
    TRACKER_BASE_URL = "https://example.com/h/"  # of the pages of tracker serve or tracker site
    TRACKER_APPEND = ["updates"]     # at the end of articles that do not name the place
    TRACKER_HEADING_LEVEL = 2        # 0: no headings
    TRACKER_LANGUAGE = "en"          # default: the newsroom's
    TRACKER_LABELS = {"updates": "What changed"}
    TRACKER_MODIFIED = True          # the note's date is the article's, where it gives none

Articles and pages get ``updates``, ``changelog``, ``revisions``, ``history_url`` and ``tracker``
(all there is: ``tracker.render.told.Account``). In Markdown, ``[[updates]]``, ``[[changelog]]`` or
``[[history]]`` on a line of its own puts them there.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from pelican import Pelican, signals
from pelican.contents import Article, Content, Page
from pelican.readers import MarkdownReader, Readers
from pelican.utils import (
    SafeDatetime,
    set_date_tzinfo,
    truncate_html_paragraphs,
    truncate_html_words,
)

from tracker.errors import TrackerError
from tracker.plugins.markdown import TrackerExtension
from tracker.plugins.site import ArticlePage as Shown
from tracker.plugins.site import PluginSite
from tracker.text.document import decode

log = logging.getLogger(__name__)


class _Build:
    def __init__(self, site: PluginSite, *, modified: bool) -> None:
        self.site = site
        self.modified = modified
        self.source: Path | None = None  # of the article whose Markdown is about to be rendered
        self._pages: dict[Path, Shown | None] = {}

    def shown(self) -> Shown | None:
        """What the article being read shows; after that, what is rendered is its metadata."""
        source, self.source = self.source, None
        return None if source is None else self.page(source)

    def page(self, source: Path) -> Shown | None:
        if source not in self._pages:
            try:
                text = decode(source.read_bytes())[0]
            except OSError:
                return None
            self._pages[source] = self.site.page(source, text)
        return self._pages[source]


_build: list[_Build] = []
"""The build under way; Pelican's signals carry no place for it."""


def _start(pelican: Pelican) -> None:
    """Look at the repository, and take part in the rendering of Markdown."""
    _build.clear()
    settings = pelican.settings
    folder = _folder(settings)
    site = PluginSite(folder, base_url=settings.get("TRACKER_BASE_URL"), warn=log.warning)
    try:
        build = _Build(site, modified=bool(settings.get("TRACKER_MODIFIED", True)))
        extension = TrackerExtension(
            lookup=build.shown,
            heading_level=settings.get("TRACKER_HEADING_LEVEL", 2),
            language=settings.get("TRACKER_LANGUAGE", ""),
            labels=settings.get("TRACKER_LABELS", {}),
            append=settings.get("TRACKER_APPEND", []),
        )
        now = SafeDatetime.now().astimezone()
        site.open(now)
    except TrackerError as error:
        raise RuntimeError(f"tracker: {error.sentence} {error.hint}") from None
    markdown = settings.setdefault("MARKDOWN", {})
    extensions = [
        each for each in markdown.get("extensions", []) if not isinstance(each, TrackerExtension)
    ]
    markdown["extensions"] = [*extensions, extension]
    _build.append(build)


def _folder(settings: dict[str, Any]) -> Path:
    given = settings.get("TRACKER_NEWSROOM")
    if given:
        folder = Path(given)
        if not folder.is_dir():
            raise RuntimeError(f"tracker: there is no folder {given}. Check TRACKER_NEWSROOM.")
        return folder
    return Path(settings["PATH"])


def _readers(readers: Readers) -> None:
    """Note which file is being read: Markdown itself is given the text alone."""
    for ending, reader in list(readers.reader_classes.items()):
        if isinstance(reader, type) and issubclass(reader, MarkdownReader):
            readers.reader_classes[ending] = _noting(reader)


def _noting(reader: type[MarkdownReader]) -> type[MarkdownReader]:
    if getattr(reader, "notes_its_source", False):
        return reader

    class Noting(reader):  # type: ignore[misc]
        """The reader that was there, which says what it reads."""

        notes_its_source = True

        def read(self, source_path: str) -> Any:
            """Read a file, and note which."""
            if _build:
                _build[0].source = Path(source_path)
            try:
                return super().read(source_path)
            finally:
                if _build:
                    _build[0].source = None

    return Noting


def _tell(content: Content) -> None:
    """Give an article or a page what its template may show."""
    if not _build or not isinstance(content, (Article, Page)) or not content.source_path:
        return
    build = _build[0]
    shown = build.page(Path(content.source_path))
    if shown is None:
        return
    told = shown.told
    _summarize(content)
    content.tracker = told
    content.updates = told.updates
    content.changelog = told.changelog
    content.revisions = told.versions
    content.history_url = told.history_url
    if build.modified and told.updated is not None and not hasattr(content, "modified"):
        at = told.updated.astimezone(content.timezone).replace(tzinfo=None)
        moment = SafeDatetime(at.year, at.month, at.day, at.hour, at.minute, at.second)
        content.modified = set_date_tzinfo(moment, str(content.timezone))
        content.locale_modified = content.modified.strftime(content.date_format)


_LISTS = re.compile(
    r'<section class="tracker-(?:updates|changelog)".*?</section>'
    r'|<p class="tracker-history">.*?</p>',
    re.DOTALL,
)


def _summarize(content: Content) -> None:
    """Keep the lists out of the summary that Pelican makes of the first words of an article."""
    if "summary" in content.metadata or not _LISTS.search(content._content):
        return
    settings = content.settings
    words = _LISTS.sub("", content._content)
    if settings.get("SUMMARY_MAX_PARAGRAPHS") is not None:
        words = truncate_html_paragraphs(words, settings["SUMMARY_MAX_PARAGRAPHS"])
    if settings["SUMMARY_MAX_LENGTH"] is not None:
        words = truncate_html_words(
            words, settings["SUMMARY_MAX_LENGTH"], settings["SUMMARY_END_SUFFIX"]
        )
    content.metadata["summary"] = words


def register() -> None:
    signals.initialized.connect(_start)
    signals.readers_init.connect(_readers)
    signals.content_object_init.connect(_tell)
