"""The sentences a merchandiser reads, word for word."""

import pytest

from inventory.domain.explain import explain_group, explain_location

UNIT = 1000


def stock(**locations: tuple[int, str]) -> dict[str, tuple[int, frozenset[str]]]:
    """Write locations as name=(units free, "groups that count it")."""
    return {
        name: (free * UNIT, frozenset(groups.split())) for name, (free, groups) in locations.items()
    }


TWO = stock(l1=(3, "east all-stores"), l2=(5, "east all-stores"))
WIDER = TWO | stock(l3=(4, "all-stores"))


@pytest.mark.parametrize(
    ("locations", "promises", "quantity", "sentence"),
    [
        pytest.param(TWO, {}, 3, "3 can be promised in *east*: 8 available.", id="fits"),
        pytest.param(
            TWO,
            {},
            9,
            "9 cannot be promised in *east*: its locations l1, l2 have only 8 free; "
            "8 can be promised.",
            id="more than is free",
        ),
        pytest.param(
            stock(l1=(0, "east"), l2=(0, "east")),
            {},
            1,
            "1 cannot be promised in *east*: nothing is free at its locations l1, l2; "
            "nothing can be promised.",
            id="nothing free",
        ),
        pytest.param(
            stock(l1=(4, "west")),
            {},
            1,
            "1 cannot be promised in *east*: no location of the group holds this item; "
            "nothing can be promised.",
            id="no location",
        ),
        pytest.param(
            stock(l1=(8, "east"), l2=(0, "east")),
            {"east": 6},
            3,
            "3 cannot be promised in *east*: its location l1 has 8 free, but *east* itself "
            "already promises 6 of them; 2 can be promised.",
            id="own promises only",
        ),
        pytest.param(
            TWO,
            {"all-stores": 6},
            3,
            "3 cannot be promised in *east*: its locations l1, l2 have 8 free, but *all-stores* "
            "already promises 6 of them and can be served nowhere else; 2 can be promised.",
            id="another group's promises",
        ),
        pytest.param(
            WIDER,
            {"all-stores": 10},
            3,
            "3 cannot be promised in *east*: its locations l1, l2 have 8 free, but *all-stores* "
            "needs 6 of them, because only 4 of what it promises can be served elsewhere; "
            "2 can be promised.",
            id="another group's promises that fit elsewhere in part",
        ),
        pytest.param(
            WIDER,
            {"all-stores": 10, "east": 2},
            1,
            "1 cannot be promised in *east*: its locations l1, l2 have 8 free, but *east* itself "
            "already promises 2 of them and *all-stores* needs 6 of them, because only 4 of what "
            "it promises can be served elsewhere; nothing can be promised.",
            id="own and another group's promises",
        ),
        pytest.param(
            stock(l1=(9, "east a b c d"), l2=(1, "a")),
            {"a": 3, "b": 2, "c": 2, "d": 1},
            3,
            "3 cannot be promised in *east*: its location l1 has 9 free, but *a*, *b* and 2 more "
            "together need 7 of them, because only 1 of what they promise can be served "
            "elsewhere; 2 can be promised.",
            id="many other groups",
        ),
        pytest.param(
            stock(**{f"l{number:02}": (1, "east a b") for number in range(10)}),
            {"a": 3, "b": 5},
            3,
            "3 cannot be promised in *east*: its locations l00, l01 and 8 more have 10 free, but "
            "*a*, *b* together already promise 8 of them and can be served nowhere else; "
            "2 can be promised.",
            id="many locations",
        ),
        pytest.param(
            TWO,
            {"all-stores": 6, "east": 4},
            1,
            "1 cannot be promised in *east*: its locations l1, l2 have 8 free, but *east* itself "
            "already promises 2 of them and *all-stores* already promises 6 of them and can be "
            "served nowhere else; nothing can be promised, and 2 already promised cannot be "
            "served: the item is oversold.",
            id="oversold",
        ),
        pytest.param(
            stock(l1=(4, "east"), l2=(1, "west")),
            {"west": 5},
            5,
            "5 cannot be promised in *east*: its location l1 has only 4 free; 4 can be promised.",
            id="oversold somewhere else",
        ),
    ],
)
def test_a_group_is_explained(
    locations: dict[str, tuple[int, frozenset[str]]],
    promises: dict[str, int],
    quantity: int,
    sentence: str,
) -> None:
    explanation = explain_group(
        group="east",
        quantity=quantity * UNIT,
        locations=locations,
        promises={group: promised * UNIT for group, promised in promises.items()},
    )

    assert explanation.sentence == sentence


@pytest.mark.parametrize(
    ("locations", "promises", "quantity", "sentence"),
    [
        pytest.param(TWO, {}, 3, "3 can be reserved at l1: 3 available.", id="fits"),
        pytest.param(
            TWO,
            {"all-stores": 1},
            4,
            "4 cannot be reserved at l1: it has only 3 free; 3 can be reserved.",
            id="lack of free stock",
        ),
        pytest.param(
            stock(l1=(0, "east"), l2=(5, "east")),
            {},
            1,
            "1 cannot be reserved at l1: it has nothing free; nothing can be reserved.",
            id="nothing free",
        ),
        pytest.param(
            stock(l2=(5, "east")),
            {},
            1,
            "1 cannot be reserved at l1: it has nothing free; nothing can be reserved.",
            id="unknown location",
        ),
        pytest.param(
            stock(l1=(3, "east")),
            {"east": 2},
            2,
            "2 cannot be reserved at l1: it has 3 free, but *east* already promises 2 of them "
            "and can be served nowhere else; 1 can be reserved.",
            id="needed by a promise",
        ),
        pytest.param(
            WIDER,
            {"all-stores": 5, "east": 6},
            3,
            "3 cannot be reserved at l1: it has 3 free, but *all-stores*, *east* together need "
            "2 of them, because only 9 of what they promise can be served elsewhere; "
            "1 can be reserved.",
            id="needed by promises that fit elsewhere in part",
        ),
        pytest.param(
            stock(l1=(3, "east")),
            {"east": 5},
            1,
            "1 cannot be reserved at l1: it has 3 free, but *east* already promises 3 of them "
            "and can be served nowhere else; nothing can be reserved, and 2 already promised "
            "cannot be served: the item is oversold.",
            id="oversold",
        ),
    ],
)
def test_a_location_is_explained(
    locations: dict[str, tuple[int, frozenset[str]]],
    promises: dict[str, int],
    quantity: int,
    sentence: str,
) -> None:
    explanation = explain_location(
        location="l1",
        quantity=quantity * UNIT,
        locations=locations,
        promises={group: promised * UNIT for group, promised in promises.items()},
    )

    assert explanation.sentence == sentence


def test_a_group_and_a_location_may_have_the_same_identifier() -> None:
    explanation = explain_location(
        location="east",
        quantity=3,
        locations={"east": (4, frozenset({"east"}))},
        promises={"east": 2},
    )

    assert explanation.witness.others == (("east", 2),)
    assert explanation.witness.own == 0


@pytest.mark.parametrize(
    ("thousandths", "decimal"), [(1, "0.001"), (1500, "1.5"), (1_000_000, "1000"), (20, "0.02")]
)
def test_quantities_are_written_without_trailing_zeros(thousandths: int, decimal: str) -> None:
    explanation = explain_group(
        group="east",
        quantity=thousandths,
        locations={"l1": (thousandths, frozenset({"east"}))},
        promises={},
    )

    assert explanation.sentence == f"{decimal} can be promised in *east*: {decimal} available."
