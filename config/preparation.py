"""Makes a database ready to serve: reachable, migrated, with the demo in it."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.load_demo import load_demo
from config.postgres import OLDEST_MAJOR
from config.refusal import CannotStart

_REACH_SECONDS = 5.0
_PAUSE_SECONDS = 0.3
_PREPARATION_LOCK = 0x686F6C64  # "hold": any number nobody else locks in this database


def use_database_at(socket_folder: Path) -> None:
    """Point this process at a private server that did not run when the settings were read."""
    connection.settings_dict["HOST"] = str(socket_folder)


def await_database() -> None:
    """Wait a few seconds for the database of `DATABASE_URL`, which may be starting too.

    The attempts are made in a thread, because resolving a name obeys no time limit.
    """
    parameters = _parameters()
    results: queue.Queue[int | psycopg.Error] = queue.Queue()
    prober = threading.Thread(target=_probe, args=(parameters, results), daemon=True)
    prober.start()
    deadline = time.monotonic() + _REACH_SECONDS
    reason = "it does not answer"
    while True:
        try:
            result = results.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            break
        if isinstance(result, int):
            if result < OLDEST_MAJOR:
                message = (
                    f"The database of DATABASE_URL is PostgreSQL {result}, "
                    f"but {OLDEST_MAJOR} or newer is needed."
                )
                raise CannotStart(message)
            return
        reason = _in_a_line(result)
        if "FATAL" in reason and "starting up" not in reason:
            break  # it answered: waiting changes nothing
    message = f"The database of DATABASE_URL cannot be reached: {reason}."
    raise CannotStart(message)


def prepare(state: Path, *, has_demo: bool, now: datetime) -> dict[str, Any] | None:
    """Migrate and load the demo, one process at a time; how to get into the demo, if wanted."""
    try:
        with _alone():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", interactive=False, verbosity=0)
            return load_demo(state, now=now) if has_demo else None
    finally:
        connection.close()


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process prepare this database; a lock of a transaction also holds behind a pooler."""
    with psycopg.connect(**_parameters()) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", [_PREPARATION_LOCK])
        yield


def _probe(parameters: dict[str, Any], results: "queue.Queue[int | psycopg.Error]") -> None:
    while True:
        try:
            with psycopg.connect(**parameters, connect_timeout=3) as probe:
                results.put(probe.info.server_version // 10_000)
                return
        except psycopg.Error as error:
            results.put(error)
        time.sleep(_PAUSE_SECONDS)


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return parameters | {"cursor_factory": psycopg.Cursor, "context": None}


def _in_a_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "FATAL" in line]
    return (told or lines or ["it does not answer"])[0].rstrip(".")
