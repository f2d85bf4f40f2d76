"""What is asked of all articles at once, answered in the plainest way: by reading every history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tracker.house.changelog import entries, standing, told_of
from tracker.model import Article, Entry, History, Hit, Listed, Note, Revision, Selection
from tracker.newsroom.newsroom import Newsroom
from tracker.newsroom.queries import Term, excerpt, indexed, terms, visible

ALL = Selection()


def lives(room: Newsroom) -> list[History]:
    """The history of each article that is there now, by path."""
    return [room.life(path) for path in room.workspace.paths()]


def latest(room: Newsroom, selection: Selection = ALL) -> list[tuple[Article, Revision]]:
    """The revisions that are meant, newest first, each with its article."""
    found = []
    for life in lives(room):
        told = told_of(life, room.settings.check.grace)
        first = next((each.number for each in life.revisions if each.published), None)
        for revision in life.revisions:
            silent = revision.published and revision.number != first and revision.number not in told
            if (
                (selection.kind is None or any(n.kind == selection.kind for n in revision.notes))
                and selection.person in (None, revision.person.name)
                and selection.month in (None, month(room, revision))
                and selection.substantive in (None, revision.substantive)
                and (selection.told is not True or revision.number in told)
                and (selection.told is not False or silent)
            ):
                found.append((life.article, revision))
    return sorted(found, key=lambda each: (each[1].at, each[0].path, each[1].number), reverse=True)


def month(room: Newsroom, revision: Revision) -> str:
    return revision.at.astimezone(room.settings.zone).strftime("%Y-%m")


def months(room: Newsroom, selection: Selection = ALL) -> list[tuple[str, int]]:
    """Revisions by month, the newest month first."""
    found = Counter(month(room, revision) for _, revision in latest(room, selection))
    return sorted(found.items(), reverse=True)


def people(room: Newsroom) -> list[tuple[str, int]]:
    """Revisions by author's name, the most first."""
    found = Counter(revision.person.name for _, revision in latest(room))
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def articles(room: Newsroom) -> list[Article]:
    """The articles that are there now, the last revised first."""
    found = sorted(
        lives(room), key=lambda each: (each.revisions[-1].at, each.article.path), reverse=True
    )
    return [each.article for each in found]


def listed(room: Newsroom) -> list[Listed]:
    """The articles with what a list tells of them, the last revised first."""
    known = {each.article.path: each for each in lives(room)}
    return [
        Listed(
            article,
            known[article.path].revisions[-1].at,
            len(known[article.path].revisions),
            len(standing(known[article.path].notes)),
        )
        for article in articles(room)
    ]


def changelog(room: Newsroom) -> list[Entry]:
    """The notes of the whole newsroom, newest first."""
    settings = room.settings
    found = [
        entry
        for life in sorted(lives(room), key=lambda life: life.article.path)
        for entry in entries(life, settings.style, settings.zone, settings.check.grace)
        if entry.what == "note"
    ]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def search(room: Newsroom, words: str) -> Iterator[Hit]:
    """Where all of the words stand in headlines, notes and current texts."""
    wanted = terms(words)
    for life in lives(room):
        last = life.revisions[-1]
        commits = {note.id: each.commit for each in life.revisions for note in each.notes}
        text = visible(room.content(life.article.path))
        passages: list[tuple[str, str, Note | None]] = [
            ("headline", life.article.headline, None),
            ("text", text, None),
            *(("note", each.text, each) for each in standing(life.notes)),
        ]
        for where, said, note in passages:
            if holds(said, wanted):
                commit = commits.get(note.id, last.commit) if note else last.commit
                at = note.at if note else last.at
                shown = tuple(excerpt(said, wanted))
                yield Hit(life.article, where, shown, at, commit, note and note.id)  # type: ignore[arg-type]


def holds(passage: str, wanted: list[Term]) -> bool:
    """Whether all terms stand in a passage."""
    said = f" {indexed(passage)} "
    return all(f" {' '.join(term.words)}{'' if term.prefix else ' '}" in said for term in wanted)
