"""From rows to the domain's records."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from inventory.domain.balance import Balance
from inventory.domain.graph import Graph
from inventory.domain.record import Pool, Record, Signature


def record_from_row(
    row: Sequence[Any], *, graph: Graph, location: int, segmented_out: Collection[int]
) -> Record:
    """Build a record from (on hand, safety stock, reserved, futures quantity, futures,
    effective at, excluded groups, an ignored column, is deleted); `segmented_out` is its item's.
    """
    return Record(
        signature=graph.signature(location, segmented_out=segmented_out, excluded=row[6]),
        balance=Balance(row[0], row[1], row[2], row[3]),
        futures=tuple((date, quantity) for date, quantity in msgspec.json.decode(row[4])),
        effective_at=row[5],
        excluded_groups=tuple(row[6]),
        exists=not row[8],
    )


def pool_from_row(row: Sequence[Any]) -> Pool:
    """Build a pool from (records, on hand, safety stock, reserved, free, free to fulfil, futures,
    effective at).
    """
    return Pool(
        records=row[0],
        on_hand=row[1],
        safety_stock=row[2],
        reserved=row[3],
        free=row[4],
        free_to_fulfil=row[5],
        futures=msgspec.json.decode(row[6]),
        effective_at=row[7],
    )


@lru_cache(maxsize=10_000)
def signature_of(text: str) -> Signature:
    """Read a pool's signature as stored: ids joined by commas."""
    return tuple(map(int, text.split(","))) if text else ()
