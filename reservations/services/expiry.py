"""Releasing what has expired, in sorted batches of items; no document is locked.

A run goes round whoever is in its way: it takes the items that nobody holds, then waits a little
for the others, one by one. What cannot be had, or fails, is logged and left to the next run: no
item and no tenant stops the others.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from inventory.errors import ConcurrentModification
from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import Item, MovementKind
from inventory.origin import Origin
from inventory.selectors.graph import graph_at
from inventory.services.book import open_book
from inventory.statements import Statement
from reservations.domain.claims import ClaimBook
from reservations.models import Claim
from reservations.selectors.claims import due_claims
from reservations.services.writing import location_pairs, release_claims, write_claims

log = logging.getLogger("holdfast.expiry")

BATCH_CLAIMS = 500
PATIENCE = "1s"
"""How long a run waits for a lock. A busy item's lock passes from hand to hand, so that it is
never found free; who waits for it gets it within milliseconds."""
MAX_WAITS = 3
"""So many waits in vain, and a run leaves the rest to the next: a session that holds a thousand
items must not keep the worker from everybody else's."""
_NAMED = 20


def expire_due_claims(*, origin: Origin, now: datetime) -> int:
    """Release every claim whose time has passed by `now`; return how many.

    Safe to run twice and at the same time: who comes second to an item finds nothing due. Raises
    only when there is no database.
    """
    run = _Run(origin=origin, now=now)
    while batch := run.next_batch():
        run.release(*batch)
    run.wait_for_held()
    return run.released


@dataclass(slots=True)
class _Run:
    """One run, and whom it goes round."""

    origin: Origin
    now: datetime
    released: int = 0
    held: dict[int, int] = field(default_factory=dict)
    """Items that others have locked, and their organizations."""
    failed: set[int] = field(default_factory=set)
    changing: set[int] = field(default_factory=set)
    """Organizations whose graph is being changed."""

    def next_batch(self) -> tuple[int, list[int]] | None:
        """Return items of one organization that have claims due, a bounded number of claims."""
        due = tuple(
            Claim.objects.filter(expires_at__lte=self.now)
            .exclude(item_id__in=self.failed | self.held.keys())
            .exclude(item__organization_id__in=self.changing)
            .order_by("expires_at")
            .values_list("item__organization_id", "item_id")[:BATCH_CLAIMS]
        )
        if not due:
            return None
        organization_id = due[0][0]
        return organization_id, sorted({item for org, item in due if org == organization_id})

    def release(self, organization_id: int, item_ids: list[int]) -> None:
        """Release what is due of these items, as far as nobody holds them."""
        try:
            locked = self._expire(organization_id, item_ids, skip_locked=True)
        except ConcurrentModification:
            log.warning("The graph of organization %s is being changed", organization_id)
            self.changing.add(organization_id)
        except Exception:
            if not connection.is_usable():
                raise
            if len(item_ids) == 1:
                log.exception("Nothing is released of %s", _named(item_ids))
                self.failed.update(item_ids)
                return
            for item_id in item_ids:
                self.release(organization_id, [item_id])
        else:
            self.held.update((i, organization_id) for i in item_ids if i not in locked)

    def wait_for_held(self) -> None:
        """Try the items that others held once more, each with a little patience."""
        left: list[int] = []
        for item_id, organization_id in sorted(self.held.items()):
            if len(left) < MAX_WAITS and self._is_had(organization_id, item_id):
                continue
            left.append(item_id)
        if left:
            log.warning("Others hold %d items: %s", len(left), _named(left))

    def _is_had(self, organization_id: int, item_id: int) -> bool:
        try:
            self._expire(organization_id, [item_id], skip_locked=False)
        except ConcurrentModification:
            return False
        except Exception:
            if not connection.is_usable():
                raise
            log.exception("Nothing is released of %s", _named([item_id]))
        return True

    def _expire(
        self, organization_id: int, item_ids: list[int], *, skip_locked: bool
    ) -> Collection[int]:
        """Release what is due of these items; return those that could be locked."""
        with locked_write():
            lock_organization_shared(organization_id, timeout=PATIENCE)
            locked = lock_items(organization_id, item_ids=item_ids, skip_locked=skip_locked)
            had = {item.id for item in locked.items.values()}
            graph = graph_at(organization_id, version=locked.graph_version)
            claims = ClaimBook()
            due = due_claims(sorted(had), now=self.now, limit=BATCH_CLAIMS)
            claims.take_in(due)
            book = open_book(graph=graph, locked=locked.items.values())
            book.load_locations(location_pairs(graph, due))
            release_claims(book, claims, due, kind=MovementKind.EXPIRE, now=self.now)
            statement = Statement()
            write_claims(statement, claims)
            book.write(statement, origin=self.origin, now=self.now)
        self.released += len(due)
        return had


def _named(item_ids: Collection[int]) -> str:
    """Return organizations and SKUs of the first of these items, as a log tells them."""
    items = Item.objects.filter(pk__in=list(item_ids)[:_NAMED])
    names = items.order_by("pk").values_list("organization__identifier", "sku")
    return ", ".join(f"{organization}/{sku}" for organization, sku in names)
