"""The layout is the one the law names, and a layout at all."""

from collections.abc import Iterator, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.domain.layout import lay_out
from tests.property.states import State, crowded_states, served_by_formula, states

thorough = settings(max_examples=250, deadline=None)

Placed = dict[tuple[str, str], int]


def location_order(state: State) -> list[str]:
    return sorted(state.locations, key=lambda name: (len(state.locations[name][1]), name))


def all_layouts(state: State) -> Iterator[Placed]:
    """Generate every way to serve promises, in part or in full, from the free stock."""
    arcs = [
        (group, name)
        for name, (_, groups) in state.locations.items()
        for group in groups
        if state.promises.get(group, 0)
    ]

    def extend(at: int, free: Mapping[str, int], owed: Mapping[str, int]) -> Iterator[Placed]:
        if at == len(arcs):
            yield {}
            return
        group, name = arcs[at]
        for quantity in range(min(free[name], owed[group]) + 1):
            rest = extend(
                at + 1,
                {**free, name: free[name] - quantity},
                {**owed, group: owed[group] - quantity},
            )
            for layout in rest:
                yield {**layout, (group, name): quantity} if quantity else layout

    yield from extend(
        0, {name: free for name, (free, _) in state.locations.items()}, state.promises
    )


def rank(state: State, placed: Placed) -> tuple[int, list[int], list[int], list[int]]:
    """Return what the law compares, most important first; the layout is where it is greatest."""
    groups, names = state.groups, location_order(state)
    return (
        sum(placed.values()),
        [sum(placed.get((group, name), 0) for name in names) for group in groups],
        [sum(placed.get((group, name), 0) for group in groups) for name in names],
        [placed.get((group, name), 0) for name in names for group in groups],
    )


@settings(max_examples=300, deadline=None)
@given(states(groups=3, locations=3, free=2, promise=3))
def test_of_all_layouts_it_is_the_one_the_law_puts_first(state: State) -> None:
    best = max(all_layouts(state), key=lambda placed: rank(state, placed))

    assert lay_out(locations=state.locations, promises=state.promises).placed == best


@settings(max_examples=200, deadline=None)
@given(crowded_states())
def test_where_groups_crowd_it_is_still_the_one_the_law_puts_first(state: State) -> None:
    best = max(all_layouts(state), key=lambda placed: rank(state, placed))

    assert lay_out(locations=state.locations, promises=state.promises).placed == best


@thorough
@given(states())
def test_it_serves_all_that_can_be_served_and_no_location_gives_what_it_has_not(
    state: State,
) -> None:
    layout = lay_out(locations=state.locations, promises=state.promises)

    assert sum(layout.placed.values()) == served_by_formula(state)
    for name, (free, _) in state.locations.items():
        assert sum(n for (_, at), n in layout.placed.items() if at == name) <= free
    for group, promised in state.promises.items():
        placed = sum(n for (of, _), n in layout.placed.items() if of == group)
        assert placed + layout.unserved.get(group, 0) == promised
    for (group, name), quantity in layout.placed.items():
        assert quantity > 0
        assert group in state.locations[name][1]


@thorough
@given(states())
def test_each_location_carries_what_it_adds_to_those_before_it(state: State) -> None:
    layout = lay_out(locations=state.locations, promises=state.promises)

    names = location_order(state)
    for position, name in enumerate(names):
        before, through = (
            State({at: state.locations[at] for at in names[:end]}, state.promises)
            for end in (position, position + 1)
        )
        load = sum(n for (_, at), n in layout.placed.items() if at == name)
        assert load == served_by_formula(through) - served_by_formula(before)


@thorough
@given(states(), st.data())
def test_the_same_state_has_the_same_layout_in_whatever_order_it_is_given(
    state: State, data: st.DataObject
) -> None:
    layout = lay_out(
        locations=dict(data.draw(st.permutations(list(state.locations.items())))),
        promises=dict(data.draw(st.permutations(list(state.promises.items())))),
    )

    same = lay_out(locations=state.locations, promises=state.promises)

    assert layout == same
    assert list(layout.placed.items()) == list(same.placed.items())
