"""Places that leave the graph while something is there: told, refused, or let go by force."""

from typing import Any

import pytest

from inventory.domain.graph_plan import GraphDifferences, Regrouped
from inventory.errors import IllegalGraph
from inventory.models import Movement, Place, Promise, StockRecord
from inventory.selectors.graph import current_graph
from inventory.services.graph import (
    GraphChange,
    GraphPreview,
    GroupSpec,
    preview_graph,
    replace_location_graph,
)
from inventory.services.leaving import PlaceInUse, PlacesInUse
from inventory.services.pools import refresh_stale_pools
from reservations.models import Claim, Document
from reservations.selectors.documents import document_view
from tests.builders import SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db

EAST = GroupSpec("east", ("l1", "l2"))
WEST = GroupSpec("west", ("l2", "l3"))


@pytest.fixture
def shop() -> Shop:
    """East and west share l2; l9 is in no group. l3 and west have something to lose."""
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    shop.stock("other", l1=1, l3=2)
    shop.reserve("at-l3", "l3", 4, external_ref="order-7")
    shop.reserve("basket", "l3", 1, sku="other", expires_in=600)
    shop.reserve("both", "west", 2)
    shop.transfer("west", "l2", 2)
    shop.reserve("at-west", "west", 3)
    return shop


def change(shop: Shop, locations: list[str], *groups: GroupSpec, **terms: Any) -> GraphChange:
    return replace_location_graph(
        organization_id=shop.id,
        locations=locations,
        groups=groups,
        origin=shop.origin,
        now=shop.now,
        **terms,
    )


def preview(shop: Shop, locations: list[str], *groups: GroupSpec) -> GraphPreview:
    return preview_graph(organization_id=shop.id, locations=locations, groups=groups)


def state() -> list[Any]:
    models = (Place, StockRecord, Promise, Claim, Document, Movement)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_what_is_in_use_is_listed_and_nothing_moves(shop: Shop) -> None:
    before = state()

    with pytest.raises(PlacesInUse) as refused:
        change(shop, ["l1", "l2"], EAST)

    assert refused.value.code == "IllegalGroupState"
    assert refused.value.places == [
        PlaceInUse("l3", False, 2, 17 * UNIT, 0, 5 * UNIT),
        PlaceInUse("west", True, 1, 0, 0, 3 * UNIT),
    ]
    assert refused.value.message == (
        "Places that leave the graph are in use (2): location l3 (2 items, 17 on hand, 5 reserved);"
        " group west (1 item, 3 promised)."
    )
    assert state() == before


def test_many_places_in_use_are_counted_and_the_first_told(shop: Shop) -> None:
    with pytest.raises(PlacesInUse) as refused:
        change(shop, ["l9"])

    assert len(refused.value.places) == 4
    assert refused.value.message.endswith("; and 1 more.")


def test_force_lets_go_of_stock_claims_and_promises(shop: Shop) -> None:
    done = change(shop, ["l1", "l2", "l9"], EAST, force=True)

    assert [place.identifier for place in done.let_go] == ["l3", "west"]
    assert set(current_graph(shop.id).locations) == {"l1", "l2", "l9"}
    assert set(current_graph(shop.id).groups) == {"east"}
    assert shop.held() == {("both", "l2"): 2}
    assert shop.held("other") == {}
    assert shop.ato("east") == 8
    assert shop.short() == 0
    assert not StockRecord.objects.filter(location__is_retired=True).exists()
    shop.assert_clean()


def test_the_ledger_tells_what_was_let_go_and_whose(shop: Shop) -> None:
    last = Movement.objects.latest("id").pk

    done = change(shop, ["l1", "l2", "l9"], EAST, force=True)

    rows = Movement.objects.filter(pk__gt=last).order_by("id")
    documents = dict(Document.objects.values_list("pk", "identifier"))
    told = sorted(
        (row.kind, documents.get(row.document_id or 0, ""), row.external_ref, row.quantity // UNIT)
        for row in rows
    )
    assert told == [
        ("location_delete", "", "", 2),
        ("location_delete", "", "", 15),
        ("reservation_release", "at-l3", "order-7", 4),
        ("reservation_release", "at-west", "", 3),
        ("reservation_release", "basket", "", 1),
    ]
    assert {row.request_id for row in rows} == {f"location-graph-{done.version}"}
    assert {row.actor for row in rows} == {"test"}


def test_documents_that_lost_everything_are_closed(shop: Shop) -> None:
    change(shop, ["l1", "l2", "l9"], EAST, force=True)

    states = {
        name: document_view(organization_id=shop.id, identifier=name, now=shop.now).state
        for name in ("at-l3", "at-west", "both")
    }

    assert states == {"at-l3": "CLOSED", "at-west": "CLOSED", "both": "OPEN"}


def test_a_deleted_record_with_reservations_is_let_go_too(shop: Shop) -> None:
    shop.delete("l3")

    change(shop, ["l1", "l2", "l9"], EAST, WEST_OF_L2, force=True)

    assert shop.held() == {("at-west", "west"): 3, ("both", "l2"): 2}
    shop.assert_clean()


WEST_OF_L2 = GroupSpec("west", ("l2",))


def test_an_expired_claim_at_a_place_that_left_is_not_released_twice(shop: Shop) -> None:
    change(shop, ["l1", "l2", "l9"], EAST, force=True)

    assert shop.later(700).expire() == 0
    shop.assert_clean()


def test_a_place_of_the_same_name_begins_empty(shop: Shop) -> None:
    change(shop, ["l1", "l2", "l9"], EAST, force=True)
    shop.regroup(east=["l1", "l2"], west=["l2", "l3"])

    assert shop.ato("west") == 3
    shop.stock(l3=1)
    assert shop.reserve("again", "west", 4).success
    shop.assert_clean()


@pytest.mark.parametrize("refreshes", [False, True])
def test_stale_pools_do_not_hinder(shop: Shop, *, refreshes: bool) -> None:
    shop.regroup(east=["l1", "l2"], west=["l1", "l2", "l3"], more_locations=["l9"])
    if refreshes:
        refresh_stale_pools(now=shop.now)

    change(shop, ["l1", "l2"], EAST, force=True)
    refresh_stale_pools(now=shop.now)

    assert shop.item().on_hand == 10 * UNIT
    assert shop.item().available_to_order == 8 * UNIT
    shop.assert_clean()


def test_many_items_are_let_go_in_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.services.leaving._BATCH", 3)
    for n in range(10):
        shop.stock(f"item-{n}", l3=n + 1)
        shop.reserve(f"order-{n}", "west", 1, sku=f"item-{n}")

    change(shop, ["l1", "l2", "l9"], EAST, force=True)

    assert Claim.objects.count() == 1
    shop.assert_clean()


def test_a_graph_that_differs_in_nothing_keeps_its_version(shop: Shop) -> None:
    before, version = state(), current_graph(shop.id).version

    done = change(shop, ["l9", "l3", "l2", "l1"], WEST, EAST)

    assert done == GraphChange(version, GraphDifferences())
    assert state() == before


def test_whoever_finishes_the_change_can_still_undo_it(shop: Shop) -> None:
    before = state()

    def fail(done: GraphChange) -> None:
        assert done.differences.gone_groups == ("west",)
        raise IllegalGraph("no", code="IllegalGroupState")

    with pytest.raises(IllegalGraph):
        change(shop, ["l1", "l2", "l9"], EAST, force=True, finish=fail)

    assert state() == before


# What would be


def test_a_preview_tells_the_differences_and_changes_nothing(shop: Shop) -> None:
    before = state()

    told = preview(
        shop, ["l1", "l2", "l4"], GroupSpec("east", ("l2", "l4")), GroupSpec("north", ("l1",))
    )

    assert told.version == current_graph(shop.id).version
    assert told.differences == GraphDifferences(
        new_locations=("l4",),
        gone_locations=("l3", "l9"),
        new_groups=("north",),
        gone_groups=("west",),
        regrouped={"east": Regrouped(("l4",), ("l1",))},
    )
    assert [place.identifier for place in told.in_use] == ["l3", "west"]
    assert told.would_be_short.count == 0
    assert state() == before


def test_a_preview_tells_who_would_be_oversold(shop: Shop) -> None:
    shop.reserve("large", "west", 7)
    shop.reserve("other", "east", 1, sku="other")

    told = preview(shop, ["l1", "l2", "l3", "l9"], EAST, WEST_OF_L2)

    (short,) = told.would_be_short.items
    assert (short.sku, short.short, short.short_before) == (SKU, 7 * UNIT, 0)
    change(shop, ["l1", "l2", "l3", "l9"], EAST, WEST_OF_L2)
    refresh_stale_pools(now=shop.now)
    assert shop.short() == 7


def test_a_preview_counts_only_who_would_fare_worse(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory.services.graph.LISTED_ITEMS", 2)
    monkeypatch.setattr("inventory.selectors.graph_preview._BATCH", 2)
    for n in range(5):
        shop.stock(f"item-{n}", l3=3)
        shop.reserve(f"order-{n}", "west", 2, sku=f"item-{n}")
        shop.stock(f"item-{n}", l3=1)  # oversold already

    told = preview(shop, ["l1", "l2", "l3", "l9"], EAST, WEST_OF_L2)

    assert told.would_be_short.count == 5
    assert [(i.sku, i.short, i.short_before) for i in told.would_be_short.items] == [
        ("item-0", 2 * UNIT, UNIT),
        ("item-1", 2 * UNIT, UNIT),
    ]
    same = preview(shop, ["l1", "l2", "l3", "l9"], EAST, WEST)
    assert same.would_be_short.count == 0


def test_a_preview_knows_exclusions_and_segmentation(shop: Shop) -> None:
    """What is not counted today cannot be missed tomorrow."""
    shop.put("l3", on_hand=15 * UNIT, excluded_groups=("west",))
    shop.reserve("order", "east", 1, sku="other")
    shop.segment("east", "other")

    told = preview(shop, ["l1", "l2", "l3", "l9"], GroupSpec("east", ("l1", "l3")), WEST_OF_L2)

    assert told.would_be_short.count == 0


def test_a_preview_refuses_a_graph_that_cannot_stand(shop: Shop) -> None:
    with pytest.raises(IllegalGraph) as refused:
        preview(shop, ["l1"], EAST)

    assert refused.value.code == "IllegalGroupState"
