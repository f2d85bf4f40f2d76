"""Long work of a server is done in processes of its own, and without them all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tracker.web.apart import Helpers

STARTED = """
import os, sys, time
from tracker.web.apart import Helpers
helpers = Helpers(1)
print(helpers.do("", os.getpid), flush=True)
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
        assert helpers.do("", sorted, [3, 1, 2], reverse=True) == [3, 2, 1]
        assert helpers.do("", os.getpid) != os.getpid()
    finally:
        helpers.close()
    assert helpers.do("", os.getpid) == os.getpid()


def test_a_helper_that_is_killed_is_done_without() -> None:
    helpers = Helpers(1)
    try:
        os.kill(helpers.do("", os.getpid), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while helpers.do("", os.getpid) != os.getpid():
            assert time.monotonic() < deadline
    finally:
        helpers.close()


def test_what_has_the_same_name_is_done_by_the_same_helper() -> None:
    helpers = Helpers(3)
    try:
        names = [f"content/{number}.md" for number in range(40)]
        first = [helpers.do(name, os.getpid) for name in names]
        assert [helpers.do(name, os.getpid) for name in names] == first
        assert len(set(first)) == 3
    finally:
        helpers.close()


def test_an_error_in_a_helper_is_that_of_the_work_and_the_helper_goes_on() -> None:
    helpers = Helpers(1)
    try:
        helper = helpers.do("", os.getpid)
        with pytest.raises(ValueError, match="invalid literal"):
            helpers.do("", int, "no number")
        assert helpers.do("", os.getpid) == helper
    finally:
        helpers.close()


def test_many_threads_share_few_helpers_and_each_gets_its_own_answer() -> None:
    helpers = Helpers(2)
    try:
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda number: helpers.do(str(number), str, number), range(500)))
        assert found == [str(number) for number in range(500)]
    finally:
        helpers.close()


def test_who_waits_for_a_helper_that_is_killed_is_answered_all_the_same() -> None:
    helpers = Helpers(1)
    helper = helpers.do("", os.getpid)
    with ThreadPoolExecutor(4) as pool:
        busy = pool.submit(helpers.do, "", time.sleep, 1)
        time.sleep(0.1)
        waiting = [pool.submit(helpers.do, "", str, number) for number in range(3)]
        assert not any(each.done() for each in waiting)
        os.kill(helper, signal.SIGKILL)
        assert [each.result(20) for each in waiting] == ["0", "1", "2"]
        assert busy.result(20) is None  # begun again, in this process
    assert helpers.do("", os.getpid) == os.getpid()


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
