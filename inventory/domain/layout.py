"""Where promises are laid out on locations: the law of the layout.

A promise is kept by a group, not by a location; the event log, the back office and explanations
still need to say where it would be served. The layout answers, the same for the same state. It is
the one that comes first, comparing, among the layouts that serve F(R) in whole thousandths:

1. what each promise is served, groups in identifier order, more is better (matters when short);
2. the load of each location, locations in the order of (number of groups they belong to, identifier
   by code point), more is better;
3. what each group gets at each location, locations in that order and, inside a location, groups in
   identifier order, more is better.

What promises are served never limits the loads: any served totals and any loads that maximum flows
can have, one maximum flow has both (Mendelsohn and Dulmage). So 1 and 2 are each found by serving
claimants in order, once with groups as claimants of stock and once with locations as claimants of
promises, and the second flow already agrees with the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.domain.flow import Flow
from inventory.domain.network import Locations, Network, pooled, signature_of


@dataclass(frozen=True, slots=True)
class Layout:
    """What is placed of each group's promise at each location, and what no location can serve.

    `placed` has (group, location) as keys. Both hold only quantities above 0.
    """

    placed: Mapping[tuple[str, str], int]
    unserved: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Pools:
    """Pools and groups by number; groups are numbered in identifier order."""

    groups: list[str]
    number: dict[tuple[str, ...], int]
    claims: dict[int, list[int]]


def lay_out(*, locations: Locations, promises: Mapping[str, int]) -> Layout:
    """Lay the promises of one item out on its locations."""
    network = Network(free=pooled(locations=locations), promises=promises)
    kept = {group: network.kept(group=group) for group in sorted(promises)}
    pools = _number(locations, kept)
    shares, loads = _load(locations, pools, [kept[group] for group in pools.groups])
    return Layout(
        placed=_place(pools, shares, loads),
        unserved={
            group: promises[group] - quantity
            for group, quantity in kept.items()
            if promises[group] > quantity
        },
    )


def _number(locations: Locations, kept: Mapping[str, int]) -> _Pools:
    groups = [group for group, quantity in kept.items() if quantity]
    of_group = {group: number for number, group in enumerate(groups)}
    signatures = sorted({signature_of(groups=counted_by) for _, counted_by in locations.values()})
    return _Pools(
        groups=groups,
        number={signature: pool for pool, signature in enumerate(signatures)},
        claims={
            pool: [of_group[group] for group in signature if group in of_group]
            for pool, signature in enumerate(signatures)
        },
    )


def _load(
    locations: Locations, pools: _Pools, kept: list[int]
) -> tuple[Flow[int], list[tuple[str, int, int]]]:
    """Find the loads, as (location, pool, load), and shares of the pools that agree with them.

    Locations with one signature draw on the same promises, so they claim as their pool.
    """
    claiming = Flow(reach=pools.claims, room=kept)
    loads = []
    for location in sorted(locations, key=lambda name: (len(locations[name][1]), name)):
        free, groups = locations[location]
        pool = pools.number[signature_of(groups=groups)]
        load = claiming.serve(claimant=pool, limit=free)
        if load:
            loads.append((location, pool, load))
    return _turned(claiming, pools), loads


def _turned(claiming: Flow[int], pools: _Pools) -> Flow[int]:
    """Return the same flow with groups as claimants of pools; all pools are full."""
    reach: dict[int, list[int]] = {group: [] for group in range(len(pools.groups))}
    for pool, groups in pools.claims.items():
        for group in groups:
            reach[group].append(pool)
    turned = Flow(reach=reach, room=[0] * len(pools.claims))
    for group, claims in enumerate(claiming.held):
        for pool, quantity in claims.items():
            turned.held[pool][group] = quantity
    return turned


def _place(
    pools: _Pools, shares: Flow[int], loads: list[tuple[str, int, int]]
) -> dict[tuple[str, str], int]:
    """Fill each load with groups in order, taking what is placed out of the shares.

    A group that was given less than it asked for has nothing left in the pool and can get nothing
    there any more, so the loads that follow need no memory of it.
    """
    placed = {}
    for location, pool, load in loads:
        left = load
        for group in pools.claims[pool]:
            quantity = _draw(shares, pool, group, left)
            if quantity:
                placed[pools.groups[group], location] = quantity
                left -= quantity
    return placed


def _draw(shares: Flow[int], pool: int, group: int, most: int) -> int:
    """Take out the most the group can have in the pool, moving it there from others if need be."""
    here = shares.held[pool].pop(group, 0)
    if here < most:
        here += _swap(shares, pool, group, most - here)
    drawn = min(here, most)
    if here > drawn:
        shares.held[pool][group] = here - drawn
    return drawn


def _swap(shares: Flow[int], pool: int, group: int, most: int) -> int:
    """Move the group from other pools into this one, others making place; no load changes.

    While the others move, the only room anywhere is what the group holds elsewhere.
    """
    elsewhere = [other for other in shares.reach[group] if group in shares.held[other]]
    for other in elsewhere:
        shares.room[other] = shares.held[other].pop(group)
    moved = shares.push(starts=(pool,), limit=most)
    for other in elsewhere:
        if shares.room[other]:
            shares.held[other][group] = shares.room[other]
            shares.room[other] = 0
    return moved
