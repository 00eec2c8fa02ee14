"""One record of an import file: what it says, or what is wrong with it.

Absent fields leave what is stored, null and [] clear it (spec: oci-headless 6.1). Quantities are
integers of thousandths here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import UNSET, Raw, UnsetType

from inventory.domain.quantity import QuantityError, parse_thousandths
from inventory.domain.record import Future, merge_futures

MAX_FUTURES = 100
_MAX_ID = 128
_SHOWN = 60

_SKU = re.compile(r"[^\\<>;%/\s\x00-\x1f\x7f]{1,250}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLACE_ID = re.compile(r"[A-Za-z0-9_-]{2,128}")
_NULL = b"null"

_DATE: "msgspec.json.Decoder[datetime]" = msgspec.json.Decoder(
    Annotated[datetime, msgspec.Meta(tz=True)]
)


class BadRecord(Exception):  # noqa: N818  # a line of the result file, not an error
    """A record that is refused; its message names the field."""


class FutureIn(msgspec.Struct, rename="camel", gc=False):
    """Quantity expected at a date."""

    quantity: Raw
    expected_date: str


class AttributeSet(msgspec.Struct, rename="camel", gc=False):
    """Groups that must not count the record."""

    group_eligibility_exclusion: list[str] | None = None


class RecordIn(msgspec.Struct, rename="camel", gc=False):
    """A line of either layout; a line without a SKU is the header of the legacy one."""

    record_id: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    location_id: str | UnsetType = UNSET
    location: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    on_hand: Raw = Raw(b"")
    safety_stock_count: Raw = Raw(b"")
    effective_date: str | UnsetType | None = UNSET
    futures: list[FutureIn] | UnsetType | None = UNSET
    attribute_set: AttributeSet | UnsetType | None = UNSET


class Figures(msgspec.Struct, frozen=True, gc=False):
    """What a record says of the stock; None leaves what is stored."""

    on_hand: int | None
    safety_stock: int | None
    futures: tuple[Future, ...] | None
    excluded_groups: tuple[str, ...] | None
    has_effective_date: bool
    effective_at: str | None


def figures_of(record: RecordIn) -> Figures:
    """Return what a record says; BadRecord naming the field that is wrong."""
    futures, attributes, date = record.futures, record.attribute_set, record.effective_date
    return Figures(
        on_hand=_quantity(record.on_hand, "onHand"),
        safety_stock=_quantity(record.safety_stock_count, "safetyStockCount"),
        futures=None if futures is UNSET else _futures(futures),
        excluded_groups=None if attributes is UNSET else _excluded(attributes),
        has_effective_date=date is not UNSET,
        effective_at=None if date is UNSET or not date else _date(date, "effectiveDate"),
    )


def check_record_id(record_id: str | UnsetType) -> str:
    """Return the id of a record; BadRecord."""
    if record_id is UNSET or not record_id:
        raise BadRecord("'recordId' is missing")
    if len(record_id) > _MAX_ID or (not record_id.isprintable() and _CONTROL.search(record_id)):
        raise BadRecord("'recordId' must be 1 to 128 characters without control characters")
    return record_id


def check_sku(sku: str) -> str:
    """Return a SKU; BadRecord."""
    if not _SKU.fullmatch(sku):
        message = f"'sku' Invalid characters in sku: {sku[:_SHOWN]!r}"
        raise BadRecord(message)
    return sku


def place_of(identifier: str | UnsetType, locations: Mapping[str, int]) -> tuple[str, int]:
    """Return a location's identifier and id; BadRecord when it is missing or unknown."""
    if identifier is UNSET or not identifier:
        raise BadRecord("'locationId' is missing")
    place = locations.get(identifier)
    if place is None:
        message = f"'locationId' No location exists with ID '{identifier[:_SHOWN]}'"
        raise BadRecord(message)
    return identifier, place


def _quantity(raw: Raw, field: str) -> int | None:
    """Return thousandths; None where nothing was said, 0 for null."""
    text = bytes(raw)
    if not text:
        return None
    return 0 if text == _NULL else _thousandths(text, field)


def _thousandths(text: bytes, field: str) -> int:
    try:
        return parse_thousandths(text.decode())
    except QuantityError as error:
        message = f"'{field}' {error}: {text[:_SHOWN].decode()}"
        raise BadRecord(message) from None


def _futures(futures: list[FutureIn] | None) -> tuple[Future, ...]:
    if not futures:
        return ()
    if len(futures) > MAX_FUTURES:
        message = f"'futures' must hold at most {MAX_FUTURES}, not {len(futures)}"
        raise BadRecord(message)
    read = []
    for number, future in enumerate(futures):
        quantity = _thousandths(bytes(future.quantity), f"futures[{number}].quantity")
        if not quantity:
            message = f"'futures[{number}].quantity' quantity must be a positive value"
            raise BadRecord(message)
        read.append((_date(future.expected_date, f"futures[{number}].expectedDate"), quantity))
    return tuple(sorted(merge_futures(read).items()))


def _excluded(attributes: AttributeSet | None) -> tuple[str, ...]:
    groups = attributes.group_eligibility_exclusion if attributes else None
    for group in groups or ():
        if not _PLACE_ID.fullmatch(group):
            message = f"'groupEligibilityExclusion' Invalid group id: {group[:_SHOWN]!r}"
            raise BadRecord(message)
    return tuple(sorted(set(groups or ())))


def _date(text: str, field: str) -> str:
    date = _in_utc(text)
    if date is None:
        message = f"'{field}' must be a date with time and offset: {text[:_SHOWN]!r}"
        raise BadRecord(message)
    return date


@lru_cache(10_000)
def _in_utc(text: str) -> str | None:
    """Return a date as it is stored; None when it is none, or beyond the years 1 to 9999."""
    try:
        moment = _DATE.decode(msgspec.json.encode(text))
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (msgspec.MsgspecError, OverflowError, UnicodeEncodeError):
        return None
