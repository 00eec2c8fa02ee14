"""Changing one group by hand: told first, then done if the graph is still the one that was told."""

from collections.abc import Callable
from datetime import datetime

from inventory.domain.graph_edit import GroupEdit, edited
from inventory.errors import IllegalGraph
from inventory.origin import Origin
from inventory.selectors.graph import current_graph
from inventory.services.graph import (
    GraphChange,
    GraphPreview,
    preview_graph,
    replace_location_graph,
)


class GraphHasChanged(IllegalGraph):
    """The graph is not the one any more that somebody looked at; nothing was changed."""

    def __init__(self) -> None:
        message = "The location graph has been changed meanwhile. Look at it again."
        super().__init__(message, code="IllegalGroupState")


def preview_group(*, organization_id: int, edit: GroupEdit) -> GraphPreview:
    """Tell what `change_group` would do now; raises IllegalGraph as it would."""
    graph = current_graph(organization_id)
    plan = edited(graph, edit)
    preview = preview_graph(
        organization_id=organization_id, locations=plan.locations, groups=plan.groups
    )
    if preview.version != graph.version:
        raise GraphHasChanged
    return preview


def change_group(
    *,
    organization_id: int,
    edit: GroupEdit,
    seen_version: int,
    force: bool,
    origin: Origin,
    now: datetime,
) -> GraphChange:
    """Change one group of the graph of `seen_version`; GraphHasChanged if another one stands.

    Raises IllegalGraph, and PlacesInUse where a group with promises would leave, unless `force`.
    """
    graph = current_graph(organization_id)
    if graph.version != seen_version:
        raise GraphHasChanged
    plan = edited(graph, edit)
    return replace_location_graph(
        organization_id=organization_id,
        locations=plan.locations,
        groups=plan.groups,
        origin=origin,
        now=now,
        force=force,
        finish=only_after(seen_version),
    )


def only_after(seen_version: int) -> Callable[[GraphChange], None]:
    """Return what undoes a change, at the end of its transaction, that followed another version."""

    def check(change: GraphChange) -> None:
        if change.version != seen_version + bool(change.differences):
            raise GraphHasChanged

    return check
