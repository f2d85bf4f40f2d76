"""What tests measure on: a small blog, made here, or the larger data that TRACKER_DATA names.

The blog has posts in several kinds of front matter, pulls that were merged, and a day on which all
posts were taken down, to stand again elsewhere. Each edit of a post is one that readers should be
told of, or one that they need not be, by how it is made.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.repositories import Builder, run

_named = os.environ.get("TRACKER_DATA")
LARGE = Path(_named) if _named else None


class Edit(NamedTuple):
    old: str
    new: str
    substantive: bool


class LabelledLine(NamedTuple):
    """A line of an article, and what somebody who reads it says it is."""

    text: str
    kind: str | None  # of a note; None: it is none
    date: str | None  # ISO 8601


TOPICS = [
    ("The library of {place} stays open at night", "library"),
    ("A second ferry for {place}", "ferry"),
    ("What the flood cost {place}", "flood"),
    ("{place} counts its trees", "trees"),
    ("The market hall of {place} is sold", "market hall"),
    ("School meals in {place}", "school meals"),
]
PLACES = ["Ostrava", "Haugen", "Port Lindsay", "Vila Nova", "Kestrel Bay", "Dorling"]
PEOPLE = ["Mara Holt", "Edwin Price", "Lena Fisker", "Tomas Vidal", "Ruth Adeyemi", "Ivo Kral"]
SENTENCES = [
    "{person}, who speaks for the {topic}, told the council about it on {day}.",
    "The council of {place} voted {low} to {high} for the plan.",
    "About {high},{low}00 people live within a mile, the county says.",
    "“We did not expect so many questions,” {person} said.",
    "The work will cost ${high}.{low} million and take {low} years.",
    "Nobody was hurt, according to the fire department.",
    "Two of the {low}{high} parties that offered to build it withdrew in the spring.",
    "The [minutes](https://council.example/{high}/{low}) of the meeting are public.",
    "In {place}, rain fell on {high} days of the month; on {day} alone there were {low} inches.",
    "“It is not a matter of money,” said {person}, “but of who is asked.”",
    "The office has not said when the {topic} will be paid for.",
    "Residents may write to the office until {day}.",
    "The state gave {low}{high} percent of the sum, and a bank lent what was left.",
    "A report of {day} names three reasons, the age of the pipes among them.",
    "Since then the {topic} has been closed twice, each time for repairs.",
]
EXTRAS = [
    "## What comes next\n\nThe plan goes to the state.",
    "* a new roof\n* *wider* doors\n* a ramp, `B-2` in the drawings",
    "| Year | Visitors |\n|------|----------|\n| 2019 | 41,200 |\n| 2020 | 9,800 |",
    "> The city shall keep what the city was given.\n\nSo the deed says.[^1]\n\n[^1]: Of 1911.",
    '<figure>\n<img src="/a.jpg" alt="A door">\n<figcaption>A door of 1911</figcaption>\n</figure>',
    "```\nroof 3,200\ndoors 1,150\n```",
    "![The river](river.jpg)\n{: .wide}",
]


def _matter(number: int, title: str, day: date) -> str:
    return (
        f'---\ntitle: "{title}"\ndate: {day}\nauthors:\n- mara\n- edwin\ntags: [city]\n---\n\n',
        f"---\nlayout: post\ntitle: {title}\nexcerpt: >\n  What was said,\n  and by whom.\n---\n",
        f'+++\ntitle = "{title}"\ndate = {day}\n[extra]\nimage = "a.jpg"\n+++\n\n',
        f"---\n# kept by hand\ntitle: '{title}'\nimage: /a.jpg   # wide\ndraft: false\n---\n\n",
        f"# {title}\n\n*By Lena Fisker*\n\n",
    )[number % 5]


def _post(number: int, chance: random.Random) -> str:
    heading, topic = TOPICS[number % len(TOPICS)]
    place = PLACES[number % 7 % len(PLACES)]
    day = date(2021, 1, 4) + timedelta(days=9 * number)

    def sentence() -> str:
        return chance.choice(SENTENCES).format(
            topic=topic, place=place, person=chance.choice(PEOPLE), low=chance.randint(2, 4),
            high=chance.randint(5, 9), day=f"{day + timedelta(days=chance.randint(1, 90)):%B %-d}",
        )  # fmt: skip

    blocks = [
        " ".join(sentence() for _ in range(chance.randint(2, 4)))
        for _ in range(chance.randint(5, 9))
    ]
    blocks.insert(3, EXTRAS[number % len(EXTRAS)])
    ends = f"The figures of post {number} are those of the county.\n"
    text = _matter(number, heading.format(place=place), day) + "\n\n".join([*blocks, ends])
    return text.replace("\n", "\r\n") if number % 11 == 10 else text


def _last_line(text: str, more: str) -> str:
    return text + ("\r\n" if "\r\n" in text else "\n") + more


TOLD: list[Callable[[str], str]] = [
    lambda text: text.replace("county.", "state.", 1),
    lambda text: text.replace(" million", " billion", 1),
    lambda text: text.replace("Nobody was hurt", "Two people were hurt", 1),
    lambda text: text.replace("percent of", "percentage points of", 1),
    lambda text: text.replace("Edwin Price", "Edwin Brandt"),
    lambda text: text.replace("voted ", "voted 1", 1),
    lambda text: text.replace("has not said", "has said", 1),
    lambda text: text.replace("closed twice", "closed four times", 1),
    lambda text: _last_line(text, "On Thursday a judge ordered the city to stop the work."),
    lambda text: _last_line(text, "The mayor, Hana Novak, resigned over the plan."),
]
QUIET: list[Callable[[str], str]] = [
    lambda text: text.replace(", according to", " according to", 1),
    lambda text: text.replace("“", '"').replace("”", '"'),
    lambda text: text.replace(" percent", "%"),
    lambda text: text.replace("https://council", "http://www.council"),
    lambda text: text.replace("Nobody was hurt", "**Nobody** was hurt"),
    lambda text: text.replace("among them", "amongst them"),
    lambda text: text.replace("may write", "may wirte", 1),
    lambda text: text.replace(". ", ".  "),
    lambda text: text.replace("The figures of", "The  figures of"),
]


def _versions() -> list[list[tuple[str, bool]]]:
    """For each post its versions, and whether readers should be told of each."""
    chance = random.Random(7)
    posts = []
    for number in range(44):
        versions = [(_post(number, chance), True)]
        for _ in range(number % 4):
            substantive = chance.random() < 0.5
            kinds = TOLD if substantive else QUIET
            waiting = chance.sample(kinds, len(kinds))
            old = versions[-1][0]
            new = next(made for each in waiting if (made := each(old)) != old)
            versions.append((new, substantive))
        posts.append(versions)
    return posts


def edits() -> list[Edit]:
    """Pairs of versions, and whether what changed is a change of substance."""
    if LARGE is not None:
        rows = [json.loads(line) for line in _lines(LARGE / "edits.jsonl")]
        return [Edit(row["old"], row["new"], row["substantive"]) for row in rows]
    return [
        Edit(old, new, substantive)
        for versions in _versions()
        for (old, _), (new, substantive) in pairwise(versions)
    ]


def blog(folder: Path) -> Path:
    """A clone of the blog, its files checked out."""
    if LARGE is not None:
        run(folder, "clone", "-q", str(LARGE / "18f-posts.bundle"), "blog")
        return folder / "blog"
    builder = Builder(folder / "blog")
    posts = _versions()
    paths = [f"_posts/{date(2021, 1, 4) + timedelta(days=9 * n)}-post-{n}.md" for n in range(44)]
    late = len(posts) - 6
    for number in range(late):
        builder.commit(f"Publish {number}", write={paths[number]: posts[number][0][0]})
        if number % 5 == 4:  # written on a branch, while the others went on
            name = f"pull-{number}"
            builder.commit(
                f"Draft {number}",
                on=name,
                start=f"Publish {number - 1}",
                write={paths[number - 4]: posts[number - 4][-1][0]},
            )
            builder.commit(f"Merge {number}", merge=[name])
    for number in range(late):
        for text, _ in posts[number][1:2]:
            if builder.heads["main"].tree[paths[number]][1] == posts[number][0][0].encode():
                builder.commit(f"Edit {number}", write={paths[number]: text})
    builder.commit("Delete one", delete=[paths[3]])
    standing = [path for path in paths[:late] if path != paths[3]]
    before: dict[str, bytes] = {path: builder.heads["main"].tree[path][1] for path in standing}
    builder.commit("Clear", delete=standing)
    builder.commit("About", write={"about.md": "# About\n\nThis blog moves.\n"})
    moved: dict[str, str | bytes] = {
        f"content/posts/{path.rpartition('/')[2]}": text for path, text in before.items()
    }
    builder.commit("Stand again", write=moved)
    for number in range(late, len(posts)):
        path = f"content/posts/{paths[number].rpartition('/')[2]}"
        for text, _ in posts[number]:
            builder.commit(f"Write {number}", write={path: text})
    builder.build(checkout=True)
    return folder / "blog"


NOTES = {
    "update": [
        ("*Update, {long}: This article has been updated to add what {person} said.*", True),
        ("**Update {short}, 4:45 p.m.:** The council has now answered.", True),
        ("UPDATE: {person} has since left the office.", False),
        ("This story was updated on {long} to include a statement from the bank.", True),
        ("[Update {iso}] The vote was put off.", True),
    ],
    "correction": [
        ("*Correction, {long}: An earlier version of this article misstated the cost.*", True),
        ("Correction: A previous version of this post gave the wrong year.", False),
        ("**Corrected on {long}**: The ferry has two decks, not three.", True),
        ("An earlier version of this story misspelled the name of {person}.", False),
    ],
    "clarification": [
        ("Clarification ({long}): The story now says whose money it is.", True),
        ("*Clarification: This article has been changed to say who was asked.*", False),
    ],
    "editors-note": [("Editor’s note: This article was edited after it was published.", False)],
    "retraction": [("Retraction, {long}: This article has been withdrawn.", True)],
}
NO_NOTES = [
    "The council was to be updated on {long} by {person}.",
    "“We made a correction,” {person} said, “and nobody thanked us.”",
    "Update your address with the office before {long}.",
    "The department of correction has {low}{low} officers.",
    "## Updates to the plan",
    "The plan has been updated twice since {short}, the office said.",
    "{person} noted that an earlier version of the bill named no sum.",
    "Published {long}",
    "The editors of the yearbook note the flood of 1911.",
    "Clarification of the water takes {low} hours.",
]


def labelled_lines() -> list[LabelledLine]:
    """Lines that are notes, and lines that only look like them."""
    if LARGE is not None:
        rows = [json.loads(line) for line in _lines(LARGE / "notes.jsonl")]
        return [
            LabelledLine(row["line"], row["kind"] if row["is_note"] else None, row["date"])
            for row in rows
            if not row["is_note"] or row["kind"] != "editors-note" or _tells_of_a_change(row)
        ]
    found = []
    for number, person in enumerate(PEOPLE):
        day = date(2023, 2, 27) + timedelta(days=61 * number)
        words = {
            "long": f"{day:%B} {day.day}, {day.year}", "short": f"{day:%m/%d/%Y}",
            "iso": str(day), "person": person, "low": number + 2,
        }  # fmt: skip
        for kind, forms in NOTES.items():
            for form, dated in forms:
                found.append(LabelledLine(form.format(**words), kind, str(day) if dated else None))
        found += [LabelledLine(form.format(**words), None, None) for form in NO_NOTES]
    return found


def _tells_of_a_change(row: dict[str, Any]) -> bool:
    """Whether a labelled row is more than a remark of the editors: those are no notes."""
    return any(word in row["line"] for word in ("updated", "outdated", "last week"))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
