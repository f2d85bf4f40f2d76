"""Whether two names are one: acronyms, short forms, a slip in a common word, a pronoun."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice

from tracker.text.judge.article import Both, fold_words
from tracker.text.judge.facts import Fact
from tracker.text.judge.hunks import Hunk
from tracker.text.judge.seen import Token
from tracker.text.judge.slips import canonical, distance
from tracker.text.judge.verdicts import Scope
from tracker.text.lexicon import Lexicon, known

PRONOUNS = frozenset(
    [
        "he",
        "she",
        "it",
        "they",
        "him",
        "her",
        "them",
        "his",
        "its",
        "their",
        "this",
        "that",
        "these",
        "those",
    ]
)


_MOST_FACTS = 800
"""Facts of a paragraph beyond which no name is looked for among all of them."""

_FEW_WORDS = 8


def _short_words(hunk: Hunk, is_old: bool) -> list[str]:
    """Return the first words of the other side, folded, and no more than a few."""
    there = hunk.come if is_old else hunk.gone
    words = (token.fold for token in there if token.kind == "word")
    return list(islice(words, _FEW_WORDS))


_OURSELVES = frozenset(["we", "our", "us", "ours", "we're", "we've", "we'll"])


def stood_for_by_pronoun(hunk: Hunk, fact: Fact, is_old: bool, scope: Scope) -> bool:
    """A name put for "he", or the other way round, where the paragraph has the name anyway.

    For "we", the house's own name, it is enough that both versions have the name somewhere.
    """
    words = _short_words(hunk, is_old)
    if words and len(words) <= 2 and _OURSELVES & set(words):
        named = " ".join(str(word) for word in fact.key[1:])
        return scope.old.says(named) and scope.new.says(named)
    if not words or len(words) > 2 or not PRONOUNS & set(words) or fact.kind != "name":
        return False
    side = hunk.new if is_old else hunk.old
    if len(side.facts) > _MOST_FACTS:
        return False
    words_of = set(fact.key[1:])
    return any(other.kind == "name" and words_of <= set(other.key[1:]) for other in side.facts)


def _in_full(fact: Fact, lexicon: Lexicon) -> list[str]:
    """Return the words of a name, places written out."""
    return [
        full
        for word in fact.key[1:]
        for full in lexicon.places.get(str(word).rstrip("."), (str(word),))
    ]


def second_reference(hunk: Hunk, fact: Fact, is_old: bool, scope: Scope) -> bool:
    """Tell whether "the department" or its acronym is put for a body's name, or back.

    The name must stand elsewhere in both versions, or be the acronym of one in the paragraph.
    """
    nouns = [word for word in _short_words(hunk, is_old) if word not in _ARTICLES]
    if len(nouns) != 1 or nouns[0] not in scope.lexicon.anaphors:
        return False
    words = [str(word) for word in fact.key[1:]]
    side = hunk.old if is_old else hunk.new
    if nouns[0] in words:
        named = fold_words(side.seen[fact.first : fact.last])
        return scope.old.says(named) and scope.new.says(named)
    if len(words) != 1 or not side.seen[fact.first].text.isupper():
        return False
    if len(hunk.old.facts) + len(hunk.new.facts) > _MOST_FACTS:
        return False
    return any(
        other.kind == "name"
        and nouns[0] in other.key
        and "".join(str(word)[0] for word in other.key[1:]).endswith(words[0])
        for other in (*hunk.old.facts, *hunk.new.facts)
    )


_ARTICLES = frozenset({"the", "this", "that"})


def same_name(hunk: Hunk, old: Fact, new: Fact, scope: Scope) -> bool:
    """Tell whether two names are one person, place or body in another form."""
    lexicon = scope.lexicon
    one = _in_full(old, lexicon)
    other = _in_full(new, lexicon)
    left, right = canonical(one, lexicon), canonical(other, lexicon)
    if _acronym(hunk, old, new, scope):
        return True
    left = [word for word in left if word not in lexicon.titles]
    right = [word for word in right if word not in lexicon.titles]
    if left == right:
        return True
    if respelled(hunk.old.seen[old.first : old.last], hunk.new.seen[new.first : new.last]):
        return False
    if letters(one) == letters(other):
        return True
    if _initials(one, other) or _initials(other, one):
        return True
    if set(left) <= set(right) or set(right) <= set(left):
        # "Smith" for "John Smith": the same person, if the longer form stands in both versions.
        longer = " ".join(left if len(left) > len(right) else right)
        return scope.old.shows(longer) and scope.new.shows(longer)
    return _slip_in_name(left, right, scope)


def _acronym(hunk: Hunk, old: Fact, new: Fact, scope: Scope) -> bool:
    """Tell whether one name is an acronym that the other side of the hunk spells out."""
    for short, long, first, last in (
        (hunk.old.seen[old.first : old.last], hunk.new, hunk.c, hunk.d),
        (hunk.new.seen[new.first : new.last], hunk.old, hunk.a, hunk.b),
    ):
        letters = "".join(token.text for token in short)
        if len(short) == 1 and len(letters) >= 2 and letters.isupper():
            initials = "".join(
                token.text[0]
                for token in long.seen[max(0, first - 8) : last + 8]
                if token.kind == "word" and token.fold not in scope.lexicon.function
            )
            if letters in initials:
                return True
    return False


@cache
def _two_capitals() -> re.Pattern[str]:
    return re.compile(r"(?:O'|D'|L'|Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz)[A-Z][a-z]")


def respelled(gone: Sequence[Token], come: Sequence[Token]) -> bool:
    """Tell whether a name won or lost its second capital: Oneill and O'Neill, Macdonald."""
    left, right = (
        [token.text for token in tokens if _two_capitals().match(token.text)]
        for tokens in (gone, come)
    )
    return left != right


def letters(words: Iterable[str]) -> str:
    """Return the letters and digits of words, run together."""
    return "".join(letter for word in words for letter in word if letter.isalnum())


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    if len(short) != 1 or len(long) < 2:
        return False
    return letters(short) == "".join(word[0] for word in long)


_COMMON_ENDINGS = (
    "tion", "tions", "sion", "sions", "ment", "ments", "ity", "ities", "ology", "ship", "ance",
    "ances", "ence", "ences", "ics", "ational",
)  # fmt: skip


def _slip_in_name(left: Sequence[str], right: Sequence[str], scope: Scope) -> bool:
    """A slip in a common word inside a name: Goverment and Government; never Smyth and Smith.

    The word counts as common when the article has it in lower case, or when it is one of those of
    which the names of bodies are made.
    """
    if len(left) != len(right):
        return False
    for one, other in zip(left, right, strict=True):
        if one == other:
            continue
        far = distance(one, other)
        if far > 2 or min(len(one), len(other)) < 5:
            return False
        usage = Both(scope.old, scope.new)
        good = [word for word in (one, other) if word in scope.lexicon.institutions]
        good += [
            word
            for word in (one, other)
            if usage.lower(word)
            and scope.lexicon.language == "en"
            and known(word)
            and not known(word.capitalize())
        ]
        good += [
            word
            for word in (one, other)
            if scope.lexicon.language == "en"
            and word.endswith(_COMMON_ENDINGS)
            and len(word) >= 7
            and known(word)
            and not known(word.capitalize())
        ]
        if not good:
            # "Standards" and "Standard", "Agency" and "Agencies".
            return False
        wrong = other if good[0] == one else one
        if scope.lexicon.language == "en" and known(wrong) and not _plural(one, other):
            return False
    return True


def _plural(one: str, other: str) -> bool:
    return one + "s" == other or other + "s" == one
