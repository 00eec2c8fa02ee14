"""Types that the headless APIs share on the wire (spec: oci-headless 2.4)."""

import re
from collections.abc import Sized
from datetime import datetime
from typing import Annotated, Any

import msgspec

from inventory.domain.moments import utc_text
from inventory.domain.quantity import QuantityError, parse_thousandths
from inventory.errors import InvalidRequestParameter

_JSON_QUANTITY: dict[str, Any] = {
    "type": "number",
    "multipleOf": 0.001,
    "minimum": 0,
    "maximum": 9_999_999_999.999,
}
Quantity = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_JSON_QUANTITY)]
"""A quantity as its JSON text: a float would round in silence."""
PositiveQuantity = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema=_JSON_QUANTITY | {"minimum": 0.001})
]

MAX_SKU = 250
MAX_ID = 128

# `$` alone would let a line break through behind it.
_SKU = r"^[^\\<>;%/\s\x00-\x1f\x7f]{1,250}$(?!\n)"
_PLACE_ID = r"^[A-Za-z0-9_-]{2,128}$(?!\n)"
_OPAQUE_ID = r"^[^\x00-\x1f\x7f]{1,128}$(?!\n)"
_TEXT = r"^[^\x00-\x1f\x7f]*$(?!\n)"

Sku = Annotated[str, msgspec.Meta(pattern=_SKU, min_length=1, max_length=MAX_SKU)]
PlaceId = Annotated[str, msgspec.Meta(pattern=_PLACE_ID, min_length=2, max_length=MAX_ID)]
OpaqueId = Annotated[str, msgspec.Meta(pattern=_OPAQUE_ID, min_length=1, max_length=MAX_ID)]
ExternalRef = Annotated[str, msgspec.Meta(pattern=_TEXT, max_length=250)]
Reference = Annotated[str, msgspec.Meta(pattern=_TEXT, max_length=128)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]


def thousandths(raw: msgspec.Raw, *, field: str) -> int:
    """Return a quantity in thousandths; InvalidRequestParameter naming the field otherwise."""
    try:
        return parse_thousandths(bytes(raw).decode())
    except QuantityError as error:
        message = f"'{field}' {error}"
        raise InvalidRequestParameter(message, parameter=field) from None


def positive_thousandths(raw: msgspec.Raw, *, field: str) -> int:
    """Return a quantity of at least 0.001 in thousandths."""
    quantity = thousandths(raw, field=field)
    if not quantity:
        message = f"'{field}' must be at least 0.001"
        raise InvalidRequestParameter(message, parameter=field)
    return quantity


def at_most(limit: int, records: Sized, *, field: str) -> None:
    """Refuse an empty list of records and one beyond the limit."""
    if not records:
        message = f"'{field}' must not be empty"
        raise InvalidRequestParameter(message, parameter=field)
    if len(records) > limit:
        message = f"'{field}' must hold at most {limit}, not {len(records)}"
        raise InvalidRequestParameter(message, parameter=field)


_is_sku = re.compile(_SKU).fullmatch
_is_place_id = re.compile(_PLACE_ID).fullmatch
_is_opaque_id = re.compile(_OPAQUE_ID).fullmatch


def check_sku(text: str, *, field: str) -> None:
    """Refuse a path segment that is no SKU."""
    if not _is_sku(text):
        message = f"Invalid characters in sku: {text[:100]}"
        raise InvalidRequestParameter(message, parameter=field)


def check_place_id(text: str, *, field: str) -> None:
    """Refuse a path segment that is no place id."""
    if not _is_place_id(text):
        message = f"'{field}' must be 2 to 128 of letters, digits, _ and -"
        raise InvalidRequestParameter(message, parameter=field)


def check_opaque_id(text: str, *, field: str) -> None:
    """Refuse a path segment that is no client-made id."""
    if not _is_opaque_id(text):
        message = f"'{field}' must be 1 to 128 characters without control characters"
        raise InvalidRequestParameter(message, parameter=field)


def wire_date(moment: datetime) -> str:
    """Return RFC 3339 text in UTC, to the microsecond where there are any."""
    return utc_text(moment)
