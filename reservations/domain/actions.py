"""What became of a document's line, told by the ledger's rows. Quantities are thousandths."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reservations.domain.places import PlaceRef

TRANSFER = "reservation_transfer"
FULFIL = "reservation_fulfill"
CANCEL = "reservation_cancel"
EXPIRE = "reservation_expire"
UPDATE = "reservation_update"

_NAMES = {FULFIL: "Fulfilled", CANCEL: "Cancelled", EXPIRE: "Expired"}
_OTHERWISE = "Released"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One change of a reserved count that belongs to a line; `change` is below 0 where it fell."""

    kind: str
    place: PlaceRef
    change: int
    request_id: str
    external_ref: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that happened to a line; `moved_to` only where it moved from `place`."""

    name: str
    quantity: int
    place: PlaceRef
    request_id: str
    external_ref: str
    at: datetime
    moved_to: PlaceRef | None = None


def actions_of(rows: Iterable[LedgerRow]) -> Iterator[Action]:
    """Generate what happened to a line after it was placed, oldest first.

    A move is two rows, out of one place and into the other. Rows that raise a count otherwise
    placed the line itself, and those of a replacement tell the difference to what was held before:
    the line knows its quantity.
    """
    leaving: LedgerRow | None = None
    for row in rows:
        if row.kind == TRANSFER:
            if row.change < 0:
                leaving = row
            elif leaving is not None:
                yield _action(leaving, "Moved", moved_to=row.place)
                leaving = None
        elif row.change < 0 and row.kind != UPDATE:
            yield _action(row, _NAMES.get(row.kind, _OTHERWISE))


def _action(row: LedgerRow, name: str, *, moved_to: PlaceRef | None = None) -> Action:
    return Action(
        name=name,
        quantity=-row.change,
        place=row.place,
        request_id=row.request_id,
        external_ref=row.external_ref,
        at=row.recorded_at,
        moved_to=moved_to,
    )
