"""Creating orders: every line is held or none, in one transaction with the order."""

from dataclasses import dataclass
from datetime import datetime

from integrations.omnitron.domain.drafts import OrderDraft
from inventory.origin import Origin


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The order of that number, and whether this call made it."""

    id: int
    is_new: bool


def create_order(
    *, organization_id: int, channel_id: int, draft: OrderDraft, origin: Origin, now: datetime
) -> StoredOrder:
    """Create an order and hold what its items need; a repeat changes nothing.

    Raises EntityNotFound when the organization has no such channel; InvalidFields for an unknown
    product or stock list, other lines under the same number, or stock that does not suffice (each
    short SKU with what was asked and its ATO). ConcurrentModification: send it again.
    """
    raise NotImplementedError


def set_is_send(*, organization_id: int, order_id: int, is_send: bool, now: datetime) -> None:
    """Tell whether the ERP has taken the order; never touches stock. Raises EntityNotFound."""
    raise NotImplementedError
