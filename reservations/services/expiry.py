"""Releasing what has expired, in sorted batches of items; no document is locked."""

from datetime import datetime

from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import open_book
from inventory.statements import Statement
from reservations.domain.claims import ClaimBook
from reservations.models import Claim
from reservations.selectors.claims import due_claims
from reservations.services.writing import location_pairs, release_claims, write_claims

BATCH_CLAIMS = 500


def expire_due_claims(*, origin: Origin, now: datetime) -> int:
    """Release every claim whose time has passed by `now`; return how many.

    Safe to run twice and at the same time: who comes second to an item finds nothing due.
    """
    released = 0
    while batch := _next_batch(now):
        organization_id, item_ids = batch
        released += _expire(organization_id, item_ids, origin=origin, now=now)
    return released


def _next_batch(now: datetime) -> tuple[int, list[int]] | None:
    """Return items of one organization that have claims due, a bounded number of claims."""
    due = tuple(
        Claim.objects.filter(expires_at__lte=now)
        .order_by("expires_at")
        .values_list("item__organization_id", "item_id")[:BATCH_CLAIMS]
    )
    if not due:
        return None
    organization_id = due[0][0]
    return organization_id, sorted({item for org, item in due if org == organization_id})


def _expire(organization_id: int, item_ids: list[int], *, origin: Origin, now: datetime) -> int:
    with locked_write():
        lock_organization_shared(organization_id)
        locked = lock_items(organization_id, item_ids=item_ids)
        graph = graph_at(organization_id, version=locked.graph_version)
        claims = ClaimBook()
        due = due_claims(item_ids, now=now)[:BATCH_CLAIMS]
        claims.take_in(due)
        book = open_book(graph=graph, locked=locked.items.values())
        book.load_locations(location_pairs(graph, due))
        release_claims(book, claims, due, kind=MovementKind.EXPIRE, now=now)
        statement = Statement()
        write_claims(statement, claims)
        book.write(statement, origin=origin, now=now)
    return len(due)
