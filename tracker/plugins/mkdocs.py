"""MkDocs: what readers were told of each page, its changelog, and links to its versions.

In ``mkdocs.yml``, with every option::

    plugins:
      - search
      - tracker:
          enabled: true
          newsroom: .                       # in the repository; default: where mkdocs.yml is
          base_url: https://example.com/h/  # of the pages of tracker serve or tracker site
          append: [updates, history]        # at the end of pages that do not name the place
          heading_level: 2                  # 0: no headings
          language: en                      # default: the newsroom's
          labels: {updates: What changed}
          date: updated                     # or touched: which date the page and the sitemap get

A page says ``[[updates]]``, ``[[changelog]]`` or ``[[history]]`` on a line of its own. Templates
find all there is in ``page.meta.tracker`` (``tracker.render.told.Account``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from mkdocs.config import base
from mkdocs.config import config_options as option
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils import get_build_datetime

from tracker.errors import TrackerError
from tracker.plugins.markdown import LABELS, TrackerExtension
from tracker.plugins.site import NAMES, ArticlePage, PluginSite
from tracker.render.told import Account

log = get_plugin_logger("tracker")


class TrackerConfig(base.Config):  # type: ignore[no-untyped-call]
    """The options of the plugin: see the head of this module."""

    enabled = option.Type(bool, default=True)
    newsroom = option.Type(str, default="")
    base_url = option.Optional(option.URL(is_dir=True))
    append = option.ListOfItems(option.Choice(NAMES), default=[])
    heading_level = option.Choice(range(7), default=2)
    language = option.Type(str, default="")
    labels = option.DictOfItems(option.Type(str), default={})
    date = option.Choice(("updated", "touched"), default="updated")


class TrackerPlugin(BasePlugin[TrackerConfig]):  # type: ignore[no-untyped-call]
    """Finds the article of each page, and puts its notes and its history there."""

    def __init__(self) -> None:
        self._site: PluginSite | None = None
        self._place: tuple[str, str] | None = None
        self._page: ArticlePage | None = None

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Keep the plugin from one build to the next while ``mkdocs serve`` runs."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Look at the repository, and take part in the rendering of pages."""
        self._page = None
        unknown = [name for name in self.config.labels if name not in LABELS]
        if unknown:
            raise PluginError(
                f"tracker: the option labels has no key “{unknown[0]}”. "
                f"Keys are: {', '.join(LABELS)}."
            )
        here = Path(config.config_file_path).parent if config.config_file_path else Path()
        folder = here / self.config.newsroom
        if self.config.enabled and not folder.is_dir():
            raise PluginError(f"tracker: there is no folder {folder}. Check the option newsroom.")
        place = str(folder), self.config.base_url or ""
        if self._site is None or place != self._place:
            base_url = self.config.base_url or None
            self._site = PluginSite(folder, base_url=base_url, warn=log.warning)
            self._place = place
        try:
            if self.config.enabled:
                self._site.open(get_build_datetime())
        except TrackerError as error:
            raise PluginError(f"tracker: {error.sentence} {error.hint}") from None
        extension: Any = TrackerExtension(
            lookup=self._shown,
            heading_level=self.config.heading_level,
            language=self.config.language,
            labels=self.config.labels,
            append=self.config.append,
        )
        config.markdown_extensions.append(extension)
        return config

    def _shown(self) -> ArticlePage | None:
        return self._page

    def on_page_markdown(
        self, markdown: str, *, page: MkDocsPage, config: MkDocsConfig, files: Files
    ) -> str:
        """Find the page's article before the page is rendered."""
        self._page = None
        source = page.file.abs_src_path
        if self._site is None or source is None or page.meta.get("tracker") is False:
            return markdown
        wanted = self._site.is_article(Path(source))
        if wanted or any(f"[[{name}]]" in markdown for name in NAMES):
            self._page = self._site.page(Path(source), page.file.content_string)
        if self._page is not None:
            self._tell(page, self._page.told)
        return markdown

    def _tell(self, page: MkDocsPage, told: Account) -> None:
        """Give the templates what there is, and the page its dates."""
        page.meta["tracker"] = told
        updated = told.updated or told.published
        dates = {"published": told.published, "updated": updated, "touched": told.touched}
        for name, at in dates.items():
            if at is not None:
                page.meta.setdefault(name, _day(at))
        chosen = dates[self.config.date]
        if chosen is not None:
            page.update_date = _day(chosen)  # of the sitemap
            page.meta.setdefault("revision_date", _day(chosen))  # themes show it as "last update"

    def on_post_page(self, output: str, *, page: MkDocsPage, config: MkDocsConfig) -> str:
        self._page = None
        return output

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Any
    ) -> LiveReloadServer:
        """Build again when something is recorded or the settings change."""
        for file in self._site.watched() if self._site and self.config.enabled else ():
            server.watch(str(file))
        return server


def _day(at: datetime) -> str:
    return at.date().isoformat()
