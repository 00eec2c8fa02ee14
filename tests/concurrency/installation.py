"""An installation of its own: a database, and processes that use it and may be killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from config.env import BASE_DIR
from config.postgres import PrivatePostgres


class Installation:
    """A database of its own, and the processes that use it; nothing takes longer than `seconds`."""

    def __init__(self, state: Path, *, seconds: float, durable: bool) -> None:
        self.postgres = PrivatePostgres(state)
        self.state = state
        self.seconds = seconds
        self.durable = durable
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start_database(self) -> None:
        self.postgres.start(durable=self.durable)

    def kill_database(self) -> None:
        pid = int((self.postgres.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: not self.postgres.is_running(), "PostgreSQL is still there")

    def manage(self, *arguments: str, **options: Any) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=self.seconds,
            **options,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, code: str) -> str:
        """Run code in a process of its own, and return what it prints."""
        return self.manage("shell", "--verbosity=0", "--no-imports", "-c", code)

    def start(self, role: str, *arguments: str) -> None:
        """Start a program of `tests.concurrency.importing`."""
        with (self.state / f"{role}.log").open("ab") as log:
            self.children[role] = subprocess.Popen(
                [sys.executable, "-m", "tests.concurrency.importing", role, *arguments],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, role: str) -> None:
        child = self.children.pop(role)
        child.kill()
        child.wait(self.seconds)

    def end(self, role: str) -> None:
        child = self.children.pop(role)
        child.terminate()
        child.wait(self.seconds)

    def ended_by(self, role: str) -> int:
        """Wait for a program to end by itself, and return the signal that ended it."""
        return -self.children.pop(role).wait(self.seconds)

    def ask(self, question: str, *values: object) -> Any:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            return connection.execute(question, values).fetchone()

    def wait_for(self, is_so: Callable[[], bool], otherwise: str) -> None:
        wait_for(is_so, otherwise, seconds=self.seconds)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.postgres.url,
            "HOLDFAST_STATE": str(self.state / "state"),
            "IMPEX_FOLDER": str(self.state / "impex"),
            "IMPEX_LEASE_SECONDS": "3",
            "LOG_LEVEL": "WARNING",
            "REDIS_URL": "",
            "PYTHONWARNINGS": "",
        }


def wait_for(is_so: Callable[[], bool], otherwise: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


@contextmanager
def installed(*, seconds: float, durable: bool) -> Iterator[Installation]:
    """Install, with an empty database; `durable` if the database is to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-crash-"))
    folder.chmod(0o755)
    installation = Installation(folder, seconds=seconds, durable=durable)
    try:
        installation.start_database()
        installation.manage("migrate", "--verbosity=0")
        yield installation
    finally:
        for role in list(installation.children):
            installation.kill(role)
        installation.postgres.destroy()
