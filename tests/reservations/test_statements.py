"""What a write says to the database: how many statements, and which locks in which order."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.services.pools import refresh_stale_pools
from inventory.services.stock import StockUpdate
from tests.builders import UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    """Twenty SKUs at four locations in two overlapping groups."""
    shop = a_shop(A=["l1", "l2", "l3"], B=["l3", "l4"])
    shop.update(
        [
            StockUpdate("count", location, f"sku-{n}", replaces=True, on_hand=100 * UNIT)
            for location in ("l1", "l2", "l3", "l4")
            for n in range(20)
        ]
    )
    shop.stock(l1=100, l3=100)
    return shop


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured.captured_queries]


# How many


@pytest.mark.parametrize("lines", [1, 80])
def test_a_reservation_is_six_round_trips_whatever_its_size(shop: Shop, lines: int) -> None:
    """BEGIN; lock the document; lock the items; load; write; COMMIT."""
    wanted = [
        shop.wanted(place, 1, sku=f"sku-{n}") for place in ("A", "B", "l1", "l4") for n in range(20)
    ][:lines]

    said = statements(lambda: shop.reserve_lines("order", wanted))

    assert len(said) == 6, said
    assert (said[0], said[-1]) == ("BEGIN", "COMMIT")
    assert len(shop.held("sku-0")) == (1 if lines == 1 else 4)


@pytest.mark.parametrize("place", ["A", "l1"])
def test_a_repeat_and_a_replacement_read_what_is_held(shop: Shop, place: str) -> None:
    """BEGIN; lock the document; its items; lock them; load; its claims; write; COMMIT."""
    shop.reserve("basket", place, 3, expires_in=60)

    repeat = statements(lambda: shop.reserve("basket", place, 3, expires_in=60))
    replacement = statements(lambda: shop.reserve("basket", place, 4, expires_in=60))
    finalization = statements(lambda: shop.reserve("basket", place, 4))

    assert len(repeat) <= 7, repeat
    assert len(replacement) <= 8, replacement
    assert len(finalization) <= 8, finalization


def test_an_added_line_reads_what_was_placed(shop: Shop) -> None:
    shop.reserve("basket", "A", 3)

    said = statements(lambda: shop.add("basket", [shop.wanted("l1", 1)]))

    assert len(said) <= 9, said


@pytest.mark.parametrize("records", [1, 50])
def test_operations_do_not_grow_with_their_records(shop: Shop, records: int) -> None:
    for number in range(3):
        shop.reserve(f"order-{number}", "A", 60)
    transfers = [
        shop.a_transfer("A", "l1" if n % 2 else "l3", 1, request_id=f"t-{n}")
        for n in range(records)
    ]

    said = statements(lambda: shop.apply(*transfers))

    assert len(said) <= 7, said


def test_counts_do_not_grow_with_their_records(shop: Shop) -> None:
    updates = [
        StockUpdate("again", location, f"sku-{n}", replaces=False, on_hand=7 * UNIT)
        for location in ("l1", "l2")
        for n in range(20)
    ]

    said = statements(lambda: shop.update(updates))

    assert len(said) <= 7, said


def test_reading_a_group_does_not_grow_with_its_locations() -> None:
    few = a_shop(A=["l1", "l2"])
    many = a_shop(A=[f"l{n}" for n in range(60)])
    for shop in (few, many):
        shop.stock(**dict.fromkeys(shop.groups["A"], 1))
        shop.figures("A")

    assert len(statements(lambda: many.figures("A"))) == len(statements(lambda: few.figures("A")))


# Which locks, in which order


def kinds(said: list[str]) -> list[str]:
    """Reduce statements to the locks they take and the tables they read or write."""
    found = []
    for sql in said:
        flat = " ".join(sql.split())
        if "pg_advisory_xact_lock_shared" in flat:
            found.append("organization")
        if re.search(r"pg_advisory_xact_lock\(", flat):
            found.append("organization, exclusive")
        if "INSERT INTO reservations_document" in flat or (
            "reservations_document d" in flat and "FOR NO KEY UPDATE OF d" in flat
        ):
            found.append("document")
        if "FROM inventory_item" in flat and "FOR NO KEY UPDATE" in flat:
            found.append("items")
            assert "ORDER BY id FOR NO KEY UPDATE" in flat
        elif "FROM inventory_poolbalance" in flat or "FROM inventory_stockrecord" in flat:
            found.append("balances")
        if "UPDATE inventory_item" in flat:
            found.append("write")
        assert "FOR UPDATE" not in flat, "it would block the inserts that refer to the row"
    return found


BY_DOCUMENT = ["organization", "document", "items", "balances", "write"]
BY_ITEM = ["organization", "items", "balances", "write"]


def in_order(found: list[str]) -> list[str]:
    """Drop repetitions in a row: more balances may be read as they are needed."""
    return [kind for n, kind in enumerate(found) if n == 0 or found[n - 1] != kind]


@pytest.mark.parametrize(
    ("prepare", "call", "expected"),
    [
        (None, lambda shop: shop.reserve("order", "A", 1), BY_DOCUMENT),
        (
            lambda shop: shop.reserve("order", "A", 1, expires_in=60),
            lambda shop: shop.reserve("order", "l1", 2),
            BY_DOCUMENT,
        ),
        (
            lambda shop: shop.reserve("order", "A", 1),
            lambda shop: shop.add("order", [shop.wanted("l1", 1)]),
            BY_DOCUMENT,
        ),
        (
            lambda shop: shop.reserve("order", "l1", 1),
            lambda shop: shop.cancel("order"),
            BY_DOCUMENT,
        ),
        (
            lambda shop: shop.reserve("order", "A", 1),
            lambda shop: shop.transfer("A", "l1", 1),
            BY_ITEM,
        ),
        (
            lambda shop: shop.reserve("order", "l1", 1),
            lambda shop: shop.fulfil("l1", 1),
            BY_ITEM,
        ),
        (
            lambda shop: shop.reserve("order", "l1", 1),
            lambda shop: shop.release("l1", 1),
            BY_ITEM,
        ),
        (None, lambda shop: shop.put("l1", on_hand=3 * UNIT), BY_ITEM),
        (None, lambda shop: shop.delete("l1"), BY_ITEM),
        (
            lambda shop: shop.reserve("basket", "l1", 1, expires_in=60),
            lambda shop: shop.later(60).expire(),
            BY_ITEM,
        ),
        (
            lambda shop: shop.regroup(A=["l1"], B=["l2", "l3", "l4"]),
            lambda shop: refresh_stale_pools(now=shop.now),
            BY_ITEM,
        ),
    ],
    ids=[
        "create",
        "replace",
        "add",
        "cancel",
        "transfer",
        "fulfil",
        "release",
        "count",
        "delete",
        "expire",
        "refresh",
    ],
)
def test_locks_are_taken_in_the_order_of_the_design(
    shop: Shop,
    prepare: Callable[[Shop], object] | None,
    call: Callable[[Shop], object],
    expected: list[str],
) -> None:
    if prepare is not None:
        prepare(shop)

    assert in_order(kinds(statements(lambda: call(shop)))) == expected


def test_a_graph_change_holds_everybody_off_and_locks_nothing_else(shop: Shop) -> None:
    found = kinds(statements(lambda: shop.regroup(A=["l1", "l2"], B=["l3", "l4"])))

    assert in_order(found)[0] == "organization, exclusive"
    assert not {"document", "items", "write"} & set(found)


def test_the_graph_version_is_read_after_the_organization_is_locked(shop: Shop) -> None:
    said = statements(lambda: shop.release("A", 0))
    locking = next(n for n, sql in enumerate(said) if "pg_advisory_xact_lock_shared" in sql)

    assert "graph_version" not in " ".join(said[: locking + 1])
    assert "graph_version" in said[locking + 1]


def test_new_items_are_made_in_a_statement_of_their_own_sorted_by_sku(shop: Shop) -> None:
    updates = [
        StockUpdate("new", "l1", sku, replaces=True, on_hand=UNIT) for sku in ("zebra", "ant")
    ]

    said = statements(lambda: shop.update(updates))

    making = next(n for n, sql in enumerate(said) if "INSERT INTO inventory_item" in sql)
    assert said[making - 1] == "ROLLBACK"
    assert said[making + 1] == "BEGIN", "committed by itself"
    assert "ORDER BY v.sku" in said[making]
    assert shop.item("ant").pk < shop.item("zebra").pk


def test_nothing_is_written_when_nothing_changed(shop: Shop) -> None:
    shop.put("l1", on_hand=5 * UNIT)
    before = shop.item().sequence

    shop.put("l1", on_hand=5 * UNIT)
    shop.put("l1", replaces=False)

    assert shop.item().sequence == before
