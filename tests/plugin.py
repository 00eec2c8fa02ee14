"""Starts the throwaway PostgreSQL of a test session, before Django reads its settings.

Loaded by `-p tests.plugin`: a conftest is imported after pytest-django has read the settings. The
process that starts the session owns the server; xdist's workers inherit `DATABASE_URL`.
"""

import atexit
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from config.postgres import PrivatePostgres

_PREFIX = "holdfast-test-"
_started: list["PrivatePostgres"] = []


def _sweep(folder: Path) -> None:
    """Remove the servers of sessions that were killed."""
    from config.postgres import PrivatePostgres

    for left in folder.glob(f"{_PREFIX}*-*"):
        owner = left.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            with suppress(OSError):
                PrivatePostgres(left).destroy()


def _start() -> None:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = Path(tempfile.gettempdir())
    if is_worker:
        # Whose row is in another worker's database is an orphan here.
        state = os.environ.get("HOLDFAST_STATE", str(folder))
        os.environ["IMPEX_FOLDER"] = f"{state}/impex-{os.environ['PYTEST_XDIST_WORKER']}"
    if is_worker or os.environ.get("DATABASE_URL"):
        return
    from config.postgres import PostgresUnavailable, PrivatePostgres

    _sweep(folder)
    state = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder))
    state.chmod(0o711)  # the server's own user passes through; what lies inside is private
    server = PrivatePostgres(state)
    _started.append(server)
    atexit.register(pytest_unconfigure)  # also where pytest gives up before it is configured
    try:
        server.start(durable=False)
    except PostgresUnavailable as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DATABASE_URL"] = server.url
    # Secrets, brokers and files of the tests stay out of the checkout's own state.
    os.environ["HOLDFAST_STATE"] = str(state / "state")
    os.environ.setdefault("DB_POOL_MAX", "40")  # thread races take one connection each


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    """Start the server, unless this run only tells about itself."""
    if not {"--help", "-h", "--version", "-V"} & set(args):
        _start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the server and delete its data."""
    while _started:
        _started.pop().destroy()
