"""The location graph, kept in memory as long as its version stands."""

from django.db import connection

from inventory.domain.graph import Graph

_cache: dict[int, Graph] = {}

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
    graph = _cache.get(organization_id)
    if graph is None or graph.version != version:
        graph = load_graph(organization_id, version=version)
        _cache[organization_id] = graph
    return graph


def current_graph(organization_id: int) -> Graph:
    """Return the graph as committed now; one query when it is known already.

    The version is read again after the tables: outside a transaction a graph change may come
    between, and what was read would be a mixture under the wrong version.
    """
    version = _version(organization_id)
    graph = _cache.get(organization_id)
    while graph is None or graph.version != version:
        graph = load_graph(organization_id, version=version)
        version = _version(organization_id)
    _cache[organization_id] = graph
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
