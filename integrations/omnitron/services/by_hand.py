"""What people do to a hold because the ERP does not; the ledger keeps who and why."""

from datetime import datetime

from integrations.omnitron.errors import InvalidFields, not_applicable
from integrations.omnitron.models import OrderItem
from integrations.omnitron.services.mappings import StoredMapping, create_mapping
from inventory.errors import EntityNotFound
from inventory.locks import lock_organization_shared, locked_write
from inventory.origin import Origin
from reservations.services.holds import Ending, HoldEnd, end_holds

MAX_REASON = 200


def map_by_hand(
    *,
    organization_id: int,
    order_item_id: int,
    code: str,
    reason: str,
    origin: Origin,
    now: datetime,
) -> StoredMapping:
    """Do what the ERP should have done: `create_mapping`, which ends the hold.

    Raises what `create_mapping` raises, and InvalidFields on `reason` unless it has 1 to 200
    characters.
    """
    _check(reason)
    return create_mapping(
        organization_id=organization_id,
        order_item_id=order_item_id,
        code=code,
        update_stock=True,
        origin=origin,
        now=now,
        reason=reason,
    )


def release_by_hand(
    *, organization_id: int, order_item_id: int, reason: str, origin: Origin, now: datetime
) -> int:
    """Give back what an order item still holds, wherever it is; returns how much (thousandths).

    The item keeps its status and may be mapped later. Raises EntityNotFound, InvalidFields on
    `reason` unless it has 1 to 200 characters, and with `non_field_errors` when nothing is held.
    """
    _check(reason)
    with locked_write():
        lock_organization_shared(organization_id)
        items = OrderItem.objects.filter(organization_id=organization_id, pk=order_item_id)
        item = items.only("product_id", "line_id").first()
        if item is None:
            raise EntityNotFound("Not found.")
        released = end_holds(
            organization_id=organization_id,
            lines=[] if item.line_id is None else [(item.product_id, item.line_id)],
            ending=Ending(HoldEnd.RELEASE, f"release-by-hand-{order_item_id}", reason),
            origin=origin,
            now=now,
        )
        if not released:
            raise not_applicable("The order item holds nothing any more.", code="holds_nothing")
    return released


def _check(reason: str) -> None:
    if not 1 <= len(reason) <= MAX_REASON:
        message = f"A reason has 1 to {MAX_REASON} characters."
        raise InvalidFields({"reason": [message]}, code="invalid")
