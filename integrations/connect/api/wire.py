"""What members of Connect bodies are (spec: oci-connect 1).

Every member may be absent or null, and text that is empty says as little: what is required is asked
for where a record is read, because there it is the record that fails and not the request.
Quantities are JSON numbers, or quoted ones, and integers of thousandths everywhere else.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec

from integrations.connect.errors import JsonParserError, PositiveQuantityRequired
from inventory.api.wire import check_opaque_id, check_place_id, check_sku
from inventory.domain.quantity import QuantityError, parse_thousandths
from inventory.errors import InvalidRequest, InvalidRequestParameter, MissingParameter
from reservations.domain.places import PlaceRef

MAX_RECORDS = 100
MAX_SECONDS = 14_400

Double = Decimal | None
"""A number, or a quoted one: 1200.350 stays what it is, where a float would round in silence."""
Boolean = (
    bool | Annotated[str, msgspec.Meta(pattern="^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$")] | None
)
"""Clients send booleans as text, too."""
Id = str | int | None
"""An id that a client has made: a UUID, a number, whatever."""

_TEXT = re.compile(r"[^\x00-\x1f\x7f]*")

Record = TypeVar("Record")


def listed(
    records: Sequence[Record] | None,
    *,
    field: str,
    doubles: Callable[[Record], Mapping[str, Double]],
) -> Sequence[Record]:
    """Return 1 to 100 records, or refuse the request: InvalidRequest, JsonParserError.

    `doubles` returns the numbers of a record by name: text such as "NaN" makes one that is none.
    """
    if not records or len(records) > MAX_RECORDS:
        message = f"'{field}' must hold 1 to {MAX_RECORDS} records, not {len(records or ())}."
        raise InvalidRequest(message, parameter=field)
    for n, record in enumerate(records):
        for name, value in doubles(record).items():
            if value is not None and not value.is_finite():
                path = f"{field}[{n}].{name}"
                message = f"Invalid value of '{path}': expected a double."
                raise JsonParserError(message, parameter=path)
    return records


def boolean(value: bool | str | None, *, default: bool = False) -> bool:  # noqa: FBT001
    """Return a boolean that may have been sent as text."""
    if isinstance(value, str):
        return value.lower() == "true"
    return default if value is None else value


def opaque_id(value: Id, *, field: str) -> str:
    """Return a client's id; MissingParameter, or InvalidRequestParameter when it cannot be one."""
    text = required(None if value is None else str(value), field=field)
    check_opaque_id(text, field=field)
    return text


def required(text: str | None, *, field: str) -> str:
    """Return text that must be there; MissingParameter."""
    if not text:
        message = f"The field '{field}' is missing."
        raise MissingParameter(message, parameter=field)
    return text


def sku(text: str | None) -> str:
    """Return a SKU that must be there; MissingParameter, InvalidRequestParameter."""
    given = required(text, field="stockKeepingUnit")
    check_sku(given, field="stockKeepingUnit")
    return given


def reference(text: str | None, *, longest: int = 128) -> str:
    """Return an external reference, empty when there is none; InvalidRequestParameter."""
    if text and (len(text) > longest or not _TEXT.fullmatch(text)):
        message = f"'externalRefId' must be at most {longest} characters, none of control"
        raise InvalidRequestParameter(message, parameter="externalRefId")
    return text or ""


@lru_cache(10_000)
def place(location: str | None, group: str | None, *, prefix: str = "") -> PlaceRef:
    """Return the one place that is named; InvalidRequestParameter when it is none or both.

    `prefix` is `from` or `to` for a transfer's ends. Remembered: all records of a call name the
    same few.
    """
    names = _PLACE_NAMES[prefix]
    if bool(location) == bool(group):
        how = "both are given" if location else "none is given"
        message = f"Either '{names[0]}' or '{names[1]}' is required, but not both: {how}."
        raise InvalidRequestParameter(message, parameter=names[0])
    identifier = location or group or ""
    check_place_id(identifier, field=names[bool(group)])
    return PlaceRef(identifier, is_group=bool(group))


_PLACE_NAMES = {
    "": ("locationIdentifier", "locationGroupIdentifier"),
    "from": ("fromLocationIdentifier", "fromLocationGroupIdentifier"),
    "to": ("toLocationIdentifier", "toLocationGroupIdentifier"),
}


def thousandths(value: Double, *, field: str) -> int:
    """Return a quantity from 0 on; MissingParameter, or InvalidRequestParameter when it is finer
    than a thousandth, too large, or negative.
    """
    if value is None:
        message = f"The field '{field}' is missing."
        raise MissingParameter(message, parameter=field)
    try:
        return parse_thousandths(str(value))
    except QuantityError as error:
        message = f"'{field}' {error}"
        raise InvalidRequestParameter(message, parameter=field) from None


def positive(value: Double, *, field: str = "quantity") -> int:
    """Return a quantity above 0; as `thousandths`, and PositiveQuantityRequired."""
    if value is not None and value <= 0:
        message = f"'{field}' must be more than 0."
        raise PositiveQuantityRequired(message, parameter=field)
    return thousandths(value, field=field)


def seconds(value: Double, *, field: str) -> int | None:
    """Return a time to live; InvalidRequestParameter beyond 1 to 14400 whole seconds."""
    if value is None:
        return None
    if not value.is_finite() or value != value.to_integral_value():
        message = f"Invalid value of '{field}': expected an integer."
        raise JsonParserError(message, parameter=field)
    if not 1 <= value <= MAX_SECONDS:
        message = f"'{field}' must be 1 to {MAX_SECONDS}"
        raise InvalidRequestParameter(message, parameter=field)
    return int(value)


def echoed(value: Double) -> Double:
    """Return a quantity as it was sent, a whole one as the double it is: 9 as 9.0."""
    if value is None or not str(value).lstrip("-").isdecimal():
        return value
    return Decimal(f"{value}.0")


def moment(text: str | None, *, field: str) -> datetime | None:
    """Return an ISO 8601 instant, by default GMT; InvalidRequestParameter."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"'{field}' must be an ISO 8601 date and time"
        raise InvalidRequestParameter(message, parameter=field) from error
