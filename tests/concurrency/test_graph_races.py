"""Graph changes and segmentation against reservations: what holds whoever comes first."""

from functools import partial
from typing import Any

import pytest

from inventory.errors import Refusal
from inventory.services.leaving import PlacesInUse
from inventory.services.pools import refresh_stale_pools
from reservations.models import Claim
from tests.builders import UNIT, Shop, a_shop
from tests.concurrency.rivals import rival_before, together

pytestmark = pytest.mark.django_db(transaction=True)

DECIDING = "reservations.services.documents.answer_of"
"""A point where the rows have been read and decided on, and nothing is written yet."""


@pytest.fixture
def shop() -> Shop:
    """East and west share l2; everything is at l2 and l3."""
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.stock(l1=0, l2=5, l3=5)
    return shop


def unforeseen(outcomes: list[Any]) -> list[Any]:
    """Return errors that are no refusals."""
    return [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, Refusal)]


# Segmentation


def test_segmentation_waits_for_a_promise_that_is_being_made(shop: Shop) -> None:
    with rival_before(DECIDING, lambda: shop.segment("west")) as rival:
        mine = shop.reserve("mine", "west", 10)

    assert mine.success
    assert rival == [1]
    assert shop.short() == 10
    assert shop.ato("east") == 5
    shop.assert_clean()


def test_a_promise_waits_for_segmentation_and_sees_it(shop: Shop) -> None:
    with rival_before(
        "inventory.services.segmentation.open_book", lambda: shop.reserve("rival", "west", 1)
    ) as rival:
        shop.segment("west")

    assert not rival[0].success
    assert shop.held() == {}
    shop.assert_clean()


@pytest.mark.parametrize("round_", range(3))
def test_a_new_sku_is_excluded_whoever_brings_it(shop: Shop, round_: int) -> None:
    sku = f"new-{round_}"

    outcomes = together(
        partial(shop.segment, "west", sku), partial(shop.put, "l2", sku=sku, on_hand=3 * UNIT)
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert shop.ato("west", sku=sku) == 0
    assert shop.ato("east", sku=sku) == 3
    shop.assert_clean()


def test_segmentation_and_reservations_follow_each_other(shop: Shop) -> None:
    skus = [f"item-{n}" for n in range(4)]
    for sku in skus:
        shop.stock(sku, l2=20, l3=20)

    def segment() -> None:
        for n in range(10):
            shop.segment("west", *skus, excludes=n % 2 == 0)

    def reserve(n: int) -> list[bool]:
        return [
            shop.reserve(f"o{n}-{m}", ("west", "east")[m % 2], 1, sku=skus[(n + m) % 4]).success
            for m in range(10)
        ]

    outcomes = together(segment, segment, *(partial(reserve, n) for n in range(4)))

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    shop.assert_clean()
    shop.segment("west", *skus, excludes=False)
    assert {shop.short(sku) for sku in skus} == {0}, "nobody was promised what was not there"
    shop.assert_clean()


# The graph


def test_a_forced_change_waits_for_a_promise_and_ends_it(shop: Shop) -> None:
    with rival_before(
        DECIDING, lambda: shop.regroup(east=["l1", "l2"], more_locations=["l3"], force=True)
    ) as rival:
        mine = shop.reserve("mine", "west", 10)

    assert mine.success
    assert isinstance(rival[0], int)
    assert not Claim.objects.filter(item=shop.item()).exists()
    shop.assert_clean()


def test_a_promise_waits_for_a_forced_change_and_finds_no_group(shop: Shop) -> None:
    shop.reserve("earlier", "west", 1)
    with rival_before(
        "inventory.services.graph.let_go", lambda: shop.reserve("rival", "l3", 1)
    ) as rival:
        shop.regroup(east=["l1", "l2"], force=True)

    assert isinstance(rival[0], Refusal)
    assert rival[0].code == "LocationDoesNotExist"
    assert shop.held() == {}
    shop.assert_clean()


def test_forced_changes_and_reservations_follow_each_other(shop: Shop) -> None:
    skus = [f"item-{n}" for n in range(4)]
    for sku in skus:
        shop.stock(sku, l2=30, l3=30)

    def regroup() -> None:
        for _ in range(4):
            shop.regroup(east=["l1", "l2"], more_locations=["l3"], force=True)
            shop.regroup(east=["l1", "l2"], west=["l2", "l3"], force=True)

    def work(n: int) -> None:
        for m in range(12):
            sku = skus[(n + m) % 4]
            for call in (
                partial(shop.reserve, f"o{n}-{m}", ("west", "l3", "east")[m % 3], 1, sku=sku),
                partial(shop.transfer, "west", "l3", 1, sku=sku),
                partial(shop.put, "l3", sku=sku, on_hand=(30 + m) * UNIT),
            ):
                try:
                    call()
                except Refusal:
                    continue

    outcomes = together(regroup, *(partial(work, n) for n in range(4)))

    assert not unforeseen(outcomes)
    refresh_stale_pools(now=shop.now)
    shop.assert_clean()


def test_two_graphs_at_once_follow_each_other(shop: Shop) -> None:
    shop.reserve("order", "west", 1)
    whole = {"east": ["l1", "l2"], "west": ["l2", "l3"]}

    outcomes = together(
        *(partial(shop.regroup, east=["l1", f"new-{n}"], west=["l2", "l3"]) for n in range(3)),
        partial(shop.regroup, east=["l1", "l2", "l3"]),
    )

    assert isinstance(outcomes[3], PlacesInUse)
    assert len(set(outcomes[:3])) == 3, "each a version of its own"
    shop.regroup(**whole)
    assert shop.ato("west") == 9
    shop.assert_clean()
