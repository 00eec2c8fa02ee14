"""Stock records and the pools they add up to. Quantities are integers of thousandths."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from inventory.domain.balance import Balance

Signature = tuple[int, ...]
"""The groups that count a record, by id in rising order."""

Future = tuple[str, int]
"""Expected date (RFC 3339 text) and quantity."""

NOTHING = Balance()


class Record(NamedTuple):
    """One item at one location, with the groups that count it.

    `exists` is False before the first write and after a deletion; a deleted record may still
    have something reserved.
    """

    signature: Signature
    balance: Balance = NOTHING
    futures: tuple[Future, ...] = ()
    effective_at: datetime | None = None
    excluded_groups: tuple[str, ...] = ()
    exists: bool = False

    def counting(self, balance: Balance) -> "Record":
        """Return the record with other counts."""
        return Record(
            self.signature,
            balance,
            self.futures,
            self.effective_at,
            self.excluded_groups,
            self.exists,
        )


_NO_FUTURES: Mapping[str, int] = {}


class Pool(NamedTuple):
    """Sums over the existing records of one signature; `free` figures are of clamped values."""

    records: int = 0
    on_hand: int = 0
    safety_stock: int = 0
    reserved: int = 0
    free: int = 0
    free_to_fulfil: int = 0
    futures: Mapping[str, int] = _NO_FUTURES
    effective_at: datetime | None = None

    def replacing(self, *, before: Record | None, after: Record | None) -> "Pool":
        """Return the sums when one member changes, leaves (`after` None) or joins."""
        old, new = _counted(before), _counted(after)
        was, is_now = old.balance, new.balance
        return Pool(
            records=self.records + new.exists - old.exists,
            on_hand=self.on_hand + is_now.on_hand - was.on_hand,
            safety_stock=self.safety_stock + is_now.safety_stock - was.safety_stock,
            reserved=self.reserved + is_now.reserved - was.reserved,
            free=self.free + is_now.available_to_order - was.available_to_order,
            free_to_fulfil=(
                self.free_to_fulfil + is_now.available_to_fulfil - was.available_to_fulfil
            ),
            futures=_merged(self.futures, minus=old.futures, plus=new.futures),
            effective_at=_latest(self.effective_at, new.effective_at),
        )

    def may_lose_its_date(self, *, before: Record | None, after: Record | None) -> bool:
        """Tell whether a change takes away the record that gave `effective_at`.

        The latest date of the others is then known only by looking at all of them.
        """
        if before is None or before.effective_at is None or not before.exists:
            return False
        if before.effective_at != self.effective_at:
            return False
        kept = after if after is not None and after.exists else None
        return kept is None or kept.effective_at is None or kept.effective_at < before.effective_at


_EMPTY = Pool()
_UNCOUNTED = Record(signature=())


def _counted(record: Record | None) -> Record:
    """Return the record as pools count it: one that does not exist counts nothing."""
    return record if record is not None and record.exists else _UNCOUNTED


def pools_of(records: Iterable[Record]) -> dict[Signature, Pool]:
    """Add up records into pools, one for each signature."""
    pools: dict[Signature, Pool] = {}
    for record in records:
        pool = pools.get(record.signature, _EMPTY)
        pools[record.signature] = pool.replacing(before=None, after=record)
    return pools


def merge_futures(futures: Iterable[Future]) -> dict[str, int]:
    """Add up futures of the same expected date."""
    merged: dict[str, int] = {}
    for date, quantity in futures:
        merged[date] = merged.get(date, 0) + quantity
    return merged


def in_time_order(futures: Mapping[str, int]) -> list[Future]:
    """Return merged futures in the order of their dates."""
    return sorted(
        futures.items(), key=lambda future: (datetime.fromisoformat(future[0]), future[0])
    )


def _merged(
    futures: Mapping[str, int], *, minus: Iterable[Future], plus: Iterable[Future]
) -> Mapping[str, int]:
    if minus == plus:
        return futures
    merged = merge_futures((*futures.items(), *plus))
    for date, quantity in merge_futures(minus).items():
        merged[date] -= quantity
        if not merged[date]:
            del merged[date]
    return merged


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
