"""The clients: threads with one connection each, in processes of their own."""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

PROCESSES = 2


@dataclass(frozen=True)
class Target:
    """Where and as whom to call."""

    port: int
    organization: str
    token: str

    def address(self, family: str, path: str) -> str:
        """Return the address of a headless route."""
        return f"/inventory/{family}/v1/organizations/{self.organization}/{path}"


Call = tuple[str, str, bytes]


def _take(_target: Target, counters: int) -> Iterator[Call]:
    for n in count():
        yield "PUT", f"/inventory/bench/take/{n % counters}", b""


def _rows(_target: Target) -> Iterator[Call]:
    while True:
        yield "POST", "/inventory/bench/rows", b""


def _reserve(target: Target, skus: list[str], place: str, kind: str) -> Iterator[Call]:
    here = target.address("reservation", "reservation-documents/")
    mine = f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    for n in count(hash(mine) % 997):
        line = {"sku": skus[n % len(skus)], "quantity": 1}
        body = {kind: [{"id": place, "reservations": [line]}]}
        yield "PUT", f"{here}{mine}-{n}", json.dumps(body).encode()


def _availability(target: Target, body: dict[str, Any]) -> Iterator[Call]:
    address = target.address("availability", "availability-records/actions/get-availability")
    while True:
        yield "POST", address, json.dumps(body).encode()


def _release(_target: Target, records: int) -> Iterator[Call]:
    """Release over so many items with each call, over Connect."""
    mine = f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    for n in count():
        body = {
            "releaseRecords": [
                {
                    "actionRequestId": f"{mine}-{n}",
                    "locationIdentifier": "shop-1",
                    "stockKeepingUnit": f"item-{item}",
                    "quantity": 0.001,
                }
                for item in range(records)
            ]
        }
        path = "/services/data/v62.0/commerce/oci/reservation/actions/releases"
        yield "POST", path, json.dumps(body).encode()


def _mapping(_target: Target, taken: str, first: int, count: int) -> Iterator[Call]:
    """Take order items in blocks from a counter that all clients share, and map each once."""
    while True:
        for n in _next_block(Path(taken)):
            if n >= count:
                message = f"all {count} order items are mapped: place more of them"
                raise RuntimeError(message)
            path = f"/api/v1/order_items/{first + n}/create_mapping/"
            yield "POST", path, json.dumps({"code": f"ERP-{first + n}"}).encode()


def _next_block(taken: Path, size: int = 20) -> range:
    with taken.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        start = int(file.read())
        file.seek(0)
        file.write(str(start + size).encode())
    return range(start, start + size)


def _get(_target: Target, path: str) -> Iterator[Call]:
    while True:
        yield "GET", path, b""


MAKERS: dict[str, Callable[..., Iterator[Call]]] = {
    "take": _take,
    "rows": _rows,
    "reserve": _reserve,
    "availability": _availability,
    "release": _release,
    "mapping": _mapping,
    "get": _get,
}


@dataclass(frozen=True)
class Variant:
    """One kind of request, by the name of its maker and the maker's arguments.

    `authorization` is the header's value; empty for the target's own token.
    """

    maker: str
    arguments: dict[str, Any]
    authorization: str = ""


def _client(target: Target, variant: Variant, until: float, counts: list[int]) -> None:
    calls = MAKERS[variant.maker](target, **variant.arguments)
    authorization = variant.authorization or f"Bearer {target.token}"
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", target.port, timeout=30)
    done = 0
    while time.monotonic() < until:
        method, path, body = next(calls)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201) or b'"success":false' in said:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")  # noqa: EM102
        done += 1
    counts.append(done)


def _process(target: Target, variant: Variant, clients: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    counts: list[int] = []
    threads = [
        threading.Thread(target=_client, args=(target, variant, until, counts))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < clients:
        message = f"a client of {variant} failed"
        raise RuntimeError(message)
    return sum(counts)


class Clients:
    """Calls a target with many clients at once, for a time."""

    def __init__(self, target: Target, pool: ProcessPoolExecutor) -> None:
        self._target, self._pool = target, pool

    def rate(self, variant: Variant, *, clients: int, seconds: float) -> float:
        """Return answered requests a second."""
        shares = [clients // PROCESSES + (n < clients % PROCESSES) for n in range(PROCESSES)]
        futures = [
            self._pool.submit(_process, self._target, variant, share, seconds)
            for share in shares
            if share
        ]
        return sum(future.result() for future in futures) / seconds
