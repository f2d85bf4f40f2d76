"""Articles made for tests: mixed scripts and Markdown, and editors who change them."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

# Each is one token, whatever stands beside it between spaces.
TOKENS = [
    *("Storm", "kills", "four", "people", "near", "Dunmore", "and", "the", "governor", "said"),
    *("1,500", "$1.2bn", "15%", "6:30", "a.m.", "U.S.", "2024-03-07", "€15", "18F", "3rd"),
    *("isn't", "two-year-old", "COVID-19", "snake_case", "@mayor", "#storm", "1\u202f500"),
    *("https://example.org/a_(b)?q=1", "desk@example.org", "**", "``", "—", "…"),
    *("👩‍👩‍👧‍👦", "🇺🇦", "👍🏽", "3️⃣", "é", "cafe\u0301", "हिन्दी", "می‌خواهم", "العربية", "Шторм"),
    *("한국어", "コンピューター", "北", "京"),
]

PIECES = (
    *TOKENS,
    ". ",
    ", ",
    "; ",
    '" ',
    "“",
    "”",
    "\n",
    "\n\n",
    "\n\n",
    "\r\n",
    "\n- ",
    "\n2. ",
    "\n> ",
    "\n## ",
    "\n| a | b |\n",
    "\n```\n",
    "\n---\n",
    "\n    ",
    "[the report](https://example.org/1)",
    "![a map](/map.png)",
    '<img src="a.png" alt="The mayor speaks">',
    "<!-- note -->",
    '{{< figure src="a.png" caption="A storm" >}}',
    "{% include x %}",
    "[^1]",
    "\n[^1]: ",
    "。",
    "The council met on Monday to vote on the plan. ",
    "Nobody was hurt, the police chief told reporters. ",
    "Schools in three districts will remain closed. ",
    "台风周二袭击了沿海地区。",
    "\u0301",
    "\u200d",
    "\ufeff",
    "x",
    "*",
    "_",
    "title: x\n",
)
FRONT = (
    "",
    "---\ntitle: A storm\nauthor: Ada\n---\n",
    '---\ntitle: "A storm: four dead"\ntags:\n- a\n- b\ndate: 2024-03-07\n---\n\n',
    '+++\ntitle = "A storm"\n[params]\na = 1\n+++\n',
    "Title: A storm\nDate: 2024-03-07\n\n",
    "---\ntitle: [broken\n---\n",
)


def changed(random: Random, pieces: list[str]) -> list[str]:
    """``pieces`` as an editor might leave them: some gone, new, replaced, moved, joined."""
    found = list(pieces)
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        at = random.randrange(len(found) + 1)
        size = random.choice((1, 1, 1, 2, 5, 12))
        action = random.randrange(5)
        if action == 0:
            found[at:at] = [random.choice(PIECES) for _ in range(size)]
        elif action == 1:
            del found[at : at + size]
        elif action == 2:
            found[at : at + size] = [random.choice(PIECES) for _ in range(size)]
        elif action == 3:
            part = found[at : at + size]
            del found[at : at + size]
            to = random.randrange(len(found) + 1)
            found[to:to] = part
        else:
            found[at:at] = found[at : at + size]
    return found


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two versions of an article, or two texts with nothing in common."""
    pieces = draw(st.lists(st.sampled_from(PIECES), max_size=60))
    if draw(st.integers(0, 5)) == 0:
        other = draw(st.lists(st.sampled_from(PIECES), max_size=60))
    else:
        other = changed(draw(st.randoms(use_true_random=False)), pieces)
    join = draw(st.sampled_from(("", " ")))
    front, new_front = draw(st.sampled_from(FRONT)), draw(st.sampled_from(FRONT))
    if draw(st.booleans()):
        new_front = front
    return front + join.join(pieces), new_front + join.join(other)
