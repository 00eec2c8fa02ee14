"""The heartbeat of a run: a thread beside the work, with a connection of its own."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import Error, connection

log = logging.getLogger("holdfast.jobs")

INTERVAL_SECONDS = 1.0


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call `beat` again and again while the block runs."""
    ended = Event()
    thread = Thread(target=_beat, args=(beat, ended), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(beat: Callable[[], None], ended: Event) -> None:
    while not ended.wait(INTERVAL_SECONDS):
        try:
            beat()
        except Error as error:  # the work has the same trouble, and says more of it
            log.warning("A heartbeat was missed: %s", error)
        finally:
            connection.close()  # back to the pool: a beat is short and rare
