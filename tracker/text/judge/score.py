"""How surely a change would make a reader believe something else: signs, weighed.

Each place where the words of two versions differ has *signs* that an editor can read: which rules
spoke, how many words are new to the whole text, whether the sentence stands in other articles,
whether it is a link. Their weights are data, ``weights.toml``, fitted by benchmarks/judgement.py
on edits that people labelled. A place makes the change one of substance with the probability of
a logistic regression; the change does unless no place does.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tracker.text import expression
from tracker.text.judge.contents import content
from tracker.text.judge.hunks import Hunk, Scope, Side, Verdict
from tracker.text.judge.places import dates_an_update, standing_share
from tracker.text.judge.same import distance
from tracker.text.judge.seen import Fact, Token
from tracker.text.lexicon import Lexicon, known

Signs = Mapping[str, float]

_REPLACED = frozenset({"number", "date", "name", "negation", "quote", "attribution", "modality"})
_SIZES = frozenset({"kb", "mb", "gb", "kilobyte", "megabyte", "tabs", "pages"})
_LETTERED = frozenset({"word", "number", "symbol"})
_MOST = 400  # tokens of a hunk that are looked at


def signs(hunk: Hunk, scope: Scope, found: Sequence[Verdict]) -> dict[str, float]:
    """Return what can be seen of one place where the words differ."""
    told: dict[str, float] = {"always": 1.0}
    if scope.place:
        told[f"in {scope.place}"] = 1.0
    for verdict in found:
        told[f"{'large' if verdict.substantive else 'small'} {verdict.label}"] = 1.0
        if verdict.substantive and verdict.label in _REPLACED and verdict.old and verdict.new:
            told[f"replaced {verdict.label}"] = 1.0
    gone, come = hunk.gone[:_MOST], hunk.come[:_MOST]
    _words(told, hunk, scope, gone, come)
    _place(told, hunk, scope, gone, come)
    _standing(told, hunk, scope)
    _slips(told, gone, come, scope)
    return told


def _words(
    told: dict[str, float], hunk: Hunk, scope: Scope, gone: Sequence[Token], come: Sequence[Token]
) -> None:
    """How much differs, and how much of it is new to the whole text."""
    function = scope.lexicon.function
    left = [token for token in gone if token.kind in _LETTERED and token.fold not in function]
    right = [token for token in come if token.kind in _LETTERED and token.fold not in function]
    told["words"] = math.log1p(len(gone) + len(come))
    added, removed = content(hunk, scope)
    told["added"], told["removed"] = math.log1p(len(added)), math.log1p(len(removed))
    if not left and not right:
        told["function words alone"] = 1.0
    if bool(gone) != bool(come):
        told["one-sided"] = 1.0
        told["came" if come else "went"] = 1.0
    new = [token for token in right if not scope.around[0].knows(token.fold)]
    lost = [token for token in left if not scope.around[1].knows(token.fold)]
    told["new words"], told["lost words"] = math.log1p(len(new)), math.log1p(len(lost))
    if right and not new:
        told["nothing new"] = 1.0
    if left and not lost:
        told["nothing lost"] = 1.0
    figures = [token for token in new if token.kind == "number"]
    told["new figures"] = math.log1p(len(figures))
    told["lost figures"] = math.log1p(sum(token.kind == "number" for token in lost))
    told["new names"] = math.log1p(sum(token.text[0].isupper() and not token.line for token in new))
    if {token.fold for token in [*gone, *come]} & _SIZES:
        told["size of a file"] = 1.0
    told["facts"] = math.log1p(len(_facts(hunk.facts()[0])) + len(_facts(hunk.facts()[1])))


def _facts(facts: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in facts if not fact.weak and fact.kind in ("number", "date", "name")]


def _place(
    told: dict[str, float], hunk: Hunk, scope: Scope, gone: Sequence[Token], come: Sequence[Token]
) -> None:
    """Where it stands: in a heading, a link, a quotation, at the end."""
    tokens = come or gone
    if not tokens:
        return
    leaf = tokens[0].leaf
    if leaf is not None and leaf.role != "prose":
        told[f"in {leaf.role}"] = 1.0
        if leaf.picture:
            told["in a picture's description"] = 1.0
    linked = sum(token.linked for token in [*gone, *come]) / (len(gone) + len(come))
    told["linked"] = linked
    if linked > _NEARLY:
        told["all linked"] = 1.0
    if any(token.quoted for token in [*gone, *come]):
        told["quoted"] = 1.0
    side, first, last = (hunk.new, hunk.c, hunk.d) if come else (hunk.old, hunk.a, hunk.b)
    if _opens(side, first) and _opens(side, last):
        told["whole block"] = 1.0
    length = len(side.article.text) - side.article.body
    if length > _SHORT:
        place = (tokens[0].start - side.article.body) / length
        told["near the end"] = max(0.0, place - 0.75) * 4
        told["near the start"] = max(0.0, 0.1 - place) * 10
    _around(told, scope.lexicon, side, first, _block(side, first))
    if _boxed(side, tokens[0].start):
        told["in a box of links"] = 1.0


def _around(
    told: dict[str, float], words: Lexicon, side: Side, first: int, block: Sequence[Token]
) -> None:
    """What the block around it says: whether it invites, credits, dates an update."""
    inviting = sum(token.fold in words.inviting for token in block)
    told["inviting"] = min(inviting, 4) / 4
    if any(token.linked for token in block):
        told["a link beside"] = 1.0
        told["inviting with a link"] = min(inviting, 4) / 4
    told["linked share of the block"] = sum(token.linked for token in block) / max(len(block), 1)
    if block and (block[0].kind == "symbol" or block[0].text in "»•›*★→" or _shouts(block)):
        told["opens loudly"] = 1.0
    if any(token.fold in _CREDITING for token in block):
        told["credit"] = 1.0
    if dates_an_update([token.fold for token in block[:2]]):
        told[DATED] = 1.0
    before = [token.fold for token in side.seen[max(0, first - 4) : first]]
    if "last" in before and not _UPDATING.isdisjoint(before):
        told[DATED] = 1.0
    if any(token.fold in ("you", "your", "we", "our", "us") for token in block):
        told["speaks to readers"] = 1.0
    if len(block) <= _SHORT_BLOCK:
        told["short block"] = 1.0
        if "credit" in told:
            told["credit alone"] = 1.0
        if inviting:
            told["short invitation"] = 1.0


_CREDITING = frozenset(
    ["photo", "photos", "credit", "credits", "courtesy", "istock", "thinkstock", "getty", "image",
     "images", "illustration", "graphic", "visualization", "contributed", "creative", "commons",
     "licensed", "stock", "shutterstock"]
)  # fmt: skip
_UPDATING = frozenset(["updated", "modified", "reviewed", "edited", "changed"])
DATED = "date of an update"
_BOX = expression(
    r"<(?:nav|aside|button)\b|<\w+[^<>]{0,300}?\b(?:class|id)=[\"'][^\"'<>]{0,200}?"
    r"(?:embed|\bcard|promo|widget|banner|newsletter|breadcrumb|btn|button|signup|related|donat)",
    re.IGNORECASE,
)
_BEFORE = 400


def _boxed(side: Side, place: int) -> bool:
    """Tell whether HTML of a box to click on begins a little before a place."""
    text = side.article.text
    low = max(side.article.body, place - _BEFORE)
    blank = text.rfind("\n\n", low, place)
    return "<" in text[low:place] and bool(_BOX().search(text, max(low, blank), place))


def _shouts(block: Sequence[Token]) -> bool:
    """Tell whether a block opens with words in capitals: "READ MORE: …"."""
    words = [token.text for token in block[:6] if token.kind == "word"][:2]
    return len(words) == 2 and all(word.isupper() and len(word) > 1 for word in words)


_NEARLY = 0.8
_SHORT = 400
_SHORT_BLOCK = 12
_REACH = 120


def _opens(side: Side, place: int) -> bool:
    return place >= len(side.seen) or place == 0 or bool(side.seen[place].line)


def _block(side: Side, place: int) -> Sequence[Token]:
    """The tokens of the block around a place, as far as it is near."""
    first = min(place, len(side.seen) - 1)
    if first < 0:
        return ()
    last = first + 1
    least, most = max(0, first - _REACH), min(len(side.seen), first + _REACH)
    while first > least and not side.seen[first].line:
        first -= 1
    while last < most and not side.seen[last].line:
        last += 1
    return side.seen[first:last]


def _standing(told: dict[str, float], hunk: Hunk, scope: Scope) -> None:
    """Whether the archive repeats the sentence."""
    if not scope.boilerplate:
        return
    told["archive known"] = 1.0
    shares = [
        standing_share(side, first, last, scope)
        for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d))
        if first < last
    ]
    if shares:
        told["standing"] = sum(shares) / len(shares)


def _slips(
    told: dict[str, float], gone: Sequence[Token], come: Sequence[Token], scope: Scope
) -> None:
    """Whether one side looks like the other with a slip in it."""
    left = "".join(token.fold for token in gone)
    right = "".join(token.fold for token in come)
    if left and right:
        same = _alike(left, right)
        told["alike"] = same
        if same > _NEARLY:
            told["nearly the same letters"] = 1.0
        if len(gone) <= 3 and len(come) <= 3 and len(left) > 3 and distance(left, right) <= 2:
            told["a letter or two"] = 1.0
    if Counter(token.fold for token in gone) == Counter(token.fold for token in come):
        told["the same words"] = 1.0
    ones = [
        [t.fold for t in tokens if t.kind == "word" and t.fold not in scope.lexicon.function]
        for tokens in (gone, come)
    ]
    if len(ones[0]) == len(ones[1]) == 1:
        told["one word for another"] = 1.0
        if _stem(ones[0][0]) == _stem(ones[1][0]):
            told["one stem"] = 1.0
    if _spelled_out(gone, come) or _spelled_out(come, gone):
        told["spelled out"] = 1.0
    _names(told, gone, come, scope)
    if scope.lexicon.language != "en":
        return
    unknown = [
        sum(
            token.kind == "word" and token.text.islower() and token.fold.isalpha()
            and len(token.fold) > 1 and not known(token.fold)
            for token in tokens[:60]
        )
        for tokens in (gone, come)
    ]  # fmt: skip
    if unknown[0] and not unknown[1]:
        told["misspelled before"] = 1.0
    if _near_words(left, right) and _unknown(gone) != _unknown(come):
        told["a word mended"] = 1.0
    if _near_words(left, right) and _spelled_so(gone, come, scope):
        told["spelled so elsewhere"] = 1.0
    if unknown[1] and not unknown[0]:
        told["misspelled after"] = 1.0


def _names(
    told: dict[str, float], gone: Sequence[Token], come: Sequence[Token], scope: Scope
) -> None:
    """Whether a name gave way to a shorter or longer form of it."""
    left, right = ([t for t in tokens if t.kind in _LETTERED] for tokens in (gone, come))
    short, long = sorted((left, right), key=len)
    if not short or len(short) == len(long) or len(long) > _LONGEST_NAME:
        return
    words = [token.fold for token in short]
    rest = [token for token in long if token.fold not in words]
    if len(rest) != len(long) - len(short) or not all(token.text[0].isupper() for token in rest):
        return
    told["name in another length"] = 1.0
    if all(one.knows(token.fold) for token in rest for one in scope.around):
        told["name known in full"] = 1.0


_LONGEST_NAME = 8


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "er", "ly", "en", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)[:-1]
    return word[:-1] if len(word) > 4 else word


def _near_words(left: str, right: str) -> bool:
    return bool(left and right) and left != right and distance(left, right) <= 2


def _spelled_so(gone: Sequence[Token], come: Sequence[Token], scope: Scope) -> bool:
    """Tell whether the article spelled it so elsewhere, and nowhere in the other way now."""
    before, after = ([t for t in tokens if t.kind in _LETTERED] for tokens in (gone, come))
    return (
        len(before) == len(after) == 1
        and not after[0].fold.isdigit()
        and scope.around[0].knows(after[0].fold)
        and not scope.around[1].knows(before[0].fold)
    )


def _unknown(tokens: Sequence[Token]) -> bool:
    """Tell whether there is a word that no dictionary has, with a capital or without."""
    return any(
        token.kind == "word" and token.fold.isalpha() and len(token.fold) > 1
        and not known(token.fold) and not known(token.fold.capitalize())
        for token in tokens[:_FEW]
    )  # fmt: skip


_FEW = 8


def _spelled_out(short: Sequence[Token], long: Sequence[Token]) -> bool:
    """Tell whether one side has an acronym or a short form of what the other side spells out."""
    initials = "".join(t.text[0] for t in long if t.kind == "word" and t.text[0].isupper())
    return len(initials) > 1 and any(
        t.text.isupper() and 1 < len(t.text) <= 8 and t.text.rstrip("s") in initials for t in short
    )


def _alike(one: str, other: str) -> float:
    """The share of two strings that is the same at head and tail."""
    size = min(len(one), len(other))
    head = 0
    while head < size and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < size - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return (head + tail) / max(len(one), len(other))


MANY = 0.1  # what the logarithm of the number of places adds to the weightiest of them
DOUBTED = 0.15  # factor where no rule found anything large
_NEVER_SMALL = frozenset({"number", "date", "negation"})
_UNWEIGHED = 0.8  # words that are struck out, passages too long to read


class Weights(NamedTuple):
    """The weight of each sign, and where substance begins."""

    weights: Mapping[str, float]
    threshold: float

    def sum(self, told: Signs) -> float:
        """Return what the signs of one place weigh together."""
        return sum(self.weights.get(name, 0.0) * value for name, value in told.items())

    def probability(self, told: Signs) -> float:
        """Return how surely a place with these signs matters, from 0 to 1."""
        return _logistic(self.sum(told))

    def score(self, places: Sequence[Signs]) -> float:
        """Return how surely a change in these places matters, from 0 to 1."""
        if not places:
            return 0.0
        large = [told for told in places if _is_large(told)]
        most = max(map(self.sum, large or places))
        score = _logistic(most + MANY * math.log(len(places)))
        return score if large else score * DOUBTED


def _logistic(total: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@cache
def fitted() -> Weights:
    data = tomllib.loads(Path(__file__).with_name("weights.toml").read_text(encoding="utf-8"))
    return Weights(data["weights"], data["threshold"])


def places_of(verdicts: Iterable[Verdict]) -> list[Signs]:
    """Return the places of a change, each once, with what they say of one another.

    A slip among many is a copy editor's; a fact that changed alone was looked for.
    """
    places = {id(told): told for verdict in verdicts for told in verdict.signs}.values()
    large = sum(map(_is_large, places)) / max(len(places), 1)
    return [{**told, "share of large places": large} for told in places]


def _is_large(told: Signs) -> bool:
    return any(name.startswith("large ") for name in told)


def score_of(verdicts: Sequence[Verdict], weights: Weights | None = None) -> float:
    """Return the score of a change, by the fitted weights or by others: see ``Change.score``."""
    weights = weights or fitted()
    places = places_of(verdicts)
    score = weights.score(places)
    if not places and any(verdict.substantive for verdict in verdicts):
        score = _UNWEIGHED
    return max(score, weights.threshold if never_small(verdicts) else 0.0)


def never_small(verdicts: Iterable[Verdict]) -> bool:
    """Tell whether a figure, a date or a negation gave way to another in the words of the story.

    That is never small, whatever the signs say.
    """
    return any(
        verdict.substantive
        and verdict.label in _NEVER_SMALL
        and bool(verdict.old and verdict.new)
        and not any("all linked" in told or DATED in told for told in verdict.signs)
        for verdict in verdicts
    )
