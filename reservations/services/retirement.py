"""Claims at places that leave the location graph end there, each with its own ledger row."""

from inventory.models import MovementKind
from inventory.services.book import StockBook
from inventory.services.holders import Leaving
from inventory.statements import Statement
from reservations.domain.claims import ClaimBook
from reservations.selectors.claims import claims_at
from reservations.services.writing import location_pairs, release_claims, write_claims


def release_claims_at(book: StockBook, statement: Statement, leaving: Leaving) -> None:
    """Release what documents hold of the book's items at the places (`inventory` asks for it).

    The documents stay; one that has nothing left is closed. No document is locked: whoever holds
    the items' locks may release claims.
    """
    released = claims_at(list(book.by_id), places=list(leaving.places))
    claims = ClaimBook()
    claims.take_in(released)
    book.load_locations(location_pairs(book.graph, released))
    release_claims(
        book,
        claims,
        released,
        kind=MovementKind.RELEASE,
        now=leaving.now,
        request_id=leaving.request_id,
    )
    write_claims(statement, claims)
