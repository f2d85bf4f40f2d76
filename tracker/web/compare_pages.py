"""The pages that show what changed between two versions of an article."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from html import unescape

from flask import Blueprint, Response, make_response, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound

from tracker.comparison import compare
from tracker.house.notes import wording
from tracker.model import Precision, Reason, Revision
from tracker.newsroom.bases import bases, text_before
from tracker.render import diff_html
from tracker.web import addresses, http
from tracker.web.addresses import link, site
from tracker.web.desk import current, desk
from tracker.web.page import fit, page, words
from tracker.web.reading import (
    FoundArticle,
    Moved,
    find,
    frame,
    neighbor,
    note_views,
    stamped,
    steps,
    text,
    untold,
    version,
)

pages = Blueprint("compare", __name__)


@pages.get("/change/<stamp:stamp>/<address:address>/", defaults={"sides": False})
@pages.get("/change-sides/<stamp:stamp>/<address:address>/", defaults={"sides": True})
def change(stamp: str, address: str, sides: bool) -> str:
    found = find(address)

    def where(stamp: str, address: str) -> str:
        return addresses.change(stamp, address, sides=sides)

    new = stamped(found, stamp, where)
    if new.number == 1:
        raise NotFound
    revisions = found.life.revisions
    on = bases(revisions)
    written_on = [revisions[each] for each in on[new.number - 1]]
    before = None
    if len(written_on) > 1 and not found.large:
        path = found.life.article.path
        before = text_before(
            current().workspace,
            revisions,
            on,
            new.number - 1,
            lambda each: text(revisions[each], path),
        )
    return _compared(
        found,
        written_on[-1],
        new,
        sides,
        before_merge=before,
        written_on=[(each.out_on, _version_of(found, each)) for each in written_on],
        brought=(new,),
        other=addresses.change(stamp, found.address, sides=not sides),
        steps=steps(found, new.number, where, since=2),
        before=neighbor(found, new.number - 2, where) if new.number > 2 else None,
        after=neighbor(found, new.number, where),
    )


@pages.get("/compare/<stamp:old>/<stamp:new>/<address:address>/", defaults={"sides": False})
@pages.get("/compare-sides/<stamp:old>/<stamp:new>/<address:address>/", defaults={"sides": True})
def pair(old: str, new: str, address: str, sides: bool) -> str:
    found = find(address)
    first, second = version(found, old), version(found, new)
    stamps = addresses.stamp_of(first), addresses.stamp_of(second)
    if stamps != (old, new):
        raise Moved(addresses.compare(*stamps, found.address, sides=sides))
    other = addresses.compare(*stamps, found.address, sides=not sides)
    return _compared(found, first, second, sides, other=other, steps=[], before=None, after=None)


def _version_of(found: FoundArticle, revision: Revision) -> str:
    return addresses.version(addresses.stamp_of(revision), found.address)


def _compared(
    found: FoundArticle,
    old: Revision,
    new: Revision,
    sides: bool,
    *,
    before_merge: str | None = None,
    written_on: Sequence[tuple[date, str]] = (),
    brought: tuple[Revision, ...] | None = None,
    **values: object,
) -> str:
    """``before_merge`` is the text before, where it is not that of ``old`` alone.

    ``written_on``: when the versions were made that it is of, and where they are.
    """
    track = desk().track(found.life.article.path)
    blobs = {each.commit: each.blob for each in track.versions}
    before, after = desk().texts([blobs[old.commit], blobs[new.commit]])
    http.touched(max(old.out_at, new.out_at))
    between = brought or found.life.revisions[old.number : new.number]
    told = {note.id: note for revision in between for note in revision.notes}
    notes = note_views(list(told.values()), found.address, found.life.notes)
    texts = before if before_merge is None else before_merge, after
    return page(
        "compare.html",
        **frame(found, "changes" if new.number == found.newest.number else "compare"),
        **_shown(found, old, new, texts, sides=sides, notes=not notes),
        old=old,
        new=new,
        old_version=_version_of(found, old),
        new_version=_version_of(found, new),
        old_source=addresses.source(addresses.stamp_of(old), found.address),
        new_source=addresses.source(addresses.stamp_of(new), found.address),
        sides=sides,
        written_on=written_on,
        notes=notes,
        looks=desk().looks([new]).get(new.commit),
        **values,
    )


LONGEST = 400_000
"""Code points of either text above which it is not compared for a page."""


def _shown(
    found: FoundArticle,
    old: Revision,
    new: Revision,
    texts: tuple[str, str],
    *,
    sides: bool,
    notes: bool,
) -> dict[str, object]:
    """What changed from one text to the other, as the template takes it.

    Without ``notes``, those that readers got are told elsewhere on the page.
    """
    if max(map(len, texts)) > LONGEST:
        why = new.why if notes else untold(new.why)
        return {"counted": new, "comparison": None, "reasons": [(each, None) for each in why],
                "changes": 0}  # fmt: skip
    said, settings = words(), current().settings
    style, zone = settings.style, settings.clock

    def when(at: datetime, precision: Precision) -> str:
        return wording.when(style, at, zone, precision)  # notes are dated as the house dates

    change = compare(*texts, style=style, language=settings.articles_language)
    fragment = diff_html.fragment(
        change,
        *texts,
        layout="side-by-side" if sides else "inline",
        old_name=said.instant(old.out_on),
        new_name=said.instant(new.out_on),
        language=said.tag,
        written_in=said.lang(found.language),
        when=when,
        notes=notes,
    )
    # What a reader hardly sees comes last.
    reasons = sorted(
        change.why if notes else untold(change.why), key=lambda each: each.label in _MINOR
    )
    folding = Folding(reasons, found.language)
    return {
        "comparison": fit(folding.folded(fragment)),
        "counted": change,
        "reasons": list(zip(reasons, folding.placed, strict=True)),
        "changes": folding.number,
    }


_MINOR = frozenset({"link", "image", "markup", "metadata", "style"})


@pages.get("/compare/")
def choice() -> Response:
    """The comparison that a form asks for: the older version first, whatever the order."""
    asked = request.args
    found = find(asked.get("article", "").strip("/"))
    old, new = (version(found, _stamp(asked.get(name, ""))) for name in ("old", "new"))
    if old.number > new.number:
        old, new = new, old
    sides = bool(asked.get("sides"))
    where = addresses.compare(
        addresses.stamp_of(old), addresses.stamp_of(new), found.address, sides=sides
    )
    response = make_response("", 303)
    response.headers["Location"] = link(where)
    return response


def _stamp(text: str) -> str:
    if not re.fullmatch(addresses.STAMP, text, re.ASCII):
        raise BadRequest
    return text


# --- a comparison as a page shows it: changes numbered, the rest folded --------------------------

_TOKEN = re.compile(r'<(?:[^">]++|"[^"]*+")*+>|[^<]++')
_MARK = re.compile(r'<(?:ins|del)\b[^>]*>|<span class="tracker-moved[^>]*>')
_WENT = re.compile(r"<del\b[^>]*>(.*?)</del>", re.DOTALL)
_CAME = re.compile(r"<ins\b[^>]*>(.*?)</ins>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_CLOSE = 60  # characters between two marks of one change, at most
_LEAST = 2  # blocks that are folded; one is shown
_NEAR = 240  # characters of a block beside a change up to which it is shown with it


class Folding:
    """Folds a fragment of ``diff_html``, which is well-formed, and numbers its changes.

    What no edit touches is folded into ``<details>``, but for the block before and after a change;
    where a site of files leaves that out, it stands on the page of either version. Each change, a
    run of marks that stand close together, gets an id, the first ``change-1``, so that links and
    keys lead from one to the next, and the reasons that are about it stand beside it.
    """

    def __init__(self, reasons: Sequence[Reason], language: str) -> None:
        self._reasons = reasons
        self._language = language  # of the article
        self._words = words()
        self._whole = site().has("unchanged")
        self._anything = False  # no change is marked, so nothing is folded
        self.placed: list[int | None] = [None] * len(reasons)  # the change that each is about
        self.number = 0  # of changes

    def folded(self, fragment: str) -> str:
        head, inner, tail = _opened(fragment)
        self._anything = bool(_MARK.search(inner))
        parts = "\n".join(map(self._part, _children(inner)))
        return f"{head}\n{parts}\n{tail}"

    def _part(self, child: str) -> str:
        """One part of the comparison: the fields, the article, what cannot be seen in it."""
        if child.startswith("<table"):
            return self._sides(child)
        if child.startswith('<pre class="tracker-source"'):
            return self._source(child)
        if child.startswith('<div class="tracker-article"'):
            head, inner, tail = _opened(child)
            blocks = self._runs(_children(inner), self._blocks, elsewhere=self._anything)
            return "\n".join([head, *blocks, tail])
        if child.startswith('<dl class="tracker-fields"'):
            head, inner, tail = _opened(child)
            return "\n".join([head, *map(self._numbered, _children(inner)), tail])
        return self._numbered(child)

    def _runs(
        self,
        items: Sequence[str],
        write: Callable[[list[str]], str],
        marked: Sequence[bool] = (),
        *,
        elsewhere: bool = False,
    ) -> list[str]:
        """Items in runs, each put together by ``write``; those that no edit touches are folded."""
        out = []
        marked = marked or [bool(_MARK.search(each)) for each in items]
        for is_folded, chosen in _parted(items, marked, elsewhere=elsewhere):
            whole = write([items[at] for at in chosen])
            out.append(self._fold(len(chosen), whole) if is_folded else whole)
        return out

    def _source(self, child: str) -> str:
        """The text as it is written, in pieces at its blank lines."""
        head, inner, tail = _opened(child)
        return "\n".join(
            self._runs(
                _paragraphs(inner), lambda run: f"{head}{''.join(map(self._numbered, run))}{tail}"
            )
        )

    def _blocks(self, run: list[str]) -> str:
        return "\n".join(map(self._block, run))

    def _block(self, block: str) -> str:
        if block.startswith(("<ul", "<ol")) and block.count("<li") > 2 and _MARK.search(block):
            return self._list(block)
        why: list[str] = []
        numbered = self._numbered(block, why)
        if not why:
            return numbered
        said = "".join(f"<li>{each}</li>" for each in why)
        return f'<div class="changed">{numbered}<ul class="why">{said}</ul></div>'

    def _list(self, block: str) -> str:
        """A list of which only the items around a change are shown; its numbers stay."""
        head, inner, tail = _opened(block)
        start = 1

        def write(run: list[str]) -> str:
            nonlocal start
            begin = f'{head[:-1]} start="{start}">' if head.startswith("<ol") else head
            start += len(run)
            return f"{begin}{''.join(map(self._numbered, run))}{tail}"

        return "".join(self._runs(_children(inner), write))

    def _sides(self, table: str) -> str:
        """Rows side by side: a table for each run of them, all with the same columns."""
        head, inner, _ = _opened(table)
        parts = _children(inner)
        columns = next((each for each in parts if each.startswith("<thead")), "")
        body = next((each for each in parts if each.startswith("<tbody")), "<tbody></tbody>")
        rows = _children(_opened(body)[1])

        def write(run: list[str]) -> str:
            nonlocal columns
            heads, columns = columns, columns.replace("<thead>", '<thead class="again">', 1)
            part = "\n".join(map(self._numbered, run))
            return f"{head}\n{heads}\n<tbody>\n{part}\n</tbody></table>"

        return "\n".join(
            self._runs(rows, write, ['class="tracker-same"' not in each[:60] for each in rows])
        )

    def _fold(self, blocks: int, inner: str) -> str:
        said = self._words("count.unchanged_passages", number=blocks)
        if not self._whole:
            return f'<p class="unchanged">{said}</p>'
        return f'<details class="unchanged"><summary>{said}</summary>\n{inner}\n</details>'

    def _numbered(self, block: str, why: list[str] | None = None) -> str:
        """A block whose changes have ids; ``why`` gets what is said about them."""
        out: list[str] = []
        last = 0
        for start, end in _changes(block):
            self.number += 1
            tag = _TAG.match(block, start)
            assert tag is not None
            out += [block[last:start], f'{tag[0][:-1]} id="change-{self.number}">']
            last = tag.end()
            said = self._why(block[start:end])
            if why is not None:
                why += said
        return "".join([*out, block[last:]])

    def _why(self, change: str) -> list[Markup]:
        went, came = (
            " ".join(_text(each) for each in side.findall(change)) for side in (_WENT, _CAME)
        )
        said = []
        for place, reason in enumerate(self._reasons):
            if self.placed[place] is None and _is_about(reason, went, came):
                self.placed[place] = self.number
                said.append(self._words.say(reason, self._language))
        return said


def _is_about(reason: Reason, went: str, came: str) -> bool:
    old, new = _sought(reason.old), _sought(reason.new)
    if not old and not new:
        return False
    return (not old or old in went) and (not new or new in came)


def _sought(words: str) -> str:
    return " ".join(words.strip("“”\"'").partition("…")[0].split())


def _text(rendered: str) -> str:
    return " ".join(unescape(_TAG.sub("", rendered)).split())


def _changes(block: str) -> list[tuple[int, int]]:
    """Start and end of each run of marks that stand close together."""
    found: list[tuple[int, int]] = []
    for mark in _MARK.finditer(block):
        name = re.match(r"<(\w+)", mark[0])
        assert name is not None
        end = block.find(f"</{name[1]}>", mark.end())
        end = len(block) if end < 0 else end + len(name[1]) + 3
        if found and len(_TAG.sub("", block[found[-1][1] : mark.start()])) < _CLOSE:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((mark.start(), end))
    return found


def _parted(
    blocks: Sequence[str], marked: Sequence[bool], *, elsewhere: bool = False
) -> Iterator[tuple[bool, range]]:
    """Runs of blocks, and whether each is folded: not changes, and what is short beside them."""
    if not any(marked):
        yield elsewhere, range(len(marked))
        return
    near = [
        marked[at] or (any(marked[max(at - 1, 0) : at + 2]) and len(_text(blocks[at])) <= _NEAR)
        for at in range(len(marked))
    ]
    start = 0
    while start < len(near):
        end = start
        while end < len(near) and near[end] == near[start]:
            end += 1
        long = end - start >= _LEAST or len(_text(blocks[start])) > _NEAR
        yield not near[start] and long, range(start, end)
        start = end


def _opened(element: str) -> tuple[str, str, str]:
    """Start tag, content and end tag of an element."""
    start = _TOKEN.match(element)
    assert start is not None
    end = element.rindex("</")
    return start[0], element[start.end() : end], element[end:].rstrip()


def _depth(tag: str) -> int:
    """By how much a tag makes the elements around what follows it more."""
    name = re.match(r"</?([a-z0-9]+)", tag)
    return 0 if name and name[1] in _VOID else -1 if tag.startswith("</") else 1


def _paragraphs(inner: str) -> list[str]:
    """Some marked text in pieces that end in blank lines; no element stands across two of them."""
    found: list[str] = []
    start = depth = 0
    for token in _TOKEN.finditer(inner):
        word = token[0]
        if word.startswith("<"):
            depth += _depth(word)
            continue
        at = word.find("\n\n") if depth == 0 else -1
        while at >= 0:
            end = token.start() + at + 2
            found.append(inner[start:end])
            start = end
            at = word.find("\n\n", at + 2)
    found.append(inner[start:])
    return [each for each in found if each.strip()]


def _children(inner: str) -> list[str]:
    """The elements and texts of some content, each as it is written, but for white space."""
    found: list[str] = []
    depth = start = 0
    for token in _TOKEN.finditer(inner):
        depth += _depth(token[0]) if token[0].startswith("<") else 0
        if depth <= 0:
            found.append(inner[start : token.end()])
            start, depth = token.end(), 0
    found.append(inner[start:])
    return [each for each in found if each.strip()]
