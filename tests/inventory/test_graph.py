"""Replacing the location graph."""

import pytest

from inventory.domain.graph import Graph
from inventory.errors import IllegalGraph
from inventory.models import GraphVersion, Location, LocationGroup
from inventory.selectors import graph as selectors
from inventory.selectors.graph import current_graph
from inventory.services.graph import GroupSpec, replace_location_graph
from reservations.domain.places import PlaceRef
from reservations.selectors.documents import document_view
from tests.builders import SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """A = {l1, l2}; l3 belongs to nobody."""
    return a_shop(A=["l1", "l2"], more_locations=["l3"])


def replace_with(shop: Shop, locations: list[str], *groups: GroupSpec) -> int:
    return replace_location_graph(
        organization_id=shop.id,
        locations=locations,
        groups=groups,
        origin=shop.origin,
        now=shop.now,
    ).version


def test_every_version_is_kept(shop: Shop) -> None:
    before = current_graph(shop.id)

    version = shop.regroup(A=["l1"], more_locations=["l2", "l3"])

    assert version == before.version + 1
    kept = GraphVersion.objects.get(organization=shop.organization, version=before.version)
    assert kept.document["groups"][str(before.groups["A"])] == {
        "identifier": "A",
        "locations": sorted([before.locations["l1"], before.locations["l2"]]),
    }
    assert kept.actor == "test"


def test_places_keep_their_identity(shop: Shop) -> None:
    before = current_graph(shop.id)

    shop.regroup(A=["l3"], B=["l1", "l2"])

    after = current_graph(shop.id)
    assert after.locations == before.locations
    assert after.groups["A"] == before.groups["A"]
    assert after.groups_of == {
        after.locations["l1"]: (after.groups["B"],),
        after.locations["l2"]: (after.groups["B"],),
        after.locations["l3"]: (after.groups["A"],),
    }


@pytest.mark.parametrize(
    ("locations", "groups", "code"),
    [
        ([], [], "LocationListMustNotBeEmpty"),
        (["l1", "l1"], [], "DuplicateLocationId"),
        (["l1"], [GroupSpec("A", ("l1",)), GroupSpec("A", ("l1",))], "DuplicateGroupId"),
        (["l1"], [GroupSpec("l1", ("l1",))], "DuplicateGroupId"),
        (["l1"], [GroupSpec("A", ())], "GroupMustNotBeEmpty"),
        (["l1"], [GroupSpec("A", ("l1", "l1"))], "DuplicateLocationId"),
        (["l1"], [GroupSpec("A", ("l9",))], "IllegalGroupState"),
    ],
)
def test_graphs_that_cannot_stand(
    shop: Shop, locations: list[str], groups: list[GroupSpec], code: str
) -> None:
    version = current_graph(shop.id).version

    with pytest.raises(IllegalGraph) as refused:
        replace_with(shop, locations, *groups)

    assert refused.value.code == code
    assert current_graph(shop.id).version == version


def test_empty_places_may_vanish(shop: Shop) -> None:
    shop.stock(l1=1, l3=0)

    replace_with(shop, ["l1"], GroupSpec("B", ("l1",)))

    assert set(current_graph(shop.id).locations) == {"l1"}
    assert set(current_graph(shop.id).groups) == {"B"}
    assert Location.objects.get(organization=shop.organization, identifier="l3").is_retired
    assert shop.ato("B") == 1
    shop.assert_clean()


def test_an_identifier_that_vanished_is_free_for_a_place_of_either_kind(shop: Shop) -> None:
    shop.stock(l1=1)
    old = current_graph(shop.id).locations["l3"]

    replace_with(shop, ["l1"], GroupSpec("l3", ("l1",)))
    assert set(current_graph(shop.id).groups) == {"l3"}
    replace_with(shop, ["l1", "l3"], GroupSpec("A", ("l1", "l3")))

    assert current_graph(shop.id).locations["l3"] != old, "another place"
    assert shop.ato("A") == 1


@pytest.mark.parametrize("kept", ["stock", "reserved", "promise"])
def test_places_in_use_may_not_vanish(shop: Shop, kept: str) -> None:
    if kept == "promise":
        shop.stock(l1=1)
        shop.reserve("order", "A", 1)
        gone = "A"
    else:
        shop.stock(l3=1)
        gone = "l3"
        if kept == "reserved":
            shop.reserve("order", "l3", 1)
            shop.delete("l3")
    locations = [name for name in ("l1", "l2", "l3") if name != gone]

    with pytest.raises(IllegalGraph, match=gone) as refused:
        replace_with(shop, locations, *([] if gone == "A" else [GroupSpec("A", ("l1", "l2"))]))

    assert refused.value.code == "IllegalGroupState"
    assert LocationGroup.objects.filter(organization=shop.organization, identifier="A").exists()


def test_places_that_were_reserved_at_in_the_past_may_vanish(shop: Shop) -> None:
    """The lines of closed documents remember a place that is gone."""
    shop.stock(l1=1, l3=1)
    shop.reserve("at-group", "A", 1)
    shop.cancel("at-group")
    shop.reserve("at-location", "l3", 1)
    shop.fulfil("l3", 1)

    replace_with(shop, ["l1", "l2"], GroupSpec("B", ("l1", "l2")))

    assert shop.ato("B") == 1
    view = document_view(organization_id=shop.id, identifier="at-group", now=shop.now)
    assert view.placed == {(PlaceRef("A", is_group=True), SKU): UNIT}
    shop.assert_clean()


def test_a_graph_change_while_the_graph_is_read_leaves_no_mixture(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.regroup(A=["l1"], more_locations=["l2", "l3"])
    load = selectors.load_graph
    changes = iter([True])

    def load_late(organization_id: int, *, version: int) -> Graph:
        if version == before and next(changes, False):
            shop.regroup(A=["l2"], B=["l3"], more_locations=["l1"])
        return load(organization_id, version=version)

    monkeypatch.setattr(selectors, "load_graph", load_late)
    graph = current_graph(shop.id)

    assert graph.version == before + 1
    assert set(graph.groups) == {"A", "B"}
    assert selectors.graph_at(shop.id, version=before + 1) == graph
