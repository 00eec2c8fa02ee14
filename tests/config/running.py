"""A real `manage.py up` in a state folder of its own, watched from outside."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from config.env import BASE_DIR
from tests.ports import free_port

T = TypeVar("T")

SECONDS = 90.0  # a busy machine is slow; on an idle one everything takes a few


def until(look: Callable[[], T], what: str) -> T:
    """Poll until `look` gives something true; fail after the deadline."""
    deadline = time.monotonic() + SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {SECONDS:.0f} s: {what}"
        time.sleep(0.05)
    return seen


def environment(state: Path, **variables: str) -> dict[str, str]:
    """Environment of a checkout where nothing is configured but this."""
    ours = {"DATABASE_URL", "REDIS_URL", "DB_POOL_MAX", "SECRET_KEY"}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    return clean | {"HOLDFAST_STATE": str(state), "WEB_WORKERS": "1"} | variables


def manage(*words: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


class Run:
    """One state folder and port; started, killed and started again."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.env = environment(state, PORT=str(self.port))
        self.log = state / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Be up and ready."""
        if self.process is None or self.process.poll() is not None:
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "manage.py", "up"],
                    cwd=BASE_DIR,
                    env=self.env,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            until(lambda: "Ctrl-C stops" in self.said() or self.has_ended(), "the welcome")
            assert not self.has_ended(), self.said()
        until(self.is_ready, "/readyz")

    def end(self, number: signal.Signals) -> int:
        """Send the supervisor a signal and wait for its end; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=SECONDS)

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body; (0, None) if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, None

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def processes(self) -> dict[int, str]:
        """Every living process of this state folder, with its command line."""
        found = {}
        mark = f"HOLDFAST_STATE={self.state}"
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = os.fsdecode((folder / "cmdline").read_bytes()).replace("\0", " ")
                variables = os.fsdecode((folder / "environ").read_bytes()).split("\0")
            except OSError:
                continue
            if command and (mark in variables or f"-D {self.state}/" in command):
                found[int(folder.name)] = command
        return found

    def child(self, word: str) -> int:
        """Process of the supervisor's child with this word in its command; 0 if there is none."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        children = {int(pid) for pid in path.read_text().split()}
        return next(
            (p for p, command in self.processes().items() if p in children and word in command), 0
        )
