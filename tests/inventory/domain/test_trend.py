"""The ledger walked backwards."""

from datetime import UTC, datetime, timedelta

from inventory.domain.balance import Balance
from inventory.domain.trend import Step, trend

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
L1, L2, EAST = 1, 2, 9


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_totals_after_each_change_are_found_again() -> None:
    """10 counted at l1; 4 counted at l2; 6 promised by the group of l2; 2 reserved at l1."""
    steps = [
        Step(at(3), L1, is_group=False, before=Balance(on_hand=10)),
        Step(at(2), EAST, is_group=True, before=Balance()),
        Step(at(1), L2, is_group=False, before=Balance()),
        Step(at(0), L1, is_group=False, before=Balance()),
    ]

    points = trend(
        records={L1: Balance(on_hand=10, reserved=2), L2: Balance(on_hand=4)},
        promises={EAST: 6},
        steps=steps,
        signature=lambda place: (EAST,) if place == L2 else (),
    )

    assert [point.at for point in points] == [at(0), at(1), at(2), at(3)]
    assert [point.on_hand for point in points] == [10, 14, 14, 14]
    # The group can be served 4 of its 6: no more than that is taken from the rest.
    assert [point.available_to_order for point in points] == [10, 14, 10, 8]


def test_nothing_happened_is_nothing_to_draw() -> None:
    assert trend(records={}, promises={}, steps=[], signature=lambda _: ()) == []
