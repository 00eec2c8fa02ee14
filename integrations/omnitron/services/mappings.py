"""create_mapping: the ERP's line id is stored, and the line's hold ends, exactly once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from integrations.omnitron.errors import InvalidFields, not_applicable
from integrations.omnitron.locks import LockedOrderItem, lock_order_item
from integrations.omnitron.models import (
    IntegrationMapping,
    IntegrationType,
    MappingEffect,
    OrderItem,
)
from inventory.errors import EntityNotFound
from inventory.locks import locked_write
from inventory.origin import Origin
from reservations.services.holds import HeldAtGroup, HoldEnd, end_holds


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """The item's mapping, and whether this call made it."""

    mapping: IntegrationMapping
    is_new: bool


# A rival with the same code is waited for by its unique index. Nothing made and nothing of the
# item's own then means that the code is another item's, whose row this snapshot may not show.
_STORE = """
WITH made AS (
  INSERT INTO orders_integrationmapping (organization_id, content_type_id, object_id,
    integration_type, code, created_date)
  VALUES (%(organization)s, %(content_type)s, %(item)s, %(type)s, %(code)s, %(now)s)
  ON CONFLICT DO NOTHING RETURNING id, code, true AS is_new
), stored AS (
  SELECT * FROM made UNION ALL
  SELECT id, code, false FROM orders_integrationmapping WHERE object_id = %(item)s
    AND content_type_id = %(content_type)s AND integration_type = %(type)s
)
SELECT s.id, s.code, s.is_new, l.on_mapping, EXISTS (SELECT FROM reservations_claim c
  WHERE c.item_id = %(product)s AND c.line_id = %(line)s AND c.standing = 2)
FROM orders_stocklist l LEFT JOIN stored s ON true WHERE l.id = %(stock_list)s
"""


def create_mapping(
    *,
    organization_id: int,
    order_item_id: int,
    code: str,
    update_stock: bool,
    origin: Origin,
    now: datetime,
) -> StoredMapping:
    """Store the ERP's id of an order item; with `update_stock` end what the item still holds.

    What remains of its claims is released wherever it is, or fulfilled where the stock list says
    so. Repeating is harmless; `update_stock` false and later true releases later.

    Raises EntityNotFound for an unknown item; InvalidFields on `code` when another item has it,
    with `non_field_errors` when the item has another code, or when a list that fulfils still holds
    at a group. Nothing is stored then.
    """
    content_type = ContentType.objects.get_for_model(OrderItem)
    with locked_write():
        item = lock_order_item(organization_id, item_id=order_item_id)
        if item is None:
            raise EntityNotFound("Not found.")
        pk, stored_code, is_new, on_mapping, holds = _store(
            organization_id, item, content_type_id=content_type.pk, code=code, now=now
        )
        _check(pk, stored_code, code=code)
        if update_stock and holds:
            _end_hold(organization_id, item, on_mapping, code=code, origin=origin, now=now)
    mapping = IntegrationMapping(
        pk=pk,
        organization_id=organization_id,
        content_type=content_type,
        object_id=order_item_id,
        integration_type=IntegrationType.EXTERNAL_COMPANY,
        code=code,
    )
    return StoredMapping(mapping, is_new)


def _store(
    organization_id: int,
    item: LockedOrderItem,
    *,
    content_type_id: int,
    code: str,
    now: datetime,
) -> tuple[Any, ...]:
    """Return the item's mapping (id, code, made now), its list's effect, and whether it holds.

    A line never comes to hold more, so one that holds nothing now needs no lock of its product.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "organization": organization_id,
                "content_type": content_type_id,
                "type": IntegrationType.EXTERNAL_COMPANY.value,
                "item": item.id,
                "product": item.product_id,
                "stock_list": item.stock_list_id,
                "line": item.line_id,
                "code": code,
                "now": now,
            },
        )
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _check(pk: int | None, stored_code: str | None, *, code: str) -> None:
    if pk is None:
        message = "Another order item is mapped to this code."
        raise InvalidFields({"code": [message]}, code="code_taken")
    if stored_code != code:
        message = "The order item is mapped to another code."
        raise not_applicable(message, code="item_mapped")


def _end_hold(
    organization_id: int,
    item: LockedOrderItem,
    on_mapping: str,
    *,
    code: str,
    origin: Origin,
    now: datetime,
) -> None:
    assert item.line_id is not None  # noqa: S101  # it holds something
    try:
        end_holds(
            organization_id=organization_id,
            lines=[(item.product_id, item.line_id)],
            how=HoldEnd.FULFIL if on_mapping == MappingEffect.FULFIL else HoldEnd.RELEASE,
            request_id=code,
            origin=origin,
            now=now,
        )
    except HeldAtGroup as held:
        message = "The item's stock is still promised by a group: transfer it to a location first."
        raise not_applicable(message, code="held_at_group") from held
