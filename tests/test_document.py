"""Front matter and body: read exactly, written into without touching anything else."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.growth import reads_straight
from tests.measured import blog
from tracker.errors import TrackerError
from tracker.model import KINDS, Note, Precision
from tracker.text.document import (
    FrontMatterError,
    decode,
    encode,
    line_and_column,
    note_id,
    notes_of,
    parse,
    role,
    with_updates,
)
from tracker.text.front_matter import find

CASES = Path(__file__).parent / "cases" / "documents"
EASTERN = timezone(timedelta(hours=-4))
NOTE = Note(
    "u1", "update", "This article has been updated.", datetime(2022, 5, 12, 7, 45, tzinfo=EASTERN)
)


def cases(name: str) -> list[Any]:
    found = tomllib.loads((CASES / name).read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["name"]) for case in found]


def as_text(value: object) -> str | None:
    return value.isoformat() if isinstance(value, date) else None


@pytest.mark.parametrize("case", cases("front-matter.toml"))
def test_front_matter_is_read_as_the_cases_say(case: dict[str, Any]) -> None:
    document = parse(case["text"])
    matter = document.front_matter
    assert (matter.format if matter else None) == case.get("format")
    assert document.headline == case.get("headline")
    assert document.dek == case.get("dek")
    assert document.bylines == tuple(case.get("bylines", ()))
    assert as_text(document.published_date) == case.get("published")
    assert document.draft is case.get("draft", False)
    assert document.language == case.get("language")
    assert document.body == case.get("body", "")
    error = matter.error.sentence if matter and matter.error else None
    assert error == case.get("error")


def note_from(raw: dict[str, Any]) -> Note:
    at = raw.get("at")
    precision: Precision = "none" if at is None else "day"
    if isinstance(at, datetime):
        precision = "minute"
    else:
        day = at or date(1970, 1, 1)
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    withdrawn = raw.get("withdrawn")
    return Note(raw["id"], raw["kind"], raw["text"], at, precision, withdrawn=withdrawn)


@pytest.mark.parametrize("case", cases("updates.toml"))
def test_notes_are_written_as_the_cases_say(case: dict[str, Any]) -> None:
    notes = [note_from(raw) for raw in case["notes"]]
    for newline in ("\n", "\r\n"):
        document = parse(case["before"].replace("\n", newline))
        if "refused" in case:
            with pytest.raises(TrackerError) as caught:
                with_updates(document, notes)
            assert caught.value.sentence == case["refused"]
            assert caught.value.hint
        else:
            written = with_updates(document, notes)
            assert written == case["after"].replace("\n", newline)
            assert with_updates(parse(written), notes) == written
            assert notes_of(parse(written)) == tuple(notes)


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        ("é\r\nx\ry".encode(), "utf-8", "é\r\nx\ry"),
        (b"\xef\xbb\xbf---\n", "utf-8", "\ufeff---\n"),
        ("\ufeffé😀".encode("utf-16-le"), "utf-16-le", "\ufeffé😀"),
        ("\ufeffé".encode("utf-16-be"), "utf-16-be", "\ufeffé"),
        (b"\x93caf\xe9\x94", "cp1252", "“café”"),
        (b"\x81\xe9", "latin-1", "\x81é"),
    ],
)
def test_bytes_are_read_in_their_encoding(data: bytes, encoding: str, text: str) -> None:
    assert decode(data) == (text, encoding)
    assert encode(text, encoding) == data


@given(st.binary(max_size=200))
def test_any_bytes_that_are_text_come_back(data: bytes) -> None:
    try:
        text, encoding = decode(data)
    except TrackerError:
        assert b"\0" in data
    else:
        assert encode(text, encoding) == data


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfe\0\0a\0\0\0", b"\xff\xfea\0b"])
def test_what_is_not_text_is_refused(data: bytes) -> None:
    with pytest.raises(TrackerError, match=r"^The file is not text: it holds zero bytes\.$"):
        decode(data)


def test_a_character_outside_the_encoding_is_named() -> None:
    with pytest.raises(TrackerError) as caught:
        encode("ok 😀", "cp1252")
    assert caught.value.sentence == (
        "The file is encoded in cp1252, which cannot hold the character U+1F600."
    )


@pytest.mark.parametrize(
    ("offset", "place"),
    [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (6, (4, 1)), (99, (4, 2))],
)
def test_lines_end_with_every_kind_of_break(offset: int, place: tuple[int, int]) -> None:
    assert line_and_column("a\r\n\rb\nc", offset) == place


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_line_breaks_and_byte_order_marks_are_kept(newline: str, mark: str, end: str) -> None:
    for text in (f"---\ntitle: x\n---\nText.{end}", f'+++\ntitle = "x"\n+++\nText.{end}'):
        text = mark + text.replace("\n", newline)
        document = parse(text)
        assert document.headline == "x"
        assert document.body == f"Text.{end}".replace("\n", newline)
        written = with_updates(document, [NOTE])
        assert notes_of(parse(written)) == (NOTE,)
        assert written.count(newline) == written.replace("\r\n", "\n").replace("\r", "\n").count(
            "\n"
        )
        assert with_updates(parse(written), []) == text


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("title", "headline"),
        ("Sub-Title", "dek"),
        ("standfirst", "dek"),
        ("authors", "byline"),
        ("author.name", "byline"),
        ("publishDate", "date"),
        ("image_caption", "caption"),
        ("image.caption", "caption"),
        ("cover.src", "image"),
        ("updates", "notes"),
        ("layout", "metadata"),
    ],
)
def test_keys_have_roles(key: str, expected: str) -> None:
    assert role(key) == expected


def test_structured_notes_are_read_with_tolerance() -> None:
    """Entries that are no notes are passed over, and nothing crashes."""
    document = parse(
        "---\nupdates:\n"
        "  - words\n  - 7\n  - null\n  - [a, b]\n  - {kind: update}\n  - {text: no kind}\n"
        "  - {kind: gossip, text: x}\n  - {kind: update, text: '  '}\n  - {kind: update, text: 7}\n"
        "  - {id: 7, kind: Editor's note, at: 2022-05-12 07:45, text: One.}\n"
        "  - {kind: CORRECTION, at: 2022-05-12, text: Two., withdrawn: true}\n"
        "  - {id: u3, kind: update, at: some day, text: Three., amends: 7, covers: abc}\n"
        "  - {id: u4, kind: update, at: 2022-05-12T07:45:00Z, text: Four.}\n"
        "---\n"
    )
    zone = ZoneInfo("America/New_York")
    brought = datetime(2022, 6, 1, tzinfo=UTC)
    day = datetime(2022, 5, 12, tzinfo=zone)
    assert notes_of(document, zone, brought) == (
        Note("7", "editors-note", "One.", datetime(2022, 5, 12, 7, 45, tzinfo=zone)),
        Note(note_id("correction", "Two."), "correction", "Two.", day, "day", withdrawn=day),
        Note("u3", "update", "Three.", brought, "none", amends="7", covers="abc"),
        Note("u4", "update", "Four.", datetime(2022, 5, 12, 7, 45, tzinfo=UTC)),
    )
    assert len(document.updates) == 9


@pytest.mark.parametrize(
    "value", ["true", "7", "words", "{a: b}", "[]", "[1, [2]]", "~", "2022-05-12"]
)
def test_a_sites_own_updates_are_no_notes(value: str) -> None:
    assert notes_of(parse(f"---\nupdates: {value}\n---\n")) == ()


@pytest.mark.parametrize("text", ["Text.\n", "Title: x\nDate: y\n", "---\nupdates: true\n---\n"])
def test_no_notes_change_nothing_where_none_can_be(text: str) -> None:
    assert with_updates(parse(text), []) == text


def test_a_note_without_words_or_with_control_characters_is_refused() -> None:
    document = parse("---\ntitle: x\n---\n")
    with pytest.raises(TrackerError, match=r"^A note needs words\.$"):
        with_updates(document, [NOTE._replace(text=" ")])
    with pytest.raises(TrackerError, match=r"^A note cannot hold the control character U\+0007\.$"):
        with_updates(document, [NOTE._replace(text="bell\a")])


def test_an_error_can_name_its_file() -> None:
    matter = parse("---\na: b: c\n---\n").front_matter
    assert matter is not None
    assert matter.error is not None
    assert matter.error.in_file("a.md").sentence == (
        "a.md, line 2, column 5: mapping values are not allowed in this context."
    )


# --- Hostile input --------------------------------------------------------------------------------

LAUGHS = "".join(
    f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else 'x'}]\n" for n in range(30)
)
MERGES = "m0: &m0 {a: 1}\n" + "".join(
    f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 30)
)
CHAIN = "c0: &c0 [x]\n" + "".join(f"c{n}: &c{n} [*c{n - 1}]\n" for n in range(1, 20_000))
HOSTILE: dict[str, str] = {
    "aliases that multiply": f"---\n{LAUGHS}---\n",
    "merge keys that multiply": f"---\n{MERGES}---\n",
    "a chain of aliases": f"---\n{CHAIN}---\n",
    "an alias inside its anchor": "---\na: &a [*a]\n---\n",
    "open brackets": "---\na: " + "[" * 500_000 + "\n---\n",
    "open braces": "---\na: " + "{" * 500_000 + "\n---\n",
    "nested dashes": "---\n" + "- " * 100_000 + "\n---\n",
    "nested questions": "---\n" + "? " * 100_000 + "\n---\n",
    "deep indentation": "---\n" + "".join(" " * n + "a:\n" for n in range(1000)) + "---\n",
    "TOML brackets": "+++\na = " + "[" * 100_000 + "\n+++\n",
    "TOML dotted keys": "+++\n" + ".".join("a" * 20_000) + " = 1\n+++\n",
    "TOML headers": "+++\n" + "[" + ".".join("a" * 20_000) + "]\n+++\n",
    "too many values": "---\n" + "a: x\n" * 300_000 + "---\n",
    "too much of it": "---\na: " + "x" * 2_000_000 + "\n---\n",
    "a control character": "---\ntitle: \x07\n---\n",
    "half a character": "---\ntitle: \ud800\n---\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_front_matter_is_an_error_in_bounded_time(name: str) -> None:
    document = parse(HOSTILE[name])
    assert document.front_matter is not None
    assert document.front_matter.error is not None
    assert document.body == ""
    fence = HOSTILE[name][-5:]
    reads_straight(lambda part: parse(part + fence), HOSTILE[name])
    with pytest.raises(FrontMatterError):
        with_updates(document, [NOTE])


@pytest.mark.parametrize(
    "text",
    [
        "-" * 1_000_000,
        "---\n" * 100_000,
        "---\n" + "x" * 1_000_000,
        "# " * 500_000,
        "=\n" * 200_000,
        "`" * 1_000_000,
        "```\n" * 100_000,
        "[" * 1_000_000,
        "Title: " + "x" * 1_000_000,
        "Title: x\n" * 100_000,
        "Title: x\n" + "    y\n" * 200_000,
        "a " * 500_000 + ":",
        "\r" * 300_000,
        "\ufeff" * 1000,
        "---\ntitle: " + "x" * 900_000 + "\n---\n",
        "---\ndate: " + "1" * 900_000 + "\n---\n",
        "---\ndate: 2022-05-12 " + " " * 900_000 + "x\n---\n",
    ],
    ids=range(17),
)
def test_hostile_texts_are_read_in_bounded_time(text: str) -> None:
    def read(text: str) -> None:
        document = parse(text)
        assert document.text[document.body_start :] == document.body
        assert document.headline is None or document.headline.strip()
        assert document.dek is None or document.dek.strip()
        assert isinstance(document.bylines, tuple)
        assert document.published_date is None or isinstance(document.published_date, date)
        line_and_column(text, len(text))
        notes_of(document)

    reads_straight(read, text)


@given(st.text(alphabet="-+.:#=\n\r \t[]{}&*!'\"|>aTitle\ufeff\x85\u2028", max_size=80))
@settings(max_examples=200)
def test_any_text_is_read(text: str) -> None:
    for prefix in ("", "---\n", "+++\n", "Title: x\n"):
        document = parse(prefix + text + "\n---\n+++\n")
        assert document.text[document.body_start :] == document.body
        assert isinstance(document.draft, bool)
        assert document.headline is None or document.headline
        assert isinstance(document.bylines, tuple)
        assert notes_of(document) == () or document.updates


# --- Properties -----------------------------------------------------------------------------------

words = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"])
    | st.sampled_from("\n\t\x85:#-\"'\\"),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip() and "\ufffe" not in text and "\uffff" not in text)
names = st.text("abcdefghij0123456789-_ :#'é", min_size=1, max_size=8).filter(str.strip)
instants = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, EASTERN, ZoneInfo("Europe/Kyiv"), ZoneInfo("Asia/Kolkata")]),
)


@st.composite
def notes(draw: st.DrawFn) -> Note:
    at = draw(instants)
    levels: list[Precision] = ["minute", "day", "none"]
    precision = draw(st.sampled_from(levels))
    if precision == "day":
        at = datetime(at.year, at.month, at.day, tzinfo=UTC)
    elif precision == "none":
        at = datetime(1970, 1, 1, tzinfo=UTC)
    return Note(
        id=draw(names).strip(),
        kind=draw(st.sampled_from(KINDS)),
        text=draw(words).strip(),
        at=at,
        precision=precision,
        amends=draw(st.none() | names.map(str.strip)),
        withdrawn=draw(st.none() | instants),
        covers=draw(st.none() | st.text("0123456789abcdef", min_size=7, max_size=40)),
    )


def same(found: Sequence[Note], expected: Sequence[Note]) -> bool:
    """Compare instants as such: Python finds some times of two zones never equal."""

    def plain(note: Note) -> Note:
        taken = note.withdrawn and note.withdrawn.astimezone(UTC)
        return note._replace(at=note.at.astimezone(UTC), withdrawn=taken)

    return [plain(note) for note in found] == [plain(note) for note in expected]


many_notes = st.lists(notes(), max_size=4, unique_by=lambda note: note.id)
yaml_lines = st.lists(
    st.sampled_from(
        [
            "title: 'It''s here'   # comment",
            'dek: "a\\nb"',
            "excerpt: >",
            "  folded text",
            "  and more",
            "text: |+",
            "  kept",
            "",
            "# a comment",
            "tags: [a,  b]",
            "list:",
            "- one",
            "- two: {x: .nan}",
            "anchor: &a {k: 1}",
            "alias: *a",
            "date: 2016-08-08 (optional)",
            "number: 1_000",
            "plain: several",
            "  lines of it",
            "été: 😀",
            "? odd",
            ": key",
        ]
    ),
    max_size=12,
)
toml_lines = st.lists(
    st.sampled_from(
        [
            "title = 'x' # [[updates]]",
            'dek = """',
            "[[updates]]",
            '"""',
            "tags = [",
            "  'a', # ]",
            "]",
            "",
            "# comment",
            "[author]",
            'name = "Jane"',
            "[[links]]",
            "href = 'x'",
            "n = nan",
            "date = 2016-08-08",
        ]
    ),
    max_size=12,
)


@given(
    yaml_lines | toml_lines.map(lambda found: ["+++", *found]),
    many_notes,
    many_notes,
    st.booleans(),
)
@settings(max_examples=80)
def test_a_splice_brings_the_notes_and_leaves_the_rest(
    lines: list[str], first: list[Note], second: list[Note], windows: bool
) -> None:
    """Splice, parse: the notes are there, other keys are equal, other bytes are as they were."""
    fence = "+++" if lines[:1] == ["+++"] else "---"
    newline = "\r\n" if windows else "\n"
    text = newline.join([fence, *(lines[1:] if fence == "+++" else lines), fence, "Body.", ""])
    document = parse(text)
    matter = document.front_matter
    assume(matter is not None and matter.error is None and "updates" not in matter.data)
    assert matter is not None
    one = with_updates(document, first)
    assert same(notes_of(parse(one)), first)
    assert one.startswith(text[: matter.content_end])
    assert one.endswith(text[matter.content_end :])
    assert with_updates(parse(one), []) == text
    two = with_updates(parse(one), second)
    order = [note.id for note in first]
    expected = sorted(second, key=lambda n: order.index(n.id) if n.id in order else len(order))
    assert same(notes_of(parse(two)), expected)
    assert with_updates(parse(two), second) == two
    assert with_updates(parse(two), []) == text
    found = parse(two).front_matter
    assert found is not None
    rest = {key: value for key, value in found.data.items() if key != "updates"}
    assert repr(rest) == repr(matter.data)


def test_posts_of_a_blog_take_notes_and_give_them_back(tmp_path: Path) -> None:
    """In every third post that parses, only the list of notes is written."""
    parsed = 0
    paths = sorted(blog(tmp_path).rglob("*.md"))[::3]
    for path in paths:
        text, encoding = decode(path.read_bytes())
        assert encode(text, encoding) == path.read_bytes()
        document = parse(text)
        if document.front_matter is None or document.front_matter.error is not None:
            continue
        parsed += 1
        other = NOTE._replace(id="u2", text="It was 40: “not” 400. # 😀")
        one = with_updates(document, [NOTE])
        two = with_updates(parse(one), [NOTE, other])
        assert notes_of(parse(two)) == (NOTE, other)
        assert notes_of(parse(with_updates(parse(two), [other]))) == (other,)
        assert with_updates(parse(two), [NOTE]) == one
        assert with_updates(parse(one), []) == text
    assert parsed > len(paths) / 2


_LINES = (
    "long = " + '"' + 'a \\n b \\"c\\" \\u003cp\\u003e\\t ü' * 40 + '"',
    "long = " + '"' + "x" * 400 + '"  ',
    "other = " + '"' + "\\ud800" + "y" * 400 + '"',  # no scalar value: an error
    "other = " + '"' + "\\q" + "y" * 400 + '"',
    "other = " + '"' + "z" * 400 + '" # remark',
    'text = """',
    "text = '''",
    "[table]",
    "[[updates]]",
    "date = 2022-05-12",
    'short = "\ue000" # ' + "w" * 300,
    "list = [",
    "]",
)


@given(st.lists(st.sampled_from(_LINES), max_size=7), st.sampled_from(("\n", "\r\n")))
def test_long_strings_of_toml_are_read_as_the_standard_library_reads_them(
    lines: list[str], line_break: str
) -> None:
    content = line_break.join(["", *lines, ""])
    found = find(f"+++{content}+++\n")
    assert found is not None
    try:
        expected, problem = tomllib.loads(content), ""
    except tomllib.TOMLDecodeError as error:
        expected, problem = {}, str(error)
    assert found.data == expected
    assert (found.error is None) == (problem == "")
    if found.error is not None:
        assert found.error.problem.casefold() in problem.casefold()
