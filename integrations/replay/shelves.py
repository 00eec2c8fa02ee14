"""Keeps the clients of a replay out of each other's way where they count stock."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager


class Shelves:
    """Keeps shipments and counts of a SKU apart.

    A return reads what is on hand and writes the sum: a shipment in between would be undone.
    """

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    @contextmanager
    def held(self, skus: Iterable[str]) -> Iterator[None]:
        """Hold these SKUs; taken in one order, so that nobody waits in a circle."""
        with ExitStack() as stack:
            for sku in sorted(set(skus)):
                with self._guard:
                    lock = self._locks[sku]
                stack.enter_context(lock)
            yield
