"""Why a quantity can or cannot be promised: the laws' witness over an item's real state."""

from django.db import connection

from inventory.domain.explain import Explanation, explain_group, explain_location
from inventory.selectors.availability import find_items, records_of, snapshot
from inventory.selectors.places import group_id, location_id


def explain_at_group(organization_id: int, *, sku: str, group: str, quantity: int) -> Explanation:
    """Explain whether `quantity` thousandths can be promised in a group; GroupDoesNotExist."""
    with snapshot():
        locations, promises, _ = _state(organization_id, sku=sku, group=group)
    return explain_group(group=group, quantity=quantity, locations=locations, promises=promises)


def explain_at_location(
    organization_id: int, *, sku: str, location: str, quantity: int
) -> Explanation:
    """Explain whether `quantity` thousandths fit at a location; LocationDoesNotExist."""
    with snapshot():
        locations, promises, known = _state(organization_id, sku=sku, location=location)
    locations.setdefault(location, (0, known))
    return explain_location(
        location=location, quantity=quantity, locations=locations, promises=promises
    )


def _state(
    organization_id: int, *, sku: str, group: str | None = None, location: str | None = None
) -> tuple[dict[str, tuple[int, frozenset[str]]], dict[str, int], frozenset[str]]:
    """Return free stock with its groups by location, promises by group, and the groups of the
    location that is asked about.
    """
    found = find_items(organization_id, skus=[sku])
    graph = found.graph
    groups: tuple[int, ...] = ()
    if group is not None:
        group_id(graph, group)
    item = found.items.get(sku)
    if location is not None:
        groups = graph.signature(
            location_id(graph, location), segmented_out=() if item is None else item.segmented_out
        )
    item_ids = [item.id for item in found.items.values()]
    locations = {
        graph.identifiers[place]: (
            record.balance.available_to_order if record.exists else 0,
            frozenset(graph.identifiers[group] for group in record.signature),
        )
        for (_, place), record in records_of(graph, item_ids=item_ids).items()
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT group_id, quantity FROM inventory_promise"
            " WHERE item_id = ANY(%s) AND quantity > 0",
            [item_ids],
        )
        promises = {graph.identifiers[place]: quantity for place, quantity in cursor.fetchall()}
    return locations, promises, frozenset(graph.identifiers[place] for place in groups)
