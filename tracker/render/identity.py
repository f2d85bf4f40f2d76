"""Ids that last: of a newsroom, an article, a revision and a note, for feeds and exports.

An id is a name-based UUID (RFC 9562, version 5) written as a URN. It is made from what git keeps
in every clone: the commit, and the path that the file had in it. So it is the same on every
machine, and stays when an article moves, when the site gets another address, and when settings
renumber the revisions.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from tracker.model import History, Revision

_NAMESPACE = UUID("6d0f5b1c-4f6e-5c0a-9a54-0d5a3c1f7e21")  # never to be changed


def newsroom_id(first_commit: str, under: str = "") -> str:
    """The id of a newsroom: of the first commit of its published line, and its folder there."""
    return _urn("newsroom", first_commit, under)


def article_id(history: History) -> str:
    """The id of an article: of its first revision. In a shallow clone, of the oldest one there."""
    first = history.revisions[0]
    return _urn("article", first.commit, first.path)


def revision_id(revision: Revision) -> str:
    """The id of a revision."""
    return _urn("revision", revision.commit, revision.path)


def note_id(brought: Revision, note: str) -> str:
    """The id of a note, by the revision that first brought it and its id in the article."""
    return _urn("note", brought.commit, brought.path, note)


def feed_id(of: str, what: str = "") -> str:
    """The id of a feed of what has an id; ``what`` tells several feeds of it apart."""
    return _urn("feed", of, what)


def _urn(*facts: str) -> str:
    # A byte of a file name that is not UTF-8 is written out: a name must be text.
    name = "\0".join(facts).encode("utf-8", "backslashreplace").decode("utf-8")
    return uuid5(_NAMESPACE, name).urn
