"""Transfers, releases and fulfilments: records decided in request order, written in one go.

Whose claims they take is `ClaimBook.draws`; one that names a `document` takes that one's and no
others. Quantities are thousandths.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from inventory.domain.graph import Graph
from inventory.domain.item import ItemState
from inventory.errors import (
    EntityNotFound,
    InsufficientQuantity,
    InvalidRequestParameter,
    LocationNotInGroup,
    NotAppliedDueToAtomicFailure,
    Refusal,
)
from inventory.ledger import Cause
from inventory.locks import (
    LockedItems,
    lock_items,
    lock_organization_shared,
    locked_write,
)
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import StockBook, open_book
from inventory.services.once import Processed, RecordKey, RequestKeys, digest
from inventory.services.outcomes import Applied, Failed, Outcome, Reach
from inventory.statements import Statement
from reservations.domain.claims import ClaimBook, Draw
from reservations.domain.places import PlaceRef
from reservations.selectors.claims import Need, claims_for_draws, claims_of_named_documents
from reservations.selectors.places import known_places, require_places
from reservations.services.writing import (
    location_pairs,
    raise_reserved,
    release_claims,
    ship,
    write_claims,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Lower a reserved count at a location or a promise of a group."""

    operation: ClassVar[str] = "release"

    request_id: str
    sku: str
    source: PlaceRef
    quantity: int
    external_ref: str = ""
    document: str = ""

    @property
    def places(self) -> tuple[PlaceRef, ...]:
        return (self.source,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """Ship what is reserved at a location: reserved and on hand both fall."""

    operation: ClassVar[str] = "fulfilment"

    request_id: str
    sku: str
    source: PlaceRef
    quantity: int
    external_ref: str = ""
    fulfilled_at: datetime | None = None
    document: str = ""

    @property
    def places(self) -> tuple[PlaceRef, ...]:
        return (self.source,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Move a reserved quantity. Records with the same `set_id` move together or not at all.

    `is_forced` moves even where the target has no stock.
    """

    operation: ClassVar[str] = "transfer"

    request_id: str
    sku: str
    source: PlaceRef
    target: PlaceRef
    quantity: int
    external_ref: str = ""
    set_id: str = ""
    is_forced: bool = False
    document: str = ""

    @property
    def places(self) -> tuple[PlaceRef, ...]:
        return (self.source, self.target)


Operation = Release | Fulfilment | Transfer


def check_direction(transfer: Transfer, *, parameter: str) -> None:
    """Refuse transfers that OCI does not know; raises InvalidRequestParameter."""
    source, target = transfer.source, transfer.target
    if source.is_group and target.is_group:
        message = "Group to Group Transfers are not permitted."
    elif source == target:
        message = "'from and to' Transfers between locations is not allowed"
    elif transfer.is_forced and target.is_group:
        message = "Forcing a reservation cannot be done from a location to a group"
    elif transfer.set_id and not source.is_group:
        message = (
            "All or nothing transfers are only allowed from Group to Location transfer types."
            " Invalid transfer type for request"
        )
    else:
        return
    raise InvalidRequestParameter(message, parameter=parameter)


def apply_operations(
    *,
    organization_id: int,
    operations: Sequence[Operation],
    origin: Origin,
    now: datetime,
    reach: Reach = Reach.REQUEST,
) -> list[Outcome]:
    """Apply records of one kind in order, in one transaction; one outcome for each.

    An unknown place is LocationDoesNotExist or GroupDoesNotExist, raised for the whole call or,
    as `reach` says, the outcome of its record. Claims whose time has passed are released first, so
    that nobody ships or moves what has expired.
    """
    with locked_write():
        lock_organization_shared(organization_id)
        locked = lock_items(organization_id, skus=sorted({op.sku for op in operations}))
        graph = graph_at(organization_id, version=locked.graph_version)
        batch = _open(operations, locked=locked, graph=graph, now=now)
        if reach is Reach.REQUEST:
            batch.require_places(operations)
        batch.decide(operations)
        statement = Statement()
        write_claims(statement, batch.claims)
        batch.book.write(statement, origin=origin, now=now)
    return batch.outcomes


def _open(
    operations: Sequence[Operation], *, locked: LockedItems, graph: Graph, now: datetime
) -> "_Batch":
    places = known_places(graph, {place for op in operations for place in op.places})
    born = [
        op for op in operations if op.sku in locked.items and all(p in places for p in op.places)
    ]
    ids = {sku: item.id for sku, item in locked.items.items()}
    claims = ClaimBook()
    claims.take_in(
        claims_for_draws(
            [Need(ids[op.sku], places[op.source], op.external_ref, op.quantity) for op in born],
            now=now,
        )
    )
    due = claims.due(now)
    keys = RequestKeys(operations[0].operation)
    named = [_key(keys, op) for op in operations]
    book = open_book(
        graph=graph,
        locked=locked.items.values(),
        locations=[
            (op.sku, places[place]) for op in born for place in op.places if not place.is_group
        ],
        keys=named,
    )
    documents = _take_in_documents(claims, operations, graph=graph, item_ids=list(ids.values()))
    book.load_locations(location_pairs(graph, due))
    release_claims(book, claims, due, kind=MovementKind.EXPIRE, now=now)
    return _Batch(book=book, claims=claims, places=places, documents=documents, keys=named, now=now)


def _take_in_documents(
    claims: ClaimBook, operations: Sequence[Operation], *, graph: Graph, item_ids: list[int]
) -> dict[str, int]:
    """Take in what the named documents hold; return their ids."""
    named = sorted({op.document for op in operations if op.document})
    if not named:
        return {}
    documents, held = claims_of_named_documents(
        graph.organization_id, identifiers=named, item_ids=item_ids
    )
    claims.take_in(held)
    return documents


def _key(keys: RequestKeys, operation: Operation) -> RecordKey:
    target = operation.places[1:]
    return keys.key(
        operation.request_id,
        digest(operation),
        sku=operation.sku,
        place=operation.source.identifier,
        to=target[0].identifier if target else "",
    )


@dataclass(slots=True)
class _Batch:
    """The records of one call being decided."""

    book: StockBook
    claims: ClaimBook
    places: dict[PlaceRef, int]
    documents: dict[str, int]
    keys: list[RecordKey]
    now: datetime
    outcomes: list[Outcome] = field(default_factory=list)

    def require_places(self, operations: Sequence[Operation]) -> None:
        """Refuse the call for an unknown place; repeats are known before their places."""
        for operation, key in zip(operations, self.keys, strict=True):
            if key not in self.book.processed:
                require_places(self.book.graph, operation.places)

    def decide(self, operations: Sequence[Operation]) -> None:
        """Decide every record, sets as a whole where their first member stands."""
        decided: dict[int, Outcome] = {}
        for index, operation in enumerate(operations):
            if index in decided:
                continue
            set_id = operation.set_id if isinstance(operation, Transfer) else ""
            members = [index]
            if set_id:
                members = [
                    n
                    for n, other in enumerate(operations)
                    if isinstance(other, Transfer) and other.set_id == set_id
                ]
            decided.update(self._together(operations, members))
        self.outcomes = [decided[index] for index in range(len(operations))]

    def _together(self, operations: Sequence[Operation], members: list[int]) -> dict[int, Outcome]:
        if len(members) == 1:  # one that fails has changed nothing
            return {n: self._one(operations[n], self.keys[n]) for n in members}
        marks, claims_mark = self.book.marks(), self.claims.mark()
        outcomes = {n: self._one(operations[n], self.keys[n]) for n in members}
        if not any(isinstance(outcome, Failed) for outcome in outcomes.values()):
            return outcomes
        self.book.back_to(marks)
        self.claims.back_to(claims_mark)
        for n, outcome in outcomes.items():
            if outcome is Applied.NOW:
                self.book.applied.pop(self.keys[n], None)
                message = "Not applied because another record of the same set failed."
                outcomes[n] = Failed(NotAppliedDueToAtomicFailure(message))
        return outcomes

    def _one(self, operation: Operation, key: RecordKey) -> Outcome:
        earlier = self.book.processed.get(key)
        try:
            if earlier is not None:
                earlier.check()
                return Applied.BEFORE
            require_places(self.book.graph, operation.places)
            self._apply(operation)
        except Refusal as refusal:
            return Failed(refusal)
        if operation.sku in self.book.items:  # without an item there is no lock, and no effect
            self.book.applied[key] = Processed()
        return Applied.NOW

    def _apply(self, operation: Operation) -> None:
        if not operation.quantity:
            return
        source = self.places[operation.source]
        item = self.book.items.get(operation.sku)
        document_id = self._document_id(operation)
        reserved = _reserved(item, source, is_group=operation.source.is_group)
        if item is not None and document_id is not None:
            reserved = self.claims.held(item.item_id, source, document_id=document_id)
        if item is None or reserved < operation.quantity:
            raise InsufficientQuantity(available=self._possible(operation, item, reserved))
        draws = self.claims.draws(
            item.item_id,
            source,
            operation.quantity,
            external_ref=operation.external_ref,
            document_id=document_id,
        )
        if isinstance(operation, Transfer):
            self._transfer(operation, item=item, source=source, draws=draws)
        elif isinstance(operation, Fulfilment):
            self._fulfil(operation, item=item, draws=draws)
        else:
            self._release(operation, source=source, draws=draws)

    def _document_id(self, operation: Operation) -> int | None:
        """Return the named document's id, None when none is named; EntityNotFound."""
        if not operation.document:
            return None
        document_id = self.documents.get(operation.document)
        if document_id is None:
            raise EntityNotFound("Reservation ID does not exist.", parameter="reservationId")
        return document_id

    def _release(self, operation: Release, *, source: int, draws: list[Draw]) -> None:
        for draw in draws:
            cause = self._cause(operation, draw, kind=MovementKind.RELEASE, at=self.now)
            self._raise(operation.sku, source, -draw.quantity, cause)
            self.claims.shrink(draw)

    def _fulfil(self, operation: Fulfilment, *, item: ItemState, draws: list[Draw]) -> None:
        at = operation.fulfilled_at or self.now
        for draw in draws:
            cause = self._cause(operation, draw, kind=MovementKind.FULFIL, at=at)
            ship(item, self.claims, draw, at=at, cause=cause)

    def _transfer(
        self, operation: Transfer, *, item: ItemState, source: int, draws: list[Draw]
    ) -> None:
        target = self.places[operation.target]
        self._check_association(operation, item)
        free = operation.quantity
        if not operation.target.is_group:
            free = item.records[target].balance.available_to_order
        mark, short = item.mark(), item.short
        for draw in draws:
            cause = self._cause(operation, draw, kind=MovementKind.TRANSFER, at=self.now)
            self._raise(operation.sku, source, -draw.quantity, cause)
            self._raise(operation.sku, target, draw.quantity, cause)
        if not operation.is_forced and (free < operation.quantity or item.short > short):
            item.back_to(mark)
            possible = self._possible(operation, item, operation.quantity)
            raise InsufficientQuantity(available=possible)
        for draw in draws:
            self.claims.move(draw, target)

    def _possible(self, operation: Operation, item: ItemState | None, most: int) -> int:
        """Return how much of `most` the operation could do: what a client may ask for instead."""
        if item is None or not isinstance(operation, Transfer) or operation.is_forced:
            return most
        source, target = self.places[operation.source], self.places[operation.target]
        return item.movable(source, target, most=most)

    def _check_association(self, operation: Transfer, item: ItemState) -> None:
        source, target = operation.source, operation.target
        if not source.is_group and not target.is_group:
            return
        location, group = (target, source) if source.is_group else (source, target)
        record = item.records[self.places[location]]
        if self.places[group] not in record.signature:
            message = (
                f"Location '{location.identifier}' does not count for group '{group.identifier}'"
            )
            raise LocationNotInGroup(message, location=location.identifier)

    def _raise(self, sku: str, place: int, quantity: int, cause: Cause) -> None:
        raise_reserved(self.book, sku=sku, place=place, quantity=quantity, cause=cause)

    def _cause(
        self, operation: Operation, draw: Draw, *, kind: MovementKind, at: datetime
    ) -> Cause:
        return Cause(
            kind=kind,
            quantity=draw.quantity,
            effective_at=at,
            request_id=operation.request_id,
            external_ref=operation.external_ref,
            document_id=draw.claim.document_id,
            line_id=draw.claim.line_id,
        )


def _reserved(item: ItemState | None, place: int, *, is_group: bool) -> int:
    if item is None:
        return 0
    return item.promises.get(place, 0) if is_group else item.records[place].balance.reserved
