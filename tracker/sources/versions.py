"""What importers share: limits, packed input, texts that wait, paths, front matter, HTML."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from tracker.errors import TrackerError
from tracker.newsroom.incoming import Incoming, Key, Skipped, temporary

LARGEST = 16 * 1024 * 1024  # bytes of one version; no article is larger, and a video may be
MOST_UNPACKED = 200  # times its packed size: what an archive may unpack to
_FREELY = 256 * 1024 * 1024  # bytes that any archive may unpack to
_BLOCK = 1 << 20  # bytes read at once
YEARS = range(1900, 9990)
"""Years in which arithmetic with zones does not leave the calendar."""


Markup = Literal["markdown", "keep", "strip"]
"""What becomes of a body's own markup: Markdown, as it stood, or words alone."""


class HowRead(NamedTuple):
    """How a source is to be read; what a format does not need is passed over."""

    format: str = "auto"  # auto, folder, jsonl, warc, …
    under: str = "articles"  # the newsroom's folder for articles whose source has no paths
    zone: tzinfo | None = None  # of times that a source has without one
    markup: Markup = "markdown"  # what becomes of HTML and wikitext
    columns: Mapping[str, str] | None = None  # of a table
    types: tuple[str, ...] = ()  # of WordPress entries; none: posts and pages


def instant_of(written: str) -> datetime:
    """The instant that an ISO 8601 text with offset means, aware.

    Raises ``ValueError`` whose words say what is wrong, to stand after "The value".
    """
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("is no instant like 2022-05-12T07:45:00-04:00") from None
    if at.tzinfo is None:
        raise ValueError("has no offset from UTC, as in 2022-05-12T07:45:00-04:00")
    if not 1 < at.year < 9999:  # in another zone it may have no date
        raise ValueError("is too far away")
    return at


def local_instant(naive: datetime, zone: tzinfo, traps: Counter[str]) -> datetime:
    """A wall-clock time in its zone, aware; times that a change of clocks skipped or had twice are
    counted, and read by the offset from before the change.
    """
    at = naive.replace(tzinfo=zone)
    if at.utcoffset() != at.replace(fold=1).utcoffset():
        exists = at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
        traps["times that the clock had twice" if exists else "times that the clock skipped"] += 1
    return at


def shown(path: Path) -> str:
    """A path for a sentence, with nothing in it that a terminal would obey.

    ``.`` and ``..`` are written out: beside a full stop they are not seen.
    """
    name = str(path if path.name not in ("", "..") else path.resolve())
    return name if name.isprintable() else ascii(name)


def missing(library: str, what: str, extra: str = "import") -> TrackerError:
    """The error for a format whose library is not installed."""
    return TrackerError(
        f"{what} needs the library {library}, which is not here.",
        f"Install it with: pip install 'article-tracker[{extra}]'",
    )


# --- packed input -------------------------------------------------------------------------------


class Counted(io.RawIOBase):
    """A stream that counts what was read of it."""

    def __init__(self, stream: IO[bytes], *, closes: bool = True) -> None:
        self._stream = stream
        self._closes = closes
        self.count = 0  # bytes

    def readable(self) -> bool:
        """Return that it is: asked by the buffer around it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what the stream has, at most as much as the buffer holds."""
        read = self._stream.read(len(buffer)) or b""
        buffer[: len(read)] = read
        self.count += len(read)
        return len(read)

    def close(self) -> None:
        """Close a file that was opened for this; the process's own input stays open."""
        if self._closes:
            self._stream.close()
        super().close()


class MeteredInput:
    """A stream for a parser of XML, which ends with a sentence where one entry is without end."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self.since = 0  # bytes since the last entry

    def read(self, size: int = -1) -> bytes:
        # Expat looks from its start at each piece at a comment or an attribute that has not ended:
        # pieces that double make that linear.
        data = self._stream.read(max(size, self.since))
        self.since += len(data)
        if self.since > 4 * LARGEST:
            raise TrackerError(
                f"{self._name} has an entry of more than {4 * LARGEST >> 20} MB.",
                "An article is text; take that entry out of the file.",
            )
        return data


class _Bounded(io.RawIOBase):
    """What a packed stream unpacks to, refused beyond a bound; damage becomes a sentence."""

    def __init__(self, inner: Any, packed: Counted, name: str) -> None:
        self._inner = inner
        self._packed = packed
        self._name = name
        self._count = 0

    def readable(self) -> bool:
        """Return that it is: asked by the buffer around it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read unpacked bytes. Raises ``TrackerError`` for damage and for too many of them."""
        try:
            read = self._inner.read1(len(buffer))
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise self._broken(error) from None
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # known where its library is loaded
                raise
            raise self._broken(error) from None
        buffer[: len(read)] = read
        self._count += len(read)
        if self._count > _FREELY + MOST_UNPACKED * self._packed.count:
            raise TrackerError(
                f"{self._name} unpacks to more than {MOST_UNPACKED} times its size.",
                "If it is right so, unpack it yourself and import the plain file.",
            )
        return len(read)

    def _broken(self, error: Exception) -> TrackerError:
        why = getattr(error, "strerror", None) or str(error)
        if isinstance(error, EOFError):
            why = "the compressed data ends too early"
        return broken(self._name, why)

    def close(self) -> None:
        """Close the packed stream too."""
        self._inner.close()
        self._packed.close()
        super().close()


def broken(name: str, why: str) -> TrackerError:
    """The error for an input that cannot be read to its end."""
    return TrackerError(
        f"{name} cannot be read to its end: {why.rstrip('.')}.",
        "Nothing was imported; get the whole file, and import it again.",
    )


def unpacked(counted: Counted, name: str) -> tuple[io.BufferedReader[Any], bool]:
    """The bytes of a stream, unpacked where its first bytes say gzip, bzip2, xz or zstd.

    Also returns whether it was packed. Raises ``TrackerError`` where the library is missing; what
    is read raises it for damage, and beyond a bound on what may come out.
    """
    buffered = io.BufferedReader(counted, _BLOCK)
    start = buffered.peek(6)[:6]
    inner: Any
    plain: Any = buffered
    if start[:2] == b"\x1f\x8b":
        inner = gzip.GzipFile(fileobj=buffered)
    elif start[:3] == b"BZh":
        inner = bz2.BZ2File(buffered)
    elif start == b"\xfd7zXZ\0":
        inner = lzma.open(buffered)  # noqa: SIM115
    elif start[:4] == b"\x28\xb5\x2f\xfd":
        try:
            import zstandard
        except ImportError:
            raise TrackerError(
                f"{name} is compressed by zstd, and the library for it is not here.",
                "Install it with: pip install 'article-tracker[zstd]'",
            ) from None
        inner = zstandard.ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
    elif start == b"7z\xbc\xaf\x27\x1c":
        raise TrackerError(
            f"{name} is packed by 7-Zip.",
            f"Unpack it into a pipe: 7z x -so {name} | tracker import -",
        )
    else:
        return plain, False
    return io.BufferedReader(_Bounded(inner, counted, name), _BLOCK), True


# --- sources whose texts are made while they are read ---------------------------------------------


Made = tuple[Incoming, bytes]
"""One version of one article, whose key is 0 as yet, with its text."""


class Spooled:
    """A source whose texts wait in a temporary database until they are asked for.

    A format says in ``made`` what it holds. ``traps`` counts what the format is known to hold
    beside versions that readers saw: drafts, autosaves, pages seen again.
    """

    forgiving = True  # a record that cannot be used costs itself, and the rest is imported
    under = ""  # the newsroom's folder for articles whose paths are made of their addresses

    def __init__(self) -> None:
        self.traps = Counter[str]()
        self._stream: IO[bytes] | None = None
        self._spool: Path | None = None
        self.counted: Counted | None = None  # what is read of the input,
        self.size = 0  # and its bytes; 0 where they are not known

    @property
    def share(self) -> float:
        """How much of the input has been read, 0 to 1; 0 where that cannot be told."""
        return self.counted.count / self.size if self.counted and self.size else 0.0

    def close(self) -> None:
        """Close the stream that is read."""
        if self._stream is not None:
            self._stream.close()

    def made(self, folder: Path) -> Iterator[Made | Skipped]:
        """Every version in any order, and what is left out; ``folder`` takes temporary files."""
        raise NotImplementedError

    def placed(self, path: str) -> str:
        """A path that was made of an address or a title, in the newsroom's folder for articles."""
        return f"{self.under}/{path}" if self.under else path

    def trap(self, what: str, origin: str, reason: str) -> Skipped:
        """Something that is left out on purpose, counted by what it is."""
        self.traps[what] += 1
        return Skipped(origin, reason)

    def bad(self, origin: str, reason: str, hint: str = "") -> Skipped:
        """A record that cannot be used."""
        self.traps["broken records"] += 1
        return Skipped(origin, reason, bad=True, hint=hint)

    def versions(self, folder: Path) -> Iterator[Incoming | Skipped]:
        """Every version once, and what is left out; their texts are kept for ``texts``."""
        self._spool = folder / "texts.sqlite3"
        with closing(self), closing(temporary(self._spool)) as spool:
            spool.execute("DROP TABLE IF EXISTS texts")
            spool.execute("CREATE TABLE texts (key INTEGER PRIMARY KEY, text BLOB)")
            spool.execute("BEGIN")
            for each in self.made(folder):
                if isinstance(each, Skipped):
                    yield each
                    continue
                version, text = each
                if len(text) > LARGEST:
                    yield self.bad(version.origin, f"The text is longer than {LARGEST >> 20} MB.")
                    continue
                if b"\0" in text:
                    yield self.bad(version.origin, "The text holds zero bytes.")
                    continue
                key = spool.execute("INSERT INTO texts VALUES (NULL, ?)", (text,)).lastrowid
                assert key is not None
                yield version._replace(key=key)
            spool.execute("COMMIT")

    def texts(self, keys: Iterable[Key]) -> Iterator[bytes | TrackerError]:
        assert self._spool is not None
        with closing(temporary(self._spool)) as spool:
            for key in keys:
                (text,) = spool.execute("SELECT text FROM texts WHERE key = ?", (key,)).fetchone()
                yield text


# --- paths and files ------------------------------------------------------------------------------

_ENDINGS = re.compile(r"\.(?:x?html?|php|aspx?|jsp|cfm)$", re.IGNORECASE)
_INDEX = re.compile(r"(?:index|default)\.(?:x?html?|php|aspx?|jsp)$", re.IGNORECASE)
_UNLIKELY = re.compile(r"[^\w.~-]+")
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|mc_[ce]id|smid|ref|ref_src|cmpid|ocid)=", re.IGNORECASE
)
_LONGEST_NAME = 100  # bytes of one part of a path, before a hash


def path_of_url(url: str, ending: str = ".md") -> str:
    """The path of an article below the folder for articles, by its address.

    One address in its usual spellings (http or https, with www or a slash at its end, with
    parameters that only count visitors) has one path. What a path cannot hold gives way to
    hyphens and a hash, so that two addresses never share one. Raises ``ValueError`` for what is
    no address.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(url)
    whole = unicodedata.normalize("NFC", unquote(parts.path))
    query = "&".join(part for part in parts.query.split("&") if part and not _TRACKING.match(part))
    names = [name for name in _INDEX.sub("", whole).split("/") if name]
    names = names or ["index"]
    names[-1] = _ENDINGS.sub("", names[-1])
    safe = [_name(name) for name in names]
    if query or safe != names:
        mark = sha256(f"{host}{whole}?{query}".encode("utf-8", "replace")).hexdigest()[:8]
        safe[-1] = f"{safe[-1]}-{mark}".removeprefix("-")
    return "/".join((_name(host), *safe)) + ending


def _name(part: str) -> str:
    """A part of an address as a file's name."""
    part = _UNLIKELY.sub("-", part).strip("-.~ ").lower()
    while len(part.encode()) > _LONGEST_NAME:
        part = part[:-1]
    return part if part and not part.startswith("git~") else f"x-{part}"


_TELLING = re.compile(r"(?=.*\d)...|[:/]")


def identity_of(name: object) -> str:
    """What a source calls an article, where that can tell it from others; "" for "1" or "intro"."""
    written = str(name) if isinstance(name, str | int) and not isinstance(name, bool) else ""
    return written.strip() if _TELLING.search(written) else ""


def trailers(**values: object) -> str:
    """Lines for the end of a commit's message; those without a value are left out."""
    lines = []
    for name, value in values.items():
        if value is not None and (line := " ".join(str(value).split())) and line.isprintable():
            lines.append(f"{name.replace('_', '-')}: {line[:2000]}")
    return "\n".join(lines)


# --- bodies in HTML -------------------------------------------------------------------------------

_EDITOR = re.compile(r"<!--\s*/?wp:.*?-->[ \t]*\n?", re.DOTALL)
_MORE = re.compile(r"<!--\s*(?:more|nextpage|noteaser).*?-->")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_BLOCK = (
    r"(?:address|article|aside|blockquote|details|div|dl|dd|dt|fieldset|figcaption|figure|footer|"
    r"form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|"
    r"ul)"
)
_IS_BLOCK = re.compile(rf"\s*</?{_HTML_BLOCK}\b", re.IGNORECASE)
_AROUND_BLOCKS = re.compile(rf"(?=<{_HTML_BLOCK}\b)|(?<=</)({_HTML_BLOCK})\s*>", re.IGNORECASE)
_UNSPLIT = re.compile(r"(?is)<(pre|script|style|textarea)\b.*?(?:</\1\s*>|\Z)")
MANY_LINES = re.compile(r"\n{3,}")
# Markdown takes these back when they are escaped; of "~ = + >" it keeps the backslash, or they
# mean nothing inside a line.
SPECIAL = re.compile(r"([\\`*_\[\]])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_START = re.compile(r"(^|\n)(\s*)(#{1,6}(?=\s)|[-+>](?=\s|$)|=+(?=\s*$)|-{2,}(?=\s*$)|:(?=\s)|\|)")
_NUMBERED = re.compile(r"(^|\n)(\s*\d{1,9})([.)])(?=\s)")


def html_body(html: str, markup: Markup = "markdown", *, paragraphs: bool = False) -> str:
    """A body in HTML with its markup as asked for.

    ``paragraphs``: empty lines part paragraphs and line ends are line breaks, as WordPress keeps
    texts that were written without ``<p>``. Scripts, styles and comments have no words that a
    reader sees, and do not come into Markdown.
    """
    if markup == "keep":
        return html
    html = _COMMENT.sub("", _MORE.sub("", _EDITOR.sub("", html.replace("\r\n", "\n"))))
    if html.count("<") > 2 * html.count(">") + _MOST_OPEN:
        raise ValueError("its tags do not end")  # the parser looks for the end of each of them
    if paragraphs:
        html = _with_paragraphs(html)
    body = _converter()(html)
    body = MANY_LINES.sub("\n\n", body).strip("\n")
    return _words_alone(body) if markup == "strip" else body


_MOST_OPEN = 1_000  # signs "<" that may stand without their ">"


def _with_paragraphs(html: str) -> str:
    """The paragraphs that empty lines make, outside of blocks of their own."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\n\n\0{len(kept) - 1}\0\n\n"

    html = _UNSPLIT.sub(keep, html.replace("\0", ""))
    html = _AROUND_BLOCKS.sub(lambda found: f"{found[0]}\n\n" if found[0] else "\n\n", html)
    parts = []
    for part in re.split(r"\n\s*\n", html):
        part = part.strip()
        if not part:
            continue
        if part.startswith(("\0", "</")) or _IS_BLOCK.match(part):
            parts.append(part)
        else:
            parts.append(f"<p>{part.replace(chr(10), '<br>')}</p>")
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], "\n".join(parts))


def _words_alone(markdown: str) -> str:
    import markdown as library
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(library.markdown(markdown), "html.parser")
    for each in soup.find_all(("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre")):
        each.append("\n\n")
    return MANY_LINES.sub("\n\n", soup.get_text()).strip()


@cache
def _converter() -> Callable[[str], str]:
    """A function from HTML to Markdown. Raises ``TrackerError`` where the library is missing."""
    try:
        from markdownify import MarkdownConverter
    except ImportError:
        raise missing("markdownify", "A body in HTML") from None

    class Converter(MarkdownConverter):
        """Markdown that Python-Markdown turns into the same words again."""

        def escape(self, text: str, parent_tags: Any) -> str:
            text = _ENTITY.sub("&amp;", SPECIAL.sub(r"\\\1", text)).replace("<", "&lt;")
            text = _START.sub(_escaped_start, text)
            return _NUMBERED.sub(r"\1\2\\\3", text)

        def _block(self, el: Any, text: str, parent_tags: Any) -> str:
            return text if "_inline" in parent_tags else f"\n\n{text.strip()}\n\n"

        convert_aside = convert_footer = convert_header = convert_section = _block
        convert_address = convert_nav = convert_details = convert_summary = _block
        convert_figure = convert_figcaption = convert_main = convert_form = _block

        def _nothing(self, el: Any, text: str, parent_tags: Any) -> str:
            return ""

        convert_script = convert_style = convert_template = convert_noscript = _nothing

    converter = Converter(heading_style="atx", bullets="-", newline_style="spaces")

    def convert(html: str) -> str:
        try:
            return str(converter.convert(html))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    return convert


def _escaped_start(found: re.Match[str]) -> str:
    before, spaces, mark = found.groups()
    if mark == "|":
        return f"{before}{spaces}\\|"
    return f"{before}{spaces}\\{mark}"


# --- web archives, known before what reads them is loaded ----------------------------------------

ARCHIVE_ENDINGS = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz")


def is_index_line(line: bytes) -> bool:
    """Whether this can be the first line of a CDX or CDXJ index."""
    start = line.decode("utf-8", "replace").lstrip()
    if start.startswith(("CDX ", "!OpenWayback-CDXJ", "!meta")):
        return True
    parts = start.split(" ", 2)
    return len(parts) == 3 and ")" in parts[0] and parts[1].isdigit() and len(parts[1]) >= 12
