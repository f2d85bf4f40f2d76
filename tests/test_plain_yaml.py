"""Plain front matter is read as PyYAML reads it; what is not plain is left to PyYAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tracker.text import front_matter, plain_yaml

PIECES = (
    "key: ", "title: ", "updates:", "true", "Yes", "null", "on", "~", "-", "- ", "  ", ": ",
    "a: b", " #x", "#", '"', "'", "x y", "2022-05-12", "2022-05-12T07:45:00-04:00", "2022-02-31",
    "12", "012", "0x1", "1_000", "1.5", "3e5", ".5", "18F ", "/a", "é", "—", "😀", "\n", "\n- ",
    "\n  - ", "\n    ", "[", "{", "&a", "*a", "!t", "|", ">", "%", "@", "`", "?", "<<", "=", "---",
    "\\", "\t", "\r", "\u00a0", "\u2028", "٣", "http://x.y", "foo:bar", "- id: u1\n  kind: update",
)  # fmt: skip


def as_pyyaml_reads(content: str) -> Any:
    node = front_matter._composed(content)
    return front_matter._constructor().construct_document(node), node


def marks(node: Any) -> Any:
    """What a splice looks at: where a node begins, where a value ends."""
    start = node.start_mark.index, node.start_mark.column
    if isinstance(node.value, str):
        return start, node.end_mark.index, node.value, node.style or None
    return start, bool(node.flow_style), [
        tuple(map(marks, each)) if isinstance(each, tuple) else marks(each) for each in node.value
    ]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_what_is_read_here_is_what_pyyaml_reads(content: str) -> None:
    plain = plain_yaml.compose(content)
    if plain is not None:
        data, node = as_pyyaml_reads(content)
        assert repr(plain.data) == repr(data)
        assert marks(plain) == marks(node)


def test_a_usual_front_matter_needs_no_pyyaml() -> None:
    content = (
        "title: Boats in the harbor\ndate: 2022-05-12\ndraft: false\nweight: 7\n"
        'dek: "Some: said"\ntags:\n- 18F\n- sea\nimage: /a.png\nempty:\nupdates:\n  - id: u1\n'
        "    kind: update\n    at: 2022-05-12T07:45:00-04:00\n    text: Two words.\n"
    )
    plain = plain_yaml.compose(content)
    assert plain is not None
    data, node = as_pyyaml_reads(content)
    assert repr(plain.data) == repr(data)
    assert marks(plain) == marks(node)
    assert plain.data["updates"][0]["at"].isoformat() == "2022-05-12T07:45:00-04:00"  # type: ignore[index]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# a comment",
        "title: over\n  two lines",
        "title: a # comment",
        r'title: "an \"escape\""',
        "title: 'it''s'",
        "title: [a, b]",
        "title: >\n  folded",
        "key: 1.5",
        "key: 012",
        "key: 2022-02-31",
        "yes: no",
        "a:\n  b: c",
        "a: b: c",
        "key:\tvalue",
        "title: a\r\nb: c",
        "- a\n- b",
        "a: b\n- c",
        "a:\n  - b\n - c",
        "just words",
        "a: \x07",
    ],
)
def test_what_is_not_certain_is_left_to_pyyaml(content: str) -> None:
    assert plain_yaml.compose(content) is None


def test_front_matter_of_many_lines_is_left_to_pyyaml_which_counts_values() -> None:
    assert plain_yaml.compose("a: b\n" * 6_000) is None


def test_pyyaml_agrees_where_both_keys_are_the_same() -> None:
    content = "a: 1\na: 2\n"
    plain = plain_yaml.compose(content)
    assert plain is not None
    assert plain.data == yaml.safe_load(content) == {"a": 2}
