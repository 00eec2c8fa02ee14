"""Reservation documents: create, replace, renew, finalize, add to, cancel.

Locks in the order of the design: organization, document, items. Quantities are thousandths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.errors import ReservationAlreadyFinalized, ReservationInvalidState
from inventory.locks import locked_write
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.services.once import Processed, RequestKeys, digest
from inventory.statements import Statement
from reservations.domain.places import PlaceRef
from reservations.locks import LockedDocument, claim_document
from reservations.models import Source
from reservations.selectors.claims import (
    claims_of_document,
    item_ids_of_document,
)
from reservations.selectors.documents import placed_quantities
from reservations.services.answers import Answer, answer_of
from reservations.services.changing import (
    NothingChanges,
    answer_of_write,
    lock_existing,
    refuse_unless_open,
)
from reservations.services.placing import (
    Wanted,
    in_deciding_order,
    reserving_kind,
)
from reservations.services.work import open_work
from reservations.services.writing import (
    Terms,
    release_claims,
    write_cancelled,
    write_revision,
    write_terms,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a client asks to reserve under its own id.

    Without `expiration_seconds` the document is final. `fulfil_only` weighs the ATF network too.
    `idle_places` were named without lines; they must exist too.
    """

    identifier: str
    lines: tuple[Wanted, ...]
    idle_places: tuple[PlaceRef, ...] = ()
    external_ref: str = ""
    expiration_seconds: int | None = None
    allow_partial: bool = True
    fulfil_only: bool = False
    reservation_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Lines to add to an open document; `request_id` makes a repeat harmless.

    `idle_places` were named without lines; they must exist too.
    """

    identifier: str
    lines: tuple[Wanted, ...]
    idle_places: tuple[PlaceRef, ...] = ()
    request_id: str = ""
    external_ref: str | None = None
    allow_partial: bool = True
    reservation_time: datetime | None = None


def reserve(
    *, organization_id: int, reservation: Reservation, origin: Origin, now: datetime
) -> Answer:
    """Create a document, or replace, renew or finalize an open temporary one.

    A repeat with the same body answers as before. When nothing could be reserved, no document is
    kept, and an older hold stays as it was. Raises LocationDoesNotExist, GroupDoesNotExist,
    ReservationCancelled, ReservationInvalidState, ReservationAlreadyFinalized.
    """
    lines = in_deciding_order(reservation.lines)

    def decide() -> Answer:
        document = claim_document(
            organization_id=organization_id,
            source=Source.OCI,
            identifier=reservation.identifier,
            lines=len(lines),
        )
        return _reserve(document, reservation, lines, origin=origin, now=now)

    return answer_of_write(decide)


def _reserve(
    document: LockedDocument,
    reservation: Reservation,
    lines: Sequence[Wanted],
    *,
    origin: Origin,
    now: datetime,
) -> Answer:
    body = digest(reservation)
    expires_at = None
    if reservation.expiration_seconds is not None:
        expires_at = now + timedelta(seconds=reservation.expiration_seconds)
    held_items: list[int] = [] if document.is_new else item_ids_of_document(document.id)
    work = open_work(document, lines, held_items=held_items, now=now)
    if not document.is_new:
        held = claims_of_document(document.id)
        stored = _repeated(document, body=body, holds_claims=bool(held), now=now)
        if stored is not None:
            return stored
        work.hold(held)
    terms = Terms(
        expires_at=expires_at,
        external_ref=reservation.external_ref,
        reservation_time=reservation.reservation_time or now,
    )
    placing = work.place(
        lines,
        idle_places=reservation.idle_places,
        allow_partial=reservation.allow_partial,
        fulfil_only=reservation.fulfil_only,
        kind=reserving_kind,
        external_ref=terms.external_ref,
    )
    answer = answer_of(
        placing.placements,
        reservation_time=terms.reservation_time,
        expires_at=expires_at,
        held_before={},
    )
    if not placing.placed:
        raise NothingChanges(answer)
    statement = Statement()
    work.claims_for(placing.placed, terms=terms)
    write_revision(statement, document, terms=terms, body=body, answer=answer.stored())
    work.write(statement, placing.placed, revision=document.revision + 1, origin=origin)
    return answer


def _repeated(
    document: LockedDocument, *, body: str, holds_claims: bool, now: datetime
) -> Answer | None:
    """Return the stored answer to a repeat; None when an open hold is to be replaced."""
    refuse_unless_open(document, holds_claims=holds_claims, now=now)
    if document.body == body:
        return Answer.from_stored(document.answer)
    if document.expires_at is None:
        message = "The reservation is final and cannot be replaced."
        raise ReservationAlreadyFinalized(message, parameter="reservationId")
    return None


def add_to_document(
    *, organization_id: int, addition: Addition, origin: Origin, now: datetime
) -> Answer:
    """Add lines to an open document; details tell the new totals and what was added.

    Raises EntityNotFound, LocationDoesNotExist, GroupDoesNotExist, DuplicateEventId and the
    states' refusals. When nothing could be added, nothing changes.
    """
    lines = in_deciding_order(addition.lines)

    def decide() -> Answer:
        document = lock_existing(
            organization_id=organization_id, identifier=addition.identifier, lines=len(lines)
        )
        return _add(document, addition, lines, origin=origin, now=now)

    return answer_of_write(decide)


def _add(
    document: LockedDocument,
    addition: Addition,
    lines: Sequence[Wanted],
    *,
    origin: Origin,
    now: datetime,
) -> Answer:
    keys = RequestKeys("update-reservation")
    key = keys.key(addition.request_id, digest(addition), place=addition.identifier)
    work = open_work(
        document,
        lines,
        held_items=item_ids_of_document(document.id),
        now=now,
        keys=[key] if addition.request_id else [],
    )
    earlier = work.book.processed.get(key)
    if earlier is not None:
        earlier.check()
        return Answer.from_stored(earlier.answer)
    held = claims_of_document(document.id)
    refuse_unless_open(document, holds_claims=bool(held), now=now)
    terms = Terms(
        expires_at=document.expires_at,
        external_ref=(
            document.external_ref if addition.external_ref is None else addition.external_ref
        ),
        reservation_time=addition.reservation_time or document.reservation_time,
    )
    placing = work.place(
        lines,
        idle_places=addition.idle_places,
        allow_partial=addition.allow_partial,
        fulfil_only=False,
        kind=lambda _: MovementKind.UPDATE,
        external_ref=terms.external_ref,
    )
    answer = answer_of(
        placing.placements,
        reservation_time=terms.reservation_time,
        expires_at=terms.expires_at,
        held_before=placed_quantities(document.id, revision=document.revision),
    )
    if lines and not placing.placed:
        raise NothingChanges(answer)
    work.claims.take_in(held)
    work.claims_for(placing.placed, terms=terms)
    work.claims.rename(document.id, external_ref=terms.external_ref)
    statement = Statement()
    write_terms(statement, document, terms=terms)
    if addition.request_id:
        work.book.applied[key] = Processed(answer.stored())
    work.write(statement, placing.placed, revision=document.revision, origin=origin)
    return answer


def cancel_document(
    *, organization_id: int, identifier: str, origin: Origin, now: datetime
) -> None:
    """Release what remains of a document's claims, wherever they are by now.

    Cancelling again is done already. Raises EntityNotFound, ReservationInvalidState when it has
    expired, ReservationAlreadyFinalized when nothing is left.
    """
    with locked_write():
        document = lock_existing(organization_id=organization_id, identifier=identifier)
        if document.cancelled_at is not None:
            return
        if document.expires_at is not None and document.expires_at <= now:
            message = "Reservation is in a CLOSED state."
            raise ReservationInvalidState(message, parameter="reservationId")
        work = open_work(document, [], held_items=item_ids_of_document(document.id), now=now)
        held = claims_of_document(document.id)
        if not held:
            message = "Nothing is left of the reservation."
            raise ReservationAlreadyFinalized(message, parameter="reservationId")
        work.take_in(held)
        release_claims(work.book, work.claims, held, kind=MovementKind.CANCEL, now=now)
        statement = Statement()
        write_cancelled(statement, document, at=now)
        work.write(statement, [], revision=document.revision, origin=origin)
