"""The location graph, kept in memory as long as its version stands."""

from collections import OrderedDict
from threading import Lock

from django.db import connection

from inventory.domain.graph import Graph


class GraphCache:
    """The graphs that were asked for last, bounded in number and in what they hold together.

    The size of a graph is its locations and memberships. The last one put is kept whatever its
    size. Safe to share among threads.
    """

    def __init__(self, *, organizations: int, size: int) -> None:
        self._organizations = organizations
        self._size = size
        self._graphs: OrderedDict[int, Graph] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def get(self, organization_id: int, *, version: int) -> Graph | None:
        """Return the organization's graph if it is known at this version."""
        with self._lock:
            graph = self._graphs.get(organization_id)
            if graph is None or graph.version != version:
                return None
            self._graphs.move_to_end(organization_id)
            return graph

    def put(self, graph: Graph) -> None:
        """Keep a graph in place of the organization's other versions; forget the stalest."""
        with self._lock:
            self._drop(graph.organization_id)
            self._graphs[graph.organization_id] = graph
            self._held += _size(graph)
            while len(self._graphs) > 1 and (
                len(self._graphs) > self._organizations or self._held > self._size
            ):
                self._drop(next(iter(self._graphs)))

    def __len__(self) -> int:
        return len(self._graphs)

    def _drop(self, organization_id: int) -> None:
        graph = self._graphs.pop(organization_id, None)
        if graph is not None:
            self._held -= _size(graph)


def _size(graph: Graph) -> int:
    return len(graph.locations) + sum(map(len, graph.members.values()))


# About 100 bytes each: a process keeps at most 50 MB of graphs.
_cache = GraphCache(organizations=1_000, size=500_000)

_PLACES = """
SELECT p.id, p.identifier, l.place_ptr_id IS NOT NULL
FROM inventory_place p LEFT JOIN inventory_location l ON l.place_ptr_id = p.id
WHERE p.organization_id = %s AND NOT p.is_retired
"""

_MEMBERSHIPS = """
SELECT m.location_id, m.group_id FROM inventory_groupmembership m
JOIN inventory_place p ON p.id = m.group_id WHERE p.organization_id = %s
ORDER BY m.location_id, m.group_id
"""


def graph_at(organization_id: int, *, version: int) -> Graph:
    """Return the graph of the version that the caller has just read.

    The caller's transaction must see that version as committed; a graph change, which sees its
    own uncommitted rows, uses `load_graph` so that nothing unproved enters the cache.
    """
    graph = _cache.get(organization_id, version=version)
    if graph is None:
        graph = load_graph(organization_id, version=version)
        _cache.put(graph)
    return graph


def current_graph(organization_id: int) -> Graph:
    """Return the graph as committed now; one query when it is known already.

    The version is read again after the tables: outside a transaction a graph change may come
    between, and what was read would be a mixture under the wrong version.
    """
    version = _version(organization_id)
    graph = _cache.get(organization_id, version=version)
    if graph is not None:
        return graph
    while True:
        graph = load_graph(organization_id, version=version)
        version = _version(organization_id)
        if graph.version == version:
            _cache.put(graph)
            return graph


def _version(organization_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT graph_version FROM inventory_organization WHERE id = %s", [organization_id]
        )
        version: int = cursor.fetchone()[0]
    return version


def load_graph(organization_id: int, *, version: int) -> Graph:
    """Read the graph from the tables; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [organization_id])
        places = cursor.fetchall()
        cursor.execute(_MEMBERSHIPS, [organization_id])
        memberships = cursor.fetchall()
    groups_of: dict[int, list[int]] = {}
    members: dict[int, list[int]] = {}
    for location, group in memberships:
        groups_of.setdefault(location, []).append(group)
        members.setdefault(group, []).append(location)
    return Graph(
        organization_id=organization_id,
        version=version,
        locations={identifier: pk for pk, identifier, is_location in places if is_location},
        groups={identifier: pk for pk, identifier, is_location in places if not is_location},
        identifiers={pk: identifier for pk, identifier, _ in places},
        groups_of={location: tuple(groups) for location, groups in groups_of.items()},
        members={group: tuple(locations) for group, locations in members.items()},
    )
