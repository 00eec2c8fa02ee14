"""Where promises are laid out, in examples small enough to check by eye."""

from inventory.domain.layout import lay_out


def test_the_least_shared_location_is_used_first() -> None:
    layout = lay_out(
        locations={"A1": (5, frozenset({"x", "y"})), "Z9": (5, frozenset({"x"}))},
        promises={"x": 7},
    )

    assert layout.placed == {("x", "Z9"): 5, ("x", "A1"): 2}
    assert layout.unserved == {}


def test_equally_shared_locations_are_used_in_the_order_of_their_code_points() -> None:
    layout = lay_out(
        locations={name: (5, frozenset({"x"})) for name in ("a", "B", "_")},
        promises={"x": 7},
    )

    assert layout.placed == {("x", "B"): 5, ("x", "_"): 2}


def test_the_order_of_locations_is_never_at_the_cost_of_a_promise() -> None:
    # x would like the less shared L2, but y can go nowhere else.
    layout = lay_out(
        locations={"L1": (5, frozenset({"x", "z"})), "L2": (5, frozenset({"x", "y"}))},
        promises={"x": 5, "y": 5},
    )

    assert layout.placed == {("x", "L1"): 5, ("y", "L2"): 5}


def test_inside_a_location_the_first_group_gets_all_that_others_can_do_without() -> None:
    layout = lay_out(
        locations={"L1": (4, frozenset({"x", "y"})), "L2": (4, frozenset({"x", "y"}))},
        promises={"x": 4, "y": 4},
    )

    assert layout.placed == {("x", "L1"): 4, ("y", "L2"): 4}


def test_groups_are_moved_round_a_circle_to_let_the_first_one_in() -> None:
    layout = lay_out(
        locations={
            "L1": (1, frozenset({"x", "y"})),
            "L2": (1, frozenset({"y", "z"})),
            "L3": (1, frozenset({"x", "z"})),
        },
        promises={"x": 1, "y": 1, "z": 1},
    )

    assert layout.placed == {("x", "L1"): 1, ("y", "L2"): 1, ("z", "L3"): 1}


def test_a_group_that_made_place_for_a_later_location_is_moved_back_where_it_comes_first() -> None:
    # L3 can use x alone. The x it needs must come from L2, because L1 comes before it.
    layout = lay_out(
        locations={
            "L1": (1, frozenset({"x", "y"})),
            "L2": (1, frozenset({"x", "y", "z"})),
            "L3": (1, frozenset({"u", "v", "x"})),
        },
        promises={"x": 2, "y": 1},
    )

    assert layout.placed == {("x", "L1"): 1, ("y", "L2"): 1, ("x", "L3"): 1}


def test_four_groups_with_one_unit_each_are_all_served() -> None:
    layout = lay_out(
        locations={
            "A": (1, frozenset({"G1", "G2"})),
            "B": (1, frozenset({"G1", "G3", "G4"})),
            "C": (1, frozenset({"G3"})),
            "D": (1, frozenset({"G4"})),
        },
        promises=dict.fromkeys(("G1", "G2", "G3", "G4"), 1),
    )

    assert layout.placed == {("G2", "A"): 1, ("G1", "B"): 1, ("G3", "C"): 1, ("G4", "D"): 1}


def test_when_short_promises_are_filled_in_the_order_of_their_groups() -> None:
    layout = lay_out(
        locations={"L1": (5, frozenset({"x", "y"}))}, promises={"y": 4, "x": 3, "nowhere": 2}
    )

    assert layout.placed == {("x", "L1"): 3, ("y", "L1"): 2}
    assert layout.unserved == {"nowhere": 2, "y": 2}


def test_without_promises_nothing_is_placed() -> None:
    layout = lay_out(locations={"L1": (5, frozenset({"x"}))}, promises={"x": 0})

    assert (layout.placed, layout.unserved) == ({}, {})
