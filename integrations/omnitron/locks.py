"""Locking orders, then order items: after the organization, before documents and items.

Every lock lasts until the transaction ends (see `inventory.locks`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.locks import SHARED_ORGANIZATION, require_transaction
from reservations.domain.claims import Claim, SeenHold
from reservations.models import Standing


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


@dataclass(frozen=True, slots=True)
class ClaimedMapping:
    """An order item; `mapping_id` if it was mapped just now, and what its line was seen to hold."""

    product_id: int
    line_id: int | None
    on_mapping: str
    mapping_id: int | None
    seen: SeenHold


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
# A mapping is locked by its own two unique indexes: a rival with the same item or code is waited
# for, and the item's row needs no lock. What is held is read as of before a wait, and a line never
# comes to hold more: one that held nothing then holds nothing now.
_CLAIM_MAPPING = f"""
WITH {SHARED_ORGANIZATION}, item AS MATERIALIZED (
  SELECT i.id, i.product_id, i.line_id, i.stock_list_id FROM organization, orders_orderitem i
  WHERE i.organization_id = %s AND i.id = %s
), made AS (
  INSERT INTO orders_integrationmapping (organization_id, content_type_id, object_id,
    integration_type, code, created_date)
  SELECT %s, %s, item.id, %s, %s, %s FROM item ON CONFLICT DO NOTHING RETURNING id
)
SELECT item.product_id, item.line_id, l.on_mapping, made.id, p.sequence, c.id, c.place_id,
  c.document_id, c.quantity
FROM item JOIN orders_stocklist l ON l.id = item.stock_list_id
JOIN inventory_item p ON p.id = item.product_id LEFT JOIN made ON true
LEFT JOIN reservations_claim c ON c.item_id = item.product_id AND c.line_id = item.line_id
  AND c.standing = {Standing.ORDER_HOLD.value}
ORDER BY c.id
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


def claim_mapping(
    *,
    organization_id: int,
    order_item_id: int,
    content_type_id: int,
    integration_type: str,
    code: str,
    now: datetime,
) -> ClaimedMapping | None:
    """Lock the organization, and map an order item unless it is mapped or the code is taken.

    None when there is no such item.
    """
    rows = _rows(
        _CLAIM_MAPPING,
        [
            organization_id,
            organization_id,
            order_item_id,
            organization_id,
            content_type_id,
            integration_type,
            code,
            now,
        ],
    )
    if not rows:
        return None
    product_id, line_id, on_mapping, mapping_id, sequence = rows[0][:5]
    claims = [
        Claim(
            id=claim_id,
            item_id=product_id,
            place=place,
            document_id=document_id,
            line_id=line_id,
            quantity=quantity,
            standing=Standing.ORDER_HOLD,
            expires_at=None,
            external_ref="",
        )
        for claim_id, place, document_id, quantity in (row[5:] for row in rows)
        if claim_id is not None
    ]
    seen = SeenHold(product_id, sequence, claims)
    return ClaimedMapping(product_id, line_id, on_mapping, mapping_id, seen)


def _rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
