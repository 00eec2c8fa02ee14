"""Imports beside each other, beside reservations and beside graph changes."""

import json
import random
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from inventory.errors import Refusal
from inventory.models import ImportedRecord, Item, Job, JobState, Movement, MovementKind
from inventory.services.availability_import import taking
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.jobs import life
from inventory.services.jobs.running import run_next
from inventory.services.jobs.sweeping import sweep
from tests.builders import Shop, a_shop
from tests.concurrency.rivals import rival_before, together
from tests.concurrency.severed import cut_off

pytestmark = pytest.mark.django_db(transaction=True)

LOCATIONS = [f"l{n}" for n in range(6)]
SKUS = [f"sku-{n:03d}" for n in range(120)]
PLAIN = {"fileName": "x", "fileFormat": "JSON", "fileEncoding": "", "fileHash": ""}


@pytest.fixture
def shop() -> Shop:
    return a_shop(all=LOCATIONS, east=LOCATIONS[:3], west=LOCATIONS[2:])


def records(prefix: str, *, seed: int, on_hand: int) -> list[dict[str, Any]]:
    """One record for each pair, in an order of its own."""
    pairs = [(sku, location) for sku in SKUS for location in LOCATIONS]
    random.Random(seed).shuffle(pairs)
    return [
        {
            "recordId": f"{prefix}-{sku}-{location}",
            "sku": sku,
            "locationId": location,
            "onHand": on_hand + n % 3,
        }
        for n, (sku, location) in enumerate(pairs)
    ]


def uploaded(shop: Shop, lines: list[dict[str, Any]]) -> Job:
    content = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    parameters = {**PLAIN, "fileHashType": "SHA-256"}
    new = life.NewJob(shop.id, AVAILABILITY_IMPORT, parameters, shop.origin)
    job = life.start_import(new, now=timezone.now())
    return life.receive_upload(job, BytesIO(content), limit=10**9, now=timezone.now())


def run(job: Job) -> None:
    assert run_next(clock=timezone.now, job_id=job.pk)


def ended(job: Job) -> Job:
    job.refresh_from_db()
    assert job.state == JobState.COMPLETED, job.errors
    assert job.records_read == (job.records_processed + job.records_skipped + job.records_failed)
    return job


def imported() -> int:
    return Movement.objects.filter(kind=MovementKind.IMPORT).count()


def test_imports_over_the_same_items_neither_deadlock_nor_lose_counts(shop: Shop) -> None:
    jobs = [
        uploaded(shop, records(prefix, seed=seed, on_hand=10 * seed))
        for seed, prefix in enumerate("abc", start=1)
    ]
    ended_as = together(*(partial(run, job) for job in jobs), partial(reserve_much, shop))

    assert ended_as == [None] * 4
    done = [ended(job) for job in jobs]
    count = len(SKUS) * len(LOCATIONS)
    assert [job.records_read for job in done] == [count] * 3
    assert sum(job.records_failed for job in done) == 0
    assert imported() == sum(job.records_processed for job in done)
    assert ImportedRecord.objects.count() == 3 * count
    assert Item.objects.count() == len(SKUS)
    shop.assert_clean()


def reserve_much(shop: Shop) -> None:
    for n in range(60):
        sku = SKUS[n * 7 % len(SKUS)]
        try:
            shop.reserve(f"basket-{n}", "east" if n % 2 else "west", 1, sku=sku)
        except Refusal:
            continue


def test_of_the_same_file_sent_twice_at_once_each_record_counts_once(shop: Shop) -> None:
    lines = records("same", seed=1, on_hand=5)
    jobs = [uploaded(shop, lines), uploaded(shop, lines[::-1])]

    assert together(*(partial(run, job) for job in jobs)) == [None, None]

    one, other = (ended(job) for job in jobs)
    assert one.records_processed + other.records_processed == len(lines)
    assert one.records_skipped + other.records_skipped == len(lines)
    assert imported() == len(lines)
    shop.assert_clean()


def test_what_another_import_brings_meanwhile_is_seen(shop: Shop) -> None:
    """Between the look at what was imported before and the note of what is imported now."""
    lines = records("same", seed=1, on_hand=5)[:40]
    mine, rivals = uploaded(shop, lines), uploaded(shop, lines)

    with rival_before(f"{taking.__name__}.remember", partial(run, rivals)):
        run(mine)

    assert ended(mine).records_skipped == len(lines)
    assert ended(rivals).records_processed == len(lines)
    assert imported() == len(lines)
    shop.assert_clean()


def test_a_change_between_compare_and_lock_is_not_overwritten_by_what_was_compared(
    shop: Shop,
) -> None:
    """The figures are read again under the lock: what was reserved meanwhile is still there."""
    run(uploaded(shop, records("a", seed=1, on_hand=5)))
    sku = SKUS[0]
    again = uploaded(shop, records("b", seed=1, on_hand=9))

    def reserve() -> None:
        shop.reserve("basket", "east", 2, sku=sku)
        shop.reserve("order", "l5", 1, sku=sku)

    with rival_before(f"{taking.__name__}.lock_items", reserve):
        run(again)

    assert ended(again).records_processed == len(SKUS) * len(LOCATIONS)
    assert shop.reserved("east", sku=sku) == 2
    assert shop.reserved("l5", sku=sku) == 1
    shop.assert_clean()


def test_a_run_that_is_cut_off_in_the_middle_of_a_copy_is_carried_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    lines = records("a", seed=1, on_hand=5)
    job = uploaded(shop, lines)
    real = taking.stage

    def cut(copies: Iterable[str]) -> None:
        def severed() -> Iterator[str]:
            cut_off(connection.connection)
            yield from copies

        real(severed())

    with monkeypatch.context() as patched:
        patched.setattr(taking, "stage", cut)
        run(job)
    connection.close()

    job.refresh_from_db()
    assert (job.state, job.errors) == (JobState.RUNNING, [])
    settings.IMPEX_LEASE_SECONDS = 0
    assert sweep(now=timezone.now()) == 1
    run(job)
    assert ended(job).records_processed == len(lines) == imported()
    shop.assert_clean()


@pytest.mark.parametrize("promised", ["nothing", "an item"])
def test_a_run_that_has_lost_its_job_under_the_locks_writes_nothing(
    shop: Shop, promised: str
) -> None:
    if promised == "an item":
        shop.stock(l1=100, sku=SKUS[0])
        shop.reserve("basket", "east", 1, sku=SKUS[0])
    job, winner = uploaded(shop, records("a", seed=1, on_hand=5)), uuid4()

    def give_away() -> None:
        Job.objects.filter(pk=job.pk).update(lease=winner)

    with rival_before(f"{taking.__name__}.write_changes", give_away):
        run(job)

    job.refresh_from_db()
    assert (job.state, job.lease, job.records_read) == (JobState.RUNNING, winner, 0)
    assert (imported(), ImportedRecord.objects.count()) == (0, 0)
    shop.assert_clean()


def test_a_graph_change_between_chunks_is_noticed(shop: Shop) -> None:
    """A place that is gone refuses its records; the others go on with the graph as it is."""
    job = uploaded(shop, records("a", seed=1, on_hand=5))

    def regroup() -> None:
        shop.regroup(all=LOCATIONS[:-1], south=LOCATIONS[1:3])

    with rival_before(f"{taking.__name__}.open_chunk", regroup):
        run(job)

    done = ended(job)
    gone = len(SKUS)
    assert (done.records_failed, done.records_processed) == (gone, len(SKUS) * 5)
    shop.assert_clean()
