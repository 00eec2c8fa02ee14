"""A worker for imports and exports, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from config.env import BASE_DIR
from tests.browser.desk import Site

SECONDS = 60


@contextmanager
def working(site: Site) -> Iterator[None]:
    """Let a worker run jobs as long as the block lasts."""
    command = [sys.executable, "-m", "tests.concurrency.importing", "work"]
    worker = subprocess.Popen(command, cwd=BASE_DIR, env=site.variables)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(SECONDS)
