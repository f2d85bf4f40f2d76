"""Words that carry something, and stand on one side only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from tracker.text.judge.hunks import MOST_PAIRS, Hunk, Scope, Side
from tracker.text.judge.same import LONGEST, canonical, misspelled, misspells_fact, same_word, slip
from tracker.text.judge.seen import Fact, Token
from tracker.text.lexicon import Lexicon, known


def content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the words that carry something and stand on one side only: (added, removed).

    Words of facts are not among them, nor function words, slips of spelling, synonyms, and words
    that only changed their place in the passage.
    """
    if "content" not in hunk.answers:
        hunk.answers["content"] = _content(hunk, scope)
    added, removed = hunk.answers["content"]
    return list(added), list(removed)


def _content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    gone, come = raw_content(hunk, scope)
    moved = scope.reordered
    added = [word for word in come if not moved[word]]
    removed = [word for word in gone if not moved[word]]
    if len(added) * len(removed) <= MOST_PAIRS:
        light_old, light_new = _light(hunk.gone, scope.lexicon), _light(hunk.come, scope.lexicon)
        added = [word for word in added if not _like_any(word, light_old, scope.lexicon)]
        removed = [word for word in removed if not _like_any(word, light_new, scope.lexicon)]
        for word in list(removed):
            partner = next(
                (other for other in added if same_word(word, other, scope.lexicon)), None
            )
            if partner is not None:
                added.remove(partner)
                removed.remove(word)
    return added, removed


def raw_content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the content words gone and come, before any pairing."""
    if "raw content" not in hunk.answers:
        hunk.answers["raw content"] = _raw_content(hunk, scope)
    gone, come = hunk.answers["raw content"]
    return list(gone), list(come)


def _raw_content(hunk: Hunk, scope: Scope) -> tuple[list[str], list[str]]:
    lexicon = scope.lexicon
    old_facts, new_facts = hunk.facts()
    same_old, same_new = same_phrases(hunk, lexicon)
    left = _content_words(
        hunk.old, hunk.a, hunk.b, same_old | _covered(hunk, old_facts, True, lexicon), lexicon
    )
    right = _content_words(
        hunk.new, hunk.c, hunk.d, same_new | _covered(hunk, new_facts, False, lexicon), lexicon
    )
    left = _without_acronyms(left, hunk.gone, hunk.come)
    right = _without_acronyms(right, hunk.come, hunk.gone)
    if _COURTESY.isdisjoint(left) or _COURTESY.isdisjoint(right):
        left = [word for word in left if word not in _COURTESY]
        right = [word for word in right if word not in _COURTESY]
    both = Counter(left) & Counter(right)
    return list((Counter(left) - both).elements()), list((Counter(right) - both).elements())


_COURTESY = frozenset({"mr", "mrs", "ms", "miss"})  # Mr. for Ms. is news; no title for one is not
_LONGEST_PHRASE = 7


def same_phrases(hunk: Hunk, lexicon: Lexicon) -> tuple[set[int], set[int]]:
    """Return the places of phrases that say the same on both sides: "because of", "due to"."""
    old = _phrases(hunk.old, hunk.a, hunk.b, lexicon)
    new = _phrases(hunk.new, hunk.c, hunk.d, lexicon) if old else []
    left: set[int] = set()
    right: set[int] = set()
    for groups, places, phrase in old:
        for other_groups, others, other in new:
            if phrase != other and groups & other_groups:
                left |= places
                right |= others
    return left, right


def _phrases(
    side: Side, first: int, last: int, lexicon: Lexicon
) -> list[tuple[frozenset[int], set[int], tuple[str, ...]]]:
    """Return the listed phrases that reach into some seen tokens: their groups and places."""
    if last - first > LONGEST or first == last:
        return []
    low, high = max(0, first - _LONGEST_PHRASE), last + _LONGEST_PHRASE
    folds = [token.fold for token in side.seen[low:high]]
    found = []
    for place in range(len(folds)):
        if folds[place] not in lexicon.phrase_heads:
            continue
        for length in range(_LONGEST_PHRASE, 0, -1):
            phrase = tuple(folds[place : place + length])
            groups = lexicon.phrases.get(phrase)
            places = set(range(low + place, low + place + len(phrase)))
            if groups and not places.isdisjoint(range(first, last)):
                found.append((groups, places, phrase))
    return found


def _light(tokens: Sequence[Token], lexicon: Lexicon) -> set[str]:
    """Return the soft words among some tokens: "used", which "utilized" stands for as well."""
    return {
        token.fold
        for token in tokens
        if token.kind == "word"
        and (_is_soft(token.fold, lexicon) or token.fold in lexicon.function)
    }


_MOST_LIGHT = 12


def _like_any(word: str, others: Collection[str], lexicon: Lexicon) -> bool:
    if lexicon.language == "en" and len(others) <= _MOST_LIGHT and not known(word):
        return any(slip(word, other, "en") for other in others)
    groups = lexicon.synonyms.get(word)
    return bool(groups) and any(
        lexicon.synonyms.get(other, frozenset()) & (groups or frozenset()) for other in others
    )


def _without_acronyms(words: list[str], own: Sequence[Token], others: Sequence[Token]) -> list[str]:
    """Leave out words that the other side has as an acronym: FEC for Federal … Commission."""
    short = {
        token.fold
        for token in others
        if token.kind == "word" and 2 <= len(token.text) <= 8 and token.text.isupper()
    } - {token.fold for token in own}
    if not short or len(words) > _MOST_SPELLED:
        return words
    initials = "".join(word[0] for word in words)
    return [] if words and any(initials in acronym for acronym in short) else words


_MOST_SPELLED = 12


def _covered(hunk: Hunk, found: Sequence[Fact], is_old: bool, lexicon: Lexicon) -> set[int]:
    """Return the places of words in facts.

    A fact misspelled on the other side stays a word, and so does a name whose words stand there
    without their capitals.
    """
    there = {token.fold for token in (hunk.come if is_old else hunk.gone)}
    side = hunk.old if is_old else hunk.new
    return {
        place
        for fact in found
        if not (
            misspells_fact(hunk, fact, is_old, lexicon)
            if fact.kind == "name"
            else misspelled(hunk, fact, is_old, lexicon)
        )
        for place in range(fact.first, fact.last)
        if fact.kind != "name" or side.seen[place].fold not in there
    }


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
    return (
        lexicon.language == "en"
        and word[-1:] in ("s", "d", "g")
        and any(
            word.endswith(ending) and word.removesuffix(ending) in lexicon.soft
            for ending in ("s", "es", "ed", "d", "ing")
        )
    )


_PARTICLES = frozenset("をはがにへとのでもや")  # of Japanese, which is read letter by letter


def _small(word: str) -> bool:
    return len(word) == 1 and ((word.isascii() and word.isalpha()) or word in _PARTICLES)
