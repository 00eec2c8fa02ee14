"""The life of a document, derived from what it holds; nothing is locked to close it."""

from datetime import datetime
from enum import StrEnum

MAX_EXPIRATION = 14_400
"""So many seconds from now may a temporary document's end be."""


class State(StrEnum):
    """Where a reservation document stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


def state_of(
    *,
    cancelled_at: datetime | None,
    expires_at: datetime | None,
    holds_claims: bool,
    now: datetime,
) -> State:
    """Return the state: cancelled if marked, expired if its time has passed, closed if empty."""
    if cancelled_at is not None:
        return State.CANCELLED
    if expires_at is not None and expires_at <= now:
        return State.EXPIRED
    return State.OPEN if holds_claims else State.CLOSED
