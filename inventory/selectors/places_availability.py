"""What get-availability asks and finds: SKUs at locations and in groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings

from inventory.domain.figures import GroupFigures
from inventory.domain.record import Record
from inventory.errors import InvalidRequestParameter
from inventory.selectors.availability import (
    Found,
    find_items,
    find_items_by_id,
    group_figures,
    items_at,
    records_at,
    snapshot,
)
from inventory.selectors.places import group_id, location_id

MAX_PAIRS = 100


@dataclass(frozen=True, slots=True)
class PlacesAsked:
    """SKUs and places by identifier; `is_single` is the mode of one SKU with or without a group.

    In single mode only existing records are listed, and the limit of 100 pairs does not apply.
    """

    skus: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    group: str | None = None
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Records by place, in the order asked; `groups` is None when no group was asked for."""

    locations: list[tuple[str, list[tuple[str, Record]]]]
    groups: list[tuple[str, list[tuple[str, GroupFigures]]]] | None


def availability(organization_id: int, *, asked: PlacesAsked) -> Standing:
    """Return the figures asked for, all of one moment.

    Raises LocationDoesNotExist, GroupDoesNotExist, and InvalidRequestParameter when more than 100
    pairs of SKU and place are asked for or nothing is.
    """
    with snapshot():
        if asked.is_single:
            return _single(organization_id, asked)
        if asked.skus is None:
            return _whole_places(organization_id, asked)
        return _pairs(organization_id, asked, skus=asked.skus)


def _single(organization_id: int, asked: PlacesAsked) -> Standing:
    found = find_items(organization_id, skus=asked.skus or ())
    graph = found.graph
    if asked.group is None:
        locations = [pk for pk in graph.locations.values() if pk not in graph.groups_of]
        groups = None
    else:
        locations = list(graph.members[group_id(graph, asked.group)])
        groups = _group_records(found, asked.skus or (), [asked.group])
    records = records_at(graph, item_ids=_ids(found), locations=locations)
    sku_of = {item.id: item.sku for item in found.items.values()}
    existing = sorted(
        (graph.identifiers[location], sku_of[item], record)
        for (item, location), record in records.items()
        if record.exists
    )
    return Standing([(name, [(sku, record)]) for name, sku, record in existing], groups)


def _pairs(organization_id: int, asked: PlacesAsked, *, skus: Sequence[str]) -> Standing:
    places = len(asked.locations or ()) + len(asked.groups or ())
    if not skus:
        message = "'skus' must not be empty"
        raise InvalidRequestParameter(message, parameter="skus")
    if not places:
        message = "'locations' or 'groups' must name the places"
        raise InvalidRequestParameter(message, parameter="locations")
    if len(skus) * places > MAX_PAIRS:
        raise _too_many("skus")
    found = find_items(organization_id, skus=skus)
    return Standing(
        _location_records(found, skus, asked.locations or ()),
        None if asked.groups is None else _group_records(found, skus, asked.groups),
    )


def _whole_places(organization_id: int, asked: PlacesAsked) -> Standing:
    """Return all existing records of the places, at most 100."""
    if not asked.locations and not asked.groups:
        message = "Name SKUs and places: 'sku', or 'skus' with 'locations' or 'groups'"
        raise InvalidRequestParameter(message, parameter="skus")
    graph = find_items(organization_id, skus=()).graph
    locations = [location_id(graph, name) for name in asked.locations or ()]
    groups = [group_id(graph, name) for name in asked.groups or ()]
    item_ids = items_at(locations=locations, groups=groups, limit=MAX_PAIRS + 1)
    if len(item_ids) > MAX_PAIRS:
        raise _too_many("locations")
    return _existing(organization_id, asked, item_ids=item_ids)


def _existing(organization_id: int, asked: PlacesAsked, *, item_ids: Sequence[int]) -> Standing:
    found = find_items_by_id(organization_id, item_ids=item_ids)
    skus = sorted(found.items)
    standing = Standing(
        [
            (name, [(sku, record) for sku, record in records if record.exists])
            for name, records in _location_records(found, skus, asked.locations or ())
        ],
        None
        if asked.groups is None
        else [
            (name, [(sku, figures) for sku, figures in records if figures.exists])
            for name, records in _group_records(found, skus, asked.groups)
        ],
    )
    listed = sum(len(records) for _, records in standing.locations)
    listed += sum(len(records) for _, records in standing.groups or ())
    if listed > MAX_PAIRS:
        raise _too_many("locations")
    return standing


def _too_many(parameter: str) -> InvalidRequestParameter:
    message = f"At most {MAX_PAIRS} pairs of SKU and place can be asked for at once"
    return InvalidRequestParameter(message, parameter=parameter)


def _location_records(
    found: Found, skus: Sequence[str], names: Sequence[str]
) -> list[tuple[str, list[tuple[str, Record]]]]:
    graph = found.graph
    places = {name: location_id(graph, name) for name in names}
    records = records_at(graph, item_ids=_ids(found), locations=places.values())
    return [
        (name, _listed([(sku, _record(found, records, sku, place)) for sku in skus]))
        for name, place in places.items()
    ]


def _record(found: Found, records: dict[tuple[int, int], Record], sku: str, place: int) -> Record:
    item = found.items.get(sku)
    record = None if item is None else records.get((item.id, place))
    return record or Record(signature=())


def _group_records(
    found: Found, skus: Sequence[str], names: Sequence[str]
) -> list[tuple[str, list[tuple[str, GroupFigures]]]]:
    places = {name: group_id(found.graph, name) for name in names}
    figures = group_figures(found, groups=places.values())
    unknown = GroupFigures()
    return [
        (name, _listed([(sku, figures.get((sku, group), unknown)) for sku in skus]))
        for name, group in places.items()
    ]


Figures = TypeVar("Figures", Record, GroupFigures)


def _listed(records: list[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    """Unknown SKUs are answered with zeros, or left out where a client expects that."""
    if settings.OCI_UNKNOWN_SKU_EMPTY:
        return [(sku, record) for sku, record in records if record.exists]
    return records


def _ids(found: Found) -> list[int]:
    return [item.id for item in found.items.values()]
