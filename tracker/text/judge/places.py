"""Rules on where words are: said twice, elsewhere in the text, in a heading, behind a link."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from functools import cache, partial

from tracker.text import expression
from tracker.text.judge.article import Article, Interval, fold_words, raw_words
from tracker.text.judge.boilerplate import SEQUENCE
from tracker.text.judge.contents import content
from tracker.text.judge.hunks import Hunk, Scope, Side, Verdict, verdict
from tracker.text.judge.seen import Fact, Token, opens_sentence


def found_elsewhere(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that is gone here, and stands elsewhere in the new version; or came from elsewhere."""
    hunk = _without_capitals(hunk, scope)
    gone, come = hunk.words_gone, hunk.words_come
    if bool(gone) == bool(come):
        return None
    words = (gone or come).split(" ")
    side, first, last = (hunk.old, hunk.a, hunk.b) if gone else (hunk.new, hunk.c, hunk.d)
    other = scope.new if gone else scope.old
    if len(words) < FEWEST_WORDS:
        # Two or three words may stand anywhere by chance: only a line of its own counts.
        found = len(words) >= 2 and _whole_lines(side, first, last) and other.has_line(words)
    else:
        found = other.says(" ".join(words), side.shown(first, last)) or _reworded(
            words, other, scope
        )
        if not found and scope.place == "dek":  # what the body says is no news there
            found = scope.around[1 if gone else 0].says(" ".join(words), side.shown(first, last))
    if found and come and _listed_again(hunk):
        return None
    return [verdict(hunk, "moved", False)] if found else None


def _listed_again(hunk: Hunk) -> bool:
    """Tell whether what came is an item of a list, and the list that had it keeps its own."""
    words = hunk.words_come
    return hunk.new.seen[hunk.c].line == "item" and (
        hunk.new.article.times(words) > hunk.old.article.times(words) > 0
    )


def _without_capitals(hunk: Hunk, scope: Scope) -> Hunk:
    """Leave out small words that differ in their capitals alone: "Ruiz said the", "The"."""
    small = scope.lexicon.function
    a, b, c, d = hunk.a, hunk.b, hunk.c, hunk.d
    while a < b and c < d and _one_small(hunk.old.seen[a], hunk.new.seen[c], small):
        a, c = a + 1, c + 1
    while a < b and c < d and _one_small(hunk.old.seen[b - 1], hunk.new.seen[d - 1], small):
        b, d = b - 1, d - 1
    return Hunk(hunk.old, hunk.new, a, b, c, d, hunk.edits) if (a, b) != (hunk.a, hunk.b) else hunk


def _one_small(one: Token, other: Token, small: Collection[str]) -> bool:
    return one.fold == other.fold and one.fold in small and not one.text.isupper()


FEWEST_WORDS = 4
_FEWEST_CONTENT = 6
_SLACK = 8


def _reworded(words: Sequence[str], other: Article, scope: Scope) -> bool:
    """Tell whether every word that counts stands close together in the other version.

    A caption that went into a picture's description, a sentence put into another paragraph.
    """
    lexicon = scope.lexicon
    raw = raw_words(" ".join(words))
    wanted = {
        word
        for word in raw
        if word in lexicon.negations
        or (word not in lexicon.function and word not in lexicon.soft and len(word) > 1)
    }
    if len(wanted) < _FEWEST_CONTENT:
        return False
    places = other.places_of(wanted)
    if not places:
        return False
    rarest = min(wanted, key=lambda word: (len(places[word]), word))
    reach = len(raw) + _SLACK
    for place in places[rarest][:20]:
        around = other.raw_list[max(0, place - reach) : place + reach]
        if wanted <= set(around):
            return True
    return False


def _whole_lines(side: Side, first: int, last: int) -> bool:
    starts = first == 0 or bool(side.seen[first].line) or _line_break(side, first)
    return starts and (
        last >= len(side.seen) or bool(side.seen[last].line) or _line_break(side, last)
    )


def _line_break(side: Side, place: int) -> bool:
    between = side.article.text[side.seen[place - 1].end : side.seen[place].start]
    return "\n" in between


def heading(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A subheading that comes or goes, or a word with a colon that says what a line is."""
    del scope
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.words_gone else (hunk.new, hunk.c, hunk.d)
    )
    tokens = side.seen[first:last]
    facts = side.facts_in(first, last)
    if not _starts_line(side, first):
        return None
    if _enumerates(tokens):
        return [verdict(hunk, "style", False)]
    if any(fact.kind in ("number", "date", "negation") and not fact.weak for fact in facts):
        return None
    lines = [token.line for token in tokens[1:] if token.line]
    only_heading = tokens[0].line == "heading" and not lines and len(tokens) <= _LONGEST_HEADING
    if only_heading and (last >= len(side.seen) or _line_break(side, last)):
        return [verdict(hunk, "style", False)]
    words = [token for token in tokens if token.kind == "word"]
    if len(words) <= 2 and tokens[-1].text == ":" and len(tokens) == len(words) + 1:
        return [verdict(hunk, "style", False)]
    return None


_LONGEST_HEADING = 10


def _enumerates(tokens: Sequence[Token]) -> bool:
    """Tell whether some tokens are the number before a heading: "2." or "3)"."""
    return (
        len(tokens) == 2
        and tokens[0].line == "heading"
        and tokens[0].text.isdecimal()
        and len(tokens[0].text) <= 2
        and tokens[1].text in (".", ")", ":")
    )


def _starts_line(side: Side, first: int) -> bool:
    return first == 0 or bool(side.seen[first].line) or _line_break(side, first)


def doubled(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A word said twice in a row, once by mistake: "the the", "people people"."""
    del scope
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.a < hunk.b else (hunk.new, hunk.c, hunk.d)
    )
    if (hunk.a < hunk.b) == (hunk.c < hunk.d) or last - first > 3:
        return None
    words = [token.fold for token in side.seen[first:last]]
    if not all(word.isalpha() for word in words):
        return None
    for start in (first - len(words), last):
        around = [token.fold for token in side.seen[max(start, 0) : max(start, 0) + len(words)]]
        if around == words and start >= 0:
            return [verdict(hunk, "typo", False)]
    if len(words) == 1 and len(words[0]) > 3:  # a two-day event "homecoming" event
        around = [token.fold for token in side.seen[max(first - 3, 0) : last + 4]]
        if around.count(words[0]) > 1 and any(
            t.kind == "quote" for t in side.seen[first : last + 4]
        ):
            return [verdict(hunk, "typo", False)]
    return None


def described(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A picture's description or its whole caption comes or goes, as pictures do."""
    del scope
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.words_gone else (hunk.new, hunk.c, hunk.d)
    )
    leaves = [token.leaf for token in side.seen[first:last]]
    if all(leaf is not None and leaf.picture for leaf in leaves) or (
        all(leaf is not None and leaf.role == "caption" for leaf in leaves)
        and _whole_lines(side, first, last)
    ):
        return [verdict(hunk, "image", False)]
    return None


def _addresses(side: Side) -> set[str]:
    """Return the addresses that stand bare in a passage."""
    if "addresses" not in side.answers:
        side.answers["addresses"] = {
            token.text.rstrip("/.,") for token in side.tokens if token.kind == "url"
        }
    found: set[str] = side.answers["addresses"]
    return found


def named_link(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """An address that stood bare in the text now stands behind words, or the other way round."""
    del scope
    bare, named = (hunk.old, hunk.new) if not hunk.words_gone else (hunk.new, hunk.old)
    first, last = (hunk.c, hunk.d) if not hunk.words_gone else (hunk.a, hunk.b)
    if (hunk.words_gone and hunk.words_come) or not 0 < last - first <= 8:
        return None
    start, end = named.seen[first].start, named.seen[last - 1].end + 3
    links = [
        token.text
        for token in named.hidden(start, end)
        if token.kind == "link" and start < token.start < end
    ]
    if links and any(url in link for url in _addresses(bare) for link in links):
        return [verdict(hunk, "link", False)]
    return None


# --- rules on lines that tell nothing of the story ------------------------------------------------

_WORD = re.compile(r"[\w']+")

_LONGEST_LINE = 2_000
_MOST_LINES = 60


STANDING = 0.65
"""Share of the words of a change that the archive repeats, from which it is standing text."""

_FACT = 6  # words of one fact put for another, which is news inside a repeated sentence too
_FACTS = 16  # the same where more stands before or after it in its line
_AROUND = 8
_MOST_WORDS = 600


def repeated(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that stands in many articles comes, goes, or gives way to other such text."""
    if not scope.boilerplate or not (hunk.words_gone or hunk.words_come):
        return None
    if _holds(f" {hunk.words_gone} ", scope.lexicon.awaited):
        return None
    both = hunk.a < hunk.b and hunk.c < hunk.d
    inside = not _all_of_a_line(*((hunk.old, hunk.a, hunk.b) if hunk.a < hunk.b
                                  else (hunk.new, hunk.c, hunk.d)))  # fmt: skip
    if max(hunk.b - hunk.a, hunk.d - hunk.c) <= (_FACT if both and not inside else _FACTS) and (
        both or inside
    ):
        old, new = hunk.facts()
        if {fact.key for fact in old} != {fact.key for fact in new}:
            return None
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first < last and standing_share(side, first, last, scope) < STANDING:
            return None
    return [verdict(hunk, "boilerplate", False)]


def _all_of_a_line(side: Side, first: int, last: int) -> bool:
    """Tell whether some seen tokens are lines but for the marks at their ends."""
    while (
        first > 0 and not side.seen[first].line and side.seen[first - 1].kind in ("mark", "quote")
    ):
        first -= 1
    while last < len(side.seen) and not side.seen[last].line and side.seen[last].kind == "mark":
        last += 1
    return _whole_lines(side, first, last)


def standing_share(side: Side, first: int, last: int, scope: Scope) -> float:
    """Return how much of some seen tokens the archive repeats, with the words around them."""
    if scope.boilerplate is None:
        return 0.0
    last = min(last, first + _MOST_WORDS)
    low, high = first, last
    while low > 0 and first - low < _AROUND and not side.seen[low].line:
        low -= 1
    while high < len(side.seen) and high - last < _AROUND and not side.seen[high].line:
        high += 1
    words: list[str] = []  # with the marks that stand at them
    asked: list[int] = []  # which of them
    for place in range(low, high):
        token = side.seen[place]
        if place > low and not token.line and side.seen[place - 1].end == token.start:
            words[-1] += token.fold
        else:
            words.append(token.fold)
        if first <= place < last and token.kind in ("word", "number"):
            asked.append(len(words) - 1)
    if (
        len(words) < SEQUENCE
        and (low, high) == (first, last)
        and scope.boilerplate.repeats_line(words)
    ):
        return 1.0  # a line of its own
    found = scope.boilerplate.standing(words)
    return sum(found[word] for word in asked) / len(asked) if asked else 0.0


def boilerplate(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Standing text: subscribe, follow us, donate, republish; every line of the hunk is such."""
    found = False
    single = not hunk.words_gone or not hunk.words_come
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first == last:
            continue
        lines = _lines(side, first, last)
        if not 0 < len(lines) <= _MOST_LINES or not all(
            _promotes(side, start, end, first, last, single, scope) for start, end in lines
        ):
            return None
        found = True
    if not found or (not single and _figures(hunk)):
        return None
    return [verdict(hunk, "boilerplate", False)]


def _figures(hunk: Hunk) -> bool:
    """Tell whether figures differ: another telephone number is not the same standing text."""
    left, right = (
        [token.fold for token in tokens if token.kind == "number"]
        for tokens in (hunk.gone, hunk.come)
    )
    return left != right


def _lines(side: Side, first: int, last: int) -> list[Interval]:
    """Return the lines or paragraphs that reach into some seen tokens, whole, as places.

    None at all where one is too long to be standing text: the work stays bounded.
    """
    starts = side.lines
    number = max(bisect_right(starts, first) - 1, 0)
    if side.seen[first].start - side.seen[starts[number]].start > _LONGEST_LINE:
        return []
    found: list[Interval] = []
    near = [*starts[number : number + _MOST_LINES + 2], len(side.seen)]
    for start, place in itertools.pairwise(near):
        if side.seen[place - 1].start - side.seen[start].start > _LONGEST_LINE:
            return []
        found.append((start, place))
        if place >= last or len(found) > _MOST_LINES:
            break
    return found


def _promotes(
    side: Side, start: int, end: int, first: int, last: int, single: bool, scope: Scope
) -> bool:
    """Tell whether what changed in a line is standing text, by its first sentence."""
    low, high = max(start, first), min(end, last)
    while low > start and not opens_sentence(side.seen, low):
        low -= 1
    while high < end and not opens_sentence(side.seen, high):
        high += 1
    sentences = [low] + [
        place for place in range(low + 1, high) if opens_sentence(side.seen, place)
    ] + [high]  # fmt: skip
    told = [f" {fold_words(side.seen[one:other])} " for one, other in itertools.pairwise(sentences)]
    promising = [_holds(words, scope.lexicon.boilerplate) for words in told]
    if single and low == start and told[0].startswith(_plain(scope.lexicon.openings)):
        promising[0] = True
    if not any(promising):
        return False
    return _no_story(side, low, high, told, promising) and (
        all(promising) or promising[0] or low == start
    )


def _no_story(side: Side, low: int, high: int, told: list[str], promising: list[bool]) -> bool:
    """Tell whether a line states no figure, date or speaker, and few sentences are not standing."""
    others = [words for words, promise in zip(told, promising, strict=True) if not promise]
    return len(others) <= sum(promising) + 1 and not any(
        fact.first < high and fact.last > low and _tells(fact) for fact in side.facts
    )


def _tells(fact: Fact) -> bool:
    """Tell whether a fact is one of the story: "today" and "every day" stand in any promotion."""
    if fact.kind == "date":
        return fact.key[0] != "date" or any(
            isinstance(part, tuple) and part[0] in ("month", "weekday", "year", "written")
            for part in fact.key
        )
    return (
        fact.kind in ("number", "attribution")
        and not fact.weak
        and fact.key != ("ordinal", "1")  # "this story first appeared in"
    )


def _holds(words: str, phrases: tuple[str, ...]) -> bool:
    """Tell whether one of the phrases stands in words that have spaces around them."""
    return any(phrase in words for phrase in _plain(phrases))


@cache
def _plain(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Return phrases without punctuation, between spaces: as the words of a text are joined."""
    return tuple(f" {' '.join(_WORD.findall(phrase))} " for phrase in phrases)


def promo(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Lines with nothing but a link to another story come or go: "Related: …", a list of links."""
    if bool(hunk.words_gone) == bool(hunk.words_come):
        return None
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.words_gone else (hunk.new, hunk.c, hunk.d)
    )
    lines = _lines(side, first, last)
    if not 0 < len(lines) <= _MOST_LINES or (lines[0][0], lines[-1][1]) != (first, last):
        return None
    for start, end in lines:
        words = [token for token in side.seen[start:end] if token.kind not in ("mark", "quote")]
        label = [token.fold for token in words if not token.linked]
        if len(label) == len(words) or any(token.linked for token in words[: len(label)]):
            return None
        if label and " ".join(label) not in scope.lexicon.promos:
            return None
        if (
            not label
            and words[0].fold not in scope.lexicon.imperatives
            and (
                side.seen[end - 1].text == "."
                or (side.seen[start].line == "item" and len(words) < _HEADLINE)
                or _DOCUMENT().search(side.article.text, *_targets(side, start, end))
            )
        ):
            return None  # a sentence, one of the things that a list is of, a document to be had
    return [verdict(hunk, "link", False)]


def _targets(side: Side, first: int, last: int) -> Interval:
    """Return the range of the text that has the targets of the links of some seen tokens."""
    start, end = side.seen[first].start, side.seen[last - 1].end
    return max(start - _LONGEST_TARGET, 0), end + _LONGEST_TARGET


_LONGEST_TARGET = 300
_DOCUMENT = expression(r"\.(?:pdf|docx?|xlsx?)\b", re.IGNORECASE)
_HEADLINE = 5  # words from which a link may be the headline of another story


def placeholder(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """What stands in for text that is to come: "Lorem ipsum"."""
    words = f" {hunk.words_come or hunk.words_gone} "
    if _holds(words, scope.lexicon.placeholders):
        return [verdict(hunk, "boilerplate", False)]
    return None


def stray(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """What somebody typed by mistake comes or goes: small letters alone, a tag shown as text."""
    del scope
    tokens = hunk.gone or hunk.come
    if hunk.gone and hunk.come:
        return None
    side, last = (hunk.old, hunk.b) if hunk.gone else (hunk.new, hunk.d)
    text, start = side.article.text, tokens[0].start if tokens else 0
    if len(tokens) < _LONGEST_TAG and (
        _TAGS().fullmatch("".join(token.text for token in tokens))
        or text.startswith(("<<<<<<< ", ">>>>>>> "), text.rfind("\n", 0, start) + 1)  # of git
    ):
        return [verdict(hunk, "markup", False)]
    if len(tokens) != 1 or tokens[0].line != "prose":
        return None
    alone = last >= len(side.seen) or bool(side.seen[last].line)
    if alone and tokens[0].text.islower() and not tokens[0].linked:
        return [verdict(hunk, "typo", False)]
    return None


def credit(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A line that says whose a picture is, or under what licence one may use it."""
    found = False
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first == last:
            continue
        lines = _lines(side, first, last)
        if not lines or lines[-1][1] - lines[0][0] > _LONGEST_INVITATION:
            return None
        for start, end in lines:
            words = fold_words(side.seen[start : min(end, start + _LONGEST_CREDIT)])
            if not any(f"{words} ".startswith(f"{each} ") for each in scope.lexicon.credits):
                return None
        found = True
    return [verdict(hunk, "boilerplate", False)] if found else None


_LONGEST_CREDIT = 8


_LONGEST_TAG = 12
_TAGS = expression(
    r"(?=.*[<>=])(?:<?/?(?:a|b|blockquote|br|div|em|h[1-6]|i|img|li|ol|p|span|strong|su[bp]|t[dr]|u|ul)"
    r"(?:href=|class=|id=|src=|style=)?/?>?)+"
)


def pointer(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A line that sends readers on, by its label: "READ MORE: …", "» RSVP NOW: …".

    What such a line tells is told by the story behind it, or is to be sold.
    """
    found = False
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first == last:
            continue
        lines = _lines(side, first, last)
        if not 0 < len(lines) <= _MOST_LINES or not all(
            _labelled(side, start, end, scope) for start, end in lines
        ):
            return None
        found = True
    return [verdict(hunk, "boilerplate", False)] if found else None


def dated(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """A line that says when the page was last looked at: "Last updated: May 3"."""
    del scope
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first == last:
            continue
        start = side.lines[max(bisect_right(side.lines, first) - 1, 0)]
        words = [token.fold for token in side.seen[start : start + _LONGEST_DATE + 1]]
        ends = next((n for n in range(1, len(words)) if side.seen[start + n].line), len(words))
        if not dates_an_update(words[:2]) or not last - start <= ends <= _LONGEST_DATE:
            return None
    return [verdict(hunk, "metadata", False)]


_LONGEST_DATE = 14
_DATING = frozenset(["last", "updated", "posted", "published", "page", "reviewed"])
_DATING_WITH = frozenset(["updated", "modified", "reviewed", "on", ":", "in", "last"])


def dates_an_update(words: Sequence[str]) -> bool:
    """Tell whether a line's first words say when it was updated."""
    return len(words) > 1 and words[0] in _DATING and words[1] in _DATING_WITH


def invitation(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Sentences that send readers on with a link: "Learn more about our work", "Get help here"."""
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        if first < last and not _invites(side, first, last, scope):
            return None
    return [verdict(hunk, "boilerplate", False)] if any(content(hunk, scope)) else None


def _invites(side: Side, first: int, last: int, scope: Scope) -> bool:
    """Tell whether the sentences that some seen tokens are in all begin with such a verb."""
    least, most = max(0, first - _LONGEST_INVITATION), min(len(side.seen), last + _SLACK)
    if last - first > _LONGEST_INVITATION:
        return False
    while first > least and not _begins(side, first):
        first -= 1
    if not _sends_on(side.seen[first:most], scope):
        return False
    while last < most and not _begins(side, last):
        last += 1
    places = [first, *filter(partial(_begins, side), range(first + 1, last)), last]
    told = [side.seen[start:end] for start, end in itertools.pairwise(places)]
    return (
        all(_sends_on(sentence, scope) for sentence in told)
        and any(token.linked or token.fold == "click" for sentence in told for token in sentence)
        and not any(fact.first < last and fact.last > first and _tells(fact) for fact in side.facts)
    )


def _begins(side: Side, place: int) -> bool:
    """Tell whether a sentence or line begins at a place, not after a dash or bracket."""
    if 0 < place < len(side.seen) and not side.seen[place].line:
        return side.seen[place - 1].text in ".!?…。！？"
    return True


def _sends_on(sentence: Sequence[Token], scope: Scope) -> bool:
    """Tell whether a sentence asks readers to do something: "Learn more", "Want to play?"."""
    place = 0
    while place < len(sentence) - 1 and sentence[place].fold in _POLITE:
        place += 1
    words = scope.lexicon
    for at, token in enumerate(sentence[:-1]):
        if token.fold == "please":  # "If you have difficulty viewing it, please contact us."
            place = at + 1
    verb = sentence[place].fold
    return (
        verb in words.imperatives
        or (verb in words.requests and any(token.fold in ("us", "our") for token in sentence))
        or (verb in words.questions and any(token.text == "?" for token in sentence))
    )


_POLITE = frozenset({"you", "can", "also", "please"})
_LONGEST_INVITATION = 40
_LONGEST_LABEL = 4
_ENDS_OF_LABELS = frozenset(":»|–—>")


def _labelled(side: Side, start: int, end: int, scope: Scope) -> bool:
    """Tell whether a line opens with the label of a pointer, in capitals or before a link."""
    while start < end and side.seen[start].kind not in ("word", "number"):
        start += 1
    line = side.seen[start:end]
    for length in range(min(_LONGEST_LABEL, len(line)), 0, -1):
        words = line[:length]
        if " ".join(token.fold for token in words) not in scope.lexicon.pointers:
            continue
        if all(token.text.isupper() for token in words):
            return True
        ended = length < len(line) and line[length].text in _ENDS_OF_LABELS
        return ended and any(token.linked for token in line)
    return False
