"""The words of the languages: no language lacks a file, a table or a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tracker import locale
from tracker.locale import FIRST, FOLDER, languages, table

SPOKEN = languages("pages")  # the tool speaks them, and judges texts in them
SUBJECTS = tuple(sorted(path.stem for path in (FOLDER / FIRST).glob("*.toml")))
READ = ("dates", "hints", "notes")  # what it takes to find the notes of a language
FOLLOWED = "follow"  # what it takes to tell a followed page's article from what is around it
SENTENCES = ("changelog", "draft.phrases")  # said to somebody; pages have a test of their own
CASES = [(code, subject) for code in SPOKEN for subject in SUBJECTS]


def test_the_subjects_are_those_of_the_document() -> None:
    assert SUBJECTS == (
        "changelog", "dates", "draft", "follow", "hints", "notes", "pages", "policy", "text",
    )  # fmt: skip


def test_every_language_has_every_file_that_its_sort_of_language_has() -> None:
    for folder in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        found = tuple(sorted(path.stem for path in folder.glob("*.toml")))
        if folder.name not in ("__pycache__", *SPOKEN):
            found = tuple(subject for subject in found if subject != FOLLOWED)
            assert found in (READ, READ[1:2], ()), folder.name
        elif folder.name in SPOKEN:
            assert found == SUBJECTS, folder.name


def keys(value: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The paths of all tables and values, but of those that hold words of the language as keys."""
    for key, one in value.items():
        here = f"{path}{key}"
        yield here
        if isinstance(one, Mapping) and here not in FREE:
            yield from keys(one, f"{here}.")


FREE = {  # tables whose keys are words of the language itself, or of numbers
    "months.read", "weekdays.read", "lead_words", "groups", "number", "date", "style", "negation",
    "places", "attribution", "modality",
}  # fmt: skip
ONLY_SOME = {
    "months.ap", "months.alone",  # a language without inflected months has no other form
    "weighty", "weighty.exchanged", "weighty.phrases",  # lists of judgement, so far of English
    "places", "boilerplate", "boilerplate.phrases", "boilerplate.openings", "boilerplate.promos",
    "boilerplate.pointers", "boilerplate.requests", "boilerplate.questions",
    "boilerplate.imperatives", "boilerplate.inviting", "negation.antonyms", "boilerplate.awaited",
    "boilerplate.credits", "boilerplate.placeholders",
}  # fmt: skip


@pytest.mark.parametrize(("code", "subject"), CASES)
def test_a_language_has_every_key_of_the_english_file(code: str, subject: str) -> None:
    if subject == "pages":  # plural forms differ: tests/test_wording.py
        return
    wanted = set(keys(table(FIRST, subject))) - ONLY_SOME
    assert wanted - set(keys(table(code, subject))) == set()


@pytest.mark.parametrize("code", languages("notes"))
def test_a_language_whose_notes_are_read_has_what_reading_them_takes(code: str) -> None:
    for subject in ("hints", "notes", "dates"):
        wanted = set(keys(table(FIRST, subject))) - ONLY_SOME
        assert wanted - set(keys(table(code, subject))) == set(), subject
    labels = table(code, "notes")["labels"]
    for kind in ("update", "correction", "clarification", "editors-note", "retraction"):
        assert labels[kind], kind
    assert table(code, "hints")["notes"]["stems"]


@pytest.mark.parametrize("code", SPOKEN)
@pytest.mark.parametrize("subject", SENTENCES)
def test_a_sentence_has_the_places_of_the_english_one(code: str, subject: str) -> None:
    name, _, inner = subject.partition(".")
    own, english = table(code, name), table(FIRST, name)
    if inner:
        own, english = own[inner], english[inner]
    for key, said in english.items():
        if isinstance(said, str):
            places = set(re.findall(r"\{(\w+)\}", said)) - {"noun", "earlier_version"}
            found = set(re.findall(r"\{(\w+)\}", own[key])) - {"noun", "earlier_version"}
            assert found == places, key
            assert own[key].strip()
            assert code == FIRST or own[key] != said or key == "noun", key


@pytest.mark.parametrize(
    ("tag", "code"), [("de-AT", "de"), ("EN_us", "en"), ("nl", "en"), ("", "en"), ("../x", "en")]
)
def test_a_language_without_words_gets_english_ones(tag: str, code: str) -> None:
    assert locale.spoken(tag, "changelog") == table(code, "changelog")
