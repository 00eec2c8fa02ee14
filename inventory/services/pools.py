"""Bringing pool balances up to a new graph ahead of the next write."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from inventory.errors import ConcurrentModification
from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import open_book
from inventory.statements import Statement

log = logging.getLogger("holdfast.pools")

BATCH = 200
PATIENCE = "1s"
"""How long a graph change is waited for; it makes more items stale anyway."""
_ORIGIN = Origin("beat")

# One look into the index for each organization; EXISTS could be planned as a scan of all items.
_ORGANIZATIONS = """
SELECT o.id FROM inventory_organization o CROSS JOIN LATERAL (
  SELECT FROM inventory_item i
  WHERE i.organization_id = o.id AND i.graph_version < o.graph_version
  ORDER BY i.graph_version LIMIT 1
) behind ORDER BY o.id
"""
# In the order of the index: a run that goes on where it stood never sorts and never repeats.
_BEHIND = """
SELECT i.graph_version, i.id FROM inventory_item i
WHERE i.organization_id = %s AND (i.graph_version, i.id) > (%s, %s)
  AND i.graph_version < (SELECT graph_version FROM inventory_organization WHERE id = %s)
ORDER BY i.graph_version, i.id LIMIT %s
"""
_COUNT_BEHIND = """
SELECT count(*) FROM inventory_item i WHERE i.organization_id = %s
  AND i.graph_version < (SELECT graph_version FROM inventory_organization WHERE id = %s)
"""


def refresh_stale_pools(*, now: datetime, limit: int = 5_000) -> int:
    """Rebuild the pools of items that are behind their graph, a batch a transaction.

    Readers of such items add up stock records until then. Returns how many were rebuilt, at most
    `limit` of each organization. Items that others hold are left to whoever holds them, and what
    fails is logged and left: no item and no tenant stops the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ORGANIZATIONS)
        organizations = [organization_id for (organization_id,) in cursor.fetchall()]
    return sum(refresh_pools_of(pk, now=now, limit=limit) for pk in organizations)


def refresh_pools_of(organization_id: int, *, now: datetime, limit: int = 5_000) -> int:
    """Rebuild the pools of one organization's items; how many, at most `limit`."""
    rebuilt = 0
    for item_ids in _batches(organization_id, limit=limit):
        try:
            rebuilt += _refresh(organization_id, item_ids, now=now)
        except ConcurrentModification:
            log.info("The graph of organization %s is being changed", organization_id)
            break
        except Exception:
            if not connection.is_usable():
                raise
            log.exception("Pools of organization %s stay stale: %s", organization_id, item_ids)
    return rebuilt


def items_behind(organization_id: int) -> int:
    """Return how many items' pools are behind their graph."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_BEHIND, [organization_id, organization_id])
        count: int = cursor.fetchone()[0]
    return count


def _batches(organization_id: int, *, limit: int) -> Iterator[list[int]]:
    position = (-1, 0)
    for _ in range(0, limit, BATCH):
        with connection.cursor() as cursor:
            cursor.execute(_BEHIND, [organization_id, *position, organization_id, BATCH])
            rows = cursor.fetchall()
        if not rows:
            return
        yield [item_id for _, item_id in rows]
        position = rows[-1]


def _refresh(organization_id: int, item_ids: list[int], *, now: datetime) -> int:
    with locked_write():
        lock_organization_shared(organization_id, timeout=PATIENCE)
        locked = lock_items(organization_id, item_ids=item_ids, skip_locked=True)
        graph = graph_at(organization_id, version=locked.graph_version)
        book = open_book(graph=graph, locked=locked.items.values())
        book.write(Statement(), origin=_ORIGIN, now=now)
    return len(locked.items)
