"""Bytes of a file <-> text, losing nothing."""

from __future__ import annotations

from tracker.errors import TrackerError

_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding, so that ``encode`` gives the bytes.

    UTF-8 and, with a byte order mark, UTF-16 (the mark stays in the text as U+FEFF); what is
    neither is read as Windows-1252, or as Latin-1 where that has no character for a byte.
    Raises TrackerError for what is not text: anything that holds a zero character.
    """
    if encoding := _UTF_16.get(data[:2]):
        try:
            return _text(data.decode(encoding)), encoding
        except UnicodeDecodeError:
            pass
    for encoding in ("utf-8", "cp1252"):
        try:
            return _text(data.decode(encoding)), encoding
        except UnicodeDecodeError:
            continue
    return _text(data.decode("latin-1")), "latin-1"


def encode(text: str, encoding: str) -> bytes:
    """Return the bytes of a text in an encoding that ``decode`` named.

    Raises TrackerError when the encoding has no bytes for one of the characters.
    """
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise TrackerError(
            f"The file is encoded in {encoding}, which cannot hold the character "
            f"U+{ord(character):04X}.",
            "Convert the file to UTF-8, or leave the character out.",
        ) from None


def _text(text: str) -> str:
    if "\0" in text:
        raise TrackerError(
            "The file is not text: it holds zero bytes.",
            "Give the Markdown file of an article.",
        )
    return text
