"""The one exception that people are meant to read."""

from __future__ import annotations


class TrackerError(Exception):
    """The work cannot go on, and the person can do something about it.

    ``sentence`` says what is wrong, in one sentence with its full stop.
    ``hint`` says what to do next, also in one sentence; it may be empty.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
