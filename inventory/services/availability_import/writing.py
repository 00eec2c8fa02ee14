"""Writing the records of a chunk that change something, under the locks of their items.

Most records are plain: nobody has promised anything of the item, and its pools only add up. Those
are written by one statement over the staging table; a record so written costs a quarter of one that
goes through the stock book in memory. The book takes the others: they need the laws.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from inventory import ledger
from inventory.domain.balance import Balance
from inventory.domain.graph import Graph
from inventory.domain.item import ItemState
from inventory.domain.record import Record
from inventory.ledger import Cause
from inventory.locks import LockedItem
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.services.availability_import.entries import Row
from inventory.services.availability_import.records import Figures
from inventory.services.availability_import.staging import (
    CHANGES,
    TABLE,
    THE_ITEM,
    THE_RECORD,
)
from inventory.services.book import StockBook, open_book
from inventory.services.jobs.running import Counts, JobRun, checkpoint_update
from inventory.statements import Statement

# The batch stands in the order of items and their steps, as its window made it: so the ids of an
# item's rows rise with its sequence. Sorting it again took a fortieth of the statement.
_MOVEMENTS = f"""(
  SELECT $1 AS organization_id, item_id, location_id AS place_id,
    '{MovementKind.IMPORT.value}' AS kind, on_hand AS quantity,
    old_on_hand AS on_hand_before, on_hand AS on_hand_after,
    old_safety_stock AS safety_stock_before, safety_stock AS safety_stock_after,
    reserved AS reserved_before, reserved AS reserved_after,
    old_futures_quantity AS futures_before, futures_quantity AS futures_after,
    NULL::bigint AS document_id, NULL::bigint AS line_id, record_id AS request_id,
    '' AS external_ref, $4::text AS correlation_id, $5::text AS actor,
    before + step AS sequence, $2 AS graph_version,
    coalesce(effective_at, $6) AS effective_at, $6 AS recorded_at
  FROM batch
) AS v"""

# With the rest of the statement: a statement more would be a round trip more under the locks, and
# a twentieth of the time of an import.
_CHECKPOINT = checkpoint_update(
    {
        "records_read": "$10",
        "records_processed": "(SELECT records FROM summed)",
        "records_skipped": "$11 - (SELECT records FROM summed)",
        "records_failed": "$12",
        "bytes_done": "$13",
    },
    position="$9",
    job="$7",
    lease="$8",
)

PREPARED = "availability_import_write_5"
"""The name under which servers keep the statement; another number for another text."""

# Like `domain.item`: sums of pools and items move by what their records move, the ledger gets one
# row for each. Items are plain while no promise, exclusion, segmentation or older graph asks for
# more than sums, and no record takes away a date that a pool may have from it.
PREPARE = f"""
PREPARE {PREPARED} (bigint, bigint, bigint, text, text, timestamptz,
  bigint, uuid, jsonb, bigint, bigint, bigint, bigint) AS
WITH judged AS MATERIALIZED (
  SELECT *,
    row_number() OVER (PARTITION BY item_id ORDER BY line) AS step,
    greatest(0, on_hand + futures_quantity - safety_stock - reserved) AS free,
    greatest(0, on_hand - safety_stock - reserved) AS free_to_fulfil,
    CASE WHEN existed THEN
      greatest(0, old_on_hand + old_futures_quantity - old_safety_stock - reserved)
    ELSE 0 END AS old_free,
    CASE WHEN existed THEN greatest(0, old_on_hand - old_safety_stock - reserved)
    ELSE 0 END AS old_free_to_fulfil
  FROM (
    SELECT s.line, s.record_id, s.signature, s.location_id, i.id AS item_id, i.sequence AS before,
      r.id AS record, r.id IS NOT NULL AND NOT r.is_deleted AS existed,
      coalesce(r.on_hand, 0) AS old_on_hand, coalesce(r.safety_stock, 0) AS old_safety_stock,
      coalesce(r.futures, '[]') AS old_futures,
      coalesce(r.futures_quantity, 0) AS old_futures_quantity,
      coalesce(r.reserved, 0) AS reserved,
      coalesce(s.on_hand, r.on_hand, 0) AS on_hand,
      coalesce(s.safety_stock, r.safety_stock, 0) AS safety_stock,
      coalesce(s.futures, r.futures, '[]') AS futures,
      coalesce(s.futures_quantity, r.futures_quantity, 0) AS futures_quantity,
      CASE WHEN s.has_effective_at THEN s.effective_at ELSE r.effective_at END AS effective_at,
      i.graph_version = $2 AND i.segmented_out = '{{}}'
        AND coalesce(s.excluded_groups, '{{}}') = '{{}}'
        AND coalesce(r.excluded_groups, '{{}}') = '{{}}'
        AND (r.effective_at IS NULL OR NOT s.has_effective_at
          OR coalesce(s.effective_at >= r.effective_at, false))
        AND NOT EXISTS (
          SELECT FROM inventory_promise p WHERE p.item_id = i.id AND p.quantity > 0
        ) AS is_plain
    FROM {TABLE} s
    JOIN {THE_ITEM.format(organization="$1")} ON true LEFT JOIN {THE_RECORD} ON true
    WHERE s.line <= $3 AND {CHANGES}
  ) staged
),
unplain AS MATERIALIZED (SELECT DISTINCT item_id FROM judged WHERE NOT is_plain),
batch AS NOT MATERIALIZED (
  SELECT * FROM judged WHERE item_id NOT IN (SELECT item_id FROM unplain)
),
pooled AS MATERIALIZED (
  SELECT item_id, signature, count(*) FILTER (WHERE NOT existed) AS records,
    sum(on_hand - old_on_hand) AS on_hand, sum(safety_stock - old_safety_stock) AS safety_stock,
    coalesce(sum(reserved) FILTER (WHERE NOT existed), 0) AS reserved,
    sum(free - old_free) AS free, sum(free_to_fulfil - old_free_to_fulfil) AS free_to_fulfil,
    max(effective_at) AS effective_at
  FROM batch GROUP BY item_id, signature
),
expected AS MATERIALIZED (
  SELECT item_id, signature, jsonb_object_agg(date, quantity) AS quantities FROM (
    SELECT b.item_id, b.signature, f.date, sum(f.quantity) AS quantity FROM batch b
    CROSS JOIN LATERAL (
      SELECT e ->> 0 AS date, (e ->> 1)::bigint AS quantity FROM jsonb_array_elements(b.futures) e
      UNION ALL
      SELECT e ->> 0, -(e ->> 1)::bigint FROM jsonb_array_elements(b.old_futures) e
    ) f
    WHERE b.futures <> b.old_futures GROUP BY 1, 2, 3 HAVING sum(f.quantity) <> 0
  ) moved GROUP BY item_id, signature
),
new_records AS (
  INSERT INTO inventory_stockrecord (item_id, location_id, on_hand, safety_stock, reserved,
    futures_quantity, futures, effective_at, excluded_groups, is_deleted)
  SELECT item_id, location_id, on_hand, safety_stock, reserved, futures_quantity, futures,
    effective_at, '{{}}', false FROM batch WHERE record IS NULL
),
records AS (
  UPDATE inventory_stockrecord r SET on_hand = b.on_hand, safety_stock = b.safety_stock,
    futures_quantity = b.futures_quantity, futures = b.futures, effective_at = b.effective_at,
    is_deleted = false
  FROM batch b WHERE r.id = b.record AND b.record IS NOT NULL
),
pools AS (
  INSERT INTO inventory_poolbalance (item_id, signature, records, on_hand, safety_stock, reserved,
    free, free_to_fulfil, futures, effective_at)
  SELECT m.item_id, m.signature, coalesce(p.records, 0) + m.records,
    coalesce(p.on_hand, 0) + m.on_hand, coalesce(p.safety_stock, 0) + m.safety_stock,
    coalesce(p.reserved, 0) + m.reserved, coalesce(p.free, 0) + m.free,
    coalesce(p.free_to_fulfil, 0) + m.free_to_fulfil,
    CASE WHEN e.quantities IS NULL THEN coalesce(p.futures, '{{}}') ELSE (
      SELECT coalesce(jsonb_object_agg(date, quantity), '{{}}') FROM (
        SELECT key AS date, sum(value::bigint) AS quantity FROM (
          SELECT * FROM jsonb_each_text(coalesce(p.futures, '{{}}'))
          UNION ALL SELECT * FROM jsonb_each_text(e.quantities)
        ) both_of GROUP BY key HAVING sum(value::bigint) <> 0
      ) merged
    ) END,
    greatest(p.effective_at, m.effective_at)
  FROM pooled m
  LEFT JOIN LATERAL (
    SELECT * FROM inventory_poolbalance WHERE item_id = m.item_id AND signature = m.signature
    LIMIT 1
  ) p ON true
  LEFT JOIN expected e ON e.item_id = m.item_id AND e.signature = m.signature
  ON CONFLICT (item_id, signature) DO UPDATE SET records = EXCLUDED.records,
    on_hand = EXCLUDED.on_hand, safety_stock = EXCLUDED.safety_stock,
    reserved = EXCLUDED.reserved, free = EXCLUDED.free, free_to_fulfil = EXCLUDED.free_to_fulfil,
    futures = EXCLUDED.futures, effective_at = EXCLUDED.effective_at
),
items AS (
  UPDATE inventory_item i SET sequence = i.sequence + m.steps, on_hand = i.on_hand + m.on_hand,
    available_to_order = i.available_to_order + m.free, changed_at = $6
  FROM (
    SELECT item_id, count(*) AS steps, sum(on_hand - old_on_hand) AS on_hand,
      sum(free - old_free) AS free FROM batch GROUP BY item_id
  ) m WHERE i.id = m.item_id
),
movements AS (
  {ledger.insert_from(_MOVEMENTS)}
),
summed AS MATERIALIZED (SELECT count(*) AS records FROM batch),
checkpoint AS ({_CHECKPOINT})
SELECT count(*), array_agg(line) FILTER (WHERE item_id IN (SELECT item_id FROM unplain)),
  (SELECT is_stopping FROM checkpoint)
FROM judged
"""


class Checkpoint(NamedTuple):
    """What a job is told of a chunk: counts as if nothing changed, and where the next begins."""

    unchanged: Counts
    position: Any


def write_changes(
    rows: Mapping[int, Row],
    *,
    last: int,
    graph: Graph,
    locked: Mapping[str, LockedItem],
    run: JobRun,
    checkpoint: Checkpoint,
    now: datetime,
) -> int:
    """Write the staged records up to a line, whose items are locked; return how many changed.

    `rows` are the staged records by line. The checkpoint is written with them; LeaseLost when the
    job is another run's.
    """
    summed, left = _write_sums(last, graph=graph, run=run, checkpoint=checkpoint, now=now)
    if not left:
        return summed
    booked = _book(
        [rows[line] for line in left], graph=graph, locked=locked, origin=run.origin, now=now
    )
    more = Counts(processed=booked, skipped=-booked)
    run.checkpoint(more, position=checkpoint.position)
    return summed + booked


def _write_sums(
    last: int, *, graph: Graph, run: JobRun, checkpoint: Checkpoint, now: datetime
) -> tuple[int, list[int]]:
    """Write the plain records; return how many, and the lines of those that are left, in order."""
    unchanged = checkpoint.unchanged
    parameters: list[Any] = [
        graph.organization_id,
        graph.version,
        last,
        run.origin.correlation_id,
        run.origin.actor,
        now,
        run.job.pk,
        run.lease,
        json.dumps(checkpoint.position),
        unchanged.read,
        unchanged.skipped,
        unchanged.failed,
        unchanged.bytes_done,
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXECUTE {PREPARED} ({', '.join(['%s'] * len(parameters))})",
            parameters,
        )
        judged, left, is_stopping = cursor.fetchone()
    lines = sorted(left or ())
    summed: int = judged - len(lines)
    counts = replace(unchanged, processed=summed, skipped=unchanged.skipped - summed)
    run.checked(counts, is_stopping=is_stopping)
    return summed, lines


def _book(
    rows: Sequence[Row],
    *,
    graph: Graph,
    locked: Mapping[str, LockedItem],
    origin: Origin,
    now: datetime,
) -> int:
    """Write records through the stock book; return how many changed something."""
    items = {row.sku: locked[row.sku] for row in rows}
    book = open_book(
        graph=graph,
        locked=items.values(),
        locations=[(row.sku, row.place) for row in rows],
    )
    applied = 0
    for row in rows:
        item = book.items[row.sku]
        record = _changed(book, item, row)
        if record is not None:
            cause = Cause(
                kind=MovementKind.IMPORT,
                quantity=record.balance.on_hand,
                effective_at=record.effective_at or now,
                request_id=row.record_id,
            )
            item.put(row.place, record, cause=cause)
            applied += 1
    book.write(Statement(), origin=origin, now=now)
    return applied


def _changed(book: StockBook, item: ItemState, row: Row) -> Record | None:
    """Return the record as the import leaves it; None when it changes nothing that counts."""
    old, said = item.records[row.place], row.figures
    futures = old.futures if said.futures is None else said.futures
    excluded = old.excluded_groups if said.excluded_groups is None else said.excluded_groups
    balance = Balance(
        on_hand=old.balance.on_hand if said.on_hand is None else said.on_hand,
        safety_stock=(old.balance.safety_stock if said.safety_stock is None else said.safety_stock),
        reserved=old.balance.reserved,
        futures=sum(quantity for _, quantity in futures),
    )
    if old.exists and (balance, futures, excluded) == (
        old.balance,
        old.futures,
        old.excluded_groups,
    ):
        return None
    return Record(
        signature=book.signature(item, row.place, excluded=excluded),
        balance=balance,
        futures=futures,
        effective_at=_effective_at(old, said),
        excluded_groups=excluded,
        exists=True,
    )


def _effective_at(old: Record, said: Figures) -> datetime | None:
    if not said.has_effective_date:
        return old.effective_at
    return None if said.effective_at is None else datetime.fromisoformat(said.effective_at)
