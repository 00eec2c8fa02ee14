"""The headless Reservation API (spec: oci-headless 5): parse, one call, render."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.encoding import escape_uri_path

from inventory.api.base import Answer as Answered
from inventory.api.base import Operation, OrganizationView
from inventory.api.wire import check_opaque_id, wire_date
from inventory.domain.quantity import to_json_number
from inventory.errors import (
    EntityAlreadyExists,
    InsufficientQuantity,
    InvalidRequest,
    InvalidRequestParameter,
    Refusal,
)
from inventory.services.outcomes import Applied, Failed, Outcome
from reservations.api.wire import (
    DocumentOut,
    Fulfilments,
    ItemOut,
    OperationDetails,
    OperationError,
    OperationErrors,
    PlacedOut,
    PlaceReservation,
    Releases,
    ReservationOut,
    Transfers,
    UpdateReservation,
    end_out,
    places_out,
)
from reservations.selectors.documents import DocumentView, document_view
from reservations.services.answers import Answer
from reservations.services.documents import (
    Addition,
    Reservation,
    add_to_document,
    cancel_document,
    reserve,
)
from reservations.services.operations import Operation as Record
from reservations.services.operations import Transfer, apply_operations

READ = "sfcc.inventory.reservations"
WRITE = "sfcc.inventory.reservations.rw"

_PLACE_ERRORS = (
    "InvalidRequest",
    "InvalidRequestParameter",
    "MissingParameter",
    "LocationDoesNotExist",
    "GroupDoesNotExist",
)
_STATE_ERRORS = (
    "ReservationInvalidState",
    "ReservationAlreadyFinalized",
    "ReservationCancelled",
    "ReservationOperationInProcess",
    "ConcurrentModification",
)


class DocumentsView(OrganizationView):
    """…/reservation-documents/{reservationId}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "PUT": Operation(
            operation_id="createReservations",
            summary="Reserve; or replace, renew or finalize an open temporary reservation",
            scope=WRITE,
            request=PlaceReservation,
            responses={200: ReservationOut},
            errors=(*_PLACE_ERRORS, *_STATE_ERRORS),
        ),
        "PATCH": Operation(
            operation_id="updateReservation",
            summary="Cancel a reservation, or add to it",
            scope=WRITE,
            request=UpdateReservation,
            responses={200: ReservationOut, 204: None},
            errors=(*_PLACE_ERRORS, "EntityNotFound", "DuplicateEventId", *_STATE_ERRORS),
        ),
        "GET": Operation(
            operation_id="getReservation",
            summary="A reservation as it was placed, and its state",
            scope=READ,
            request=None,
            responses={200: DocumentOut},
            errors=("EntityNotFound",),
        ),
    }

    def put(self, reservation_id: str) -> Answered:
        check_opaque_id(reservation_id, field="reservationId")
        body = self.read(PlaceReservation)
        lines = body.lines()
        if not lines:
            raise InvalidRequest("No location or groups provided.")
        answer = reserve(
            organization_id=self.organization_id,
            reservation=Reservation(
                identifier=reservation_id,
                lines=lines,
                idle_places=body.idle_places(),
                external_ref=body.external_ref_id or "",
                expiration_seconds=body.expiration_seconds,
                allow_partial=body.allows_partial,
                fulfil_only=bool(body.fulfill_only),
                reservation_time=body.reservation_time,
            ),
            origin=self.origin,
            now=self.now,
        )
        return Answered(_answer(answer), headers={"Location": escape_uri_path(self.request.path)})

    def patch(self, reservation_id: str) -> ReservationOut | None:
        check_opaque_id(reservation_id, field="reservationId")
        body = self.read(UpdateReservation)
        if body.status is None:
            return self._add(reservation_id, body)
        if body.status != "CANCELLED":
            message = "'status' can only be CANCELLED"
            raise InvalidRequestParameter(message, parameter="status")
        if body.lines():
            message = "A reservation is cancelled as a whole: 'status' and lines do not go together"
            raise InvalidRequestParameter(message, parameter="status")
        cancel_document(
            organization_id=self.organization_id,
            identifier=reservation_id,
            origin=self.origin,
            now=self.now,
        )
        return None

    def get(self, reservation_id: str) -> DocumentOut:
        check_opaque_id(reservation_id, field="reservationId")
        view = document_view(
            organization_id=self.organization_id, identifier=reservation_id, now=self.now
        )
        return _document(view)

    def _add(self, reservation_id: str, body: UpdateReservation) -> ReservationOut:
        lines = body.lines()
        if not lines and body.external_ref_id is None and body.reservation_time is None:
            raise InvalidRequest("No location or groups provided.")
        answer = add_to_document(
            organization_id=self.organization_id,
            addition=Addition(
                identifier=reservation_id,
                lines=lines,
                idle_places=body.idle_places(),
                request_id=body.id or "",
                external_ref=body.external_ref_id,
                allow_partial=body.allows_partial,
                reservation_time=body.reservation_time,
            ),
            origin=self.origin,
            now=self.now,
        )
        return _answer(answer, with_adjustment=True)


def _answer(answer: Answer, *, with_adjustment: bool = False) -> ReservationOut:
    expires = answer.expiration_time
    return ReservationOut(
        reservation_time=wire_date(answer.reservation_time),
        expiration_time=None if expires is None else wire_date(expires),
        success=answer.success,
        groups=places_out(answer, is_group=True, with_adjustment=with_adjustment),
        locations=places_out(answer, is_group=False, with_adjustment=with_adjustment),
    )


def _document(view: DocumentView) -> DocumentOut:
    expires = view.expires_at
    return DocumentOut(
        reservation_id=view.identifier,
        status=view.state.value,
        reservation_time=wire_date(view.reservation_time),
        external_ref_id=view.external_ref or None,
        expiration_time=None if expires is None else wire_date(expires),
        groups=_placed(view, is_group=True) or None,
        locations=_placed(view, is_group=False) or None,
    )


def _placed(view: DocumentView, *, is_group: bool) -> list[PlacedOut]:
    places: dict[str, list[ItemOut]] = {}
    for (place, sku), quantity in view.placed.items():
        if place.is_group is is_group:
            items = places.setdefault(place.identifier, [])
            items.append(ItemOut(sku, to_json_number(quantity)))
    return [PlacedOut(name, items) for name, items in places.items()]


class _OperationsView(OrganizationView):
    """Applies records and tells which of them failed."""

    def _apply(self, records: Sequence[Record]) -> OperationErrors | None:
        outcomes = apply_operations(
            organization_id=self.organization_id,
            operations=records,
            origin=self.origin,
            now=self.now,
        )
        errors = [
            _error(record, outcome.refusal)
            for record, outcome in zip(records, map(self._said, outcomes), strict=True)
            if isinstance(outcome, Failed)
        ]
        return OperationErrors(errors) if errors else None

    def _said(self, outcome: Outcome) -> Outcome:
        return outcome


def _error(record: Record, refusal: Refusal) -> OperationError:
    details = OperationDetails(
        id=record.request_id,
        external_ref_id=record.external_ref or None,
        sku=record.sku,
        quantity=to_json_number(record.quantity),
    )
    source = end_out(record.source)
    if isinstance(record, Transfer):
        details.from_, details.to = source, end_out(record.target)
    else:
        details.location, details.group = source.location, source.group
    available = None
    if isinstance(refusal, InsufficientQuantity):
        available = to_json_number(refusal.available)
    return OperationError(details, refusal.message, refusal.code, available)


class TransfersView(_OperationsView):
    """POST …/transfers."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="moveReservationQuantity",
            summary="Move reserved quantities between a group and a location, or two locations",
            scope=WRITE,
            request=Transfers,
            responses={204: None, 200: OperationErrors},
            errors=(*_PLACE_ERRORS, "ConcurrentModification"),
        )
    }

    def post(self) -> OperationErrors | None:
        return self._apply(self.read(Transfers).operations())


class ReleasesView(_OperationsView):
    """POST …/releases."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="unreserveReservations",
            summary="Give reserved quantities back",
            scope=WRITE,
            request=Releases,
            responses={204: None, 200: OperationErrors},
            errors=(*_PLACE_ERRORS, "ConcurrentModification"),
        )
    }

    def post(self) -> OperationErrors | None:
        return self._apply(self.read(Releases).operations())


class FulfilmentsView(_OperationsView):
    """POST …/fulfillments."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="fulfillQuantity",
            summary="Ship reserved quantities: reserved and on hand both fall",
            scope=WRITE,
            request=Fulfilments,
            responses={204: None, 200: OperationErrors},
            errors=(*_PLACE_ERRORS, "ConcurrentModification"),
        )
    }

    def post(self) -> OperationErrors | None:
        return self._apply(self.read(Fulfilments).operations())

    def _said(self, outcome: Outcome) -> Outcome:
        # OCI: what was shipped before must not look like a second shipment.
        if outcome is Applied.BEFORE:
            return Failed(EntityAlreadyExists("The entity provided already exists."))
        return outcome
