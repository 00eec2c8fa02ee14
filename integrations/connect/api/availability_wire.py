"""Bodies of get-availability and batch-update (spec: oci-connect 7)."""

from collections.abc import Mapping, Sequence

import msgspec

from integrations.connect.api.wire import (
    Boolean,
    Double,
    Id,
    moment,
    opaque_id,
    place,
    positive,
    reference,
    required,
    sku,
    thousandths,
)
from inventory.api.availability_wire import MAX_FUTURES, Number
from inventory.api.wire import check_place_id, wire_date
from inventory.domain.record import Future, merge_futures
from inventory.errors import InvalidRequestParameter
from inventory.services.stock import StockUpdate

MAX_STOCK_REFERENCE = 250


class AvailabilityInput(msgspec.Struct, rename="camel", kw_only=True):
    """SKUs and places; a single group is answered with every location in it.

    `useCache` is accepted and changes nothing, nor does `includeRelatedProducts`: there are no
    variants here.
    """

    include_related_products: Boolean = None
    location_group_identifier: str | None = None
    location_group_identifiers: list[str] | None = None
    location_identifiers: list[str] | None = None
    stock_keeping_unit: str | None = None
    stock_keeping_units: list[str] | None = None
    use_cache: Boolean = None


class FutureOut(msgspec.Struct, rename="camel"):
    """Quantity expected at a date."""

    expected_date: str
    quantity: Number


class InventoryRecord(msgspec.Struct, rename="camel", kw_only=True):
    """The figures of a SKU at a place."""

    available_to_fulfill: Number
    available_to_order: Number
    effective_date: str | None
    exists: bool
    futures: list[FutureOut]
    on_hand: Number
    reserved: Number
    safety_stock_count: Number
    stock_keeping_unit: str


class LocationOut(msgspec.Struct, rename="camel"):
    """The records of a location."""

    inventory_records: list[InventoryRecord]
    location_identifier: str


class LocationGroupOut(msgspec.Struct, rename="camel"):
    """The records of a location group."""

    inventory_records: list[InventoryRecord]
    location_group_identifier: str


class BaseError(msgspec.Struct, rename="camel"):
    """What is wrong with a part of the request."""

    error_code: str
    message: str


class AvailabilityOutput(msgspec.Struct, rename="camel", kw_only=True):
    """The places that are known, with their records; the others are told in `errors`."""

    success: bool
    errors: list[BaseError]
    location_groups: list[LocationGroupOut]
    locations: list[LocationOut]


class FutureIn(msgspec.Struct, rename="camel", kw_only=True):
    """Quantity expected at a date; both are required."""

    expected_date: str | None = None
    quantity: Double = None


class AttributeSet(msgspec.Struct, rename="camel", kw_only=True):
    """Groups that must not count the record; Salesforce's own texts write both names."""

    group_eligibility_exclusion: list[str] | None = None
    group_eligibility_exclusions: list[str] | None = None


class BatchDetails(msgspec.Struct, rename="camel", kw_only=True):
    """Which record it is."""

    action_request_id: Id = None
    external_ref_id: str | None = None
    location_identifier: str | None = None
    stock_keeping_unit: str | None = None


class BatchRecord(BatchDetails, rename="camel", kw_only=True):
    """The figures of a SKU at a location; those left out are reset."""

    attribute_set: AttributeSet | None = None
    effective_date: str | None = None
    future_stock: list[FutureIn] | None = None
    on_hand: Double = None
    safety_stock_count: Double = None

    def doubles(self) -> Mapping[str, Double]:
        """Return every quantity of the record."""
        return {
            "onHand": self.on_hand,
            "safetyStockCount": self.safety_stock_count,
            **{
                f"futureStock[{n}].quantity": future.quantity
                for n, future in enumerate(self.future_stock or ())
            },
        }

    def to_update(self) -> StockUpdate:
        """Return the service's update; raises what is wrong with the record."""
        location = required(self.location_identifier, field="locationIdentifier")
        return StockUpdate(
            request_id=opaque_id(self.action_request_id, field="actionRequestId"),
            location=place(location, None).identifier,
            sku=sku(self.stock_keeping_unit),
            replaces=True,
            external_ref=reference(self.external_ref_id, longest=MAX_STOCK_REFERENCE),
            on_hand=_optional(self.on_hand, field="onHand"),
            safety_stock=_optional(self.safety_stock_count, field="safetyStockCount"),
            effective_at=moment(self.effective_date, field="effectiveDate"),
            futures=_futures(self.future_stock),
            excluded_groups=_excluded(self.attribute_set),
        )

    def details(self) -> BatchDetails:
        """Return which record it is, as it was sent."""
        given = self.action_request_id
        return BatchDetails(
            action_request_id=None if given is None else str(given),
            external_ref_id=self.external_ref_id,
            location_identifier=self.location_identifier,
            stock_keeping_unit=self.stock_keeping_unit,
        )


class BatchInput(msgspec.Struct, kw_only=True):
    """1 to 100 records."""

    records: list[BatchRecord] | None = None


class BatchError(msgspec.Struct, rename="camel"):
    """Why a record was not applied."""

    details: BatchDetails
    error_code: str
    message: str


class BatchOutput(msgspec.Struct):
    """The records that failed, in the order sent; all others were applied."""

    success: bool
    errors: list[BatchError]


def _optional(value: Double, *, field: str) -> int | None:
    return None if value is None else thousandths(value, field=field)


def _futures(futures: Sequence[FutureIn] | None) -> tuple[Future, ...] | None:
    if futures is None:
        return None
    if len(futures) > MAX_FUTURES:
        message = f"'futureStock' holds too many entries; the limit is {MAX_FUTURES}."
        raise InvalidRequestParameter(message, parameter="futureStock")
    read = []
    for n, future in enumerate(futures):
        field = f"futureStock[{n}]"
        date = moment(
            required(future.expected_date, field=f"{field}.expectedDate"),
            field=f"{field}.expectedDate",
        )
        assert date is not None  # noqa: S101  # text that is required is there
        quantity = positive(future.quantity, field=f"{field}.quantity")
        read.append((wire_date(date), quantity))
    return tuple(sorted(merge_futures(read).items()))


def _excluded(attributes: AttributeSet | None) -> tuple[str, ...] | None:
    if attributes is None:
        return None
    groups = attributes.group_eligibility_exclusion
    if groups is None:
        groups = attributes.group_eligibility_exclusions
    for group in groups or ():
        check_place_id(group, field="groupEligibilityExclusion")
    return None if groups is None else tuple(groups)
