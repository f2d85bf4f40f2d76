"""What a hunk means: ordered rules, each a small function from a hunk to findings.

A rule returns what it found, or None to leave the hunk to the next ones. Facts come first: a
change to a digit, a date, a name, a negation or the words of a quotation is never called small,
unless both sides are the same fact in another form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracker.model import Edit
from tracker.text.judge import score
from tracker.text.judge.contents import raw_content
from tracker.text.judge.fact_pairs import facts, one_sided_keys
from tracker.text.judge.hunks import (
    Hunk,
    Passage,
    Rule,
    Scope,
    Verdict,
    clipped,
    contrasted,
    shown_text,
    verdict,
)
from tracker.text.judge.places import (
    boilerplate,
    credit,
    dated,
    described,
    doubled,
    found_elsewhere,
    heading,
    invitation,
    named_link,
    placeholder,
    pointer,
    promo,
    repeated,
    stray,
)
from tracker.text.judge.seen import SEEN, read
from tracker.text.judge.word_rules import quotation, same_words, weighty, words
from tracker.text.markup import scan

RULES: tuple[Rule, ...] = (
    repeated, doubled, placeholder, stray, described, found_elsewhere, heading, boilerplate, promo,
    credit, pointer, dated, invitation, named_link, same_words, weighty, facts, quotation, words,
)  # fmt: skip
"""The order counts: the first that answers "small" ends the judging of a hunk."""


def judge_hunk(hunk: Hunk, scope: Scope) -> list[Verdict]:
    """Return what the rules find in a hunk; never empty."""
    found: list[Verdict] = []
    scope.quoted = False
    for rule in RULES:
        verdicts = rule(hunk, scope)
        if verdicts is None:
            continue
        if verdicts and not verdicts[-1].substantive:
            # What is small is told only of a hunk with nothing large in it.
            return found if any(one.substantive for one in found) else found + verdicts
        found += verdicts
    return found or [verdict(hunk, "style", False)]


# --- one passage judged ---------------------------------------------------------------------------


def judge_passage(passage: Passage, edits: Sequence[Edit], scope: Scope) -> list[Verdict]:
    """Return what the edits of a passage mean; their numbers are those of ``edits``."""
    found: list[Verdict] = []
    if passage.unread and any(edits[number].verbal for number in passage.edits):
        # Too much to read: call it large, which is the error that hides nothing.
        number = passage.edits[0]
        found.append(
            Verdict("information-added", clipped(edits[number].old), clipped(edits[number].new),
                    "", True, tuple(passage.edits))
        )  # fmt: skip
        return found
    if passage.hunks and passage.old.gist == passage.new.gist:
        # However the diff cut it, readers see the same words in the same order.
        worded = [hunk for hunk in passage.hunks if hunk.words_gone or hunk.words_come]
        left = set(worded)
        passage.hunks = [hunk for hunk in passage.hunks if hunk not in left]
        if passage.old.letters != passage.new.letters:
            found += [verdict(hunk, "style", False) for hunk in worded if hunk.differs_in_letters]
    scope.reordered = _reordered(passage.hunks, scope)
    scope.gone, scope.come = one_sided_keys(passage.hunks)
    touched: set[int] = set()
    for hunk in passage.hunks:
        verdicts = judge_hunk(hunk, scope)
        told = score.signs(hunk, scope, verdicts)
        likely = score.fitted().probability(told)
        verdicts = [one._replace(score=likely) for one in verdicts]
        verdicts[0] = verdicts[0]._replace(signs=(told,))
        found += verdicts
        touched.update(number for one in verdicts for number in one.edits)
        if any(token.line == "title" for token in [*hunk.gone, *hunk.come]) and any(
            one.substantive for one in verdicts
        ):
            found.append(verdicts[0]._replace(label="headline", substantive=True, signs=()))
    for number in passage.edits:
        found += _unseen(passage, edits[number], number, number in touched)
    return found


def _reordered(hunks: Sequence[Hunk], scope: Scope) -> Counter[str]:
    """Return the content words that left one place of a passage and came into another."""
    if len(hunks) < 2:
        return Counter()
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for hunk in hunks:
        if _in_one_cell(hunk):
            continue  # what changes its column says something else there
        left, right = raw_content(hunk, scope)
        gone.update(left)
        come.update(right)
    return gone & come


def _in_one_cell(hunk: Hunk) -> bool:
    opening = (hunk.gone or hunk.come)[0].leaf
    if opening is None or opening.role != "cell":
        return False
    leaves = {token.leaf for token in [*hunk.gone[:_FEW], *hunk.come[:_FEW]]}
    places = {leaf and (leaf.role, leaf.row, leaf.column) for leaf in leaves}
    return len(places) == 1 and all(leaf and leaf.role == "cell" for leaf in leaves)


_FEW = 20


def _unseen(passage: Passage, edit: Edit, number: int, words_too: bool) -> list[Verdict]:
    """Tell what an edit does to what readers do not see as words: links, pictures, markup."""
    old = passage.old.hidden(edit.old_start, edit.old_end)
    new = passage.new.hidden(edit.new_start, edit.new_end)
    if not old and not new:
        if words_too or edit.old.split() == edit.new.split():
            return []
        # Only glyphs differ: another apostrophe, another form of a letter.
        return [Verdict("style", clipped(edit.old), clipped(edit.new), "", False, (number,))]
    gone = Counter((token.kind, token.text) for token in old)
    come = Counter((token.kind, token.text) for token in new)
    changed = list((gone - come).elements()) + list((come - gone).elements())
    found: list[Verdict] = []
    if struck := _struck(passage, changed):
        found.append(Verdict("negation", struck, "", "", True, (number,)))
    kinds = {"link" if kind == "url" else kind for kind, _ in changed}
    if "link" in kinds and all(kind != "markup" or text in "[]<>" for kind, text in changed):
        kinds.discard("markup")  # the brackets that come with a link
    if kinds == {"markup"} and all(text in "[]|" for _, text in changed):
        kinds = set() if words_too else {"link"}
    found += [
        Verdict(kind, clipped(edit.old, 80), clipped(edit.new, 80), "", False, (number,))
        for kind in sorted(kinds & {"link", "image", "markup", "boilerplate"})
    ]
    if "note" in kinds:
        words = contrasted(_plain(edit.old), _plain(edit.new))
        found.append(Verdict("note", *words, "", False, (number,)))
    return found


_MOST_READ = 2_000


def _plain(text: str) -> str:
    """Return the beginning of a note without its markup."""
    tokens = read(scan(text[:_MOST_READ], 0, "markdown"), 0, _MOST_READ)
    return shown_text(text, [token for token in tokens if token.kind in SEEN])


_STRIKES = ("~~", "<s>", "</s>", "<del>", "</del>", "<strike>", "</strike>")


def _struck(passage: Passage, changed: Sequence[tuple[str, str]]) -> str:
    """Return words that are struck out on one side only, where the marks for it changed."""
    if not any(text.casefold() in _STRIKES for kind, text in changed if kind == "markup"):
        return ""
    old, new = (
        [token.text for token in side.tokens if token.struck and token.kind in ("word", "number")]
        for side in (passage.old, passage.new)
    )
    return clipped(" ".join(new or old)) if old != new else ""
