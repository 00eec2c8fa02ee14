"""Races on real threads and connections: what must hold whoever comes first."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from inventory.errors import Refusal
from inventory.models import StockRecord
from inventory.services.outcomes import Applied
from reservations.models import Claim, Document
from tests.builders import Shop, a_shop
from tests.concurrency.rivals import rival_before, together

pytestmark = pytest.mark.django_db(transaction=True)


def successes(outcomes: list[Any]) -> int:
    return sum(not isinstance(outcome, Exception) and outcome.success for outcome in outcomes)


@pytest.mark.parametrize("places", [["l1"], ["all"], ["l1", "all"]])
def test_fifty_units_are_sold_fifty_times(places: list[str]) -> None:
    shop = a_shop(all=["l1"])
    shop.stock(l1=50)

    def buy(n: int) -> int:
        return sum(
            shop.reserve(f"order-{n}-{m}", places[m % len(places)], 1).success for m in range(10)
        )

    sold = together(*(partial(buy, n) for n in range(12)))

    assert sum(sold) == 50
    shop.assert_clean()


def test_overlapping_groups_share_their_one_short_location() -> None:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.stock(l1=2, l2=3, l3=2)

    outcomes = together(
        *(partial(shop.reserve, f"e{n}", "east", 1) for n in range(6)),
        *(partial(shop.reserve, f"w{n}", "west", 1) for n in range(6)),
    )

    assert successes(outcomes) == 7
    assert shop.short() == 0
    shop.assert_clean()


def test_one_document_put_twice_at_once_is_reserved_once() -> None:
    shop = a_shop(all=["l1"])
    shop.stock(l1=5)

    outcomes = together(*(partial(shop.reserve, "order", "l1", 2) for _ in range(4)))

    assert successes(outcomes) == 4
    assert shop.held() == {("order", "l1"): 2}
    assert Document.objects.filter(organization=shop.organization).count() == 1
    shop.assert_clean()


def test_one_release_sent_many_times_at_once_releases_once() -> None:
    shop = a_shop(all=["l1"])
    shop.stock(l1=5)
    shop.reserve("order", "l1", 5)

    outcomes = together(*(partial(shop.release, "l1", 1, request_id="again") for _ in range(8)))

    assert outcomes.count(Applied.NOW) == 1
    assert outcomes.count(Applied.BEFORE) == 7
    assert shop.reserved("l1") == 4
    shop.assert_clean()


def test_a_release_of_nothing_of_an_unknown_item_is_sent_twice_at_once() -> None:
    """There is no item whose lock would let the second wait for the first."""
    shop = a_shop(all=["l1"])
    nothing = partial(shop.release, "l1", 0, sku="unknown", request_id="call")

    with rival_before("reservations.services.operations.write_claims", nothing) as rival:
        mine = nothing()

    assert [mine, *rival] == [Applied.NOW, Applied.NOW]


def basket(seconds: int) -> Shop:
    shop = a_shop(all=["l1"])
    shop.stock(l1=5)
    shop.reserve("basket", "l1", 2, expires_in=seconds)
    return shop


def test_a_shipment_and_an_expiry_take_the_units_once() -> None:
    shop = basket(60)
    shipping, expiring = shop.later(59), shop.later(61)

    shipped, _ = together(partial(shipping.fulfil, "l1", 2), expiring.expire)

    assert shop.reserved("l1") == 0
    assert shop.on_hand("l1") == (3 if shipped is Applied.NOW else 5)
    shop.assert_clean()


def test_finalizing_and_expiry_leave_either_an_order_or_nothing_held() -> None:
    shop = basket(60)
    in_time, too_late = shop.later(59), shop.later(61)

    finalized, _ = together(partial(in_time.reserve, "basket", "l1", 2), too_late.expire)

    if isinstance(finalized, Refusal):
        assert shop.held() == {}
    else:
        assert finalized.success
        assert shop.held() == {("basket", "l1"): 2}
    shop.assert_clean()


def test_two_beats_release_what_is_due_once() -> None:
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=50, l2=50)
    for n in range(20):
        shop.reserve(f"basket-{n}", "all", 1, expires_in=60)
    later = shop.later(61)

    released = together(later.expire, later.expire, later.expire)

    assert not [outcome for outcome in released if isinstance(outcome, Exception)]
    assert not Claim.objects.filter(item=shop.item()).exists()
    shop.assert_clean()


def test_a_transfer_and_a_count_follow_each_other() -> None:
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "all", 5)

    moved, _ = together(
        partial(shop.transfer, "all", "l1", 5),
        partial(shop.put, "l1", on_hand=3000, replaces=False),
    )

    assert shop.reserved("l1") == (5 if moved is Applied.NOW else 0)
    assert shop.on_hand("l1") == 3
    shop.assert_clean()


def work_of(shop: Shop, n: int) -> Callable[[], None]:
    """Return a writer that does a bit of everything, in an order of its own."""

    def work() -> None:
        for m in range(12):
            sku = f"item-{(n * 5 + m * 3) % 5}"
            place = ("east", "west", "all", "l1", "l2")[(n + m) % 5]
            name = f"order-{n}-{m}"
            shop.reserve(name, place, 1 + m % 3, sku=sku, expires_in=600 if m % 2 else None)
            shop.transfer("west", "l2", 1, sku=sku)
            shop.release("l1", 1, sku=sku)
            shop.fulfil("l2", 1, sku=sku)
            shop.put("l3", sku=sku, on_hand=(5 + m) * 1000)
            if m % 4 == 0:
                with_suppressed(partial(shop.cancel, name))
            if m % 5 == 0:
                shop.later(700).expire()

    return work


def with_suppressed(work: Callable[[], None]) -> None:
    """Do something that may have been refused by then."""
    try:
        work()
    except Refusal:
        return


@pytest.mark.slow
def test_many_writers_over_few_items_end_with_clean_books() -> None:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], all=["l1", "l2", "l3"])
    for n in range(5):
        shop.stock(f"item-{n}", l1=20, l2=20, l3=20)

    outcomes = together(*(work_of(shop, n) for n in range(16)))

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert StockRecord.objects.filter(item__organization=shop.organization).count() == 15
    shop.assert_clean()


def test_a_graph_change_and_reservations_follow_each_other() -> None:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.stock(l1=20, l2=20, l3=20)

    def regroup() -> None:
        for n in range(6):
            shop.regroup(east=["l1", "l2"], west=["l3"] if n % 2 else ["l1", "l2", "l3"])

    outcomes = together(
        regroup,
        *(
            partial(lambda n: [shop.reserve(f"o{n}-{m}", "west", 1) for m in range(5)], n)
            for n in range(4)
        ),
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    shop.assert_clean()
