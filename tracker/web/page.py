"""Making a page: templates, the words and dates of the newsroom's language, safe pieces of HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial
from html import escape, unescape
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, current_app, g, request
from flask.templating import Environment
from jinja2 import StrictUndefined
from markupsafe import Markup

from tracker.house.dates.names import name_of
from tracker.locale import FIRST, base, languages, of_reason, page_language, phrases, unnested
from tracker.model import Precision, Reason, Saying, Value
from tracker.newsroom.selection import slug
from tracker.render.article_html import article
from tracker.render.plain import visible
from tracker.render.urls import Links
from tracker.web import addresses
from tracker.web.addresses import Addresses, absolute, file_of, link, site
from tracker.web.desk import current, desk


class Templates(Environment):
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
    environment.globals.update(addresses=addresses, link=link, address_of=address_of)
    environment.filters.update(
        shown=shown, apart=apart, number=_number, safe_format=_format, inside=_inside
    )


@cache
def _words(
    tag: str, zone: ZoneInfo | None, zone_names: tuple[tuple[str, tuple[str, ...]], ...] | None
) -> PageWords:
    return PageWords(tag, zone, None if zone_names is None else dict(zone_names))


def words() -> PageWords:
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
    how = site()
    path = "" if how.relative else quote(request.path)
    environment: Environment = current_app.jinja_env
    return environment.get_template(template).render(
        newsroom_name=settings.name or said("newsroom"),
        language=said.tag,
        said=said,
        t=said,
        say=said.say,
        month=said.month,
        clock=partial(_clock, said),
        day=partial(_day, said),
        on=partial(_on, said),
        lang=partial(_lang, said),
        site=how,
        here=request.path,
        section=_section(request.path),
        sections=_SECTIONS if "check" in current_app.blueprints else _SECTIONS - {"check"},
        # What paper says of a page: where it is, "" where that is not known, and how old it is.
        printed_at=g.get("last_modified"),
        printed_address=absolute(path) if path else "",
        **values,
    )


_SECTIONS = {"latest", "articles", "corrections", "changelog", "check"}
"""The entries of the menu."""


def _section(path: str) -> str:
    """The entry of the menu that a page belongs to; "" for the pages of an article."""
    first = path.split("/")[1]
    return "latest" if first in ("", "latest", "month") else first


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


def _lang(said: PageWords, language: str) -> Markup:
    """The attribute that says a text's language, where it is not the page's."""
    found = said.lang(language)
    return Markup(' lang="{}"').format(found) if found else Markup("")


# A history names the instants of its revisions again and again; each takes some 200 bytes.


@lru_cache(maxsize=8_192)
def _clock(said: PageWords, at: date) -> Markup:
    """An instant, with minute and zone; or a day."""
    return _time(said, at, said.instant(at))


@lru_cache(maxsize=8_192)
def _day(said: PageWords, at: datetime) -> Markup:
    return _time(said, at, said.day(at))


def _time(said: PageWords, at: date, shown: str) -> Markup:
    local = said.local(at) if isinstance(at, datetime) else at
    stamp = local.isoformat(timespec="seconds") if isinstance(local, datetime) else str(local)
    return Markup('<time datetime="{}">{}</time>').format(stamp, shown)


def _on(said: PageWords, at: datetime, precision: Precision) -> Markup:
    """When a note says that it went out, as exactly as it says."""
    if precision == "minute":
        return _clock(said, at)
    return Markup('<time datetime="{}">{}</time>').format(at.date().isoformat(), said.day(at))


def _number(found: int) -> str:
    return words().number(found)


def _inside(path: str | None) -> str:
    """A path from the newsroom's folder on."""
    return addresses.inside(path or "", current().workspace.under)


def _format(pattern: str, *values: object) -> Markup:
    """HTML of ours with values set into it, each escaped."""
    return Markup(pattern).format(*values)  # noqa: S704 - the templates' own words


def html(text: str) -> Markup:
    return Markup.escape(visible(text))


# --- the words of the pages in the newsroom's language --------------------------------------------


class PageWords:
    """The phrases of one language, and how numbers and instants are written in it.

    ``tag`` is the newsroom's language (BCP 47), ``zone`` the one that instants are shown in (None:
    each in its own offset), and ``zone_names`` what the house calls it, where it is not as in
    English. A language without a file here has its pages in English.
    """

    def __init__(
        self,
        tag: str,
        zone: ZoneInfo | None,
        zone_names: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._zone_names = zone_names
        known = base(tag) in languages("pages")
        self.tag = tag.replace("_", "-") if known else FIRST  # of the pages' words, for <html lang>
        self.zone = zone
        self.locale = _locale(self.tag)
        self._phrases = phrases(page_language(tag))

    def __call__(self, key: str, /, *, number: int | None = None, **values: object) -> str:
        """The phrase with its values in place; HTML where a value is ``Markup``.

        ``number`` chooses the plural form and stands for ``{number}``, written as the language
        writes numbers. Raises ``KeyError`` for a key or a value that there is not.
        """
        phrase = self._phrases[key]
        if not isinstance(phrase, str):
            form = str(self.locale.plural_form(number if number is not None else 0))
            phrase = phrase.get(form, phrase["other"])
        if number is not None:
            values["number"] = self.number(number)
        if any(isinstance(value, Markup) for value in values.values()):
            phrase = unnested(phrase, values, self.tag)
            return Markup(phrase).format(**values)  # noqa: S704 - phrases are ours; format escapes
        return phrase.format(**values) if values else phrase

    def say(self, said: Saying | Reason, language: str = "") -> Markup:
        """A saying as HTML.

        ``language`` is that of the articles whose words stand in it, "" where it is not known: they
        are marked with it where the page has another.
        """
        if isinstance(said, Reason):
            said = of_reason(said)
        lang = self.lang(language)
        number = None
        values: dict[str, object] = {}
        for name, value in said.values:
            if name == "number" and isinstance(value, int):
                number = value
            else:
                values[name] = self._value(name, value, lang)
        return Markup(self(said.code, number=number, **values))  # noqa: S704 - values are escaped

    def lang(self, language: str) -> str:
        """A text's language where a page has to say it: "" where it is the page's, or unknown."""
        return "" if not language or base(language) == base(self.tag) else language

    def _value(self, name: str, value: Value, lang: str) -> Markup | str:
        if isinstance(value, Saying | Reason):
            return self.say(value, lang)
        if isinstance(value, datetime):
            return Markup.escape(self.instant(value))
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int):
            return self.number(value)
        if name == "key" or name.startswith("command"):
            return Markup("<code>{}</code>").format(visible(value))
        attribute = Markup(' lang="{}"').format(lang) if lang and name not in _NO_WORDS else ""
        return Markup("<bdi{}>{}</bdi>").format(attribute, visible(value))

    def number(self, number: int) -> str:
        return str(format_decimal(number, locale=self.locale))

    def instant(self, at: date) -> str:
        """An aware instant with its minute and zone, “May 12, 2022, 7:45 AM EDT”; or a day."""
        if not isinstance(at, datetime):
            return self.day(at)
        time, zone = self._time(at)
        return self("form.instant", day=self.day(at), time=time, zone=zone)

    def day(self, at: datetime | date) -> str:
        """The day of an instant in the newsroom's zone: “May 12, 2022”."""
        day = self.local(at) if isinstance(at, datetime) else at
        return format_date(day, "long", locale=self.locale)

    def time(self, at: datetime) -> str:
        """The time of an aware instant, with its zone: “7:45 AM EDT”."""
        time, zone = self._time(at)
        return self("form.time", time=time, zone=zone)

    def _time(self, at: datetime) -> tuple[str, str]:
        local = self.local(at)
        time = format_time(local, "short", tzinfo=local.tzinfo, locale=self.locale)
        return time, name_of(local, self._zone_names or {})

    def span(self, length: timedelta) -> str:
        """A length of time in its largest unit: “2 days”."""
        return str(format_timedelta(length, granularity="minute", threshold=2, locale=self.locale))

    def local(self, at: datetime) -> datetime:
        """An aware instant in the newsroom's zone, or in its own offset where that has none."""
        return at.astimezone(self.zone) if self.zone else at

    def month(self, month: str, *, inside: bool = False, short: bool = False) -> str:
        """A month given as ``2022-05``: “May 2022”, with a capital unless ``inside`` a line."""
        year, number = month.split("-")
        first = date(int(year), int(number), 1)
        said = format_skeleton("yMMM" if short else "yMMMM", first, locale=self.locale)
        return said if inside else said[:1].upper() + said[1:]


_NO_WORDS = frozenset({"path", "time"})
"""Values that are of no language."""


@cache
def _locale(tag: str) -> Locale:
    while True:
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            tag = tag.rpartition("-")[0] or FIRST


# --- where the pages are on the web, for what machines read ---------------------------------------


def links() -> Links:
    """The absolute links of this application: below its base URL, or where the request came to.

    Pages that are written to files and link to one another know no address but the settings'.
    """
    room, how = current(), site()
    settings, known = room.settings, known_addresses()
    base = settings.site.url if how.relative else absolute("")
    where = Links(
        base.rstrip("/"), known.address, settings.site, settings.zone, slug, room.workspace.under
    )
    file = file_of("/timemap/").rpartition("/")[2] if how.files else ""
    return where._replace(timemap_file=file, versions=how.has("versions"))


# --- rendered articles and comparisons, fit to stand in a page of ours ----------------------------

_WHOLE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_INSIDE = re.compile(r"#(?:move-\d+-(?:from|to)|revision-\d+)")  # links that we make ourselves

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
