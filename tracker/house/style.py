"""House styles: how a publisher words, dates and places what readers are told.

A style is a TOML file (``styles/*.toml``, or a newsroom's own); ``style_file`` reads it,
``lines`` writes a note's line by it, ``recognizer`` reads that line back.
"""

from __future__ import annotations

from tracker.house.lines import in_language, line, markup, pieces, sentence, when
from tracker.house.recognizer import recognise
from tracker.house.style_file import load, names, parse, source
from tracker.house.template import Order, Style, Template

__all__ = [
    "Order",
    "Style",
    "Template",
    "in_language",
    "line",
    "load",
    "markup",
    "names",
    "parse",
    "pieces",
    "recognise",
    "sentence",
    "source",
    "when",
]
