"""Bringing pool balances up to a new graph ahead of the next write."""

from datetime import datetime

from django.db.models import F

from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import Item
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import open_book
from inventory.statements import Statement

BATCH = 200
_ORIGIN = Origin("beat")


def refresh_stale_pools(*, now: datetime, limit: int = 5_000) -> int:
    """Rebuild the pools of items that are behind their graph, a batch a transaction.

    Readers of such items add up stock records until then. Returns how many were rebuilt.
    """
    stale = tuple(
        Item.objects.exclude(graph_version=F("organization__graph_version"))
        .order_by("organization_id", "id")
        .values_list("organization_id", "id")[:limit]
    )
    batches: dict[int, list[int]] = {}
    for organization_id, item_id in stale:
        batches.setdefault(organization_id, []).append(item_id)
    for organization_id, item_ids in batches.items():
        for start in range(0, len(item_ids), BATCH):
            _refresh(organization_id, item_ids[start : start + BATCH], now=now)
    return len(stale)


def _refresh(organization_id: int, item_ids: list[int], *, now: datetime) -> None:
    with locked_write():
        lock_organization_shared(organization_id)
        locked = lock_items(organization_id, item_ids=item_ids)
        graph = graph_at(organization_id, version=locked.graph_version)
        book = open_book(graph=graph, locked=locked.items.values())
        book.write(Statement(), origin=_ORIGIN, now=now)
