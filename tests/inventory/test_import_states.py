"""An import leaves what its records say, whatever the items were like before.

Random files over few items, among reservations, deletions, segmentation and graph changes: every
stored figure is what a model of the rules expects, and the audit finds pools, totals and ledger in
step. Both ways of writing are taken: sums by one statement, and the stock book.
"""

import json
import random
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest

from inventory.domain.quantity import parse_thousandths
from inventory.models import Job, JobState, Movement, MovementKind, StockRecord
from inventory.services.availability_import import writing
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.jobs import life
from inventory.services.jobs.running import run_next
from tests.builders import NOON, Shop, a_shop

pytestmark = pytest.mark.django_db

LOCATIONS = ["l1", "l2", "l3", "l4"]
SKUS = ["mug", "bowl", "cup", "plate"]
DATES = [f"2026-0{n}-01T00:00:00Z" for n in range(1, 8)]
ROUNDS = 12

Figures = dict[str, Any]
NEW: Figures = {"onHand": 0, "safetyStockCount": 0, "futures": {}, "effectiveDate": None, "out": []}


def a_record(chance: random.Random, number: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "recordId": number,
        "sku": chance.choice(SKUS),
        "locationId": chance.choice(LOCATIONS),
    }
    if chance.random() < 0.8:
        record["onHand"] = chance.choice([None, 0, 1, 2.5, 7, 40])
    if chance.random() < 0.4:
        record["safetyStockCount"] = chance.choice([None, 0, 1, 3])
    if chance.random() < 0.4:
        dates = chance.choices(DATES, k=chance.randrange(3))
        future = [{"quantity": chance.choice([0.5, 1, 2]), "expectedDate": d} for d in dates]
        record["futures"] = chance.choice([None, future, future])
    if chance.random() < 0.4:
        record["effectiveDate"] = chance.choice([None, *DATES])
    if chance.random() < 0.15:
        record["attributeSet"] = chance.choice(
            [None, {"groupEligibilityExclusion": chance.sample(["all", "east"], 1)}]
        )
    return record


def thousandths(number: Any) -> int:
    return 0 if number is None else parse_thousandths(str(number))


def expected(old: Figures | None, record: dict[str, Any]) -> Figures | None:
    """Return the figures after a record; None when it changes nothing that counts."""
    base = NEW if old is None else old
    new = dict(base)
    for name in ("onHand", "safetyStockCount"):
        if name in record:
            new[name] = thousandths(record[name])
    if "futures" in record:
        futures: dict[str, int] = {}
        for each in record["futures"] or []:
            date = each["expectedDate"]
            futures[date] = futures.get(date, 0) + thousandths(each["quantity"])
        new["futures"] = futures
    if "attributeSet" in record:
        new["out"] = (record["attributeSet"] or {}).get("groupEligibilityExclusion", [])
    if old is not None and new == old:
        return None
    if "effectiveDate" in record:
        new["effectiveDate"] = record["effectiveDate"]
    return new


def stored() -> dict[tuple[str, str], Figures]:
    rows = StockRecord.objects.filter(is_deleted=False).select_related("item", "location")
    return {
        (row.item.sku, row.location.identifier): {
            "onHand": row.on_hand,
            "safetyStockCount": row.safety_stock,
            "futures": dict(row.futures),
            "effectiveDate": row.effective_at and _text(row.effective_at),
            "out": row.excluded_groups,
        }
        for row in rows
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def run_import(shop: Shop, records: list[dict[str, Any]]) -> Job:
    content = b"".join(json.dumps(each).encode() + b"\n" for each in records)
    parameters = {
        "fileName": "x",
        "fileFormat": "JSON",
        "fileEncoding": "",
        "fileHash": "",
        "fileHashType": "SHA-256",
    }
    new = life.NewJob(shop.id, AVAILABILITY_IMPORT, parameters, shop.origin)
    job = life.start_import(new, now=NOON)
    life.receive_upload(job, BytesIO(content), limit=10**6, now=NOON)
    assert run_next(clock=lambda: NOON, job_id=job.pk)
    job.refresh_from_db()
    return job


def disturb(shop: Shop, chance: random.Random, number: int) -> None:
    """Do something between two files that imports must cope with."""
    pairs = sorted(stored())
    deed = chance.randrange(6)
    sku, location = chance.choice(pairs) if pairs else ("mug", "l1")
    if deed == 0 and pairs:
        shop.delete(location, sku=sku)
    elif deed == 1:
        shop.reserve(f"promise-{number}", chance.choice(["all", "east"]), 1, sku=sku)
    elif deed == 2:
        shop.reserve(f"order-{number}", location, 1, sku=sku)
    elif deed == 3:
        shop.regroup(all=LOCATIONS, east=chance.sample(LOCATIONS, 2))
    elif deed == 4:
        shop.later(3600).expire()


@pytest.mark.parametrize("seed", range(8))
def test_what_records_say_is_what_is_stored(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    shop = a_shop(all=LOCATIONS, east=LOCATIONS[:2])
    booked: list[int] = []
    book = writing._book

    def watched(rows: Any, **terms: Any) -> int:
        booked.append(len(rows))
        return book(rows, **terms)

    monkeypatch.setattr(writing, "_book", watched)
    applied = 0
    for number in range(ROUNDS):
        disturb(shop, chance, number)
        model = stored()
        records = [a_record(chance, f"{number}-{n}") for n in range(chance.randrange(1, 25))]
        changes = 0
        for record in records:
            pair = (record["sku"], record["locationId"])
            figures = expected(model.get(pair), record)
            if figures is not None:
                model[pair] = figures
                changes += 1

        job = run_import(shop, records)

        assert (job.state, job.errors) == (JobState.COMPLETED, [])
        assert stored() == model
        counts = (job.records_read, job.records_processed, job.records_skipped)
        assert counts == (len(records), changes, len(records) - changes)
        applied += changes
        assert Movement.objects.filter(kind=MovementKind.IMPORT).count() == applied
        shop.assert_clean()
    assert 0 < sum(booked) < applied
