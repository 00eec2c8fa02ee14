"""Replacing the location graph as a whole, or telling what that would do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory.domain.graph import Graph
from inventory.domain.graph_plan import (
    GraphDifferences,
    GraphPlan,
    GroupSpec,
    differences,
    planned,
)
from inventory.locks import lock_organization_exclusive, locked_write
from inventory.models import GraphVersion, Organization
from inventory.origin import Origin
from inventory.selectors.availability import find_items, snapshot
from inventory.selectors.graph import graph_at, load_graph
from inventory.selectors.graph_preview import (
    AvailabilityChanges,
    WouldBeShort,
    availability_changes,
    would_be_short,
)
from inventory.services.graph_plans import MAX_GROUPS, check_plan
from inventory.services.holders import Leaving
from inventory.services.leaving import PlaceInUse, PlacesInUse, let_go, places_in_use, retire

LISTED_ITEMS = 100

__all__ = [
    "MAX_GROUPS",
    "GraphChange",
    "GraphPreview",
    "GroupSpec",
    "preview_availability",
    "preview_graph",
    "replace_location_graph",
]


@dataclass(frozen=True, slots=True)
class GraphChange:
    """What was changed; `let_go` are the places that were emptied because that was forced.

    `version` is the graph's from now on: a new one, unless nothing differed.
    """

    version: int
    differences: GraphDifferences
    let_go: Sequence[PlaceInUse] = ()


def replace_location_graph(
    *,
    organization_id: int,
    locations: Sequence[str],
    groups: Sequence[GroupSpec],
    origin: Origin,
    now: datetime,
    force: bool = False,
    finish: Callable[[GraphChange], None] | None = None,
) -> GraphChange:
    """Make the graph exactly this, atomically; a graph that differs in nothing stays as it is.

    Raises IllegalGraph with OCI's codes (DuplicateLocationId, DuplicateGroupId,
    GroupMustNotBeEmpty, LocationListMustNotBeEmpty, LocationListTooLarge, IllegalGroupState), and
    PlacesInUse for places that still have stock, reservations or promises and would leave. With
    `force` they are emptied, which ends the claims there; the ledger tells of each. Memberships may
    change freely: what is promised and no longer fits makes the item oversold.

    `finish` is called with the change at the end of its transaction.
    """
    plan = GraphPlan(locations, groups)
    check_plan(plan)
    with locked_write():
        lock_organization_exclusive(organization_id)
        organization = Organization.objects.get(pk=organization_id)
        graph = graph_at(organization_id, version=organization.graph_version)
        change = GraphChange(graph.version, differences(graph, plan))
        if change.differences:
            organization.graph_version += 1
            version = organization.graph_version
            leaving = Leaving(_gone(graph, change.differences), f"location-graph-{version}", now)
            in_use = _clear(graph, leaving, origin=origin, force=force)
            _write(graph, plan, leaving)
            organization.save(update_fields=["graph_version"])
            _record_version(organization, origin=origin, now=now)
            change = GraphChange(version, change.differences, in_use)
        if finish is not None:
            finish(change)
    return change


@dataclass(frozen=True, slots=True)
class GraphPreview:
    """What a plan would change, which places it would have to empty, who would be oversold."""

    version: int
    differences: GraphDifferences
    in_use: Sequence[PlaceInUse]
    would_be_short: WouldBeShort


def preview_graph(
    *, organization_id: int, locations: Sequence[str], groups: Sequence[GroupSpec]
) -> GraphPreview:
    """Tell what `replace_location_graph` would do now; raises IllegalGraph as it would.

    Places in use are told, not refused: the answer is of the forced change. The first 100 items
    that would be oversold, or more than they are, are listed, and all are counted.
    """
    plan = GraphPlan(locations, groups)
    check_plan(plan)
    with snapshot():
        graph = find_items(organization_id, skus=()).graph
        found = differences(graph, plan)
        return GraphPreview(
            version=graph.version,
            differences=found,
            in_use=places_in_use(_gone(graph, found)),
            would_be_short=would_be_short(graph, planned(graph, plan), limit=LISTED_ITEMS),
        )


def preview_availability(
    *, organization_id: int, plan: GraphPlan, limit: int
) -> AvailabilityChanges:
    """Tell what a plan that can stand would change in availability: the first `limit` items."""
    with snapshot():
        graph = find_items(organization_id, skus=()).graph
        return availability_changes(graph, planned(graph, plan), limit=limit)


def _gone(graph: Graph, found: GraphDifferences) -> list[int]:
    return [
        *(graph.locations[name] for name in found.gone_locations),
        *(graph.groups[name] for name in found.gone_groups),
    ]


def _clear(graph: Graph, leaving: Leaving, *, origin: Origin, force: bool) -> list[PlaceInUse]:
    """Return what the places that leave were emptied of; PlacesInUse unless that is forced."""
    in_use = places_in_use(leaving.places)
    if in_use and not force:
        raise PlacesInUse(in_use)
    if in_use:
        let_go(graph, leaving, origin=origin)
    return in_use


def _write(graph: Graph, plan: GraphPlan, leaving: Leaving) -> None:
    retire(leaving.places)
    gone = set(leaving.places)
    places = (*graph.locations.items(), *graph.groups.items())
    known = {name: pk for name, pk in places if pk not in gone}
    names = [name for name in plan.locations if name not in known]
    known |= _create("inventory_location", graph.organization_id, names)
    names = [group.id for group in plan.groups if group.id not in known]
    known |= _create("inventory_locationgroup", graph.organization_id, names)
    wanted = {(known[group.id], known[name]) for group in plan.groups for name in group.locations}
    held = {(group, location) for group, at in graph.members.items() for location in at}
    _execute_pairs(
        "DELETE FROM inventory_groupmembership m USING {pairs}"
        " WHERE m.group_id = v.group_id AND m.location_id = v.location_id",
        held - wanted,
    )
    _execute_pairs(
        "INSERT INTO inventory_groupmembership (group_id, location_id)"
        " SELECT v.group_id, v.location_id FROM {pairs}",
        wanted - held,
    )


def _create(table: str, organization_id: int, names: Sequence[str]) -> dict[str, int]:
    """Create places of one kind, in two statements; return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_place (organization_id, identifier, is_retired)"
            " SELECT %s, v.name, false FROM unnest(%s::text[]) AS v(name) RETURNING identifier, id",
            [organization_id, list(names)],
        )
        created: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(
            f"INSERT INTO {table} (place_ptr_id) SELECT unnest(%s::bigint[])",
            [list(created.values())],
        )
    return created


def _execute_pairs(sql: str, pairs: Iterable[tuple[int, int]]) -> None:
    groups, locations = [], []
    for group, location in sorted(pairs):
        groups.append(group)
        locations.append(location)
    source = "unnest(%s::bigint[], %s::bigint[]) AS v(group_id, location_id)"
    with connection.cursor() as cursor:
        cursor.execute(sql.format(pairs=source), [groups, locations])


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
