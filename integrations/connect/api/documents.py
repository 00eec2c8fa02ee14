"""Creating and updating a reservation over Connect: parse, one call, render.

Every business outcome is a 201: `details` tells of each SKU at each place, `errors` why anything is
missing. With a line that is no good nothing is processed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from integrations.connect.api.base import Call, ConnectView
from integrations.connect.api.documents_wire import (
    NOTHING,
    CreateDetail,
    CreateInput,
    CreateOutput,
    CreateRecord,
    DocumentError,
    UpdateDetail,
    UpdateInput,
    UpdateOutput,
)
from integrations.connect.api.encoding import double
from integrations.connect.api.operations import WRITE
from integrations.connect.api.wire import (
    Double,
    boolean,
    listed,
    moment,
    opaque_id,
    reference,
    seconds,
)
from integrations.connect.services.documents import Decided, decide
from inventory.api.base import Operation
from inventory.api.wire import wire_date
from inventory.domain.quantity import to_json_number
from inventory.errors import InsufficientQuantity, NotAppliedDueToAtomicFailure, Refusal
from reservations.domain.places import PlaceRef
from reservations.services.answers import Answer, Detail
from reservations.services.documents import Reservation, reserve
from reservations.services.placing import Wanted
from reservations.services.totals import NewTotals, set_totals

_ERRORS = (
    "InvalidRequest",
    "InvalidRequestParameter",
    "MissingParameter",
    "ReservationOperationInProcess",
    "ConcurrentModification",
)


def create(call: Call, body: CreateInput) -> CreateOutput:
    """Reserve under the request's own id; see `reservations.services.documents.reserve`."""
    records = listed(body.create_records, field="createRecords", doubles=_doubles)
    identifier = opaque_id(body.action_request_id, field="actionRequestId")
    external_ref = reference(body.external_ref_id)
    expiration = seconds(body.expiration_seconds, field="expirationSeconds")
    reservation_time = moment(body.reservation_time, field="reservationTime")

    def service(lines: tuple[Wanted, ...]) -> Answer:
        return reserve(
            organization_id=call.organization_id,
            reservation=Reservation(
                identifier=identifier,
                lines=lines,
                external_ref=external_ref,
                expiration_seconds=expiration,
                allow_partial=boolean(body.allow_partial_reservations, default=True),
                reservation_time=reservation_time,
            ),
            origin=call.origin,
            now=call.now,
        )

    lines = [_read(record) for record in records]
    decided = decide(organization_id=call.organization_id, lines=lines, service=service)
    errors = list(_errors(decided, field="createRecords"))
    answer = decided.answer
    return CreateOutput(
        success=not errors,
        details=[
            CreateDetail(
                error_code=told.code,
                location_group_identifier=told.group,
                location_identifier=told.location,
                quantity=told.quantity,
                stock_keeping_unit=told.sku,
            )
            for told in _told(records, lines, decided)
        ],
        errors=errors,
        expiration_time=_date(answer.expiration_time) if answer else None,
        reservation_time=_date(answer.reservation_time) if answer else None,
    )


def update(call: Call, body: UpdateInput) -> UpdateOutput:
    """Bring a reservation to new totals; see `reservations.services.totals.set_totals`."""
    records = listed(body.update_records, field="updateRecords", doubles=_doubles)
    identifier = opaque_id(body.reservation_id, field="reservationId")
    request_id = opaque_id(body.action_request_id, field="actionRequestId")
    external_ref = reference(body.external_ref_id)
    reservation_time = moment(body.reservation_time, field="reservationTime")

    def service(lines: tuple[Wanted, ...]) -> Answer:
        return set_totals(
            organization_id=call.organization_id,
            totals=NewTotals(
                identifier=identifier,
                lines=lines,
                request_id=request_id,
                external_ref=external_ref or None,
                allow_partial=boolean(body.allow_partial_reservations, default=True),
                all_or_nothing=boolean(body.update_all_or_nothing_records),
                reservation_time=reservation_time,
            ),
            origin=call.origin,
            now=call.now,
        )

    lines = [_read(record) for record in records]
    decided = decide(organization_id=call.organization_id, lines=lines, service=service)
    errors = list(_errors(decided, field="updateRecords"))
    answer = decided.answer
    return UpdateOutput(
        success=not errors,
        details=[
            UpdateDetail(
                adjustment=told.adjustment,
                error_code=told.code,
                location_group_identifier=told.group,
                location_identifier=told.location,
                quantity=told.quantity,
                stock_keeping_unit=told.sku,
            )
            for told in _told(records, lines, decided)
        ],
        errors=errors,
        reservation_time=_date(answer.reservation_time) if answer else None,
    )


def _doubles(record: CreateRecord) -> Mapping[str, Double]:
    return {"quantity": record.quantity}


def _read(record: CreateRecord) -> Wanted | Refusal:
    try:
        return record.wanted()
    except Refusal as refusal:
        return refusal


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a SKU at a place."""

    location: str | None
    group: str | None
    sku: str | None
    quantity: Decimal = NOTHING
    adjustment: Decimal = NOTHING
    code: str | None = NotAppliedDueToAtomicFailure.code


def _told(
    records: Sequence[CreateRecord], lines: Sequence[Wanted | Refusal], decided: Decided
) -> Iterator[_Told]:
    """Tell of each line in the order sent; equal ones, which were added up, once."""
    if decided.answer is not None:
        outcomes = _outcomes(decided.answer)
        for (place, sku), quantity in _asked(lines).items():
            detail, is_short = outcomes.get((place, sku), (None, False))
            yield _of_answer(place, sku, detail, asked=quantity, is_short=is_short)
    elif decided.refused:
        for n, record in enumerate(records):
            refusal = decided.refused.get(n)
            yield _Told(
                location=record.location_identifier,
                group=record.location_group_identifier,
                sku=record.stock_keeping_unit,
                code=NotAppliedDueToAtomicFailure.code if refusal is None else refusal.code,
            )


def _asked(lines: Sequence[Wanted | Refusal]) -> dict[tuple[PlaceRef, str], int]:
    asked: dict[tuple[PlaceRef, str], int] = {}
    for line in lines:
        if isinstance(line, Wanted):
            key = (line.place, line.sku)
            asked[key] = asked.get(key, 0) + line.quantity
    return asked


def _outcomes(answer: Answer) -> dict[tuple[PlaceRef, str], tuple[Detail | None, bool]]:
    """Return what is reserved and whether it is too little, by place and SKU."""
    outcomes: dict[tuple[PlaceRef, str], tuple[Detail | None, bool]] = {}
    for each in answer.places:
        place = PlaceRef(each.id, is_group=each.is_group)
        details = {detail.sku: detail for detail in each.details}
        short = {error.sku for error in each.errors}
        for sku in {*details, *short}:
            outcomes[place, sku] = (details.get(sku), sku in short)
    return outcomes


def _of_answer(
    place: PlaceRef, sku: str, detail: Detail | None, *, asked: int, is_short: bool
) -> _Told:
    quantity = 0 if detail is None else detail.quantity
    code = None
    if is_short:
        code = InsufficientQuantity.code
    elif quantity != asked:
        code = NotAppliedDueToAtomicFailure.code
    return _Told(
        location=None if place.is_group else place.identifier,
        group=place.identifier if place.is_group else None,
        sku=sku,
        quantity=double(quantity),
        adjustment=double(0 if detail is None else detail.adjustment),
        code=code,
    )


def _errors(decided: Decided, *, field: str) -> Iterator[DocumentError]:
    """Tell why something is missing; an error here has no details, so its message names them."""
    if decided.conflict is not None:
        yield DocumentError(decided.conflict.code, decided.conflict.message)
    for n, refusal in sorted(decided.refused.items()):
        yield DocumentError(refusal.code, f"{field}[{n}]: {refusal.message}")
    for place in decided.answer.places if decided.answer else ():
        for error in place.errors:
            available = to_json_number(error.available)
            yield DocumentError(
                InsufficientQuantity.code,
                f"Insufficient Quantity: {available} of {error.sku} available at {place.id}",
            )


def _date(instant: datetime | None) -> str | None:
    return None if instant is None else wire_date(instant)


class CreateView(ConnectView):
    """POST …/reservation/actions/reservations."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociCreateReservation",
            summary="Reserve at locations and groups, for a time or for good",
            scope=WRITE,
            request=CreateInput,
            responses={201: CreateOutput},
            errors=_ERRORS,
        )
    }

    def post(self) -> CreateOutput:
        return create(self.call, self.read(CreateInput))


class UpdateView(ConnectView):
    """POST …/reservation/actions/update."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociUpdateReservation",
            summary="Bring a reservation to new quantities; 0 takes a line out",
            scope=WRITE,
            request=UpdateInput,
            responses={201: UpdateOutput},
            errors=_ERRORS,
        )
    }

    def post(self) -> UpdateOutput:
        return update(self.call, self.read(UpdateInput))
