"""What the supervisor refuses, and how its children are started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import supervisor
from config.child import BackOff, Child
from config.refusal import CannotStart
from tests.config.running import until


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70_000), ("256.1.1.1", 0), ("192.0.2.1", 0)]
)
def test_an_address_that_is_none_is_told(host, port):
    sentence = r"PORT=\d+ (is not a port|are not an address to listen at)\.$"
    with pytest.raises(CannotStart, match=sentence), supervisor._listen(host, port):
        pass


def test_a_setting_that_cannot_be_read_is_told(monkeypatch):
    monkeypatch.setenv("PORT", "abc")

    with pytest.raises(CannotStart, match=r"^A setting cannot be read: .*abc"):
        supervisor.Options.from_environment()


@pytest.mark.parametrize(
    ("host", "printed"), [("127.0.0.1", "127.0.0.1"), ("", "127.0.0.1"), ("::1", "[::1]")]
)
def test_the_printed_address_can_be_reached(host, printed):
    try:
        with supervisor._listen(host, 0) as listener:
            address = supervisor._address(listener)
            port = listener.getsockname()[1]
            family = socket.AF_INET6 if ":" in printed else socket.AF_INET
            with socket.socket(family) as client:
                client.connect((printed.strip("[]"), port))
    except CannotStart:
        assert host == "::1", "only IPv6 may be missing on a machine"
        pytest.skip("no IPv6 here")
    assert address == f"http://{printed}:{port}"


def test_two_supervisors_in_one_state_are_refused(tmp_path):
    with (
        supervisor._only_one(tmp_path),
        pytest.raises(CannotStart, match=rf"process {os.getpid()}"),
        supervisor._only_one(tmp_path),
    ):
        pass
    with supervisor._only_one(tmp_path):
        pass


def test_back_off_grows_and_calm_resets_it(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    back_off = BackOff()
    delays = []
    for _ in range(7):
        back_off.grow()
        delays.append(back_off._not_before - now)
        now = back_off._not_before
        assert back_off.is_over()
    now += 61

    back_off.grow()

    assert delays == [1, 2, 4, 8, 16, 30, 30]
    assert back_off._not_before - now == 1


@pytest.fixture
def sleeper():
    child = Child("sleeper", ["timeit", "-n1", "-r1", "import time; time.sleep(600)"], grace=30)
    child.start()
    yield child
    child.kill()
    until(lambda: not child.is_ending(), "the end")


def test_a_child_that_was_killed_is_started_again(sleeper):
    first = sleeper._process
    os.kill(first.pid, signal.SIGKILL)
    first.wait()

    sleeper.revive()

    assert sleeper._process.pid != first.pid
    assert sleeper._process.poll() is None


def test_a_child_that_ignores_its_end_is_killed_after_its_grace():
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    child = Child("stubborn", ["timeit", "-n1", "-r1", stubborn], grace=0.1)
    child.start()
    process = child._process
    until(lambda: _ignores_sigterm(process.pid), "deaf ears")

    child.terminate()

    until(lambda: not child.is_ending(), "the end")
    assert process.returncode == -signal.SIGKILL


def _ignores_sigterm(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return int(ignored.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def test_a_leash_whose_parent_is_gone_ends_at_once():
    ended = subprocess.run([sys.executable, "-m", "config.leash", "1", "timeit", "pass"])

    assert ended.returncode == 1
