"""Every lock of the protocol: the race without it, and its absence with it (design: 6)."""

from collections.abc import Collection
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, transaction

from inventory import locks
from inventory.errors import (
    ConcurrentModification,
    IllegalGraph,
    ReservationOperationInProcess,
)
from inventory.models import Item, Promise
from inventory.services import items
from inventory.services.stock import StockUpdate
from reservations import locks as document_locks
from reservations.models import Claim
from reservations.selectors.audit import audit
from reservations.services import work
from tests.builders import SKU, Shop, a_shop
from tests.concurrency.rivals import rival_before, together

pytestmark = pytest.mark.django_db(transaction=True)

DECIDING = "reservations.services.documents.answer_of"
"""A point where the rows have been read and decided on, and nothing is written yet."""


def unlocked(sql: str) -> str:
    """Return the statement without its row lock."""
    assert "FOR NO KEY UPDATE" in sql
    return sql.replace("FOR NO KEY UPDATE", "")


def last_unit() -> Shop:
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=1, l2=0)
    return shop


def claimed(shop: Shop) -> int:
    return sum(Claim.objects.filter(item=shop.item()).values_list("quantity", flat=True)) // 1000


# Items


def test_without_the_items_lock_the_last_unit_is_sold_twice() -> None:
    shop = last_unit()

    with (
        patch.object(locks, "_LOCK_ITEMS", unlocked(locks._LOCK_ITEMS)),
        rival_before(DECIDING, lambda: shop.reserve("rival", "l1", 1)) as rival,
    ):
        mine = shop.reserve("mine", "l1", 1)

    assert mine.success
    assert rival[0].success
    assert claimed(shop) == 2
    assert audit(shop.id).differences


@pytest.mark.parametrize("place", ["l1", "all"])
def test_the_items_lock_sells_the_last_unit_once(place: str) -> None:
    shop = last_unit()

    with rival_before(DECIDING, lambda: shop.reserve("rival", place, 1)) as rival:
        mine = shop.reserve("mine", place, 1)

    assert mine.success
    assert not rival[0].success
    assert claimed(shop) == 1
    shop.assert_clean()


# The read after the lock


def test_rows_read_before_the_wait_for_the_lock_oversell() -> None:
    shop = last_unit()
    real_lock, real_open = work.lock_items, work.open_book
    early: list[Any] = []
    rival: list[Any] = []

    def read_then_lock(organization_id: int, **wanted: Any) -> Any:
        if rival:
            return real_lock(organization_id, **wanted)
        rival.append(None)
        with patch.object(locks, "_LOCK_ITEMS", unlocked(locks._LOCK_ITEMS)):
            read = real_lock(organization_id, **wanted)
        graph = work.graph_at(organization_id, version=read.graph_version)
        book = real_open(
            graph=graph, locked=read.items.values(), locations=[(SKU, graph.locations["l1"])]
        )
        rival[:] = together(lambda: shop.reserve("rival", "l1", 1))
        early.append(book)
        return real_lock(organization_id, **wanted)

    def what_was_read_early(**wanted: Any) -> Any:
        return early.pop() if early else real_open(**wanted)

    with (
        patch.object(work, "lock_items", read_then_lock),
        patch.object(work, "open_book", what_was_read_early),
    ):
        mine = shop.reserve("mine", "l1", 1)

    assert mine.success
    assert rival[0].success
    assert claimed(shop) == 2
    assert audit(shop.id).differences


def test_rows_read_after_the_wait_for_the_lock_do_not_oversell() -> None:
    shop = last_unit()

    with rival_before(
        "reservations.services.work.lock_items", lambda: shop.reserve("rival", "l1", 1)
    ) as rival:
        mine = shop.reserve("mine", "l1", 1)

    assert rival[0].success
    assert not mine.success
    assert claimed(shop) == 1
    shop.assert_clean()


# The organization


def drop_the_group(shop: Shop) -> int:
    return shop.regroup(east=["l1", "l2"])


def test_without_the_organization_lock_a_group_vanishes_under_a_promise() -> None:
    shop = a_shop(east=["l1"], west=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    lock = f"pg_advisory_xact_lock_shared({locks._ORGANIZATION_SPACE}, %s)"
    assert lock in document_locks._CLAIM
    open_door = document_locks._CLAIM.replace(lock, "abs(%s)")

    with (
        patch.object(document_locks, "_CLAIM", open_door),
        rival_before(DECIDING, lambda: drop_the_group(shop)) as rival,
    ):
        mine = shop.reserve("mine", "west", 1)

    assert mine.success
    assert not isinstance(rival[0], Exception)
    assert Promise.objects.filter(group__is_retired=True, quantity__gt=0).count() == 1


def test_the_organization_lock_makes_a_graph_change_wait_for_the_promise() -> None:
    shop = a_shop(east=["l1"], west=["l1", "l2"])
    shop.stock(l1=5, l2=5)

    with rival_before(DECIDING, lambda: drop_the_group(shop)) as rival:
        mine = shop.reserve("mine", "west", 1)

    assert mine.success
    assert isinstance(rival[0], IllegalGraph)
    shop.assert_clean()


# Documents


def a_basket_to_replace() -> Shop:
    shop = a_shop(all=["l1"])
    for sku in ("a", "b", "c"):
        shop.stock(sku, l1=5)
    shop.reserve("basket", "l1", 1, sku="a", expires_in=600)
    return shop


def replaced_by(shop: Shop, sku: str) -> Any:
    return shop.reserve("basket", "l1", 2, sku=sku, expires_in=600)


READ_THE_DOCUMENT = f"""
WITH {locks.SHARED_ORGANIZATION}
SELECT found.* FROM organization,
  (SELECT %s::bigint AS organization_id, %s AS source, %s AS identifier) AS asked,
  LATERAL (
    SELECT {document_locks._COLUMNS} FROM reservations_document d
    WHERE d.organization_id = asked.organization_id AND d.source = asked.source
      AND d.identifier = asked.identifier
  ) AS found
"""


def test_without_the_document_lock_a_replacement_misses_what_is_held() -> None:
    shop = a_basket_to_replace()

    with (
        patch.object(document_locks, "_CLAIM", READ_THE_DOCUMENT),
        rival_before("reservations.services.work.lock_items", lambda: replaced_by(shop, "b")),
        pytest.raises(KeyError),
    ):
        replaced_by(shop, "c")


def test_the_document_lock_lets_replacements_follow_each_other() -> None:
    shop = a_basket_to_replace()

    with rival_before(
        "reservations.services.work.lock_items", lambda: replaced_by(shop, "b")
    ) as rival:
        mine = replaced_by(shop, "c")

    assert mine.success
    assert rival[0].success
    assert [shop.held(sku) for sku in "abc"] == [{}, {("basket", "l1"): 2}, {}]
    shop.assert_clean()


def impatient(sql: str) -> str:
    """Return the statement with a lock timeout that a test can wait for."""
    assert f"'{locks.LOCK_TIMEOUT}'" in sql
    return sql.replace(f"'{locks.LOCK_TIMEOUT}'", "'50ms'")


def holding(statement: str, params: list[Any], work: Any) -> Any:
    """Run `work` in a connection of its own while this one holds what the statement locks."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return together(work)[0]


def test_a_document_that_is_written_for_too_long_is_in_process() -> None:
    shop = a_basket_to_replace()
    lock = "SELECT FROM reservations_document WHERE organization_id = %s FOR NO KEY UPDATE"

    with patch.object(document_locks, "_CLAIM", impatient(document_locks._CLAIM)):
        outcome = holding(lock, [shop.id], lambda: replaced_by(shop, "b"))

    assert isinstance(outcome, ReservationOperationInProcess)
    assert shop.held("a") == {("basket", "l1"): 1}


def test_an_organization_that_is_locked_for_too_long_is_a_concurrent_modification() -> None:
    shop = a_basket_to_replace()
    lock = f"SELECT pg_advisory_xact_lock({locks._ORGANIZATION_SPACE}, %s)"

    with patch.object(document_locks, "_CLAIM", impatient(document_locks._CLAIM)):
        outcome = holding(lock, [shop.id], lambda: replaced_by(shop, "b"))

    assert isinstance(outcome, ConcurrentModification)
    assert shop.held("a") == {("basket", "l1"): 1}


def test_items_that_are_locked_for_too_long_are_a_concurrent_modification() -> None:
    shop = a_basket_to_replace()
    lock = "SELECT FROM inventory_item WHERE organization_id = %s FOR NO KEY UPDATE"

    with patch.object(document_locks, "_CLAIM", impatient(document_locks._CLAIM)):
        outcome = holding(lock, [shop.id], lambda: replaced_by(shop, "b"))

    assert isinstance(outcome, ConcurrentModification)
    assert shop.held("a") == {("basket", "l1"): 1}


# The creation of items


def test_items_created_in_the_order_of_the_request_deadlock() -> None:
    shop = a_shop(all=["l1"])
    halfway = Barrier(2, timeout=10)

    def create(first: str, second: str) -> None:
        with transaction.atomic():
            Item.objects.create(organization=shop.organization, sku=first)
            halfway.wait()
            Item.objects.create(organization=shop.organization, sku=second)

    outcomes = together(lambda: create("a", "b"), lambda: create("b", "a"))

    assert any(
        isinstance(outcome, OperationalError) and "deadlock" in str(outcome) for outcome in outcomes
    )


def test_the_same_new_skus_in_opposite_order_are_created_by_both_clients() -> None:
    shop = a_shop(all=["l1"])
    skus = [f"new-{n:03d}" for n in range(60)]
    meet = Barrier(2, timeout=10)
    real = items.create_items

    def create_together(organization_id: int, *, skus: Collection[str]) -> None:
        meet.wait()
        real(organization_id, skus=skus)

    def write(order: list[str], client: str) -> Any:
        return shop.update(
            [StockUpdate(client, "l1", sku, replaces=True, on_hand=1000) for sku in order]
        )

    with patch.object(items, "create_items", create_together):
        outcomes = together(lambda: write(skus, "one"), lambda: write(skus[::-1], "other"))

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Item.objects.filter(organization=shop.organization).count() == len(skus)
    shop.assert_clean()


def test_locks_are_refused_outside_a_transaction() -> None:
    shop = a_shop(all=["l1"])

    for take in (
        lambda: locks.lock_items(shop.id, skus=["a"]),
        lambda: locks.lock_organization_shared(shop.id),
        lambda: locks.lock_organization_exclusive(shop.id),
    ):
        with pytest.raises(transaction.TransactionManagementError):
            take()
    assert not connection.in_atomic_block
