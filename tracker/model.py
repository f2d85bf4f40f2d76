"""The records that pass between the rooms: frozen, typed, with no behaviour but small readings.

Instants are timezone-aware ``datetime`` values; a naive one is never stored. Offsets into texts
count Unicode code points, as Python's ``str`` does, half-open: ``text[start:end]``.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Literal, NamedTuple, get_args

Kind = Literal["update", "correction", "clarification", "editors-note", "retraction", "refile"]
"""What a note tells readers. A refile is a small fix that is still told."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Precision = Literal["minute", "day", "none"]
"""How exactly a note says when: to the minute, to the day, or not at all."""

Position = Literal["top", "bottom", "inline"]
"""Where a note stands in the body: above the first paragraph, after the last, or between."""

Operation = Literal["insert", "delete", "replace", "move"]


ARTICLE_ENDINGS = (".md", ".markdown", ".txt", ".mdx")
"""How the files of articles end, where no pattern asks for HTML."""


class Note(NamedTuple):
    """One thing that readers were told about an article."""

    id: str  # "u1" in front matter; for a line found in the body, "n-" and a hash of its words
    kind: Kind
    text: str  # the whole public sentence or sentences, without label, date and markup
    at: datetime  # aware; with precision "day" its date in its own zone is what counts
    precision: Precision = "minute"  # "none": `at` is that of the revision that brought the note
    amends: str | None = None  # the id of the note that this one replaces for readers
    withdrawn: datetime | None = None  # aware; when the note was taken back, None while it stands
    covers: str | None = None  # a commit, when somebody said which revision it tells of
    origin: Literal["front-matter", "body"] = "front-matter"  # where its words were read from
    written: str = ""  # the line as it stands in the body, Markdown on one line; "" in front matter
    language: str = ""  # BCP 47, where the article's file says in which language it is


class FoundNote(NamedTuple):
    """A reader-facing note as it stands in a text, before any newsroom's zone is applied."""

    kind: Kind
    text: str  # the words without label, date and markup; link texts kept, link targets left out
    label: str  # as written, without markup: "Correction", "UPDATE"; "" when there is none
    date: date | None  # the day that the note gives itself; its year may come from `as_of`
    time: time | None  # wall-clock time that it gives, naive; None when it gives none
    zone: str | None  # the zone as written ("ET", "UTC", "MESZ"); None when there is none
    start: int  # offsets in the whole text, front matter included, markup of the note included
    end: int
    position: Position


class Edit(NamedTuple):
    """One difference between two texts, in whole tokens."""

    operation: Operation
    old: str  # the text replaced, deleted or moved; "" for an insertion
    new: str  # the text that stands there now; "" for a deletion
    old_start: int  # offsets in the whole old text; for an insertion, start equals end
    old_end: int
    new_start: int  # offsets in the whole new text; for a deletion, start equals end
    new_end: int
    old_sentence: str = ""  # the sentence around it in the old text; "" when there is none
    new_sentence: str = ""  # the sentence around it in the new text
    verbal: bool = True  # False: no word differs (white space, reflow, quotation marks)
    field: str | None = None  # the front matter's key; None in the body
    labels: frozenset[str] = frozenset()  # what was touched: "number", "name", … (text/changes.py)
    within: "tuple[Edit, ...]" = ()  # in a move: the edits inside the moved passage


class FieldChange(NamedTuple):
    """One key of the front matter that differs, compared by its value and not by its spelling."""

    key: str  # as written: "title", "subtitle", "authors"
    role: Literal["headline", "dek", "byline", "date", "caption", "image", "notes", "metadata"]
    old: str | None  # the value as text; None when the key was not there
    new: str | None


class Diff(NamedTuple):
    """Two texts compared: the edits, with nothing yet said about what they mean."""

    edits: tuple[Edit, ...]  # in the order of the new text; deletions where their text stood
    fields: tuple[FieldChange, ...]  # front matter, in the order of the new text
    words_added: int  # words of verbal edits in the body and the headline; moves count no words
    words_removed: int
    coarse: bool = False  # True: a limit on work was reached, and some edits are larger than needed


class Reason(NamedTuple):
    """Why a change matters, or what it touched, as a value: a page says it in its language."""

    label: str  # what was touched: "number", "information-added", … (text/changes.py)
    old: str = ""  # the words that went, cut where they are long; "" for none
    new: str = ""  # the words that came
    # Words around them, from the text that has them; "" where none are told. Of a note that says
    # what it said before: its words, while `old` and `new` are its kind and time, and "withdrawn".
    context: str = ""

    @property
    def form(self) -> Literal["changed", "removed", "added", "touched"]:
        """What happened to the words: it chooses the phrase."""
        if self.label in ("information-added", "information-removed", "moved"):
            return "touched"
        if self.old and self.new:
            return "changed"
        return "removed" if self.old.strip('"') else "added" if self.new.strip('"') else "touched"

    @property
    def words(self) -> str:
        """The words of a reason that tells of one side alone."""
        first, second = self.old, self.new
        if self.label == "information-added":
            first, second = second, first
        return first or second

    @property
    def quotes(self) -> bool:
        """True where words are told in quotation marks."""
        return self.label in _QUOTED or self.form == "touched"

    @property
    def has_context(self) -> bool:
        """True where the words around are told as well."""
        return bool(self.context) and not self.quotes

    @property
    def sentence(self) -> str:
        """The reason in English; other languages have theirs in ``pages.toml``."""
        label, old, new, context = self
        form = self.form
        name = label.replace("information-", "information ")
        if form == "touched":
            words = self.words
            return f'{name}: "{words}"' if words.strip('"') else name
        mark, where = ('"', "") if label in _QUOTED else ("", f' in "{context}"' * bool(context))
        if form != "changed":
            return f"{name} {form}: {mark}{old or new}{mark}{where}"
        if label == "note":
            name = "note changed"
            if context:
                return f'{name}: "{context} ({old})" → "{context} ({new})"'
        return f"{name}: {mark}{old}{mark} → {mark}{new}{mark}{where}"


_QUOTED = frozenset({"headline", "dek", "quote", "style", "moved", "note"})


class Change(NamedTuple):
    """What one revision did to the text, and what that means to a reader."""

    edits: tuple[Edit, ...]  # in order; from them and the old text comes the new one exactly
    fields: tuple[FieldChange, ...]  # front matter, key by key
    words_added: int
    words_removed: int
    coarse: bool  # True: some edits are larger than they need to be, because work is bounded
    substantive: bool  # a reader of the old version alone would now hold a different belief
    labels: frozenset[str]  # what was touched, all edits together
    reasons: tuple[str, ...]  # sentences that name the words, strongest first
    why: tuple[Reason, ...] = ()  # the same as values, from which other languages make theirs
    score: float = 0.0  # 0 to 1: how surely and how much a reader would now believe otherwise

    def _repr_html_(self) -> str:
        """The change as a notebook shows it: the reasons, and each edit in its sentence."""
        from html import escape  # notebooks alone ask for it

        said = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        edits = "".join(
            f"<li><del>{escape(edit.old)}</del> <ins>{escape(edit.new)}</ins>"
            f" <small>{escape(edit.new_sentence or edit.old_sentence)}</small></li>"
            for edit in self.edits
            if edit.verbal or edit.operation == "move"
        )
        kind = "substantive" if self.substantive else "not substantive"
        return (
            f"<p>+{self.words_added} −{self.words_removed} words, {kind}, "
            f"score {self.score:.2f}</p><ul>{said}</ul><ol>{edits}</ol>"
        )


class Meaning(NamedTuple):
    """What a change means, without its edits: small enough to be remembered for every pair."""

    words_added: int
    words_removed: int
    substantive: bool
    labels: frozenset[str]
    reasons: tuple[str, ...]
    fields: tuple[FieldChange, ...]  # of the front matter's dates
    line: int | None = None  # of the first labeled edit of words in the new text, from 1
    fact_replaced: bool = False  # a number, date, name, quote or negation gave way to another
    why: tuple[Reason, ...] = ()  # the reasons as values
    score: float = 0.0  # see ``Change.score``


class Person(NamedTuple):
    """Who made a revision, as git has it."""

    name: str
    email: str  # may be empty


class Recording(NamedTuple):
    """One revision that a program wants recorded: see ``Newsroom.record_many``."""

    article: str  # its path below the newsroom's folder, or the slug of one that is there
    text: str | bytes | None  # as it stood, byte for byte; None: the article was deleted
    at: datetime  # aware: when readers first saw it so
    by: str | None = None  # the author, "Name <address>"; None: who git says is writing
    message: str | None = None  # of the commit; None: one is made
    trailers: tuple[tuple[str, str], ...] = ()  # names and values for the end of the message
    moved_from: str | None = None  # the path that the article had until then
    note: str | None = None  # words for readers, which are put into the text
    kind: Kind = "update"  # of that note
    # The commit of the revision that the text was written on, as far as it is told; "": there must
    # be no article yet; None: whatever stands there.
    expected: str | None = None


class Refusal(NamedTuple):
    """Why a recording did not become a revision."""

    article: str  # as the recording named it
    at: datetime
    reason: str  # a sentence with its full stop
    hint: str  # what to do about it, a sentence; may be empty
    # The commit that stands where another was expected, "" for none; None: that is not the reason.
    current: str | None = None


class Version(NamedTuple):
    """One state of an article's file on the published line, before its text is read."""

    commit: str  # full hash
    path: str  # in the repository, with forward slashes
    blob: str  # full hash of the file's content
    at: datetime  # author date, aware, in the author's own offset
    person: Person  # the author
    subject: str  # first line of the commit message
    side: tuple[str, ...] = ()  # commits of a merged branch, newest first; unseen by readers
    # Commits of the versions it was written on, oldest first: two or more where a merge settled
    # what both sides wrote; empty where it is the version before, as a rule.
    written_on: tuple[str, ...] = ()


class Event(NamedTuple):
    """Something that happened to an article's file and is not a new text."""

    kind: Literal["moved", "deleted", "returned", "ignored"]
    commit: str
    at: datetime  # author date, aware
    person: Person
    subject: str
    path: str  # after the event; for a deletion, the path that ended
    old_path: str | None = None  # for a move: the path before it


class Track(NamedTuple):
    """The life of one article on the published line."""

    path: str  # the newest path
    versions: tuple[Version, ...]  # oldest first; neighbours differ in their blob or are merged
    events: tuple[Event, ...]  # oldest first
    deleted: bool = False  # True: the article is not in the newest commit


class Article(NamedTuple):
    """One article of the newsroom."""

    path: str  # in the repository, with forward slashes
    slug: str  # the name people use: the file's stem; the folder's name for an index file
    headline: str  # from the front matter or the first heading; the slug when there is neither


class Listed(NamedTuple):
    """An article as a list tells of it."""

    article: Article
    at: datetime  # aware; author date of its newest version, or when that came out, if later
    versions: int
    notes: int  # that stand: not taken back, and not replaced


class Revision(NamedTuple):
    """One state of an article's text on the published line."""

    number: int  # 1, 2, 3 … in the order of the published line; for people, not for links
    commit: str  # full hash
    path: str  # the article's path at that time
    at: datetime  # author date, aware, in the author's own offset
    person: Person
    subject: str  # first line of the commit message
    headline: str
    published: bool  # readers could see this state
    notes: tuple[Note, ...]  # the notes that this revision brought
    words_added: int
    words_removed: int
    substantive: bool  # False for the first revision
    reasons: tuple[str, ...]
    labels: frozenset[str] = frozenset()
    side: tuple[str, ...] = ()  # commits of a merged branch that readers never saw on their own
    why: tuple[Reason, ...] = ()  # the reasons as values
    written_on: tuple[str, ...] = ()  # as Version has it: what its change is against
    # Of the first that readers could see, where its front matter says another time than the commit:
    # aware, or a day where it says no time. None: readers could see it from `at` on.
    out: date | None = None

    @property
    def out_on(self) -> date:
        """When readers could see it: aware, or a day where no more is known."""
        return self.out or self.at

    @property
    def out_at(self) -> datetime:
        """When readers could see it, aware; the beginning of the day where only that is known."""
        if self.out is None:
            return self.at
        if isinstance(self.out, datetime):
            return self.out
        return datetime.combine(self.out, time(), self.at.tzinfo)


class History(NamedTuple):
    """An article with its revisions and the events between them."""

    article: Article
    revisions: tuple[Revision, ...]  # oldest first
    events: tuple[Event, ...]  # oldest first
    deleted: bool = False
    shallow: bool = False  # True: the clone is shallow, and older revisions may be missing
    notes: tuple[Note, ...] = ()  # as the newest text has them, the withdrawn ones too


class Selection(NamedTuple):
    """Which revisions of a newsroom are asked for; a field that is None asks for all."""

    kind: Kind | None = None  # brought a note of this kind
    person: str | None = None  # the author's name, exactly
    month: str | None = None  # "2022-05", of the revision's instant in the newsroom's zone
    substantive: bool | None = None
    told: bool | None = None  # True: a note tells of it; False: published, changed, and none does
    people: tuple[str, ...] = ()  # authors' names, exactly; empty: of anybody
    since: datetime | None = None  # aware; from this instant on
    until: datetime | None = None  # aware; before this instant


class Hit(NamedTuple):
    """A place in an article where words that were searched for stand."""

    article: Article
    where: Literal["headline", "note", "text", "older-headline", "older-text"]
    excerpt: tuple[tuple[str, bool], ...]  # pieces of the place's text; True: a word looked for
    at: datetime  # aware: of the note, or of the article's newest revision
    commit: str  # full hash of the revision that brought the note, or of the newest one
    note: str | None = None  # the note's id, for a note
    # What stands no more: numbers of the first and the last revision that had it. Then the instant
    # and the commit above are those of the revision that took it out, and the person made that.
    first: int | None = None
    last: int | None = None
    person: str = ""


class SearchResult(NamedTuple):
    """An article in which words were found."""

    article: Article
    hits: tuple[Hit, ...]  # the best of them, headlines first


class Entry(NamedTuple):
    """One line of a changelog."""

    article: Article
    at: datetime  # aware: the note's instant, or the revision's
    precision: Precision
    what: Literal["published", "note", "edited"]  # "edited": a revision that no note tells of
    note: Note | None  # for "note"
    line: str  # what readers are told, in house style, for "note"; else a plain sentence
    revision: int | None  # number of the revision that brought it; None when it was not looked up
    commit: str | None
    withdrawn: bool = False
    amended: bool = False  # a later note replaces this one
    person: str = ""  # the name of who made that revision


class Saying(NamedTuple):
    """Something that is said, as a value: the words are put together for each language."""

    code: str  # the key of the phrase in ``pages.toml``: "finding.note-dropped"
    values: "tuple[tuple[str, Value], ...]" = ()  # what stands in it, by name

    @staticmethod
    def of(code: str, **values: "Value") -> "Saying":
        """A saying with values by name. A command to type has a name that begins so."""
        return Saying(code, tuple(values.items()))


class BoilerplateSettings(NamedTuple):
    """When a sentence, or some words in a row, count as what the archive repeats."""

    articles: int = 4  # they stand in at least so many articles,
    share: float = 0.0008  # and in at least this share of all, 0 to 1
    add: tuple[str, ...] = ()  # sentences that count, whatever was counted
    remove: tuple[str, ...] = ()  # sentences that do not


Value = str | int | date | datetime | Saying | Reason
"""What can stand in a phrase: words of an article, numbers, days, instants, other sayings."""


class Finding(NamedTuple):
    """Something that an editor should look at."""

    rule: str  # "silent-change", "note-dropped", …
    severity: Literal["warn", "fail"]
    path: str
    commit: str | None  # the revision in question; None for the working file
    revision: int | None
    at: datetime | None
    words: str  # what it is about, quoting the article
    advice: str  # what to do next
    line: int | None = None  # line in the file, counted from 1
    said: Saying | Reason | None = None  # `words` as a value; None where it has no phrase
    advised: Saying | None = None  # `advice` as a value
    headline: str = ""  # of the article in that revision; "" where it has none
    person: str = ""  # the name of who made that revision
    score: float = 0.5  # from 0 to 1: how much it matters
    also: tuple[str, ...] = ()  # earlier revisions of the same sitting that it tells of: hashes
    until: datetime | None = None  # while it only warns: when the grace time for the note ends
    why: tuple[Reason, ...] = ()  # of a change: all its reasons, strongest first
    # Where an inbox tells of one piece of work in many articles: the same in the others.
    beside: "tuple[Finding, ...]" = ()


class Span(NamedTuple):
    """A passage of the current text and where it came from."""

    start: int  # offsets in the last text
    end: int
    revision: int  # 1-based: the revision that first brought these words


class Removal(NamedTuple):
    """A passage that was taken out of a text."""

    text: str  # without the white space around it
    brought: int  # 1-based: the revision that first brought it, or its oldest words
    revision: int  # 1-based: the revision that took it out
    place: int  # offset in the last text: where it stood
    sentence: str = ""  # the sentence that it stood in; "" where it is not known


class Blame(NamedTuple):
    """A text with the origin of each passage."""

    article: Article
    text: str  # of the last of the revisions
    revisions: tuple[Revision, ...]  # oldest first; the spans' numbers are theirs
    spans: tuple[Span, ...]  # cover the text
    removals: tuple[Removal, ...]  # what was taken out and did not come back

    def _repr_html_(self) -> str:
        """The text as a notebook shows it: who brought each passage is told where one points."""
        from html import escape  # notebooks alone ask for it

        passages = []
        for span in self.spans:
            revision = self.revisions[span.revision - 1]
            told = f"Revision {revision.number}, {revision.at:%Y-%m-%d %H:%M}"
            shade = round(30 * span.revision / len(self.revisions))
            words = escape(self.text[span.start : span.end]).replace("\n", "<br>")
            title = escape(f"{told}, {revision.person.name}", quote=True)
            color = f"background:hsl(50 90% {100 - shade}%)"
            passages.append(f'<span title="{title}" style="{color}">{words}</span>')
        return f"<p>{escape(self.article.headline)}</p><div>{''.join(passages)}</div>"


Progress = Callable[[int, int], None]
"""Called with how much is done (articles, or commits) and how much there is."""
