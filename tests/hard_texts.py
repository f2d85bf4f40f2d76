"""Pairs of texts made to make a diff slow or large, by name."""

from __future__ import annotations

WORDS = [
    f"{first}{second}{third}" for first in "bdfgklmnpr" for second in "aeiou" for third in "stxz"
]


def unrelated(count: int, seed: int) -> str:
    """Prose of ``count`` words; another seed has other sentences of the same words."""
    words = [WORDS[(number * seed + number * number) % len(WORDS)] for number in range(count)]
    for number in range(0, count, 17):
        words[number] = words[number].capitalize()
        words[number - 1] += "."
    return " ".join(words)


HARD = {
    "3,000 unrelated words": (unrelated(3_000, 7), unrelated(3_000, 11)),
    "3,000 unrelated words in one sentence": (
        unrelated(3_000, 7).replace(".", ""),
        unrelated(3_000, 11).replace(".", ""),
    ),
    "100,000 equal short lines": (
        "line\n" * 100_000,
        "line\n" * 60_000 + "x\n" + "line\n" * 39_000,
    ),
    "100,000 equal short items": ("- a\n" * 100_000, "- b\n- a\n" * 50_000),
    "one line of 1 MB": (unrelated(200_000, 7), unrelated(200_000, 11)),
    "50,000 distinct words": (
        " ".join(f"w{number}" for number in range(50_000)),
        " ".join(f"w{number * 7 % 50_000}" for number in range(50_000)),
    ),
    "50,000 distinct paragraphs": (
        "\n\n".join(f"w{number}" for number in range(50_000)),
        "\n\n".join(f"w{number * 7 % 50_000}" for number in range(50_000)),
    ),
    "400,000 Thai letters": ("\u0e01" * 400_000 + "x", "\u0e02" + "\u0e01" * 399_000 + "y"),
    "400,000 Han characters": ("\u4e00\u4e8c" * 200_000, "\u4e8c\u4e09" * 200_000),
    "deeply nested lists": (
        "\n".join("  " * depth + f"- item {depth}" for depth in range(600)),
        "\n".join("  " * depth + f"* item {depth + 1}" for depth in range(600)),
    ),
    "deeply nested quotations": (
        "\n".join(">" * depth + " a" for depth in range(600)),
        "\n".join("> " * depth + " b" for depth in range(600)),
    ),
} | {
    f"100,000 times {sign!r}": (sign * 100_000 + "x", sign * 99_990 + "y " + sign)
    for sign in (
        "*",
        "`",
        "[",
        "(",
        "{",
        "<",
        "_",
        '"',
        ".",
        "!",
        "|",
        ">",
        "@",
        "\u0301",
        "](",
        "1,",
        "a.",
        "x_",
    )
}
