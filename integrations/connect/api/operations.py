"""Releases, fulfilments and transfers over Connect: parse, one call, render."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, TypeVar

from integrations.connect.api.base import Call, ConnectView
from integrations.connect.api.operations_wire import (
    FulfilmentDetails,
    FulfilmentError,
    FulfilmentInput,
    FulfilmentOutput,
    Record,
    ReleaseDetails,
    ReleaseError,
    ReleaseInput,
    ReleaseOutput,
    TransferDetails,
    TransferError,
    TransferInput,
    TransferOutput,
    details,
    doubles,
)
from integrations.connect.api.wire import Id, listed, opaque_id
from integrations.connect.services.records import apply_records
from inventory.api.base import Operation
from inventory.errors import Refusal
from inventory.services.outcomes import Failed
from reservations.services.operations import Operation as Decided

WRITE = "sfcc.inventory.reservations.rw"

_ERRORS = ("InvalidRequest", "InvalidRequestParameter", "ConcurrentModification")

AnyRecord = TypeVar("AnyRecord", bound=Record)


def release(call: Call, body: ReleaseInput) -> ReleaseOutput:
    """Give reserved quantities back, record by record."""
    records = listed(body.release_records, field="releaseRecords", doubles=doubles)
    errors = [
        ReleaseError(details(ReleaseDetails, record), refusal.code, refusal.message)
        for record, refusal in _failures(call, records, reservation=body.reservation_id)
    ]
    return ReleaseOutput(success=not errors, errors=errors)


def fulfil(call: Call, body: FulfilmentInput) -> FulfilmentOutput:
    """Ship reserved quantities, record by record."""
    records = listed(body.fulfillment_records, field="fulfillmentRecords", doubles=doubles)
    errors = [
        FulfilmentError(details(FulfilmentDetails, record), refusal.code, refusal.message)
        for record, refusal in _failures(call, records, reservation=body.reservation_id)
    ]
    return FulfilmentOutput(success=not errors, errors=errors)


def transfer(call: Call, body: TransferInput) -> TransferOutput:
    """Move reserved quantities: record by record, or all with an `allOrNothingTransferId`."""
    records = listed(body.transfer_records, field="transferRecords", doubles=doubles)
    set_id = ""
    if body.all_or_nothing_transfer_id is not None and body.all_or_nothing_transfer_id != "":
        set_id = opaque_id(body.all_or_nothing_transfer_id, field="allOrNothingTransferId")
    failures = _failures(call, records, reservation=body.reservation_id, set_id=set_id)
    errors = [
        TransferError(details(TransferDetails, record), refusal.code, refusal.message)
        for record, refusal in failures
    ]
    return TransferOutput(success=not errors, errors=errors)


def _failures(
    call: Call, records: Sequence[AnyRecord], *, reservation: Id, set_id: str = ""
) -> Iterator[tuple[AnyRecord, Refusal]]:
    """Apply the records; yield those that failed, in the order sent."""
    outcomes = apply_records(
        organization_id=call.organization_id,
        records=[_read(record, reservation=reservation, set_id=set_id) for record in records],
        all_or_nothing=bool(set_id),
        origin=call.origin,
        now=call.now,
    )
    for record, outcome in zip(records, outcomes, strict=True):
        if isinstance(outcome, Failed):
            yield record, outcome.refusal


def _read(record: Record, *, reservation: Id, set_id: str) -> Decided | Refusal:
    """Return what the record asks for, or why it cannot be read."""
    try:
        return record.operation(reservation=reservation, set_id=set_id)
    except Refusal as refusal:
        return refusal


class ReleasesView(ConnectView):
    """POST …/reservation/actions/releases."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociReleaseReservation",
            summary="Give reserved quantities back",
            scope=WRITE,
            request=ReleaseInput,
            responses={201: ReleaseOutput},
            errors=_ERRORS,
        )
    }

    def post(self) -> ReleaseOutput:
        return release(self.call, self.read(ReleaseInput))


class FulfilmentsView(ConnectView):
    """POST …/reservation/actions/fulfillments."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociFulfillReservation",
            summary="Ship reserved quantities: reserved and on hand both fall",
            scope=WRITE,
            request=FulfilmentInput,
            responses={201: FulfilmentOutput},
            errors=_ERRORS,
        )
    }

    def post(self) -> FulfilmentOutput:
        return fulfil(self.call, self.read(FulfilmentInput))


class TransfersView(ConnectView):
    """POST …/reservation/actions/transfers."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociTransferReservation",
            summary="Move reserved quantities between a group and a location, or two locations",
            scope=WRITE,
            request=TransferInput,
            responses={201: TransferOutput},
            errors=_ERRORS,
        )
    }

    def post(self) -> TransferOutput:
        return transfer(self.call, self.read(TransferInput))
