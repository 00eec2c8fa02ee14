"""A day of orders through an ERP: four workers that repeat themselves, and an OCI client beside.

Every line ends mapped once, every hold is released once, and what the OCI client releases and
ships at the same places is its own.
"""

import csv
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from integrations.omnitron.models import IntegrationMapping, Order, OrderItem
from inventory.models import Movement, MovementKind
from inventory.services.outcomes import Applied
from inventory.services.stock import StockUpdate
from reservations.models import Claim, Source
from tests.builders import a_shop
from tests.concurrency.rivals import in_own_connection
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)

REAL_ORDERS = Path(__file__).parents[3] / "shared/data/orders.csv"
HEADER = ("order", "sku", "description", "quantity", "ordered_at", "unit_price", "country")
PLENTY = 10**9
WORKERS = 4


def made_up(path: Path) -> Path:
    """Write orders as messy as real ones: one SKU several times, returns, charges."""
    chance = random.Random(536365)
    rows: list[tuple[object, ...]] = []
    for number in range(536365, 536405):
        rows += [
            (number, f"{chance.randint(100, 130)}B", "MUG", chance.choice([1, 2, 6, 12, 480]))
            for _ in range(chance.randint(1, 12))
        ]
        if chance.random() < 0.2:
            rows.append((number, "POST", "POSTAGE", 1))
    rows.append(("C536405", "101B", "", -3))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows((*row, "2010-12-01T08:26:00Z", "2.55", "France") for row in rows)
    return path


def lines_of(path: Path) -> Counter[str]:
    """Return the SKUs of a file that have a sale."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return Counter(row["sku"].strip() for row in csv.DictReader(file) if row["sku"].strip())


def an_office_with_everything(path: Path) -> Office:
    """Open an office whose group has plenty of everything a file names."""
    shop = a_shop(web=["dc", "store"])
    updates = [
        StockUpdate("plenty", place, sku, replaces=True, on_hand=PLENTY)
        for sku in sorted(lines_of(path))
        for place in ("dc", "store")
    ]
    for at in range(0, len(updates), 500):
        assert set(shop.update(updates[at : at + 500])) == {Applied.NOW}
    return an_office(shop, lists={"web": "web", "dc": "dc"})


def imported(office: Office, path: Path, *, stock_list: str) -> Counter[str]:
    printed = StringIO()
    call_command(
        "import_orders",
        str(path),
        f"--organization={office.shop.organization.identifier}",
        "--channel=web",
        f"--stock-list={stock_list}",
        f"--result={path.with_suffix('.told')}",
        "--no-progress",
        stdout=printed,
    )
    told: dict[str, Any] = json.loads(printed.getvalue())
    told.pop("result")
    return Counter(told)


def erp_worker(office: Office, orders: list[int], seed: int) -> None:
    """Take orders as an ERP does, repeating any call now and then as if the answer was lost."""
    chance = random.Random(seed)

    def retried(call: Any) -> None:
        for _ in range(chance.choice([1, 1, 1, 2])):
            call()

    for order in orders:
        for item in office.items(order):
            code = f"ERP-{item}"
            if chance.random() < 0.1:
                retried(lambda item=item, code=code: office.map(item, code, update_stock=False))
            retried(lambda item=item, code=code: office.map(item, code))
        retried(lambda order=order: office.send(order))
        office.change({item: {"status": 450} for item in office.items(order)})


def oci_client(office: Office, skus: list[str], stop: Event, seed: int) -> int:
    """Reserve, release and ship at the same places; return how often."""
    chance, rounds = random.Random(seed), 0
    while not stop.is_set():
        rounds += 1
        sku, units = chance.choice(skus), chance.randint(1, 5)
        place = chance.choice(["web", "dc"])
        assert office.shop.reserve(f"oci-{rounds}", place, units, sku=sku).success
        if place == "web":
            assert office.shop.transfer("web", "store", units, sku=sku) is Applied.NOW
        at = "store" if place == "web" else "dc"
        take = office.shop.fulfil if chance.random() < 0.5 else office.shop.release
        assert take(at, units, sku=sku) is Applied.NOW
    return rounds


def run_the_day(office: Office, path: Path) -> int:
    """Let the workers take every order, every eighth two of them; return the OCI rounds."""
    orders = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    own = [orders[n::WORKERS] for n in range(WORKERS)]
    shares = [own[n] + own[(n + 1) % WORKERS][::8] for n in range(WORKERS)]
    skus = [sku for sku, _ in lines_of(path).most_common(10) if any(map(str.isdigit, sku))]
    stop = Event()
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        beside = pool.submit(in_own_connection(lambda: oci_client(office, skus, stop, 99)))
        workers = [
            pool.submit(in_own_connection(lambda n=n, share=share: erp_worker(office, share, n)))
            for n, share in enumerate(shares)
        ]
        try:
            for worker in workers:
                worker.result(900)
        finally:
            stop.set()
        return beside.result(60)


def assert_all_was_mapped_and_released_once(office: Office) -> None:
    items = OrderItem.objects.all()
    mapped = IntegrationMapping.objects.values_list("object_id", "code")
    assert dict(mapped) == {item.pk: f"ERP-{item.pk}" for item in items}
    assert len(mapped) == len(items)
    released = (
        Movement.objects.filter(kind=MovementKind.RELEASE, line_id__in=items.values("line_id"))
        .values("line_id")
        .annotate(units=Sum("quantity"))
        .values_list("line_id", "units")
    )
    assert dict(released) == {item.line_id: item.quantity for item in items}
    assert not Claim.objects.filter(document__source=Source.OMNITRON).exists()
    # Nobody but the ERP's mappings has taken from what orders held.
    lines = Movement.objects.filter(line_id__in=items.values("line_id"))
    assert set(lines.exclude(request_id__startswith="ERP-").values_list("kind", flat=True)) <= {
        MovementKind.RESERVE_AT_GROUP,
        MovementKind.RESERVE_AT_LOCATION,
    }
    assert not Order.objects.filter(is_send=False).exists()
    assert set(items.values_list("status", flat=True)) == {450}
    office.shop.assert_clean()


@pytest.mark.parametrize("stock_list", ["web", "dc"])
def test_a_day_of_made_up_orders(tmp_path: Path, stock_list: str) -> None:
    path = made_up(tmp_path / "orders.csv")
    office = an_office_with_everything(path)
    told = imported(office, path, stock_list=stock_list)
    assert (told["created"], told["refused"], told["left out"]) == (40, 0, 1)

    assert run_the_day(office, path) > 0

    assert_all_was_mapped_and_released_once(office)


@pytest.mark.slow
@pytest.mark.skipif(not REAL_ORDERS.exists(), reason="the shared order file is not here")
def test_a_day_of_real_orders(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(REAL_ORDERS.read_bytes())
    office = an_office_with_everything(path)
    told = imported(office, path, stock_list="web")
    assert told["created"] == Order.objects.count() > 200
    assert told["refused"] == 0

    assert run_the_day(office, path) > 0

    assert_all_was_mapped_and_released_once(office)
