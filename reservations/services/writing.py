"""Writing claims together with the balances they explain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from inventory.domain.graph import Graph
from inventory.domain.item import ItemState
from inventory.ledger import Cause
from inventory.models import MovementKind
from inventory.services.book import StockBook
from inventory.statements import Statement
from reservations.domain.claims import Claim, ClaimBook, Draw
from reservations.locks import LockedDocument

_COLUMNS = (
    ("item_id", "bigint"),
    ("place_id", "bigint"),
    ("document_id", "bigint"),
    ("line_id", "bigint"),
    ("quantity", "bigint"),
    ("standing", "smallint"),
    ("expires_at", "timestamptz"),
    ("external_ref", "text"),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)


def write_claims(statement: Statement, claims: ClaimBook) -> None:
    """Add what became of the claims to the statement."""
    made, changed, gone = claims.outcome()
    statement.add(
        f"INSERT INTO reservations_claim ({_NAMES}) SELECT {_NAMES} FROM {{rows}}",
        columns=_COLUMNS,
        rows=[_values(claim) for claim in made],
    )
    statement.add(
        "UPDATE reservations_claim c SET place_id = v.place_id, quantity = v.quantity,"
        " standing = v.standing, expires_at = v.expires_at, external_ref = v.external_ref"
        " FROM {rows} WHERE c.id = v.id",
        columns=(("id", "bigint"), *_COLUMNS),
        rows=[(claim.id, *_values(claim)) for claim in changed],
    )
    statement.add(
        "DELETE FROM reservations_claim c USING {rows} WHERE c.id = v.id",
        columns=(("id", "bigint"),),
        rows=[(claim_id,) for claim_id in gone],
    )


def _values(claim: Claim) -> tuple[object, ...]:
    return (
        claim.item_id,
        claim.place,
        claim.document_id,
        claim.line_id,
        claim.quantity,
        claim.standing,
        claim.expires_at,
        claim.external_ref,
    )


def raise_reserved(
    book: StockBook, *, sku: str, place: int, quantity: int, cause: Cause | None
) -> None:
    """Raise (or with a negative quantity lower) the reserved count of a location or group.

    Without a cause it is scratch work, which the caller takes back before anything is posted.
    """
    item = book.items[sku]
    if book.graph.is_group(place):
        item.promise(place, quantity, cause=cause)
    else:
        item.reserve(place, quantity, cause=cause)


def ship(item: ItemState, claims: ClaimBook, draw: Draw, *, at: datetime, cause: Cause) -> None:
    """Ship a draw from where its claim stands: reserved and on hand both fall.

    A count that is younger than the shipment has seen it already (OCI: effectiveDate).
    """
    location = draw.claim.place
    record = item.records[location]
    balance, on_hand = record.balance, record.balance.on_hand
    if record.effective_at is None or at >= record.effective_at:
        on_hand = max(0, on_hand - draw.quantity)
    left = balance.reserving(-draw.quantity)._replace(on_hand=on_hand)
    item.put(location, record.counting(left), cause=cause)
    claims.shrink(draw)


def release_claims(
    book: StockBook,
    claims: ClaimBook,
    released: list[Claim],
    *,
    kind: MovementKind,
    now: datetime,
    request_id: str = "",
    reason: str = "",
) -> None:
    """Give back whole claims, each with its own ledger row, which tells the `reason` if any."""
    skus = {item.item_id: sku for sku, item in book.items.items()}
    for claim in released:
        cause = Cause(
            kind=kind,
            quantity=claim.quantity,
            effective_at=now,
            request_id=request_id,
            external_ref=reason or claim.external_ref,
            document_id=claim.document_id,
            line_id=claim.line_id,
        )
        raise_reserved(
            book, sku=skus[claim.item_id], place=claim.place, quantity=-claim.quantity, cause=cause
        )
        claims.shrink(Draw(claim, claim.quantity))


def location_pairs(graph: Graph, claims: Iterable[Claim]) -> list[tuple[int, int]]:
    """Return the (item id, location id) whose stock records these claims change."""
    return [(c.item_id, c.place) for c in claims if not graph.is_group(c.place)]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document says of itself and its claims repeat."""

    expires_at: datetime | None
    external_ref: str
    reservation_time: datetime


_TERMS = (
    ("id", "bigint"),
    ("expires_at", "timestamptz"),
    ("external_ref", "text"),
    ("reservation_time", "timestamptz"),
)
_SET_TERMS = (
    "UPDATE reservations_document d SET expires_at = v.expires_at,"
    " external_ref = v.external_ref, reservation_time = v.reservation_time"
)


def write_revision(
    statement: Statement,
    document: LockedDocument,
    *,
    terms: Terms,
    body: str,
    answer: object,
) -> None:
    """Add what a create or replace makes of the document, with its answer, to the statement."""
    statement.add(
        f"{_SET_TERMS}, revision = v.revision, body = v.body, answer = v.answer::jsonb"
        " FROM {rows} WHERE d.id = v.id",
        columns=(*_TERMS, ("revision", "integer"), ("body", "uuid"), ("answer", "text")),
        rows=[
            (
                *_terms_row(document, terms),
                document.revision + 1,
                body,
                msgspec.json.encode(answer).decode(),
            )
        ],
    )


def write_terms(statement: Statement, document: LockedDocument, *, terms: Terms) -> None:
    """Add new terms of an unchanged revision to the statement."""
    statement.add(
        f"{_SET_TERMS} FROM {{rows}} WHERE d.id = v.id",
        columns=_TERMS,
        rows=[_terms_row(document, terms)],
    )


def _terms_row(document: LockedDocument, terms: Terms) -> tuple[object, ...]:
    return (document.id, terms.expires_at, terms.external_ref, terms.reservation_time)


def write_cancelled(statement: Statement, document: LockedDocument, *, at: datetime) -> None:
    """Add the mark of a cancelled document to the statement."""
    statement.add(
        "UPDATE reservations_document d SET cancelled_at = v.cancelled_at"
        " FROM {rows} WHERE d.id = v.id",
        columns=(("id", "bigint"), ("cancelled_at", "timestamptz")),
        rows=[(document.id, at)],
    )


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as it was placed; never changed afterwards."""

    id: int
    item_id: int
    place: int
    set_id: str
    requested: int
    quantity: int


def write_lines(
    statement: Statement,
    document: LockedDocument,
    lines: Sequence[NewLine],
    *,
    revision: int,
    now: datetime,
) -> None:
    """Add a document's new lines to the statement."""
    statement.add(
        "INSERT INTO reservations_line (id, document_id, revision, position, item_id, place_id,"
        " set_id, requested, quantity, created_at) SELECT id, document_id, revision, position,"
        " item_id, place_id, set_id, requested, quantity, created_at FROM {rows}",
        columns=(
            ("id", "bigint"),
            ("document_id", "bigint"),
            ("revision", "integer"),
            ("position", "integer"),
            ("item_id", "bigint"),
            ("place_id", "bigint"),
            ("set_id", "text"),
            ("requested", "bigint"),
            ("quantity", "bigint"),
            ("created_at", "timestamptz"),
        ),
        rows=[
            (
                line.id,
                document.id,
                revision,
                position,
                line.item_id,
                line.place,
                line.set_id,
                line.requested,
                line.quantity,
                now,
            )
            for position, line in enumerate(lines)
        ],
    )
