"""The delta feed: every change of the places a consumer follows, at least once, never none.

A token stands for a stored row with the snapshot its consumer has read to. The next page holds
the items moved by transactions which that snapshot did not see; nobody waits for a transaction
that is still open, and its changes come when it has committed (design: 8).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection

from inventory.domain.balance import Balance
from inventory.errors import ExpiredDeltaLink, InvalidRequestParameter
from inventory.models import DeltaToken
from inventory.selectors.availability import (
    Found,
    find_items_by_id,
    group_figures,
    records_at,
    snapshot,
)
from inventory.selectors.graph import current_graph
from inventory.services.retention import drop

LIFETIME = timedelta(hours=23, minutes=30)
PAGE_RECORDS = 1_000
MAX_PLACES = 100
_ROUNDS = 20
"""Pages without a record for the consumer that one call looks through before it answers."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The figures of one item at one place as they stand now; quantities in thousandths."""

    sku: str
    place: str
    is_deleted: bool
    sequence: int
    balance: Balance
    available_to_order: int
    available_to_fulfil: int
    futures: tuple[tuple[str, int], ...]
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """What changed since a token, and the token to go on with."""

    records: list[Delta]
    next_token: str
    should_query_again: bool


_POSITION = """
SELECT pg_current_snapshot()::text,
  (SELECT graph_version FROM inventory_organization WHERE id = %s),
  (SELECT system_identifier FROM pg_control_system()) || ':' ||
  (SELECT timeline_id FROM pg_control_checkpoint()) || ':' ||
  (SELECT oid FROM pg_database WHERE datname = current_database()) || ':' ||
  'inventory_movement'::regclass::oid,
  (SELECT dropped_xid::text::bigint FROM inventory_ledgerhorizon WHERE organization_id = %s)
"""
_CHANGED = """
SELECT DISTINCT item_id FROM inventory_movement
WHERE organization_id = %s AND xid >= pg_snapshot_xmin(%s::pg_snapshot)
  AND NOT pg_visible_in_snapshot(xid, %s::pg_snapshot)
  AND pg_visible_in_snapshot(xid, %s::pg_snapshot)
  AND item_id > %s ORDER BY item_id LIMIT %s
"""
_IS_BEHIND = """
SELECT pg_snapshot_xmax(%s::pg_snapshot) < pg_snapshot_xmax(%s::pg_snapshot)
"""


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """Where the database stands: what is visible, which graph, and which very database it is.

    `dropped_xid` is the last transaction of which rows were dropped from the ledger, if any was.
    """

    snapshot: str
    graph_version: int
    epoch: str
    dropped_xid: int | None

    def still_has_all_since(self, seen: str) -> bool:
        """Tell whether the ledger has every row that this snapshot has not seen."""
        oldest_running = int(seen.partition(":")[0])
        return self.dropped_xid is None or self.dropped_xid < oldest_running


def feed_position(organization_id: int) -> FeedPosition:
    """Return where the feed stands for this transaction's snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [organization_id, organization_id])
        return FeedPosition(*cursor.fetchone())


def create_delta_token(
    *, organization_id: int, is_group: bool, places: Sequence[str], now: datetime
) -> str:
    """Return a token from which every later change of these places is answered.

    Raises InvalidRequestParameter when a place is unknown or of the other kind.
    """
    _check_places(organization_id, is_group=is_group, places=places)
    return issue_token_at(
        feed_position(organization_id),
        organization_id=organization_id,
        is_group=is_group,
        places=places,
        now=now,
    )


def issue_token_at(
    position: FeedPosition,
    *,
    organization_id: int,
    is_group: bool,
    places: Sequence[str],
    now: datetime,
) -> str:
    """Return a token from which every change is answered that `position` has not seen.

    For exports, which have read the places in that snapshot: their number is not limited.
    """
    return _issue(
        DeltaToken(
            organization_id=organization_id,
            is_group=is_group,
            places=list(places),
            seen=position.snapshot,
            graph_version=position.graph_version,
            epoch=position.epoch,
        ),
        now=now,
    )


def update_delta_token(
    *, organization_id: int, token: str, places: Sequence[str], now: datetime
) -> str:
    """Return a token with other places at the same position.

    A round under way starts anew, so that the new places miss nothing of it.
    """
    row = _valid(organization_id, token, position=feed_position(organization_id), now=now)
    _check_places(organization_id, is_group=row.is_group, places=places)
    return _issue(
        DeltaToken(
            organization_id=organization_id,
            is_group=row.is_group,
            places=list(places),
            seen=row.seen,
            graph_version=row.graph_version,
            epoch=row.epoch,
        ),
        now=now,
    )


def read_deltas(*, organization_id: int, token: str, now: datetime) -> DeltaPage:
    """Return the next page of changes.

    Raises InvalidRequestParameter for a token that never was, ExpiredDeltaLink for one that is
    too old, or from before a graph change, a restore, or what the ledger still has.
    """
    with snapshot():
        position = feed_position(organization_id)
        row = _valid(organization_id, token, position=position, now=now)
        if _is_behind(position.snapshot, row.until or row.seen):
            return DeltaPage([], token, should_query_again=False)
        until = row.until or position.snapshot
        records, after_item = _collect(row, until=until)
    is_done = after_item is None
    next_row = DeltaToken(
        organization_id=organization_id,
        is_group=row.is_group,
        places=row.places,
        seen=until if is_done else row.seen,
        until=None if is_done else until,
        after_item=after_item or 0,
        graph_version=row.graph_version,
        epoch=row.epoch,
    )
    return DeltaPage(records, _issue(next_row, now=now), should_query_again=not is_done)


def _collect(row: DeltaToken, *, until: str) -> tuple[list[Delta], int | None]:
    """Return a page of records and the last item looked at; None when the round is over."""
    page = max(1, PAGE_RECORDS // max(1, len(row.places)))
    after = row.after_item
    for _ in range(_ROUNDS):
        item_ids = _changed_items(row, until=until, after=after, limit=page + 1)
        more = len(item_ids) > page
        records = _deltas(row, item_ids[:page])
        if not more:
            return records, None
        after = item_ids[page - 1]
        if records:
            break
    return records, after


def _changed_items(row: DeltaToken, *, until: str, after: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [row.organization_id, row.seen, row.seen, until, after, limit])
        return [item_id for (item_id,) in cursor.fetchall()]


def _deltas(row: DeltaToken, item_ids: list[int]) -> list[Delta]:
    if not item_ids:
        return []
    found = find_items_by_id(row.organization_id, item_ids=item_ids)
    deltas = _group_deltas(row, found) if row.is_group else _location_deltas(row, found)
    return sorted(deltas, key=lambda delta: (found.items[delta.sku].id, delta.place))


def _location_deltas(row: DeltaToken, found: Found) -> list[Delta]:
    graph = found.graph
    by_id = {item.id: item for item in found.items.values()}
    records = records_at(
        graph,
        item_ids=list(by_id),
        locations=[graph.locations[name] for name in row.places],
    )
    return [
        Delta(
            sku=by_id[item_id].sku,
            place=graph.identifiers[location],
            is_deleted=not record.exists,
            sequence=by_id[item_id].sequence,
            balance=record.balance,
            available_to_order=record.balance.available_to_order if record.exists else 0,
            available_to_fulfil=record.balance.available_to_fulfil if record.exists else 0,
            futures=record.futures,
            effective_at=record.effective_at,
        )
        for (item_id, location), record in records.items()
    ]


def _group_deltas(row: DeltaToken, found: Found) -> list[Delta]:
    groups = {found.graph.groups[name]: name for name in row.places}
    return [
        Delta(
            sku=sku,
            place=groups[group],
            is_deleted=not figures.exists,
            sequence=found.items[sku].sequence,
            balance=Balance(figures.on_hand, figures.safety_stock, figures.reserved),
            available_to_order=figures.available_to_order,
            available_to_fulfil=figures.available_to_fulfil,
            futures=figures.futures,
            effective_at=figures.effective_at,
        )
        for (sku, group), figures in group_figures(found, groups=groups).items()
    ]


def _valid(
    organization_id: int, token: str, *, position: FeedPosition, now: datetime
) -> DeltaToken:
    row = DeltaToken.objects.filter(organization_id=organization_id, digest=_digest(token)).first()
    if row is None:
        message = "The delta token provided is invalid."
        raise InvalidRequestParameter(message, parameter="deltaToken")
    is_of_here = row.epoch == position.epoch and row.graph_version == position.graph_version
    if row.expires_at <= now or not is_of_here or not position.still_has_all_since(row.seen):
        message = "The delta token provided has expired."
        raise ExpiredDeltaLink(message, parameter="deltaToken")
    return row


def _is_behind(current: str, seen: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_BEHIND, [current, seen])
        (behind,) = cursor.fetchone()
    return bool(behind)


def _check_places(organization_id: int, *, is_group: bool, places: Sequence[str]) -> None:
    graph = current_graph(organization_id)
    known = graph.groups if is_group else graph.locations
    if not places or len(places) > MAX_PLACES:
        message = f"places must hold 1 to {MAX_PLACES} ids"
        raise InvalidRequestParameter(message, parameter="places")
    for name in places:
        if name not in known:
            message = f"places must be of type location or group: no such place '{name}'"
            raise InvalidRequestParameter(message, parameter="places")


def _issue(row: DeltaToken, *, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    row.digest = _digest(token)
    row.created_at = now
    row.expires_at = now + LIFETIME
    row.save(force_insert=True)
    return token


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def forget_expired_tokens(*, now: datetime) -> int:
    """Drop tokens that nobody can use any more, in batches; return how many."""
    return drop(DeltaToken.objects.filter(expires_at__lte=now).order_by("expires_at"))
