"""One order from reservation to shipment; one return.

May be played again from the start after any crash: what was done before is found done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from integrations.replay.answers import Errors
from integrations.replay.api import InventoryApi
from integrations.replay.client import RefusedError
from integrations.replay.journal import Journal
from integrations.replay.orders import Document, Order
from integrations.replay.routing import Move, Routing
from integrations.replay.shelves import Shelves
from integrations.replay.shop import Ending, Shop
from integrations.replay.tally import DocumentResult, OrderResult, Outcome, ReturnResult

HOLD_SECONDS = 900
"""How long a basket is held until the customer has paid."""

MAX_ROUNDS = 12
"""How often a document is routed anew when transfers are refused."""


@dataclass(frozen=True, slots=True)
class _Sale:
    """A document, and what is said of it in every call."""

    id: str
    order: Order
    group: str
    lines: Mapping[str, Decimal]


class Story:
    """Plays orders one after another; several clients share shop, journal and shelves."""

    def __init__(
        self, *, api: InventoryApi, shop: Shop, journal: Journal, shelves: Shelves
    ) -> None:
        self.api = api
        self._shop = shop
        self._journal = journal
        self._shelves = shelves

    def play(self, order: Order) -> OrderResult:
        """Play an order; a refusal that the story does not know ends it as a trouble."""
        result = OrderResult(order.number)
        try:
            for document in order.documents():
                result.documents.append(self._sell(order, document))
            if order.returned:
                result.returned = self._put_back(order)
        except RefusedError as refused:
            result.trouble = str(refused)
        return result

    def _sell(self, order: Order, document: Document) -> DocumentResult:
        sale = _Sale(document.id, order, self._shop.group_of(order), document.lines)
        held = self._hold(sale)
        if isinstance(held, Outcome):
            return DocumentResult(held, wanted=sale.lines)
        result = DocumentResult(Outcome.SHIPPED, wanted=sale.lines, reserved=held)
        ending = self._shop.ending_of(order)
        if ending is not Ending.CANCEL_EARLY:
            routing = self._route(sale, held)
            result.moves, result.refused_moves = len(routing.routed), routing.refused
            if ending is Ending.SHIP:
                result.shipped = self._ship(sale, routing)
        if result.shipped != held:
            self.api.cancel(sale.id)
        if ending is not Ending.SHIP:
            result.outcome = Outcome.CANCELLED
        return result

    def _hold(self, sale: _Sale) -> dict[str, Decimal] | Outcome:
        """Reserve for a while, then for good what could be had; tell how it stands otherwise."""
        try:
            reserved = self._reserve(sale, sale.lines, expires_in=HOLD_SECONDS)
            if not reserved:
                return Outcome.REFUSED
            self._journal.begin(sale.id)
            return self._reserve(sale, reserved, expires_in=None)
        except RefusedError as refused:
            if refused.code == "ReservationCancelled":
                return Outcome.BEFORE
            if refused.code == "ReservationInvalidState":
                is_expired = self.api.document(sale.id).status == "EXPIRED"
                return Outcome.EXPIRED if is_expired else Outcome.BEFORE
            if refused.code != "ReservationAlreadyFinalized":
                raise
        if self._journal.memory_of(sale.id) is None:
            return Outcome.UNKNOWN
        return self.api.document(sale.id).lines()

    def _reserve(
        self, sale: _Sale, lines: Mapping[str, Decimal], *, expires_in: int | None
    ) -> dict[str, Decimal]:
        return self.api.reserve(
            sale.id,
            group=sale.group,
            lines=lines,
            external_ref=sale.order.number,
            reservation_time=sale.order.ordered_at,
            expires_in=expires_in,
        )

    def _route(self, sale: _Sale, held: Mapping[str, Decimal]) -> Routing:
        """Move what is held to locations that have it."""
        memory = self._journal.memory_of(sale.id) or self._journal.begin(sale.id)
        routing = Routing(rest=dict(held))
        routing.moved(memory.moved)
        if memory.planned is not None:
            self._move(sale, routing, memory.planned, attempt=memory.rounds)
        locations = self._shop.groups[sale.group]
        while routing.rest and memory.rounds < MAX_ROUNDS:
            records = self.api.availability(list(routing.rest), locations=locations)
            free = {place: record.ato for place, record in records.items()}
            moves = routing.plan(free, locations=locations)
            if not moves:
                break
            memory = self._journal.plan(sale.id, moves)
            self._move(sale, routing, moves, attempt=memory.rounds)
        return routing

    def _move(self, sale: _Sale, routing: Routing, moves: list[Move], *, attempt: int) -> None:
        errors = self.api.transfer(
            moves,
            request_id=f"{sale.id}-move{attempt}",
            group=sale.group,
            external_ref=sale.order.number,
        )
        made = [move for move in moves if (move.sku, move.location) not in errors]
        self._journal.moved(sale.id, made)
        routing.moved(made)
        for move in moves:
            if error := errors.get((move.sku, move.location)):
                routing.was_refused(move, available=error.available)

    def _ship(self, sale: _Sale, routing: Routing) -> dict[str, Decimal]:
        """Ship what has found its location; return it by SKU."""
        moves = [Move(sku, place, much) for (sku, place), much in routing.routed.items()]
        with self._shelves.held(move.sku for move in moves):
            errors = self.api.fulfil(
                moves, request_id=f"{sale.id}-ship", external_ref=sale.order.number
            )
        _raise_unless_repeated(errors, code="EntityAlreadyExists", request="fulfillments")
        shipped: dict[str, Decimal] = {}
        for move in moves:
            shipped[move.sku] = shipped.get(move.sku, Decimal(0)) + move.quantity
        return shipped

    def _put_back(self, order: Order) -> ReturnResult:
        """Count what came back on top of what is on hand."""
        location, skus = self._shop.return_location(order), list(order.returned)
        with self._shelves.held(skus):
            records = self.api.availability(skus, locations=[location])
            on_hand = {place: record.on_hand for place, record in records.items()}
            errors = self.api.count(
                {
                    (sku, location): on_hand.get((sku, location), Decimal(0)) + quantity
                    for sku, quantity in order.returned.items()
                },
                request_id=f"{order.number}-return",
                replaces=False,
            )
        _raise_unless_repeated(errors, code="DuplicateEventId", request="batch-update")
        return ReturnResult(
            units=sum(order.returned.values(), Decimal(0)), was_repeated=bool(errors)
        )


def _raise_unless_repeated(errors: Errors, *, code: str, request: str) -> None:
    """What was applied by an earlier run is refused now, and is well."""
    for (sku, place), error in errors.items():
        if error.error_code != code:
            record = f"{request} of {sku} at {place}"
            raise RefusedError(record, code=error.error_code, said=error.message)
