"""A witness proves the figure it comes with, and the sentence says what the witness says."""

import re
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.explain import Explanation, explain_group, explain_location
from inventory.domain.network import Network, pooled
from inventory.domain.witness import Witness
from tests.property.states import (
    State,
    available_by_formula,
    free_of,
    headroom_by_trial,
    served_by_formula,
    short_by_formula,
    states,
    subsets,
)

thorough = settings(max_examples=250, deadline=None)


def asked_in_a_group(state: State, data: st.DataObject) -> tuple[str, Explanation]:
    group = data.draw(st.sampled_from([*state.groups, "nobody"]))
    return group, explain_group(
        group=group,
        quantity=data.draw(st.integers(0, 12)),
        locations=state.locations,
        promises=state.promises,
    )


def asked_at_a_location(state: State, data: st.DataObject) -> tuple[str, Explanation]:
    location = data.draw(st.sampled_from(sorted(state.locations)))
    return location, explain_location(
        location=location,
        quantity=data.draw(st.integers(0, 7)),
        locations=state.locations,
        promises=state.promises,
    )


def kept_of(state: State) -> dict[str, int]:
    network = Network(free=pooled(locations=state.locations), promises=state.promises)
    return {group: network.kept(group=group) for group in state.groups}


def check_numbers(state: State, witness: Witness) -> None:
    """Check every number of the witness against the state itself."""
    kept = kept_of(state)
    involved = frozenset(group for group, _ in witness.others)
    assert dict(witness.others) == {group: kept[group] for group in involved}
    assert all(quantity > 0 for _, quantity in witness.others)
    for name, (_, groups) in state.locations.items():
        assert not groups & involved or name in witness.locations
    assert set(witness.here) <= set(witness.locations)
    assert witness.free == sum(state.locations[name][0] for name in witness.locations)
    assert witness.free_here == sum(state.locations[name][0] for name in witness.here)
    assert witness.available == witness.free - witness.promised
    assert witness.oversold in {0, short_by_formula(state)}

    away = {n: stock for n, stock in state.locations.items() if n not in witness.here}
    served_away = served_by_formula(State(away, dict(witness.others)))
    others = sum(quantity for _, quantity in witness.others)
    assert served_away == witness.elsewhere
    assert others - served_away == witness.needed


def check_sentence(explanation: Explanation) -> None:
    """Check that the sentence holds no number but those of the witness, and the ones that count."""
    witness = explanation.witness
    sentence = re.sub(r" and \d+ more", "", explanation.sentence)
    said = [Decimal(number) * 1000 for number in re.findall(r"\d+(?:\.\d+)?", sentence)]
    known = {
        witness.quantity,
        witness.available,
        witness.free_here,
        witness.own,
        witness.needed,
        witness.elsewhere,
        witness.oversold,
    }
    assert set(said) <= known
    assert said[0] == witness.quantity
    assert (witness.oversold in said) or explanation.fits or not witness.oversold
    if explanation.fits or explanation.available:
        assert explanation.available in said
    else:
        assert re.search(r"nothing can be (promised|reserved)", sentence)
    assert re.search(r"\.$", explanation.sentence)
    assert not re.search(r"\.\s", explanation.sentence)


@thorough
@given(states(), st.data())
def test_a_group_is_told_its_available_to_order_and_the_proof_of_it(
    state: State, data: st.DataObject
) -> None:
    group, explanation = asked_in_a_group(state, data)

    assert explanation.available == available_by_formula(state, group)
    assert explanation.fits == (explanation.witness.quantity <= explanation.available)
    assert explanation.witness.available == explanation.available
    assert explanation.witness.own == kept_of(state).get(group, 0)
    check_numbers(state, explanation.witness)
    check_sentence(explanation)


@thorough
@given(states(locations=6).filter(lambda state: state.locations), st.data())
def test_a_location_is_told_what_can_be_taken_and_the_proof_of_it(
    state: State, data: st.DataObject
) -> None:
    location, explanation = asked_at_a_location(state, data)

    assert explanation.available == headroom_by_trial(state, location)
    assert explanation.fits == (explanation.witness.quantity <= explanation.available)
    assert explanation.witness.available == explanation.available
    assert explanation.witness.own == 0
    check_numbers(state, explanation.witness)
    check_sentence(explanation)


@thorough
@given(states(groups=5), st.data())
def test_no_smaller_set_of_groups_would_prove_the_same(state: State, data: st.DataObject) -> None:
    group, explanation = asked_in_a_group(state, data)
    kept = kept_of(state)
    others = frozenset(name for name, _ in explanation.witness.others)

    proofs = [
        proof
        for proof in subsets(sorted({*state.groups, group}))
        if group in proof
        and free_of(state, proof) - sum(kept.get(name, 0) for name in proof)
        == explanation.available
    ]

    assert all(others | {group} <= proof for proof in proofs)
    assert others | {group} in proofs


@thorough
@given(states(), st.data())
def test_in_a_healthy_state_the_proof_is_a_set_of_least_slack(
    state: State, data: st.DataObject
) -> None:
    healthy = State(state.locations, kept_of(state))

    _, explanation = asked_in_a_group(healthy, data)

    assert short_by_formula(healthy) == 0
    assert explanation.witness.oversold == 0
    for name, quantity in explanation.witness.others:
        assert quantity == healthy.promises[name]


@thorough
@given(states(), st.data())
def test_the_same_state_is_explained_alike_in_whatever_order_it_is_given(
    state: State, data: st.DataObject
) -> None:
    group = data.draw(st.sampled_from([*state.groups, "nobody"]))
    shuffled = explain_group(
        group=group,
        quantity=3,
        locations=dict(data.draw(st.permutations(list(state.locations.items())))),
        promises=dict(data.draw(st.permutations(list(state.promises.items())))),
    )

    assert shuffled == explain_group(
        group=group, quantity=3, locations=state.locations, promises=state.promises
    )
