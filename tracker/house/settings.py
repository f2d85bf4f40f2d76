"""The newsroom's settings: ``tracker.toml``, every key optional."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from tracker.errors import TrackerError
from tracker.house import style as house_style
from tracker.house.dates.names import aware, has_words, language, name_of, zone
from tracker.house.site import SITE_KEYS, PublicSite, wrong_layout
from tracker.house.site import read as read_site
from tracker.house.style import Style
from tracker.house.toml_file import Keys, check, place, quoted, read_table
from tracker.model import KINDS, BoilerplateSettings, Precision

Severity = Literal["off", "warn", "fail"]
NewsroomKind = Literal["own", "followed"]
"""Whose the articles are: ours, or other people's, whose pages are followed. Nothing is written
into the latter but what was seen there."""
_Made = TypeVar("_Made")
DEFAULT_GRACE = timedelta(hours=24)
DEFAULT_SITTING = timedelta(hours=1)

_KEYS: Keys = {
    "name": str,
    "kind": ("own", "followed"),
    "style": (str, dict),
    "timezone": str,
    "language": str,
    "branch": str,
    "articles": (str, list),
    "layout": str,
    "footer": dict,
    "check": dict,
    "verify": dict,
    "published": dict,
    "site": dict,
}
_FOOTER_KEYS: Keys = {"embed": bool, "max": int}
_CHECK_KEYS: Keys = {
    "since": (str, datetime, date),
    "grace": (str, int),
    "sitting": (str, int),
    "exclude": (str, list),
    "rules": dict,
    "boilerplate": (bool, dict),
}
_BOILERPLATE_KEYS: Keys = {
    "articles": int,
    "share": (int, float),
    "add": (str, list),
    "remove": (str, list),
}
_VERIFY_KEYS: Keys = {"signed": bool, "since": (str, datetime, date)}
_PUBLISHED_KEYS: Keys = {"clock": ("author", "commit")}
_SEVERITIES = ("off", "warn", "fail")
_FEWEST_WORDS = 4  # in a row, by which repeated text is known
_GRACE = re.compile(r"\s*(\d{1,5})\s*(m|min|h|d)\s*", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


class CheckSettings(NamedTuple):
    """How the checks look at the archive."""

    since: datetime | None = None  # aware; revisions before it are not looked at
    grace: timedelta = DEFAULT_GRACE  # how long after a change its note may come
    rules: Mapping[str, Severity] = MappingProxyType({})  # rule -> how severe; others: own
    sitting: timedelta = DEFAULT_SITTING  # changes no further apart are told as one
    exclude: tuple[str, ...] = ()  # patterns of articles that are not looked at
    boilerplate: BoilerplateSettings | None = BoilerplateSettings()  # None: nothing is learnt


class VerifySettings(NamedTuple):
    signed: bool = False  # every commit of the published line is to be signed
    since: datetime | None = None  # aware; commits before it need not be


class Settings(NamedTuple):
    """What ``tracker.toml`` says, with a value for everything it leaves out."""

    name: str  # of the newsroom, as readers know it; "" when it says none
    style: Style
    zone: ZoneInfo  # in which instants are shown and typed; UTC when it says none
    language: str  # BCP 47, of the newsroom; that of the style when it says none
    branch: str | None  # the published line; None: HEAD
    articles: tuple[str, ...]  # patterns of paths; empty: found by the usual folders
    articles_language: str | None = None  # BCP 47; None: each says its own, or it is guessed
    footer_embed: bool = True  # the notes' lines are kept in the body
    footer_max: int | None = None  # more notes stand behind "earlier updates"; None: all are shown
    check: CheckSettings = CheckSettings()
    verify: VerifySettings = VerifySettings()
    published_clock: Literal["author", "commit"] = "author"  # the date by which it was out
    site: PublicSite = PublicSite()  # where the pages are on the web, and who publishes them
    layout: str | None = None  # where an import puts a new article; None: as it is told
    kind: NewsroomKind = "own"
    zone_given: bool = False  # False: "timezone" is left out, and `zone` is no more than UTC

    @property
    def clock(self) -> ZoneInfo | None:
        """The zone in which instants are shown; None: each in the offset that it was made in."""
        return self.zone if self.zone_given else None

    def local(self, at: datetime) -> datetime:
        """An aware instant as it is shown: in the newsroom's zone, or else in its own offset."""
        return at.astimezone(self.zone) if self.zone_given else at

    def stamp(self, at: datetime) -> str:
        """An aware instant in figures, for lists: "2022-05-12 07:45 EDT"."""
        local = self.local(at)
        return f"{local:%Y-%m-%d %H:%M} {name_of(local)}"

    def dated(self, at: datetime, precision: Precision) -> str:
        """The same, as exactly as it is known: a day alone, or ""."""
        return {"minute": self.stamp(at), "day": f"{at:%Y-%m-%d}", "none": ""}[precision]


def read(toml: str, where: str, read_style: Callable[[str], str]) -> Settings:
    """The settings that this text of a ``tracker.toml`` holds.

    ``where`` names the file in errors; ``read_style`` returns the text of a style file that the
    settings name, by its path relative to them. A ``TrackerError`` tells of TOML that does not
    parse (line, column), of an unknown key (line and nearest key), of a value of the wrong type,
    of a style or zone that there is not.
    """
    if not toml.strip():
        return _defaults()
    table = read_table(toml, where)
    check(table, _KEYS, where=where, toml=toml)
    file = _SettingsFile(table, toml, where)
    style = _style(file, read_style)
    home = file.located("", "timezone", zone) if "timezone" in table else ZoneInfo("UTC")
    footer = file.under("footer", _FOOTER_KEYS)
    if footer.get("max", 1) < 1:
        raise file.wrong("footer", "max", "1 or more")
    return Settings(
        name=table.get("name", ""),
        style=style,
        zone=home,
        language=_language(file, style),
        branch=file.words("branch"),
        articles=_patterns(file, "", "articles"),
        articles_language=table.get("language"),
        footer_embed=footer.get("embed", True),
        footer_max=footer.get("max"),
        check=_check(file, home),
        verify=VerifySettings(
            file.under("verify", _VERIFY_KEYS).get("signed", False),
            _since(file, "verify", home),
        ),
        published_clock=file.under("published", _PUBLISHED_KEYS).get("clock", "author"),
        site=read_site(file.under("site", SITE_KEYS), file.wrong),
        layout=_layout(file),
        kind=table.get("kind", "own"),
        zone_given="timezone" in table,
    )


@cache
def _defaults() -> Settings:
    style = house_style.load("default")
    return Settings("", style, ZoneInfo("UTC"), style.language, None, ())


class _SettingsFile(NamedTuple):
    """The table, and what errors need to name a place in it."""

    table: Mapping[str, Any]
    toml: str
    where: str

    def wrong(self, under: str, key: str, wanted: str, hint: str = "") -> TrackerError:
        full = f"{under}.{key}" if under else key
        at = place(self.where, self.toml, under, key)
        return TrackerError(f"{at}: “{full}” must be {wanted}.", hint)

    def located(self, under: str, key: str, make: Callable[[str], _Made]) -> _Made:
        """What ``make`` makes of the key's text; its error with file and line before it."""
        table = self.table.get(under, {}) if under else self.table
        try:
            return make(table[key])
        except TrackerError as error:
            at = place(self.where, self.toml, under, key)
            raise TrackerError(f"{at}: {error.sentence}", error.hint) from None

    def under(self, name: str, keys: Keys) -> Mapping[str, Any]:
        """An inner table, whose keys are checked."""
        found: Mapping[str, Any] = self.table.get(name, {})
        check(found, keys, where=self.where, toml=self.toml, under=name)
        return found

    def words(self, key: str) -> str | None:
        found = self.table.get(key)
        if found is not None and not found.strip():
            raise self.wrong("", key, "text that is not empty", "Leave the key out instead.")
        return found


def _style(file: _SettingsFile, read_style: Callable[[str], str]) -> Style:
    given = file.table.get("style", "default")
    if isinstance(given, str):
        if given.endswith(".toml"):
            return _own_style(file, given, {}, read_style)
        if "style" not in file.table:
            return house_style.load(given)
        return file.located("", "style", house_style.load)
    overrides = {key: value for key, value in given.items() if key not in ("name", "file")}
    for key in ("name", "file"):
        if key in given and not isinstance(given[key], str):
            raise file.wrong("style", key, "text")
    if "name" in given and "file" in given:
        at = place(file.where, file.toml, "style", "file")
        raise TrackerError(
            f"{at}: a style has a name or a file, not both.",
            "Leave “name” or “file” out.",
        )
    _check_overrides(file, overrides)
    if "file" in given:
        return _own_style(file, given["file"], overrides, read_style)
    return _located_style(file, lambda: house_style.load(given.get("name", "default"), overrides))


def _check_overrides(file: _SettingsFile, overrides: Mapping[str, Any]) -> None:
    """Single keys changed: refused here, where the line in the settings is known."""
    known = {**house_style.STYLE_KEYS, "file": str}
    check(overrides, known, where=file.where, toml=file.toml, under="style")
    for kind in KINDS:
        if kind in overrides:
            check(
                overrides[kind],
                house_style.TEMPLATE_KEYS,
                where=file.where,
                toml=file.toml,
                under=f"style.{kind}",
            )


def _located_style(file: _SettingsFile, make: Callable[[], Style]) -> Style:
    try:
        return make()
    except TrackerError as error:
        key = "name" if "no house style" in error.sentence else ""
        at = place(file.where, file.toml, "style", key) if key else file.where
        raise TrackerError(f"{at}: {error.sentence}", error.hint) from None


def _own_style(
    file: _SettingsFile, name: str, overrides: Mapping[str, Any], read_style: Callable[[str], str]
) -> Style:
    parts = re.split(r"[/\\]", name)
    if not name or ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise TrackerError(
            f"{file.where}: the style file “{name}” must be in the newsroom.",
            "Write its path relative to tracker.toml, without “..”.",
        )
    return house_style.parse(read_style(name), name, overrides)


def _language(file: _SettingsFile, style: Style) -> str:
    found = file.words("language")
    if found is None:
        return style.language
    if not _LANGUAGE.fullmatch(found):
        raise file.wrong("", "language", "a tag such as en, en-GB or uk")
    if not has_words(found):  # Babel may know it
        file.located("", "language", language)
    return found


def _patterns(file: _SettingsFile, table: str, key: str) -> tuple[str, ...]:
    given = (file.table.get(table, {}) if table else file.table).get(key, ())
    patterns = (given,) if isinstance(given, str) else tuple(given)
    if not all(isinstance(pattern, str) and pattern for pattern in patterns):
        raise file.wrong(table, key, 'a list of patterns, such as ["articles/**/*.md"]')
    return patterns


def _layout(file: _SettingsFile) -> str | None:
    given = file.words("layout")
    if given is None:
        return None
    if wrong := wrong_layout(given):
        raise file.wrong("", "layout", *wrong)
    return given


def _check(file: _SettingsFile, home: ZoneInfo) -> CheckSettings:
    given = file.under("check", _CHECK_KEYS)
    rules: Mapping[str, Any] = given.get("rules", {})
    severities = dict.fromkeys(rules, _SEVERITIES)
    check(rules, severities, where=file.where, toml=file.toml, under="check.rules")
    return CheckSettings(
        since=_since(file, "check", home),
        grace=_span(file, given, "grace", DEFAULT_GRACE),
        rules=dict(rules),
        sitting=_span(file, given, "sitting", DEFAULT_SITTING),
        exclude=_patterns(file, "check", "exclude"),
        boilerplate=_boilerplate(file, given.get("boilerplate", True)),
    )


def _boilerplate(
    file: _SettingsFile, given: Mapping[str, Any] | bool
) -> BoilerplateSettings | None:
    if isinstance(given, bool):
        return BoilerplateSettings() if given else None
    under = "check.boilerplate"
    check(given, _BOILERPLATE_KEYS, where=file.where, toml=file.toml, under=under)
    usual = BoilerplateSettings()
    articles, share = given.get("articles", usual.articles), given.get("share", usual.share)
    if articles < 2:
        raise file.wrong(under, "articles", "2 or more")
    if not 0 <= share <= 1:
        raise file.wrong(under, "share", "a share between 0 and 1", "0.01 is one in a hundred.")
    add, remove = (_sentences(file, under, key, given.get(key, ())) for key in ("add", "remove"))
    return BoilerplateSettings(articles, share, add, remove)


def _sentences(
    file: _SettingsFile, under: str, key: str, given: str | Sequence[object]
) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given)
    words = [each.split() for each in found if isinstance(each, str)]
    if len(words) != len(found) or any(len(each) < _FEWEST_WORDS for each in words):
        raise file.wrong(
            under, key, "a list of sentences", f"Each has {_FEWEST_WORDS} words or more."
        )
    return tuple(" ".join(each) for each in words)


def _since(file: _SettingsFile, under: str, home: ZoneInfo) -> datetime | None:
    given: str | date | None = file.table.get(under, {}).get("since")
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given.strip())
        except ValueError:
            raise file.wrong(
                under, "since", "a date or an instant", "Write 2022-05-12T07:45:00-04:00."
            ) from None
    return None if given is None else aware(given, home)


def _span(file: _SettingsFile, table: Mapping[str, Any], key: str, default: timedelta) -> timedelta:
    given = table.get(key, default)
    if isinstance(given, timedelta):
        return given
    if isinstance(given, int) and not given:
        return timedelta(0)
    match = _GRACE.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise file.wrong("check", key, "a time such as “24h”, “90m” or “2d”")
    unit = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def template(
    *,
    name: str = "",
    style: str = "default",
    timezone: str = "UTC",
    since: datetime | None = None,
    kind: NewsroomKind = "own",
    articles: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> str:
    """The text of the ``tracker.toml`` that ``init`` writes: short, with comments, and TOML.

    ``since``: the aware instant from which the checks look.
    """
    lines = [
        "# The newsroom's settings. Every key may be left out.",
        "",
        f"name = {quoted(name)}",
        f"style = {quoted(style)}  # the house style; `tracker styles` lists them",
        f"timezone = {quoted(timezone)}  # dates are shown and typed in this zone",
    ]
    if kind == "followed":
        articles = ("articles/**/*.md",)
        lines.append('kind = "followed"  # other people\'s articles: see docs/following.md')
    lines += [
        '# language = "en"',
        '# branch = "main"  # what readers see; left out: the branch that is checked out',
        f"articles = {_listed(articles)}  # which files are articles"
        if articles
        else '# articles = ["articles/**/*.md"]  # which files are articles',
        '# layout = "articles/{year}/{month}/{day}/{slug}.md"  # where an import puts new ones',
        "",
        "[footer]",
        "embed = true  # keep the notes' lines in the article's text",
        "# max = 5  # more notes than this stand behind “earlier updates”",
        "",
        "[check]",
        f"since = {since.isoformat(timespec='seconds')}" if since else "# since = 2022-05-12",
        'grace = "24h"  # how long after a change its note may come',
        *([f"exclude = {_listed(exclude)}  # pages that are no news"] if exclude else []),
        "",
        "# To change single words of the style, name it in a table instead:",
        "#   [style]",
        f"#   name = {quoted(style)}",
        "#   [style.update]",
        '#   label = "Updated"',
    ]
    return "\n".join(lines) + "\n"


def _listed(words: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, words))}]"
