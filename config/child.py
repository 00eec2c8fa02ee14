"""A process that the supervisor keeps running."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from config.env import BASE_DIR

logger = logging.getLogger("holdfast.up")

_LONGEST_DELAY_SECONDS = 30.0
_STEADY_SECONDS = 60.0


class BackOff:
    """When to try again: at once, then after 1, 2, 4 ... 30 seconds; calm resets it."""

    def __init__(self) -> None:
        self._delay = 0.0
        self._not_before = 0.0

    def is_over(self) -> bool:
        """Tell whether the next try may be made."""
        return time.monotonic() >= self._not_before

    def grow(self) -> None:
        """Note a try."""
        now = time.monotonic()
        if now - self._not_before > _STEADY_SECONDS:
            self._delay = 0.0
        self._delay = min(max(2 * self._delay, 1.0), _LONGEST_DELAY_SECONDS)
        self._not_before = now + self._delay


class Child:
    """One Python module run as a process with all it forks: started, watched, stopped."""

    def __init__(
        self, name: str, command: Sequence[str], *, grace: float, descriptors: Sequence[int] = ()
    ) -> None:
        self.name = name
        self._command = command
        self._grace = grace
        self._descriptors = descriptors
        self._back_off = BackOff()
        self._process: subprocess.Popen[bytes] | None = None
        self._kill_at: float | None = None
        self._told = True
        self.deaths = 0

    def start(self) -> None:
        """Start the process; it ends with this one, and its lines go where ours go."""
        leash = [sys.executable, "-m", "config.leash", str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [*leash, *self._command],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            pass_fds=self._descriptors,
            start_new_session=True,  # Ctrl-C is ours to answer; and one group to sweep
        )
        self._told = False

    def revive(self) -> None:
        """Start the process again if it has ended and the back-off is over."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._told:
            _sweep(self._process)
            self._told = True
            self.deaths += 1
            ending = _told(self._process.returncode)
            logger.warning("%s ended with %s, starting it again", self.name, ending)
        if self._back_off.is_over():
            self._back_off.grow()
            self.start()

    def terminate(self) -> None:
        """Ask the process to finish; after its grace it is killed by `is_ending`."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._kill_at = time.monotonic() + self._grace

    def is_ending(self) -> bool:
        """Tell whether the process still runs after `terminate`, killing it when time is up."""
        if self._process is None:
            return False
        if self._process.poll() is not None:
            _sweep(self._process)
            self._process = None
            return False
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            logger.warning("%s did not finish in time and is killed", self.name)
            self.kill()
            self._kill_at = None
        return True

    def kill(self) -> None:
        """End the process and what it forked, now."""
        if self._process is not None:
            _sweep(self._process)


def _sweep(process: "subprocess.Popen[bytes]") -> None:
    """Kill what there is of a process's group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _told(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
