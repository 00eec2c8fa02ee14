"""What the ERP pushes, and which products stand on which list. Quantities are thousandths."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.omnitron.domain.drafts import StockPush
from inventory.origin import Origin


@dataclass(frozen=True, slots=True)
class StoredStock:
    """The row of one push, in the order of the pushes, and whether this call made it."""

    id: int
    is_new: bool


def push_stock(
    *, organization_id: int, pushes: Sequence[StockPush], origin: Origin, now: datetime
) -> list[StoredStock]:
    """Put products on stock lists and set what is on hand there (and nothing else), all or none.

    An unknown `sku` comes to life. Raises InvalidFields with one entry for each push (`{}` where it
    is fine) under `errors["pushes"]`: unknown product or list, a stock for the list of a group, the
    same product and list twice.
    """
    raise NotImplementedError
