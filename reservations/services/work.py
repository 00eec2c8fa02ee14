"""One document being decided: its lines, its claims, and what it held before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from inventory.errors import GroupDoesNotExist, LocationDoesNotExist
from inventory.ledger import Cause
from inventory.locks import lock_items
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import StockBook, open_book
from inventory.services.once import RecordKey
from inventory.statements import Statement
from reservations.domain.claims import Claim, ClaimBook, Draw
from reservations.domain.places import PlaceRef
from reservations.locks import LockedDocument
from reservations.models import Standing
from reservations.selectors.claims import due_claims
from reservations.selectors.places import known_places, require_places
from reservations.services.placing import Hold, Placement, Placing, Wanted
from reservations.services.refusals import Refusals
from reservations.services.writing import (
    NewLine,
    Terms,
    location_pairs,
    raise_reserved,
    release_claims,
    write_claims,
    write_lines,
)


@dataclass(slots=True)
class Work:
    """One document being decided under its lock and its items' locks."""

    document: LockedDocument
    book: StockBook
    claims: ClaimBook
    places: dict[PlaceRef, int]
    now: datetime
    held: list[Claim] = field(default_factory=list)

    def take_in(self, claims: Sequence[Claim]) -> None:
        """Take in claims and the stock records they stand on."""
        self.claims.take_in(claims)
        self.book.load_locations(location_pairs(self.book.graph, claims))

    def hold(self, held: list[Claim]) -> None:
        """Weigh what the document holds together with what it asks for."""
        self.take_in(held)
        self.held = held

    def place(
        self,
        lines: Sequence[Wanted],
        *,
        idle_places: Sequence[PlaceRef],
        allow_partial: bool,
        fulfil_only: bool,
        kind: Callable[[Wanted], MovementKind],
        external_ref: str,
    ) -> Placing:
        """Decide the lines; when they do not fit, release what is due and decide again.

        Raises LocationDoesNotExist or GroupDoesNotExist for any of the places that were named.
        """
        self.require_places(lines, idle_places, external_ref=external_ref)

        def cause(line: Wanted, line_id: int, quantity: int) -> Cause:
            return Cause(
                kind=kind(line),
                quantity=quantity,
                effective_at=self.now,
                request_id=self.document.identifier,
                external_ref=external_ref,
                document_id=self.document.id,
                line_id=line_id,
            )

        def attempt() -> Placing:
            placing = Placing(
                book=self.book,
                places=self.places,
                allow_partial=allow_partial,
                fulfil_only=fulfil_only,
                cause=cause,
                hold=Hold(self.book, self._held()),
            )
            placing.decide(lines, self.document.line_ids)
            return placing

        marks = self.book.marks()
        placing = attempt()
        if placing.is_short and self._has_due_claims():
            self.book.back_to(marks)
            self._release_due()
            marks = self.book.marks()
            placing = attempt()
        self._refusals(external_ref).of_placing(placing)
        if self.held and placing.placed:
            self.book.back_to(marks)
            self._post_difference(placing, external_ref=external_ref)
        return placing

    def require_places(
        self, lines: Sequence[Wanted], idle_places: Sequence[PlaceRef] = (), *, external_ref: str
    ) -> None:
        """Raise LocationDoesNotExist or GroupDoesNotExist when a place is not there."""
        try:
            require_places(self.book.graph, [*(line.place for line in lines), *idle_places])
        except (LocationDoesNotExist, GroupDoesNotExist):
            self._refusals(external_ref).of_places(self.book.graph, lines)
            raise

    def _refusals(self, external_ref: str) -> Refusals:
        return Refusals(
            self.document.organization_id, self.document.identifier, external_ref, self.now
        )

    def _has_due_claims(self) -> bool:
        item_ids = [item.item_id for item in self.book.items.values()]
        self.take_in(due_claims(item_ids, now=self.now))
        return bool(self.claims.due(self.now))

    def _release_due(self) -> None:
        due = self.claims.due(self.now)
        release_claims(self.book, self.claims, due, kind=MovementKind.EXPIRE, now=self.now)

    def _held(self) -> dict[tuple[str, int], int]:
        skus = {item.item_id: sku for sku, item in self.book.items.items()}
        held: dict[tuple[str, int], int] = {}
        for claim in self.held:
            key = (skus[claim.item_id], claim.place)
            held[key] = held.get(key, 0) + claim.quantity
        return held

    def _post_difference(self, placing: Placing, *, external_ref: str) -> None:
        """Replace the old hold by the new one: only what differs is a movement."""
        skus = {item.item_id: sku for sku, item in self.book.items.items()}
        wanted: dict[tuple[str, int], list[Placement]] = {}
        for placement in placing.placed:
            key = (placement.line.sku, self.places[placement.line.place])
            wanted.setdefault(key, []).append(placement)
        held = self._held()
        lines: dict[tuple[str, int], int] = {}
        for claim in self.held:
            lines[skus[claim.item_id], claim.place] = claim.line_id
            self.claims.shrink(Draw(claim, claim.quantity))
        for key in {**held, **wanted}:
            placements = wanted.get(key, [])
            quantity = sum(p.quantity for p in placements) - held.get(key, 0)
            if not quantity:
                continue
            sku, place = key
            line_id = placements[0].line_id if placements else lines[key]
            why = Cause(
                kind=MovementKind.UPDATE,
                quantity=abs(quantity),
                effective_at=self.now,
                request_id=self.document.identifier,
                external_ref=external_ref,
                document_id=self.document.id,
                line_id=line_id,
            )
            raise_reserved(self.book, sku=sku, place=place, quantity=quantity, cause=why)

    def claims_for(self, placed: Sequence[Placement], *, terms: Terms) -> None:
        """Make the claims of what was placed."""
        standing = Standing.FINAL if terms.expires_at is None else Standing.TEMPORARY
        for placement in placed:
            self.claims.add(
                Claim(
                    id=0,
                    item_id=self.book.items[placement.line.sku].item_id,
                    place=self.places[placement.line.place],
                    document_id=self.document.id,
                    line_id=placement.line_id,
                    quantity=placement.quantity,
                    standing=standing,
                    expires_at=terms.expires_at,
                    external_ref=terms.external_ref,
                )
            )

    def write(
        self,
        statement: Statement,
        placed: Sequence[Placement],
        *,
        revision: int,
        origin: Origin,
    ) -> None:
        """Write lines, claims, balances and movements in one statement."""
        item_ids = {sku: item.item_id for sku, item in self.book.items.items()}
        lines = [
            NewLine(
                id=p.line_id,
                item_id=item_ids[p.line.sku],
                place=self.places[p.line.place],
                set_id=p.line.set_id,
                requested=p.line.quantity,
                quantity=p.quantity,
            )
            for p in placed
        ]
        write_lines(statement, self.document, lines, revision=revision, now=self.now)
        write_claims(statement, self.claims)
        self.book.write(statement, origin=origin, now=self.now)


def open_work(
    document: LockedDocument,
    lines: Sequence[Wanted],
    *,
    held_items: Sequence[int],
    now: datetime,
    keys: Sequence[RecordKey] = (),
) -> Work:
    """Lock the items of the lines and of what the document holds, and load what they need."""
    locked = lock_items(
        document.organization_id,
        skus=sorted({line.sku for line in lines}),
        item_ids=held_items,
    )
    graph = graph_at(document.organization_id, version=locked.graph_version)
    places = known_places(graph, {line.place for line in lines})
    book = open_book(
        graph=graph,
        locked=locked.items.values(),
        locations=[
            (line.sku, places[line.place])
            for line in lines
            if line.place in places and not line.place.is_group
        ],
        keys=keys,
    )
    return Work(document=document, book=book, claims=ClaimBook(), places=places, now=now)
