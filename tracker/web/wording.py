"""The words of the pages in the newsroom's language: see ``house/phrases.py``.

A key names a phrase: ``words("history.title")``, and a number its plural form:
``words("count.revisions", number=3)``. Numbers, dates and instants are written as CLDR has them for
the newsroom's language and region.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from markupsafe import Markup

from tracker.house.phrases import FIRST, languages, of_reason, phrases, spoken, unnested
from tracker.house.zones import name_of
from tracker.locale import base
from tracker.model import Reason, Saying, Value
from tracker.render.visible import visible


class Words:
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
        known = base(tag) in languages()
        self.tag = tag.replace("_", "-") if known else FIRST  # of the pages' words, for <html lang>
        self.zone = zone
        self.locale = _locale(self.tag)
        self._phrases = phrases(spoken(tag))

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
        """``12345`` as the language groups it."""
        return str(format_decimal(number, locale=self.locale))

    def instant(self, at: datetime) -> str:
        """An aware instant with its minute and zone: “May 12, 2022, 7:45 AM EDT”."""
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

    def local(self, at: datetime) -> datetime:
        """An aware instant in the newsroom's zone, or in its own offset where that has none."""
        return at.astimezone(self.zone) if self.zone else at

    def month(self, month: str, *, inside: bool = False) -> str:
        """A month given as ``2022-05``: “May 2022”, with a capital unless ``inside`` a line."""
        year, number = month.split("-")
        first = date(int(year), int(number), 1)
        said = format_skeleton("yMMMM", first, locale=self.locale)
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
