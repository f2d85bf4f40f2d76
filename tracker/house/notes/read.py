"""Reading one passage: is it a note, and what are its label, date, kind and words?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time
from functools import cache
from typing import NamedTuple

from tracker.house.dates import names
from tracker.house.dates.find import WrittenDate, find_stamps
from tracker.house.dates.names import written_names
from tracker.house.notes.passages import MARK, plain
from tracker.house.notes.words import (
    NoteWords,
    Word,
    judgement,
    label_at,
    language,
    may_open,
    sequence,
    words_of,
)
from tracker.model import FoundNote, Kind, Position
from tracker.text import expression

LONGEST_HEAD = 16  # words between a label and the colon after it: date, time and zone
LONGEST_START = 400  # characters in which label, date and first words stand
LONGEST_OPENING = 40  # words at a passage's start in which a sentence is looked for what it denies
_QUOTES = frozenset("\"“”„«»‹›‘'`")
_CODE = frozenset("=$@%\\/{}<>|#;")
_ENDS_LABEL = frozenset("】〕］〉》")  # brackets around a label: 【訂正】
_DATED = expression(r"[^\W\d]{0,20}[\W_]{0,3}[^\W\d]{0,20}[\W_]{0,3}[^\W\d]{0,20}[\W_]{0,3}\d")
_BRACKETED = expression(r"[ \x01]{0,3}(\([^()\n]{4,80}\))[ \x01]{0,3}[:—–-]")


class NoteReading(NamedTuple):
    """What a passage says when it is a note."""

    kind: Kind
    label: str  # as written; "" when there is none
    words: str  # for readers, without label and markup; "" for a label alone
    when: When
    certain: bool  # False: only a note where the passage is set apart from the text
    weak: bool = False  # a label like "Note", whose words have yet to show a change
    said: bool = False  # its words themselves say that the article changed
    wrapped: bool = False  # not certain, and only a note with markup around all of it
    stamp: bool = False  # a label like "Last updated", whose date is all that it says
    plural: tuple[str, ...] = ()  # the label's folded words, when it stands alone

    def found(self, start: int, end: int, position: Position) -> FoundNote:
        """The note as it stands at these offsets."""
        day, clock, zone = self.when.day, self.when.clock, self.when.zone
        return FoundNote(self.kind, self.words, self.label, day, clock, zone, start, end, position)


def read(marked: str, context: Context, *, bracketed: bool = False) -> NoteReading | None:
    """The note that a passage is, by the first language that knows its words.

    ``marked`` are its words with MARK where emphasis changes; ``bracketed`` says that they stood
    in brackets, which are not part of them. The kind is that of the label, unless the words say
    otherwise.
    """
    words = words_of(marked[:LONGEST_START])
    if not words:
        return None
    for known in context.languages:
        reading = _labelled(marked, words, known, context) or _unlabelled(
            marked, words, known, context, bracketed=bracketed
        )
        if reading is not None:
            return reading
    return None


def _labelled(
    marked: str, words: Sequence[Word], known: NoteWords, context: Context
) -> NoteReading | None:
    lead = marked[: words[0].start]
    if any(one in _QUOTES or one in _CODE for one in lead):
        return None
    found = _label(marked, words, known)
    if found is None:
        return None
    index, length, sequence = found
    kind = known.labels[sequence]
    begin, after = words[index], words[index + length - 1]
    end = _separator(marked, words, index + length, known, weak=kind is None)
    if end is None:
        end = _bracketed_head(marked, after.end, context)
    if end is None:
        return None
    head = marked[after.end : end]
    head_words = words_of(head)
    stamp = when_said(marked[: begin.start] + " " + head, context)
    may_be_named = kind in (None, "update")
    if (
        may_be_named
        and stamp == When()
        and any("." in one.folded and one.folded[0].isdigit() for one in head_words)
    ):
        return None  # a version number
    rest = _trim(marked[end:])
    if stamp == When():
        peeled = _peel(rest, known, context)
        if peeled is not None:
            stamp, rest = peeled
    text = _unwrap(lead, plain(rest), head)
    written = plain(marked[words[0].start : after.end])
    when = stamp if stamp.day or stamp.clock else _sentence_date(text, context)
    means = meaning(kind or "update", text, context, weak=kind is None)
    said = _says_change(text, known) or (kind == "editors-note" and means != kind)
    # "Editor's note" stands before ordinary remarks, too: its words have to tell of a change.
    weak = kind is None or (kind == "editors-note" and not said and when.day is None)
    if sequence in known.over_always and when.day is None and _is_name(text):
        weak = True  # "Corrections: Jane Doe" in a list of departments
    is_stamp = sequence in known.stamps
    if not text and is_stamp and stamp != When():
        text = _unwrap(lead, plain(marked), "")
    return NoteReading(
        kind=means,
        label=written,
        words=text,
        when=when,
        certain=not weak or stamp.day is not None or said,
        weak=weak and stamp.day is None,
        said=said,
        stamp=is_stamp,
        plural=sequence,
    )


def _is_name(text: str) -> bool:
    """Whether words are no more than a name, or a name with a figure."""
    words = words_of(text)
    return (
        0 < len(words) <= 3
        and all(not text[word.start].islower() for word in words)
        and (any(text[word.start].isupper() for word in words))
    )


def _label(
    marked: str, words: Sequence[Word], known: NoteWords
) -> tuple[int, int, tuple[str, ...]] | None:
    """The word at which the label begins, the number of its words, and they themselves."""
    for first in range(min(5, len(words))):
        index = first
        length = label_at(words, index, known)
        if length:
            sequence = tuple(word.folded for word in words[index : index + length])
            if known.labels[sequence] is None and sequence[-1] in known.before:
                further = label_at(words, index + length, known)  # "Important update"
                longer = tuple(
                    word.folded for word in words[index + length : index + length + further]
                )
                if further and known.labels[longer] is not None:
                    index, length, sequence = index + length, further, longer
            between = marked[words[0].start : words[index].start]
            if index and (known.labels[sequence] is None or any(c in between for c in ":.;!?\n")):
                return None
            return index, length, sequence
        if words[index].folded not in known.before and not of_date(words[index], known):
            return None
    return None


def _separator(
    marked: str, words: Sequence[Word], first: int, known: NoteWords, *, weak: bool
) -> int | None:
    """Where the label with its date ends; None when no separator follows it."""
    soft: int | None = None
    dated = False
    capital = any(_is_capital(marked[words[at].start]) for at in (first - 1, 0))
    for index in range(first, min(len(words), first + LONGEST_HEAD) + 1):
        previous = words[index - 1]
        following = words[index] if index < len(words) else None
        gap = marked[previous.end : following.start if following else len(marked)]
        strength = _strength(gap, previous, following)
        if strength == "none":
            return soft
        if strength == "strong":
            return previous.end
        if strength == "soft" and capital and (soft is None or dated):
            begins = marked[following.start] if following else ""
            if "." in gap and following and of_date(following, known):
                dated = True
                continue  # the full stop of "p.m." or "Dec."
            if not following or not begins.islower() or "\n" in gap or ")" in gap or "]" in gap:
                soft, dated = previous.end, False
        if following is None:
            return previous.end if not weak else soft
        if of_date(following, known):
            dated = True
        elif following.folded not in known.between or any(one in _QUOTES for one in gap):
            break
    if soft is None and first < len(words):
        return _signed(marked, words, first)
    return soft


def _is_capital(letter: str) -> bool:
    """Whether a word may begin a sentence with this letter: scripts without capitals always may."""
    return letter.isupper() or (letter.isalpha() and letter.lower() == letter.upper())


def _bracketed_head(marked: str, start: int, context: Context) -> int | None:
    """Where ``Update (3 May, second survey):`` ends, whose brackets hold a date and other words."""
    found = _BRACKETED().match(marked, start)
    return found.end(1) if found and when_said(found[1], context).day is not None else None


def _signed(marked: str, words: Sequence[Word], first: int) -> int | None:
    """``edit by oli:`` names who made the note; then a colon has to follow."""
    if words[first].folded != "by":
        return None
    for index in range(first + 1, min(first + 5, len(words))):
        following = words[index + 1].start if index + 1 < len(words) else len(marked)
        if ":" in marked[words[index].end : following]:
            return words[index].end
    return None


def _strength(gap: str, previous: Word, following: Word | None) -> str:
    """How clearly the characters between two words end a label: strong, soft, "" or "none"."""
    digits = (
        previous.folded[-1].isdigit() and following is not None and following.folded[0].isdigit()
    )
    bare = gap.replace(MARK, "")
    if ":" in bare or "：" in bare:
        return "" if digits and bare == ":" else "strong"
    if "/" in bare or "=" in bare or "\\" in bare:
        return "" if digits else "none"
    if any(one in _ENDS_LABEL for one in bare):
        return "strong"
    if "—" in bare or "|" in bare or "–" in bare or " - " in bare or " -- " in bare:
        return "" if digits and bare in "–—" else "strong"
    if MARK in gap or ")" in gap or "]" in gap or "\n" in gap:
        return "soft"
    if re.match(r"[.!](?:\s|$)", bare):
        return "soft"
    return ""


def _trim(rest: str) -> str:
    """The words after a label without the separator before them."""
    begin = 0
    while (
        begin < len(rest) and rest[begin] in f"{MARK} \t\n\u00a0\u3000:：)].,–—|-）】〕］〉》、。"
    ):
        if rest[begin] == "-" and rest[begin + 1 : begin + 2].isalnum() and begin == 0:
            break
        begin += 1
    return rest[begin:]


def _peel(rest: str, known: NoteWords, context: Context) -> tuple[When, str] | None:
    """A date at the start of the words, as in ``Correction: Dec. 6, 2021``, and what follows it."""
    words = words_of(rest[:160]) if _DATED().match(rest) else []
    if not words or not (of_date(words[0], known) or words[0].folded in known.between):
        return None
    if any(one in _QUOTES or one in _CODE for one in rest[: words[0].start]):
        return None
    end = None
    for index in range(1, min(len(words), LONGEST_HEAD) + 1):
        previous = words[index - 1]
        following = words[index] if index < len(words) else None
        gap = rest[previous.end : following.start if following else len(rest[:160])]
        strength = _strength(gap, previous, following)
        if strength == "strong" or following is None:
            end = previous.end if strength == "strong" or len(rest) <= 160 else None
            break
        begins = rest[following.start] if following else ""
        if strength == "soft" and ("." not in gap or not begins.islower()):
            end = previous.end
        if not (of_date(following, known) or following.folded in known.between):
            whole = previous.folded.isdigit() and len(previous.folded) == len("2022")
            if whole and gap.strip() == "," and of_date(words[0], known):
                end = previous.end  # "Feb. 10 2022, instructions are here"
            break
    if end is None:
        return None
    when = when_said(rest[:end], context)
    return (when, _trim(rest[end:])) if when != When() else None


def _unwrap(lead: str, text: str, head: str) -> str:
    """The words without the closing bracket of a bracket that was opened before the label."""
    for opening, closing in ("()", "[]"):
        if opening in lead and closing not in head and text.count(closing) > text.count(opening):
            cut = text.rfind(closing)
            if cut >= len(text.rstrip(" .")) - 1:
                text = (text[:cut] + text[cut + 1 :]).strip()
    text = text.strip()
    return text if any(one.isalnum() for one in text) else ""


def _unlabelled(
    marked: str, words: Sequence[Word], known: NoteWords, context: Context, *, bracketed: bool
) -> NoteReading | None:
    lead = marked[: words[0].start]
    if any(one in _QUOTES or one in _CODE for one in lead):
        return None
    first = 0
    when = When()
    peeled = _peel(_trim(marked.lstrip("([")), known, context)
    if peeled is not None and peeled[1]:  # "(2025-05-30) This post was edited to …"
        when, rest = peeled
        offset = len(marked) - len(rest)
        first = next((i for i, word in enumerate(words) if word.start >= offset), 0)
    found = known.sentences.at(words, first)
    if found is None:
        return _published_and_changed(marked, words, first, known, context)
    fact = known.sentence_facts[found[0]]
    opening = words[first : first + LONGEST_OPENING]
    if judgement(known.code).never.anywhere(_first_sentence(marked, opening)):
        return None
    brackets = bracketed or (lead.strip(MARK + " ").startswith(("(", "[")))
    if fact.where == "brackets" and not brackets:
        return None
    text = _unwrap(lead, plain(marked[words[first].start :]), "")
    kind = fact.kind
    if kind in ("update", "editors-note"):
        kind = meaning(kind, text, context, weak=False)
    if when == When():
        when = _after(marked, words, first, found[1], known, context)
    return NoteReading(
        kind,
        "",
        text,
        when,
        certain=fact.where in ("anywhere", "brackets"),
        wrapped=fact.where == "wrapped",
        said=True,
    )


def _published_and_changed(
    marked: str, words: Sequence[Word], first: int, known: NoteWords, context: Context
) -> NoteReading | None:
    """``This guide was originally published on March 3. It was updated on May 5.``"""
    rules = judgement(known.code)
    published = rules.published.at(words, first)
    if published is None:
        return None
    for index in range(published[1], min(published[1] + LONGEST_OPENING, len(words))):
        found = rules.since.at(words, index)
        if found is not None:
            text = plain(marked[words[first].start :])
            when = _after(marked, words, index, found[1], known, context)
            kind = meaning("update", text, context, weak=False)
            return NoteReading(kind, "", text, when, certain=when.day is not None, said=True)
    return None


def _first_sentence(marked: str, words: Sequence[Word]) -> Sequence[Word]:
    """The words up to the first full stop that a capital letter follows."""
    for index in range(4, len(words) - 1):
        gap = marked[words[index].end : words[index + 1].start]
        if (
            gap[:1] in ".!?"
            and len(words[index].folded) > 3
            and marked[words[index + 1].start].isupper()
        ):
            return words[: index + 1]
    return words


def meaning(kind: Kind, text: str, context: Context, *, weak: bool) -> Kind:
    """The kind by what the words say: an "Update" that says what was wrong is a correction.

    A label that says "correction", "clarification", "retraction" or "refile" is believed. So is
    "Editor's note", unless its words retract or correct.
    """
    if kind not in ("update", "editors-note"):
        return kind
    words = words_of(text[:3000])
    for known in context.languages:
        for says, patterns in judgement(known.code).meanings:
            if kind == "editors-note" and says == "clarification":
                continue
            if patterns.anywhere(words):
                return says
    return "update" if weak else kind


def _says_change(text: str, known: NoteWords) -> bool:
    rules = judgement(known.code)
    if any(part in text[:1500] for part in rules.remark_parts):
        return True
    return rules.remark.anywhere(words_of(text[:1500])) and not _denied(text, known)


def _denied(text: str, known: NoteWords) -> bool:
    return judgement(known.code).never.anywhere(words_of(text[:400]))


def _sentence_date(text: str, context: Context) -> When:
    """The date of a sentence such as "This post was last updated on …" inside a note."""
    words = words_of(text[:3000])
    for known in context.languages:
        for index in range(len(words)):
            if index and text[words[index - 1].end : words[index].start].strip('"”’) ')[:1] not in (
                ".",
                "!",
                "?",
            ):
                continue
            found = known.sentences.at(words, index)
            if found is not None:
                when = _after(text, words, index, found[1], known, context)
                if when != When():
                    return when
    return When()


def _after(
    marked: str, words: Sequence[Word], first: int, end: int, known: NoteWords, context: Context
) -> When:
    """The date beside the verb of a sentence, as in "was amended on 3 May 2022 to …"."""
    begin = words[first].start
    stop = words[min(end + 12, len(words)) - 1].end
    if not any(one.isdigit() for one in marked[begin:stop]):
        return When()
    passage = marked[begin:stop].replace(MARK, " ")
    verb = words[end - 1].end - begin
    for stamp in stamps_in(passage, context):
        before = words_of(passage[: stamp.start])[-1:]
        near = len(words_of(passage[verb : stamp.start])) <= 4 if stamp.start >= verb else True
        close = stamp.start >= verb and not words_of(passage[verb : stamp.start])
        joined = before and (before[0].folded in known.on or before[0].folded in known.change_words)
        if near and before and (close or joined):
            return from_stamp(stamp, passage)
    for stamp in stamps_in(passage, context):  # "bu haber 12 Mart 2024 tarihinde güncellendi"
        after = words_of(passage[stamp.end : verb])[:1]
        if stamp.start < verb and after and after[0].folded in known.after_date:
            return from_stamp(stamp, passage)
    return When()


def may_be_note(raw: str, context: Context) -> bool:
    """Whether a passage may be a note by its first word; it is read in full only then.

    Names of months and weekdays may stand before a label too, so they are no reason to say no.
    """
    start = raw.lstrip("*_([>#•●▪·–—-+ \t\r\n")
    if not start or not start[0].isalnum() or may_open(start, context.languages):
        return True
    word = words_of(start[:20])[:1]
    return bool(word) and any(of_date(word[0], known) for known in context.languages)


def known_languages(codes: Sequence[str]) -> tuple[NoteWords, ...]:
    return tuple(language(code) for code in codes)


_BETWEEN_DIGITS = expression(r"[-.]")

_NUMBER = expression(
    r"\d{1,4}(?:st|nd|rd|th|er|º|ª|-го|-е|am|pm|a\.m|p\.m|h|h\d\d|uhr)?"
    r"|(?:\d{4}[年년])?(?:\d{1,2}[月월](?:\d{1,2}[日일])?)?[付现現]?|\d{1,2}[日일時时시분分点點]+\d{0,2}[分분]?"
    r"|\d{1,4}[-.]\d{1,2}[-.]\d{1,4}|\d{1,2}\.\d{1,2}(?:am|pm|h)?"
)

_DIGITS = expression(r"\d{1,4}(?:st|nd|rd|th)?")

_CLOCK = expression(
    r"\b(\d{1,2})(?:[:.](\d{2}))?[ \u00a0\u202f]?([ap])\.?[ ]?m\b\.?|\b(\d{1,2})[:.](\d{2})\b",
    re.IGNORECASE,
)

_ZONE = expression(r"[ ,(]*([A-Z]{2,5}|[A-Z][a-z]+ (?:Standard |Daylight |Summer )?Time)\b")


class When(NamedTuple):
    """The day and the time that a note gives itself."""

    day: date | None = None
    clock: time | None = None
    zone: str | None = None  # as written


class Context(NamedTuple):
    """What is known of the text around the passage."""

    languages: tuple[NoteWords, ...]  # the likeliest first
    as_of: date | None  # the day on which the text stood
    day_first: bool | None  # 5/12 is 5 December; None: the house is not known
    tag: str  # the language that was asked for, "" when none was


def of_date(word: Word, known: NoteWords) -> bool:
    """Whether a word may be part of a date, a time or a zone."""
    folded = word.folded
    if folded in _date_words(known.code) or _NUMBER().fullmatch(folded):
        return True
    parts = _BETWEEN_DIGITS().split(folded)
    return len(parts) > 1 and all(
        _DIGITS().fullmatch(part) or part in _date_words(known.code) for part in parts
    )


@cache
def _date_words(code: str) -> frozenset[str]:
    """Names of months, weekdays and zones, folded, in this language and in English."""
    written = list(written_names())
    typed: set[str] = set()
    for one in {code, "en"}:
        words = names.language(one)
        for group in (*words.months.values(), *words.weekdays.values(), words.am, words.pm):
            written += group
        typed.update(words.months_read)
    return frozenset(sequence("\n".join(written))) | typed


def when_said(head: str, context: Context) -> When:
    """The date, time and zone of a label's head."""
    head = head.replace(MARK, " ")
    if not any(one.isdigit() for one in head) and not re.search(
        r"noon|midnight", head, re.IGNORECASE
    ):
        return When()
    for stamp in stamps_in(head, context):
        return from_stamp(stamp, head)
    clock = _CLOCK().search(head)
    if clock is None:
        return When()
    read = _clock(clock)
    zone = _ZONE().match(head, clock.end())
    return When(None, read, zone[1] if zone and read else None)


def from_stamp(stamp: WrittenDate, text: str) -> When:
    """The day of a date found in a text, with the time that stands beside or before it."""
    if stamp.time is None and (clock := _CLOCK().search(text, 0, stamp.start)):
        read = _clock(clock)
        zone = _ZONE().match(text, clock.end())
        return When(stamp.date, read, zone[1] if zone and read else None)
    return When(stamp.date, stamp.time, stamp.zone)


def _clock(found: re.Match[str]) -> time | None:
    hour, minute = int(found[1] or found[4]), int(found[2] or found[5] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3].lower() == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def stamps_in(text: str, context: Context) -> Iterator[WrittenDate]:
    """The dates of a passage, in the first language that finds any.

    A numeric date is read by the house; where there is none, by the custom of the language.
    """
    codes = [context.tag] if context.tag else []
    codes += [one.code for one in context.languages if one.code not in codes]
    for code in codes:
        found = find_stamps(text, language=code, day_first=context.day_first, as_of=context.as_of)
        if found:
            yield from found
            return
