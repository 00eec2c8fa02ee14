"""Refusals of reservations, said to a person."""

from django.utils.translation import gettext as _

from inventory.backoffice.formats import quantity_text
from inventory.errors import (
    ConcurrentModification,
    DuplicateEventId,
    InsufficientQuantity,
    LocationDoesNotExist,
    Refusal,
    ReservationAlreadyFinalized,
    ReservationCancelled,
    ReservationInvalidState,
    ReservationOperationInProcess,
)


def refusal_text(refusal: Refusal) -> str:
    """Tell why nothing was done, and what could be done instead."""
    if isinstance(refusal, InsufficientQuantity):
        if not refusal.available:
            return _("Nothing of it can be taken there now. Nothing was changed.")
        told = _("That is more than possible: at most %s now. Nothing was changed.")
        return told % quantity_text(refusal.available)
    return _sentence(refusal)


def _sentence(refusal: Refusal) -> str:
    sentences: list[tuple[type[Refusal] | tuple[type[Refusal], ...], str]] = [
        (ReservationCancelled, _("The reservation was cancelled. Nothing was changed.")),
        (
            ReservationInvalidState,
            _("The reservation is over: it has expired, or nothing is left of it."),
        ),
        (ReservationAlreadyFinalized, _("The reservation is final: it has no end.")),
        (LocationDoesNotExist, _("There is no such location or group. Nothing was changed.")),
        (DuplicateEventId, _("This form was sent before. Open the page again.")),
        (
            (ConcurrentModification, ReservationOperationInProcess),
            _("Somebody else is changing the same stock. Nothing was changed; try again."),
        ),
    ]
    return next((text for kind, text in sentences if isinstance(refusal, kind)), refusal.message)
