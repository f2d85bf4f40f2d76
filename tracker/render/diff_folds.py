"""A comparison's HTML as a page shows it: changes numbered, reasons beside them, the rest folded.

It works on the fragments of ``diff_html``, which are well-formed: what no edit touches is folded
into ``<details>``, but for the block before and after a change, and each change gets an id, so that
links and keys lead from one to the next. A change is a run of marks that stand close together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import NamedTuple

_TOKEN = re.compile(r'<(?:[^">]++|"[^"]*+")*+>|[^<]++')
_MARK = re.compile(r'<(?:ins|del)\b[^>]*>|<span class="tracker-moved[^>]*>')
_WENT = re.compile(r"<del\b[^>]*>(.*?)</del>", re.DOTALL)
_CAME = re.compile(r"<ins\b[^>]*>(.*?)</ins>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_CLOSE = 60  # characters between two marks of one change, at most
_LEAST = 2  # blocks that are folded; one is shown
_NEAR = 240  # characters of a block beside a change up to which it is shown with it
_LISTS = ("<ul", "<ol")


class Folded(NamedTuple):
    """A comparison with its changes numbered: the first has the id ``change-1``."""

    html: str
    changes: int
    placed: tuple[int | None, ...]  # of each reason, the number of the change that it is about


class Why(NamedTuple):
    """A reason: the words that went and came, by which its place is found, and how it is said."""

    old: str
    new: str
    html: str


def folded(
    fragment: str, reasons: Sequence[Why], summary: Callable[[int], str], *, whole: bool = True
) -> Folded:
    """``fragment`` as a page shows it. ``summary`` says how many blocks are folded.

    Without ``whole``, what is folded is left out: it stands on the page of either version.
    """
    head, inner, tail = _opened(fragment)
    work = _Folding(reasons, summary, anything=bool(_MARK.search(inner)), whole=whole)
    out = "\n".join(work.part(child) for child in _children(inner) if child.strip())
    return Folded(f"{head}\n{out}\n{tail}", work.number, tuple(work.placed))


class _Folding:
    def __init__(
        self, reasons: Sequence[Why], summary: Callable[[int], str], *, anything: bool, whole: bool
    ) -> None:
        self._whole = whole
        self._anything = anything  # False: no change is marked, so nothing is folded
        self._reasons = reasons
        self._summary = summary
        self.placed: list[int | None] = [None] * len(reasons)
        self.number = 0

    def part(self, child: str) -> str:
        """One part of the comparison: the fields, the article, what cannot be seen in it."""
        if child.startswith("<table"):
            return self._sides(child)
        if child.startswith('<div class="tracker-article"'):
            head, inner, tail = _opened(child)
            return f"{head}\n{self._blocks(_children(inner))}\n{tail}"
        if child.startswith('<dl class="tracker-fields"'):
            head, inner, tail = _opened(child)
            return (
                f"{head}\n{''.join(self._numbered(each)[0] for each in _children(inner))}\n{tail}"
            )
        if child.startswith('<pre class="tracker-source"'):
            return self._source(child)
        return self._numbered(child)[0]

    def _source(self, child: str) -> str:
        """The text as it is written, in pieces at its blank lines."""
        head, inner, tail = _opened(child)
        pieces = _paragraphs(inner)
        out: list[str] = []
        for is_folded, chosen in _runs(pieces, [bool(_MARK.search(each)) for each in pieces]):
            part = "".join(self._numbered(pieces[each])[0] for each in chosen)
            whole = f"{head}{part}{tail}"
            out.append(self._fold(len(chosen), whole) if is_folded else whole)
        return "\n".join(out)

    def _blocks(self, blocks: list[str]) -> str:
        shown = [each for each in blocks if each.strip()]
        out: list[str] = []
        marked = [bool(_MARK.search(each)) for each in shown]
        for is_folded, chosen in _runs(shown, marked, elsewhere=self._anything):
            part = "\n".join(self._block(shown[each]) for each in chosen)
            out.append(self._fold(len(chosen), part) if is_folded else part)
        return "\n".join(out)

    def _block(self, block: str) -> str:
        if block.startswith(_LISTS) and block.count("<li") > 2 and _MARK.search(block):
            return self._list(block)
        numbered, why = self._numbered(block)
        if not why:
            return numbered
        said = "".join(f"<li>{each}</li>" for each in why)
        return f'<div class="changed">{numbered}<ul class="why">{said}</ul></div>'

    def _list(self, block: str) -> str:
        """A list of which only the items around a change are shown; its numbers stay."""
        head, inner, tail = _opened(block)
        items = [each for each in _children(inner) if each.strip()]
        marked = [bool(_MARK.search(each)) for each in items]
        out: list[str] = []
        start = 1
        for is_folded, chosen in _runs(items, marked):
            part = "".join(self._numbered(items[each])[0] for each in chosen)
            begin = head[:-1] + f' start="{start}">' if head.startswith("<ol") else head
            whole = f"{begin}{part}{tail}"
            out.append(self._fold(len(chosen), whole) if is_folded else whole)
            start += len(chosen)
        return "".join(out)

    def _sides(self, table: str) -> str:
        """Rows side by side: a table for each run of them, all with the same columns."""
        head, inner, _ = _opened(table)
        parts = [each for each in _children(inner) if each.strip()]
        columns = next((each for each in parts if each.startswith("<thead")), "")
        body = next((each for each in parts if each.startswith("<tbody")), "<tbody></tbody>")
        rows = [each for each in _children(_opened(body)[1]) if each.strip()]
        marked = ['class="tracker-same"' not in each[:60] for each in rows]
        out: list[str] = []
        for is_folded, chosen in _runs(rows, marked):
            part = "\n".join(self._numbered(rows[each])[0] for each in chosen)
            heads = columns if not out else columns.replace("<thead", '<thead class="again"', 1)
            whole = f"{head}\n{heads}\n<tbody>\n{part}\n</tbody></table>"
            out.append(self._fold(len(chosen), whole) if is_folded else whole)
        return "\n".join(out)

    def _fold(self, blocks: int, inner: str) -> str:
        said = self._summary(blocks)
        if not self._whole:
            return f'<p class="unchanged">{said}</p>'
        return f'<details class="unchanged"><summary>{said}</summary>\n{inner}\n</details>'

    def _numbered(self, block: str) -> tuple[str, list[str]]:
        """A block whose changes have ids, and what is said about them."""
        if not _MARK.search(block):
            return block, []
        said: list[str] = []
        out: list[str] = []
        last = 0
        for start, end in _changes(block):
            self.number += 1
            out.append(block[last:start])
            first = _MARK.match(block, start)
            assert first is not None
            tag = first[0]
            out.append(f'{tag[:-1]} id="change-{self.number}">')
            last = first.end()
            said += self._why(block[start:end])
        out.append(block[last:])
        return "".join(out), said

    def _why(self, change: str) -> Iterator[str]:
        went = " ".join(_text(each) for each in _WENT.findall(change))
        came = " ".join(_text(each) for each in _CAME.findall(change))
        for place, reason in enumerate(self._reasons):
            if self.placed[place] is None and _is_about(reason, went, came):
                self.placed[place] = self.number
                yield reason.html


def _is_about(reason: Why, went: str, came: str) -> bool:
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


def _runs(
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


def _paragraphs(inner: str) -> list[str]:
    """Some marked text in pieces that end in blank lines; no element stands across two of them."""
    found: list[str] = []
    start = depth = 0
    for token in _TOKEN.finditer(inner):
        word = token[0]
        if word.startswith("<"):
            name = re.match(r"</?([a-z0-9]+)", word)
            depth += 0 if name and name[1] in _VOID else -1 if word.startswith("</") else 1
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
    """The elements and texts of some content, each as it is written."""
    found: list[str] = []
    depth = start = 0
    for token in _TOKEN.finditer(inner):
        word = token[0]
        if not word.startswith("<"):
            if depth == 0:
                found.append(word)
                start = token.end()
            continue
        name = re.match(r"</?([a-z0-9]+)", word)
        if word.startswith("</"):
            depth -= 1
        elif name and name[1] in _VOID:
            if depth == 0:
                found.append(word)
                start = token.end()
            continue
        else:
            if depth == 0:
                start = token.start()
            depth += 1
        if depth <= 0:
            found.append(inner[start : token.end()])
            start = token.end()
            depth = 0
    if start < len(inner) and depth:
        found.append(inner[start:])
    return found
