"""Hostile articles in a real browser, for as long as one likes.

    python -m tests.long.hostile_pages [EXAMPLES]

Each example is a newsroom of six articles whose words, notes and names all try to run something;
every page of theirs is opened in Chromium. Ends at the first one that does anything.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.browsing import chromium
from tests.hostile_pages import Hostile, attempts, play


def main(examples: int) -> None:
    """Play that many newsrooms; each run plays others."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        stand = Hostile(browser, Path(folder))
        done = 0

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=False,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(attempts(), min_size=6, max_size=6))
        def run(tried: list[dict[str, str]]) -> None:
            nonlocal done
            play(stand, tried)
            done += 1

        run()
        sys.stdout.write(f"{done} newsrooms of 6 articles, and nothing ran.\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
