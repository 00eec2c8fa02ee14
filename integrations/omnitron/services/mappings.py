"""create_mapping: the ERP's line id is stored, and the line's hold ends, exactly once."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType

from integrations.omnitron.errors import InvalidFields, not_applicable
from integrations.omnitron.locks import ClaimedMapping, claim_mapping
from integrations.omnitron.models import (
    IntegrationMapping,
    IntegrationType,
    MappingEffect,
    OrderItem,
)
from inventory.errors import EntityNotFound
from inventory.locks import locked_write
from inventory.origin import Origin
from reservations.services.holds import Ending, HeldAtGroup, HoldEnd, end_holds


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """The item's mapping, and whether this call made it."""

    mapping: IntegrationMapping
    is_new: bool


_TYPE = IntegrationType.EXTERNAL_COMPANY


def create_mapping(
    *,
    organization_id: int,
    order_item_id: int,
    code: str,
    update_stock: bool,
    origin: Origin,
    now: datetime,
    reason: str = "",
) -> StoredMapping:
    """Store the ERP's id of an order item; with `update_stock` end what the item still holds.

    What remains of its claims is released wherever it is, or fulfilled where the stock list says
    so. Repeating is harmless; `update_stock` false and later true releases later. The ledger keeps
    a `reason`.

    Raises EntityNotFound for an unknown item; InvalidFields on `code` when another item has it,
    with `non_field_errors` when the item has another code, or when a list that fulfils still holds
    at a group. Nothing is stored then.
    """
    mapping = IntegrationMapping(
        organization_id=organization_id,
        content_type=ContentType.objects.get_for_model(OrderItem),
        object_id=order_item_id,
        integration_type=_TYPE,
        code=code,
        created_date=now,
    )
    with locked_write():
        item = claim_mapping(
            organization_id=organization_id,
            order_item_id=order_item_id,
            content_type_id=mapping.content_type_id,
            integration_type=_TYPE,
            code=code,
            now=now,
        )
        if item is None:
            raise EntityNotFound("Not found.")
        mapping.pk = item.mapping_id or _stored(mapping)
        if update_stock and item.seen.claims:
            _end_hold(organization_id, item, code=code, reason=reason, origin=origin, now=now)
    return StoredMapping(mapping, is_new=item.mapping_id is not None)


def _stored(mapping: IntegrationMapping) -> int:
    """Return the mapping that was there before; refuse one that says something else."""
    earlier = IntegrationMapping.objects.filter(
        content_type_id=mapping.content_type_id,
        object_id=mapping.object_id,
        integration_type=mapping.integration_type,
    ).first()
    if earlier is None:
        message = "Another order item is mapped to this code."
        raise InvalidFields({"code": [message]}, code="code_taken")
    if earlier.code != mapping.code:
        message = "The order item is mapped to another code."
        raise not_applicable(message, code="item_mapped")
    return earlier.pk


def _end_hold(
    organization_id: int,
    item: ClaimedMapping,
    *,
    code: str,
    reason: str,
    origin: Origin,
    now: datetime,
) -> None:
    assert item.line_id is not None  # noqa: S101  # it holds something
    how = HoldEnd.FULFIL if item.on_mapping == MappingEffect.FULFIL else HoldEnd.RELEASE
    try:
        end_holds(
            organization_id=organization_id,
            lines=[(item.product_id, item.line_id)],
            ending=Ending(how, code, reason),
            origin=origin,
            now=now,
            seen=item.seen,
        )
    except HeldAtGroup as held:
        message = "The item's stock is still promised by a group: transfer it to a location first."
        raise not_applicable(message, code="held_at_group") from held
