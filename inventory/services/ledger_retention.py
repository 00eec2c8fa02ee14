"""Dropping old months of the ledger, so that what is left still explains every balance.

An item's rows are dropped from the first one on, never out of the middle, and what they came to
goes into their openings by the same statement: the audit is clean before, between and after.
Nothing else is locked; reservations write new rows and never look at old ones.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection, transaction

from inventory.locks import try_lock_ledger
from inventory.models import Organization

_ITEMS_LOOKED_AT = 1_000
_ITEMS = 25
_ROWS = 200
"""A transaction drops at most so many rows of each of so many items."""

# Of each item after a point, in order: is its first row one to drop?
_CANDIDATES = """
SELECT i.id, first.recorded_at < %s IS TRUE FROM inventory_item i LEFT JOIN LATERAL (
  SELECT m.recorded_at FROM inventory_movement m WHERE m.item_id = i.id ORDER BY m.id LIMIT 1
) first ON true
WHERE i.organization_id = %s AND i.id > %s ORDER BY i.id LIMIT %s
"""
# Times need not rise with the ids: a row that is kept keeps all that follow it.
_DROP = """
WITH old AS (
  SELECT v.item_id, following.id FROM unnest(%s::bigint[]) AS v(item_id) CROSS JOIN LATERAL (
    SELECT page.id, bool_and(page.recorded_at < %s) OVER (ORDER BY page.id) AS is_old
    FROM (
      SELECT m.id, m.recorded_at FROM inventory_movement m
      WHERE m.item_id = v.item_id ORDER BY m.id LIMIT %s
    ) page
  ) following WHERE following.is_old
), dropped AS (
  DELETE FROM inventory_movement m USING old WHERE m.item_id = old.item_id AND m.id = old.id
  RETURNING m.*
), opened AS (
  INSERT INTO inventory_ledgeropening AS o (organization_id, item_id, place_id, on_hand,
    safety_stock, reserved, futures, movements, sequence)
  SELECT organization_id, item_id, place_id, sum(on_hand_after - on_hand_before),
    sum(safety_stock_after - safety_stock_before), sum(reserved_after - reserved_before),
    sum(futures_after - futures_before), count(*), max(sequence)
  FROM dropped GROUP BY organization_id, item_id, place_id
  ON CONFLICT (item_id, place_id) DO UPDATE SET on_hand = o.on_hand + EXCLUDED.on_hand,
    safety_stock = o.safety_stock + EXCLUDED.safety_stock,
    reserved = o.reserved + EXCLUDED.reserved, futures = o.futures + EXCLUDED.futures,
    movements = o.movements + EXCLUDED.movements, sequence = EXCLUDED.sequence
), horizon AS (
  INSERT INTO inventory_ledgerhorizon AS h (organization_id, kept_since, dropped_xid)
  SELECT organization_id, %s, max(xid) FROM dropped GROUP BY organization_id
  ON CONFLICT (organization_id) DO UPDATE SET
    kept_since = greatest(h.kept_since, EXCLUDED.kept_since),
    dropped_xid = greatest(h.dropped_xid, EXCLUDED.dropped_xid)
)
SELECT item_id, count(*) FROM dropped GROUP BY item_id
"""


def drop_old_ledger(*, months: int, now: datetime) -> int:
    """Drop the rows of months (UTC) that ended `months` ago or earlier; return how many.

    The current month and as many before it are kept; with 0 all are. Rows go in short transactions,
    each of which may be the last: the next call goes on. Safe to run twice at once.
    """
    if not months:
        return 0
    limit = _first_kept(now, months=months)
    organizations = Organization.objects.order_by("pk").values_list("pk", flat=True)
    return sum(_drop_of(pk, limit=limit) for pk in organizations)


def _first_kept(now: datetime, *, months: int) -> datetime:
    """Return the beginning of the month that is `months` before the current one."""
    now = now.astimezone(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(max(year, 1), month + 1, 1, tzinfo=UTC)


def _drop_of(organization_id: int, *, limit: datetime) -> int:
    dropped = after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CANDIDATES, [limit, organization_id, after, _ITEMS_LOOKED_AT])
            rows = cursor.fetchall()
        old = [item_id for item_id, is_old in rows if is_old]
        for start in range(0, len(old), _ITEMS):
            dropped += _drop_of_items(organization_id, old[start : start + _ITEMS], limit=limit)
        if len(rows) < _ITEMS_LOOKED_AT:
            return dropped
        after = rows[-1][0]


def _drop_of_items(organization_id: int, item_ids: Sequence[int], *, limit: datetime) -> int:
    dropped = 0
    while item_ids:
        counts = _drop_first_rows(organization_id, item_ids, limit=limit)
        dropped += sum(counts.values())
        item_ids = [item_id for item_id, count in counts.items() if count == _ROWS]
    return dropped


def _drop_first_rows(
    organization_id: int, item_ids: Sequence[int], *, limit: datetime
) -> dict[int, int]:
    """Drop the first old rows of each item; return how many by item, none if others are at it."""
    with transaction.atomic(durable=True):
        if not try_lock_ledger(organization_id):
            return {}
        with connection.cursor() as cursor:
            cursor.execute(_DROP, [list(item_ids), limit, _ROWS, limit])
            return dict(cursor.fetchall())
