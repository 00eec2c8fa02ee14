"""Product segmentation: SKUs that a group does not count."""

import pytest

from inventory.domain.figures import GroupFigures
from inventory.errors import GroupDoesNotExist
from inventory.models import Item, Movement, PoolBalance
from inventory.selectors.explanations import explain_at_group, explain_at_location
from inventory.selectors.graph import current_graph
from inventory.services.deltas import DeltaPage, create_delta_token, read_deltas
from inventory.services.outcomes import Failed
from inventory.services.pools import refresh_stale_pools
from inventory.services.segmentation import SegmentChange, change_segmentation
from reservations.services.answers import Answer
from tests.builders import SKU, UNIT, Shop, a_shop, placed, shortages

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """East and west share l2."""
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.stock(l1=5, l2=5, l3=15)
    return shop


def kinds(shop: Shop) -> list[tuple[str, str]]:
    """Return what the ledger tells of the groups, as (kind, group)."""
    names = current_graph(shop.id).identifiers
    rows = Movement.objects.filter(item_id=shop.item().pk, kind__startswith="group_")
    return [
        (kind, names[place])
        for kind, place in rows.order_by("id").values_list("kind", "place_id")
        if kind != "group_reservation"
    ]


def test_a_segmented_item_is_nothing_to_its_group_and_all_to_the_others(shop: Shop) -> None:
    assert shop.segment("west") == 1

    assert shop.figures("west") == GroupFigures()
    assert shop.ato("east") == 10
    assert refused(shop.reserve("order", "west", 1)) == {("west", SKU): 0}
    assert placed(shop.reserve("order", "l3", 15)) == {("l3", SKU): 15}
    shop.assert_clean()


def refused(answer: Answer) -> dict[tuple[str, str], float]:
    assert not answer.success
    return shortages(answer)


def test_other_items_of_the_group_are_counted_as_before(shop: Shop) -> None:
    shop.stock("other", l2=3)

    shop.segment("west")

    assert shop.ato("west", sku="other") == 3
    assert shop.ato("west") == 0


def test_counting_an_item_again_restores_its_figures(shop: Shop) -> None:
    before = shop.figures("west")
    shop.segment("west")
    shop.segment("east")

    assert shop.segment("west", excludes=False) == 1

    assert shop.figures("west") == before
    assert shop.ato("east") == 0
    assert kinds(shop) == [
        ("group_exclusion", "west"),
        ("group_exclusion", "east"),
        ("group_inclusion", "west"),
    ]
    shop.assert_clean()


def test_what_stands_already_writes_nothing(shop: Shop) -> None:
    shop.segment("west")
    before = Movement.objects.count()

    assert shop.segment("west") == 0
    assert shop.segment("east", excludes=False) == 0
    both = [SegmentChange("east", (SKU,), True), SegmentChange("east", (SKU, "new"), False)]
    assert (
        change_segmentation(organization_id=shop.id, changes=both, origin=shop.origin, now=shop.now)
        == 0
    )

    assert Movement.objects.count() == before
    assert not Item.objects.filter(sku="new").exists(), "nothing to count again"


def test_a_sku_that_nobody_has_heard_of_is_excluded_from_its_first_count_on(shop: Shop) -> None:
    shop.segment("west", "future-mug", "coming-soon")

    shop.stock("future-mug", l2=4)

    assert shop.ato("west", sku="future-mug") == 0
    assert shop.ato("east", sku="future-mug") == 4
    assert not shop.figures("west", sku="coming-soon").exists
    shop.assert_clean()


def test_promises_stay_and_the_item_is_oversold(shop: Shop) -> None:
    shop.reserve("order", "west", 7)

    shop.segment("west")

    assert shop.held() == {("order", "west"): 7}
    assert shop.short() == 7
    assert shop.figures("west").group_reserved == 7 * UNIT
    assert shop.ato("east") == 10, "no harm to others"
    shop.segment("west", excludes=False)
    assert shop.short() == 0
    shop.cancel("order")
    shop.assert_clean()


def test_a_promise_of_a_group_that_lost_the_item_cannot_be_allocated(shop: Shop) -> None:
    shop.reserve("order", "west", 2)
    shop.segment("west")

    outcome = shop.transfer("west", "l3", 2)

    assert isinstance(outcome, Failed)
    assert outcome.refusal.code == "LocationNotInGroup"
    assert shop.held() == {("order", "west"): 2}


def test_a_records_own_exclusions_and_segmentation_add_up(shop: Shop) -> None:
    shop.put("l2", on_hand=5 * UNIT, excluded_groups=("east",))
    shop.segment("west")

    assert (shop.ato("east"), shop.ato("west")) == (5, 0)
    shop.segment("west", excludes=False)
    assert (shop.ato("east"), shop.ato("west")) == (5, 20)
    shop.assert_clean()


@pytest.mark.parametrize("refreshes", [False, True])
def test_it_survives_a_graph_change(shop: Shop, *, refreshes: bool) -> None:
    shop.segment("west")

    shop.regroup(east=["l1"], west=["l1", "l2", "l3"])
    if refreshes:
        refresh_stale_pools(now=shop.now)

    assert (shop.ato("east"), shop.ato("west")) == (5, 0)
    shop.put("l1", on_hand=9 * UNIT)
    assert (shop.ato("east"), shop.ato("west")) == (9, 0)
    shop.assert_clean()


def test_it_is_dropped_with_its_group(shop: Shop) -> None:
    shop.segment("west")

    shop.regroup(east=["l1", "l2", "l3"])
    shop.regroup(east=["l1", "l2"], west=["l2", "l3"])

    assert shop.ato("west") == 20
    shop.assert_clean()


@pytest.mark.django_db(transaction=True)
def test_deltas_tell_of_the_item(shop: Shop) -> None:
    shop.stock("other", l2=3)
    token = create_delta_token(
        organization_id=shop.id, is_group=True, places=["east", "west"], now=shop.now
    )

    shop.segment("west")
    first = read_deltas(organization_id=shop.id, token=token, now=shop.now)
    shop.segment("west", excludes=False)
    second = read_deltas(organization_id=shop.id, token=first.next_token, now=shop.now)

    assert told(first) == [(SKU, "east", False, 10), (SKU, "west", True, 0)]
    assert told(second) == [(SKU, "east", False, 10), (SKU, "west", False, 20)]
    assert [delta.sequence for delta in second.records] == [shop.item().sequence] * 2


def told(page: DeltaPage) -> list[tuple[str, str, bool, float]]:
    return [(d.sku, d.place, d.is_deleted, d.available_to_order / UNIT) for d in page.records]


def test_explanations_know_it(shop: Shop) -> None:
    shop.segment("west")

    at_group = explain_at_group(shop.id, sku=SKU, group="west", quantity=1)
    at_location = explain_at_location(shop.id, sku=SKU, location="l3", quantity=16 * UNIT)

    assert at_group.available == 0
    assert at_location.available == 15 * UNIT


def test_an_unknown_group_refuses_the_whole_call(shop: Shop) -> None:
    changes = [SegmentChange("east", (SKU,), True), SegmentChange("nowhere", ("new",), True)]

    with pytest.raises(GroupDoesNotExist):
        change_segmentation(
            organization_id=shop.id, changes=changes, origin=shop.origin, now=shop.now
        )

    assert kinds(shop) == []
    assert shop.ato("east") == 10
    assert not Item.objects.filter(sku="new").exists()


def test_pools_are_of_the_groups_that_count(shop: Shop) -> None:
    graph = current_graph(shop.id)
    shop.segment("west")

    signatures = set(
        PoolBalance.objects.filter(item=shop.item()).values_list("signature", flat=True)
    )

    assert signatures == {"", str(graph.groups["east"])}
