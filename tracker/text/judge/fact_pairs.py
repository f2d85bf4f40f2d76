"""Facts of both sides paired by their keys: which changed, which are the same in another form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from tracker.text.judge.contents import content
from tracker.text.judge.hunks import (
    MANY_WORDS,
    MOST_PAIRS,
    Hunk,
    Scope,
    Side,
    Verdict,
    information,
    verdict,
)
from tracker.text.judge.same import (
    misspelled,
    misspells_fact,
    same_name,
    second_reference,
    stood_for_by_pronoun,
)
from tracker.text.judge.seen import Fact, opens_sentence

FactPair = tuple[Fact | None, Fact | None]


def changed_facts(hunk: Hunk, scope: Scope) -> list[FactPair]:
    """Return the facts of a hunk that differ, paired old with new where they answer each other."""
    if "facts" not in hunk.answers:
        hunk.answers["facts"] = _changed_facts(hunk, scope)
    found: list[FactPair] = hunk.answers["facts"]
    return found


def _changed_facts(hunk: Hunk, scope: Scope) -> list[FactPair]:
    old, new = hunk.facts()
    pairs = [] if _range_turned(hunk, old, new) else _unequal(old, new)
    found: list[FactPair] = []
    numbers_old = any(fact.kind == "number" and not fact.weak for fact in old)
    numbers_new = any(fact.kind == "number" and not fact.weak for fact in new)
    for one, other in pairs:
        if one is not None and other is not None and _same_fact(hunk, one, other, scope):
            continue
        if (
            one is not None
            and other is not None
            and (_quantities(one, other) or _turned(one, other))
        ):
            found.append((one, other))
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
    return found


def _range_turned(hunk: Hunk, old: Sequence[Fact], new: Sequence[Fact]) -> bool:
    """Tell whether a range with a unit only begins at its other end: 90 to 180 days, 180 to 90."""
    if not len(old) == len(new) == 2 or any(fact.key[0] != "number" for fact in (*old, *new)):
        return False
    values, units = ([[fact.key[at] for fact in side] for side in (old, new)] for at in (1, 2))
    return (
        values[0] == values[1][::-1]
        and any(units[0])
        and set(units[0]) == set(units[1])
        and all(
            [token.fold for token in side.seen[first.last : second.first]] in _RANGING
            and (not first.first or side.seen[first.first - 1].fold != "from")
            for side, (first, second) in ((hunk.old, old), (hunk.new, new))
        )
    )


_RANGING = (["to"], ["and"], ["-"], ["–"], ["or"])


def _unequal(old: Sequence[Fact], new: Sequence[Fact]) -> list[FactPair]:
    """Pair the facts that have no equal on the other side, in their order, kind with kind."""
    if len(old) * len(new) > MOST_PAIRS:
        kept = Counter(fact.key for fact in old) & Counter(fact.key for fact in new)
        return [(fact, None) for fact in old if not kept[fact.key]] + [
            (None, fact) for fact in new if not kept[fact.key]
        ]
    from difflib import SequenceMatcher

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


def _quantities(one: Fact, other: Fact) -> bool:
    """Tell whether one says how many in words, and the other says something else: all and some."""
    return "quantity" in (one.key[0], other.key[0]) and not (
        {one.key[0], other.key[0]} == {"quantity", "ordinal"}
        or (one.weak and other.weak and one.key[0] != other.key[0])
    )


def _turned(one: Fact, other: Fact) -> bool:
    """Tell whether a name's words changed their order: Chen Wei, Wei Chen."""
    return (
        one.kind == other.kind == "name"
        and one.key != other.key
        and sorted(map(str, one.key)) == sorted(map(str, other.key))
    )


def _words_there(hunk: Hunk, is_old: bool) -> tuple[Counter[str], str]:
    """Return the words that stand on the other side, folded, and those in capitals alone."""
    asked = "words in the new" if is_old else "words in the old"
    if asked not in hunk.answers:
        there = hunk.come if is_old else hunk.gone
        hunk.answers[asked] = (
            Counter(token.fold.rstrip(".").removesuffix("'s") for token in there),
            "\n".join(
                token.fold for token in there if token.text.isupper() and len(token.text) > 1
            ),
        )
    found: tuple[Counter[str], str] = hunk.answers[asked]
    return found


def _stands(hunk: Hunk, fact: Fact, is_old: bool, numbers_there: bool, scope: Scope) -> bool:
    """Tell whether a fact without an equal is no fact changed: an article, a capital letter."""
    if fact.key in (scope.come if is_old else scope.gone) and (
        fact.kind in ("attribution", "modality")
        or _relisted(hunk, fact)
        or _only_place(hunk, fact)
        or _only_speaker(hunk, fact)
        or _stepped(hunk, fact, scope)
        or (scope.place == "headline" and _only_figure(hunk, fact, scope))
    ):
        return True
    if fact.weak:
        return fact.key[0] == "quantity" or not numbers_there
    if fact.kind == "name":
        there, capitals = _words_there(hunk, is_old)
        here = Counter(str(word) for word in fact.key[1:])
        if all(there[word] >= times for word, times in here.items()):
            return True  # the same words without the capital, or with more words around
        initials = "".join(str(word)[0] for word in fact.key[1:])
        if len(initials) > 1 and initials in capitals:
            return True
        if len(fact.key) == 2 and misspells_fact(hunk, fact, is_old, scope.lexicon):
            return True
        return stood_for_by_pronoun(hunk, fact, is_old, scope) or second_reference(
            hunk, fact, is_old, scope
        )
    if fact.key[0] == "id":
        return stood_for_by_pronoun(hunk, fact, is_old, scope)
    if fact.kind == "modality" and fact.key[1] in scope.lexicon.soft:
        return True
    return bool(misspelled(hunk, fact, is_old, scope.lexicon))


def _same_fact(hunk: Hunk, old: Fact, new: Fact, scope: Scope) -> bool:
    """Tell whether two facts with unequal keys are one fact in another form."""
    if old.key == new.key:
        return True
    if old.kind == "name" == new.kind:
        return same_name(hunk, old, new, scope)
    if old.kind == "modality" == new.kind:
        return {old.key[1], new.key[1]} in _REPORTED and (
            _reported(hunk.old, old, scope) and _reported(hunk.new, new, scope)
        )
    if {old.key[0], new.key[0]} == {"number", "vague"}:
        number, vague = (old.key, new.key) if old.key[0] == "number" else (new.key, old.key)
        return vague[1:] == ("dozen", number[3]) and number[1:3] == ("12", "")
    if old.key[0] == new.key[0] == "number":
        return _same_number(hunk, old, new)
    if old.key[0] == new.key[0] == "id":
        return letters_swapped(str(old.key[1]), str(new.key[1]))
    return old.key[0] == new.key[0] == "date" and (
        _same_date(old, new) or _same_day(old, new, scope)
    )


def _same_date(old: Fact, new: Fact) -> bool:
    """Tell whether a day only won or lost its year, or a word like "last": "last Friday"."""
    one, other = (
        {("shift", "last") if part == ("shift", "past") else part for part in _parts(fact)}
        for fact in (old, new)
    )
    kept, differing = ({part[0]: part for part in parts} for parts in (one & other, one ^ other))
    return len(one ^ other) == len(differing) and all(
        (name == "year" and {"weekday", "month", "day"} <= kept.keys())
        or (part == ("shift", "last") and "weekday" in kept)
        for name, part in differing.items()
    )


def _same_day(old: Fact, new: Fact, scope: Scope) -> bool:
    """Tell whether a day of the week is put for its date, or back, within a week of the article."""
    parts = [dict(part for part in _parts(fact) if len(part) == 2) for fact in (old, new)]
    if [len(part) for part in parts] != [len(_parts(fact)) for fact in (old, new)]:
        return False
    week, day = sorted(parts, key=lambda part: "month" in part)
    out = scope.around[1].day
    if out is None or week.keys() != {"weekday"} or not {"month", "day"} <= day.keys():
        return False
    return any(
        near.isoweekday() == week["weekday"]
        and (near.month, near.day) == (day["month"], day["day"])
        for near in (out + timedelta(days=step) for step in range(-6, 7))
    )


def _parts(fact: Fact) -> list[tuple[object, ...]]:
    return [part for part in fact.key[1:] if isinstance(part, tuple)]


def letters_swapped(one: str, other: str) -> bool:
    """Tell whether two codes differ by the order of their letters alone: tmp2.0, tpm2.0."""
    left, right = ([sign for sign in word if not sign.isalpha()] for word in (one, other))
    return left == right and sorted(one) == sorted(other)


_REPORTED = ({"will", "would"}, {"can", "could"})


def _reported(side: Side, fact: Fact, scope: Scope) -> bool:
    """Tell whether somebody is said to say it: "said he would" and "said he will" are one."""
    place = fact.first
    while place > 0 and fact.first - place < _REACH and not opens_sentence(side.seen, place):
        place -= 1
        if side.seen[place].fold in scope.lexicon.attribution:
            return not side.seen[fact.first].quoted
    return False


_REACH = 30


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
    place = (new if lacking is hunk.new else old).last
    return any(
        fact.kind == "number" and len(fact.key) > 2 and fact.key[2] == unit
        and abs(fact.first - place) <= 2
        for fact in lacking.facts_in(place - 2, place + 3)
    )  # fmt: skip


def one_sided_keys(
    hunks: Sequence[Hunk],
) -> tuple[frozenset[tuple[object, ...]], frozenset[tuple[object, ...]]]:
    """Return the keys of the facts that are gone, and of those that came, in all hunks."""
    gone: set[tuple[object, ...]] = set()
    come: set[tuple[object, ...]] = set()
    for hunk in hunks:
        for old, new in _unequal(*hunk.facts()):
            gone.update([old.key] if old else [])
            come.update([new.key] if new else [])
    return frozenset(gone), frozenset(come)


_LIST_SIGNS = frozenset({",", ";", "and", "or", "&", "und", "oder", "et", "ou", "y", "o", "і", "й",
                         "та", "и", "или", "або", "、", "،"})  # fmt: skip


def _relisted(hunk: Hunk, fact: Fact) -> bool:
    """Tell whether a fact only changed its place in a list: "A, B and C" is "C, A and B"."""
    one, other = _list_around(hunk.old, fact.key), _list_around(hunk.new, fact.key)
    return one is not None and one == other


_PLACING = frozenset(["in", "at", "near", "im", "bei", "dans", "en", "у", "в", "біля"])


def _only_place(hunk: Hunk, fact: Fact) -> bool:
    """Tell whether only the place of an adverbial changed: "in Geneva", here or there.

    The names of the passage must keep their order, so that nobody changes roles.
    """
    if fact.kind != "name" or max(len(hunk.old.facts), len(hunk.new.facts)) > _MOST_FACTS:
        return False
    for side in (hunk.old, hunk.new):
        for other in side.facts:
            if other.key == fact.key and (
                not other.first or side.seen[other.first - 1].fold not in _PLACING
            ):
                return False
    old, new = (
        [other.key for other in side.facts if other.kind == "name"] for side in (hunk.old, hunk.new)
    )
    return old == new


def _only_figure(hunk: Hunk, fact: Fact, scope: Scope) -> bool:
    """Tell whether one figure or date changed its place in a headline, and no other."""
    moved = scope.gone & scope.come
    return [
        other.key
        for other in hunk.old.facts
        if other.kind in ("number", "date") and other.key in moved
    ] == [fact.key]


def _stepped(hunk: Hunk, fact: Fact, scope: Scope) -> bool:
    """Tell whether a date only stepped over a verb: "on Tuesday voted", "voted Tuesday"."""
    if fact.kind != "date" or max(len(hunk.old.seen), len(hunk.new.seen)) > _LONGEST_READ:
        return False
    places = []
    rests = []
    for side in (hunk.old, hunk.new):
        same = [other for other in side.facts if other.key == fact.key]
        if len(same) != 1:
            return False
        first, last = same[0].first, same[0].last
        while first > 0 and side.seen[first - 1].fold in ("on", ","):
            first -= 1
        while last < len(side.seen) and side.seen[last].fold == ",":
            last += 1
        places.append(first)
        rests.append([token.fold for token in [*side.seen[:first], *side.seen[last:]]])
    low, high = sorted(places)
    return (
        high - low <= _STEP
        and rests[0] == rests[1]
        and not any(word in scope.lexicon.attribution for word in rests[0][low:high])
    )


_STEP = 2
_LONGEST_READ = 2_000
_MOST_FACTS = 400


def _only_speaker(hunk: Hunk, fact: Fact) -> bool:
    """Tell whether only the attribution changed its place: "Smith said …" and "…, Smith said".

    Each speaker keeps the turn, and the other names keep their order, so nobody changes roles.
    """
    if fact.kind != "name" or max(len(hunk.old.facts), len(hunk.new.facts)) > _MOST_FACTS:
        return False
    old, new = _turns(hunk.old), _turns(hunk.new)
    return old == new and fact.key in old[0]


_Keys = list[tuple[object, ...]]


def _turns(side: Side) -> tuple[_Keys, _Keys]:
    """Return the names that speak, in their order, and those that do not."""
    if "turns" not in side.answers:
        said = [fact for fact in side.facts if fact.kind == "attribution"]
        begin, end = {fact.first for fact in said}, {fact.last for fact in said}
        turns: tuple[_Keys, _Keys] = [], []
        for fact in side.facts:
            if fact.kind == "name":
                turns[fact.last not in begin and fact.first not in end].append(fact.key)
        side.answers["turns"] = turns
    found: tuple[_Keys, _Keys] = side.answers["turns"]
    return found


def _list_around(side: Side, key: tuple[object, ...]) -> Counter[tuple[object, ...]] | None:
    """Return the entries of the list in which a fact stands, if it stands in just one list."""
    if len(side.facts) > _MOST_FACTS:
        return None
    found = [run for run in _lists(side) if any(fact.key == key for fact in run)]
    if len(found) != 1 or len(found[0]) < 2:
        return None
    return Counter(fact.key for fact in found[0])


def _lists(side: Side) -> list[list[Fact]]:
    if "lists" in side.answers:
        known: list[list[Fact]] = side.answers["lists"]
        return known
    runs: list[list[Fact]] = []
    for fact in side.facts:
        if runs and runs[-1]:
            between = [token.fold for token in side.seen[runs[-1][-1].last : fact.first]]
            if 1 <= len(between) <= 2 and all(word in _LIST_SIGNS for word in between):
                runs[-1].append(fact)
                continue
        runs.append([fact])
    side.answers["lists"] = runs
    return runs


def facts(hunk: Hunk, scope: Scope) -> list[Verdict] | None:
    """Numbers, dates, names, negations, modality and attribution that differ by their keys."""
    pairs = changed_facts(hunk, scope)
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
        moved = fact.key in scope.gone and fact.key in scope.come
        if single and (
            rewritten
            or (fact.kind == "name" and not moved)
            or (one_sided and len(added) + len(removed) > 1)
        ):
            # A new sentence with numbers and names in it is information, not a number changed.
            continue
        if single and one_sided and not moved and fact.kind in ("number", "date"):
            told += information(hunk, hunk.words_come, hunk.words_gone)
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
        told += information(hunk, hunk.words_come, hunk.words_gone)
    return told
