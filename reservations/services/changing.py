"""Changing a document that is there: locked first, refused when it is over.

Locks in the order of the design: organization, document, items.
"""

from collections.abc import Callable
from datetime import datetime

from inventory.errors import EntityNotFound, ReservationCancelled, ReservationInvalidState
from inventory.locks import locked_write
from reservations.domain.states import State, state_of
from reservations.locks import LockedDocument, lock_document
from reservations.models import Source
from reservations.services.answers import Answer


class NothingChanges(Exception):  # noqa: N818  # unwinds the transaction, carries the answer
    """Raised while a document is decided: nothing of it is kept, and this is the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("nothing was changed")
        self.answer = answer


def lock_existing(*, organization_id: int, identifier: str, lines: int = 0) -> LockedDocument:
    """Lock the organization, then its OCI document; raises EntityNotFound.

    `lines` ids are drawn for lines to come.
    """
    document = lock_document(
        organization_id=organization_id, source=Source.OCI, identifier=identifier, lines=lines
    )
    if document is None:
        raise EntityNotFound("Reservation ID does not exist.", parameter="reservationId")
    return document


def answer_of_write(decide: Callable[[], Answer]) -> Answer:
    """Decide a document in the one transaction of a write; undo it when nothing changes."""
    try:
        with locked_write():
            return decide()
    except NothingChanges as nothing:
        return nothing.answer


def refuse_unless_open(document: LockedDocument, *, holds_claims: bool, now: datetime) -> None:
    """Refuse to change a document that is over: ReservationCancelled, ReservationInvalidState."""
    state = state_of(
        cancelled_at=document.cancelled_at,
        expires_at=document.expires_at,
        holds_claims=holds_claims,
        now=now,
    )
    if state is State.CANCELLED:
        message = "Reservation is cancelled."
        raise ReservationCancelled(message, parameter="reservationId")
    if state is not State.OPEN:
        message = "Reservation is in a CLOSED state."
        raise ReservationInvalidState(message, parameter="reservationId")
