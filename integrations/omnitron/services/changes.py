"""Changing order items and cancelling: whatever door canceled (100) comes through, it releases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from integrations.omnitron.domain.drafts import CancelRequest
from integrations.omnitron.domain.statuses import CANCELED, SHIPPED
from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.locks import (
    LockedOrderItem,
    lock_items_of_orders,
    lock_order_items,
    lock_orders,
)
from integrations.omnitron.models import CancellationPlan, OrderItem, PlanType
from inventory.errors import EntityNotFound
from inventory.locks import locked_write
from inventory.origin import Origin
from reservations.services.holds import Ending, HoldEnd, end_holds

Changes = Mapping[str, Any]
"""Fields to write. `status`, `cancel_status`, `attributes`, `attributes_kwargs` are replaced,
`extra_field` is merged; every other name is a detail of the wire format and replaced by itself."""

_REPLACED = ("status", "cancel_status", "attributes", "attributes_kwargs")
_CANCEL_EMPTY_ORDERS = f"""
UPDATE orders_order o SET status = {CANCELED}, modified_date = %s
WHERE o.id = ANY(%s) AND o.status <> {CANCELED} AND NOT EXISTS (
  SELECT FROM orders_orderitem i WHERE i.order_id = o.id AND i.status <> {CANCELED})
"""


@dataclass(frozen=True, slots=True)
class _Cancelling:
    """Items that are canceled now, under the locks of their orders and of themselves."""

    organization_id: int
    items: Sequence[LockedOrderItem]
    origin: Origin
    now: datetime
    reasons: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Release, keep what was asked, and cancel orders of which nothing is left."""
        orders: dict[int, list[LockedOrderItem]] = {}
        for item in self.items:
            orders.setdefault(item.order_id, []).append(item)
        for order_id, items in orders.items():
            for plan_type, planned in _by_plan_type(items).items():
                self._keep_plan(order_id, planned, plan_type=plan_type)
        with connection.cursor() as cursor:
            cursor.execute(_CANCEL_EMPTY_ORDERS, [self.now, list(orders)])
        end_holds(
            organization_id=self.organization_id,
            lines=[(i.product_id, i.line_id) for i in self.items if i.line_id is not None],
            ending=Ending(HoldEnd.CANCEL, f"cancel-{'-'.join(map(str, orders))}"[:128]),
            origin=self.origin,
            now=self.now,
        )

    def _keep_plan(
        self, order_id: int, items: Sequence[LockedOrderItem], *, plan_type: PlanType
    ) -> None:
        CancellationPlan.objects.create(
            organization_id=self.organization_id,
            order_id=order_id,
            plan_type=plan_type,
            items=[item.id for item in items],
            reasons=dict(self.reasons),
            details=dict(self.details),
            actor=self.origin.actor,
            created_date=self.now,
        )


def _by_plan_type(items: Sequence[LockedOrderItem]) -> dict[PlanType, list[LockedOrderItem]]:
    plans: dict[PlanType, list[LockedOrderItem]] = {}
    for item in items:
        plan_type = PlanType.REFUND if item.status >= SHIPPED else PlanType.CANCEL
        plans.setdefault(plan_type, []).append(item)
    return plans


def change_order_items(
    *, organization_id: int, changes: Mapping[int, Changes], origin: Origin, now: datetime
) -> None:
    """Change order items by pk, all or none: PATCH of one, and the bulk status update.

    Status 100 releases what the item holds; when all items of an order are canceled the order is.
    Raises EntityNotFound naming the first unknown pk, InvalidFields on `status` when an item would
    leave 100.
    """
    found = OrderItem.objects.filter(organization_id=organization_id, pk__in=changes)
    order_ids = set(found.values_list("order_id", flat=True))
    with locked_write():
        lock_orders(organization_id, order_ids=order_ids)
        locked = lock_order_items(organization_id, item_ids=list(changes))
        _check(locked, changes)
        canceled = [
            item
            for item in locked
            if changes[item.id].get("status") == CANCELED and item.status != CANCELED
        ]
        _save(_changed(locked, changes, now=now))
        if canceled:
            _Cancelling(organization_id, canceled, origin, now).run()


def _check(locked: Sequence[LockedOrderItem], changes: Mapping[int, Changes]) -> None:
    unknown = changes.keys() - {item.id for item in locked}
    if unknown:
        message = f"No order item exists with ID {min(unknown)}."
        raise EntityNotFound(message)
    for item in locked:
        status = changes[item.id].get("status", item.status)
        if item.status == CANCELED and status != CANCELED:
            message = f"Order item {item.id} is canceled and stays so."
            raise InvalidFields({"status": [message]}, code="item_canceled")


def _changed(
    locked: Sequence[LockedOrderItem], changes: Mapping[int, Changes], *, now: datetime
) -> list[OrderItem]:
    """Return the items as they shall be; read after their locks, for what is merged."""
    items = OrderItem.objects.in_bulk([item.id for item in locked])
    for pk, item in items.items():
        wanted = dict(changes[pk])
        item.extra_field = {**item.extra_field, **wanted.pop("extra_field", {})}
        for name in _REPLACED:
            if name in wanted:
                setattr(item, name, wanted.pop(name))
        item.details = {**item.details, **wanted}
        item.modified_date = now
    return list(items.values())


def _save(items: Sequence[OrderItem]) -> None:
    OrderItem.objects.bulk_update(
        items, [*_REPLACED, "extra_field", "details", "modified_date"], batch_size=500
    )


def cancel_order(
    *,
    organization_id: int,
    order_id: int,
    request: CancelRequest,
    origin: Origin,
    now: datetime,
) -> None:
    """Cancel an order or some of its items and release what they hold; a repeat changes nothing.

    Raises EntityNotFound for an unknown order; InvalidFields on `cancel_items` for items of another
    order, for none at all, or for a mixture of shipped and unshipped ones (a request cancels or
    returns, not both).
    """
    with locked_write():
        if not lock_orders(organization_id, order_ids=[order_id]):
            raise EntityNotFound("Not found.")
        items = lock_items_of_orders(organization_id, order_ids=[order_id])
        canceled = _to_cancel(items, request)
        if not canceled:
            return
        OrderItem.objects.filter(pk__in=[item.id for item in canceled]).update(
            status=CANCELED, modified_date=now
        )
        _Cancelling(
            organization_id, canceled, origin, now, reasons=request.reasons, details=request.details
        ).run()


def _to_cancel(items: Sequence[LockedOrderItem], request: CancelRequest) -> list[LockedOrderItem]:
    """Return the items that are not canceled yet."""
    named = {item.id for item in items} if request.is_all else set(request.items)
    if not named:
        raise _refused("This list may not be empty, unless is_all is true.")
    foreign = named - {item.id for item in items}
    if foreign:
        message = f'Invalid pk "{min(foreign)}" - it is no item of this order.'
        raise _refused(message)
    canceled = [item for item in items if item.id in named and item.status != CANCELED]
    if len(_by_plan_type(canceled)) > 1:
        raise _refused("A request cancels or returns: some of these items are shipped, some not.")
    return canceled


def _refused(message: str) -> InvalidFields:
    return InvalidFields({"cancel_items": [message]}, code="invalid")
