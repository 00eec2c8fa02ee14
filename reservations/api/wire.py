"""Wire types of the headless Reservation API (spec: oci-headless 5).

Quantities are JSON numbers here and integers of thousandths everywhere else.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from inventory.api.availability_wire import Number
from inventory.api.wire import (
    OpaqueId,
    PlaceId,
    PositiveQuantity,
    Quantity,
    Sku,
    Timestamp,
    at_most,
    positive_thousandths,
    thousandths,
)
from inventory.domain.quantity import to_json_number
from inventory.errors import InvalidRequest, InvalidRequestParameter
from reservations.domain.places import PlaceRef
from reservations.domain.states import MAX_EXPIRATION
from reservations.services.answers import Answer, PlaceAnswer
from reservations.services.operations import (
    Fulfilment,
    Release,
    Transfer,
    check_direction,
)
from reservations.services.placing import Wanted

MAX_LINES = 100
MAX_RECORDS = 100

Reference = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", max_length=128)]
"""A reservation's external reference is shorter than a stock record's (spec 2.4)."""


class LineIn(msgspec.Struct):
    """Some of a SKU."""

    sku: Sku
    quantity: PositiveQuantity


class SetIn(msgspec.Struct):
    """Lines that are reserved together or not at all."""

    id: OpaqueId
    reservations: list[LineIn]


class GroupIn(msgspec.Struct):
    """Lines to reserve at a group."""

    id: PlaceId
    reservations: list[LineIn]


class LocationIn(msgspec.Struct, rename="camel"):
    """Lines to reserve at a location."""

    id: PlaceId
    reservations: list[LineIn] | None = None
    all_or_nothing_reservations: list[SetIn] | SetIn | None = None


class PlacesIn(msgspec.Struct, rename="camel", kw_only=True):
    """What to reserve, by place. Here and below, an optional member that is null is absent."""

    allow_partial_reservations: bool | None = None

    groups: list[GroupIn] | None = None
    locations: list[LocationIn] | None = None

    def idle_places(self) -> tuple[PlaceRef, ...]:
        """Return the places that are named without lines."""
        lines = {wanted.place for wanted in (*self._location_lines(), *self._group_lines())}
        named = (
            *(PlaceRef(location.id, is_group=False) for location in self.locations or ()),
            *(PlaceRef(group.id, is_group=True) for group in self.groups or ()),
        )
        return tuple(place for place in named if place not in lines)

    @property
    def allows_partial(self) -> bool:
        """Tell whether less than everything may be reserved; the wire's default is yes."""
        return self.allow_partial_reservations is not False

    def lines(self) -> tuple[Wanted, ...]:
        """Return the lines; raises InvalidRequestParameter naming the field."""
        lines = (*self._location_lines(), *self._group_lines())
        if lines:
            at_most(MAX_LINES, lines, field="reservations")
        return lines

    def _location_lines(self) -> Iterator[Wanted]:
        for n, location in enumerate(self.locations or ()):
            place, path = PlaceRef(location.id, is_group=False), f"locations[{n}]"
            sets = location.all_or_nothing_reservations or []
            for m, members in enumerate(sets if isinstance(sets, list) else [sets]):
                inner = f"{path}.allOrNothingReservations[{m}]"
                yield from _lines(members.reservations, place, path=inner, set_id=members.id)
            yield from _lines(location.reservations or [], place, path=path)

    def _group_lines(self) -> Iterator[Wanted]:
        for n, group in enumerate(self.groups or ()):
            place = PlaceRef(group.id, is_group=True)
            yield from _lines(group.reservations, place, path=f"groups[{n}]")


def _lines(
    lines: list[LineIn], place: PlaceRef, *, path: str, set_id: str = ""
) -> Iterator[Wanted]:
    for n, line in enumerate(lines):
        field = f"{path}.reservations[{n}].quantity"
        yield Wanted(line.sku, place, positive_thousandths(line.quantity, field=field), set_id)


class PlaceReservation(PlacesIn, rename="camel", kw_only=True):
    """A reservation under the client's own id; without `expirationSeconds` it never expires."""

    external_ref_id: Reference | None = None
    expiration_seconds: Annotated[int, msgspec.Meta(ge=1, le=MAX_EXPIRATION)] | None = None
    fulfill_only: bool | None = None
    reservation_time: Timestamp | None = None


class UpdateReservation(PlacesIn, rename="camel", kw_only=True):
    """Cancels (`status` CANCELLED) or adds lines."""

    status: str | None = None
    id: OpaqueId | None = None
    external_ref_id: Reference | None = None
    reservation_time: Timestamp | None = None


class DetailOut(msgspec.Struct, omit_defaults=True):
    """What is reserved of a SKU; `adjustment` is what an update has just added."""

    sku: str
    quantity: Number
    adjustment: Number | None = None


class ErrorOut(msgspec.Struct, rename="camel"):
    """A SKU that got less than was asked; `available` is how much there was for it."""

    sku: str
    error_code: str
    available: Number


class PlaceOut(msgspec.Struct, omit_defaults=True):
    """What became of a place's lines."""

    id: str
    errors: list[ErrorOut] | None = None
    details: list[DetailOut] | None = None


class ReservationOut(msgspec.Struct, rename="camel", omit_defaults=True):
    """The answer to every reservation that was processed, also when nothing could be reserved."""

    reservation_time: str
    success: bool
    expiration_time: str | None = None
    groups: list[PlaceOut] | None = None
    locations: list[PlaceOut] | None = None


class ItemOut(msgspec.Struct):
    """What a document has placed of a SKU."""

    sku: str
    quantity: Number


class PlacedOut(msgspec.Struct):
    """What a document has placed at a place."""

    id: str
    items: list[ItemOut]


class DocumentOut(msgspec.Struct, rename="camel", omit_defaults=True):
    """A reservation document as it was placed."""

    reservation_id: str
    status: str
    reservation_time: str
    external_ref_id: str | None = None
    expiration_time: str | None = None
    groups: list[PlacedOut] | None = None
    locations: list[PlacedOut] | None = None


_RECORDS = msgspec.Meta(min_length=1, max_length=MAX_RECORDS)


class EndIn(msgspec.Struct):
    """One end of a transfer: a location or a group."""

    location: PlaceId | None = None
    group: PlaceId | None = None


class TransferIn(msgspec.Struct, rename="camel", kw_only=True):
    """A reserved quantity to move."""

    id: OpaqueId
    from_: EndIn = msgspec.field(name="from")
    to: EndIn
    sku: Sku
    quantity: PositiveQuantity
    external_ref_id: Reference | None = None
    ignore_availability_check: bool | None = None


class Transfers(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 transfers; with `allOrNothingTransferId` all of them or none."""

    records: Annotated[list[TransferIn], _RECORDS]
    all_or_nothing_transfer_id: OpaqueId | None = None

    def operations(self) -> list[Transfer]:
        """Return the service's transfers; raises InvalidRequestParameter naming the field."""
        return [self._operation(n, record) for n, record in enumerate(self.records)]

    def _operation(self, n: int, record: TransferIn) -> Transfer:
        path = f"records[{n}]"
        transfer = Transfer(
            request_id=record.id,
            sku=record.sku,
            source=_place(record.from_.location, record.from_.group, path=f"{path}.from"),
            target=_place(record.to.location, record.to.group, path=f"{path}.to"),
            quantity=positive_thousandths(record.quantity, field=f"{path}.quantity"),
            external_ref=record.external_ref_id or "",
            set_id=self.all_or_nothing_transfer_id or "",
            is_forced=bool(record.ignore_availability_check),
        )
        check_direction(transfer, parameter=path)
        return transfer


class ReleaseIn(msgspec.Struct, rename="camel", kw_only=True):
    """A reserved quantity to give back at a location or a group."""

    id: OpaqueId
    sku: Sku
    quantity: Quantity
    external_ref_id: Reference | None = None
    location: PlaceId | None = None
    group: PlaceId | None = None


class Releases(msgspec.Struct):
    """1 to 100 releases."""

    records: Annotated[list[ReleaseIn], _RECORDS]

    def operations(self) -> list[Release]:
        """Return the service's releases; raises InvalidRequestParameter naming the field."""
        return [
            Release(
                request_id=record.id,
                sku=record.sku,
                source=_place(record.location, record.group, path=f"records[{n}]"),
                quantity=thousandths(record.quantity, field=f"records[{n}].quantity"),
                external_ref=record.external_ref_id or "",
            )
            for n, record in enumerate(self.records)
        ]


class FulfilmentIn(msgspec.Struct, rename="camel", kw_only=True):
    """A quantity that was shipped from a location."""

    id: OpaqueId
    location: PlaceId
    sku: Sku
    quantity: PositiveQuantity
    external_ref_id: Reference | None = None
    fulfillment_time: Timestamp | None = None


class Fulfilments(msgspec.Struct):
    """1 to 100 fulfilments."""

    records: Annotated[list[FulfilmentIn], _RECORDS]

    def operations(self) -> list[Fulfilment]:
        """Return the service's fulfilments; raises InvalidRequestParameter naming the field."""
        return [
            Fulfilment(
                request_id=record.id,
                sku=record.sku,
                source=PlaceRef(record.location, is_group=False),
                quantity=positive_thousandths(record.quantity, field=f"records[{n}].quantity"),
                external_ref=record.external_ref_id or "",
                fulfilled_at=record.fulfillment_time,
            )
            for n, record in enumerate(self.records)
        ]


def _place(location: str | None, group: str | None, *, path: str) -> PlaceRef:
    if location is not None and group is not None:
        message = (
            "User provided locationId AND groupId.  You can only provide one or the other,"
            " not both in a single record."
        )
        raise InvalidRequestParameter(message, parameter=path)
    if location is not None:
        return PlaceRef(location, is_group=False)
    if group is not None:
        return PlaceRef(group, is_group=True)
    message = "No location or groups provided."
    raise InvalidRequest(message, parameter=path)


class EndOut(msgspec.Struct, omit_defaults=True):
    """One end of a transfer."""

    location: str | None = None
    group: str | None = None


class OperationDetails(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """The record that failed, as it was sent."""

    id: str
    external_ref_id: str | None
    sku: str
    quantity: Number
    location: str | None = None
    group: str | None = None
    from_: EndOut | None = msgspec.field(name="from", default=None)
    to: EndOut | None = None


class OperationError(msgspec.Struct, rename="camel", omit_defaults=True):
    """Why a record was not applied; `available` where there was not enough."""

    details: OperationDetails
    message: str
    error_code: str
    available: Number | None = None


class OperationErrors(msgspec.Struct):
    """The records that were not applied; all others were. Do not send those again."""

    errors: list[OperationError]


def end_out(place: PlaceRef) -> EndOut:
    """Return a place the way requests write it."""
    if place.is_group:
        return EndOut(group=place.identifier)
    return EndOut(location=place.identifier)


def places_out(answer: Answer, *, is_group: bool, with_adjustment: bool) -> list[PlaceOut] | None:
    """Return what is said of the groups, or of the locations; None when none were asked for."""
    places = [
        PlaceOut(
            id=place.id,
            errors=_errors_out(place) or None,
            details=_details_out(place, with_adjustment=with_adjustment) or None,
        )
        for place in answer.places
        if place.is_group is is_group
    ]
    return places or None


def _errors_out(place: PlaceAnswer) -> list[ErrorOut]:
    return [
        ErrorOut(error.sku, "InsufficientQuantity", to_json_number(error.available))
        for error in place.errors
    ]


def _details_out(place: PlaceAnswer, *, with_adjustment: bool) -> list[DetailOut]:
    return [
        DetailOut(
            detail.sku,
            to_json_number(detail.quantity),
            to_json_number(detail.adjustment) if with_adjustment else None,
        )
        for detail in place.details
    ]
