"""The laws of promises hold for the flow, against brute force over all sets of groups."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.network import Network, pooled, signature_of
from tests.property.states import (
    State,
    available_by_formula,
    headroom_by_trial,
    served_by_formula,
    short_by_formula,
    states,
)

thorough = settings(max_examples=250, deadline=None)


def network_of(state: State) -> Network[str]:
    return Network(free=pooled(locations=state.locations), promises=state.promises)


def figures_of(network: Network[str], state: State) -> dict[str, int]:
    return {group: network.available_to_order(group=group) for group in state.groups}


@thorough
@given(states())
def test_available_to_order_is_the_least_slack_above_the_least_of_all(state: State) -> None:
    network = network_of(state)

    assert figures_of(network, state) == {
        group: available_by_formula(state, group) for group in state.groups
    }


@thorough
@given(states())
def test_served_and_short_are_what_the_formula_over_all_sets_says(state: State) -> None:
    network = network_of(state)

    assert network.served == served_by_formula(state)
    assert network.short == short_by_formula(state)


@thorough
@given(states(), st.data())
def test_a_promise_fits_exactly_when_it_is_within_available_to_order(
    state: State, data: st.DataObject
) -> None:
    group = data.draw(st.sampled_from([*state.groups, "nobody"]))
    quantity = data.draw(st.integers(0, 12))
    network = network_of(state)

    after = network_of(state.with_promise(group, quantity))

    fits = quantity <= network.available_to_order(group=group)
    assert (after.short == network.short) == fits


@thorough
@given(states(), st.data())
def test_what_is_served_stays_served_when_a_fitting_promise_is_added(
    state: State, data: st.DataObject
) -> None:
    group = data.draw(st.sampled_from([*state.groups, "nobody"]))
    network = network_of(state)
    quantity = network.available_to_order(group=group)

    after = network_of(state.with_promise(group, quantity))

    assert after.served == network.served + quantity
    assert after.available_to_order(group=group) == 0


@thorough
@given(states(locations=5))
def test_headroom_of_a_location_is_exact(state: State) -> None:
    network = network_of(state)

    headroom = {
        name: min(free, network.headroom(signature=signature_of(groups=groups)))
        for name, (free, groups) in state.locations.items()
    }

    assert headroom == {name: headroom_by_trial(state, name) for name in state.locations}


@thorough
@given(states())
def test_one_more_than_the_headroom_of_a_pool_raises_short_or_exceeds_it(state: State) -> None:
    pools = pooled(locations=state.locations)
    network = network_of(state)
    for signature, free in pools.items():
        headroom = network.headroom(signature=signature)
        assert headroom <= free
        lower = Network(free={**pools, signature: free - headroom}, promises=state.promises)
        assert lower.short == network.short
        if headroom < free:
            over = {**pools, signature: free - headroom - 1}
            assert Network(free=over, promises=state.promises).short == network.short + 1


@thorough
@given(states(groups=3, locations=4), states(groups=3, locations=4))
def test_groups_that_share_nothing_with_others_are_untouched_by_them(
    ours: State, theirs: State
) -> None:
    both = State(
        {
            **ours.locations,
            **{
                f"their-{name}": (free, frozenset(f"their-{group}" for group in groups))
                for name, (free, groups) in theirs.locations.items()
            },
        },
        {**ours.promises, **{f"their-{group}": n for group, n in theirs.promises.items()}},
    )

    alone, together = network_of(ours), network_of(both)

    assert figures_of(together, ours) == figures_of(alone, ours)
    assert together.short == alone.short + network_of(theirs).short


@thorough
@given(states())
def test_pooling_by_signature_gives_the_figures_of_one_node_per_location(state: State) -> None:
    # A group of its own makes every location a pool of its own and promises nothing.
    alone = Network(
        free={
            signature_of(groups=groups | {f"only-{name}"}): free
            for name, (free, groups) in state.locations.items()
        },
        promises=state.promises,
    )

    pooled_network = network_of(state)

    assert figures_of(alone, state) == figures_of(pooled_network, state)
    assert alone.served == pooled_network.served
    for group in state.groups:
        assert alone.kept(group=group) == pooled_network.kept(group=group)


@thorough
@given(states(), st.data())
def test_the_order_in_which_a_state_is_given_changes_nothing(
    state: State, data: st.DataObject
) -> None:
    shuffled = State(
        dict(data.draw(st.permutations(list(state.locations.items())))),
        dict(data.draw(st.permutations(list(state.promises.items())))),
    )

    first, second = network_of(state), network_of(shuffled)

    for group in state.groups:
        assert first.kept(group=group) == second.kept(group=group)
        assert first.binding(group=group) == second.binding(group=group)


@thorough
@given(states())
def test_reading_one_figure_does_not_change_another(state: State) -> None:
    network = network_of(state)
    first = figures_of(network, state)
    for _, groups in state.locations.values():
        network.headroom(signature=signature_of(groups=groups))
    for group in state.groups:
        network.binding(group=group)

    assert figures_of(network, state) == first


@thorough
@given(states())
def test_the_largest_quantities_are_counted_without_loss(state: State) -> None:
    scale = 10**18 + 1
    large = State(
        {name: (free * scale, groups) for name, (free, groups) in state.locations.items()},
        {group: quantity * scale for group, quantity in state.promises.items()},
    )

    small_figures = figures_of(network_of(state), state)

    assert figures_of(network_of(large), state) == {
        group: figure * scale for group, figure in small_figures.items()
    }


@thorough
@given(states())
def test_when_short_promises_are_kept_in_the_order_of_their_groups(state: State) -> None:
    network = network_of(state)
    groups = sorted(state.promises)
    for position, group in enumerate(groups):
        first = State(state.locations, {name: state.promises[name] for name in groups[:position]})
        through = State(
            state.locations, {name: state.promises[name] for name in groups[: position + 1]}
        )
        assert network.kept(group=group) == served_by_formula(through) - served_by_formula(first)
