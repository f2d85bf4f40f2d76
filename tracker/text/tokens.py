"""Where blocks, sentences and words begin and end in Markdown; nothing is ever lost between them.

Offsets count code points in the text that was given. Blocks and sentences cover their range
without a gap: the white space after one belongs to it. Words do not: white space stands between.

Every pattern here takes time linear in the text, whatever the text is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import accumulate
from typing import NamedTuple

from tracker import locale
from tracker.text import expression
from tracker.text.spans import SEEN, Markup

__all__ = [
    "Cut",
    "count",
    "count_words",
    "cut",
    "key",
    "keys",
    "lead",
    "plain",
    "sentences",
    "split",
    "words",
]

# --- words ---------------------------------------------------------------------------------------

# Letters, digits and the marks upon them, of all scripts that put spaces between words. Coarse on
# purpose: what is unassigned today counts as a letter.
_LETTERS = (
    r"0-9A-Za-z\u00aa\u00ad\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u00c0-\u00d6\u00d8-\u00f6"
    r"\u00f8-\u037d\u037f-\u0386\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4"
    r"\u05c5\u05c7-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963"
    r"\u0966-\u0df3\u0f18\u0f19\u0f20-\u0f39\u0f3e-\u0fbc\u10a0-\u10fa\u10fc-\u1360\u1369-\u13ff"
    r"\u1401-\u166d\u166f-\u167f\u1681-\u177f\u1810-\u1b59\u1b6b-\u1fff\u200b-\u200d\u2060"
    r"\u2070-\u209f\u20d0-\u20ff\u2100-\u214f\u2c00-\u2dff\u3130-\u318f\ua000-\ua4fd\ua500-\ua60c"
    r"\ua610-\ua672\ua674-\ua6f1\ua700-\ua873\ua878-\ua8cd\ua8d0-\ua92d\ua930-\ua95e\ua960-\ua9c0"
    r"\ua9d0-\uaa5b\uaa60-\uabea\uabec-\ud7ff\ufb00-\ufb28\ufb2a-\ufd3d\ufd50-\ufdfb\ufe20-\ufe2f"
    r"\ufe70-\ufeff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U00010000-\U0001afff"
    r"\U0001d400-\U0001eeff"
)
# What never stands alone: combining marks, joiners, variation selectors, skin tones, tags.
_MARKS = (
    r"\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903"
    r"\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962\u0963\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1"
    r"\u0eb3-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u200b-\u200f\u2060\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe0f"
    r"\ufe20-\ufe2f\ufeff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
_CURRENCY = (
    r"$\u00a2-\u00a5\u058f\u060b\u09f2\u09f3\u0e3f\u17db\u20a0-\u20cf\ufdfc\uffe0\uffe1\uffe5"
)

# Letters that stand for themselves in an abbreviation: not those written without spaces.
_SINGLE = r"^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u31ff\u3400-\u9fff"

_COMMON = r"""
    (?<!\]\()[A-Za-z]+(?=[\ \n,;?!)]|[.:](?:\s|$))     # a plain word
  | [,.;:!?)"](?=[\ \n])                               # a mark after it
"""
_SHARED = r"""
    (?<=\]\()(?>\{\{[^{}\n]{0,400}\}\}|[^\s(){]+|\([^\s()]*\)|\{)+
      (?:\ +"[^"\n]{0,200}")?                   # the target of a link, with its title
  | \{\{[<%%]?[^{}\n]{0,400}[>%%]?\}\}        # a shortcode of Hugo, a variable of Jekyll
  | \{%%[^{}\n]{0,400}%%\}                    # a tag of Liquid
  | (?<=\]:\ )\S+                             # the target of a link's definition
  | !?\[\^[^\]\s]{1,64}\]:?                   # a footnote's mark
  | \]\( | !\[ | \]\[[^\[\]\n]{0,100}\]        # of links; the name of a link's definition
  | &(?:[A-Za-z]{2,31}|\#\d{1,7}|\#x[0-9A-Fa-f]{1,6});   # an entity of HTML
  | (?:https?|ftp)://[^\s<>"]*[^\s<>".,;:!?'\u2019\u201d)\]}*_|]        # a bare address
  | \w[\w.+\-]{0,63}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}  # an e-mail
  | (?:[%(alpha)s]\.){2,}                       # an abbreviation of single letters: a.m., U.S.
  | [%(alpha)s]{0,3}[%(money)s][\-\u2212]?\d[\d.,'\u2019\u00a0\u202f]*(?<=\d)%(tail)s  # an amount
  | (?:(?<!\w)[+\-\u2212\u00b1])?
      \d{1,3}(?:[\ \u00a0\u2009\u202f]\d{3}(?!\d))+(?:[.,]\d+)?%(tail)s   # with its thousands apart
  | \d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+\-]\d\d:?\d\d)?    # an instant
  | (?:(?<!\w)[+\-\u2212\u00b1])?\d+(?:[.,:/'\u2019\-]\d+)*%(tail)s         # a number
  | (?:[@\#]|(?<=\s)/)?[%(word)s]+                    # a word, of one part or more
      (?:(?:['\u2019\u02bc/@\-\u2010\u2011]|&(?!\#?\w{1,31};)|\.(?=[a-z])|_+)[%(word)s]+)*
  | <!--[^<>]{0,2000}(?<=--)>                 # a comment
  | </?[A-Za-z][^<>]{0,1000}>                 # a tag
"""
# Letters of a unit. The class of all letters is costly to compile: it stands only where it must.
_UNIT = r"(?:[^\W_\u2e80-\u9fff]|[\u0300-\u036f\u0900-\u0dff])++"
_TAIL = (
    r"(?:[\u00a0\u2009\u202f]?[%%\u2030\u2031\u00b0{money}][CFK]?"
    r"|{unit}(?:(?:[\-\u2010\u2011'\u2019]|\.(?=[a-z]{2})){unit})*)?"
)
# The sign of a quotation at the head of a line belongs to the white space there: a quotation that
# is wrapped anew has its words unchanged. (A look back has a fixed width.)
_NOT_QUOTING = r"(?!>(?:(?<=\n>)|(?<=\n\ >)|(?<=\n>>)|(?<=\n>\ >)|(?<=\n>>>)|(?<=\n>\ >\ >)))"
_RUNS = r"""
  | \.{2,} | \*+ | `+ | _+ | ~+ | =+ | -+ | \#+     # marks that belong together
"""


def _pattern(
    letters: str, alpha: str, money: str, unit: str, keycap: str = "", extra: str = ""
) -> re.Pattern[str]:
    tail = _TAIL.replace("{unit}", unit).replace("{money}", money).replace("%%", "%")
    shared = _SHARED % {"word": letters, "alpha": alpha, "money": money, "tail": tail}
    # White space is left at once, and the common cases come first: both for speed.
    return re.compile(
        rf"((?=\S){_NOT_QUOTING}(?:{_COMMON}{keycap}|{shared}{_RUNS}{extra}|\S))", re.VERBOSE
    )


# What is written without spaces has a token for each sign.
_ROUGHLY = expression(
    r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u31ff\u3400-\u9fff\U00020000-\U0003ffff]+|\S"
)


@cache
def _ascii_pattern() -> re.Pattern[str]:
    """The tokens of a text with nothing but ASCII: quicker to compile and to run."""
    return _pattern("0-9A-Za-z", "A-Za-z", "$", "[0-9A-Za-z]+")


@cache
def _pattern_of_all_scripts() -> re.Pattern[str]:
    emoji = (
        r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299"
        r"\U0001f000-\U0001faff]"
    )
    extra = rf"""
  | [\U0001f1e6-\U0001f1ff]{{2}}                                # a flag
  | {emoji}[{_MARKS}]*(?:(?<=\u200d){emoji}[{_MARKS}]*)*        # an emoji, with all that is joined
  | [\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\u3099\u309a]+     # Katakana
  | [^\s][{_MARKS}]*                                            # any other, a Han character too
"""
    keycap = r"|[0-9\#*]\ufe0f?\u20e3"
    return _pattern(_LETTERS, _SINGLE, _CURRENCY, _UNIT, keycap, extra)


def split(text: str) -> list[str]:
    """``text`` in pieces: white space, word, white space, word, …, white space.

    White space stands at the even places and may be empty; words stand at the odd ones. A word
    here is whatever is compared whole: a word, a number with its signs, an address, a mark. To
    white space belongs the ``>`` at the head of a further line of a quotation.
    """
    pattern = _ascii_pattern() if text.isascii() else _pattern_of_all_scripts()
    return pattern.split(text)


class Cut(NamedTuple):
    """A stretch of text in tokens."""

    parts: list[str]  # white space, token, white space, …, white space; joined, they are the text
    seen: list[bool]  # of each token: whether readers see it


def cut(markup: Markup, start: int, end: int) -> Cut:
    """Return ``text[start:end]`` in tokens; none of them is seen in one part and hidden in another.

    To white space belongs the ``>`` at the head of a further line of a quotation.
    """
    text = markup.text
    runs: list[tuple[bool, int, int]] = []
    for span in markup.within(start, end):
        shown = span.role in SEEN
        if runs and runs[-1][0] == shown:
            runs[-1] = (shown, runs[-1][1], span.end)
        else:
            runs.append((shown, span.start, span.end))
    if runs and runs[0][1] > start:
        runs.insert(0, (False, start, runs[0][1]))
    elif not runs:
        runs.append((False, start, end))
    parts = [""]
    seen: list[bool] = []
    for shown, low, high in runs:
        found = split(text[low:high])
        parts[-1] += found[0]
        parts += found[1:]
        seen += [shown] * (len(found) // 2)
    return Cut(parts, seen)


def count(text: str) -> int:
    """About how many tokens a text has, without cutting it."""
    return _ROUGHLY().subn("", text)[1]


def words(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Start and end of each token of ``text[start:end]`` that is not white space."""
    parts = split(text[start:end])
    ends = list(accumulate(map(len, parts), initial=start))
    return list(zip(ends[1::2], ends[2::2], strict=False))


_SAME = (
    [(sign, "'") for sign in "\u2018\u2019\u201a\u201b\u02bc\u2032"]
    + [(sign, '"') for sign in "\u201c\u201d\u201e\u201f\u00ab\u00bb"]
    + [(sign, "") for sign in "\u00ad\u200b\u2060\ufeff"]
    + [(sign, " ") for sign in "\u00a0\u2009\u202f"]
    + [(sign, "-") for sign in "\u2010\u2011"]
)


def plain(text: str) -> str:
    """``text`` in NFC, with straight quotation marks, plain spaces, and no invisible signs."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    for sign, same in _SAME:
        # Many single replacements are quicker than one translation.
        if sign in text:
            text = text.replace(sign, same)
    return text


@lru_cache(maxsize=4096)
def _key_of_short_word(word: str) -> str:
    return plain(word) or word


def key(word: str) -> str:
    """What two words have in common that are the same to a reader: see :func:`plain`.

    Never empty.
    """
    if word.isascii():
        return word
    return _key_of_short_word(word) if len(word) < 40 else plain(word) or word


def keys(found: list[str]) -> list[str]:
    """The :func:`key` of each word."""
    return [word if word.isascii() else key(word) for word in found]


_WORD_LIKE = re.compile(r"[^\W_]")
_BULLETS = frozenset({"-", "+", "*", ">"})


def lead(found: list[str]) -> int:
    """How many tokens at the head of a block are its bullet, its number, its sign of a quotation.

    They are markup: a list that is numbered anew says nothing new.
    """
    place = 0
    while place < len(found) and found[place] in _BULLETS:
        place += 1
    if place + 1 < len(found) and found[place + 1] in {".", ")"}:
        number = found[place]
        if number.isdigit() and len(number) < 4:
            place += 2
    return place


def count_words(visible: list[str]) -> int:
    """How many of these tokens have a letter or a digit; a Han character counts as a word."""
    return len(list(filter(_WORD_LIKE.search, visible)))


# --- sentences -----------------------------------------------------------------------------------

_CLOSERS = "\"'\u2019\u201d\u00bb)\\]*_`"
_OPENERS = "\"'\u2018\u2019\u201c\u201e\u00ab\u00bf\u00a1(\\[*_`"


_STOPS = ".!?\u2026"
_WIDE_STOPS = "\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965"  # no space need follow


# Every quantifier is possessive and no run of stops is looked at twice.


@cache
def _ascii_ends() -> re.Pattern[str]:
    return re.compile(
        r"([.!?](?<![.!?][.!?])[.!?]*+)[\"')\]*_`]*+(?:\[\^[^\]\s]{1,64}\])?\s++"
        r"(?=[\"'(\[*_`]*+(\S))"
    )


@cache
def _ends_of_all_scripts() -> re.Pattern[str]:
    stop = f"[{_STOPS}{_WIDE_STOPS}]"
    return re.compile(
        rf"({stop}(?<!{stop}{stop}){stop}*+)(?:"
        rf"(?<=[{_STOPS}])[{_CLOSERS}]*+(?:\[\^[^\]\s]{{1,64}}\])?\s++(?=[{_OPENERS}]*+(\S))"
        rf"|(?<=[{_WIDE_STOPS}])[{_CLOSERS}\u300d\u300f\uff09]*+\s*+)"
    )


class _Abbreviations(NamedTuple):
    before: frozenset[str]
    either: frozenset[str]
    openers: frozenset[str]
    after_number: frozenset[str]


@cache
def _abbreviations() -> _Abbreviations:
    known = [locale.table(code, "hints")["abbreviations"] for code in locale.languages("hints")]
    return _Abbreviations(
        *(
            frozenset(word for language in known for word in language[name])
            for name in _Abbreviations._fields
        )
    )


_WORD_BEFORE = re.compile(r"[^\s(\[\"'\u201c\u2018*_]*\Z")
_WORD_AFTER = re.compile(r"[^\w]*+(\w*)")


def _stops(text: str, low: int, dot: int, after: int) -> bool:
    """Whether the full stop at ``dot`` ends a sentence; the next one would begin at ``after``."""
    found = _WORD_BEFORE.search(text[max(low, dot - 24) : dot])
    word = found.group() if found else ""
    if not word or len(word) > 12:
        return True
    if len(word) == 1 and word.isalpha():
        return not word.isupper() or word == "I"
    if word.isdigit():
        following = _WORD_AFTER.match(text, after, after + 40)
        return len(word) > 2 or not (
            following and following.group(1) in _abbreviations().after_number
        )
    lists = _abbreviations()
    lowered = word.lower()
    if lowered in lists.before:
        return False
    inner = word.find(".")
    if lowered in lists.either or (inner > 0 and len(word) - inner < 4 and inner < 3):
        following = _WORD_AFTER.match(text, after, after + 40)
        return bool(following and following.group(1).lower() in lists.openers)
    return True


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Start and end of each sentence of ``text[start:end]``, white space after it included.

    A blank line is no boundary here: give one block at a time.
    """
    stop = len(text) if end is None else end
    found = []
    low = start
    ends = _ascii_ends() if text.isascii() else _ends_of_all_scripts()
    for match in ends.finditer(text, start, stop):
        following = match[2]
        if following is not None:
            if following.islower():
                continue
            if match[1] == "." and not _stops(text, low, match.start(), match.end()):
                continue
        if match.end() < stop:
            found.append((low, match.end()))
            low = match.end()
    if low < stop:
        found.append((low, stop))
    return found
