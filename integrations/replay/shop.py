"""The places of the shop, and what is decided by an order's number alone.

Nothing here is left to chance: the same file is always played the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from zlib import crc32

from integrations.replay.orders import Order

LOCATIONS = ("dc-north", "dc-south", "store-leeds", "store-london")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "click-and-collect": ("store-leeds", "store-london"),
    "marketplace": ("dc-north", "dc-south"),
    "webshop": ("dc-north", "dc-south", "store-london"),
}

_CANCEL_EVERY = 10


class Ending(Enum):
    """How the customer lets an order end."""

    SHIP = "ship"
    CANCEL_EARLY = "cancel before it is routed"
    CANCEL_LATE = "cancel after it was routed"


@dataclass(frozen=True, slots=True)
class Shop:
    """Groups that sell, each with the locations that ship for it."""

    groups: Mapping[str, tuple[str, ...]]

    def group_of(self, order: Order) -> str:
        """Return the group that sells to this order; orders spread evenly over groups."""
        names = sorted(self.groups)
        return names[crc32(order.number.encode()) % len(names)]

    def ending_of(self, order: Order) -> Ending:
        """Return how the order ends: every tenth is cancelled, half of them after routing."""
        turn, rest = divmod(crc32(b"ending" + order.number.encode()), _CANCEL_EVERY)
        if rest:
            return Ending.SHIP
        return Ending.CANCEL_LATE if turn % 2 else Ending.CANCEL_EARLY

    def return_location(self, order: Order) -> str:
        """Return where goods of this order come back to."""
        return min(self.groups[self.group_of(order)])
