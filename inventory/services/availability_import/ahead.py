"""Reading ahead: the next lines are parsed while the database works at the ones before."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_BATCH = 32
_BATCHES = 128
_POLL_SECONDS = 0.05
_SWITCH_SECONDS = 0.0001


class Ahead(Generic[T]):
    """Batches of what an iterator generates, by a thread of its own; bounded: memory stays flat.

    It begins a batch only in a time of `reading`, when the other thread waits for the database:
    else it would take the interpreter from it, for milliseconds at a time.
    """

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._may_read = Event()
        self._ready: Queue[list[T] | BaseException | None] = Queue(_BATCHES)
        self._is_over = Event()
        self._thread = Thread(target=self._read, name="reading ahead", daemon=True)

    def __iter__(self) -> Iterator[list[T]]:
        while True:
            with self.reading():
                batch = self._ready.get()
            if batch is None:
                return
            if isinstance(batch, BaseException):
                raise batch
            yield batch

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let the thread read while the block runs; nobody waits for the batch it is at then."""
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
            while batch := self._next():
                if not self._put(batch):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001  # raised again where the entries are taken
            self._put(error)

    def _next(self) -> list[T]:
        self._may_read.wait()
        return list(islice(self._source, _BATCH))

    def _put(self, batch: list[T] | BaseException | None) -> bool:
        while not self._is_over.is_set():
            try:
                self._ready.put(batch, timeout=_POLL_SECONDS)
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
