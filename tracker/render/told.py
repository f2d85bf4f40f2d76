"""What readers were told: an article's account for pages of any site, and the changelog.

A site's plugin, template or theme takes an ``Account`` of an article: its notes as the house words
them, its changelog, its versions with links. The words of notes and headlines are untrusted: every
``html`` here holds running text and links alone, and whatever else looked like a tag is shown as it
was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

from tracker import locale
from tracker.house import changelog as house_changelog
from tracker.house.changelog import by_time, standing
from tracker.house.notes import wording
from tracker.house.notes.passages import plain_words
from tracker.house.settings import Settings
from tracker.model import Article, Entry, History, Kind, Note, Precision, Revision
from tracker.render.article_html import article
from tracker.render.plain import filled, json_text, printed, templates, visible
from tracker.render.urls import NO_LINKS, Links, note_key

_when = lru_cache(maxsize=4096)(wording.when)  # an instant is told in several places


class ToldNote(NamedTuple):
    """A note that stands, as a page shows it."""

    id: str  # as in the article
    kind: Kind
    label: str  # what the house calls it: "Correction"
    at: datetime  # aware
    precision: Precision
    day: str  # "2022-05-12", in the newsroom's zone; for precision "day" as the note gives it
    when: str  # in the house's form, "05/12/22, 7:45 a.m. ET"; "" for precision "none"
    text: str  # the sentence alone: untrusted, to be escaped
    line: str  # the whole line in house style, Markdown: untrusted
    html: str  # that line as safe inline HTML, with <time>
    origin: str  # "front-matter" or "body": where it stands in the article
    url: str | None  # a lasting link to it; None where no pages are known


class ToldEntry(NamedTuple):
    """A line of the changelog, as a page shows it."""

    what: str  # "published", "note" or "edited"
    kind: Kind | None  # of the note; None for the others
    at: datetime  # aware
    precision: Precision
    day: str  # "2022-05-12", in the newsroom's zone
    when: str  # in the house's form; never empty
    line: str  # what readers are told, Markdown, or a plain sentence: untrusted
    html: str  # that as safe inline HTML; its date, or `when` before it, in <time>
    withdrawn: bool
    amended: bool
    commit: str | None  # full hash of the revision that brought it
    url: str | None  # what changed then; for "published" the version


class ToldVersion(NamedTuple):
    """A version that readers could see."""

    number: int  # of the revision, for people; counts unpublished ones too
    commit: str  # full hash
    at: datetime  # aware
    day: str  # "2022-05-12", in the newsroom's zone
    when: str  # in the house's form
    person: str  # the author's name: untrusted
    headline: str  # at that time: untrusted
    substantive: bool
    words_added: int
    words_removed: int
    url: str | None  # the page of this version
    changes_url: str | None  # what changed since the version before; None for the first


class Account(NamedTuple):
    """What a site may show of an article's history. Nothing of it was unpublished."""

    path: str  # in the repository, with forward slashes
    slug: str
    headline: str  # untrusted
    published: datetime | None  # aware; the first version that readers could see
    updated: datetime | None  # aware; the newest note but a refile, else None
    touched: datetime | None  # aware; the newest version that readers could see
    history_url: str | None  # the page with all versions; None where no pages are known
    updates: tuple[ToldNote, ...]  # the notes that stand, in the order of the house
    changelog: tuple[ToldEntry, ...]  # newest first
    versions: tuple[ToldVersion, ...]  # newest first


def account(
    life: History,
    settings: Settings,
    links: Links = NO_LINKS,
    notes: Sequence[Note] | None = None,
) -> Account:
    """What a site may show of an article.

    ``life`` is its history, compared. ``notes`` are those of the text that is being shown, where
    it is newer than the history: the file on disk.
    """
    path = life.article.path
    shown = [each for each in life.revisions if each.published]
    notes = life.notes if notes is None else notes
    return Account(
        path=path,
        slug=life.article.slug,
        headline=life.article.headline,
        published=shown[0].out_at if shown else None,
        updated=house_changelog.clocks(life).updated,
        touched=shown[-1].out_at if shown else None,
        history_url=(links.history(path) or None) if shown else None,
        updates=told_notes(notes, settings, path, links),
        changelog=_entries(life, settings, links),
        versions=_versions(shown, settings, path, links),
    )


def told_notes(
    notes: Sequence[Note], settings: Settings, path: str = "", links: Links = NO_LINKS
) -> tuple[ToldNote, ...]:
    """The notes that stand, in the order in which the house lists its updates."""
    ordered = by_time(standing(notes))
    if settings.style.templates["update"].order == "newest":
        ordered.reverse()
    return tuple(_note(note, settings, path, links) for note in ordered)


def _note(note: Note, settings: Settings, path: str, links: Links) -> ToldNote:
    style, zone = settings.style, settings.clock
    local = note.at if note.precision == "day" else settings.local(note.at)
    return ToldNote(
        id=note.id,
        kind=note.kind,
        label=style.templates[note.kind].label,
        at=local,
        precision=note.precision,
        day=local.date().isoformat(),
        when=_when(style, note.at, zone, note.precision),
        text=note.text,
        line=wording.line(style, note, zone),
        html=note_html(note, settings),
        origin=note.origin,
        url=links.note(path, note.id) or None,
    )


def _entries(life: History, settings: Settings, links: Links) -> tuple[ToldEntry, ...]:
    path = life.article.path
    before = _before(life.revisions)
    found = house_changelog.entries(life, settings.style, settings.clock, settings.check.grace)
    return tuple(_entry(entry, settings, path, links, before) for entry in found)


def _before(revisions: Iterable[Revision]) -> dict[str, tuple[Revision, Revision | None]]:
    """Each published revision by its commit, with the published one before it."""
    found: dict[str, tuple[Revision, Revision | None]] = {}
    last: Revision | None = None
    for revision in revisions:
        if revision.published:
            found[revision.commit] = revision, last
            last = revision
    return found


def _entry(
    entry: Entry,
    settings: Settings,
    path: str,
    links: Links,
    before: Mapping[str, tuple[Revision, Revision | None]],
) -> ToldEntry:
    local = entry.at if entry.precision == "day" else settings.local(entry.at)
    precision: Precision = "day" if entry.precision == "none" else entry.precision
    note = entry.note
    return ToldEntry(
        what=entry.what,
        kind=note.kind if note else None,
        at=local,
        precision=entry.precision,
        day=local.date().isoformat(),
        when=_when(settings.style, local, settings.clock, precision),
        line=entry.line,
        html=_dated(entry, local, precision, settings),
        withdrawn=entry.withdrawn,
        amended=entry.amended,
        commit=entry.commit,
        url=_link(path, links, *before.get(entry.commit or "", (None, None))),
    )


def _dated(entry: Entry, local: datetime, precision: Precision, settings: Settings) -> str:
    """The entry's line; where the house's line gives no date, with one before it."""
    line = note_html(entry.note, settings) if entry.note else escape(entry.line, quote=False)
    if "<time" in line:
        return line
    when = _when(settings.style, local, settings.clock, precision)
    stamp = _machine(local, precision, settings)
    return f'<time datetime="{stamp}">{escape(when, quote=False)}</time> {line}'


def _link(path: str, links: Links, new: Revision | None, old: Revision | None) -> str | None:
    if new is None:
        return None
    return (links.change(path, new) if old else links.version(path, new)) or None


def _versions(
    shown: Sequence[Revision], settings: Settings, path: str, links: Links
) -> tuple[ToldVersion, ...]:
    found = []
    last: Revision | None = None
    for revision in shown:
        by_day = revision.out is not None and not isinstance(revision.out, datetime)
        local = revision.out_at if by_day else settings.local(revision.out_at)
        found.append(
            ToldVersion(
                number=revision.number,
                commit=revision.commit,
                at=local,
                day=local.date().isoformat(),
                when=_when(settings.style, local, settings.clock, "day" if by_day else "minute"),
                person=revision.person.name,
                headline=revision.headline,
                substantive=revision.substantive,
                words_added=revision.words_added,
                words_removed=revision.words_removed,
                url=links.version(path, revision) or None,
                changes_url=None if last is None else _link(path, links, revision, last),
            )
        )
        last = revision
    return tuple(reversed(found))


# --- HTML ----------------------------------------------------------------------------------------


def note_html(note: Note, settings: Settings) -> str:
    """A note's line in house style as safe inline HTML; its date, where it has one, in <time>."""
    pieces = wording.pieces(settings.style, note, settings.clock)
    dated = [number for number, (place, _) in enumerate(pieces) if place in _CLOCK]
    if dated and any(place in _WORDS for place, _ in pieces[dated[0] : dated[-1]]):
        dated = dated[:1]
    words = [
        isolated(harmless(each)) if place in _BY_OTHERS else harmless(each)
        for place, each in pieces
    ]
    if dated and any(words[number] for number in dated):
        words[dated[0]] = TIME_START + words[dated[0]]
        words[dated[-1]] += TIME_END
    markup = wording.markup(settings.style, note)
    return inline_html("".join(words), markup, _machine(note.at, note.precision, settings))


_CLOCK = ("date", "time", "zone")
_BY_OTHERS = ("text", "rest")
_WORDS = ("label", "text", "rest", "story_date")


def _machine(at: datetime, precision: Precision, settings: Settings) -> str:
    """An instant or a day as the attribute ``datetime`` of <time> takes it."""
    if precision == "day":
        return at.date().isoformat()
    return settings.local(at).isoformat()


class Look(NamedTuple):
    """How lists are put into a page."""

    language: str = "en"  # BCP 47, of the words around the notes
    level: int = 2  # of the headings, 1 to 6; 0: no headings
    words: Mapping[str, str] = {}  # words that stand in for those of the language, by key
    most: int | None = None  # more notes than this stand behind "earlier updates"
    anchors: bool = True  # notes get ids; False where a page shows them a second time


def word(look: Look, key: str) -> str:
    """A word of the lists in the page's language, or the one that the site gives instead."""
    given = look.words.get(key)
    if given is not None:
        return given
    found: str = locale.spoken(look.language, "changelog")["lists"][key]
    return found


def _lists() -> Any:
    """The macros of the template, each giving safe HTML."""
    return templates().get_template("told.html", globals={"word": word, "key": note_key}).module


def updates_html(notes: Sequence[ToldNote], settings: Settings, look: Look) -> str:
    """The notes as a section with an ordered list; "" where there are none."""
    if not notes:
        return ""
    newest_first = settings.style.templates["update"].order == "newest"
    most = len(notes) if look.most is None else min(look.most, len(notes))
    cut = most if newest_first else len(notes) - most
    now, older = (notes[:cut], notes[cut:]) if newest_first else (notes[cut:], notes[:cut])
    earlier = settings.style.earlier_updates
    return str(_lists().updates(older, now, newest_first, earlier, look))


def changelog_html(told: Account, look: Look) -> str:
    """The changelog as a section with an ordered list, newest first; "" where there is none.

    The link to all versions, where there is one, ends it.
    """
    return str(_lists().changelog(told, look)) if told.changelog else ""


def history_html(told: Account, look: Look) -> str:
    """A paragraph with the link to all versions; "" where no pages are known."""
    return str(_lists().history(told, look)) if told.history_url else ""


# --- one line of untrusted Markdown, such as a note, as safe inline HTML --------------------------

_START, _LESS = "\ue000", "\ue001"  # private characters, which Markdown passes through
TIME_START, TIME_END = "\ue002", "\ue003"
"""Stand around the words of a date; they become <time> and </time>."""

_APART, _TOGETHER = "\ue004", "\ue005"  # around words that become a <bdi>
_BRACE = "\ue006"  # a tag of a site's generator is no such tag in a note
_OWN = re.compile(
    "[\ue000-\ue006\ufdd0-\ufdef"  # those seven, and what is no character at all
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_MARKS = re.compile(r"[*_`\[\]<&\\]")  # without these, Markdown leaves a line as it is
_TAGS = {"a", "abbr", "code", "del", "em", "s", "strong", "sub", "sup"}
_AROUND = {"plain": ("", ""), "italic": ("<em>", "</em>"), "bold": ("<strong>", "</strong>")}


def harmless(words: str) -> str:
    """Words without the private characters that ``inline_html`` uses for itself.

    Characters that would turn or hide what stands around them are written out.
    """
    return visible(_OWN.sub("\ufffd", words))


def isolated(words: str) -> str:
    """``harmless`` words that, where they are written from right to left, turn nothing else."""
    return f"{_APART}{words}{_TOGETHER}" if _right_to_left().search(words) else words


@cache
def _right_to_left() -> re.Pattern[str]:
    """Letters that are written from right to left (UAX #9, classes R and AL)."""
    return re.compile(
        "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
    )


@lru_cache(maxsize=4096)
def inline_html(line: str, markup: str, machine: str) -> str:
    """The line as HTML that may stand in a paragraph, a list item or a heading.

    ``line`` is one line of Markdown, made of ``harmless`` words, some of them ``isolated``, with
    ``TIME_START`` and ``TIME_END`` around its date; ``markup`` is what the house puts around it:
    "plain", "italic" or "bold". ``machine`` is the instant for <time>.
    """
    made = _rendered(line) if _MARKS.search(line) else escape(line, quote=False)
    stamp = escape(machine)
    made = made.replace(TIME_START, f'<time datetime="{stamp}">').replace(TIME_END, "</time>")
    made = _in_bdi(made)
    opening, closing = _AROUND[markup]
    return f"{opening}{made}{closing}"


def _in_bdi(made: str) -> str:
    """The line with ``<bdi>`` around its isolated words, if no element stands across their ends."""
    before, start, rest = made.partition(_APART)
    words, _, after = rest.partition(_TOGETHER)
    if not start:
        return made
    depth = 0
    for tag in re.findall(r"<(?:/|(?!(?:br|hr|img|wbr)\b))", words):
        depth += -1 if tag == "</" else 1
        if depth < 0:
            break
    return f"{before}<bdi>{words}</bdi>{after}" if depth == 0 else before + words + after


def _rendered(line: str) -> str:
    import nh3

    # The first character keeps Markdown from reading a heading, a list or a definition.
    page = article(_START + line.replace("<", _LESS).replace("{", _BRACE))
    inline = nh3.clean(
        page,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "abbr": {"title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return inline.replace(_START, "").replace(_LESS, "&lt;").replace(_BRACE, "{").strip()


# --- the changelog in its forms -------------------------------------------------------------------


def write_changelog(
    entries: Sequence[Entry], form: str, settings: Settings, article: Article | None
) -> str:
    """The changelog in a form: ``text``, ``markdown``, ``html`` or ``json``.

    Without ``article`` it is the newsroom's, and each entry names its article.
    """
    if form == "json":
        return json_text(changelog_object(entries, article), 2) + "\n"
    forms = {"text": _as_text, "markdown": changelog_markdown, "html": _as_html}
    return forms[form](entries, settings, article)


def changelog_object(entries: Sequence[Entry], article: Article | None) -> object:
    """What ``changelog --json`` prints; the schema is in ``docs/changelog.schema.json``."""
    return printed(article=article, entries=entries)


def _as_text(entries: Sequence[Entry], settings: Settings, article: Article | None) -> str:
    """Days with their entries, for a terminal or a mail."""
    out = [visible(article.headline), ""] if article is not None and entries else []
    for day, group in _days(entries, settings):
        out.append(day)
        for entry in group:
            of = f"{entry.article.headline}: " if article is None else ""
            line = plain_words(entry.line) if entry.what == "note" else entry.line
            out.append(f"  {_what(entry)}{visible(of + line)}")
        out.append("")
    return "\n".join(out).rstrip("\n") + "\n" if out else ""


def changelog_markdown(
    entries: Sequence[Entry], settings: Settings, article: Article | None
) -> str:
    """Days as headings, entries as list items."""
    title = "Changelog" if article is None else article.headline
    out = [f"# {_plain_markdown(title)}", ""]
    for day, group in _days(entries, settings):
        out += [f"## {day}", ""]
        for entry in group:
            of = f"**{_plain_markdown(entry.article.headline)}** · " if article is None else ""
            line = _noted(entry.line) if entry.what == "note" else _plain_markdown(entry.line)
            out.append(f"- {_what(entry)}{of}{line}")
        out.append("")
    return "\n".join(out)


def _as_html(entries: Sequence[Entry], settings: Settings, article: Article | None) -> str:
    """A fragment that a page can hold: a section a day, a list item an entry, `<time>` in each."""
    return filled(
        "changelog.html",
        days=_days(entries, settings),
        whole=article is None,
        what=_what,
        time=lambda entry: _time(entry, settings),
        html=lambda entry: inline_html(harmless(entry.line), "plain", entry.at.isoformat()),
    )


def _what(entry: Entry) -> str:
    if entry.withdrawn:
        return "Withdrawn: "
    return "Amended since: " if entry.amended else ""


def _time(entry: Entry, settings: Settings) -> str:
    if entry.precision != "minute":
        return ""
    return settings.local(entry.at).strftime("%H:%M")


def _days(entries: Iterable[Entry], settings: Settings) -> Iterator[tuple[str, list[Entry]]]:
    def day(entry: Entry) -> str:
        local: datetime = entry.at
        if entry.precision != "day":
            local = settings.local(entry.at)
        return local.date().isoformat()

    for name, group in groupby(entries, key=day):
        yield name, list(group)


_STRANGE_TARGET = re.compile(
    r"\](?=\(\s*<?\s*(?!https?:|mailto:)[a-z][a-z0-9+.-]*:)", re.IGNORECASE
)
_NUMBERED = re.compile(r"\A(\d{1,9})([.)])(?=\s|$)")
_BLOCK = re.compile(r"(?=[#>+*-](?:\s|$)|[#=`~-]{3}|\d{1,9}[.)]\s)")


def _noted(line: str) -> str:
    """A note's line, whose emphasis and links stay: what would be HTML shows as it was typed.

    Links lead to the web or to a mailbox, as on the pages; nothing begins a block of its own.
    """
    line = " ".join(visible(line).split()).replace("<", "&lt;")
    line = _STRANGE_TARGET.sub(r"\]", line)
    line = _NUMBERED.sub(r"\1\\\2", line)
    return f"\\{line}" if _BLOCK.match(line) else line


def _plain_markdown(words: str) -> str:
    words = " ".join(visible(words).split())
    for mark in "\\`*_[]<>#|":
        words = words.replace(mark, f"\\{mark}")
    return words
