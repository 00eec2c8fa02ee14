"""create_mapping: the ERP's line id is stored, and the line's hold ends, exactly once."""

from dataclasses import dataclass
from datetime import datetime

from integrations.omnitron.models import IntegrationMapping
from inventory.origin import Origin


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """The item's mapping, and whether this call made it."""

    mapping: IntegrationMapping
    is_new: bool


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
    raise NotImplementedError
