"""Finding the places that clients name."""

from inventory.domain.graph import Graph
from inventory.selectors.places import group_id, location_id
from reservations.domain.places import PlaceRef


def place_id(graph: Graph, place: PlaceRef) -> int:
    """Return the place's id; LocationDoesNotExist or GroupDoesNotExist."""
    find = group_id if place.is_group else location_id
    return find(graph, place.identifier)
