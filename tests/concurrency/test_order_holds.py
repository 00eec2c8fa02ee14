"""Orders, mappings and cancellations at the same time: each lock without and with it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError

from integrations.omnitron import locks
from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import IntegrationMapping, Order, OrderItem
from integrations.omnitron.services.by_hand import release_by_hand
from inventory.errors import ConcurrentModification
from inventory.models import Movement
from inventory.services.outcomes import Applied, Failed
from reservations.selectors.claims import claims_of_holds
from tests.builders import a_shop
from tests.concurrency.rivals import in_own_connection, rival_before, together
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)

ENDING = "integrations.omnitron.services.mappings.end_holds"
"""A point where the mapping is stored and nothing is released yet."""
CANCELING = "integrations.omnitron.services.changes.end_holds"
"""A point where items are canceled and the order was looked at."""
SAVING = "integrations.omnitron.services.changes._save"
"""A point where items have been read, and changes merged into what was read."""
HOLDING = "integrations.omnitron.services.orders.decide_hold"
"""A point where the order's number is taken and nothing is held yet."""


@pytest.fixture
def office() -> Office:
    """Two products at a location and in its group."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock("a1", l1=50)
    shop.stock("b2", l1=50)
    return an_office(shop, lists={"main": "l1", "web": "all"})


def an_order(office: Office, number: str = "1001") -> tuple[int, int, int]:
    """Order one of each; return the order and its items."""
    order = office.create(
        number, office.line("main", 2, sku="a1"), office.line("web", 3, sku="b2")
    ).id
    first, second = office.items(order)
    return order, first, second


def unlocked(name: str) -> Any:
    """Take the row lock out of a statement of the orders' locks."""
    sql = getattr(locks, name)
    for of in (" OF i", " OF o", ""):
        if f"FOR NO KEY UPDATE{of}" in sql:
            return patch.object(locks, name, sql.replace(f"FOR NO KEY UPDATE{of}", ""))
    message = f"{name} locks nothing"
    raise AssertionError(message)


def released(item: int) -> list[int]:
    """Return the quantities that left an item's hold, one for each time."""
    line = OrderItem.objects.get(pk=item).line_id
    return list(
        Movement.objects.filter(
            line_id=line, kind__in=["reservation_release", "reservation_cancel"]
        )
        .order_by("id")
        .values_list("quantity", flat=True)
    )


# Order items


def test_without_the_order_items_lock_a_merged_field_is_lost(office: Office) -> None:
    _, item, _ = an_order(office)

    with (
        unlocked("_LOCK_ORDERS"),
        unlocked("_LOCK_ORDER_ITEMS"),
        rival_before(SAVING, lambda: office.change({item: {"extra_field": {"theirs": 1}}})),
    ):
        office.change({item: {"extra_field": {"mine": 1}}})

    assert OrderItem.objects.get(pk=item).extra_field == {"mine": 1}


def test_the_order_items_lock_keeps_what_both_have_merged(office: Office) -> None:
    _, item, _ = an_order(office)

    with rival_before(SAVING, lambda: office.change({item: {"extra_field": {"theirs": 1}}})):
        office.change({item: {"extra_field": {"mine": 1}}})

    assert OrderItem.objects.get(pk=item).extra_field == {"mine": 1, "theirs": 1}


# Orders


def test_without_the_orders_lock_an_order_without_items_stays_open(office: Office) -> None:
    _, first, second = an_order(office)

    with (
        unlocked("_LOCK_ORDERS"),
        rival_before(CANCELING, lambda: office.change({second: {"status": 100}})),
    ):
        office.change({first: {"status": 100}})

    assert not OrderItem.objects.exclude(status=100).exists()
    assert Order.objects.get().status == 400


def test_the_orders_lock_cancels_the_order_with_its_last_item(office: Office) -> None:
    order, first, second = an_order(office)

    with rival_before(CANCELING, lambda: office.change({second: {"status": 100}})) as rival:
        office.change({first: {"status": 100}})

    assert rival == [None]
    assert Order.objects.get(pk=order).status == 100
    assert (released(first), released(second)) == ([2000], [3000])
    office.shop.assert_clean()


def test_an_order_that_comes_twice_at_once_is_held_once(office: Office) -> None:
    with rival_before(HOLDING, lambda: an_order(office)) as rival:
        mine = an_order(office)

    assert rival[0] == mine
    assert Order.objects.count() == 1
    assert office.shop.reserved("l1", sku="a1") == 2
    office.shop.assert_clean()


def test_without_the_claim_of_its_number_it_is_a_trouble_of_the_database(office: Office) -> None:
    conflict = "ON CONFLICT (channel_id, number) DO UPDATE SET number = o.number"
    assert conflict in locks._CLAIM_ORDER
    bare = locks._CLAIM_ORDER.replace(conflict, "")

    with (
        patch.object(locks, "_CLAIM_ORDER", bare),
        rival_before(HOLDING, lambda: an_order(office)) as rival,
    ):
        an_order(office)

    assert isinstance(rival[0], IntegrityError)


# Mappings


def test_without_the_claim_of_a_mapping_a_repeat_is_a_trouble_of_the_database(
    office: Office,
) -> None:
    _, item, _ = an_order(office)
    assert "ON CONFLICT DO NOTHING" in locks._CLAIM_MAPPING
    bare = locks._CLAIM_MAPPING.replace("ON CONFLICT DO NOTHING", "")

    with (
        patch.object(locks, "_CLAIM_MAPPING", bare),
        rival_before(ENDING, lambda: office.map(item, "ERP-1")) as rival,
    ):
        office.map(item, "ERP-1")

    assert isinstance(rival[0], IntegrityError)
    assert released(item) == [2000]


def test_the_claim_of_a_mapping_makes_repeats_follow_each_other(office: Office) -> None:
    _, item, _ = an_order(office)

    with rival_before(ENDING, lambda: office.map(item, "ERP-1")) as rival:
        mine = office.map(item, "ERP-1")

    assert (mine.is_new, rival[0].is_new) == (True, False)
    assert rival[0].mapping.pk == mine.mapping.pk
    assert released(item) == [2000]
    office.shop.assert_clean()


def test_a_mapping_that_was_undone_is_made_by_the_one_that_waited(office: Office) -> None:
    _, item, _ = an_order(office)

    def broken(**_: Any) -> None:
        raise ConcurrentModification("undone")

    with (
        patch(ENDING, broken),
        rival_before(ENDING, lambda: office.map(item, "ERP-1", update_stock=False)) as rival,
        pytest.raises(ConcurrentModification),
    ):
        office.map(item, "ERP-1")

    assert rival[0].is_new
    assert (len(office.held("a1")), released(item)) == (1, [])


# Together


def test_a_hundred_repeats_at_once_map_once_and_release_once(office: Office) -> None:
    _, item, _ = an_order(office)
    clients = 20
    start = Barrier(clients, timeout=60)

    def map_again_and_again() -> list[tuple[int, bool]]:
        start.wait()
        made = [office.map(item, "ERP-1") for _ in range(5)]
        return [(each.mapping.pk, each.is_new) for each in made]

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(in_own_connection(map_again_and_again)) for _ in range(clients)]
        answers = [answer for future in futures for answer in future.result(60)]

    mapping = IntegrationMapping.objects.get()
    assert len(answers) == 100
    assert {pk for pk, _ in answers} == {mapping.pk}
    assert sum(is_new for _, is_new in answers) == 1
    assert released(item) == [2000]
    office.shop.assert_clean()


def test_one_code_for_two_items_at_once_maps_one_of_them(office: Office) -> None:
    _, first, second = an_order(office)

    with rival_before(ENDING, lambda: office.map(second, "ERP-1")) as rival:
        office.map(first, "ERP-1")

    assert isinstance(rival[0], InvalidFields)
    assert list(rival[0].errors) == ["code"]
    assert IntegrationMapping.objects.get().object_id == first
    assert (released(first), released(second)) == ([2000], [])
    office.shop.assert_clean()


def test_a_mapping_and_a_cancellation_at_once_release_once(office: Office) -> None:
    order, first, second = an_order(office)

    outcomes = together(
        lambda: office.map(first, "ERP-1"),
        lambda: office.cancel(order, is_all=True),
        lambda: office.change({second: {"status": 100}}),
        lambda: office.map(second, "ERP-2"),
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert (released(first), released(second)) == ([2000], [3000])
    assert Order.objects.get().status == 100
    office.shop.assert_clean()


def test_orders_of_the_last_unit_sell_it_once(office: Office) -> None:
    office.shop.stock("last1", l1=1)

    def order(number: str) -> Any:
        return office.create(number, office.line("main", 1, sku="last1"))

    outcomes = together(*[lambda n=n: order(str(n)) for n in range(8)])

    refused = [outcome for outcome in outcomes if isinstance(outcome, InvalidFields)]
    assert len(refused) == 7
    assert Order.objects.count() == 1
    assert office.shop.reserved("l1", sku="last1") == 1
    office.shop.assert_clean()


LOCKING = "reservations.services.holds.lock_items"
"""A point where a mapping has seen what its line holds, and has no lock of the product yet."""


def moves(office: Office) -> Any:
    return office.shop.transfer("all", "l1", 2, sku="b2")


def test_what_moved_since_it_was_seen_is_read_again(office: Office) -> None:
    _, _, second = an_order(office)

    with rival_before(LOCKING, lambda: moves(office)) as rival:
        office.map(second, "ERP-1")

    assert rival == [Applied.NOW]
    assert office.held("b2") == {}
    assert sum(released(second)) == 3000
    assert (office.shop.reserved("all", sku="b2"), office.shop.reserved("l1", sku="b2")) == (0, 0)
    office.shop.assert_clean()


def test_without_a_look_at_the_counter_what_moved_would_be_lost(office: Office) -> None:
    _, _, second = an_order(office)
    line = OrderItem.objects.get(pk=second)
    assert line.line_id is not None
    seen = claims_of_holds([(line.product_id, line.line_id)])

    with (
        patch("reservations.services.holds.claims_of_holds", lambda _: seen),
        rival_before(LOCKING, lambda: moves(office)),
        pytest.raises(ValueError, match="cannot be negative"),
    ):
        office.map(second, "ERP-1")


def test_a_transfer_that_comes_after_the_mapping_finds_nothing(office: Office) -> None:
    _, _, second = an_order(office)

    with rival_before("reservations.services.holds.release_claims", lambda: moves(office)) as rival:
        office.map(second, "ERP-1")

    assert isinstance(rival[0], Failed)
    assert released(second) == [3000]
    office.shop.assert_clean()


# By hand


def by_hand(office: Office, item: int) -> int:
    return release_by_hand(
        organization_id=office.shop.id,
        order_item_id=item,
        reason="sold at the till",
        origin=office.shop.origin,
        now=office.shop.now,
    )


def test_what_the_erp_maps_meanwhile_is_not_released_by_hand_too(office: Office) -> None:
    _, item, _ = an_order(office)

    with (
        rival_before(LOCKING, lambda: office.map(item, "ERP-1")) as rival,
        pytest.raises(InvalidFields, match="holds nothing any more"),
    ):
        by_hand(office, item)

    assert rival[0].is_new
    assert released(item) == [2000]
    office.shop.assert_clean()


def test_of_many_who_release_by_hand_one_does(office: Office) -> None:
    _, _, item = an_order(office)

    outcomes = together(*[lambda: by_hand(office, item) for _ in range(4)])

    assert [outcome for outcome in outcomes if not isinstance(outcome, InvalidFields)] == [3000]
    assert released(item) == [3000]
    office.shop.assert_clean()
