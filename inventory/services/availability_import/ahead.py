"""Reading ahead: the next lines are parsed while the database works at the ones before."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 128
_POLL_SECONDS = 0.05
_SWITCH_SECONDS = 0.0001


class Ahead(Generic[T]):
    """What an iterator generates, by a thread of its own; bounded: memory stays flat.

    It begins the next only in a time of `reading`, when the other thread waits for the database:
    else it would take the interpreter from it, for milliseconds at a time.
    """

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._may_read = Event()
        self._ready: Queue[T | BaseException | None] = Queue(_MOST)
        self._is_over = Event()
        self._thread = Thread(target=self._read, name="reading ahead", daemon=True)

    def __iter__(self) -> Iterator[T]:
        while True:
            with self.reading():
                ready = self._ready.get()
            if ready is None:
                return
            if isinstance(ready, BaseException):
                raise ready
            yield ready

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let the thread read while the block runs; nobody waits for what it is at then."""
        self._may_read.set()
        try:
            yield
        finally:
            self._may_read.clear()

    def stop(self) -> None:
        """End the thread; what it has read is dropped."""
        self._is_over.set()
        self._may_read.set()
        self._thread.join()

    def _read(self) -> None:
        try:
            while True:
                self._may_read.wait()
                ready = next(self._source, None)
                if not self._put(ready) or ready is None:
                    return
        except BaseException as error:  # noqa: BLE001  # raised again where the entries are taken
            self._put(error)

    def _put(self, ready: T | BaseException | None) -> bool:
        while not self._is_over.is_set():
            try:
                self._ready.put(ready, timeout=_POLL_SECONDS)
            except Full:
                continue
            return True
        return False


@contextmanager
def ahead(source: Iterator[T]) -> Iterator[Ahead[T]]:
    """Read ahead while the block runs."""
    reading = Ahead(source)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    reading.start()
    try:
        yield reading
    finally:
        reading.stop()
        sys.setswitchinterval(interval)
