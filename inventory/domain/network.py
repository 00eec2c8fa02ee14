"""The flow of one item in one network: what groups have promised against what is free.

An item has two networks, ATO (with futures) and ATF (without); each is one `Network`. Quantities
are ints in thousandths. The module is the law of promises: `free`, `R(g)`, `F(R)` and `short` are
the words of the design, and `available_to_order` and `headroom` say what still fits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from inventory.domain.flow import Flow

# The id of a group: a key of the database, or its identifier. Ids must sort, since every choice
# between equals is made in their order.
GroupId = TypeVar("GroupId", int, str)

# The sorted ids of the groups that count a pool. All locations with the exact same set of groups
# behave as one node, so a pool is known by them. No group at all is a signature too.
Signature = tuple[int, ...]

# Locations by identifier: what is free there, and the groups that count it.
Locations = Mapping[str, tuple[int, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Cut(Generic[GroupId]):
    """Why no more is available: these groups can be served nowhere but from these pools.

    `kept` is what is kept for each of those groups that has any, in order of their ids; `free` is
    what all pools of those groups have, together with the pools of whoever asked.
    """

    kept: tuple[tuple[GroupId, int], ...]
    free: int

    @property
    def available(self) -> int:
        """What remains: exactly the figure that this cut explains."""
        return self.free - sum(quantity for _, quantity in self.kept)


class Network(Generic[GroupId]):
    """Free stock by pool and promises by group; solved when first asked, and once.

    With no promises nothing is ever solved.
    """

    __slots__ = ("_flow", "_free", "_index", "_kept", "_promises")

    def __init__(
        self,
        *,
        free: Mapping[tuple[GroupId, ...], int],
        promises: Mapping[GroupId, int],
    ) -> None:
        """Copy the state; pools with nothing free and promises of nothing are allowed."""
        least = min(min(free.values(), default=0), min(promises.values(), default=0))
        if least < 0:
            message = f"Free stock and promises cannot be negative: {least} thousandths."
            raise ValueError(message)
        self._free: dict[tuple[GroupId, ...], int] = dict(free)
        self._promises: dict[GroupId, int] = {
            group: quantity for group, quantity in promises.items() if quantity
        }
        self._flow: Flow[GroupId] | None = None
        self._index: dict[tuple[GroupId, ...], int] = {}
        self._kept: dict[GroupId, int] = {}

    @property
    def served(self) -> int:
        """The largest total of promises that can be served together: F(R)."""
        if not self._promises:
            return 0
        self._solved()
        return sum(self._kept.values())

    @property
    def short(self) -> int:
        """What cannot be served of all that is promised; more than 0 means oversold."""
        return sum(self._promises.values()) - self.served

    def kept(self, *, group: GroupId) -> int:
        """Return what is served of the group's promise; when short, lower ids are served first."""
        self._solved()
        return self._kept.get(group, 0)

    def available_to_order(self, *, group: GroupId) -> int:
        """Return what the group alone can still promise without unserving anyone.

        F(R with R(group) unbounded) - F(R). A promise raises `short` exactly when it is above.
        """
        if not self._promises:
            return sum(free for signature, free in self._free.items() if group in signature)
        flow = self._solved()
        return self._pushed(flow, flow.reach.get(group, ()))

    def headroom(self, *, signature: tuple[GroupId, ...]) -> int:
        """Return the most that can be taken out of the pool without raising `short`.

        Taking from one pool is promising for a group that counts that pool alone, so this is the
        same question; the answer is never above what the pool has free.
        """
        if not self._promises:
            return self._free.get(signature, 0)
        return self._pushed(self._solved(), self._pool(signature))

    def binding(self, *, group: GroupId) -> Cut[GroupId]:
        """Return the smallest set of groups, with `group`, that leaves it no more than its ATO.

        Promises count as far as they are kept. On those amounts the set is the unique smallest S
        containing the group with free(S) - kept(S) minimal; in a healthy state, where everything
        is kept, free(S) - kept(S) is slack(S).
        """
        starts = self._solved().reach.get(group, ())
        return self._cut(starts, {group})

    def binding_pool(self, *, signature: tuple[GroupId, ...]) -> Cut[GroupId]:
        """Return the smallest set of groups whose promises limit the headroom of the pool."""
        self._solved()
        return self._cut(self._pool(signature), set())

    def _solved(self) -> Flow[GroupId]:
        """Return the flow that serves F(R), promises filled in the order of their groups' ids.

        Pools are tried least shared first: what few can use is used before what many can use, so
        that little has to be moved afterwards.
        """
        if self._flow is None:
            pools = sorted(
                (signature for signature, free in self._free.items() if free),
                key=lambda signature: (len(signature), signature),
            )
            self._index = {signature: pool for pool, signature in enumerate(pools)}
            reach: dict[GroupId, list[int]] = {}
            for signature, pool in self._index.items():
                for group in signature:
                    reach.setdefault(group, []).append(pool)
            flow = Flow(reach=reach, room=[self._free[signature] for signature in pools])
            self._kept = {
                group: flow.serve(claimant=group, limit=self._promises[group])
                for group in sorted(self._promises)
            }
            self._flow = flow
        return self._flow

    def _pool(self, signature: tuple[GroupId, ...]) -> Sequence[int]:
        pool = self._index.get(signature)
        return () if pool is None else (pool,)

    def _pushed(self, flow: Flow[GroupId], starts: Sequence[int]) -> int:
        if not any(flow.held[pool] for pool in starts):
            # Nobody is served here, so nobody has to move.
            return sum(flow.room[pool] for pool in starts)
        return flow.copy().push(starts=starts, limit=sum(flow.room))

    def _cut(self, starts: Sequence[int], asking: set[GroupId]) -> Cut[GroupId]:
        flow = self._solved().copy()
        flow.push(starts=starts, limit=sum(flow.room))
        groups = flow.reached(starts=starts) | asking
        pools = set(starts).union(*(flow.reach.get(group, ()) for group in groups))
        kept = ((group, self._kept.get(group, 0)) for group in sorted(groups))
        return Cut(
            kept=tuple((group, quantity) for group, quantity in kept if quantity),
            free=sum(
                free
                for signature, free in self._free.items()
                if self._index.get(signature) in pools
            ),
        )


def pooled(*, locations: Locations) -> dict[tuple[str, ...], int]:
    """Add the free stock of locations up by signature."""
    free: dict[tuple[str, ...], int] = {}
    for quantity, groups in locations.values():
        signature = signature_of(groups=groups)
        free[signature] = free.get(signature, 0) + quantity
    return free


def signature_of(*, groups: Collection[GroupId]) -> tuple[GroupId, ...]:
    """Return the signature of a location that these groups count."""
    return tuple(sorted(groups))
