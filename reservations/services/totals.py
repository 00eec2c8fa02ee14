"""Changing what an open document holds: new totals by SKU and place.

What falls is given back first, so that a document never competes with its own hold; what rises is
placed like a new line. What the document holds elsewhere stays. Quantities are thousandths.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.ledger import Cause
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.services.once import Processed, RequestKeys, digest
from inventory.statements import Statement
from reservations.locks import LockedDocument
from reservations.selectors.claims import claims_of_document, item_ids_of_document
from reservations.services.answers import Answer, Detail, PlaceAnswer, Shortage
from reservations.services.changing import (
    NothingChanges,
    answer_of_write,
    lock_existing,
    refuse_unless_open,
)
from reservations.services.placing import Placement, Placing, Wanted, in_deciding_order
from reservations.services.work import Work, open_work
from reservations.services.writing import Terms, raise_reserved, write_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTotals:
    """What a document shall hold of each SKU at each place; 0 gives all of it back.

    Lines of one SKU and place are added up. A line that does not fit rises as far as it fits
    (`allow_partial`) or not at all; with `all_or_nothing` it then undoes the whole change.
    """

    identifier: str
    lines: tuple[Wanted, ...]
    request_id: str
    external_ref: str | None = None
    allow_partial: bool = True
    all_or_nothing: bool = False
    reservation_time: datetime | None = None


def set_totals(*, organization_id: int, totals: NewTotals, origin: Origin, now: datetime) -> Answer:
    """Bring a document to new totals; details tell them and by how much they changed.

    A repeat with the same body answers as before. Raises EntityNotFound, LocationDoesNotExist,
    GroupDoesNotExist, DuplicateEventId, ReservationCancelled, ReservationInvalidState.
    """
    lines = in_deciding_order(totals.lines)

    def decide() -> Answer:
        document = lock_existing(
            organization_id=organization_id, identifier=totals.identifier, lines=len(lines)
        )
        return _set(document, totals, lines, origin=origin, now=now)

    return answer_of_write(decide)


def _set(
    document: LockedDocument,
    totals: NewTotals,
    lines: Sequence[Wanted],
    *,
    origin: Origin,
    now: datetime,
) -> Answer:
    keys = RequestKeys("set-totals")
    key = keys.key(totals.request_id, digest(totals), place=totals.identifier)
    held_items = item_ids_of_document(document.id)
    work = open_work(document, lines, held_items=held_items, now=now, keys=[key])
    earlier = work.book.processed.get(key)
    if earlier is not None:
        earlier.check()
        return Answer.from_stored(earlier.answer)
    held = claims_of_document(document.id)
    refuse_unless_open(document, holds_claims=bool(held), now=now)
    terms = Terms(
        expires_at=document.expires_at,
        external_ref=(
            document.external_ref if totals.external_ref is None else totals.external_ref
        ),
        reservation_time=totals.reservation_time or document.reservation_time,
    )
    work.require_places(lines, external_ref=terms.external_ref)
    work.take_in(held)
    before = [_held(work, line) for line in lines]
    for line, quantity in zip(lines, before, strict=True):
        if line.quantity < quantity:
            _give_back(work, line, quantity - line.quantity, external_ref=terms.external_ref)
    placing = _raise(work, totals, lines, before, external_ref=terms.external_ref)
    is_undone = totals.all_or_nothing and placing.is_short
    answer = _answer(lines, before, placing, is_undone=is_undone, terms=terms)
    is_changed = any(detail.adjustment for place in answer.places for detail in place.details)
    if is_undone or (placing.is_short and not is_changed):
        raise NothingChanges(answer)
    placed = [replace(p, line=replace(p.line, set_id="")) for p in placing.placed]
    work.claims_for(placed, terms=terms)
    work.claims.rename(document.id, external_ref=terms.external_ref)
    statement = Statement()
    write_terms(statement, document, terms=terms)
    work.book.applied[key] = Processed(answer.stored())
    work.write(statement, placed, revision=document.revision, origin=origin)
    return answer


def _held(work: Work, line: Wanted) -> int:
    item = work.book.items.get(line.sku)
    if item is None:
        return 0
    place = work.places[line.place]
    return work.claims.held(item.item_id, place, document_id=work.document.id)


def _give_back(work: Work, line: Wanted, quantity: int, *, external_ref: str) -> None:
    place, item_id = work.places[line.place], work.book.items[line.sku].item_id
    draws = work.claims.draws(
        item_id, place, quantity, external_ref="", document_id=work.document.id
    )
    for draw in draws:
        cause = Cause(
            kind=MovementKind.UPDATE,
            quantity=draw.quantity,
            effective_at=work.now,
            request_id=work.document.identifier,
            external_ref=external_ref,
            document_id=work.document.id,
            line_id=draw.claim.line_id,
        )
        raise_reserved(work.book, sku=line.sku, place=place, quantity=-draw.quantity, cause=cause)
        work.claims.shrink(draw)


def _raise(
    work: Work,
    totals: NewTotals,
    lines: Sequence[Wanted],
    before: Sequence[int],
    *,
    external_ref: str,
) -> Placing:
    """Place what rises; a line that does not is placed as nothing, to keep its number."""
    wholly = not totals.allow_partial and not totals.all_or_nothing
    return work.place(
        [
            # Alone in a set of its own, a line rises wholly or not at all.
            replace(line, quantity=max(0, line.quantity - held), set_id=str(n) if wholly else "")
            for n, (line, held) in enumerate(zip(lines, before, strict=True))
        ],
        idle_places=(),
        allow_partial=not totals.all_or_nothing,
        fulfil_only=False,
        kind=lambda _: MovementKind.UPDATE,
        external_ref=external_ref,
    )


def _answer(
    lines: Sequence[Wanted],
    before: Sequence[int],
    placing: Placing,
    *,
    is_undone: bool,
    terms: Terms,
) -> Answer:
    got = {(p.line.place, p.line.sku): p for p in placing.placements}
    return Answer(
        reservation_time=terms.reservation_time,
        expiration_time=terms.expires_at,
        success=not placing.is_short,
        places=[
            PlaceAnswer(
                id=line.place.identifier,
                is_group=line.place.is_group,
                details=[_detail(line, held, got.get((line.place, line.sku)), is_undone=is_undone)],
                errors=[
                    Shortage(p.line.sku, p.available)
                    for p in placing.placements
                    if p.is_short and (p.line.place, p.line.sku) == (line.place, line.sku)
                ],
            )
            for line, held in zip(lines, before, strict=True)
        ],
    )


def _detail(line: Wanted, held: int, got: Placement | None, *, is_undone: bool) -> Detail:
    if is_undone:
        return Detail(line.sku, held, 0)
    adjustment = got.quantity if got is not None and got.quantity else min(0, line.quantity - held)
    return Detail(line.sku, held + adjustment, adjustment)
