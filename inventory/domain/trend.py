"""How an item's totals came to be what they are: the ledger walked backwards.

Quantities are integers of thousandths; the groups are those of today.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.balance import Balance
from inventory.domain.network import Network
from inventory.domain.record import Signature


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the ledger, at a location or of a group's promise (`is_group`)."""

    at: datetime
    place: int
    is_group: bool
    before: Balance


@dataclass(frozen=True, slots=True)
class Point:
    """The totals over all locations from a moment on."""

    at: datetime
    on_hand: int
    available_to_order: int


def trend(
    *,
    records: Mapping[int, Balance],
    promises: Mapping[int, int],
    steps: Sequence[Step],
    signature: Callable[[int], Signature],
) -> list[Point]:
    """Return the totals after each step, oldest first; `steps` come newest first.

    `records` and `promises` are those of now, by location and by group.
    """
    records, promises = dict(records), dict(promises)
    points = []
    for step in steps:
        points.append(_point(step.at, records, promises, signature))
        if step.is_group:
            promises[step.place] = step.before.reserved
        else:
            records[step.place] = step.before
    points.reverse()
    return points


def _point(
    at: datetime,
    records: Mapping[int, Balance],
    promises: Mapping[int, int],
    signature: Callable[[int], Signature],
) -> Point:
    free: dict[Signature, int] = {}
    for place, balance in records.items():
        pool = signature(place)
        free[pool] = free.get(pool, 0) + balance.available_to_order
    network = Network(free=free, promises=promises)
    return Point(
        at=at,
        on_hand=sum(balance.on_hand for balance in records.values()),
        available_to_order=sum(free.values()) - network.served,
    )
