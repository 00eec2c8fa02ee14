"""Small states of one item, and the laws restated as brute force over all sets of groups.

Nothing here uses the code under test: the figures come from the formulas of the design.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from hypothesis import strategies as st

from inventory.domain.network import Locations

# No digits, so that every number in a sentence is a quantity; not in alphabetical order.
GROUPS = ("west", "all", "east", "web", "city", "club")
LOCATIONS = ("pier", "attic", "mill", "barn", "yard", "dock", "cave", "loft")


@dataclass(frozen=True)
class State:
    """What one item has free and what is promised of it."""

    locations: Locations
    promises: Mapping[str, int]

    @property
    def groups(self) -> list[str]:
        """Every group that promises, or counts a location."""
        counting = (groups for _, groups in self.locations.values())
        return sorted(set(self.promises).union(*counting))

    def with_promise(self, group: str, quantity: int) -> "State":
        """Return the state after a promise of the group."""
        promised = self.promises.get(group, 0) + quantity
        return State(self.locations, {**self.promises, group: promised})

    def with_free(self, location: str, free: int) -> "State":
        """Return the state with another free quantity at a location."""
        _, groups = self.locations[location]
        return State({**self.locations, location: (free, groups)}, self.promises)


def states(
    *,
    groups: int = 6,
    locations: int = 8,
    free: int = 5,
    promise: int = 8,
) -> st.SearchStrategy[State]:
    """Generate states, healthy and oversold, with at most so many of each and as much in each."""
    names = st.sampled_from(GROUPS[:groups])
    stock = st.tuples(st.integers(0, free), st.frozensets(names, max_size=groups))
    return st.builds(
        State,
        st.dictionaries(st.sampled_from(LOCATIONS[:locations]), stock, max_size=locations),
        st.dictionaries(names, st.integers(0, promise)),
    )


def crowded_states() -> st.SearchStrategy[State]:
    """Generate states with one unit at each of five locations that several groups want.

    Here the layout often has to swap groups. Two of the groups promise nothing, and matter
    nevertheless: they decide the order of the locations.
    """
    wanted = st.tuples(st.just(1), st.frozensets(st.sampled_from(GROUPS), min_size=2))
    return st.builds(
        State,
        st.fixed_dictionaries(dict.fromkeys(LOCATIONS[:5], wanted)),
        st.fixed_dictionaries(dict.fromkeys(GROUPS[:4], st.integers(1, 2))),
    )


def subsets(groups: list[str]) -> Iterator[frozenset[str]]:
    """Generate all sets of the groups, smaller ones first."""
    for size in range(len(groups) + 1):
        yield from map(frozenset, combinations(groups, size))


def free_of(state: State, groups: frozenset[str]) -> int:
    """Add up what the locations of any of these groups have free."""
    return sum(free for free, counting in state.locations.values() if counting & groups)


def slack(state: State, groups: frozenset[str]) -> int:
    """Return what is free for the groups less what they promise."""
    return free_of(state, groups) - sum(state.promises.get(group, 0) for group in groups)


def least_slack(state: State, having: Callable[[frozenset[str]], bool] = lambda _: True) -> int:
    """Return the least slack over all sets of groups that fulfil the condition."""
    return min(slack(state, groups) for groups in subsets(state.groups) if having(groups))


def short_by_formula(state: State) -> int:
    """Return what cannot be served; the empty set keeps it at 0 or more."""
    return -least_slack(state)


def served_by_formula(state: State) -> int:
    """Return F(R), the largest total that can be served together."""
    return sum(state.promises.values()) - short_by_formula(state)


def available_by_formula(state: State, group: str) -> int:
    """Return ATO(group) as the second half of law 3 states it."""
    with_group = State(state.locations, {group: 0, **state.promises})
    return least_slack(with_group, lambda groups: group in groups) - least_slack(state)


def headroom_by_trial(state: State, location: str) -> int:
    """Return the most that can be taken at a location without raising `short`, by trying."""
    free, _ = state.locations[location]
    short = short_by_formula(state)
    return max(
        taken
        for taken in range(free + 1)
        if short_by_formula(state.with_free(location, free - taken)) == short
    )
