"""Quantities: decimal text outside, integers of thousandths inside, nothing lost between."""

import re
from decimal import Decimal
from functools import lru_cache

MAX_QUANTITY = 9_999_999_999_999
"""The largest quantity that can be written, in thousandths: 9,999,999,999.999."""

MAX_SUM = 2**63 - 1
"""The largest sum over the locations of an item that can be stored, in thousandths:
9,223,372,036,854,775.807."""

_PLACES = 3
_THOUSANDTHS = 1000
_DIGITS = len(str(MAX_QUANTITY))
_FAR = 1_000_000_000
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]+))?")


class QuantityError(ValueError):
    """A text that is no quantity; its message tells why: "must be a number"."""


def parse_thousandths(text: str) -> int:
    """Return the quantity in thousandths, exactly; any way of writing a JSON number will do.

    Raises QuantityError for what is not a number, below 0, finer than a thousandth or too large.
    """
    return _parse_usual(text) if len(text) <= _DIGITS else _parse(text)


@lru_cache(10_000)
def _parse_usual(text: str) -> int:
    """Remember what has been read: the same few quantities come again and again."""
    return _parse(text)


def _parse(text: str) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None:
        message = "must be a number"
        raise QuantityError(message)
    minus, whole, fraction, exponent_sign, exponent = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).strip("0")
    if not digits:
        return 0
    if minus:
        message = "must not be below 0"
        raise QuantityError(message)
    zeros = len(whole + fraction) - len((whole + fraction).rstrip("0"))
    power = _exponent(exponent_sign, exponent) - len(fraction) + zeros + _PLACES
    if len(digits) + power > _DIGITS:
        message = "must be at most 9999999999.999"
        raise QuantityError(message)
    if power < 0:
        message = "must be a multiple of 0.001"
        raise QuantityError(message)
    return int(digits + "0" * power)


def _exponent(sign: str | None, digits: str | None) -> int:
    """Return the exponent; one beyond anything a text could balance stays that far beyond."""
    if digits is None:
        return 0
    exponent = int(digits) if len(digits) < len(str(_FAR)) else _FAR
    return -exponent if sign == "-" else exponent


def to_json_number(thousandths: int) -> int | Decimal:
    """Return the quantity as a number to write into JSON: whole where it is whole."""
    whole, rest = divmod(thousandths, _THOUSANDTHS)
    return Decimal(thousandths) / _THOUSANDTHS if rest else whole
