"""The bench's own server: a private PostgreSQL with durable commits, gunicorn as `up` runs it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from config.env import BASE_DIR
from config.postgres import PrivatePostgres
from tests.ports import free_port

_DEADLINE = 60.0


@contextmanager
def database() -> Iterator[None]:
    """Run a throwaway database; settings read its address from the environment."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        state = Path(folder)
        state.chmod(0o711)  # the server's own user passes through
        server = PrivatePostgres(state)
        server.start(durable=True)
        os.environ["DATABASE_URL"] = server.url
        os.environ["HOLDFAST_STATE"] = str(state / "state")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        try:
            yield
        finally:
            server.destroy()


@contextmanager
def web() -> Iterator[int]:
    """Serve on a free port of the loopback; the port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:config.web", "config.wsgi"]
    quiet = {**os.environ, "LOG_LEVEL": "WARNING"}
    with subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}"], cwd=BASE_DIR, env=quiet
    ) as process:
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=_DEADLINE)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            client = HTTPConnection("127.0.0.1", port, timeout=2)
            client.request("GET", "/livez")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    message = "the web server did not start"
    raise RuntimeError(message)
