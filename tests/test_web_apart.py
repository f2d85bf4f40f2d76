"""Long work of a server is done in processes of its own, and without them all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tracker.web.apart import Helpers

STARTED = """
import os, sys, time
from tracker.web.apart import Helpers
helpers = Helpers(1)
print(helpers.do(os.getpid), flush=True)
time.sleep(60)
"""


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_helper_gives_is_what_the_function_gives() -> None:
    helpers = Helpers(1)
    try:
        assert helpers.do(sorted, [3, 1, 2], reverse=True) == [3, 2, 1]
        assert helpers.do(os.getpid) != os.getpid()
    finally:
        helpers.close()
    assert helpers.do(os.getpid) == os.getpid()


def test_a_helper_that_is_killed_is_done_without() -> None:
    helpers = Helpers(1)
    try:
        os.kill(helpers.do(os.getpid), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while helpers.do(os.getpid) != os.getpid():
            assert time.monotonic() < deadline
    finally:
        helpers.close()


def test_a_helper_ends_when_its_server_is_killed() -> None:
    server = subprocess.Popen([sys.executable, "-c", STARTED], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        helper = int(server.stdout.readline())
        assert is_there(helper)
        server.kill()
        server.wait()
        deadline = time.monotonic() + 20
        while is_there(helper):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        server.kill()
        server.communicate()
