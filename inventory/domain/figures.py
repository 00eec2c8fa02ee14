"""The figures of a group (design: law 3). Quantities are integers of thousandths."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.network import Network
from inventory.domain.record import Pool, Signature


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What an item has in a group; sums over its locations, promises of all groups weighed.

    `exists` tells whether any record counts for the group now.
    """

    exists: bool = False
    on_hand: int = 0
    safety_stock: int = 0
    reserved: int = 0
    group_reserved: int = 0
    shared_group_reserved: int = 0
    available_to_order: int = 0
    available_to_fulfil: int = 0
    futures: tuple[tuple[str, int], ...] = ()
    effective_at: datetime | None = None


class ItemFigures:
    """The group figures of one item; one flow serves all its groups."""

    def __init__(self, *, pools: Mapping[Signature, Pool], promises: Mapping[int, int]) -> None:
        self._pools = pools
        self._promises = promises
        self._to_order = Network(free={s: p.free for s, p in pools.items()}, promises=promises)
        self._to_fulfil = Network(
            free={s: p.free_to_fulfil for s, p in pools.items()}, promises=promises
        )

    def of_group(self, group: int) -> GroupFigures:
        """Return the figures of a group, by its id."""
        pools = [pool for signature, pool in self._pools.items() if group in signature]
        promised = self._promises.get(group, 0)
        to_order = self._to_order.available_to_order(group=group)
        shared = max(0, sum(pool.free for pool in pools) - promised - to_order)
        return GroupFigures(
            exists=any(pool.records for pool in pools),
            on_hand=sum(pool.on_hand for pool in pools),
            safety_stock=sum(pool.safety_stock for pool in pools),
            reserved=sum(pool.reserved for pool in pools) + promised + shared,
            group_reserved=promised,
            shared_group_reserved=shared,
            available_to_order=to_order,
            available_to_fulfil=self._to_fulfil.available_to_order(group=group),
            futures=_futures_of(pools),
            effective_at=max(
                (pool.effective_at for pool in pools if pool.effective_at is not None),
                default=None,
            ),
        )

    def everywhere(self) -> GroupFigures:
        """Return the totals over all locations: what a group of them all could still promise."""
        pools = list(self._pools.values())
        promised = sum(self._promises.values())
        return GroupFigures(
            exists=any(pool.records for pool in pools),
            on_hand=sum(pool.on_hand for pool in pools),
            safety_stock=sum(pool.safety_stock for pool in pools),
            reserved=sum(pool.reserved for pool in pools) + promised,
            group_reserved=promised,
            available_to_order=sum(pool.free for pool in pools) - self._to_order.served,
            available_to_fulfil=(
                sum(pool.free_to_fulfil for pool in pools) - self._to_fulfil.served
            ),
            futures=_futures_of(pools),
        )


def _futures_of(pools: list[Pool]) -> tuple[tuple[str, int], ...]:
    merged: dict[str, int] = {}
    for pool in pools:
        for date, quantity in pool.futures.items():
            merged[date] = merged.get(date, 0) + quantity
    return tuple(sorted(merged.items()))
