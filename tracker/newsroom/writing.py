"""A new text and its notes become one revision: first prepared, then written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracker.errors import TrackerError
from tracker.house.dates.parse import Moment
from tracker.house.notes.merge import subject_of_amending
from tracker.model import Change, Kind, Note, Person, Revision
from tracker.newsroom import history, names
from tracker.newsroom.catalog import compared as compared_with
from tracker.newsroom.catalog import was_known
from tracker.newsroom.names import locate
from tracker.newsroom.note_editor import NoteEditor, Told, no_such_note
from tracker.newsroom.selection import ArticleSelection, is_text
from tracker.newsroom.workspace import Workspace
from tracker.store.commit import EditedMeanwhile, FileWrite, blob_of, write
from tracker.store.git import shown_path
from tracker.store.identity import Appeared, Ended, Pool, match
from tracker.store.merge import take_back
from tracker.store.reader import Reader, not_too_large, object_hash
from tracker.store.worktree import FileStates, file_states
from tracker.text.document import FrontMatterError, decode

if TYPE_CHECKING:
    from tracker.comparison import Compared
    from tracker.newsroom.concurrent_edits import Against, Settled

_FEW_VERSIONS = 2_000  # texts of the archive that a recording may wait for
AHEAD = timedelta(minutes=2)
"""How far an instant may lie ahead: the clocks of two machines are never quite the same."""


class Stamp(NamedTuple):
    """When, by whom and why a revision is made."""

    at: datetime | str | None = None  # aware, or what an editor types; None: now
    by: Person | str | None = None  # "Name <address>"; None: who git says is writing
    message: str | None = None  # the internal commit message; None: one is made
    covers: str | int | None = None  # an earlier revision that the note tells of


NOW = Stamp()


class Prepared(NamedTuple):
    """One revision that is ready to be written."""

    path: str  # in the repository
    expected: str | None  # the blob that the article has now on the published line
    disk: bytes | None  # what the file on disk holds; None where it is not to be touched
    data: bytes | None  # what will be written; None: nothing but that the file goes
    before: str | None  # the text of the last revision; None for a new article
    text: str  # what will be written, decoded
    notes: tuple[Note, ...]  # those that this revision brings
    lines: tuple[str, ...]  # the update lines under (or above) the article, in house style
    compared: Compared | None  # the last revision and this one; None for a new article
    unchanged: bool  # there is nothing to record
    person: Person
    at: datetime  # aware: the author date
    message: str
    merged: tuple[Revision, ...] = ()  # those of other editors whose words were taken over
    over: tuple[Revision, ...] = ()  # those of other editors that give way, as somebody chose
    moved: FileWrite | None = None  # the file of the path that the article had before
    deleted: bool = False  # the article is taken down, after what is written

    @property
    def files(self) -> list[FileWrite]:
        own = FileWrite(self.path, self.data, self.expected, self.disk)
        return [own] if self.moved is None else [self.moved, own]

    @property
    def moved_from(self) -> str | None:
        """The path that the article had before; None where it stays."""
        return None if self.moved is None else self.moved.path

    @property
    def change(self) -> Change | None:
        """What changed against the last revision, and what it means; None for a new article."""
        return None if self.compared is None else self.compared.change


def refuse_if_followed(workspace: Workspace) -> None:
    """Raise ``TrackerError`` in a newsroom of other people's articles, whose notes are theirs."""
    if workspace.settings.kind == "followed":
        raise TrackerError(
            "These articles are other people's: nothing is written into them but what was seen "
            "there.",
            "Write about them elsewhere: tracker check and tracker diff show what changed.",
        )


def prepare(
    workspace: Workspace,
    article: str | Path,
    text: str | bytes | None,
    told: Sequence[tuple[Kind, str]],
    stamp: Stamp,
    *,
    footer: bool | None = None,
    against: Against | None = None,
    anywhere: bool | None = None,
) -> Prepared:
    """A revision of the file on disk, or of a text that is given.

    ``against`` says what the text was written against, and what to do where others came between.
    ``anywhere`` is given by a program: whether it may record what is no article.
    """
    if told:
        refuse_if_followed(workspace)
    path = locate(workspace, article, new=True)
    if anywhere is not None:
        _may_record(workspace, path, stamp.at, anywhere=anywhere)
    draft = _Draft(workspace, path, stamp)
    given = text.encode() if isinstance(text, str) else text
    if given is None and draft.is_gone:
        return _deletion(draft, told)
    if given is None and draft.old is None:
        draft.follow(former_path(workspace, draft.path))
    new, encoding = decode(workspace.read(draft.path) if given is None else given)
    if given is not None and workspace.read_if_there(draft.path) not in (None, draft.old, given):
        from tracker.newsroom.concurrent_edits import refuse_unrecorded

        refuse_unrecorded(workspace, draft.path, draft.old, given)
    if given is None and (workspace.repository.git_dir / "tracker" / "behind.json").is_file():
        from tracker.newsroom.concurrent_edits import remembered

        against = remembered(workspace, draft.path, workspace.read(draft.path), against)
    if against is not None:
        from tracker.newsroom.concurrent_edits import settle

        with _naming(draft.path):
            draft.settled = settle(workspace, draft.path, new, encoding, draft.moment.at, against)
        new = draft.settled.text
    followed = workspace.settings.kind == "followed"  # what a publisher takes out is out
    if given is not None and draft.before is not None and not followed:
        with _naming(draft.path):
            new = draft.notes.carry(draft.before, new, draft.moment.at)
    with _naming(draft.path):
        new = draft.notes.add(new, draft.told(told), before=draft.before, footer=footer)
    return draft.finish(new, encoding)


def _may_record(
    workspace: Workspace, path: str, at: datetime | str | None, *, anywhere: bool
) -> None:
    """Raise ``TrackerError`` for what a program may not record as a person may at a keyboard.

    That is a file which the settings do not count as an article, unless it may be ``anywhere``,
    and an instant before that of the latest revision.
    """
    if not anywhere:
        must_be_article(workspace, path)
    if at is None or workspace.repository.head is None or not was_known(workspace, path):
        return
    at = _moment(workspace, at, workspace.clock()).at
    newest = max(version.at for version in history.track_of(workspace, path).versions)
    if at < newest:
        raise TrackerError(
            f"{shown_path(path)} has a newer revision already, of "
            f"{newest.astimezone(at.tzinfo).isoformat(' ', 'minutes')}.",
            "A program never puts a revision in before another: give a later instant.",
        )


def must_be_article(workspace: Workspace, path: str) -> None:
    """Raise ``TrackerError`` for a path that the settings do not count as an article."""
    counted = ArticleSelection(workspace.under, workspace.settings.articles)
    if not counted.holds(path):
        raise TrackerError(
            f"{shown_path(path)} is no article by the newsroom's settings.",
            "Name a file that the patterns “articles” in tracker.toml count in.",
        )


def _deletion(draft: _Draft, told: Sequence[tuple[Kind, str]]) -> Prepared:
    """That an article is taken down; a note for readers becomes a last revision before it."""
    assert draft.old is not None
    text, encoding = decode(draft.old)
    message = draft.stamp.message or f"Delete {draft.path}"
    if told:
        with _naming(draft.path):
            text = draft.notes.add(text, draft.told(told), before=draft.before)
        return draft.finish(text, encoding)._replace(unchanged=False, deleted=True)
    ready = draft.finish(text, encoding, message)
    return ready._replace(data=None, unchanged=False, deleted=True)


def prepare_note(
    workspace: Workspace,
    article: str | Path,
    words: str,
    kind: Kind | None,
    stamp: Stamp,
    *,
    amends: str | None = None,
) -> Prepared:
    """A revision that adds a note to what is already out, or replaces one."""
    refuse_if_followed(workspace)
    draft = _Draft(workspace, locate(workspace, article), stamp)
    text, encoding = draft.published()
    if amends is not None and kind is None:
        kind = _note(draft.notes, text, amends, draft.moment.at).kind
    with _naming(draft.path):
        told = draft.told([(kind or "update", words)], amends)
        new = draft.notes.add(text, told, before=draft.before)
    return draft.finish(new, encoding)


def prepare_withdrawal(
    workspace: Workspace, article: str | Path, note: str, stamp: Stamp
) -> Prepared:
    """A revision that takes a note back."""
    refuse_if_followed(workspace)
    draft = _Draft(workspace, locate(workspace, article), stamp)
    text, encoding = draft.published()
    message = stamp.message or f"Withdraw note {note} of {draft.path}"
    with _naming(draft.path):
        new = draft.notes.withdraw(text, note, draft.moment.at)
    return draft.finish(new, encoding, message)


def prepare_restoration(
    workspace: Workspace,
    article: str | Path,
    revision: str | int,
    told: Sequence[tuple[Kind, str]],
    stamp: Stamp,
) -> Prepared:
    """A revision that makes an older text current again, with the notes of today."""
    refuse_if_followed(workspace)
    draft = _Draft(workspace, locate(workspace, article), stamp)
    found = history.track_of(workspace, draft.path)
    if draft.old is None and found.deleted:
        today = decode(workspace.content(found.versions[-1].blob))[0]
    else:
        today, _ = draft.published()
    chosen = found.versions[history.number_of(workspace, found, revision) - 1]
    old, encoding = decode(workspace.content(chosen.blob))
    with _naming(draft.path):
        new = draft.notes.restore_notes(today, old, draft.moment.at)
        new = draft.notes.add(new, draft.told(told), before=draft.before)
    day = chosen.at.astimezone(workspace.settings.zone).isoformat(" ", "minutes")
    message = stamp.message or f"Restore {draft.path} as it was on {day}"
    ready = draft.finish(new, encoding, message)
    return ready._replace(unchanged=False) if draft.is_gone else ready


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Give an error in the front matter the name of its file."""
    try:
        yield
    except FrontMatterError as error:
        raise error.in_file(path) from None


def commit(workspace: Workspace, recording: Prepared, *, judged: bool = True) -> str | None:
    """Write a recording; the full hash of its commit, None where git found nothing changed.

    ``judged``: somebody will ask what its change means; that is looked at while git works.
    """
    try:
        return write(
            workspace.repository,
            recording.files,
            message=recording.message,
            person=recording.person,
            at=recording.at,
            branch=workspace.settings.branch,
            settled=bool(recording.merged or recording.over),
            objects=workspace.objects,
            meanwhile=(lambda: recording.change) if judged else None,
        )
    except EditedMeanwhile as error:
        from tracker.newsroom.concurrent_edits import explained

        here = recording.path, recording.expected, recording.disk
        raise explained(workspace, *here, error) from None


def commit_deletion(workspace: Workspace, recording: Prepared) -> str | None:
    """Take the file of an article away after its last revision; the full hash of the commit."""
    expected, _ = workspace.latest(recording.path)
    gone = FileWrite(recording.path, None, expected, recording.data)
    return write(
        workspace.repository,
        [gone],
        message=f"Delete {recording.path}",
        person=recording.person,
        at=recording.at,
        branch=workspace.settings.branch,
        objects=workspace.objects,
    )


class _Draft:
    """What every kind of recording starts with and ends with."""

    def __init__(self, workspace: Workspace, path: str, stamp: Stamp) -> None:
        self.workspace = workspace
        self.path = path
        self.stamp = stamp
        # What a killed recording left goes, also where there is nothing to record.
        take_back(workspace.repository)
        self.expected, self.old = workspace.latest(path)
        self.person = person_named(stamp.by) or workspace.writer
        self.moment = _moment(workspace, stamp.at, workspace.clock())
        self.before = decode(self.old)[0] if self.old is not None else None
        self.notes = history.note_editor(workspace, path)
        self.settled: Settled | None = None  # where others came between
        self.moved: FileWrite | None = None  # the file of the path that the article had

    @property
    def is_gone(self) -> bool:
        """Whether the newest commit has the article, and the work tree has not."""
        there = (
            self.workspace.repository.bare or self.workspace.read_if_there(self.path) is not None
        )
        return self.old is not None and not there

    def follow(self, former: str | None) -> None:
        """The article had another path until now."""
        if former is None:
            return
        expected, old = self.workspace.latest(former)
        if old is not None:
            self.moved = FileWrite(former, None, expected, None)
            self.before = decode(old)[0]

    def published(self) -> tuple[str, str]:
        """The text that is out, with its encoding; refuses where the file on disk differs."""
        here = self.workspace
        if self.old is None and here.repository.head and was_known(here, self.path):
            raise TrackerError(
                f"{self.path} was deleted.",
                f"Put it back first: tracker restore {self.path} latest",
            )
        if self.old is None:
            raise TrackerError(
                f"{self.path} has no recorded revision yet.",
                f"Record the first: tracker record {self.path}",
            )
        data = self.workspace.read_if_there(self.path)
        if data is None or data == self.old:
            return decode(self.old)
        if blob_of(self.workspace.repository, self.path, data) != self.expected:
            raise TrackerError(
                f"{self.path} has changes on disk that are not recorded.",
                "Record them together with the note, with tracker record; or give them up: "
                f"git restore -- {self.path}",
            )
        return decode(data)

    def told(self, told: Sequence[tuple[Kind, str]], amends: str | None = None) -> list[Told]:
        """What readers are told, with this revision's instant."""
        covers = None
        if self.stamp.covers is not None:
            found = history.track_of(self.workspace, self.path)
            number = history.number_of(self.workspace, found, self.stamp.covers)
            covers = found.versions[number - 1].commit
        at, precision = self.moment.at, self.moment.precision
        return [Told(kind, words, at, precision, covers, amends) for kind, words in told]

    def finish(self, text: str, encoding: str, message: str | None = None) -> Prepared:
        """Everything that is known before writing."""
        desk, at = self.notes, self.moment.at
        data = desk.encoded(text, encoding)
        not_too_large(self.path, len(data))
        disk = self.workspace.read_if_there(self.path)
        unchanged = data == self.old or (
            self.old is not None
            and data.replace(b"\r\n", b"\n") == self.old.replace(b"\r\n", b"\n")
            and blob_of(self.workspace.repository, self.path, data) == self.expected
        )
        notes = desk.brought(self.before, text, at)
        made = message_of(self.path, notes, first=self.before is None)
        if self.moved is not None and not notes:
            made = f"Move {self.moved.path} to {self.path}"
        message = message or self.stamp.message or made
        if amended := desk.amended(text):
            message = subject_of_amending(amended, self.path) + "\n" + message.partition("\n")[2]
        settled = self.settled
        compared = None
        if self.before is not None:
            compared = compared_with(
                self.workspace, _line_breaks_of(text, self.before), text, most=_FEW_VERSIONS
            )
        return Prepared(
            path=self.path,
            expected=self.expected,
            disk=disk,
            data=data,
            before=self.before,
            text=text,
            notes=notes,
            lines=desk.lines(text, at),
            compared=compared,
            unchanged=unchanged and (disk is None or disk == data),
            person=self.person,
            at=at,
            message=message + settled.remark if settled else message,
            merged=settled.merged if settled else (),
            over=settled.over if settled else (),
            moved=self.moved,
        )


def _line_breaks_of(model: str, text: str) -> str:
    """A text with CRLF where the model has it: what git turns on checkout is no change."""
    if "\r\n" in model and "\r\n" not in text:
        return text.replace("\n", "\r\n")
    return text


def _moment(workspace: Workspace, at: datetime | str | None, now: datetime) -> Moment:
    if at is None:
        return Moment(now.replace(microsecond=0), "minute")
    if isinstance(at, str):
        moment = names.moment(at, workspace.settings, now)
    elif at.tzinfo is None:
        raise TrackerError(
            f"The instant {at.isoformat()} has no zone.", "Give an aware datetime, or text."
        )
    else:
        moment = Moment(at.replace(microsecond=0), "minute")  # git keeps seconds
    if moment.at > now + AHEAD:
        raise TrackerError(
            f"{moment.at.isoformat(' ', 'minutes')} is in the future.",
            "Record a revision when it is out; check the date and the zone.",
        )
    return moment


def person_named(by: Person | str | None) -> Person | None:
    """The person of ``Name <address>``. Raises ``TrackerError`` where it names nobody."""
    if not isinstance(by, str):
        return by
    name, bracket, rest = by.partition("<")
    email = rest.rstrip().removesuffix(">").strip()
    if not name.strip() or (bracket and not rest.rstrip().endswith(">")):
        raise TrackerError(f"“{by}” names no author.", "Write it as: Name <name@example.org>")
    return Person(name.strip(), email)


def _note(desk: NoteEditor, text: str, wanted: str, at: datetime) -> Note:
    standing = desk.notes(text, at)
    for note in standing:
        if note.id == wanted:
            return note
    raise no_such_note(wanted, standing)


def message_of(path: str, notes: Sequence[Note], *, first: bool) -> str:
    """A commit message for people who read plain git log."""
    if not notes:
        return f"{'Publish' if first else 'Edit'} {path}"
    kinds = " and ".join(note.kind.capitalize() for note in notes)
    return f"{kinds}: {path}\n\n" + "\n".join(note.text for note in notes)


# --- the articles' files on disk ------------------------------------------------------------------


def changed_articles(workspace: Workspace) -> list[str]:
    """The articles whose file on disk is new, edited or gone, sorted.

    One that was moved is named by its new path alone.
    """
    take_back(workspace.repository)
    states = file_states(workspace.repository, workspace.under)
    moved = _moves(workspace, states)
    paths = {*states.changed, *states.gone} - set(moved.values())
    return workspace.choose(paths)


def former_path(workspace: Workspace, path: str) -> str | None:
    """The path that the article in a new file had, where its old file is gone from the disk."""
    if workspace.repository.bare or workspace.repository.head is None:
        return None
    return _moves(workspace, file_states(workspace.repository)).get(path)


def _moves(workspace: Workspace, states: FileStates) -> dict[str, str]:
    """New paths on disk with the path that the article had: as an article goes on in a commit."""
    gone = [path for path in states.gone if is_text(path)]
    new = [path for path in states.new if is_text(path)]
    if not gone or not new:
        return {}
    tip, known = workspace.tip, dict[str, bytes]()
    pool, ending, appeared = Pool(), list[Ended](), list[Appeared]()
    for number, path in enumerate(gone):
        found = workspace.objects.info(f"{tip}:{path}")
        if found is not None:
            ending.append(Ended(number, path, found.hash, 0))
            pool.add(ending[-1])
    for path in new:
        data = workspace.read_if_there(path)
        if data is not None:
            blob = object_hash("blob", data, len(tip))
            known[blob] = data
            appeared.append(Appeared(path, blob))
    with Reader(workspace.repository) as reader:

        def read(blobs: Iterable[str]) -> dict[str, bytes]:
            texts = dict[str, bytes]()
            for blob in blobs:
                try:
                    texts[blob] = known[blob] if blob in known else reader.read(blob)
                except TrackerError:  # too large, or no text: it is nobody's continuation
                    continue
            return texts

        return {path: ended.path for path, ended in match(appeared, pool, ending, read).items()}
