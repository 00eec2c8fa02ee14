"""Wire types of the headless Availability API (spec: oci-headless 4).

Quantities are JSON numbers here and integers of thousandths everywhere else.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from inventory.api.wire import (
    ExternalRef,
    OpaqueId,
    PlaceId,
    PositiveQuantity,
    Quantity,
    Sku,
    Timestamp,
    positive_thousandths,
    thousandths,
    wire_date,
)
from inventory.domain.quantity import to_json_number
from inventory.domain.record import Future, in_time_order, merge_futures
from inventory.services.graph_plans import MAX_GROUPS
from inventory.services.stock import StockUpdate

Number = int | Decimal
"""What an answer carries: `to_json_number` of a quantity."""

ABSENT = msgspec.Raw(b"null")
"""An optional quantity that was not given; null is the same."""

MAX_FUTURES = 100
MAX_RECORDS = 100


def _absent() -> msgspec.Raw:
    """The default as a factory: a document of the API cannot show a raw one."""
    return ABSENT


class GetAvailability(msgspec.Struct, rename="camel"):
    """Which SKUs, at which places."""

    sku: Sku | None = None
    group: PlaceId | None = None
    skus: list[Sku] | None = None
    locations: list[PlaceId] | None = None
    groups: list[PlaceId] | None = None


class FutureOut(msgspec.Struct, rename="camel"):
    """Quantity expected at a date."""

    expected_date: str
    quantity: Number


class AttributeSet(msgspec.Struct, rename="camel"):
    """Groups that must not count the record; as many as an organization may have (spec 7)."""

    group_eligibility_exclusion: Annotated[list[PlaceId], msgspec.Meta(max_length=MAX_GROUPS)]


class LocationRecord(msgspec.Struct, rename="camel", omit_defaults=True):
    """The figures of a SKU at a location."""

    sku: str
    on_hand: Number
    reserved: Number
    safety_stock_count: Number
    atf: Number
    ato: Number
    futures: list[FutureOut]
    exists: bool
    effective_date: str | None = None
    attribute_set: AttributeSet | None = None


class GroupRecord(msgspec.Struct, rename="camel", omit_defaults=True):
    """The figures of a SKU in a location group."""

    sku: str
    on_hand: Number
    reserved: Number
    safety_stock_count: Number
    group_reserved: Number
    shared_group_reserved: Number
    atf: Number
    ato: Number
    futures: list[FutureOut]
    exists: bool
    effective_date: str | None = None


class LocationAvailability(msgspec.Struct):
    """All records asked for at one location."""

    id: str
    records: list[LocationRecord]


class GroupAvailability(msgspec.Struct):
    """All records asked for in one group."""

    id: str
    records: list[GroupRecord]


class Availability(msgspec.Struct, omit_defaults=True):
    """The answer of get-availability; `groups` only when groups were asked for."""

    locations: list[LocationAvailability]
    groups: list[GroupAvailability] | None = None


class FutureIn(msgspec.Struct, rename="camel"):
    """Quantity expected at a date; more than 0."""

    expected_date: Timestamp
    quantity: PositiveQuantity


class RecordUpdate(msgspec.Struct, rename="camel", kw_only=True):
    """What a client says of one SKU at one location; null is the same as absent."""

    external_ref_id: ExternalRef | None = None
    on_hand: Quantity = msgspec.field(default_factory=_absent)
    safety_stock_count: Quantity = msgspec.field(default_factory=_absent)
    effective_date: Timestamp | None = None
    future_stock: Annotated[list[FutureIn], msgspec.Meta(max_length=MAX_FUTURES)] | None = None
    attribute_set: AttributeSet | None = None

    def to_update(
        self, *, request_id: str, location: str, sku: str, replaces: bool, path: str
    ) -> StockUpdate:
        """Return the service's update; raises InvalidRequestParameter naming the field."""
        excluded = self.attribute_set
        return StockUpdate(
            request_id=request_id,
            location=location,
            sku=sku,
            replaces=replaces,
            external_ref=self.external_ref_id or "",
            on_hand=_optional(self.on_hand, field=f"{path}onHand"),
            safety_stock=_optional(self.safety_stock_count, field=f"{path}safetyStockCount"),
            effective_at=self.effective_date,
            futures=_futures(self.future_stock, field=f"{path}futureStock"),
            excluded_groups=(
                None if excluded is None else tuple(excluded.group_eligibility_exclusion)
            ),
        )


class BatchRecord(RecordUpdate, kw_only=True):
    """One record of a batch update."""

    id: OpaqueId
    location: PlaceId
    sku: Sku


class BatchUpdate(msgspec.Struct):
    """1 to 100 records."""

    records: Annotated[list[BatchRecord], msgspec.Meta(min_length=1, max_length=MAX_RECORDS)]


class BatchErrorDetails(msgspec.Struct, rename="camel"):
    """Which record failed."""

    id: str
    location_id: str
    sku: str
    external_ref_id: str


class BatchError(msgspec.Struct, rename="camel"):
    """Why a record was not applied."""

    details: BatchErrorDetails
    message: str
    error_code: str


class BatchErrors(msgspec.Struct):
    """The records that were not applied; all others were."""

    errors: list[BatchError]


class DeltaTokenIn(msgspec.Struct, rename="camel"):
    """Where the consumer stands."""

    delta_token: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class DeltaTokenUpdate(DeltaTokenIn, rename="camel"):
    """Other places at the same position."""

    places: list[str]


class DeltaTokenCreate(msgspec.Struct, rename="camel"):
    """The places to follow."""

    place_type: str
    places: list[str]


class DeltaTokenOut(msgspec.Struct, rename="camel", omit_defaults=True):
    """A token, and the places it follows where they have changed."""

    delta_token: str
    places: list[str] | None = None


class DeltaRecord(msgspec.Struct, rename="camel", omit_defaults=True):
    """The figures of a SKU at a place after a change."""

    id: str
    sku: str
    delta_type: str
    sequence_number: int
    on_hand: Number
    reserved: Number
    safety_stock_count: Number
    atf: Number
    ato: Number
    futures: list[FutureOut]
    effective_date: str | None = None


class Deltas(msgspec.Struct, rename="camel"):
    """One page of changes."""

    next_delta_token: str
    should_query_again: bool
    records: list[DeltaRecord]


class OversoldRecord(msgspec.Struct, rename="camel"):
    """An item that has promised more than can be served."""

    sku: str
    short: Number
    on_hand: Number
    ato: Number
    changed_at: str


class OversoldPage(msgspec.Struct, rename="camel"):
    """Oversold items in a stable order; `next` goes on, and is null at the end."""

    records: list[OversoldRecord]
    next: str | None


def futures_out(futures: Iterable[tuple[str, int]]) -> list[FutureOut]:
    """Return futures in the order of their dates."""
    merged = in_time_order(merge_futures(futures))
    return [FutureOut(date, to_json_number(quantity)) for date, quantity in merged]


def _optional(raw: msgspec.Raw, *, field: str) -> int | None:
    return None if raw == ABSENT else thousandths(raw, field=field)


def _futures(futures: Sequence[FutureIn] | None, *, field: str) -> tuple[Future, ...] | None:
    if futures is None:
        return None
    read = tuple(
        (
            wire_date(future.expected_date),
            positive_thousandths(future.quantity, field=f"{field}[{n}].quantity"),
        )
        for n, future in enumerate(futures)
    )
    return tuple(sorted(merge_futures(read).items()))
