"""Replacing the location graph as a whole (the shape of the location-graph export)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from inventory.errors import IllegalGraph
from inventory.locks import lock_organization_exclusive, locked_write
from inventory.models import (
    GraphVersion,
    GroupMembership,
    Location,
    LocationGroup,
    Organization,
    Place,
    Promise,
    StockRecord,
)
from inventory.origin import Origin
from inventory.selectors.graph import load_graph

MAX_LOCATIONS = 50_000
MAX_GROUPS = 200


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """A group and the identifiers of its locations."""

    id: str
    locations: tuple[str, ...]


def replace_location_graph(
    *,
    organization_id: int,
    locations: Sequence[str],
    groups: Sequence[GroupSpec],
    origin: Origin,
    now: datetime,
) -> int:
    """Make the graph exactly this, atomically; return its version.

    Raises IllegalGraph with OCI's codes (DuplicateLocationId, DuplicateGroupId,
    GroupMustNotBeEmpty, LocationListMustNotBeEmpty, LocationListTooLarge, IllegalGroupState). A
    place that still has stock, reservations or promises may not vanish. Memberships may change
    freely: what is promised and no longer fits makes the item oversold.
    """
    _validate(locations, groups)
    with locked_write():
        lock_organization_exclusive(organization_id)
        organization = Organization.objects.get(pk=organization_id)
        _retire_vanished(organization_id, keep_locations=locations, keep_groups=groups)
        _create(organization_id, locations=locations, groups=groups)
        organization.graph_version += 1
        organization.save(update_fields=["graph_version"])
        _record_version(organization, origin=origin, now=now)
    return organization.graph_version


def _validate(locations: Sequence[str], groups: Sequence[GroupSpec]) -> None:
    if not locations:
        raise _illegal("LocationListMustNotBeEmpty", "The graph has no locations.", "locations")
    if len(locations) > MAX_LOCATIONS or len(groups) > MAX_GROUPS:
        message = f"A graph holds at most {MAX_LOCATIONS} locations and {MAX_GROUPS} groups."
        raise _illegal("LocationListTooLarge", message, "locations")
    known = set(locations)
    if len(known) < len(locations):
        double = next(name for name in locations if locations.count(name) > 1)
        raise _illegal("DuplicateLocationId", f"'{double}' is listed twice.", "locations")
    taken = set(known)
    for group in groups:
        if group.id in taken:
            message = f"'{group.id}' is listed twice, or is a location's id."
            raise _illegal("DuplicateGroupId", message, "groups")
        taken.add(group.id)
        _validate_members(group, known)


def _validate_members(group: GroupSpec, known: set[str]) -> None:
    if not group.locations:
        raise _illegal("GroupMustNotBeEmpty", f"'{group.id}' has no locations.", "groups")
    unknown = [name for name in group.locations if name not in known]
    if unknown:
        message = f"'{group.id}' names '{unknown[0]}', which is not among the locations."
        raise _illegal("IllegalGroupState", message, "groups")
    if len(set(group.locations)) < len(group.locations):
        message = f"'{group.id}' lists a location twice."
        raise _illegal("DuplicateLocationId", message, "groups")


def _illegal(code: str, message: str, parameter: str) -> IllegalGraph:
    return IllegalGraph(message, code=code, parameter=parameter)


def _retire_vanished(
    organization_id: int, *, keep_locations: Sequence[str], keep_groups: Sequence[GroupSpec]
) -> None:
    places = {"organization_id": organization_id, "is_retired": False}
    locations = Location.objects.filter(**places).exclude(identifier__in=keep_locations)
    groups = LocationGroup.objects.filter(**places).exclude(
        identifier__in=[group.id for group in keep_groups]
    )
    empty = Q(on_hand=0, safety_stock=0, reserved=0, futures_quantity=0)
    in_use = [
        *StockRecord.objects.filter(~empty, location__in=locations)
        .values_list("location__identifier", flat=True)
        .distinct(),
        *Promise.objects.filter(quantity__gt=0, group__in=groups)
        .values_list("group__identifier", flat=True)
        .distinct(),
    ]
    if in_use:
        message = "Stock, reservations or promises are left at " + ", ".join(sorted(in_use))
        raise _illegal("IllegalGroupState", message, "locations")
    StockRecord.objects.filter(location__in=locations).delete()
    Promise.objects.filter(group__in=groups).delete()
    vanished = [*locations.values_list("pk", flat=True), *groups.values_list("pk", flat=True)]
    Place.objects.filter(pk__in=vanished).update(is_retired=True)


def _create(organization_id: int, *, locations: Sequence[str], groups: Sequence[GroupSpec]) -> None:
    known = dict(
        Place.objects.filter(organization_id=organization_id, is_retired=False).values_list(
            "identifier", "pk"
        )
    )
    for name in locations:
        if name not in known:
            known[name] = Location.objects.create(
                organization_id=organization_id, identifier=name
            ).pk
    for group in groups:
        if group.id not in known:
            known[group.id] = LocationGroup.objects.create(
                organization_id=organization_id, identifier=group.id
            ).pk
    GroupMembership.objects.filter(group__organization_id=organization_id).delete()
    GroupMembership.objects.bulk_create(
        (
            GroupMembership(group_id=known[group.id], location_id=known[name])
            for group in groups
            for name in group.locations
        ),
        batch_size=5_000,
    )


def _record_version(organization: Organization, *, origin: Origin, now: datetime) -> None:
    graph = load_graph(organization.pk, version=organization.graph_version)
    GraphVersion.objects.create(
        organization=organization,
        version=graph.version,
        document={
            "locations": {str(pk): name for name, pk in graph.locations.items()},
            "groups": {
                str(pk): {"identifier": name, "locations": graph.members.get(pk, ())}
                for name, pk in graph.groups.items()
            },
        },
        actor=origin.actor,
        created_at=now,
    )
