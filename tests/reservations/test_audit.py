"""The audit finds every kind of gap, and only gaps."""

import io
import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from inventory.models import Place, PoolBalance, StockRecord
from inventory.selectors.audit import LISTED
from reservations.models import Line
from reservations.selectors.audit import audit
from tests.builders import NOON, SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """Stock, a final and a temporary document, a transfer, a shipment, an exclusion."""
    shop = a_shop(A=["l1", "l2"], B=["l2"])
    shop.put("l1", on_hand=9 * UNIT, futures=(("2026-04-01T00:00:00Z", UNIT),), effective_at=NOON)
    shop.put("l2", on_hand=9 * UNIT, excluded_groups=("B",))
    shop.reserve("order", "A", 6)
    shop.reserve("basket", "l2", 2, expires_in=60)
    shop.transfer("A", "l1", 3)
    shop.fulfil("l1", 1)
    return shop


def break_books(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1, "the test breaks exactly one row"


def found(shop: Shop) -> set[tuple[str, str | None, str]]:
    report = audit(shop.id)
    assert report.difference_count == len(report.differences)
    assert all(d.sku in {SKU, None} for d in report.differences)
    return {(d.check, d.place, d.field.split(":")[-1].strip()) for d in report.differences}


def test_honest_books_are_clean(shop: Shop) -> None:
    report = audit(shop.id)

    assert report.is_clean
    assert (report.organizations, report.items) == (1, 1)


def test_a_count_that_no_movement_explains(shop: Shop) -> None:
    break_books(
        "UPDATE inventory_stockrecord SET on_hand = on_hand + 1"
        " WHERE item_id = %s AND effective_at IS NOT NULL",
        shop.item().pk,
    )

    assert ("balance is the sum of its movements", "l1", "on_hand") in found(shop)
    assert ("pool is the sum of its records", "A", "on_hand") in found(shop)
    assert ("item total", None, "on_hand") in found(shop)


def test_a_promise_that_no_movement_and_no_claim_explains(shop: Shop) -> None:
    break_books(
        "UPDATE inventory_promise SET quantity = quantity + 1 WHERE item_id = %s", shop.item().pk
    )

    assert {
        ("balance is the sum of its movements", "A", "reserved"),
        ("reserved is the sum of its claims", "A", "reserved"),
        ("item total", None, "available_to_order"),
    } == found(shop)


def test_a_balance_that_vanished(shop: Shop) -> None:
    break_books("DELETE FROM inventory_promise WHERE item_id = %s", shop.item().pk)

    assert ("reserved is the sum of its claims", "A", "reserved") in found(shop)
    assert ("balance is the sum of its movements", "A", "reserved") in found(shop)


def test_a_movement_that_vanished(shop: Shop) -> None:
    """The last movement of a place, and one from the middle of the chain."""
    vanish = "DELETE FROM inventory_movement WHERE item_id = %s AND sequence = %s"
    break_books(vanish, shop.item().pk, 4)

    assert {
        ("balance is the sum of its movements", "l2", "reserved"),
        ("an item counts its movements", None, "sequence"),
    } == found(shop)

    break_books(vanish, shop.item().pk, 3)
    assert ("movements follow each other", "A", "reserved_before") in found(shop)


def test_a_movement_that_does_not_follow_the_one_before(shop: Shop) -> None:
    break_books(
        "UPDATE inventory_movement SET reserved_before = reserved_before + 1,"
        " reserved_after = reserved_after + 1 WHERE item_id = %s AND sequence = 3",
        shop.item().pk,
    )

    assert found(shop) == {("movements follow each other", "A", "reserved_before")}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("expires_at = expires_at + interval '1 second'", "expires_at"),
        ("external_ref = 'somebody'", "external_ref"),
        ("standing = 2, expires_at = NULL", "standing"),
    ],
)
def test_a_claim_that_differs_from_its_document(shop: Shop, change: str, field: str) -> None:
    break_books(
        f"UPDATE reservations_claim SET {change} WHERE item_id = %s AND standing = 1",
        shop.item().pk,
    )

    assert ("a claim repeats its document", "l2", field) in found(shop)


def test_a_claim_of_a_cancelled_document(shop: Shop) -> None:
    break_books(
        "UPDATE reservations_document SET cancelled_at = now()"
        " WHERE organization_id = %s AND identifier = 'basket'",
        shop.id,
    )

    assert found(shop) == {("a claim repeats its document", "l2", "cancelled_at")}


def test_lines_and_claims_without_their_document(shop: Shop) -> None:
    line = Line.objects.get(document__identifier="basket")
    break_books("DELETE FROM reservations_document WHERE id = %s", line.document_id)

    told = found(shop)

    assert ("a line is of a document", "l2", f"line {line.pk} document") in told
    assert ("a claim repeats its document", "l2", "organization") in told


def test_claims_without_their_line(shop: Shop) -> None:
    line = Line.objects.get(document__identifier="basket")
    break_books("DELETE FROM reservations_line WHERE id = %s", line.pk)

    assert ("a claim repeats its document", "l2", "revision") in found(shop)


def test_claims_above_what_was_placed(shop: Shop) -> None:
    break_books(
        "UPDATE reservations_claim SET quantity = quantity + 9000"
        " WHERE item_id = %s AND standing = 1",
        shop.item().pk,
    )

    checks = {check for check, _, _ in found(shop)}
    assert checks == {"a line claims no more than it placed", "reserved is the sum of its claims"}


def test_a_claim_at_a_place_without_balance(shop: Shop) -> None:
    other = a_shop(Z=["z1"])
    break_books(
        "UPDATE reservations_claim SET place_id = (SELECT id FROM inventory_place"
        " WHERE organization_id = %s AND identifier = 'z1') WHERE item_id = %s AND standing = 1",
        other.id,
        shop.item().pk,
    )

    assert found(shop) == {
        ("reserved is the sum of its claims", "z1", "reserved"),
        ("reserved is the sum of its claims", "l2", "reserved"),
    }


@pytest.mark.parametrize("column", ["free", "records", "reserved", "safety_stock"])
def test_a_pool_that_drifted(shop: Shop, column: str) -> None:
    break_books(
        f"UPDATE inventory_poolbalance SET {column} = {column} + 1"
        " WHERE item_id = %s AND on_hand = (SELECT max(on_hand) FROM inventory_poolbalance"
        " WHERE item_id = %s)",
        shop.item().pk,
        shop.item().pk,
    )

    assert found(shop) == {("pool is the sum of its records", "A", column)}


def test_a_pool_that_belongs_to_another_graph_is_nobodys_word(shop: Shop) -> None:
    """It is rebuilt by the next writer; until then nobody reads it."""
    shop.regroup(A=["l1"], B=["l2"])

    assert audit(shop.id).is_clean


@pytest.mark.parametrize("column", ["available_to_order", "short", "on_hand"])
def test_an_item_total_that_drifted(shop: Shop, column: str) -> None:
    break_books(f"UPDATE inventory_item SET {column} = {column} + 1 WHERE id = %s", shop.item().pk)

    assert found(shop) == {("item total", None, column)}


def test_futures_that_do_not_add_up(shop: Shop) -> None:
    break_books(
        "UPDATE inventory_stockrecord SET futures = '[]' WHERE item_id = %s AND futures <> '[]'",
        shop.item().pk,
    )

    assert ("futures add up", "l1", "futures_quantity") in found(shop)


STRAY = "records and pools are somebody's"


def test_a_record_at_what_is_no_location_of_its_organization(shop: Shop) -> None:
    elsewhere = a_shop(A=["far"])
    places = Place.objects.values_list("pk", flat=True)
    far = places.get(organization=elsewhere.organization, identifier="far")
    group = places.get(organization=shop.organization, identifier="A")

    for stray in (far, group, 0):
        with transaction.atomic():
            break_books(
                "UPDATE inventory_stockrecord SET location_id = %s"
                " WHERE item_id = %s AND effective_at IS NOT NULL",
                stray,
                shop.item().pk,
            )
            named = {check for check, _, field in found(shop) if field.startswith("location")}
            transaction.set_rollback(True)
        assert named == {STRAY}


def test_records_and_pools_without_an_item(shop: Shop) -> None:
    location = shop.record("l1").location_id
    pool = PoolBalance.objects.create(item_id=0, signature="")
    StockRecord.objects.create(item_id=0, location_id=location)

    strays = [d.field for d in audit(None).differences if d.check == STRAY]
    assert strays == ["location of its organization", f"item of pool {pool.pk}"]


def test_one_organization_or_all(shop: Shop) -> None:
    other = a_shop(A=["l1"])
    other.stock(l1=1)
    break_books("UPDATE inventory_item SET short = 1 WHERE id = %s", other.item().pk)

    assert audit(shop.id).is_clean
    assert not audit(other.id).is_clean
    everything = audit(None)
    assert (everything.organizations, everything.items) == (2, 2)
    assert everything.difference_count == 1


def test_the_listing_is_bounded_and_the_count_is_not(shop: Shop) -> None:
    for number in range(LISTED + 20):
        shop.stock(sku=f"sku-{number}", l1=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stockrecord SET reserved = reserved + 1")

    report = audit(shop.id)

    assert len(report.differences) == LISTED
    assert report.difference_count > 3 * LISTED


def test_the_command_prints_json_and_exits_by_what_it_found(shop: Shop) -> None:
    def run(*args: str) -> tuple[int, dict[str, object]]:
        printed = io.StringIO()
        code = 0
        try:
            call_command("audit_balances", *args, stdout=printed)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return code, json.loads(printed.getvalue())

    name = shop.organization.identifier
    assert run("--organization", name.upper()) == (
        0,
        {
            "clean": True,
            "organizations": 1,
            "items": 1,
            "difference_count": 0,
            "differences": [],
        },
    )

    break_books("UPDATE inventory_item SET short = 5 WHERE id = %s", shop.item().pk)
    code, report = run()
    assert code == 1
    assert report["clean"] is False
    assert report["differences"] == [
        {
            "check": "item total",
            "organization": name,
            "sku": SKU,
            "place": None,
            "field": "short",
            "stored": 5,
            "expected": 0,
        }
    ]
