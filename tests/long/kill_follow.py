"""Kill rounds of ``tracker follow`` at random moments: python -m tests.long.kill_follow [TIMES].

20 times by default. No version that was seen is lost, none is recorded twice, and the repository is
clean. Ends with an assertion where one fails.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import IDENTITY
from tests.desk import Desk
from tests.followed_site import serving
from tests.test_follow_kill import kill_rounds


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        with serving() as site:
            kill_rounds(Desk(Path(folder), patch), site, times)
    sys.stdout.write(f"{times} rounds, all but the first killed: nothing lost, nothing twice\n")


if __name__ == "__main__":
    main()
