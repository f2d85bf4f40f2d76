"""Instants and the words for them: ``05/12/22, 7:45 a.m. ET``, ``12. Mai 2022``, ``yesterday 9pm``.

The face of four rooms: ``moments`` reads what an editor types, ``stamps`` finds dates that stand
in running text, ``patterns`` writes dates by CLDR patterns, ``zones`` knows names of time zones.
"""

from __future__ import annotations

from tracker.house.moments import Moment, read_moment
from tracker.house.patterns import write_clock, write_pattern
from tracker.house.stamps import Stamp, find_stamps
from tracker.house.zones import instant, zone

__all__ = [
    "Moment",
    "Stamp",
    "find_stamps",
    "instant",
    "read_moment",
    "write_clock",
    "write_pattern",
    "zone",
]
