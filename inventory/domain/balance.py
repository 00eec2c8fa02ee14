"""What one item has at one location, and what of it can be promised (design: law 1).

Every quantity of this package is an integer of thousandths.
"""

from typing import NamedTuple


class Balance(NamedTuple):
    """The four counts of a stock record; a promise is a balance with `reserved` alone.

    `futures` is the sum over the record's expected deliveries, whatever their dates.
    """

    on_hand: int = 0
    safety_stock: int = 0
    reserved: int = 0
    futures: int = 0

    def reserving(self, quantity: int) -> "Balance":
        """Return the counts with so much more reserved."""
        return Balance(self.on_hand, self.safety_stock, self.reserved + quantity, self.futures)

    @property
    def available_to_order(self) -> int:
        """ATO: on hand and expected, less safety stock and reserved; never below 0."""
        return max(0, self.on_hand + self.futures - self.safety_stock - self.reserved)

    @property
    def available_to_fulfil(self) -> int:
        """ATF: the same without the futures."""
        return max(0, self.on_hand - self.safety_stock - self.reserved)
