"""Locking orders, then order items: after the organization, before documents and items.

Every lock lasts until the transaction ends (see `inventory.locks`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.locks import SHARED_ORGANIZATION, require_transaction


@dataclass(frozen=True, slots=True)
class ClaimedOrder:
    """The order of a channel's number, locked; and ids for the items to come.

    `lines` is the digest of what was ordered under the number first.
    """

    id: int
    is_new: bool
    lines: UUID
    item_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class LockedOrderItem:
    """What decides about an order item's stock, read from the locked row."""

    id: int
    order_id: int
    product_id: int
    stock_list_id: int
    line_id: int | None
    status: int


# The update changes nothing: it locks the row that is there, and returns it, in the one statement.
_CLAIM_ORDER = f"""
WITH {SHARED_ORGANIZATION}, drawn AS MATERIALIZED (SELECT nextval('orders_order_id_seq') AS id)
INSERT INTO orders_order AS o (id, organization_id, channel_id, number, lines, status, is_send,
  currency, customer, shipping_address, billing_address, extra_field, details)
SELECT drawn.id, %s, %s, %s, %s, %s, false, '', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}'
FROM organization, drawn
ON CONFLICT (channel_id, number) DO UPDATE SET number = o.number
RETURNING o.id, o.id = (SELECT id FROM drawn), o.lines,
  ARRAY(SELECT nextval('orders_orderitem_id_seq') FROM generate_series(1, %s))
"""
_LOCK_ORDERS = f"""
WITH {SHARED_ORGANIZATION}
SELECT o.id FROM organization, orders_order o
WHERE o.organization_id = %s AND o.id = ANY(%s) ORDER BY o.id FOR NO KEY UPDATE OF o
"""
_LOCK_ORDER_ITEMS = """
SELECT id, order_id, product_id, stock_list_id, line_id, status FROM orders_orderitem
WHERE organization_id = %s AND {column} = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_ORDER_ITEM = f"""
WITH {SHARED_ORGANIZATION}
SELECT i.id, i.order_id, i.product_id, i.stock_list_id, i.line_id, i.status
FROM organization, orders_orderitem i
WHERE i.organization_id = %s AND i.id = %s FOR NO KEY UPDATE OF i
"""


def claim_order(
    *, organization_id: int, channel_id: int, number: str, lines: UUID, status: int, items: int
) -> ClaimedOrder:
    """Lock the organization and the order of that number, making it if there is none.

    An order that is being made is waited for. `items` ids are drawn for its items.
    """
    row = _rows(
        _CLAIM_ORDER,
        [organization_id, organization_id, channel_id, number, lines, status, items],
    )[0]
    return ClaimedOrder(*row)


def lock_orders(organization_id: int, *, order_ids: Collection[int]) -> list[int]:
    """Lock the organization, then its orders of these ids; return those that exist."""
    rows = _rows(_LOCK_ORDERS, [organization_id, organization_id, list(order_ids)])
    return [row[0] for row in rows]


def lock_items_of_orders(
    organization_id: int, *, order_ids: Collection[int]
) -> list[LockedOrderItem]:
    """Lock all items of orders that are locked."""
    sql = _LOCK_ORDER_ITEMS.format(column="order_id")
    return [LockedOrderItem(*row) for row in _rows(sql, [organization_id, list(order_ids)])]


def lock_order_items(organization_id: int, *, item_ids: Collection[int]) -> list[LockedOrderItem]:
    """Lock order items whose orders are locked; unknown ids are left out."""
    sql = _LOCK_ORDER_ITEMS.format(column="id")
    return [LockedOrderItem(*row) for row in _rows(sql, [organization_id, list(item_ids)])]


def lock_order_item(organization_id: int, *, item_id: int) -> LockedOrderItem | None:
    """Lock the organization, then one order item; None when there is no such item."""
    rows = _rows(_LOCK_ORDER_ITEM, [organization_id, organization_id, item_id])
    return LockedOrderItem(*rows[0]) if rows else None


def _rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
