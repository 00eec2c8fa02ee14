"""The worked examples of the law of promises."""

import pytest

from inventory.domain.network import Network, pooled

UNIT = 1000


def test_without_promises_a_group_can_promise_all_that_its_pools_have_free() -> None:
    network = Network(free={(1,): 5, (1, 2): 7, (2,): 11, (): 13}, promises={})

    assert network.available_to_order(group=1) == 12
    assert network.available_to_order(group=2) == 18
    assert network.available_to_order(group=3) == 0
    assert network.headroom(signature=()) == 13
    assert network.headroom(signature=(3,)) == 0
    assert (network.served, network.short) == (0, 0)


def test_a_shared_location_is_weighed_once_for_both_groups() -> None:
    # A = {L1: 5, L2: 5}, B = {L2: 5, L3: 15}; A has 10 free of its own.
    locations = {
        "L1": (5 * UNIT, frozenset({"A"})),
        "L2": (5 * UNIT, frozenset({"A", "B"})),
        "L3": (15 * UNIT, frozenset({"B"})),
    }
    network = Network(free=pooled(locations=locations), promises={"B": 17 * UNIT})

    to_order = network.available_to_order(group="A")

    assert to_order == 8 * UNIT
    assert network.available_to_order(group="B") == 3 * UNIT
    assert max(0, 10 * UNIT - 0 - to_order) == 2 * UNIT  # sharedGroupReserved of A


def test_nothing_is_refused_that_could_be_rearranged_to_fit() -> None:
    # One unit at each of four locations. Served least shared first and never moved again, G1 and
    # G3 would take A and B, and G2 would find nothing.
    free = {(1, 2): UNIT, (1, 3, 4): UNIT, (3,): UNIT, (4,): UNIT}
    promises: dict[int, int] = {}
    for group in (1, 3, 4):
        network = Network(free=free, promises=promises)
        assert network.available_to_order(group=group) >= UNIT
        promises[group] = UNIT

    assert Network(free=free, promises=promises).available_to_order(group=2) == UNIT

    promises[2] = UNIT
    full = Network(free=free, promises=promises)
    assert (full.served, full.short) == (4 * UNIT, 0)
    assert [full.available_to_order(group=group) for group in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert [full.headroom(signature=signature) for signature in free] == [0, 0, 0, 0]


def test_a_location_that_a_promise_needs_gives_no_more_than_the_rest() -> None:
    network = Network(free={(1,): 2, (1, 2): 5}, promises={1: 4})

    assert network.headroom(signature=(1, 2)) == 3
    assert network.headroom(signature=(1,)) == 2


def test_an_oversold_group_leaves_a_group_it_shares_nothing_with_alone() -> None:
    network = Network(free={(1,): 2, (2,): 7}, promises={1: 5, 2: 3})

    assert (network.served, network.short) == (5, 3)
    assert network.available_to_order(group=1) == 0
    assert network.available_to_order(group=2) == 4
    assert network.kept(group=1) == 2
    assert network.kept(group=3) == 0


def test_a_promise_of_a_group_without_locations_is_short_and_blocks_nobody() -> None:
    network = Network(free={(1,): 2}, promises={9: 1})

    assert network.short == 1
    assert network.available_to_order(group=1) == 2
    assert network.available_to_order(group=9) == 0


def test_a_long_chain_of_groups_can_be_rearranged_to_its_end() -> None:
    length = 2000
    free: dict[tuple[int, ...], int] = {(group, group + 1): 1 for group in range(length)}
    free[length, length + 1] = 1
    network = Network(free=free, promises=dict.fromkeys(range(1, length + 1), 1))

    assert network.available_to_order(group=0) == 1


def test_the_state_given_is_copied() -> None:
    free: dict[tuple[int, ...], int] = {(1,): 5}
    promises = {1: 2}
    network = Network(free=free, promises=promises)
    free[1,] = 0
    promises[1] = 0

    assert network.available_to_order(group=1) == 3


@pytest.mark.parametrize(("free", "promises"), [({(1,): -1}, {}), ({}, {1: -1})])
def test_negative_quantities_are_a_mistake_of_the_caller(
    free: dict[tuple[int, ...], int], promises: dict[int, int]
) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        Network(free=free, promises=promises)
