"""What a sentence says, in the pieces that a note can name: figures, names, dates, list items.

The words of each language stand in its ``draft.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tracker import locale
from tracker.house.dates.find import find_stamps
from tracker.house.notes.passages import plain_words
from tracker.house.style import Style
from tracker.text.lexicon import lexicon

LONGEST_TOLD = 300  # characters of a sentence that becomes part of a note
LONGEST_ITEM = 120  # characters of an item of a list that is named in a note
LONGEST_SPEAKER = 110  # characters that say who speaks, with office

_CAPITAL = r"[^\W\d_a-zа-яіїєґёß][\w'’-]*\.?"
_PARTICLE = r"(?:(?:de|da|di|del|der|den|van|von|zu|bin|al|el|la|le|du|dos)[ ])"
_NAME = re.compile(rf"{_CAPITAL}(?:[ ]{_PARTICLE}*{_CAPITAL})*")
_FIGURE = re.compile(
    r"[$€£¥₴₽]?[ ]?\d[\d,.]*(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:st|nd|rd|th)?"
    r"(?:[ ]?%|[ ](?:percent|per cent|million|billion|trillion|thousand|Millionen|Milliarden"
    r"|Prozent|millions?|milliards?|millones|тис|млн|млрд)\b)?"
)
_EDGES = " .,\u00a0\u202f"
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FILE = re.compile(r"[ ]*\((?:[A-Z]{2,5}|[A-Z][a-z]+),[ ][\d.,]+[ ]?[kKMG]B(?:,[ ]\d+[ ]pages?)?\)")
_SINGULAR = ("ss", "us", "is")
_PRONOUN_OR_NOUN = r"(?:the|a|an|his|her|their|its)[ ](?:[\w'’-]+[ ]){0,4}?[\w'’-]+"


class DraftWords(NamedTuple):
    """What drafting needs to know of a language."""

    code: str
    clause: bool  # whether a sentence can follow "that" as it stands
    lower: frozenset[str]  # words that are no names
    titles: frozenset[str]  # words before a name that are no part of it
    noun_endings: tuple[str, ...]  # endings of what a number counts; empty: it cannot be told
    nouns: frozenset[str]
    no_nouns: frozenset[str]
    sentences: Mapping[str, str]  # more phrases of the note itself
    general: frozenset[str]  # what a figure is called where no more is known: "a sum"
    qualifiers: tuple[str, ...]  # before a figure: "less than"
    shares: frozenset[str]  # what a percentage measures: "drop"
    dated: frozenset[str]  # what has a date: "deadline"
    invitations: tuple[str, ...]  # "click here to book"; no part of an item
    pointers: frozenset[str]  # verbs that begin a pointer to another page: "read"


@cache
def draft_words(language: str) -> DraftWords:
    """The ``draft.toml`` of a language; for one without, what says nothing wrong."""
    entry = locale.table(language, "draft")
    said = entry.get("phrases", {})
    words = {
        key: frozenset(entry.get(key, "").split())
        for key in ("lower", "nouns", "no_nouns", "titles")
    }
    return DraftWords(
        code=language,
        clause=entry.get("clause", False),
        lower=words["lower"],
        titles=words["titles"] | words["lower"],
        noun_endings=tuple(entry.get("noun_endings", ())),
        nouns=words["nouns"],
        no_nouns=words["no_nouns"],
        sentences=said,
        general=frozenset(said.get(key, "") for key in ("percentage", "amount", "age")),
        qualifiers=tuple(entry.get("qualifiers", ())),
        shares=frozenset(entry.get("shares", "").split()),
        dated=frozenset(entry.get("dated", "").split()),
        invitations=tuple(entry.get("invitations", ())),
        pointers=frozenset(entry.get("pointers", "").split()),
    )


def clause(sentence: str, own: DraftWords) -> str:
    """A sentence as it stands after "that": no capital letter unless a name, no full stop.

    A capital letter stays where the first word may be a name: a draft that lowers a name is worse
    than one that keeps a capital.
    """
    words = re.sub(r"[.…]+([”\"»’']*)$", r"\1", sentence.strip())
    first = _WORD.match(words)
    if first is None or not first[0][0].isupper():
        return words
    if first[0].casefold().replace("’", "'") in own.lower and not re.match(r"[A-Z]{2}", first[0]):
        return words[0].lower() + words[1:]
    return words


def names_around(sentence: str, words: str, own: DraftWords) -> str:
    """The whole name of which these words are a part; "" when they are no name."""
    wanted = words.strip(" .,;:!?“”\"'’()")
    if not wanted:
        return ""
    for found in _NAME.finditer(sentence):
        if re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", found[0]):
            name = found[0].rstrip(".’'") if not re.search(r"\b[JS]r\.$", found[0]) else found[0]
            name = re.sub(r"(?:'|’)s$", "", name)
            first, _, rest = name.partition(" ")
            return rest if rest and first.casefold().rstrip(".") in own.titles else name
    return ""


def figure(sentence: str, words: str, own: DraftWords) -> str:
    """The whole figure that has these words, with sign and scale: ``less than $1.2 million``.

    What qualifies it is told where the words are that alone. "" where the words are no figure.
    """
    wanted = words.strip(" .,;:()")
    if wanted.casefold() in own.qualifiers:
        at = sentence.find(wanted) + len(wanted)
        after = _FIGURE.search(sentence, at)
        return f"{wanted} {after[0].strip(_EDGES)}" if after and after.start() - at < 3 else ""
    for found in _FIGURE.finditer(_FILE.sub("", sentence)):
        if wanted and (wanted in found[0] or found[0].strip() in wanted):
            return found[0].strip(_EDGES) if len(wanted) < 40 else ""
    return wanted.lower() if _spelled_out(wanted, own) else ""


def _spelled_out(words: str, own: DraftWords) -> bool:
    """Whether words are a number as people write it out: "four", "forty million"."""
    numbers = lexicon(own.code).numbers
    written = re.findall(r"[^\W\d_]+", words.casefold())
    return bool(written) and all(one in numbers for one in written)


def value(words: str, own: DraftWords) -> str:
    """A figure as it is compared with others: spelled-out numbers in digits."""
    numbers = lexicon(own.code).numbers
    return " ".join(str(numbers.get(word, word)) for word in words.casefold().split())


def same_figure(sentence: str, qualified: str, own: DraftWords) -> str:
    """The figure of another sentence that has the same value, without what qualifies it."""
    bare = qualified
    for words in own.qualifiers:
        bare = re.sub(rf"^{re.escape(words)} ", "", bare, flags=re.IGNORECASE)
    return bare if bare != qualified and bare in sentence else ""


def dates_apart(old: str, new: str, went: str, came: str, style: Style) -> tuple[str, str]:
    """The dates of two sentences that hold the words that went and came; "" where none does."""
    found = []
    for sentence, words in ((old, went), (new, came)):
        wanted = words.strip(" .,")
        whole = ""
        for stamp in find_stamps(sentence, language=style.locale, day_first=style.day_first):
            written = sentence[stamp.start : stamp.end]
            if wanted and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", written):
                other = new if sentence is old else old
                if written not in other:
                    whole = written
                    break
        whole = whole.partition("|")[0].strip(" .,")
        found.append(whole or (wanted if _of_dates(wanted, style) else ""))
    return found[0], found[1]


def _of_dates(words: str, style: Style) -> bool:
    """Whether all words are names of days or months, or figures."""
    known = lexicon(style.language)
    folded = words.casefold().split()
    return bool(folded) and all(
        one in known.weekdays or one in known.months or one[:1].isdigit() for one in folded
    )


def shorter_name(name: str, part: str, sentence: str) -> str:
    """The name without a part that the other text has not, if it stands in that; else ""."""
    left = " ".join(name.replace(part.strip(), " ").split())
    return left if left and left != name and left in sentence else ""


def counted(sentence: str, number: str, own: DraftWords) -> str:
    """What the figure says: "the number of people", "a percentage"; "" when that cannot be told."""
    for words in own.qualifiers:
        number = number.removeprefix(f"{words} ")
    at = sentence.find(number)
    if not number or at < 0 or not own.noun_endings:
        return ""
    before, after = sentence[:at], sentence[at + len(number) :]
    if number.endswith(("%", "percent", "per cent")) or re.match(
        r"[ ](?:percent|per cent)\b", after
    ):
        share = re.match(
            r"(?:[ ](?:percent|per cent))?[ ]([^\W\d_]+)(?:[ ](of|in)[ ]([^,.;:()]{2,40}))?", after
        )
        if share and share[1] in own.shares:
            wider = f" {share[2]} {_opening_words(share[3])}" if share[2] else ""
            return own.sentences.get("share", "").replace("{noun}", f"{share[1]}{wider}")
        return own.sentences.get("percentage", "")
    if number[:1] in "$€£¥₴₽":
        return own.sentences.get("amount", "")
    if re.match(r"[- ]years?[- ]old\b", after) or (
        re.search(r"[A-Z][\w’'-]+,\s$", before) and re.match(r"[,.]", after)
    ):
        return own.sentences.get("age", "")
    for step, found in enumerate(_WORD.finditer(after[:60])):
        word = found[0]
        between = after[: found.start()]
        if step > 2 or re.search(r"[.,;:()–—]", between) or word in own.no_nouns:
            return ""
        plural = word.islower() and word.endswith(own.noun_endings) and word[-2:] not in _SINGULAR
        if word in own.nouns or plural:
            noun = " ".join(after[: found.end()].split())
            return own.sentences.get("number_of", "").replace("{noun}", noun)
        if word in own.lower:
            return ""
    return ""


def _opening_words(words: str) -> str:
    """The first words of a longer phrase, as many as belong together: no more than three."""
    kept: list[str] = []
    for word in words.split()[:3]:
        if kept and not word[0].isalnum():
            break
        kept.append(word)
        if not word[0].isupper() and len(kept) > 1:
            break
    return " ".join(kept)


def dated(sentence: str, day: str, own: DraftWords) -> str:
    """What a date is that of: "the date of the hearing"; "" when that cannot be told."""
    at = sentence.find(day)
    if at < 0 or not own.dated:
        return ""
    near = [word for word in _WORD.findall(sentence[:at].casefold())[-14:] if word in own.dated]
    if not near:
        return ""
    key = "deadline" if near[-1] in ("deadline", "closing") else "date_of"
    return own.sentences.get(key, "").replace("{noun}", near[-1])


def announced(passage: str, language: str) -> str:
    """Who speaks in the quotation that follows: "Jane Doe, head of the port, said:"; ""."""
    verbs = lexicon(language).attribution
    for line in passage.splitlines():
        words = plain_words(line).strip()
        found = re.fullmatch(r"(.{3,200}?),?\s+([^\W\d_]+):", words)
        if found and found[2].casefold() in verbs and len(found[1]) <= LONGEST_SPEAKER:
            return found[1]
        if found and found[2].casefold() in verbs:
            return found[1].split(",")[0]
    return ""


def speaker_of(sentence: str, language: str) -> str:
    """Who says what a sentence quotes: the name, or the words with an article, at its verb; ""."""
    verbs = lexicon(language).attribution
    outside = re.sub(r"[“\"„«][^“”\"„«»]*[”\"“»]?", " … ", sentence)
    found = [one for one in _WORD.finditer(outside) if one[0].casefold() in verbs]
    for verb in found:
        before, after = outside[: verb.start()].rstrip(), outside[verb.end() :].lstrip()
        names = [one[0] for one in _NAME.finditer(before)]
        if names and before.endswith(names[-1]):
            return _no_opening(names[-1])
        described = re.search(rf"(?:^|[,…][ ]*)({_PRONOUN_OR_NOUN})$", before, re.IGNORECASE)
        if described and len(described[1]) < 60:
            return described[1][0].lower() + described[1][1:]
        name = _NAME.match(after)
        if name:
            return _no_opening(name[0].rstrip("."))
    return ""


def _no_opening(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.casefold() in ("but", "and", "in", "on", "when") else name


def full(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "”", '"', "…", "»")) else f"{sentence}."


def mostly_quoted(sentence: str) -> bool:
    quoted = sum(len(one) for one in re.findall(r"[“\"„«][^“”\"„«»]*[”\"“»]", sentence))
    return quoted * 2 > len(sentence)


def whole_sentence(passage: str) -> bool:
    """Whether an edit is a sentence, or several, and no part of one."""
    words = passage.strip().strip("*_“”\"'’()[]>#- ")
    return (
        len(words.split()) >= 3
        and not words[:1].islower()
        and passage.strip().rstrip('*_”"’)»')[-1:] in ".!?…:"
    )


def tellable(sentence: str) -> bool:
    """Whether a sentence can stand in a note: prose, not too long, and whole."""
    letters = sum(one.isalpha() or one.isspace() for one in sentence)
    return (
        len(sentence.split()) >= 3
        and len(sentence) <= LONGEST_TOLD
        and letters > 0.8 * len(sentence)
        and not re.search(r"https?:|[<>|\\{}]|\]\(", sentence)
        and not sentence.endswith(":")
        and all(sentence.count(a) == sentence.count(b) for a, b in ("()", "[]", "“”"))
    )


def one_sentence(passage: str) -> str:
    """The first sentence of a passage without its markup; list marks and headings left out."""
    words = plain_words(re.sub(r"(?m)^[ \t]*(?:[-+*>#]+|\d+[.)])[ \t]+", "", passage))
    end = re.search(r"(?<=[^\W_][^\W_])[.!?…][”\"»’')\]]*(?=\s+[A-ZÀ-ÖØ-ÞА-ЯІЇЄҐ“\"„«])", words)
    return words[: end.end()] if end and not _ABBREVIATED.search(words[: end.end()]) else words


_ABBREVIATED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Jr|Sr|St|Rev|Hon|Jan|Feb|Aug|Sept"
    r"|Oct|Nov|Dec|Bd|Nr)\.$"
)


_LISTED = re.compile(r"^[ \t]*(?:[-+*•]|\d{1,3}[.)])[ \t]+")
_ENDS = (".", "!", "?", "…", ":", "”", '"')


def items(passage: str, whole: bool, own: DraftWords) -> list[str]:
    """The items of lists, rows of tables and titles in a passage: what is no sentence.

    ``whole``: the passage stands by itself; else it is a part of a sentence, and an item only as a
    name, or a few words that another list takes up.
    """
    if not whole:
        words = plain_words(passage).strip(" ,;.()–—-")
        words = re.sub(r"^(?:and|or|&|und|et|y)[ ]+|[ ]+(?:and|or|&|und|et|y)$", "", words)
        name = title_like(words) and len(words.split()) <= 6
        return [words] if name else []
    found = []
    for line in passage.splitlines():
        listed = _LISTED.match(line) is not None
        if line.lstrip().startswith(("#", "!")) or pointed_to(line, own):
            continue
        item = cleaned(line, own)
        if not item or len(item) > LONGEST_ITEM or not re.search(r"[^\W\d_]{3}", item):
            continue
        if not item.endswith(_ENDS) and (listed or "|" in line or len(item.split()) <= 16):
            found.append(item)
        elif listed and "|" not in line and len(item.split()) <= 6:
            found.append(item.rstrip("."))
    return found


def cleaned(line: str, own: DraftWords) -> str:
    """An item without its mark, the bars of its row, the size of a file, an invitation."""
    words = plain_words(_LISTED.sub("", line, 1))
    words = _FILE.sub("", re.sub(r"^[A-Z]{2,5},[ ][\d.,]+[ ]?[kKMG]B$", "", words))
    for invitation in own.invitations:
        asked = rf"(?i)[-–—:,.;]?[ ]*\b{re.escape(invitation)}\b[^.]*\.?"
        words = re.sub(asked, "", words)
    cells = [cell.strip() for cell in words.split("|")]
    return ", ".join(cell for cell in cells if cell).strip(" ,;–—-")


def event(item: str, style: Style) -> tuple[str, str]:
    """Day and title of an item that begins with a date: "25 May 2021 – Fair in Leeds"; "" else."""
    for stamp in find_stamps(item, language=style.locale, day_first=style.day_first):
        if stamp.start > 12:
            break
        rest = item[stamp.end :]
        title = re.match(r"[ ]*[-–—:][ ]*(.+)", rest)
        if title and not title[1][0].isdigit():
            return item[: stamp.end].strip(), title[1].rstrip(". ")
        break
    return "", ""


def pointed_to(passage: str, own: DraftWords) -> str:
    """What a sentence points to, such as "Read the report to find out more"; "" for others."""
    words = one_sentence(passage).rstrip(".")
    first, _, rest = words.partition(" ")
    if not own.pointers or first.casefold() not in own.pointers or len(words) > LONGEST_ITEM:
        return ""
    rest = re.sub(r"^(?:out[ ]more|more)?[ ]?(?:about|on|for|at)?[ ]", "", f" {rest}").strip()
    for invitation in own.invitations:
        rest = re.sub(rf"(?i)[ ]+(?:to[ ]+)?{re.escape(invitation)}\b.*$", "", rest)
    return re.sub(r"[ ]+(?:for the|here\b).*$", "", rest).strip(" ,:") if rest else ""


def title_like(words: str) -> bool:
    """Whether words are a name or a title by their capital letters: few others among them."""
    kept = [word for word in words.split() if word[0].isalpha()]
    if not kept or not words[:1].isupper() or words.rstrip().endswith(_ENDS):
        return False
    return sum(word[0].isupper() for word in kept) * 2 > len(kept) and len(kept) <= 8


def alike(old: str, new: str) -> float:
    """How much of the shorter of two sentences stands in the other, in words: 0 to 1."""
    one, other = ({word.casefold() for word in re.findall(r"\w+", each)} for each in (old, new))
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter else 0.0


def weight(sentence: str) -> tuple[int, int]:
    """How much a sentence says, to choose one: its names and figures, then its length."""
    words = _WORD.findall(sentence)[1:]
    facts = {word for word in words if word[0].isupper()} | set(re.findall(r"\d[\d.,]*", sentence))
    return len(facts), len(sentence)
