"""Running a rival at a named point of somebody's transaction: races without luck."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any
from unittest.mock import patch

from django.db import connection, connections

DEADLINE = 20.0
_POLL = 0.005


def in_own_connection(work: Callable[[], Any]) -> Callable[[], Any]:
    """Run work as another process would: with a connection of its own, given back at the end."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return run


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run works at the same time; return what each returned, or the error it raised."""
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(in_own_connection(work)) for work in works]
        return [future.exception(DEADLINE * 3) or future.result() for future in futures]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        (waiting,) = cursor.fetchone()
    return bool(waiting)


def _until_done_or_waiting(rival: Future[Any]) -> None:
    pause = Event()
    for _ in range(int(DEADLINE / _POLL)):
        if rival.done() or _somebody_waits():
            return
        pause.wait(_POLL)
    message = "the rival neither finished nor waits for a lock"
    raise TimeoutError(message)


@contextmanager
def rival_before(target: str, work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Start `work` in another connection just before the first call of `target`.

    The call goes on when the rival is done or waits for a lock. The list holds the rival's result
    or error when the block has ended.
    """
    results: list[Any] = []
    module, _, name = target.rpartition(".")
    with ThreadPoolExecutor(1) as pool:
        started: list[Future[Any]] = []
        original = getattr(__import__(module, fromlist=[name]), name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if not started:
                started.append(pool.submit(in_own_connection(work)))
                _until_done_or_waiting(started[0])
            return original(*args, **kwargs)

        with patch(target, call):
            yield results
        assert started, f"{target} was never called"
        results.append(started[0].exception(DEADLINE) or started[0].result())
