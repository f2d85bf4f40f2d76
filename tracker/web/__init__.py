"""The pages for readers and editors: a Flask application that only reads.

``tracker serve`` runs it, and ``tracker site`` writes the same pages to files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from flask import Flask

from tracker.web import (
    api,
    article_pages,
    background,
    compare_pages,
    editors_pages,
    http,
    memento,
    newsroom_pages,
    page,
    publisher_pages,
    server,
)
from tracker.web.addresses import (
    AddressConverter,
    MonthConverter,
    Publishing,
    StampConverter,
    YearConverter,
)
from tracker.web.background import Background
from tracker.web.desk import OpenNewsrooms


class Application(Flask):
    """A Flask application with our templates."""

    jinja_environment = page.Templates  # type: ignore[assignment]


def create_app(
    newsroom: Path,
    *,
    base_url: str | None = None,
    now: Callable[[], datetime] | None = None,
    host: str = "127.0.0.1",
    hosts: Collection[str] = (),
    files: bool = False,
    relative: bool = False,
    unpublished: bool = True,
    editors: bool = True,
    pages: Collection[str] = (),
    since: datetime | None = None,
) -> Flask:
    """The application for the newsroom at a path.

    ``base_url`` is where readers find the pages, scheme and path included; without it, links are
    made for where a request came to. ``now`` gives the present time, aware; without it, the
    machine's clock does. ``host`` is what the server listens on, and ``hosts`` are further names
    that a request may give. ``files``: the pages are written to files, so that forms and searches
    are left out; ``relative``: with links from file to file. ``unpublished``: versions that
    readers could not see yet are shown too, and marked. ``editors``: with what ``check`` finds.
    ``pages``: what files have beside the rest, of ``tracker.house.site.PAGES``. ``since``: files
    have only the articles that changed from then on.
    """
    app = Application("tracker.web", static_folder=None, template_folder="templates")
    app.url_map.converters.update(
        address=AddressConverter, month=MonthConverter, stamp=StampConverter, year=YearConverter
    )
    app.config.update(
        MAX_CONTENT_LENGTH=http.LONGEST_BODY,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    base = base_url.rstrip("/") if base_url else None
    app.extensions["tracker-site"] = Publishing(
        base, files, relative, unpublished, frozenset(pages), since
    )
    app.extensions["tracker-desk"] = OpenNewsrooms(newsroom, now or _clock)
    http.install(app, http.Hosts(host, base, hosts))
    http.install_caching(app)
    page.install(app)
    background.install(app)
    server.install(app)
    http.install_errors(app)
    app.extensions["tracker-workshop"] = Background(waits=not files)
    for room in (newsroom_pages, article_pages, compare_pages, publisher_pages, memento):
        app.register_blueprint(room.pages)
    if not files:
        app.register_blueprint(api.pages)
    if editors:
        app.register_blueprint(editors_pages.pages)
    if editors and not files:
        app.register_blueprint(api.findings_pages)
    return app


def _clock() -> datetime:
    return datetime.now().astimezone().replace(microsecond=0)
