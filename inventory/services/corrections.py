"""Corrections by hand: somebody saw a figure, and says what it should be.

Each correction carries the count that was seen. When the count under the lock is another one,
somebody was faster, and the correction is refused with what stands there now: what a person decided
on must be what is changed. Quantities are integers of thousandths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.quantity import MAX_QUANTITY
from inventory.errors import InvalidRequestParameter, Refusal
from inventory.ledger import Cause
from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.selectors.places import location_id
from inventory.services.book import StockBook, open_book
from inventory.services.items import UnbornItems, with_items_born
from inventory.services.outcomes import Applied, Failed, Outcome
from inventory.statements import Statement

MAX_CORRECTIONS = 1_000
MAX_NOTE = 200


class CountHasChanged(Refusal):
    """The count is not the one that was seen; `on_hand` is what it is now, None: no record."""

    code = "CountHasChanged"

    def __init__(self, message: str, *, on_hand: int | None) -> None:
        super().__init__(message, parameter="seen")
        self.on_hand = on_hand


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody saw of one item at one location, and what it should be.

    `seen` is None where there was no record. Either `count` is the new count, or `change` is what
    to add (below 0: to take). `safety_stock` stays as it is when it is None.
    """

    sku: str
    location: str
    seen: int | None
    count: int | None = None
    change: int | None = None
    safety_stock: int | None = None


@dataclass(frozen=True, slots=True)
class Motive:
    """Why: a reason of the trade, and a note in the person's own words; both go to the ledger.

    `request_id` ties together what one click did.
    """

    reason: str
    note: str
    request_id: str

    @property
    def text(self) -> str:
        """What the ledger keeps as external reference."""
        return f"{self.reason}: {self.note}" if self.note else self.reason


def correct_stock(
    *,
    organization_id: int,
    corrections: Sequence[Correction],
    motive: Motive,
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    """Apply corrections, at most 1,000, in one transaction; one that fails leaves no trace.

    A correction fails with CountHasChanged, LocationDoesNotExist, or InvalidRequestParameter where
    the count would fall below 0 or grow too large. InvalidRequestParameter for all when there are
    too many or the note is too long.
    """
    if len(corrections) > MAX_CORRECTIONS:
        message = f"At most {MAX_CORRECTIONS} corrections can be made at once"
        raise InvalidRequestParameter(message, parameter="corrections")
    if len(motive.note) > MAX_NOTE:
        message = f"The note must be at most {MAX_NOTE} characters"
        raise InvalidRequestParameter(message, parameter="note")

    def write() -> list[Outcome]:
        with locked_write():
            return _write(organization_id, corrections, motive=motive, origin=origin, now=now)

    return with_items_born(organization_id, write)


def _write(
    organization_id: int,
    corrections: Sequence[Correction],
    *,
    motive: Motive,
    origin: Origin,
    now: datetime,
) -> list[Outcome]:
    skus = sorted({correction.sku for correction in corrections})
    lock_organization_shared(organization_id)
    locked = lock_items(organization_id, skus=skus)
    graph = graph_at(organization_id, version=locked.graph_version)
    if len(locked.items) < len(skus):
        raise UnbornItems([sku for sku in skus if sku not in locked.items])
    book = open_book(
        graph=graph,
        locked=locked.items.values(),
        locations=[
            (correction.sku, graph.locations[correction.location])
            for correction in corrections
            if correction.location in graph.locations
        ],
    )
    outcomes: list[Outcome] = []
    for correction in corrections:
        try:
            _correct(book, correction, motive=motive, now=now)
        except Refusal as refusal:
            outcomes.append(Failed(refusal))
        else:
            outcomes.append(Applied.NOW)
    book.write(Statement(), origin=origin, now=now)
    return outcomes


def _correct(book: StockBook, correction: Correction, *, motive: Motive, now: datetime) -> None:
    location = location_id(book.graph, correction.location)
    item = book.items[correction.sku]
    record = item.records[location]
    on_hand = record.balance.on_hand if record.exists else None
    if on_hand != correction.seen:
        message = f"The count of {correction.sku} at {correction.location} has changed meanwhile"
        raise CountHasChanged(message, on_hand=on_hand)
    count = correction.count
    if correction.change is not None:
        count = (on_hand or 0) + correction.change
    if count is None or not 0 <= count <= MAX_QUANTITY:
        message = "The count must be from 0 to 9,999,999,999.999"
        raise InvalidRequestParameter(message, parameter="quantity")
    safety = correction.safety_stock
    if safety is None:
        safety = record.balance.safety_stock
    corrected = record._replace(
        signature=book.signature(item, location, excluded=record.excluded_groups),
        balance=record.balance._replace(on_hand=count, safety_stock=safety),
        exists=True,
    )
    cause = Cause(
        kind=MovementKind.COUNT,
        quantity=count,
        effective_at=now,
        request_id=motive.request_id,
        external_ref=motive.text,
    )
    book.count(item, location, corrected, cause=cause)
