"""How the parts of an address are told from one another."""

from __future__ import annotations

from werkzeug.routing import BaseConverter, PathConverter

from tracker.web import addresses


class Address(PathConverter):
    """An article's address: anything that a file may be called, with folders."""

    regex = "(?s:[^/].*?)"
    weight = 300


class Stamp(BaseConverter):
    """A version's stamp."""

    regex = addresses.STAMP
    weight = 50


class Month(BaseConverter):
    """A month, ``2022-05``."""

    regex = r"\d{4}-(?:0[1-9]|1[0-2])"
    weight = 50
