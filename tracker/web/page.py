"""Making a page: templates, the words and dates of the newsroom's language, safe pieces of HTML."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request
from flask.templating import Environment
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from tracker.house.phrases import FIRST
from tracker.locale import base
from tracker.model import Precision, Reason, Saying
from tracker.render.visible import visible
from tracker.web import addresses
from tracker.web.addresses import Addresses
from tracker.web.desk import current, desk
from tracker.web.links import link, site
from tracker.web.wording import Words


class Pages(Environment):
    """Templates in which everything is escaped, and a name that is not known is a fault."""

    def __init__(self, app: Flask, **options: object) -> None:
        options.update(
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            finalize=_visible,
        )
        super().__init__(app, **options)


def _visible(value: object) -> object:
    """Whatever a template shows: no character of a text moves what stands around it."""
    return visible(value) if type(value) is str else value


def install(app: Flask) -> None:
    """Give the application's templates what they speak with."""
    environment = app.jinja_env
    environment.globals.update(
        addresses=addresses, link=link, t=_phrase, clock=_clock, day=_day, on=_on, month=_month,
        say=_say, lang=_lang,
    )  # fmt: skip
    environment.filters.update(shown=shown, apart=apart, number=_number, safe_format=_format)


@cache
def _words(
    tag: str, zone: ZoneInfo | None, zone_names: tuple[tuple[str, tuple[str, ...]], ...] | None
) -> Words:
    return Words(tag, zone, None if zone_names is None else dict(zone_names))


def words() -> Words:
    """The words of the pages, in the newsroom's language and zone."""
    settings = current().settings
    tag, locale = settings.language, settings.style.locale
    # "en" of a house that writes as Americans do has their dates.
    if locale.partition("-")[0] == tag:
        tag = locale
    names = None
    if base(tag) != FIRST and base(tag) == base(settings.style.language):
        names = tuple(settings.style.zone_names.items())
    return _words(tag, settings.clock, names)


def page(template: str, **values: object) -> str:
    """A page: its template filled in, with what every page has."""
    settings = current().settings
    said = words()
    environment = _environment()
    return environment.get_template(template).render(
        newsroom_name=settings.name or said("newsroom"),
        language=said.tag,
        site=site(),
        here=request.path,
        section=_section(request.path),
        sections=sections(),
        **values,
    )


def _section(path: str) -> str:
    """The entry of the menu that a page belongs to; "" for the pages of an article."""
    first = path.split("/")[1]
    return "latest" if first in ("", "latest", "month") else first


def _environment() -> Environment:
    return current_app.jinja_env


def sections() -> frozenset[str]:
    """Which of the newsroom's pages there are: an entry of the menu leads to each."""
    known: frozenset[str] | None = current_app.extensions.get("tracker-sections")
    if known is None:
        rules = {rule.rule for rule in current_app.url_map.iter_rules()}
        found = {"latest": "/", "articles": "/articles/", "corrections": "/corrections/"}
        found |= {"changelog": "/changelog/", "check": "/check/"}
        known = frozenset(name for name, path in found.items() if path in rules)
        current_app.extensions["tracker-sections"] = known
    return known


def known_addresses() -> Addresses:
    """The addresses of the articles that are there now; made once for each edition."""
    room = current()

    def make() -> Addresses:
        paths = room.workspace.paths() if room.repository.head is not None else ()
        return Addresses.of(paths, room.workspace.under)

    return desk().kept("addresses", "", make)


def address_of(path: str) -> str:
    """The address of the article at a path in the repository."""
    return known_addresses().address(path)


def shown(text: str) -> str:
    """A text with its control characters made visible, to be escaped by the template."""
    return visible(text)


def apart(text: str) -> Markup:
    """A name or headline that cannot turn the line around it, whatever letters it has."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def _phrase(key: str, /, *, number: int | None = None, **values: object) -> str:
    return words()(key, number=number, **values)


def _say(said: Saying | Reason, language: str = "") -> Markup:
    return words().say(said, language)


def _lang(language: str) -> Markup:
    """The attribute that says a text's language, where it is not the page's."""
    found = words().lang(language)
    return Markup(' lang="{}"').format(found) if found else Markup("")


def _clock(at: datetime) -> Markup:
    """An instant, with minute and zone."""
    return _clock_in(words(), at)


def _day(at: datetime) -> Markup:
    """The day of an instant."""
    return _day_in(words(), at)


# A history names the instants of its revisions again and again; each takes some 200 bytes.


@lru_cache(maxsize=8_192)
def _clock_in(said: Words, at: datetime) -> Markup:
    return _time(said, at, said.instant(at))


@lru_cache(maxsize=8_192)
def _day_in(said: Words, at: datetime) -> Markup:
    return _time(said, at, said.day(at))


def _time(said: Words, at: datetime, shown: str) -> Markup:
    stamp = said.local(at).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(stamp, shown)


def _on(at: datetime, precision: Precision) -> Markup:
    """When a note says that it went out, as exactly as it says."""
    if precision == "minute":
        return _clock(at)
    return Markup('<time datetime="{}">{}</time>').format(at.date().isoformat(), words().day(at))


def _month(month: str, *, inside: bool = False) -> str:
    return words().month(month, inside=inside)


def _number(found: int) -> str:
    return words().number(found)


def _format(pattern: str, *values: object) -> Markup:
    """HTML of ours with values set into it, each escaped."""
    return Markup(pattern).format(*values)  # noqa: S704 - the templates' own words


def html(text: str) -> Markup:
    """A text as HTML that shows it."""
    return escape(visible(text))
