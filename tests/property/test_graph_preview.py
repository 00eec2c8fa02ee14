"""What a preview tells of a graph change is what the change does."""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.domain.graph_plan import GraphPlan
from inventory.models import Item
from inventory.selectors.availability import find_items, group_figures, snapshot
from inventory.selectors.graph import current_graph
from inventory.services.graph import GroupSpec, preview_availability, preview_graph
from inventory.services.pools import refresh_stale_pools
from tests.builders import UNIT, Shop, a_shop

LOCATIONS = ("l1", "l2", "l3")
GROUPS = ("east", "west", "all")
SKUS = ("mug", "cup")

numbers = count(1)
members = st.frozensets(st.sampled_from(LOCATIONS), min_size=1).map(sorted)
stocks = st.fixed_dictionaries(
    {
        "location": st.sampled_from(LOCATIONS),
        "sku": st.sampled_from(SKUS),
        "on_hand": st.integers(0, 6).map(lambda units: units * UNIT),
        "safety_stock": st.sampled_from([0, UNIT]),
        "futures": st.sampled_from([(), (("2030-01-01T00:00:00Z", 2 * UNIT),)]),
        "excluded_groups": st.lists(st.sampled_from(GROUPS), max_size=1).map(tuple),
    }
)
promises = st.tuples(st.sampled_from(GROUPS), st.integers(1, 3), st.sampled_from(SKUS))
segments = st.tuples(st.sampled_from(GROUPS), st.sampled_from(SKUS))


@pytest.mark.django_db
@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=st.fixed_dictionaries(dict.fromkeys(GROUPS, members)),
    after=st.dictionaries(st.sampled_from(GROUPS), members, min_size=1),
    stock=st.lists(stocks, min_size=3, max_size=8),
    promised=st.lists(promises, max_size=5),
    segmented=st.lists(segments, max_size=3),
    fallen=st.lists(stocks, max_size=2),
)
def test_who_is_told_to_be_short_is_short_afterwards(
    *,
    before: dict[str, list[str]],
    after: dict[str, list[str]],
    stock: list[dict[str, Any]],
    promised: list[tuple[str, int, str]],
    segmented: list[tuple[str, str]],
    fallen: list[dict[str, Any]],
) -> None:
    shop = a_shop(more_locations=ungrouped(before), **before)
    for figures in stock:
        shop.put(**figures)
    for group, units, sku in promised:
        shop.reserve(f"order-{next(numbers)}", group, units, sku=sku)
    for group, sku in segmented:
        shop.segment(group, sku)
    for figures in fallen:
        shop.put(**figures)
    refresh_stale_pools(now=shop.now)
    short_before, figures_before = short(shop.id), group_figures_of(shop)
    plan = GraphPlan(LOCATIONS, [GroupSpec(name, tuple(names)) for name, names in after.items()])
    changes = preview_availability(organization_id=shop.id, plan=plan, limit=10)

    told = preview_graph(
        organization_id=shop.id,
        locations=LOCATIONS,
        groups=plan.groups,
    )
    shop.regroup(
        more_locations=ungrouped(after),
        force=True,
        **after,
    )
    refresh_stale_pools(now=shop.now)

    short_after = short(shop.id)
    worse = {sku: q for sku, q in short_after.items() if q > short_before[sku]}
    assert {item.sku: item.short for item in told.would_be_short.items} == worse
    assert {item.sku: item.short_before for item in told.would_be_short.items} == {
        sku: short_before[sku] for sku in worse
    }
    assert told.would_be_short.count == len(worse)
    assert changes.is_complete
    assert changes.changed == len(changes.items)
    assert {
        (item.sku, change.group): (change.before, change.after)
        for item in changes.items
        for change in item.groups
    } == differing(figures_before, group_figures_of(shop))
    gone = set(before) - set(after)
    assert {place.identifier for place in told.in_use} <= gone
    assert set(current_graph(shop.id).groups) == set(after)
    shop.assert_clean()


Figures = dict[tuple[str, str], tuple[int, int]]


def group_figures_of(shop: Shop) -> Figures:
    """Return ATF and ATO by SKU and group, as get-availability reads them."""
    with snapshot():
        found = find_items(shop.id, skus=SKUS)
        figures = group_figures(found, groups=found.graph.groups.values())
    return {
        (sku, found.graph.identifiers[group]): (of.available_to_fulfil, of.available_to_order)
        for (sku, group), of in figures.items()
    }


def differing(before: Figures, after: Figures) -> dict[tuple[str, str], Any]:
    """Return what differs; a group that is not there has nothing."""
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key, (0, 0)) != after.get(key, (0, 0))
    }


def ungrouped(groups: dict[str, list[str]]) -> list[str]:
    grouped = {name for names in groups.values() for name in names}
    return [name for name in LOCATIONS if name not in grouped]


def short(organization_id: int) -> dict[str, int]:
    items = Item.objects.filter(organization_id=organization_id)
    return dict(items.values_list("sku", "short"))
