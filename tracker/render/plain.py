"""Any record as JSON knows it: objects, lists, strings, numbers; and the objects printed."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import Article, Change

if TYPE_CHECKING:
    from jinja2 import Environment

SCHEMA_VERSION = 1
"""Goes up when a key changes its meaning or goes away; new keys may come without that."""


def printed(**parts: object) -> object:
    """The one object that a command prints: the version of its schema, then its parts."""
    return {"schema": SCHEMA_VERSION, **{name: plain(part) for name, part in parts.items()}}


def plain(value: object) -> object:
    """A record as nested dicts and lists.

    Instants become ISO 8601 with offset, sets sorted lists; keys are the fields' names. All
    strings can be written as UTF-8: see ``encodable``.
    """
    if isinstance(value, str):
        return value if value.isascii() else encodable(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {encodable(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)  # type: ignore[type-var]
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = value._asdict().items()
        return {
            name: plain(each) for name, each in named if name not in _INNER or isinstance(each, str)
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


_INNER = frozenset({"why", "said", "advised", "beside"})
"""Fields that hold as values what another field says in a sentence."""


def record(value: object) -> dict[str, object]:
    """The same of one record: its members, which more may be added to."""
    found = plain(value)
    assert isinstance(found, dict)
    return found


def encodable(text: str) -> str:
    r"""The text without lone surrogates, which many readers of JSON refuse.

    A byte of a file name that is not UTF-8 is written as ``\\xE9``; a surrogate that an escape in
    somebody's front matter made, as U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _lone_surrogates().sub(_written_out, text)
    return text


@cache
def _lone_surrogates() -> re.Pattern[str]:
    return re.compile("[\ud800-\udfff]")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


# --- a Change as JSON; the schema is ``docs/diff.schema.json`` ------------------------------------


class ComparedSide(NamedTuple):
    """Which text one side of the diff is. Every field may be None: two plain files have none."""

    revision: int | None = None  # number in the article's history
    commit: str | None = None  # full hash
    at: datetime | None = None  # aware; when readers first saw it
    path: str | None = None  # of the article in the repository, or of the file


def change_object(
    change: Change,
    *,
    article: Article | None = None,
    old: ComparedSide = ComparedSide(),  # noqa: B008 - a tuple
    new: ComparedSide = ComparedSide(),  # noqa: B008
) -> dict[str, object]:
    """What ``diff --json`` prints. Offsets are code points; instants ISO 8601 with offset."""
    told = record(change)
    return {
        "schema": SCHEMA_VERSION,
        "article": plain(article),
        "old": plain(old),
        "new": plain(new),
        **{name: told[name] for name in _OF_A_CHANGE},
    }


_OF_A_CHANGE = (
    "substantive", "score", "labels", "reasons", "words_added", "words_removed", "coarse",
    "fields", "edits",
)  # fmt: skip


# --- untrusted text made safe to show -------------------------------------------------------------

# C0 but tab and newline, DEL, C1, the controls of the Unicode bidirectional algorithm that embed,
# override or isolate (UAX #9), the line and paragraph separators, and lone surrogates. The marks
# U+200E and U+200F stay: Hebrew and Arabic texts use them, and they cannot reach past a word.
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_CONTROLS)


def json_text(value: object, indent: int | None = None) -> str:
    r"""The value as JSON; each control character in it is an escape, ``\u202e``."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _pattern().sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """``text`` with each control character written out, ``<U+001B>``; CRLF becomes LF."""
    return _pattern().sub(lambda found: f"<U+{ord(found.group()):04X}>", text.replace("\r\n", "\n"))


def filled(template: str, **values: object) -> str:
    """A template of ``render/templates``, filled in."""
    return templates().get_template(template).render(values)


@cache
def templates() -> Environment:
    """Those of HTML that stands elsewhere than on our own pages.

    Everything in them is escaped and made ``visible``, and a name that is not known is a fault.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tracker.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )


def counted(number: int, what: str) -> str:
    """So many of what is named: "1 finding", "2,300 findings"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
