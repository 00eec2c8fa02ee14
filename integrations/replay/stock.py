"""What the shop has on its shelves when it opens."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import ceil, floor
from zlib import crc32

from integrations.replay.orders import Order
from integrations.replay.shop import Shop

_SHARE = Decimal("1.25")
_SCARCE_EVERY = 25
_SCARCE_SHARE = Decimal("0.8")


def opening_stock(orders: Iterable[Order], *, shop: Shop) -> Mapping[tuple[str, str], Decimal]:
    """Return on hand by (SKU, location).

    Every group's locations hold together what the group's orders want and a quarter more, all in
    whole units; of every 25th SKU a fifth is missing.
    """
    demand: dict[tuple[str, str], Decimal] = {}
    for order in orders:
        group = shop.group_of(order)
        for sku, quantity in order.wanted.items():
            demand[sku, group] = demand.get((sku, group), Decimal(0)) + quantity
    on_hand: dict[tuple[str, str], Decimal] = {}
    for (sku, group), wanted in demand.items():
        supply = floor(wanted * _SCARCE_SHARE) if is_scarce(sku) else ceil(wanted * _SHARE)
        for location, share in _spread(supply, shop.groups[group]).items():
            on_hand[sku, location] = on_hand.get((sku, location), Decimal(0)) + share
    return on_hand


def is_scarce(sku: str) -> bool:
    """Tell whether there is less of this SKU than will be asked for."""
    return crc32(sku.encode()) % _SCARCE_EVERY == 0


def _spread(supply: int, locations: tuple[str, ...]) -> Mapping[str, int]:
    share, rest = divmod(supply, len(locations))
    spread = dict.fromkeys(locations, share)
    spread[locations[0]] += rest
    return spread
