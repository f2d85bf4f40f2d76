"""What a hunk means: ordered rules, each a small function from a hunk to findings.

A rule returns what it found, or None to leave the hunk to the next ones. Facts come first: a
change to a digit, a date, a name, a negation or the words of a quotation is never called small,
unless both sides are the same fact in another form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from tracker.text.facts import Fact, triggers
from tracker.text.lexicon import Lexicon, known
from tracker.text.hunks import Article, Both, Hunk, Side, fold_words
from tracker.text.spelling import canonical, distance, same_word, slip
from tracker.text.surface import Token

MANY_WORDS = 8
"""Content words that make a passage rewritten: its facts are then told as information."""

MOST_PAIRS = 40_000
"""Comparisons of words or facts that one hunk may cost."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that a rule found."""

    label: str
    old: str  # the words as readers see them; "" when there are none
    new: str
    context: str  # words around, for the reason; "" when old and new are the context
    substantive: bool
    edits: tuple[int, ...]


@dataclass(slots=True)
class Scope:
    """What the rules know beside the hunk."""

    lexicon: Lexicon
    old: Article
    new: Article
    # Content words that left one hunk of the passage and came into another: only moved.
    reordered: Counter[str] = field(default_factory=Counter)


Rule = Callable[[Hunk, Scope], list[Verdict] | None]


def judge_hunk(hunk: Hunk, scope: Scope) -> list[Verdict]:
    """Return what the rules find in a hunk; never empty."""
    found: list[Verdict] = []
    for rule in RULES:
        verdicts = rule(hunk, scope)
        if verdicts is None:
            continue
        if verdicts and not verdicts[-1].substantive:
            # What is small is told only of a hunk with nothing large in it.
            return found if any(one.substantive for one in found) else found + verdicts
        found += verdicts
    return found or [verdict(hunk, "style", False)]


def verdict(
    hunk: Hunk, label: str, substantive: bool, old: str | None = None, new: str | None = None
) -> Verdict:
    """Return a finding on a hunk, with the words around it."""
    if old is None and new is None:
        old = clipped(hunk.old.shown(hunk.a, hunk.b))
        new = clipped(hunk.new.shown(hunk.c, hunk.d))
    return Verdict(label, old or "", new or "", _context(hunk), substantive, tuple(hunk.edits))


LONGEST_WORDS = 160
_AROUND = 4


def clipped(text: str, most: int = LONGEST_WORDS) -> str:
    """Return a text cut at a word's end, with an ellipsis where words were left out."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 2]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + " …"


def _context(hunk: Hunk) -> str:
    """Return the words that lead to a change and follow it, from the text that has it."""
    side, first, last = (
        (hunk.old, hunk.a, hunk.b) if hunk.a < hunk.b else (hunk.new, hunk.c, hunk.d)
    )
    start = first
    while start > 0 and first - start < _AROUND and not side.seen[start].line:
        start -= 1
        if side.seen[start].text in ".!?" and start < first - 1:
            start += 1
            break
    end = min(last, first + 12)
    stop = end
    while stop < len(side.seen) and stop - end < _AROUND and not side.seen[stop].line:
        stop += 1
    shown = side.shown(start, stop)
    cut = (
        stop < len(side.seen) and not side.seen[stop].line and side.seen[stop - 1].text not in ".!?"
    )
    return clipped(shown) + (" …" if cut and not shown.endswith("…") else "")


# --- rules on where the words are ----------------------------------------------------------------


def found_elsewhere(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Text that is gone here, and stands elsewhere in the new version; or came from elsewhere."""
    gone, come = hunk.words_gone, hunk.words_come
    if bool(gone) == bool(come):
        return None
    words = gone or come
    count = words.count(" ") + 1
    whole = (
        _whole_lines(hunk.old, hunk.a, hunk.b) if gone else _whole_lines(hunk.new, hunk.c, hunk.d)
    )
    if count < 4 and not (whole and count >= 2):
        return None
    other = scope.new if gone else scope.old
    if not other.says(words):
        return None
    return [verdict(hunk, "moved", False)]


def _whole_lines(side: Side, first: int, last: int) -> bool:
    starts = first == 0 or bool(side.seen[first].line)
    return starts and (last >= len(side.seen) or bool(side.seen[last].line))


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
    return None


def boilerplate(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Standing text: subscribe, follow us, all rights reserved."""
    words = f"{hunk.words_gone} / {hunk.words_come}"
    if len(words) < 600 and any(phrase in words for phrase in scope.lexicon.boilerplate):
        return [verdict(hunk, "boilerplate", False)]
    return None


# --- rules on facts ------------------------------------------------------------------------------


def facts(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Numbers, dates, names, negations, modality and attribution that differ by their keys."""
    pairs = _changed_facts(hunk, scope)
    if not pairs:
        return None
    added, removed = content(hunk, scope)
    one_sided = not hunk.words_gone or not hunk.words_come
    rewritten = max(len(added), len(removed)) > MANY_WORDS
    told: list[Verdict] = []
    for old, new in pairs:
        fact = old or new
        if fact is None:
            continue
        single = old is None or new is None
        if single and (
            rewritten or fact.kind == "name" or (one_sided and len(added) + len(removed) > 1)
        ):
            # A new sentence with numbers and names in it is information, not a number changed.
            continue
        if single and one_sided and fact.kind in ("number", "date"):
            told += _information(hunk, hunk.words_come, hunk.words_gone)
        told.append(
            verdict(
                hunk,
                fact.kind,
                True,
                hunk.old.shown(old.first, old.last) if old else "",
                hunk.new.shown(new.first, new.last) if new else "",
            )
        )
    if len(told) < len(pairs):
        told += _information(hunk, hunk.words_come, hunk.words_gone)
    return told


def _information(hunk: Hunk, added: object, removed: object) -> list[Verdict]:
    found = []
    if added:
        found.append(verdict(hunk, "information-added", True))
    if removed:
        found.append(verdict(hunk, "information-removed", True))
    return found


FactPair = tuple[Fact | None, Fact | None]


def _changed_facts(hunk: Hunk, scope: Scope) -> list[FactPair]:
    old, new = hunk.facts()
    pairs = _unequal(old, new)
    found: list[FactPair] = []
    numbers_old = any(fact.kind == "number" and not fact.weak for fact in old)
    numbers_new = any(fact.kind == "number" and not fact.weak for fact in new)
    for one, other in pairs:
        if one is not None and other is not None and _same_fact(hunk, one, other, scope):
            continue
        # Not a pair after all: each may still have its like on the other side.
        left = one if one is not None and not _stands(hunk, one, True, numbers_new, scope) else None
        right = (
            other
            if other is not None and not _stands(hunk, other, False, numbers_old, scope)
            else None
        )
        if left is not None or right is not None:
            found.append((left, right))
    if found and _only_relisted(hunk, found):
        return []
    return found


def _unequal(old: Sequence[Fact], new: Sequence[Fact]) -> list[FactPair]:
    """Pair the facts that have no equal on the other side, in their order, kind with kind."""
    if len(old) * len(new) > MOST_PAIRS:
        kept = Counter(fact.key for fact in old) & Counter(fact.key for fact in new)
        return [(fact, None) for fact in old if not kept[fact.key]] + [
            (None, fact) for fact in new if not kept[fact.key]
        ]
    matcher = SequenceMatcher(
        None, [fact.key for fact in old], [fact.key for fact in new], autojunk=False
    )
    pairs: list[FactPair] = []
    for operation, i, j, k, m in matcher.get_opcodes():
        if operation == "equal":
            continue
        left, right = list(old[i:j]), list(new[k:m])
        for fact in left:
            partner = next((other for other in right if other.kind == fact.kind), None)
            if partner is not None:
                right.remove(partner)
            pairs.append((fact, partner))
        pairs += [(None, fact) for fact in right]
    return pairs


def _folds(side: Side, first: int, last: int) -> list[str]:
    return [token.fold.rstrip(".").removesuffix("'s") for token in side.seen[first:last]]


def _stands(hunk: Hunk, fact: Fact, is_old: bool, numbers_there: bool, scope: Scope) -> bool:
    """Tell whether a fact without an equal is no fact changed: an article, a capital letter."""
    if fact.weak:
        return not numbers_there
    if fact.kind == "name":
        side, first, last = (hunk.new, hunk.c, hunk.d) if is_old else (hunk.old, hunk.a, hunk.b)
        there = Counter(_folds(side, first, last))
        here = Counter(str(word) for word in fact.key[1:])
        if not here - there:
            return True  # the same words without the capital, or with more words around
        initials = "".join(str(word)[0] for word in fact.key[1:])
        if len(initials) > 1 and any(
            initials in token.fold
            for token in side.seen[first:last]
            if token.text.isupper() and len(token.text) > 1
        ):
            return True
        return _stood_for_by_pronoun(hunk, fact, is_old, scope)
    if fact.key[0] == "id":
        return _stood_for_by_pronoun(hunk, fact, is_old, scope)
    if fact.kind == "modality" and fact.key[1] in scope.lexicon.soft:
        return True
    return bool(_misspelled(hunk, fact, is_old, scope.lexicon))


def _misspelled(hunk: Hunk, fact: Fact, is_old: bool, lexicon: Lexicon) -> str:
    """Return the word that is a misspelling of a fact's one word: "overngiht", "Tuseday"."""
    if fact.last != fact.first + 1:
        return ""
    side, others = (hunk.old, hunk.come) if is_old else (hunk.new, hunk.gone)
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


_PRONOUNS = frozenset(["he", "she", "it", "they", "him", "her", "them", "his", "its", "their", "this", "that", "these", "those"])


_OURSELVES = frozenset(["we", "our", "us", "ours", "we're", "we've", "we'll"])


def _stood_for_by_pronoun(hunk: Hunk, fact: Fact, is_old: bool, scope: Scope) -> bool:
    """A name put for "he", or the other way round, where the paragraph has the name anyway.

    For "we", the house's own name, it is enough that both versions have the name somewhere.
    """
    short = hunk.come if is_old else hunk.gone
    words = [token.fold for token in short if token.kind == "word"]
    if words and len(words) <= 2 and _OURSELVES & set(words):
        named = " ".join(str(word) for word in fact.key[1:])
        return scope.old.says(named) and scope.new.says(named)
    if not words or len(words) > 2 or not _PRONOUNS & set(words) or fact.kind != "name":
        return False
    side = hunk.new if is_old else hunk.old
    return any(other.kind == "name" and other.key == fact.key for other in side.facts)


def _same_fact(hunk: Hunk, old: Fact, new: Fact, scope: Scope) -> bool:
    """Tell whether two facts with unequal keys are one fact in another form."""
    if old.key == new.key:
        return True
    if old.kind == "name" == new.kind:
        return _same_name(hunk, old, new, scope)
    if old.kind == "number" and old.key[0] == new.key[0] == "number":
        return _same_number(hunk, old, new)
    return False


def _same_number(hunk: Hunk, old: Fact, new: Fact) -> bool:
    """The unit may stand outside the number on one side: "5 percent to 6 percent", "5 to 6 %"."""
    if old.key[1] != new.key[1] or old.key[3] != new.key[3]:
        return False
    units = {old.key[2], new.key[2]}
    if units == {"pound", "weightpound"}:
        return True
    if "" not in units:
        return False
    # "$5 to $6 million" and "$5-6 million": equal only if the other side has the unit too.
    unit = (units - {""}).pop()
    lacking = hunk.new if not new.key[2] else hunk.old
    return any(
        fact.kind == "number" and len(fact.key) > 2 and fact.key[2] == unit
        and min(abs(fact.first - (new if lacking is hunk.new else old).last), 9) <= 2
        for fact in lacking.facts
    )  # fmt: skip


def _same_name(hunk: Hunk, old: Fact, new: Fact, scope: Scope) -> bool:
    lexicon = scope.lexicon
    one = [str(word) for word in old.key[1:]]
    other = [str(word) for word in new.key[1:]]
    left, right = canonical(one, lexicon), canonical(other, lexicon)
    if _acronym(hunk, old, new, scope):
        return True
    left = [word for word in left if word not in lexicon.titles]
    right = [word for word in right if word not in lexicon.titles]
    if left == right:
        return True
    if _letters(one) == _letters(other):
        return True
    if _initials(one, other) or _initials(other, one):
        return True
    if set(left) <= set(right) or set(right) <= set(left):
        # "Smith" for "John Smith": the same person, if the longer form stands in both versions.
        longer = " ".join(max(left, right, key=len))
        return f" {longer} " in scope.old.spoken and f" {longer} " in scope.new.spoken
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


def _letters(words: Iterable[str]) -> str:
    return "".join(letter for word in words for letter in word if letter.isalnum())


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    if len(short) != 1 or len(long) < 2:
        return False
    return _letters(short) == "".join(word[0] for word in long)


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


def _only_relisted(hunk: Hunk, pairs: Sequence[FactPair]) -> bool:
    """Tell whether facts only changed places in a list: "A, B and C" is "C, A and B"."""
    gone = [old for old, _ in pairs if old]
    come = [new for _, new in pairs if new]
    if Counter(fact.key for fact in gone) != Counter(fact.key for fact in come):
        return False
    return all(_listed(hunk.old, fact) for fact in gone) and all(
        _listed(hunk.new, fact) for fact in come
    )


_LIST_SIGNS = frozenset({",", ";", "and", "or", "&", "und", "oder", "et", "ou", "y", "o", "і", "й",
                         "та", "и", "или", "або", "、", "،"})  # fmt: skip


def _listed(side: Side, fact: Fact) -> bool:
    before = side.seen[fact.first - 1].fold if fact.first else ","
    after = side.seen[fact.last].fold if fact.last < len(side.seen) else "."
    opens = before in _LIST_SIGNS
    closes = after in _LIST_SIGNS
    # One end may be the list's own: its first entry follows a verb, its last ends the sentence.
    return (opens and closes) or (opens and after in ".)") or (closes and before in ":(—–")


# --- rules on words ------------------------------------------------------------------------------


def _words(tokens: Sequence[Token]) -> list[Token]:
    return [token for token in tokens if token.kind in ("word", "number", "symbol")]


def same_words(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Only punctuation, capitals, hyphens, spaces or short forms differ."""
    if _changed_facts(hunk, scope):
        return None
    gone, come = _words(hunk.gone), _words(hunk.come)
    left = [token.fold for token in gone]
    right = [token.fold for token in come]
    if left == right:
        if _acronym_made(gone, come):
            return None
        return [verdict(hunk, "style", False)]
    if canonical(left, scope.lexicon) == canonical(right, scope.lexicon):
        return [verdict(hunk, "style", False)]
    if left and right and _letters(left) == _letters(right):
        hyphen = any(token.text in "-‐‑" for token in [*hunk.gone, *hunk.come])
        return [verdict(hunk, "style" if hyphen else "typo", False)]
    return None


def _acronym_made(gone: Sequence[Token], come: Sequence[Token]) -> bool:
    """Tell whether a word became an acronym or the other way round: us and US, who and WHO."""
    return any(
        one.text != other.text
        and 2 <= len(one.text) <= 4
        and (one.text.isupper() != other.text.isupper())
        and (one.text.islower() or other.text.islower())
        for one, other in zip(gone, come, strict=True)
    )


def quotation(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Words inside quotation marks; only a slip of spelling is small there."""
    gone, come = _words(hunk.gone), _words(hunk.come)
    if not any(token.quoted for token in gone) and not any(token.quoted for token in come):
        return None
    lexicon = scope.lexicon
    covered_old, covered_new = _equal_fact_places(hunk)
    left = [
        token for place, token in enumerate(hunk.gone, hunk.a) if token in gone and place not in covered_old
    ] if len(gone) < 400 else gone  # fmt: skip
    right = [
        token for place, token in enumerate(hunk.come, hunk.c) if token in come and place not in covered_new
    ] if len(come) < 400 else come  # fmt: skip
    folds_left = Counter(canonical([token.fold for token in left], lexicon))
    folds_right = Counter(canonical([token.fold for token in right], lexicon))
    lost = [
        t
        for t in left
        if t.quoted and any(w not in folds_right for w in canonical([t.fold], lexicon))
    ]
    won = [
        t
        for t in right
        if t.quoted and any(w not in folds_left for w in canonical([t.fold], lexicon))
    ]
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
    return [verdict(hunk, "quote", True)]


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


def content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the words that carry something and stand on one side only: (added, removed).

    Words of facts are not among them, nor function words, slips of spelling, synonyms, and words
    that only changed their place in the passage.
    """
    gone, come = raw_content(hunk, scope)
    moved = scope.reordered
    added = [word for word in come if not moved[word]]
    removed = [word for word in gone if not moved[word]]
    if len(added) * len(removed) <= MOST_PAIRS:
        for word in list(removed):
            partner = next(
                (other for other in added if same_word(word, other, scope.lexicon)), None
            )
            if partner is not None:
                added.remove(partner)
                removed.remove(word)
    return added, removed


def _covered(hunk: Hunk, found: Sequence[Fact], is_old: bool, lexicon: Lexicon) -> set[int]:
    """Return the places of words in facts; a fact misspelled on the other side stays a word."""
    return {
        place
        for fact in found
        if fact.kind == "name" or not _misspelled(hunk, fact, is_old, lexicon)
        for place in range(fact.first, fact.last)
    }


def raw_content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the content words gone and come, before any pairing."""
    lexicon = scope.lexicon
    old_facts, new_facts = hunk.facts()
    left = _content_words(
        hunk.old, hunk.a, hunk.b, _covered(hunk, old_facts, True, lexicon), lexicon
    )
    right = _content_words(
        hunk.new, hunk.c, hunk.d, _covered(hunk, new_facts, False, lexicon), lexicon
    )
    both = Counter(left) & Counter(right)
    return list((Counter(left) - both).elements()), list((Counter(right) - both).elements())


def _content_words(
    side: Side, first: int, last: int, covered: set[int], lexicon: Lexicon
) -> list[str]:
    folds = [
        side.seen[place].fold
        for place in range(first, last)
        if place not in covered and side.seen[place].kind in ("word", "number", "symbol")
    ]
    return [
        word
        for word in canonical(folds, lexicon)
        if word not in lexicon.function and not _is_soft(word, lexicon) and not _small(word)
    ]


def _is_soft(word: str, lexicon: Lexicon) -> bool:
    if word in lexicon.soft:
        return True
    return lexicon.language == "en" and any(
        word.endswith(ending) and word.removesuffix(ending) in lexicon.soft
        for ending in ("s", "es", "ed", "d", "ing")
    )


def _small(word: str) -> bool:
    return len(word) == 1 and word.isascii() and word.isalpha()


def words(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Content words added or removed are information; without any, it is style or a typo."""
    added, removed = content(hunk, scope)
    if _person(hunk):
        return [verdict(hunk, "name", True)]
    if added or removed:
        if _clarified(hunk, added, removed):
            return [verdict(hunk, "style", False)]
        return _information(hunk, added, removed)
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


def named_link(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """An address that stood bare in the text now stands behind words, or the other way round."""
    del scope
    bare, named = (hunk.old, hunk.new) if not hunk.words_gone else (hunk.new, hunk.old)
    first, last = (hunk.c, hunk.d) if not hunk.words_gone else (hunk.a, hunk.b)
    if (hunk.words_gone and hunk.words_come) or not 0 < last - first <= 8:
        return None
    urls = {token.text.rstrip("/.,") for token in bare.tokens if token.kind == "url"}
    start = named.seen[first].start
    links = [
        token.text
        for token in named.tokens
        if token.kind == "link" and start < token.start < named.seen[last - 1].end + 3
    ]
    if any(url in link for url in urls for link in links):
        return [verdict(hunk, "link", False)]
    return None


def _clarified(hunk: Hunk, added: Sequence[str], removed: Sequence[str]) -> bool:
    """A noun put for a pronoun, or back, where the paragraph has the noun anyway."""
    if bool(added) == bool(removed) or len(added or removed) > 2:
        return False
    short, side, first, last = (
        (hunk.gone, hunk.old, hunk.a, hunk.b) if added else (hunk.come, hunk.new, hunk.c, hunk.d)
    )
    pronouns = [token.fold for token in short if token.kind == "word"]
    if not pronouns or len(pronouns) > 2 or not _PRONOUNS & set(pronouns):
        return False
    around = {token.fold for token in side.seen[max(0, first - 80) : first]}
    around |= {token.fold for token in side.seen[last : last + 20]}
    return set(added or removed) <= around


def _small_label(hunk: Hunk, scope: Scope) -> str:
    """A slip of spelling or grammar is a typo; more words than two are a matter of style."""
    gone = Counter(token.fold for token in _words(hunk.gone))
    come = Counter(token.fold for token in _words(hunk.come))
    left, right = list((gone - come).elements()), list((come - gone).elements())
    if len(left) == len(right) and left and len(left) <= 2:
        kinds = {
            same_word(one, other, scope.lexicon) for one, other in zip(left, right, strict=True)
        }
        return "typo" if kinds == {"typo"} else "style"
    grammar = scope.lexicon.function
    small = len(left) + len(right) <= 2 and all(word in grammar for word in [*left, *right])
    return "typo" if small and (left or right) else "style"


RULES: tuple[Rule, ...] = (
    doubled, found_elsewhere, boilerplate, named_link, same_words, facts, quotation, words,
)  # fmt: skip
"""The order counts: the first that answers "small" ends the judging of a hunk."""
