"""Changing order items and cancelling: whatever door canceled (100) comes through, it releases."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.omnitron.domain.drafts import CancelRequest
from inventory.origin import Origin

Changes = Mapping[str, Any]
"""Fields to write. `status`, `cancel_status`, `attributes`, `attributes_kwargs` are replaced,
`extra_field` is merged; every other name is a detail of the wire format and replaced by itself."""


def change_order_items(
    *, organization_id: int, changes: Mapping[int, Changes], origin: Origin, now: datetime
) -> None:
    """Change order items by pk, all or none: PATCH of one, and the bulk status update.

    Status 100 releases what the item holds; when all items of an order are canceled the order is.
    Raises EntityNotFound naming the first unknown pk, InvalidFields on `status` when an item would
    leave 100.
    """
    raise NotImplementedError


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
    raise NotImplementedError
