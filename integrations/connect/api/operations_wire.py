"""Bodies of releases, fulfilments and transfers (spec: oci-connect 2 to 4).

What an error says of its record is what was sent, without the reservation: it can be sent again.
"""

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from integrations.connect.api.wire import (
    Boolean,
    Double,
    Id,
    boolean,
    echoed,
    opaque_id,
    place,
    positive,
    reference,
    sku,
)
from inventory.errors import MissingParameter
from reservations.services.operations import (
    Fulfilment,
    Operation,
    Release,
    Transfer,
    check_direction,
)


class ReleaseDetails(msgspec.Struct, rename="camel", kw_only=True):
    """A reserved quantity to give back, at either a location or a group."""

    action_request_id: Id = None
    external_ref_id: str | None = None
    location_group_identifier: str | None = None
    location_identifier: str | None = None
    quantity: Double = None
    stock_keeping_unit: str | None = None


class ReleaseRecord(ReleaseDetails, rename="camel", kw_only=True):
    """A release; with a reservation it takes that one's claims and no others."""

    reservation_id: Id = None

    def operation(self, *, reservation: Id, set_id: str) -> Release:  # noqa: ARG002
        """Return the service's release; raises what is wrong with the record."""
        return Release(
            request_id=opaque_id(self.action_request_id, field="actionRequestId"),
            sku=sku(self.stock_keeping_unit),
            source=place(self.location_identifier, self.location_group_identifier),
            quantity=positive(self.quantity),
            external_ref=reference(self.external_ref_id),
            document=_document(self.reservation_id, reservation),
        )


class FulfilmentDetails(msgspec.Struct, rename="camel", kw_only=True):
    """A quantity that was shipped from a location."""

    action_request_id: Id = None
    external_ref_id: str | None = None
    location_identifier: str | None = None
    quantity: Double = None
    stock_keeping_unit: str | None = None


class FulfilmentRecord(FulfilmentDetails, rename="camel", kw_only=True):
    """A fulfilment; with a reservation it takes that one's claims and no others."""

    reservation_id: Id = None

    def operation(self, *, reservation: Id, set_id: str) -> Fulfilment:  # noqa: ARG002
        """Return the service's fulfilment; raises what is wrong with the record."""
        request_id = opaque_id(self.action_request_id, field="actionRequestId")
        if not self.location_identifier:
            message = "The field 'locationIdentifier' is missing."
            raise MissingParameter(message, parameter="locationIdentifier")
        return Fulfilment(
            request_id=request_id,
            sku=sku(self.stock_keeping_unit),
            source=place(self.location_identifier, None),
            quantity=positive(self.quantity),
            external_ref=reference(self.external_ref_id),
            document=_document(self.reservation_id, reservation),
        )


class TransferDetails(msgspec.Struct, rename="camel", kw_only=True):
    """A reserved quantity to move; from and to are each either a location or a group."""

    action_request_id: Id = None
    external_ref_id: str | None = None
    from_location_group_identifier: str | None = None
    from_location_identifier: str | None = None
    ignore_availability_check: Boolean = None
    quantity: Double = None
    stock_keeping_unit: str | None = None
    to_location_group_identifier: str | None = None
    to_location_identifier: str | None = None


class TransferRecord(TransferDetails, rename="camel", kw_only=True):
    """A transfer; with a reservation it moves that one's claims and no others."""

    reservation_id: Id = None

    def operation(self, *, reservation: Id, set_id: str) -> Transfer:
        """Return the service's transfer; raises what is wrong with the record."""
        transfer = Transfer(
            request_id=opaque_id(self.action_request_id, field="actionRequestId"),
            sku=sku(self.stock_keeping_unit),
            source=place(
                self.from_location_identifier, self.from_location_group_identifier, prefix="from"
            ),
            target=place(
                self.to_location_identifier, self.to_location_group_identifier, prefix="to"
            ),
            quantity=positive(self.quantity),
            external_ref=reference(self.external_ref_id),
            set_id=set_id,
            is_forced=boolean(self.ignore_availability_check),
            document=_document(self.reservation_id, reservation),
        )
        check_direction(transfer, parameter="toLocationIdentifier")
        return transfer


def _document(record: Id, request: Id) -> str:
    """Return whose claims are taken: the record's word counts before the request's."""
    named = request if record is None or record == "" else record
    if named is None or named == "":
        return ""
    return opaque_id(named, field="reservationId")


class ReleaseInput(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 releases."""

    release_records: list[ReleaseRecord] | None = None
    reservation_id: Id = None


class FulfilmentInput(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 fulfilments."""

    fulfillment_records: list[FulfilmentRecord] | None = None
    reservation_id: Id = None


class TransferInput(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 transfers; with `allOrNothingTransferId` all of them or none."""

    transfer_records: list[TransferRecord] | None = None
    all_or_nothing_transfer_id: Id = None
    reservation_id: Id = None


class ReleaseError(msgspec.Struct, rename="camel"):
    """Why a release was not applied."""

    details: ReleaseDetails
    error_code: str
    message: str


class FulfilmentError(msgspec.Struct, rename="camel"):
    """Why a fulfilment was not applied."""

    details: FulfilmentDetails
    error_code: str
    message: str


class TransferError(msgspec.Struct, rename="camel"):
    """Why a transfer was not applied."""

    details: TransferDetails
    error_code: str
    message: str


class ReleaseOutput(msgspec.Struct):
    """The releases that failed, in the order sent; all others were applied."""

    success: bool
    errors: list[ReleaseError]


class FulfilmentOutput(msgspec.Struct):
    """The fulfilments that failed, in the order sent; all others were applied."""

    success: bool
    errors: list[FulfilmentError]


class TransferOutput(msgspec.Struct):
    """The transfers that failed, in the order sent; all others were applied."""

    success: bool
    errors: list[TransferError]


class Record(Protocol):
    """A record of one of the three kinds."""

    @property
    def quantity(self) -> Double: ...

    def operation(self, *, reservation: Id, set_id: str) -> Operation:
        """Return what the service shall do; raises what is wrong with the record."""


def doubles(record: Record) -> Mapping[str, Double]:
    """Return the numbers of a record."""
    return {"quantity": record.quantity}


Details = TypeVar("Details", ReleaseDetails, FulfilmentDetails, TransferDetails)


def details(kind: type[Details], record: Details) -> Details:
    """Return a record as it was sent, with the types of an answer."""
    sent = {name: getattr(record, name) for name in kind.__struct_fields__}
    sent["quantity"] = echoed(record.quantity)
    if record.action_request_id is not None:
        sent["action_request_id"] = str(record.action_request_id)
    return kind(**sent)
