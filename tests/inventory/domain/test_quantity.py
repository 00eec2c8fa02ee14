from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.domain.quantity import (
    MAX_QUANTITY,
    QuantityError,
    parse_thousandths,
    to_json_number,
)

quantities = st.integers(0, MAX_QUANTITY)
zeros = st.integers(0, 50).map(lambda count: "0" * count)


@given(quantities)
def test_what_is_written_is_read_back(quantity: int) -> None:
    assert parse_thousandths(str(to_json_number(quantity))) == quantity


@given(quantities, zeros, zeros, st.integers(-40, 40))
def test_every_way_of_writing_a_number_is_read_alike(
    quantity: int, before: str, behind: str, exponent: int
) -> None:
    plain = f"{Decimal(quantity).scaleb(-3 - exponent):f}"
    point = "" if "." in plain else "."
    behind = behind or ("0" if point else "")
    assert parse_thousandths(f"{before}{plain}{point}{behind}e{exponent}") == quantity
    assert parse_thousandths(f"{before}{plain}{point}{behind}E{exponent:+04d}") == quantity


@given(st.decimals(allow_nan=False, allow_infinity=False))
@example(Decimal("9999999999.9990"))
@example(Decimal("9999999999.9991"))
@example(Decimal("1E-400"))
@example(Decimal("1E+400"))
@example(Decimal("-0.0"))
def test_a_number_is_read_exactly_or_refused(number: Decimal) -> None:
    scaled = number.as_tuple()
    exact = None
    if number.is_zero():
        exact = 0
    elif Decimal(0) < number <= Decimal("9999999999.999"):
        digits = int("".join(map(str, scaled.digits)))
        power = int(scaled.exponent) + 3
        whole, rest = (digits * 10**power, 0) if power >= 0 else divmod(digits, 10**-power)
        exact = None if rest else whole

    try:
        assert parse_thousandths(str(number)) == exact
    except QuantityError:
        assert exact is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "number"),
        ("null", "number"),
        ("true", "number"),
        ('"1"', "number"),
        ("[1]", "number"),
        ("{}", "number"),
        ("NaN", "number"),
        ("Infinity", "number"),
        ("1_000", "number"),
        ("+1", "number"),
        (" 1", "number"),
        ("1\n", "number"),
        ("٣", "number"),
        ("²", "number"),
        ("1.", "number"),
        (".5", "number"),
        ("-1", "below 0"),
        ("-0.0001", "below 0"),
        ("-1e400", "below 0"),
        ("1.0005", "multiple of 0.001"),
        ("1e-4", "multiple of 0.001"),
        ("1e-400", "multiple of 0.001"),
        ("1e-99999999999999999999", "multiple of 0.001"),
        ("0." + "0" * 9_000 + "1", "multiple of 0.001"),
        ("0." + "9" * 9_000, "multiple of 0.001"),
        ("9999999999.9991", "multiple of 0.001"),
        ("10000000000", "at most"),
        ("9" * 9_000, "at most"),
        ("1e400", "at most"),
        ("1e99999999999999999999", "at most"),
    ],
)
def test_a_refusal_tells_why(text: str, reason: str) -> None:
    with pytest.raises(QuantityError, match=reason):
        parse_thousandths(text)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.000", 0),
        ("0e400", 0),
        ("0e99999999999999999999", 0),
        ("1", 1_000),
        ("007", 7_000),
        ("10.25", 10_250),
        ("0.001", 1),
        ("1e-3", 1),
        ("1.5E+2", 150_000),
        ("1." + "0" * 9_000, 1_000),
        ("0" * 9_000 + "1", 1_000),
        ("1" + "0" * 9_000 + "e-9000", 1_000),
        ("9999999999.999", MAX_QUANTITY),
        ("9999999999.999000", MAX_QUANTITY),
    ],
)
def test_examples(text: str, quantity: int) -> None:
    assert parse_thousandths(text) == quantity


@pytest.mark.parametrize(
    ("quantity", "number", "text"),
    [
        (0, 0, "0"),
        (1_000, 1, "1"),
        (100_000_000, 100_000, "100000"),
        (1_500, Decimal("1.5"), "1.5"),
        (1, Decimal("0.001"), "0.001"),
        (MAX_QUANTITY, Decimal("9999999999.999"), "9999999999.999"),
        (-2_500, Decimal("-2.5"), "-2.5"),
    ],
)
def test_json_numbers_are_whole_where_they_can_be(
    quantity: int, number: int | Decimal, text: str
) -> None:
    written = to_json_number(quantity)
    assert written == number
    assert type(written) is type(number)
    assert str(written) == text
