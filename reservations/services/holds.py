"""Holds of orders: final documents of another face, composed with that face's own rows.

Both operations run inside the caller's transaction, which holds the organization's lock and
whatever of its own comes before documents and items. Quantities are thousandths.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from inventory.ledger import Cause
from inventory.locks import lock_items, require_transaction
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import StockBook, open_book
from inventory.services.once import digest
from inventory.statements import Statement
from reservations.domain.claims import Claim, ClaimBook, Draw, SeenHold
from reservations.locks import claim_document
from reservations.models import Source, Standing
from reservations.selectors.claims import claims_of_holds
from reservations.services.placing import Placing, Wanted, reserving_kind
from reservations.services.work import Work, open_work
from reservations.services.writing import (
    Terms,
    location_pairs,
    release_claims,
    ship,
    write_claims,
    write_revision,
)


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A SKU that is not there at a place: what was asked in all, and what there is."""

    sku: str
    asked: int
    available: int


@dataclass(slots=True)
class DecidedHold:
    """A hold that fits, or does not; nothing is written before `write`."""

    line_ids: list[int]
    """The reservation line of each line that was asked for, in the caller's order."""
    short: list[ShortLine]
    item_ids: dict[str, int]
    """The items by SKU; they are locked."""
    _work: Work
    _placing: Placing

    def write(self, statement: Statement, *, origin: Origin) -> None:
        """Write the document with all its lines, and what else the statement has, in one go."""
        work, placed = self._work, self._placing.placed
        terms = Terms(expires_at=None, external_ref="", reservation_time=work.now)
        for placement in placed:
            work.claims.add(
                Claim(
                    id=0,
                    item_id=self.item_ids[placement.line.sku],
                    place=work.places[placement.line.place],
                    document_id=work.document.id,
                    line_id=placement.line_id,
                    quantity=placement.quantity,
                    standing=Standing.ORDER_HOLD,
                    expires_at=None,
                    external_ref="",
                )
            )
        body = digest([(p.line, p.line_id) for p in placed])
        write_revision(statement, work.document, terms=terms, body=body, answer=None)
        work.write(statement, placed, revision=work.document.revision + 1, origin=origin)


def decide_hold(
    *,
    organization_id: int,
    identifier: str,
    lines: Sequence[Wanted],
    reference: str,
    now: datetime,
) -> DecidedHold:
    """Decide a new document of which every line is held or none; each line stays by itself.

    The document has no external reference, so that nobody can draw on it by name; `reference` is
    for the ledger only. Raises LocationDoesNotExist, GroupDoesNotExist.
    """
    require_transaction()
    order = sorted(range(len(lines)), key=lambda n: lines[n].place.is_group)
    document = claim_document(
        organization_id=organization_id,
        source=Source.OMNITRON,
        identifier=identifier,
        lines=len(lines),
    )
    work = open_work(document, lines, held_items=(), now=now)
    placing = work.place(
        [lines[n] for n in order],
        idle_places=(),
        allow_partial=False,
        fulfil_only=False,
        kind=reserving_kind,
        external_ref=reference,
    )
    line_ids = dict(zip(order, document.line_ids, strict=True))
    decided = [(line_ids[n], lines[n]) for n in order]
    return DecidedHold(
        line_ids=[line_ids[n] for n in range(len(lines))],
        short=_short_lines(decided, placing),
        item_ids={sku: item.item_id for sku, item in work.book.items.items()},
        _work=work,
        _placing=placing,
    )


def _short_lines(lines: Sequence[tuple[int, Wanted]], placing: Placing) -> list[ShortLine]:
    """Add up what was asked at each place that was short, and what there would have been for it.

    `lines` are in deciding order, with their ids; those before the first short one had got theirs.
    """
    short: dict[Wanted, ShortLine] = {}
    first_short = {p.line_id: p.available for p in placing.placements if p.is_short}
    asked: Counter[Wanted] = Counter()
    for line_id, line in lines:
        key = replace(line, quantity=0)
        if line_id in first_short and key not in short:
            short[key] = ShortLine(line.sku, 0, asked[key] + first_short[line_id])
        asked[key] += line.quantity
    return [replace(each, asked=asked[key]) for key, each in short.items()]


class HoldEnd(Enum):
    """How a hold ends."""

    RELEASE = MovementKind.RELEASE
    CANCEL = MovementKind.CANCEL
    FULFIL = MovementKind.FULFIL


@dataclass(frozen=True, slots=True)
class Ending:
    """How holds end, under which id; the ledger keeps a `reason`, of at most 250 characters."""

    how: HoldEnd
    request_id: str
    reason: str = ""


class HeldAtGroup(Exception):  # noqa: N818  # the caller says it in its own words
    """What is to be fulfilled has not been allocated to a location yet."""


def end_holds(
    *,
    organization_id: int,
    lines: Sequence[tuple[int, int]],
    ending: Ending,
    origin: Origin,
    now: datetime,
    seen: SeenHold | None = None,
) -> int:
    """End what remains of order lines, given as (item id, line id), wherever it is by now.

    Returns how much that was (thousandths); nothing happens where nothing remains. `seen` spares
    reading the claims of a single line again if its item did not change since. Raises HeldAtGroup
    when claims that are to be fulfilled stand at a group.
    """
    require_transaction()
    if not lines:
        return 0
    locked = lock_items(organization_id, item_ids=sorted({item for item, _ in lines}))
    graph = graph_at(organization_id, version=locked.graph_version)
    sequences = {item.id: item.sequence for item in locked.items.values()}
    if seen is not None and sequences[seen.item_id] == seen.sequence:
        held = list(seen.claims)
    else:
        held = claims_of_holds(lines)
    if not held:
        return 0
    skus = {item.id: sku for sku, item in locked.items.items()}
    pairs = location_pairs(graph, held)
    book = open_book(
        graph=graph,
        locked=locked.items.values(),
        locations=[(skus[item], place) for item, place in pairs],
    )
    claims = ClaimBook()
    claims.take_in(held)
    ended = sum(claim.quantity for claim in held)
    if ending.how is HoldEnd.FULFIL:
        if len(pairs) < len(held):
            raise HeldAtGroup
        _fulfil(book, claims, held, ending=ending, now=now)
    else:
        release_claims(
            book,
            claims,
            held,
            kind=ending.how.value,
            now=now,
            request_id=ending.request_id,
            reason=ending.reason,
        )
    statement = Statement()
    write_claims(statement, claims)
    book.write(statement, origin=origin, now=now)
    return ended


def _fulfil(
    book: StockBook, claims: ClaimBook, held: list[Claim], *, ending: Ending, now: datetime
) -> None:
    """Ship whole claims, each with its own ledger row."""
    by_id = book.by_id
    for claim in held:
        item = by_id[claim.item_id]
        cause = Cause(
            kind=MovementKind.FULFIL,
            quantity=claim.quantity,
            effective_at=now,
            request_id=ending.request_id,
            external_ref=ending.reason,
            document_id=claim.document_id,
            line_id=claim.line_id,
        )
        ship(item, claims, Draw(claim, claim.quantity), at=now, cause=cause)
