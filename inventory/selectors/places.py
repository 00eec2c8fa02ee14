"""Finding places by the identifiers clients use."""

from inventory.domain.graph import Graph
from inventory.errors import GroupDoesNotExist, LocationDoesNotExist


def location_id(graph: Graph, identifier: str) -> int:
    """Return a location's id; LocationDoesNotExist when the organization has no such location."""
    try:
        return graph.locations[identifier]
    except KeyError:
        message = f"No location exists with ID '{identifier}'"
        raise LocationDoesNotExist(message, location=identifier) from None


def group_id(graph: Graph, identifier: str) -> int:
    """Return a group's id; GroupDoesNotExist when the organization has no such group."""
    try:
        return graph.groups[identifier]
    except KeyError:
        message = f"No group exists with ID '{identifier}'"
        raise GroupDoesNotExist(message, group=identifier) from None
