"""Ask the JSON API whatever its description allows, and what it does not, for minutes.

``python -m tests.long.api [EXAMPLES]``: so many questions of each address and mode, on a newsroom
of its own or, with ``NEWSROOM=path``, on another. It ends with a failure that can be repeated.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.test_api import faults, newsroom_in
from tracker.web import create_app


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        named = os.environ.get("NEWSROOM")
        folder = Path(named) if named else newsroom_in(Path(place))
        asked = faults(create_app(folder), examples)
    sys.stdout.write(f"{asked} questions, no fault, {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
