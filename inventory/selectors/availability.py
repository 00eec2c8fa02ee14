"""Reading availability, in one snapshot. Quantities are integers of thousandths."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory.domain.figures import GroupFigures, ItemFigures
from inventory.domain.graph import Graph
from inventory.domain.record import Pool, Record, Signature, pools_of
from inventory.selectors.graph import graph_at
from inventory.selectors.records import pool_from_row, record_from_row, signature_of


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as of one moment (design: 6.7).

    Inside somebody's transaction (a test's) that transaction's view is used.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as found: its id, its counter and the graph its pools were built with."""

    id: int
    sku: str
    sequence: int
    graph_version: int
    segmented_out: Sequence[int]


@dataclass(frozen=True, slots=True)
class Found:
    """The organization's graph and the items asked for, by SKU; unknown SKUs are left out."""

    graph: Graph
    items: dict[str, ItemRow]


_ITEMS = """
SELECT o.graph_version, i.id, i.sku, i.sequence, i.graph_version, i.segmented_out
FROM inventory_organization o
LEFT JOIN inventory_item i ON i.organization_id = o.id AND i.{column} = ANY(%s)
WHERE o.id = %s
"""


def find_items(organization_id: int, *, skus: Collection[str]) -> Found:
    """Find items by SKU, with the graph of the same moment; call it inside `snapshot`."""
    return _find(organization_id, "sku", list(skus))


def find_items_by_id(organization_id: int, *, item_ids: Collection[int]) -> Found:
    """Find items by id, with the graph of the same moment; call it inside `snapshot`."""
    return _find(organization_id, "id", list(item_ids))


def _find(organization_id: int, column: str, values: list[Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS.format(column=column), [values, organization_id])
        rows = cursor.fetchall()
    return Found(
        graph=graph_at(organization_id, version=rows[0][0]),
        items={row[2]: ItemRow(*row[1:]) for row in rows if row[1] is not None},
    )


_RECORDS = """
SELECT s.item_id, s.location_id, s.on_hand, s.safety_stock, s.reserved, s.futures_quantity,
  s.futures, s.effective_at, s.excluded_groups, 0, s.is_deleted, i.segmented_out
FROM inventory_stockrecord s JOIN inventory_item i ON i.id = s.item_id WHERE s.item_id = ANY(%s)
"""


def records_at(
    graph: Graph, *, item_ids: Collection[int], locations: Collection[int]
) -> dict[tuple[int, int], Record]:
    """Return the stock records at these locations, by (item id, location id)."""
    return _records(
        graph, _RECORDS + "AND s.location_id = ANY(%s)", [list(item_ids), list(locations)]
    )


def records_of(graph: Graph, *, item_ids: Collection[int]) -> dict[tuple[int, int], Record]:
    """Return all stock records of the items, by (item id, location id)."""
    return _records(graph, _RECORDS, [list(item_ids)])


def _records(graph: Graph, sql: str, params: Sequence[Any]) -> dict[tuple[int, int], Record]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {
            (row[0], row[1]): record_from_row(
                row[2:-1], graph=graph, location=row[1], segmented_out=row[-1]
            )
            for row in cursor.fetchall()
        }


_POOLS = """
SELECT item_id, signature, records, on_hand, safety_stock, reserved, free, free_to_fulfil,
  futures, effective_at FROM inventory_poolbalance WHERE item_id = ANY(%s)
"""
_PROMISES = """
SELECT item_id, group_id, quantity FROM inventory_promise WHERE item_id = ANY(%s) AND quantity > 0
"""


def group_figures(found: Found, *, groups: Collection[int]) -> dict[tuple[str, int], GroupFigures]:
    """Return the figures of the items in these groups, by (SKU, group id).

    Two statements, whatever the number of locations; items whose pools were built with another
    graph cost a third that reads their stock records.
    """
    return {
        (sku, group): of_item.of_group(group)
        for sku, of_item in item_figures(found).items()
        for group in groups
    }


def item_figures(found: Found) -> dict[str, ItemFigures]:
    """Return the figures of the items at any group and everywhere, by SKU; statements as above."""
    pools = _current_pools(found)
    promises: dict[int, dict[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PROMISES, [[item.id for item in found.items.values()]])
        for item_id, group, quantity in cursor.fetchall():
            promises.setdefault(item_id, {})[group] = quantity
    return {
        item.sku: ItemFigures(pools=pools.get(item.id, {}), promises=promises.get(item.id, {}))
        for item in found.items.values()
    }


def _current_pools(found: Found) -> dict[int, dict[Signature, Pool]]:
    version = found.graph.version
    fresh = [item.id for item in found.items.values() if item.graph_version == version]
    stale = [item.id for item in found.items.values() if item.graph_version != version]
    pools: dict[int, dict[Signature, Pool]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_POOLS, [fresh])
        for row in cursor.fetchall():
            pools.setdefault(row[0], {})[signature_of(row[1])] = pool_from_row(row[2:])
    if stale:
        records: dict[int, list[Record]] = {}
        for (item_id, _), record in records_of(found.graph, item_ids=stale).items():
            records.setdefault(item_id, []).append(record)
        pools.update((item_id, pools_of(rows)) for item_id, rows in records.items())
    return pools


_ITEMS_AT = """
SELECT item_id FROM inventory_stockrecord s WHERE NOT s.is_deleted AND s.location_id = ANY(%s)
UNION
SELECT s.item_id FROM inventory_stockrecord s
JOIN inventory_groupmembership m ON m.location_id = s.location_id
JOIN inventory_item i ON i.id = s.item_id
WHERE NOT s.is_deleted AND m.group_id = ANY(%s) AND m.group_id <> ALL(i.segmented_out)
LIMIT %s
"""


def items_at(*, locations: Collection[int], groups: Collection[int], limit: int) -> list[int]:
    """Return items that have a record at one of these places."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS_AT, [list(locations), list(groups), limit])
        return [item_id for (item_id,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class OversoldItem:
    """An item that has promised more than can be served."""

    id: int
    sku: str
    short: int
    on_hand: int
    available_to_order: int
    changed_at: datetime


def oversold_items(organization_id: int, *, after: int, limit: int) -> list[OversoldItem]:
    """Return oversold items in id order, after an id; one statement by index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, sku, short, on_hand, available_to_order, changed_at FROM inventory_item"
            " WHERE organization_id = %s AND short > 0 AND id > %s ORDER BY id LIMIT %s",
            [organization_id, after, limit],
        )
        return [OversoldItem(*row) for row in cursor.fetchall()]
