"""The worked examples of the laws, through the services."""

import pytest

from tests.builders import SKU, UNIT, a_shop, placed, shortages

pytestmark = pytest.mark.django_db


def test_group_table_of_the_reservation_overview_as_corrected() -> None:
    """100, 99, 99, 99."""
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=50, l2=50)

    def group_row() -> tuple[float, float, float]:
        figures = shop.figures("A")
        return (
            figures.on_hand / UNIT,
            figures.reserved / UNIT,
            figures.available_to_order / UNIT,
        )

    def location_row(name: str) -> tuple[float, float]:
        return shop.on_hand(name), shop.reserved(name)

    assert (location_row("l1"), location_row("l2")) == ((50, 0), (50, 0))
    assert group_row() == (100, 0, 100)

    shop.reserve("order", "A", 1)
    assert (location_row("l1"), location_row("l2")) == ((50, 0), (50, 0))
    assert group_row() == (100, 1, 99)

    shop.transfer("A", "l2", 1)
    assert (location_row("l1"), location_row("l2")) == ((50, 0), (50, 1))
    assert group_row() == (100, 1, 99)

    shop.fulfil("l2", 1)
    assert (location_row("l1"), location_row("l2")) == ((50, 0), (49, 0))
    assert group_row() == (99, 0, 99)
    shop.assert_clean()


def test_shared_location_takes_only_what_must_fall_on_it() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l2", "l3"])
    shop.stock(l1=5, l2=5, l3=15)

    shop.reserve("order", "B", 17)

    of_a, of_b = shop.figures("A"), shop.figures("B")
    assert of_a.on_hand == 10 * UNIT
    assert of_a.group_reserved == 0
    assert of_a.shared_group_reserved == 2 * UNIT
    assert of_a.reserved == 2 * UNIT
    assert of_a.available_to_order == 8 * UNIT
    assert of_b.on_hand == 20 * UNIT
    assert of_b.group_reserved == 17 * UNIT
    assert of_b.shared_group_reserved == 0
    assert of_b.available_to_order == 3 * UNIT
    assert shop.reserved("l2") == 0


def test_safety_stock_counts_in_both_figures_and_futures_in_one() -> None:
    """On hand 10, futures 2, safety stock 1, reserved 5: ATF 4, ATO 6."""
    shop = a_shop(all=["l1"])
    shop.put(
        "l1",
        on_hand=10 * UNIT,
        safety_stock=1 * UNIT,
        futures=(("2026-04-01T00:00:00Z", 2 * UNIT),),
    )
    shop.reserve("order", "l1", 5)

    figures = shop.figures("all")
    assert figures.available_to_fulfil == 4 * UNIT
    assert figures.available_to_order == 6 * UNIT


def test_nothing_is_refused_that_could_be_rearranged_to_fit() -> None:
    """G1={A,B}, G2={A}, G3={B,C}, G4={B,D}, one unit each: a greedy layout refuses G2."""
    shop = a_shop(G1=["aa", "bb"], G2=["aa"], G3=["bb", "cc"], G4=["bb", "dd"])
    shop.stock(aa=1, bb=1, cc=1, dd=1)

    for group in ("G1", "G3", "G4", "G2"):
        assert shop.reserve(f"order-{group}", group, 1).success, group

    assert shop.short() == 0
    assert [shop.ato(group) for group in ("G1", "G2", "G3", "G4")] == [0, 0, 0, 0]


def test_a_location_reservation_is_refused_what_a_promise_needs() -> None:
    shop = a_shop(A=["l1", "l2"], more_locations=["l3"])
    shop.stock(l1=3, l2=2, l3=9)
    shop.reserve("promise", "A", 4)

    answer = shop.reserve("greedy", "l1", 3)

    assert placed(answer) == {("l1", SKU): 1}
    assert shortages(answer) == {("l1", SKU): 1}
    assert shop.reserve("elsewhere", "l3", 9).success, "no group counts l3"


def test_a_transfer_is_refused_what_another_promise_needs() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l2"])
    shop.stock(l1=2, l2=2)
    shop.reserve("flexible", "A", 2)
    shop.reserve("bound", "B", 2)

    refused = shop.transfer("A", "l2", 1).refusal
    moved = shop.transfer("A", "l1", 2)

    assert refused.code == "InsufficientQuantity"
    assert refused.available == 0
    assert moved.value == "now"
    assert shop.short() == 0


def test_stock_may_fall_below_what_is_promised() -> None:
    shop = a_shop(A=["l1"], B=["l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 4)

    shop.stock(l1=1)

    assert shop.short() == 3
    assert (shop.ato("A"), shop.ato("B")) == (0, 5), "B shares nothing with the shortage"
    assert shop.item().available_to_order == 5 * UNIT
    assert not shop.reserve("more", "A", 1).success
    assert shop.reserve("other", "B", 5).success
    shop.assert_clean()


def test_a_release_heals_a_shortage() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=5)
    shop.reserve("order", "A", 5)
    shop.stock(l1=2)

    shop.release("A", 3)

    assert shop.short() == 0
    assert shop.figures("A").shared_group_reserved == 0


def test_fulfil_only_weighs_what_is_there_now_at_a_location_and_a_group() -> None:
    shop = a_shop(A=["l1", "l2"])
    future = (("2026-04-01T00:00:00Z", 5 * UNIT),)
    shop.put("l1", on_hand=2 * UNIT, futures=future)
    shop.put("l2", on_hand=1 * UNIT)

    assert placed(shop.reserve("now", "l1", 4, fulfil_only=True)) == {("l1", SKU): 2}
    assert placed(shop.reserve("now-in-group", "A", 4, fulfil_only=True)) == {("A", SKU): 1}
    assert placed(shop.reserve("later", "A", 9)) == {("A", SKU): 5}


def test_fulfil_only_respects_promises_in_the_network_without_futures() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l1"])
    shop.stock(l1=3)
    shop.put("l2", futures=(("2026-04-01T00:00:00Z", 9 * UNIT),))
    shop.reserve("promise", "A", 3)

    assert placed(shop.reserve("now", "B", 2, fulfil_only=True)) == {}
    assert placed(shop.reserve("some-day", "B", 2)) == {("B", SKU): 2}


def test_an_exclusion_takes_a_record_out_of_one_group_only() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l1"])
    shop.put("l1", on_hand=5 * UNIT, excluded_groups=("A",))
    shop.stock(l2=1)

    assert (shop.ato("A"), shop.ato("B")) == (1, 5)
    assert placed(shop.reserve("order", "A", 3)) == {("A", SKU): 1}
    assert shop.transfer("A", "l1", 1).refusal.code == "LocationNotInGroup"
