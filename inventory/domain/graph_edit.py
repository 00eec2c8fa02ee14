"""Small changes of a location graph, and who shares what in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.domain.graph import Graph
from inventory.domain.graph_plan import GraphPlan, GroupSpec


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """A group as it shall be; a new one, and new locations, come to life with it.

    Without locations the group leaves the graph.
    """

    group: str
    locations: tuple[str, ...]


def edited(graph: Graph, edit: GroupEdit) -> GraphPlan:
    """Return the whole graph with the one group changed."""
    groups = [
        GroupSpec(name, tuple(graph.identifiers[member] for member in graph.members.get(pk, ())))
        for name, pk in sorted(graph.groups.items())
        if name != edit.group
    ]
    if edit.locations:
        groups.append(GroupSpec(edit.group, edit.locations))
    new = [name for name in edit.locations if name not in graph.locations]
    return GraphPlan([*graph.locations, *new], groups)


@dataclass(frozen=True, slots=True)
class Shared:
    """Locations that belong to exactly the same groups; no groups: to none."""

    groups: tuple[str, ...]
    locations: tuple[str, ...]


def sharing(graph: Graph, *, about: str = "") -> Sequence[Shared]:
    """Return who shares what, by groups; `about` one group, or of all."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, pk in graph.locations.items():
        groups = tuple(sorted(graph.identifiers[group] for group in graph.groups_of.get(pk, ())))
        if not about or about in groups:
            found.setdefault(groups, []).append(name)
    return [Shared(groups, tuple(sorted(names))) for groups, names in sorted(found.items())]
