"""Whether two words are the same word: a slip of spelling, another ending, another spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Literal

from tracker.text.judge.article import Both, fold_words
from tracker.text.judge.facts import triggers
from tracker.text.judge.hunks import Hunk, Scope
from tracker.text.judge.seen import Fact, Token
from tracker.text.lexicon import Lexicon, known, near

Slip = Literal["typo", "style"]


def distance(old: str, new: str, most: int = 2) -> int:
    """Return how many letters to add, drop, change or swap lead from one word to the other.

    Damerau–Levenshtein with adjacent swaps; ``most + 1`` stands for anything larger.
    """
    if abs(len(old) - len(new)) > most or max(len(old), len(new)) > 60:
        return most + 1
    before: list[int] = []
    row = list(range(len(new) + 1))
    for i, letter in enumerate(old, 1):
        earlier, before, row = before, row, [i, *[0] * len(new)]
        for j, other in enumerate(new, 1):
            row[j] = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == new[j - 2] and old[i - 2] == other:
                row[j] = min(row[j], earlier[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


# British and American spelling: every variant is read as one form.
_VARIANTS = (
    (re.compile(r"is(e|es|ed|ing|ation|ations|er|ers)$"), r"iz\1"),
    (re.compile(r"ys(e|es|ed|ing)$"), r"yz\1"),
    (re.compile(r"our(s|ed|ing|ite|ites|able|hood|hoods|ful|al|ly)?$"), r"or\1"),
    (re.compile(r"([bct])re(s?)$"), r"\1er\2"),
    (re.compile(r"ll(ed|ing|er|ers)$"), r"l\1"),
    (re.compile(r"ogue(s?)$"), r"og\1"),
    (re.compile(r"(def|lic|off|pret)ence(s?)$"), r"\1ense\2"),
    (re.compile(r"ae"), "e"),
    (re.compile(r"gramme(s?)$"), r"gram\1"),
    (re.compile(r"^grey"), "gray"),
    (re.compile(r"dgement"), "dgment"),
    (re.compile(r"(.)wards$"), r"\1ward"),
    (re.compile(r"ss(ed|ing)$"), r"s\1"),
)


@cache
def _american(word: str) -> str:
    for pattern, shown in _VARIANTS:
        word = pattern.sub(shown, word)
    return word


# Endings that make another form of the same word; one set of endings on one beginning.
_GRAMMAR = frozenset(["", "s", "es", "ed", "ing"])
_ENDINGS = frozenset(
    ["", "s", "es", "ed", "d", "ing", "e", "ly", "ally", "al", "ily", "y", "ies", "ied",
     "ting", "ted", "ning", "ned", "ping", "ped", "ging", "ged", "ming", "med", "ling", "led",
     "izing", "ized", "ize", "izes"]
)  # fmt: skip
_SAME_STEM = 4


def _same_stem(old: str, new: str, language: str) -> bool:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    left, right = old[head:], new[head:]
    if language == "en":
        if {left, right} in ({"", "d"}, {"", "n"}, {"", "e"}):
            # cause and caused, take and taken, know and known; but not win and wind, plan and plane
            base = old[:head]
            return {left, right} != {"", "e"} and (
                base.endswith("e") or ({left, right} == {"", "n"} and base.endswith(("ow", "aw")))
            )
        if head >= 3 and {left, right} in ({"ed", "n"}, {"ed", "en"}):
            return True  # sewed and sewn, proved and proven
        if head >= 3 and left in _GRAMMAR and right in _GRAMMAR:
            return True
        return head >= _SAME_STEM and left in _ENDINGS and right in _ENDINGS
    # Languages with many endings: a long common beginning and short ends.
    return head >= 4 and head * 3 >= 2 * max(len(old), len(new)) and max(len(left), len(right)) <= 3


def same_word(old: str, new: str, lexicon: Lexicon) -> Slip | None:
    """Tell whether two common words (casefolded) are one, and what kind of change that is.

    None: two different words, as far as this program knows; "could" and "would" are two.
    """
    if old == new:
        return "style"
    if frozenset((old, new)) in lexicon.confused:
        return "typo"
    if lexicon.language == "en" and _american(old) == _american(new):
        return "style"
    if frozenset((old, new)) in lexicon.opposites or contrary(old, new, lexicon):
        return None
    if lexicon.synonyms.get(old, frozenset()) & lexicon.synonyms.get(new, frozenset()):
        return "style"
    if old in lexicon.modality or new in lexicon.modality:
        return None
    if lexicon.language == "en" and near(old, new):
        return "style"
    if _same_stem(old, new, lexicon.language):
        return "typo"
    return "typo" if slip(old, new, lexicon.language) else None


def slip(old: str, new: str, language: str) -> bool:
    """Tell whether one of two words looks like a misspelling of the other.

    In English a dictionary decides: a slip has a word that nobody knows on one side. Elsewhere
    only long words a letter or two apart are taken for one.
    """
    size = min(len(old), len(new))
    if size < 3 or not (old.isalpha() or "'" in old or "'" in new):
        return False
    if language == "en":
        if abs(len(old) - len(new)) > 2 or (known(old) and known(new)):
            return False
        far = distance(old, new)
        return far == 1 or (far == 2 and size >= 5) or (far == 2 and sorted(old) == sorted(new))
    far = distance(old, new)
    if language and old[0] == new[0] and old[-1] != new[-1]:
        return far == 1 and size >= 5
    return (far == 1 and size >= 5) or (far == 2 and size >= 8 and bool(language))


def contrary(old: str, new: str, lexicon: Lexicon) -> bool:
    """Tell whether one word is the other with a prefix or suffix that turns its sense round."""
    long, short = (old, new) if len(old) > len(new) else (new, old)
    if len(short) >= 4 and any(long == prefix + short for prefix in lexicon.negative_prefixes):
        return True
    return len(old) > 5 and (
        old.removesuffix("less") == new.removesuffix("ful") != old
        or new.removesuffix("less") == old.removesuffix("ful") != new
    )


def canonical(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Return words with contractions and abbreviations written out, possessives taken off."""
    found: list[str] = []
    place = 0
    short = lexicon.abbreviated
    while place < len(words):
        word = words[place].rstrip(".")
        for length in (2, 1) if word in short else ():
            phrase = tuple(word.rstrip(".") for word in words[place : place + length])
            if len(phrase) == length and phrase in lexicon.abbreviations:
                found += lexicon.abbreviations[phrase]
                place += length
                break
        else:
            found += _expanded(word or words[place], lexicon)
            place += 1
    return found


def _expanded(word: str, lexicon: Lexicon) -> Sequence[str]:
    if "'" not in word and word not in lexicon.contractions:
        return (word,)
    if word in lexicon.contractions:
        return lexicon.contractions[word]
    for ending, long in lexicon.endings.items():
        if word.endswith(ending) and len(word) > len(ending):
            return word.removesuffix(ending), long
    if lexicon.language == "en" and (word.endswith(("'s", "'"))):
        return (word.removesuffix("'s").removesuffix("'"),)
    if lexicon.language == "fr":
        return word.split("'")
    return (word,)


LONGEST = 400
"""Tokens of a hunk beyond which misspellings are not looked for: each costs a look at all."""


def misspelled(hunk: Hunk, fact: Fact, is_old: bool, lexicon: Lexicon) -> str:
    """Return the word that is a misspelling of a fact's one word: "overngiht", "Tuseday"."""
    side = hunk.old if is_old else hunk.new
    ends = fact.last - (side.seen[fact.last - 1].text == ".")
    if ends != fact.first + 1 or hunk.b - hunk.a + hunk.d - hunk.c > LONGEST:
        return ""
    others = hunk.come if is_old else hunk.gone
    word = side.seen[fact.first].fold
    if len(word) < 5 or not word.isalpha():
        return ""
    for token in others:
        other = token.fold
        if token.kind != "word" or other == word or other[0] != word[0]:
            continue
        if lexicon.language == "en":
            unknown = not known(other) and not known(other.capitalize())
            if unknown and slip(other, word, "en"):
                return other
        elif len(word) >= 6 and distance(other, word, 1) == 1 and other not in triggers(lexicon):
            return other
    return ""


def misspells_fact(hunk: Hunk, fact: Fact, is_old: bool, lexicon: Lexicon) -> bool:
    """Tell whether what looks like a name is a date or number word misspelled: Tuseday."""
    side = hunk.old if is_old else hunk.new
    asked = "slips in the old" if is_old else "slips in the new"
    if asked not in hunk.answers:
        old, new = hunk.facts()
        hunk.answers[asked] = {
            misspelled(hunk, other, not is_old, lexicon)
            for other in (new if is_old else old)
            if other.kind in ("date", "number")
        }
    return side.seen[fact.first].fold in hunk.answers[asked]


# --- whether two names are one --------------------------------------------------------------------

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
    words_of = {str(word) for word in fact.key[1:]}
    if any(other.kind == "name" and words_of.issubset(other.key[1:]) for other in side.facts):
        return True
    return all(one.knows(word) for one in scope.around for word in words_of)


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
    if nouns[0] in words or (nouns[0] in _LANDS and _places(scope.lexicon).issuperset(words)):
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
_LANDS = frozenset({"state", "commonwealth", "country", "nation"})


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
    if len(left) == len(right) == 1 and any(
        scope.around[0].says(full) and scope.around[1].says(full)
        for full in (f"{left[0]} {right[0]}", f"{right[0]} {left[0]}")
    ):
        return True  # the one and the other name of a person: Mr. Arun, Mr. Velan
    if respelled(hunk.old.seen[old.first : old.last], hunk.new.seen[new.first : new.last]):
        return False
    if letters(one) == letters(other):
        return True
    if _initials(one, other) or _initials(other, one) or _clipped(left, right, scope):
        return True
    if _filled(left, right, scope) or _filled(right, left, scope):
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


def _filled(short: Sequence[str], long: Sequence[str], scope: Scope) -> bool:
    """Tell whether a name only won words in its middle that both versions have: Vietnam War Era."""
    if not 2 <= len(short) < len(long) or short[0] != long[0] or short[-1] != long[-1]:
        return False
    more = [word for word in long if word not in short]
    return len(more) == len(long) - len(short) and all(
        scope.around[0].knows(word) and scope.around[1].knows(word) for word in more
    )


def _clipped(one: Sequence[str], other: Sequence[str], scope: Scope) -> bool:
    """Tell whether one name is the other's short form: Penn State University, Penn State.

    It has the longer one's words in their order, those of bodies and places cut off or left out.
    """
    institutions = scope.lexicon.institutions
    common = institutions | _places(scope.lexicon)
    short, long = sorted((list(one), list(other)), key=len)
    left = iter(short)
    word = next(left, None)
    for full in long:
        cut = word is not None and len(word) >= 4 and full.startswith(word) and full in common
        if word == full or cut:
            word = next(left, None)
        elif full not in institutions:
            return False
    return word is None and len(short) > 1 and not institutions.issuperset(short)


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
        common = scope.lexicon.institutions | _places(scope.lexicon)
        good = [word for word in (one, other) if word in common]
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


@cache
def _places(lexicon: Lexicon) -> frozenset[str]:
    """Return the words of the names of states and countries that have short forms."""
    return frozenset(word for full in lexicon.places.values() for word in full)


def _plural(one: str, other: str) -> bool:
    return one + "s" == other or other + "s" == one
