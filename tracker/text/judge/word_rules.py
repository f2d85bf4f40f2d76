"""Rules on words: the same in another form, information, or a matter of style."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from tracker.text.judge.contents import content
from tracker.text.judge.fact_pairs import changed_facts
from tracker.text.judge.hunks import MANY_WORDS, Hunk, Scope, Verdict, information, verdict
from tracker.text.judge.same import (
    PRONOUNS,
    canonical,
    contrary,
    distance,
    letters,
    respelled,
    same_word,
    second_reference,
)
from tracker.text.judge.seen import Token
from tracker.text.lexicon import Lexicon, known

_LETTERED = ("word", "number", "symbol")


def word_tokens(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens that are words, numbers or symbols."""
    return [token for token in tokens if token.kind in ("word", "number", "symbol")]


def quotation(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Words inside quotation marks; only a slip of spelling is small there."""
    gone, come = word_tokens(hunk.gone), word_tokens(hunk.come)
    if not any(token.quoted for token in gone) and not any(token.quoted for token in come):
        return None
    lexicon = scope.lexicon
    covered_old, covered_new = _equal_fact_places(hunk)
    left = [
        token
        for place, token in enumerate(hunk.gone, hunk.a)
        if token.kind in _LETTERED and place not in covered_old
    ]
    right = [
        token
        for place, token in enumerate(hunk.come, hunk.c)
        if token.kind in _LETTERED and place not in covered_new
    ]
    folds_left = Counter(canonical([token.fold for token in left], lexicon))
    folds_right = Counter(canonical([token.fold for token in right], lexicon))
    lost = _quoted_only(left, folds_right, lexicon)
    won = _quoted_only(right, folds_left, lexicon)
    if not lost and not won:
        reordered = [t.fold for t in left if t.quoted] != [t.fold for t in right if t.quoted]
        same_size = sum(t.quoted for t in left) == sum(t.quoted for t in right)
        if reordered and same_size and folds_left == folds_right and left:
            return [verdict(hunk, "quote", True)]
        return None
    if len(left) == len(right) and all(
        one.fold == other.fold or _is_slip(one.fold, other.fold, lexicon)
        for one, other in zip(left, right, strict=True)
    ):
        return None
    scope.quoted = bool(left and right) and all(
        token.quoted for token in [*left, *right] if token.kind != "mark"
    )
    return [verdict(hunk, "quote", True)]


def _quoted_only(tokens: Sequence[Token], others: Counter[str], lexicon: Lexicon) -> list[Token]:
    """Return the quoted tokens whose words are not among the others."""
    return [
        token
        for token in tokens
        if token.quoted and any(word not in others for word in canonical([token.fold], lexicon))
    ]


def _is_slip(old: str, new: str, lexicon: Lexicon) -> bool:
    """In a quotation, only a misspelling is a slip: "kills" and "killed" are two words there."""
    if frozenset((old, new)) in lexicon.confused:
        return old not in lexicon.function or new not in lexicon.function
    if lexicon.language == "en" and known(old) and known(new):
        return False
    return same_word(old, new, lexicon) is not None


def _equal_fact_places(hunk: Hunk) -> tuple[set[int], set[int]]:
    """Return the places of tokens in facts that both sides have, in whatever form."""
    old, new = hunk.facts()
    kept = Counter(fact.key for fact in old) & Counter(fact.key for fact in new)
    return (
        {place for fact in old if kept[fact.key] for place in range(fact.first, fact.last)},
        {place for fact in new if kept[fact.key] for place in range(fact.first, fact.last)},
    )


def same_words(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Only punctuation, capitals, hyphens, spaces or short forms differ."""
    gone, come = word_tokens(hunk.gone), word_tokens(hunk.come)
    if gone or come:
        left_out, put = _trimmed(gone, come)
        if (
            _acronym_given(hunk, gone, come, scope)
            or _acronym_explained(hunk, gone, come, scope)
            or (left_out and put and _acronym_put(left_out, put, scope))
            or _spelled_in_parts(hunk, scope)
            or (left_out and put and _reordered_date(left_out, put, scope))
        ):
            return [verdict(hunk, "style", False)]
        if left_out and put and _mended(left_out, put, scope):
            return [verdict(hunk, "typo", False)]
    left = [token.fold for token in gone]
    right = [token.fold for token in come]
    if _hyphens_alone(hunk, left, right):
        return [verdict(hunk, "style", False)]
    if changed_facts(hunk, scope):
        return None
    if left == right:
        if _acronym_made(gone, come) or respelled(gone, come):
            return None
        return [verdict(hunk, "style", False)]
    if canonical(left, scope.lexicon) == canonical(right, scope.lexicon):
        return [verdict(hunk, "style", False)]
    if letters(left) and letters(left) == letters(right) and not _symbols(hunk):
        if respelled(gone, come):
            return None
        hyphen = any(token.text in "-‐‑" for token in [*hunk.gone, *hunk.come])
        figures = any(token.kind == "number" for token in gone)
        return [verdict(hunk, "style" if hyphen or figures else "typo", False)]
    return None


def _hyphens_alone(hunk: Hunk, left: Sequence[str], right: Sequence[str]) -> bool:
    """Tell whether words are written in one, or with a hyphen, that were not: pre-discharge."""
    return (
        left != right
        and letters(left) == letters(right)
        and all(word.isalpha() for word in [*left, *right])
        and any(token.text in "-‐‑." for token in [*hunk.gone, *hunk.come])
    )


def weighty(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Small words that carry a fact: "and" for "or", "no longer", "most of", "all but one"."""
    if max(hunk.b - hunk.a, hunk.d - hunk.c) > MANY_WORDS or not scope.lexicon.weighty:
        return None
    gone, come = word_tokens(hunk.gone), word_tokens(hunk.come)
    if len(gone) == len(come) == 1 and gone[0].line == come[0].line:
        pair = frozenset((gone[0].fold, come[0].fold))
        if pair in scope.lexicon.exchanged:
            return [verdict(hunk, "name" if pair & _PERSONS.keys() else "modality", True)]
    old = _weighty_near(hunk.old.seen, hunk.a, hunk.b, scope)
    new = _weighty_near(hunk.new.seen, hunk.c, hunk.d, scope)
    if old != new and len(gone) + len(come) <= _FEW:
        return [verdict(hunk, "modality", True)]
    return None


_FEW = 5


def _weighty_near(
    tokens: Sequence[Token], first: int, last: int, scope: Scope
) -> set[tuple[str, ...]]:
    low, high = max(0, first - 2), min(len(tokens), last + 2)
    folds = [token.fold for token in tokens[low:high]]
    return {
        phrase
        for phrase in scope.lexicon.weighty
        for place in range(len(folds))
        if tuple(folds[place : place + len(phrase)]) == phrase
    }


def _acronym_given(hunk: Hunk, gone: Sequence[Token], come: Sequence[Token], scope: Scope) -> bool:
    """Tell whether only an acronym came or went, right after the words it stands for."""
    if abs(len(gone) - len(come)) != 1 or max(len(gone), len(come)) > _LONGEST_SPELLED:
        return False
    many, few = (gone, come) if len(gone) > len(come) else (come, gone)
    place = next(
        (at for at, (one, other) in enumerate(zip(many, few, strict=False))
         if one.text != other.text), len(few),
    )  # fmt: skip
    token = many[place]
    if [one.text for one in many[place + 1 :]] != [one.text for one in few[place:]]:
        return False
    if not 2 <= len(token.text) <= 8 or not token.text.isupper():
        return False
    side = hunk.old if many is gone else hunk.new
    at = bisect_left(side.starts, token.start)
    before = [
        word.fold
        for word in side.seen[max(0, at - len(token.text) - 3) : at]
        if word.kind == "word" and word.fold not in scope.lexicon.function
    ]
    return any(_spells(before[start:], token.fold) for start in range(len(before)))


def _acronym_explained(
    hunk: Hunk, gone: Sequence[Token], come: Sequence[Token], scope: Scope
) -> bool:
    """Tell whether only the words behind an acronym came or went, right before it in brackets."""
    if bool(gone) == bool(come) or len(gone) + len(come) > _LONGEST_SPELLED:
        return False
    side, last = (hunk.old, hunk.b) if gone else (hunk.new, hunk.d)
    after = next((t for t in side.seen[last : last + 3] if t.kind == "word"), None)
    if after is None or not 2 <= len(after.text) <= 8 or not after.text.isupper():
        return False
    first = hunk.a if gone else hunk.c
    before = [t for t in side.seen[max(0, first - 4) : first] if t.text[:1].isupper()]
    words = [t.fold for t in [*before, *(gone or come)] if t.fold not in scope.lexicon.function]
    return any(_spells(words[start:], after.fold) for start in range(len(before) + 1))


def _trimmed(gone: list[Token], come: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the words of a hunk that is not long, without those at its ends that are the same."""
    if max(len(gone), len(come)) > _LONGEST_SPELLED:
        return [], []
    while gone and come and gone[0].fold == come[0].fold:
        gone, come = gone[1:], come[1:]
    while gone and come and gone[-1].fold == come[-1].fold:
        gone, come = gone[:-1], come[:-1]
    return gone, come


def _acronym_put(gone: Sequence[Token], come: Sequence[Token], scope: Scope) -> bool:
    """Tell whether an acronym is put for the words it stands for, or back."""
    short, long = sorted((gone, come), key=len)
    if len(short) != 1 or not short[0].text.isupper():
        return False
    words = [t.fold for t in long if t.fold not in scope.lexicon.function]
    return len(words) > 1 and "".join(word[0] for word in words) == short[0].fold


def _spelled_in_parts(hunk: Hunk, scope: Scope) -> bool:
    """Tell whether words come or go that spell an acronym of the other side, among words kept.

    "MP of Leeds" is "Member of Parliament for Leeds".
    """
    function = scope.lexicon.function
    sides = (hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)
    for (short, a, b), (long, c, d) in (sides, sides[::-1]):
        low = max(0, c - _BESIDE)
        words = [
            (place, token.fold)
            for place, token in enumerate(long.seen[low : d + _BESIDE], low)
            if token.kind == "word" and token.fold not in function
        ]
        changed = {place for place, _ in words if c <= place < d}
        there = {word for _, word in words}
        if not 0 < len(changed) <= _BESIDE or b - a > _BESIDE:
            continue
        acronyms = {
            token.fold
            for token in short.seen[max(0, a - _BESIDE) : b + _BESIDE]
            if 2 <= len(token.text) <= _BESIDE and token.text.isupper()
        } - there
        here = {token.fold for token in short.seen[a:b] if token.kind in _LETTERED}
        gone = here - function - there
        initials = "".join(word[0] for _, word in words)
        for acronym in acronyms if gone <= acronyms else ():
            first = initials.find(acronym)
            spelled = {place for place, _ in words[first : first + len(acronym)]}
            kept = {place for place, word in words if word in here}
            if first >= 0 and changed & spelled and changed <= spelled | kept:
                return True
    return False


_BESIDE = 6


def _mended(gone: Sequence[Token], come: Sequence[Token], scope: Scope) -> bool:
    """Tell whether a word that nobody knows gave way to words with almost its letters, or back.

    A name may be spelled in any way: it counts only where it is a common word, and long.
    """
    if not 0 < len(gone) <= 2 or not 0 < len(come) <= 2 or scope.lexicon.language != "en":
        return False
    left, right = (letters(token.fold for token in tokens) for tokens in (gone, come))
    if (
        not all(token.fold.isalpha() for token in [*gone, *come])
        or min(len(left), len(right)) < _SHORTEST_SLIP
    ):
        return False
    days = scope.lexicon.months.keys() | scope.lexicon.weekdays.keys()
    good = [
        (
            all(known(token.fold) for token in tokens)
            and (len(gone) + len(come) > 2 or tokens[0].text.islower() or len(left) >= _SURE_SLIP)
        )
        or tokens[0].fold in days
        for tokens in (gone, come)
    ]
    bad = [not any(known(t.fold) or known(t.fold.capitalize()) for t in tokens if len(t.fold) > 3)
           for tokens in (gone, come)]  # fmt: skip
    near = distance(left, right) <= (1 if min(len(left), len(right)) < _SURE_SLIP else 2)
    return near and ((good[0] and bad[1]) or (good[1] and bad[0]))


_SHORTEST_SLIP = 5
_SURE_SLIP = 8


def _reordered_date(gone: Sequence[Token], come: Sequence[Token], scope: Scope) -> bool:
    """Tell whether the parts of one date stand in another order: 3–4 October, October 3–4."""
    parts = sorted(token.fold for token in gone)
    months = [word for word in parts if word in scope.lexicon.months]
    return len(set(months)) == 1 and parts == sorted(token.fold for token in come) and all(
        word in months or word.isdecimal() for word in parts
    )  # fmt: skip


def _spells(words: Sequence[str], acronym: str) -> bool:
    """Tell whether words are behind an acronym: its ends are their initials, the rest in order."""
    if len(words) < 2 or words[0][0] != acronym[0] or words[-1][0] != acronym[-1]:
        return False
    letters_left = iter("".join(words))
    return all(letter in letters_left for letter in acronym)


_LONGEST_SPELLED = 16


def _symbols(hunk: Hunk) -> bool:
    return any(token.kind == "symbol" for token in [*hunk.gone, *hunk.come])


def _acronym_made(gone: Sequence[Token], come: Sequence[Token]) -> bool:
    """Tell whether a word became an acronym or the other way round: us and US, who and WHO."""
    return any(
        one.text != other.text
        and 2 <= len(one.text) <= 4
        and (one.text.isupper() != other.text.isupper())
        and (one.text.islower() or other.text.islower())
        for one, other in zip(gone, come, strict=True)
    )


def words(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Content words added or removed are information; without any, it is style or a typo."""
    if scope.quoted:
        return []
    added, removed = content(hunk, scope)
    contrary_pairs = _contraries(hunk, added, removed, scope)
    if contrary_pairs:
        told = [verdict(hunk, "negation", True)]
        for one, other in contrary_pairs:
            removed = [word for word in removed if word != one]
            added = [word for word in added if word != other]
        return told + information(hunk, added, removed)
    if _person(hunk):
        return [verdict(hunk, "name", True)]
    if _several(hunk, scope):
        return [verdict(hunk, "number", True)]
    if added or removed:
        if _in_subheading(hunk) and any(
            frozenset((one, other)) in scope.lexicon.antonyms for one in removed for other in added
        ):
            return [verdict(hunk, "negation", True)]
        if _shortened(hunk, scope) or _refers(hunk, scope) or _in_subheading(hunk):
            return [verdict(hunk, "style", False)]
        if _clarified(hunk, added, removed, scope):
            return [verdict(hunk, "style", False)]
        return information(hunk, added, removed)
    return [verdict(hunk, _small_label(hunk, scope), False)]


_PERSONS = {
    word: person
    for person, words in {
        "we": "we us our ours", "he": "he him his", "she": "she her hers",
        "they": "they them their theirs",
    }.items()
    for word in words.split()
}  # fmt: skip


def _person(hunk: Hunk) -> bool:
    """Tell whether another person acts: "he" and "she", "they" and "we"; not "he" and "they"."""
    gone = [token.fold.split("'")[0] for token in hunk.gone if token.kind == "word"]
    come = [token.fold.split("'")[0] for token in hunk.come if token.kind == "word"]
    if len(gone) != len(come) or len(gone) > 3:
        return False
    swaps = {
        frozenset((_PERSONS[one], _PERSONS[other]))
        for one, other in zip(gone, come, strict=True)
        if one in _PERSONS and other in _PERSONS and _PERSONS[one] != _PERSONS[other]
    }
    return any("we" in swap or swap == {"he", "she"} for swap in swaps)


def _contraries(
    hunk: Hunk, added: Sequence[str], removed: Sequence[str], scope: Scope
) -> list[tuple[str, str]]:
    """Return the pairs of words, small ones too, of which one turns the other round."""
    if hunk.b - hunk.a > MANY_WORDS or hunk.d - hunk.c > MANY_WORDS:
        return []
    gone, come = ({token.fold for token in tokens} for tokens in (hunk.gone, hunk.come))
    return [
        (one, other)
        for one in sorted(gone - come)
        for other in sorted(come - gone)
        if frozenset((one, other)) in scope.lexicon.opposites
        or (one in removed and other in added and contrary(one, other, scope.lexicon))
    ]


def _several(hunk: Hunk, scope: Scope) -> bool:
    """Tell whether one person became several: "a lawyer", "lawyers"."""
    for some, others in ((hunk.gone, hunk.come), (hunk.come, hunk.gone)):
        folds = [token.fold for token in some if token.kind == "word"]
        there = {token.fold for token in others if token.kind == "word"}
        if "one" not in there and any(
            article in ("a", "an") and noun in scope.lexicon.actors and noun + "s" in there
            and noun not in there
            for article, noun in itertools.pairwise(folds)
        ):  # fmt: skip
            return True
    ones = (hunk.old, hunk.b, hunk.new, hunk.d), (hunk.new, hunk.d, hunk.old, hunk.b)
    for tokens, (side, last, other, place) in zip((hunk.gone, hunk.come), ones, strict=True):
        if [token.fold for token in tokens] == ["one"]:  # "one cloth mask", "cloth masks"
            after, there = (
                {token.fold for token in each.seen[at : at + _NOUN] if token.kind == "word"}
                for each, at in ((side, last), (other, place))
            )
            if any(noun + "s" in there - after and noun not in there for noun in after):
                return True
    return False


_NOUN = 4  # words in which the noun comes


_LONGEST_NAMED = 8


def _shortened(hunk: Hunk, scope: Scope) -> bool:
    """Tell whether a person named in full is named in short, or back: Mayor Bill Dunn, Dunn.

    The full form must stand elsewhere in both versions.
    """
    left, right = hunk.words_gone.split(), hunk.words_come.split()
    if not left or not right or max(len(left), len(right)) > _LONGEST_NAMED:
        return False
    long, short = (left, right) if len(left) > len(right) else (right, left)
    tokens = hunk.gone if long is left else hunk.come
    if long[-len(short) :] != short or not all(
        token.text[0].isupper() for token in tokens if token.kind == "word"
    ):
        return False
    return scope.old.says(" ".join(long)) and scope.new.says(" ".join(long))


def _refers(hunk: Hunk, scope: Scope) -> bool:
    """Tell whether a body's name gave way to "the department", or the other way round."""
    old, new = hunk.facts()
    if max(hunk.b - hunk.a, hunk.d - hunk.c) > _LONGEST_NAMED:
        return False
    return any(
        fact.kind == "name" and second_reference(hunk, fact, is_old, scope)
        for facts, is_old in ((old, True), (new, False))
        for fact in facts
    )


def _in_subheading(hunk: Hunk) -> bool:
    """Tell whether a hunk stands in a subheading on both sides; its facts are judged before."""
    for side, first, last in ((hunk.old, hunk.a, hunk.b), (hunk.new, hunk.c, hunk.d)):
        start = first
        if start >= len(side.seen) or first == last:
            return False
        while start > 0 and not side.seen[start].line:
            start -= 1
        if side.seen[start].line != "heading":
            return False
        if any(token.line or token.quoted for token in side.seen[first + 1 : last]):
            return False
    return True


def _points_back(hunk: Hunk, words: Sequence[str], short: Sequence[Token], scope: Scope) -> bool:
    """Tell whether some words only point back at what was named: "which", ". The measure"."""
    tokens = [token.fold for token in short if token.kind == "word"]
    side = hunk.come if short is not hunk.come and short != hunk.come else hunk.gone
    return (
        bool(tokens)
        and len(tokens) <= 3
        and bool((PRONOUNS | _RELATIVES) & set(tokens))
        and all(word in scope.lexicon.anaphors for word in words)
        and bool(_POINTERS & {token.fold for token in side})
    )


_RELATIVES = frozenset({"which", "who", "that", "whose", "and"})
_POINTERS = frozenset({"the", "this", "that", "these", "those"})


def _clarified(hunk: Hunk, added: Sequence[str], removed: Sequence[str], scope: Scope) -> bool:
    """A noun put for a pronoun, or back, where the paragraph has the noun anyway."""
    if bool(added) == bool(removed) or len(added or removed) > 2:
        return False
    short, side, first, last = (
        (hunk.gone, hunk.old, hunk.a, hunk.b) if added else (hunk.come, hunk.new, hunk.c, hunk.d)
    )
    if _points_back(hunk, added or removed, short, scope):
        return True
    pronouns = [token.fold for token in short if token.kind == "word"]
    if not pronouns or len(pronouns) > 2 or not PRONOUNS & set(pronouns):
        return False
    around = {token.fold for token in side.seen[max(0, first - 80) : first]}
    around |= {token.fold for token in side.seen[last : last + 20]}
    return all(
        word in around or (scope.around[0].knows(word) and scope.around[1].knows(word))
        for word in added or removed
    )


_CONNECTING = frozenset({"also", "too", "then", "that", "so", "yet", "and", "but", "either"})


def _small_label(hunk: Hunk, scope: Scope) -> str:
    """A slip of spelling or grammar is a typo; more words than two are a matter of style."""
    gone = Counter(token.fold for token in word_tokens(hunk.gone))
    come = Counter(token.fold for token in word_tokens(hunk.come))
    left, right = list((gone - come).elements()), list((come - gone).elements())
    if len(left) == len(right) and left and len(left) <= 2:
        kinds = {
            same_word(one, other, scope.lexicon) for one, other in zip(left, right, strict=True)
        }
        return "typo" if kinds == {"typo"} else "style"
    grammar = scope.lexicon.function
    if any(token.kind == "mark" for token in [*hunk.gone, *hunk.come]):
        return "style"
    if set(left) | set(right) <= _CONNECTING:
        return "style"
    small = len(left) + len(right) <= 2 and all(word in grammar for word in [*left, *right])
    return "typo" if small and (left or right) else "style"
