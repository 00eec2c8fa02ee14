"""A location graph as somebody wants it, by identifiers, and what that would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from inventory.domain.graph import Graph


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """A group and the identifiers of its locations."""

    id: str
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GraphPlan:
    """The whole graph: every location, grouped or not, and every group."""

    locations: Sequence[str]
    groups: Sequence[GroupSpec]


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What changes in a group that stays."""

    joining: tuple[str, ...]
    leaving: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GraphDifferences:
    """What a plan changes, by sorted identifiers."""

    new_locations: tuple[str, ...] = ()
    gone_locations: tuple[str, ...] = ()
    new_groups: tuple[str, ...] = ()
    gone_groups: tuple[str, ...] = ()
    regrouped: Mapping[str, Regrouped] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether anything changes."""
        return bool(
            self.new_locations
            or self.gone_locations
            or self.new_groups
            or self.gone_groups
            or self.regrouped
        )


def differences(graph: Graph, plan: GraphPlan) -> GraphDifferences:
    """Compare a plan with the graph as it stands."""
    locations = set(plan.locations)
    groups = {group.id: set(group.locations) for group in plan.groups}
    regrouped = {}
    for name in sorted(groups.keys() & graph.groups.keys()):
        members = {graph.identifiers[pk] for pk in graph.members.get(graph.groups[name], ())}
        joining, leaving = groups[name] - members, members - groups[name]
        if joining or leaving:
            regrouped[name] = Regrouped(tuple(sorted(joining)), tuple(sorted(leaving)))
    return GraphDifferences(
        new_locations=tuple(sorted(locations - graph.locations.keys())),
        gone_locations=tuple(sorted(graph.locations.keys() - locations)),
        new_groups=tuple(sorted(groups.keys() - graph.groups.keys())),
        gone_groups=tuple(sorted(graph.groups.keys() - groups.keys())),
        regrouped=regrouped,
    )


def planned(graph: Graph, plan: GraphPlan) -> Graph:
    """Return the graph that a plan leads to; places that are new have ids below 0."""
    new = count(-1, -1)
    locations = {name: graph.locations.get(name) or next(new) for name in plan.locations}
    groups = {group.id: graph.groups.get(group.id) or next(new) for group in plan.groups}
    members = {
        groups[group.id]: tuple(sorted(locations[name] for name in group.locations))
        for group in plan.groups
    }
    groups_of: dict[int, list[int]] = {}
    for group in sorted(members):
        for location in members[group]:
            groups_of.setdefault(location, []).append(group)
    return Graph(
        organization_id=graph.organization_id,
        version=graph.version + 1,
        locations=locations,
        groups=groups,
        identifiers={pk: name for name, pk in (locations | groups).items()},
        groups_of={location: tuple(of_it) for location, of_it in groups_of.items()},
        members=members,
    )
