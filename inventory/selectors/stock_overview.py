"""Stock as people look at it: figures for a page of items, and one item at all its places.

Quantities are integers of thousandths.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from inventory.domain.balance import Balance
from inventory.domain.figures import GroupFigures
from inventory.domain.graph import Graph
from inventory.domain.layout import Layout, lay_out
from inventory.domain.record import Record
from inventory.domain.trend import Point, Step, trend
from inventory.models import Item, Location, Movement, Place, StockRecord
from inventory.selectors.availability import (
    Found,
    find_items,
    find_items_by_id,
    item_figures,
    records_at,
    records_of,
    snapshot,
)
from inventory.selectors.graph import current_graph

TREND_STEPS = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """The columns of a stock list."""

    on_hand: int = 0
    reserved: int = 0
    safety_stock: int = 0
    futures: int = 0
    available_to_fulfil: int = 0
    available_to_order: int = 0


def place_named(organization_id: int, *, identifier: str) -> int | None:
    """Return the id of a location or group, None where there is none of that name."""
    graph = current_graph(organization_id)
    return graph.locations.get(identifier) or graph.groups.get(identifier)


def item_named(organization_id: int, *, sku: str) -> int | None:
    """Return the id of an item, None where there is none of that SKU."""
    items = Item.objects.filter(organization=organization_id, sku=sku)
    return items.values_list("pk", flat=True).first()


def figures_of(
    organization_id: int, *, item_ids: Collection[int], place: int | None
) -> dict[int, Figures]:
    """Return figures by item id: at a location or in a group, or over all locations (None).

    At most five statements, whatever the number of items and locations.
    """
    with snapshot():
        found = find_items_by_id(organization_id, item_ids=item_ids)
        if place is not None and place in found.graph.locations.values():
            return _at_location(found, place)
        return {
            found.items[sku].id: _of_group(
                of_item.everywhere() if place is None else of_item.of_group(place)
            )
            for sku, of_item in item_figures(found).items()
        }


def _at_location(found: Found, location: int) -> dict[int, Figures]:
    item_ids = [item.id for item in found.items.values()]
    records = records_at(found.graph, item_ids=item_ids, locations=[location])
    return {item_id: of_balance(record.balance) for (item_id, _), record in records.items()}


def of_balance(balance: Balance) -> Figures:
    """Return the figures of a stock record."""
    return Figures(
        on_hand=balance.on_hand,
        reserved=balance.reserved,
        safety_stock=balance.safety_stock,
        futures=balance.futures,
        available_to_fulfil=balance.available_to_fulfil,
        available_to_order=balance.available_to_order,
    )


def _of_group(figures: GroupFigures) -> Figures:
    return Figures(
        on_hand=figures.on_hand,
        reserved=figures.reserved,
        safety_stock=figures.safety_stock,
        futures=sum(quantity for _, quantity in figures.futures),
        available_to_fulfil=figures.available_to_fulfil,
        available_to_order=figures.available_to_order,
    )


@dataclass(frozen=True, slots=True)
class AtLocation:
    """An item at one location; `promised` is what the layout puts there, by group."""

    location: str
    groups: tuple[str, ...]
    record: Record
    promised: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InGroup:
    """An item in one group; `figures.reserved` includes what others promise of shared stock."""

    group: str
    figures: GroupFigures


@dataclass(frozen=True, slots=True)
class ItemOverview:
    """One item everywhere, of one moment."""

    totals: Figures
    promised: int
    short: int
    locations: list[AtLocation]
    groups: list[InGroup]
    layout: Layout
    trend: list[Point]


def item_overview(organization_id: int, *, sku: str) -> ItemOverview:
    """Return an item at all its places, with the layout of its promises and its recent past.

    Reads every stock record of the item. The item must exist.
    """
    with snapshot():
        found = find_items(organization_id, skus=[sku])
        item = found.items[sku]
        graph = found.graph
        figures = item_figures(found)[sku]
        records = {
            place: record
            for (_, place), record in records_of(graph, item_ids=[item.id]).items()
            if place in graph.identifiers and (record.exists or record.balance.reserved)
        }
        steps = _steps(item.id, graph)
    promises = {
        graph.identifiers[group]: figures.of_group(group).group_reserved
        for group in graph.groups.values()
    }
    layout = lay_out(
        locations={
            graph.identifiers[place]: (
                record.balance.available_to_order,
                frozenset(graph.identifiers[group] for group in record.signature),
            )
            for place, record in records.items()
        },
        promises=promises,
    )
    everywhere = figures.everywhere()
    return ItemOverview(
        totals=_of_group(everywhere),
        promised=everywhere.group_reserved,
        short=sum(layout.unserved.values()),
        locations=_locations(graph, records, layout),
        groups=[
            InGroup(name, of_group)
            for name, group in sorted(graph.groups.items())
            if (of_group := figures.of_group(group)).exists or of_group.group_reserved
        ],
        layout=layout,
        trend=trend(
            records={place: record.balance for place, record in records.items()},
            promises={graph.groups[name]: quantity for name, quantity in promises.items()},
            steps=steps,
            signature=lambda place: graph.signature(place, segmented_out=item.segmented_out),
        ),
    )


def _locations(graph: Graph, records: Mapping[int, Record], layout: Layout) -> list[AtLocation]:
    promised: dict[str, dict[str, int]] = {}
    for (group, location), quantity in layout.placed.items():
        promised.setdefault(location, {})[group] = quantity
    return [
        AtLocation(
            location=graph.identifiers[place],
            groups=tuple(graph.identifiers[group] for group in record.signature),
            record=record,
            promised=promised.get(graph.identifiers[place], {}),
        )
        for place, record in sorted(records.items(), key=lambda each: graph.identifiers[each[0]])
    ]


def _steps(item_id: int, graph: Graph) -> list[Step]:
    """Return the last changes, newest first; those of places that have left say nothing of now."""
    groups = set(graph.groups.values())
    return [
        Step(
            at=row["recorded_at"],
            place=row["place_id"],
            is_group=row["place_id"] in groups,
            before=Balance(
                on_hand=row["on_hand_before"],
                safety_stock=row["safety_stock_before"],
                reserved=row["reserved_before"],
                futures=row["futures_before"],
            ),
        )
        for row in Movement.objects.filter(item_id=item_id)
        .order_by("-id")
        .values(
            "recorded_at",
            "place_id",
            "on_hand_before",
            "safety_stock_before",
            "reserved_before",
            "futures_before",
        )[:TREND_STEPS]
        if row["place_id"] in graph.identifiers
    ]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One ledger row of an item, with the name of its place."""

    movement: Movement
    place: str


def history_of(item_id: int, *, before: int | None, limit: int) -> list[HistoryRow]:
    """Return an item's ledger rows, newest first, those with ids below `before`; by index."""
    rows = Movement.objects.filter(item_id=item_id).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    movements = list(rows[:limit])
    places = Place.objects.filter(pk__in={movement.place_id for movement in movements})
    names = dict(places.values_list("pk", "identifier"))
    return [HistoryRow(each, names.get(each.place_id, "?")) for each in movements]


def location_names(organization_id: int, *, limit: int) -> list[str]:
    """Return the identifiers of an organization's locations, in order."""
    names = Location.objects.filter(organization_id=organization_id, is_retired=False)
    return list(names.order_by("identifier").values_list("identifier", flat=True)[:limit])


def counts_at(
    organization_id: int, *, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return what is on hand by (SKU, location identifier), of those records that exist."""
    rows = StockRecord.objects.filter(
        item__organization_id=organization_id,
        item__sku__in={sku for sku, _ in pairs},
        location__identifier__in={location for _, location in pairs},
        location__is_retired=False,
        is_deleted=False,
    ).values_list("item__sku", "location__identifier", "on_hand")
    return {(sku, location): on_hand for sku, location, on_hand in rows if (sku, location) in pairs}
