"""One locked item in memory: what can be promised, and every change of it (design: law 2).

The state is decided on in request order; changes can be taken back to a mark, so that a failed
record leaves no trace. Quantities are integers of thousandths.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from inventory.domain.balance import Balance
from inventory.domain.network import Network
from inventory.domain.record import Pool, Record, Signature


class Change(NamedTuple):
    """One change of one balance: a stock record's, or a promise's (`reserved` alone)."""

    place: int
    before: Balance
    after: Balance
    sequence: int
    cause: Any
    """Who did it and why, as the caller gave it; carried through to the ledger."""
    exclusions: "Exclusions | None" = None
    """Only where a record is counted by other groups than before."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """The groups, by identifier, that did not and do not count a record."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is promised and cannot be served, in each of the two networks of an item."""

    to_order: int
    to_fulfil: int


@dataclass(slots=True)
class ItemState:
    """An item's balances under its lock.

    `records` holds the stock records that were loaded; `pools` always stand for all of them.
    """

    item_id: int
    sku: str
    sequence: int
    records: dict[int, Record]
    pools: dict[Signature, Pool]
    promises: dict[int, int]
    changes: list[Change] = field(default_factory=list)
    pools_lost_a_date: bool = False
    _undo: list[tuple[dict[Any, Any], Any, Any]] = field(default_factory=list)
    _network_to_order: Network[int] | None = None
    _network_to_fulfil: Network[int] | None = None

    # What can be promised

    @property
    def short(self) -> int:
        """What is promised and cannot be served."""
        return self._to_order.short if self.promises else 0

    @property
    def shortage(self) -> Shortage:
        """What is short in both networks: the most that a replaced hold may leave short."""
        return Shortage(self._to_order.short, self._to_fulfil.short)

    @property
    def available_to_order(self) -> int:
        """What a group of all locations could still promise."""
        free = sum(pool.free for pool in self.pools.values())
        return free - self._to_order.served if self.promises else free

    @property
    def on_hand(self) -> int:
        """Physical stock over all locations."""
        return sum(pool.on_hand for pool in self.pools.values())

    @property
    def stock_and_futures(self) -> int:
        """On hand and expected over all locations: no sum of this item is ever above it."""
        futures = sum(sum(pool.futures.values()) for pool in self.pools.values())
        return self.on_hand + futures

    def available_at(
        self, location: int, *, fulfil_only: bool = False, allowed: Shortage | None = None
    ) -> int:
        """Return the most a reservation at a location may take without a new shortage.

        `allowed` is what was short before something was given back: up to there nothing is new.
        """
        record = self.records[location]
        balance, signature = record.balance, record.signature
        available = min(
            balance.available_to_order,
            self._to_order.headroom(signature=signature) + self._repaid(allowed),
        )
        if not fulfil_only:
            return available
        return min(
            available,
            balance.available_to_fulfil,
            self._to_fulfil.headroom(signature=signature) + self._repaid_to_fulfil(allowed),
        )

    def available_in(
        self, group: int, *, fulfil_only: bool = False, allowed: Shortage | None = None
    ) -> int:
        """Return the most a group may still promise without a new shortage; see `available_at`."""
        available = self._to_order.available_to_order(group=group) + self._repaid(allowed)
        if not fulfil_only:
            return available
        return min(
            available,
            self._to_fulfil.available_to_order(group=group) + self._repaid_to_fulfil(allowed),
        )

    # Above what raises no shortage, every unit more raises it by one: so what was repaid is
    # exactly how much more may be taken.

    def _repaid(self, allowed: Shortage | None) -> int:
        return 0 if allowed is None else max(0, allowed.to_order - self._to_order.short)

    def _repaid_to_fulfil(self, allowed: Shortage | None) -> int:
        return 0 if allowed is None else max(0, allowed.to_fulfil - self._to_fulfil.short)

    def movable(self, source: int, target: int, *, most: int) -> int:
        """Return the most, up to `most` reserved units, that may move without a new shortage."""
        target_record = self.records.get(target)
        if target_record is not None:
            most = min(most, target_record.balance.available_to_order)
        worse = self._shortage_of_moving(source, target, most)
        if not worse:
            return most
        # Above the buried part the shortage is convex in the quantity and rises by one a unit at
        # the end, so going back by the shortage meets the last quantity that fits, if any does.
        buried = min(most, self._buried(source))
        rest = most - worse
        if rest > buried and not self._shortage_of_moving(source, target, rest):
            return rest
        # Moving what is buried frees nothing at the source: it is a new reservation.
        fits = self.available_in(target) if target_record is None else self.available_at(target)
        return min(buried, fits)

    def _buried(self, place: int) -> int:
        """Return how much must leave a place before its free stock rises above 0."""
        record = self.records.get(place)
        if record is None:
            return 0
        balance = record.balance
        if not record.exists:
            return balance.reserved
        return max(0, balance.reserved + balance.safety_stock - balance.on_hand - balance.futures)

    def _shortage_of_moving(self, source: int, target: int, quantity: int) -> int:
        """Return by how much moving reserved units would raise `short`; tried and taken back."""
        mark, short = self.mark(), self.short
        for place, change in ((source, -quantity), (target, quantity)):
            if place in self.records:
                self.reserve(place, change, cause=None)
            else:
                self.promise(place, change, cause=None)
        worse = self.short - short
        self.back_to(mark)
        return max(0, worse)

    @property
    def _to_order(self) -> Network[int]:
        if self._network_to_order is None:
            free = {signature: pool.free for signature, pool in self.pools.items()}
            self._network_to_order = Network(free=free, promises=self.promises)
        return self._network_to_order

    @property
    def _to_fulfil(self) -> Network[int]:
        if self._network_to_fulfil is None:
            free = {signature: pool.free_to_fulfil for signature, pool in self.pools.items()}
            self._network_to_fulfil = Network(free=free, promises=self.promises)
        return self._network_to_fulfil

    def _forget_networks(self) -> None:
        self._network_to_order = self._network_to_fulfil = None

    # Changes

    def reserve(self, location: int, quantity: int, *, cause: Any) -> None:
        """Raise (or with a negative quantity lower) a location's reserved count."""
        record = self.records[location]
        self.put(location, record.counting(record.balance.reserving(quantity)), cause=cause)

    def promise(self, group: int, quantity: int, *, cause: Any) -> None:
        """Raise (or with a negative quantity lower) what a group has promised."""
        before = self.promises.get(group, 0)
        self._set(self.promises, group, before + quantity)
        self._forget_networks()
        self._post(group, Balance(reserved=before), Balance(reserved=before + quantity), cause)

    def put(self, location: int, record: Record, *, cause: Any) -> None:
        """Replace a location's record; nothing is written when nothing changed."""
        before = self.records[location]
        if record == before:
            return
        if record.signature == before.signature:
            self._repool(record.signature, before=before, after=record)
        else:
            self._repool(before.signature, before=before, after=None)
            self._repool(record.signature, before=None, after=record)
        self._set(self.records, location, record)
        self._forget_networks()
        exclusions = None
        if record.excluded_groups != before.excluded_groups:
            exclusions = Exclusions(before.excluded_groups, record.excluded_groups)
        self._post(location, before.balance, record.balance, cause, exclusions=exclusions)

    def note(self, group: int, *, cause: Any) -> None:
        """Post that something about the item in a group changed other than its promise."""
        promise = Balance(reserved=self.promises.get(group, 0))
        self._post(group, promise, promise, cause)

    def _repool(self, signature: Signature, *, before: Record | None, after: Record | None) -> None:
        pool = self.pools.get(signature, Pool())
        if pool.may_lose_its_date(before=before, after=after):
            self.pools_lost_a_date = True
        self._set(self.pools, signature, pool.replacing(before=before, after=after))

    def _post(
        self,
        place: int,
        before: Balance,
        after: Balance,
        cause: Any,
        *,
        exclusions: Exclusions | None = None,
    ) -> None:
        self.sequence += 1
        self.changes.append(Change(place, before, after, self.sequence, cause, exclusions))

    # Taking back

    def mark(self) -> tuple[int, int]:
        """Return where the state stands, for `back_to`."""
        return len(self._undo), len(self.changes)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Undo every change since the mark."""
        undo, changes = mark
        while len(self._undo) > undo:
            table, key, old = self._undo.pop()
            if old is _ABSENT:
                del table[key]
            else:
                table[key] = old
        self.sequence -= len(self.changes) - changes
        del self.changes[changes:]
        self._forget_networks()

    def _set(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value


_ABSENT: Any = object()
