"""Maximum flow between claimants and stores, the one algorithm behind the laws.

A claimant (a group with a promise, say) may be served from some stores (pools of free stock). Who
is served where is never fixed: a claimant that needs a full store may move another one to a store
with room, and that one another, and so on. Such a chain of moves is an augmenting path.

Three facts make everything else short, and hold for any order of calls:

* Serving one more claimant never unserves an earlier one, so serving claimants one after another,
  each with the most that is possible, ends at the maximum flow, and gives the totals that are
  lexicographically greatest in that order.
* A claimant that could get no more can get no more later, whatever else is served.
* What is reached when nothing more can be pushed is a minimum cut: those stores are full, and hold
  only claimants that can go nowhere else.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Claimant = TypeVar("Claimant", bound=Hashable)

# How a search came to a store: from which store, by moving whom. None where the search began.
_Trail = dict[int, tuple[int, Claimant] | None]


class Flow(Generic[Claimant]):
    """Who holds how much at which store, and the room left there.

    Stores are numbered from 0. `reach` names the stores of every claimant, preferred ones first;
    it is shared between copies and never changed.
    """

    __slots__ = ("held", "reach", "room")

    def __init__(self, *, reach: Mapping[Claimant, Sequence[int]], room: list[int]) -> None:
        """Begin with nothing held; `room` becomes the flow's own."""
        self.reach = reach
        self.room = room
        self.held: list[dict[Claimant, int]] = [{} for _ in room]

    def copy(self) -> "Flow[Claimant]":
        """Return a flow to try things on, leaving this one as it is."""
        twin = Flow(reach=self.reach, room=self.room.copy())
        twin.held = [holders.copy() for holders in self.held]
        return twin

    def serve(self, *, claimant: Claimant, limit: int) -> int:
        """Give the claimant the most it can get, up to `limit`; return how much that is."""
        return self._push(starts=self.reach.get(claimant, ()), limit=limit, claimant=claimant)

    def push(self, *, starts: Sequence[int], limit: int) -> int:
        """Take up room, in or by way of the stores `starts`, for nobody in particular."""
        return self._push(starts=starts, limit=limit, claimant=None)

    def reached(self, *, starts: Sequence[int]) -> set[Claimant]:
        """Return the claimants whom a further push from `starts` could move."""
        seen_stores = set(starts)
        seen: set[Claimant] = set()
        queue = list(starts)
        for store in queue:
            for mover in self.held[store].keys() - seen:
                seen.add(mover)
                fresh = [beyond for beyond in self.reach[mover] if beyond not in seen_stores]
                seen_stores.update(fresh)
                queue.extend(fresh)
        return seen

    def _push(self, *, starts: Sequence[int], limit: int, claimant: Claimant | None) -> int:
        pushed = 0
        exhausted = False
        while pushed < limit and not exhausted:
            amount, exhausted = self._sweep(starts, limit - pushed, claimant)
            pushed += amount
        return pushed

    def _sweep(
        self, starts: Sequence[int], limit: int, claimant: Claimant | None
    ) -> tuple[int, bool]:
        """Search once, nearest stores first, and use all the room found on the way.

        Also tell whether the search was the last one needed: when no move was cut short by what a
        mover holds, all reachable room is used up. Otherwise the first path of the next search is a
        shortest one, which bounds the number of searches as in Edmonds and Karp.
        """
        trail: _Trail[Claimant] = dict.fromkeys(starts)
        seen: set[Claimant] = set()
        queue = list(starts)
        pushed = 0
        exhausted = True
        for store in queue:
            if self.room[store]:
                pushed += self._settle(trail, store, limit - pushed, claimant)
                if pushed == limit:
                    break
                exhausted = exhausted and not self.room[store]
            for mover in self.held[store]:
                if mover not in seen:
                    seen.add(mover)
                    for beyond in self.reach[mover]:
                        if beyond not in trail:
                            trail[beyond] = (store, mover)
                            queue.append(beyond)
        return pushed, exhausted

    def _settle(
        self, trail: _Trail[Claimant], end: int, limit: int, claimant: Claimant | None
    ) -> int:
        """Shift everybody on the trail one store on, as much as all of them can shift."""
        amount = min(limit, self.room[end])
        step = trail[end]
        while step is not None:
            store, mover = step
            amount = min(amount, self.held[store].get(mover, 0))
            step = trail[store]
        if amount:
            start = self._shift(trail, end, amount)
            if claimant is not None:
                holders = self.held[start]
                holders[claimant] = holders.get(claimant, 0) + amount
        return amount

    def _shift(self, trail: _Trail[Claimant], end: int, amount: int) -> int:
        self.room[end] -= amount
        there = end
        step = trail[there]
        while step is not None:
            here, mover = step
            self.held[there][mover] = self.held[there].get(mover, 0) + amount
            self.held[here][mover] -= amount
            if not self.held[here][mover]:
                del self.held[here][mover]
            there = here
            step = trail[there]
        return there
