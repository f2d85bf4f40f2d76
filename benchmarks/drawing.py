"""A line chart on logarithmic axes, as an SVG text: what grows, and how fast.

Used by benchmarks that measure growth::

    lines = [Line("import, packed", ((10_000, 11.2), (100_000, 110.4), (1_000_000, 1120.0)))]
    Path("docs/bulk-growth.svg").write_text(
        chart("Time of a bulk import", "revisions", "seconds", lines), "utf-8"
    )
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 760, 460  # pixels of the whole picture
LEFT, RIGHT, TOP, BOTTOM = 84, 200, 56, 60  # pixels around the plot; names of lines at the right
COLORS = ("#0b6e99", "#b3400f", "#3f7d20", "#7a3e9d", "#8a6d00", "#444444")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4", "1 4")  # told apart without color too
_ROOM = 15  # pixels between the names of two lines


class Line(NamedTuple):
    """One thing measured at several sizes."""

    name: str
    points: tuple[tuple[float, float], ...]  # (x, y), both above 0


class _Axis(NamedTuple):
    low: int  # powers of ten
    high: int
    start: float  # pixels
    end: float

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def chart(title: str, across: str, upward: str, lines: Sequence[Line]) -> str:
    """The picture of some lines. ``across`` and ``upward`` name the axes, with their units.

    A thin gray line shows growth in step with size (ten times the size, ten times the value).
    Raises ``ValueError`` where there is no point, or one that is not above 0.
    """
    points = [point for line in lines for point in line.points]
    if not points or min(min(point) for point in points) <= 0:
        raise ValueError("a logarithmic chart needs points above 0")
    x = _axis([point[0] for point in points], LEFT, WIDTH - RIGHT)
    y = _axis([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    drawn = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            ' font-family="system-ui, sans-serif" font-size="13">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        (
            f'<text x="{LEFT}" y="28" font-size="16" font-weight="600" fill="#1a1a1a">'
            f"{escape(title)}</text>"
        ),
        *_grid(x, y),
        (
            f'<text x="{(x.start + x.end) / 2:.0f}" y="{HEIGHT - 14}" text-anchor="middle"'
            f' fill="#333333">{escape(across)}</text>'
        ),
        (
            f'<text transform="translate(20 {(y.start + y.end) / 2:.0f}) rotate(-90)"'
            f' text-anchor="middle" fill="#333333">{escape(upward)}</text>'
        ),
        _in_step(lines[0], x, y),
    ]
    ends = _spread([y.at(line.points[-1][1]) for line in lines])
    for number, (line, end) in enumerate(zip(lines, ends, strict=True)):
        drawn += _line(line, x, y, number % len(COLORS), end)
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return _Axis(low, max(high, low + 1), start, end)


def _grid(x: _Axis, y: _Axis) -> list[str]:
    drawn = []
    for power in range(x.low, x.high + 1):
        at = x.at(10.0**power)
        drawn += [
            f'<path d="M{at:.1f} {y.start}V{y.end}" stroke="#dddddd"/>',
            (
                f'<text x="{at:.1f}" y="{y.start + 20}" text-anchor="middle" fill="#333333">'
                f"{_number(power)}</text>"
            ),
        ]
    for power in range(y.low, y.high + 1):
        at = y.at(10.0**power)
        drawn += [
            f'<path d="M{x.start} {at:.1f}H{x.end}" stroke="#dddddd"/>',
            (
                f'<text x="{x.start - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#333333">'
                f"{_number(power)}</text>"
            ),
        ]
    return drawn


def _number(power: int) -> str:
    """A power of ten as people write it."""
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"


def _in_step(line: Line, x: _Axis, y: _Axis) -> str:
    """Growth in step with size, from the first point of the first line, inside of the plot."""
    size, value = line.points[0]
    most = min(10.0**x.high / size, 10.0**y.high / value)
    return (
        f'<path d="M{x.at(size):.1f} {y.at(value):.1f}L{x.at(size * most):.1f}'
        f' {y.at(value * most):.1f}" stroke="#bbbbbb" stroke-width="1"/>'
    )


def _spread(wanted: Sequence[float]) -> list[float]:
    """Heights for the names of lines, near where the lines end, and none over another."""
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    heights = list(wanted)
    for before, number in itertools.pairwise(order):
        heights[number] = max(heights[number], heights[before] + _ROOM)
    return heights


def _line(line: Line, x: _Axis, y: _Axis, number: int, name_at: float) -> list[str]:
    color = COLORS[number]
    places = [(x.at(size), y.at(value)) for size, value in line.points]
    path = "L".join(f"{across:.1f} {up:.1f}" for across, up in places)
    dash = f' stroke-dasharray="{DASHES[number]}"' if DASHES[number] else ""
    dots = [
        f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3.5" fill="{color}">'
        f"<title>{escape(line.name)}: {value:g} at {size:,.0f}</title></circle>"
        for (across, up), (size, value) in zip(places, line.points, strict=True)
    ]
    return [
        f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>',
        *dots,
        (
            f'<text x="{places[-1][0] + 10:.1f}" y="{name_at + 4:.1f}" fill="{color}">'
            f"{escape(line.name)}</text>"
        ),
    ]
