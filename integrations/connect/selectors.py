"""Figures as Connect's get-availability asks for them (spec: oci-connect 7.1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from inventory.domain.figures import GroupFigures
from inventory.domain.graph import Graph
from inventory.domain.record import Record
from inventory.errors import InvalidRequest, Refusal
from inventory.selectors.availability import (
    Found,
    find_items,
    find_items_by_id,
    group_figures,
    records_at,
    snapshot,
)
from inventory.selectors.places import group_id, location_id

MAX_RECORDS = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """SKUs and places by identifier; one kind of place, or none.

    Without SKUs all existing records of the places are meant. `group` also asks for every location
    in it, and no place at all for every location that is in no group: of those only records that
    exist are listed.
    """

    skus: tuple[str, ...] | None = None
    locations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Records by place, in the order asked, and the places that are unknown."""

    locations: list[tuple[str, list[tuple[str, Record]]]]
    groups: list[tuple[str, list[tuple[str, GroupFigures]]]]
    unknown: list[Refusal]


@dataclass(slots=True)
class _Places:
    """The ids of the places asked for; `named` locations are listed also where nothing exists."""

    named: list[int] = field(default_factory=list)
    implied: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    unknown: list[Refusal] = field(default_factory=list)


def availability(organization_id: int, *, asked: Asked) -> Standing:
    """Return the figures asked for, all of one moment.

    An unknown place is told in `unknown`. Raises InvalidRequest when there are more than 1,000
    records to list.
    """
    with snapshot():
        found = find_items(organization_id, skus=asked.skus or ())
        places = _places(found.graph, asked)
        if asked.skus is not None:
            return _of_skus(found, places, skus=asked.skus)
        pairs = _existing(_AT_PLACES, [[*places.named, *places.implied], places.groups])
        found = find_items_by_id(organization_id, item_ids={item for item, _ in pairs})
        return _standing(found, places, skus=sorted(found.items), lists_missing=False)


def _places(graph: Graph, asked: Asked) -> _Places:
    places = _Places()
    for identifier in asked.locations:
        try:
            places.named.append(location_id(graph, identifier))
        except Refusal as refusal:
            places.unknown.append(refusal)
    for identifier in asked.groups if asked.group is None else (asked.group,):
        try:
            places.groups.append(group_id(graph, identifier))
        except Refusal as refusal:
            places.unknown.append(refusal)
    if asked.group is not None:
        members = (graph.members.get(group, ()) for group in places.groups)
        places.implied = _sorted(graph, [pk for each in members for pk in each])
    elif not asked.locations and not asked.groups:
        loose = [pk for pk in graph.locations.values() if pk not in graph.groups_of]
        places.implied = _sorted(graph, loose)
    return places


def _sorted(graph: Graph, locations: list[int]) -> list[int]:
    return sorted(locations, key=lambda pk: graph.identifiers[pk])


def _of_skus(found: Found, places: _Places, *, skus: Sequence[str]) -> Standing:
    listed = len(skus) * (len(places.named) + len(places.groups))
    if places.implied:
        ids = [item.id for item in found.items.values()]
        listed += len(_existing(_AT_LOCATIONS, [ids, places.implied]))
    if listed > MAX_RECORDS:
        raise _too_many()
    return _standing(found, places, skus=skus, lists_missing=not settings.OCI_UNKNOWN_SKU_EMPTY)


def _standing(
    found: Found, places: _Places, *, skus: Sequence[str], lists_missing: bool
) -> Standing:
    graph = found.graph
    ids = [item.id for item in found.items.values()]
    records = records_at(graph, item_ids=ids, locations=[*places.named, *places.implied])
    figures = group_figures(found, groups=places.groups)

    def at(location: int, *, lists_missing: bool) -> list[tuple[str, Record]]:
        empty = Record(signature=())
        of_skus = [
            (sku, records.get((found.items[sku].id, location), empty))
            if sku in found.items
            else (sku, empty)
            for sku in skus
        ]
        return [(sku, record) for sku, record in of_skus if record.exists or lists_missing]

    implied = [(graph.identifiers[pk], at(pk, lists_missing=False)) for pk in places.implied]
    return Standing(
        locations=[
            *((graph.identifiers[pk], at(pk, lists_missing=lists_missing)) for pk in places.named),
            *((identifier, records) for identifier, records in implied if records),
        ],
        groups=[
            (
                graph.identifiers[pk],
                [
                    (sku, figures.get((sku, pk), GroupFigures()))
                    for sku in skus
                    if lists_missing or figures.get((sku, pk), GroupFigures()).exists
                ],
            )
            for pk in places.groups
        ],
        unknown=places.unknown,
    )


_AT_LOCATIONS = """
SELECT s.item_id, s.location_id FROM inventory_stockrecord s
WHERE NOT s.is_deleted AND s.item_id = ANY(%s) AND s.location_id = ANY(%s) LIMIT %s
"""
_AT_PLACES = """
SELECT s.item_id, s.location_id FROM inventory_stockrecord s
WHERE NOT s.is_deleted AND s.location_id = ANY(%s)
UNION
SELECT s.item_id, m.group_id FROM inventory_stockrecord s
JOIN inventory_groupmembership m ON m.location_id = s.location_id
WHERE NOT s.is_deleted AND m.group_id = ANY(%s)
LIMIT %s
"""


def _existing(sql: str, params: Sequence[Collection[int]]) -> list[tuple[int, int]]:
    """Return (item id, place id) of what exists; InvalidRequest when that is too much to list."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [*map(list, params), MAX_RECORDS + 1])
        pairs: list[tuple[int, int]] = cursor.fetchall()
    if len(pairs) > MAX_RECORDS:
        raise _too_many()
    return pairs


def _too_many() -> InvalidRequest:
    message = f"More than {MAX_RECORDS} records would be listed; ask for fewer SKUs or places."
    return InvalidRequest(message)
