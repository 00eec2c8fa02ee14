"""Programs beside an import: a worker that may be killed, and customers who go on reserving.

    python -m tests.concurrency.importing work
    python -m tests.concurrency.importing reserve ORGANIZATION
    python -m tests.concurrency.importing die POINT NUMBER

They end when they are told to, and go on when the database is gone for a while. The last one works
until it comes to a point for so many times, and kills itself there by the signal nobody can catch.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from threading import Event
from typing import Any

CUSTOMERS = 8
SKUS, LOCATIONS = 800, 25
GROUP = "all"


def sku(number: int) -> str:
    return f"sku-{number:05d}"


def location(number: int) -> str:
    return f"loc-{number:02d}"


def now() -> datetime:
    return datetime.now(UTC)


def until_told(step: Callable[[], object], *, told: Event, pause: float) -> None:
    """Repeat a step; the database may be away, and what is refused is refused."""
    from django.db import InterfaceError, OperationalError, connection

    from inventory.errors import Refusal

    while not told.is_set():
        try:
            step()
        except (OperationalError, InterfaceError, Refusal):
            connection.close()
        told.wait(pause)
    connection.close()


def work(told: Event) -> None:
    """Do what worker and beat do for jobs."""
    from inventory.services.jobs.running import run_queued
    from inventory.services.jobs.sweeping import sweep

    def step() -> None:
        sweep(now=now())
        run_queued(clock=now)

    until_told(step, told=told, pause=0.05)


def make_deadly(point: str, number: int) -> None:
    """Let this process be killed when it comes to a point for the `number`th time.

    checkpoint: a chunk is written, and not committed. begun: an import's file is proved usable.
    unlisted: what a segmentation file lists is applied, what it leaves out not yet. result:
    everything is applied, the result file is not written. end: it is, and the job's row not.
    """
    from inventory.services.jobs.running import JobRun
    from inventory.services.segmentation_import import _Importer

    owner, name = {
        "begun": (JobRun, "begin"),
        "checkpoint": (JobRun, "checked"),
        "unlisted": (_Importer, "_count_the_unlisted_again"),
        "result": (JobRun, "writing_result"),
        "end": (JobRun, "end"),
    }[point]
    real, calls = getattr(owner, name), count(1)

    def deadly(*arguments: Any, **options: Any) -> Any:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(owner, name, deadly)


def reserve(organization: str, told: Event) -> None:
    """Reserve units of items that the import changes, as several customers do at once."""
    from inventory.origin import Origin
    from inventory.selectors.organizations import organization_named
    from reservations.domain.places import PlaceRef
    from reservations.services.documents import Reservation
    from reservations.services.documents import reserve as reserve_document
    from reservations.services.placing import Wanted

    organization_id = organization_named(organization).pk

    def customer(number: int) -> None:
        turns = count()

        def step() -> None:
            turn = next(turns)
            item = sku((turn * CUSTOMERS + number) * 37 % SKUS)
            place = PlaceRef(GROUP, is_group=True)
            if turn % 2:
                place = PlaceRef(location(turn % LOCATIONS), is_group=False)
            identifier = f"{os.getpid()}-{number}-{turn}"
            lines = (Wanted(item, place, 1000, ""),)
            reserve_document(
                organization_id=organization_id,
                reservation=Reservation(identifier=identifier, lines=lines),
                origin=Origin("customer"),
                now=now(),
            )

        until_told(step, told=told, pause=0.1)

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        list(pool.map(customer, range(CUSTOMERS)))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    told = Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    if sys.argv[1] == "die":
        make_deadly(sys.argv[2], int(sys.argv[3]))
    if sys.argv[1] in ("work", "die"):
        work(told)
    else:
        while not told.is_set():
            try:
                reserve(sys.argv[2], told)
            except Exception as error:  # noqa: BLE001  # the database was away at the start
                sys.stderr.write(f"{error}\n")
                time.sleep(0.2)


if __name__ == "__main__":
    main()
