"""What a person does with one reservation as a whole: give it more time, or make it final.

Its lines and what it holds stay as they are, so nothing is weighed and the ledger has no row of
it; who asked is for the caller to note. A repeat of the request that made the document is answered
as before. Locks in the order of the design: organization, document, items.
"""

from datetime import datetime, timedelta

from inventory.errors import InvalidRequestParameter, ReservationAlreadyFinalized
from inventory.locks import locked_write
from inventory.origin import Origin
from inventory.statements import Statement
from reservations.domain.states import MAX_EXPIRATION
from reservations.models import Standing
from reservations.selectors.claims import claims_of_document, item_ids_of_document
from reservations.services.changing import lock_existing, refuse_unless_open
from reservations.services.work import open_work
from reservations.services.writing import Terms, write_terms


def extend_document(
    *, organization_id: int, identifier: str, seconds: int, origin: Origin, now: datetime
) -> datetime:
    """Let an open temporary document live until `seconds` from now, and return that moment.

    Raises InvalidRequestParameter when that is not 1 to 14,400 or ends it sooner than before,
    EntityNotFound, ReservationCancelled, ReservationInvalidState when it is over,
    ReservationAlreadyFinalized when it has no end.
    """
    if not 1 <= seconds <= MAX_EXPIRATION:
        message = f"A reservation can stand for 1 to {MAX_EXPIRATION:,} seconds from now."
        raise InvalidRequestParameter(message, parameter="expirationSeconds")
    expires_at = now + timedelta(seconds=seconds)
    _set_end(
        organization_id=organization_id,
        identifier=identifier,
        expires_at=expires_at,
        origin=origin,
        now=now,
    )
    return expires_at


def finalize_document(
    *, organization_id: int, identifier: str, origin: Origin, now: datetime
) -> None:
    """Make an open temporary document final: what it holds by now has no end any more.

    Raises EntityNotFound, ReservationCancelled, ReservationInvalidState when it is over,
    ReservationAlreadyFinalized when it is final already.
    """
    _set_end(
        organization_id=organization_id,
        identifier=identifier,
        expires_at=None,
        origin=origin,
        now=now,
    )


def _set_end(
    *,
    organization_id: int,
    identifier: str,
    expires_at: datetime | None,
    origin: Origin,
    now: datetime,
) -> None:
    with locked_write():
        document = lock_existing(organization_id=organization_id, identifier=identifier)
        work = open_work(document, [], held_items=item_ids_of_document(document.id), now=now)
        held = claims_of_document(document.id)
        refuse_unless_open(document, holds_claims=bool(held), now=now)
        if document.expires_at is None:
            message = "The reservation is final."
            raise ReservationAlreadyFinalized(message, parameter="reservationId")
        if expires_at is not None and expires_at <= document.expires_at:
            message = "The reservation stands longer than that already."
            raise InvalidRequestParameter(message, parameter="expirationSeconds")
        standing = Standing.FINAL if expires_at is None else Standing.TEMPORARY
        work.claims.take_in(held)
        work.claims.renew(document.id, standing=standing, expires_at=expires_at)
        statement = Statement()
        terms = Terms(expires_at, document.external_ref, document.reservation_time)
        write_terms(statement, document, terms=terms)
        work.write(statement, [], revision=document.revision, origin=origin)
