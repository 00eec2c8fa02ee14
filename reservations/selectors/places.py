"""Finding the places that clients name."""

from collections.abc import Iterable

from inventory.domain.graph import Graph
from inventory.selectors.places import group_id, location_id
from reservations.domain.places import PlaceRef


def known_places(graph: Graph, places: Iterable[PlaceRef]) -> dict[PlaceRef, int]:
    """Return the ids of the places that exist.

    A repeat must be recognized before a place is missed: it may have gone since.
    """
    found = {
        place: (graph.groups if place.is_group else graph.locations).get(place.identifier)
        for place in places
    }
    return {place: pk for place, pk in found.items() if pk is not None}


def require_places(graph: Graph, places: Iterable[PlaceRef]) -> None:
    """Refuse what does not exist: LocationDoesNotExist or GroupDoesNotExist."""
    for place in places:
        find = group_id if place.is_group else location_id
        find(graph, place.identifier)
