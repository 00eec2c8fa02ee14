"""Staging: the records of a chunk in a temporary table, next to what is stored.

The table is the connection's own and empty at every commit. It is made when it is not there, so any
server connection of a transaction pooler will do.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple, Protocol

import msgspec
from django.db import connection

from inventory.locks import LOCK_TIMEOUT
from inventory.services.availability_import.records import Figures

TABLE = "availability_import_1"
"""Another number for other columns: servers of a pooler keep their tables over a deployment."""

# No commit of a chunk waits for the disk while it holds locks. A crash of the machine takes the
# position as well, so that the chunk is imported again; and whoever built on it (a reservation, a
# delta token) has waited for the disk, which writes what came before in the same stream.
_PREPARE = f"""
SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true), set_config('jit', 'off', true),
  set_config('synchronous_commit', 'off', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('enable_seqscan', 'off', true);
CREATE TEMPORARY TABLE IF NOT EXISTS {TABLE} (
  line bigint, key uuid, body uuid, record_id text, signature text,
  sku text, location_id bigint, on_hand bigint, safety_stock bigint, futures jsonb,
  futures_quantity bigint, has_effective_at boolean, effective_at timestamptz,
  excluded_groups varchar[]
) ON COMMIT DELETE ROWS;
DELETE FROM {TABLE}
"""

# Staging has no statistics. Laterals with a limit leave the planner one way: a look-up by the
# unique key for each staged row.
THE_ITEM = """LATERAL (
  SELECT * FROM inventory_item WHERE organization_id = %(organization)s AND sku = s.sku LIMIT 1
) i"""
THE_RECORD = """LATERAL (
  SELECT * FROM inventory_stockrecord WHERE item_id = i.id AND location_id = s.location_id LIMIT 1
) r"""
_THE_EARLIER = """LATERAL (
  SELECT body FROM inventory_importedrecord
  WHERE organization_id = %(organization)s AND key = s.key LIMIT 1
) d"""

CHANGES = """(
  r.id IS NULL OR r.is_deleted OR s.on_hand <> r.on_hand OR s.safety_stock <> r.safety_stock
  OR s.futures <> r.futures OR s.excluded_groups <> r.excluded_groups
)"""
"""Whether a staged record (s) differs from what is stored (r). A new effective date alone is not
news (spec: oci-headless 6.1)."""

_COMPARE = f"""
SELECT s.line, i.id, d.body IS NOT NULL, d.body IS NOT DISTINCT FROM s.body
FROM {TABLE} s
LEFT JOIN {_THE_EARLIER} ON true LEFT JOIN {THE_ITEM} ON true LEFT JOIN {THE_RECORD} ON true
WHERE d.body IS NOT NULL OR {CHANGES}
ORDER BY s.line
"""
_REMEMBER = f"""
INSERT INTO inventory_importedrecord (organization_id, key, body, created_at)
SELECT %s, key, body, %s FROM {TABLE} WHERE line <= %s AND line <> ALL(%s::bigint[])
ORDER BY key ON CONFLICT DO NOTHING
"""
_NULL = "\\N"
_NO_FUTURES = "[]\t0"


class StagedRow(Protocol):
    """What is staged of a record: its line and ids, and what it says, as COPY has them."""

    @property
    def place(self) -> int: ...
    @property
    def ids(self) -> str: ...
    @property
    def said(self) -> str: ...


class Found(NamedTuple):
    """A staged record that is no plain "unchanged"; `item_id` is None for an unborn item."""

    line: int
    item_id: int | None
    is_known: bool
    is_same: bool


def copy_text(sku: str, place: int, figures: Figures) -> str:
    r"""Write what a record says as COPY's text format has it; \N leaves what is stored."""
    futures, excluded = figures.futures, figures.excluded_groups
    if futures is None:
        future_cells = f"{_NULL}\t{_NULL}"
    elif not futures:
        future_cells = _NO_FUTURES
    else:
        total = sum(quantity for _, quantity in futures)
        future_cells = f"{msgspec.json.encode(futures).decode()}\t{total}"
    groups = _NULL if excluded is None else "{" + ",".join(excluded) + "}"
    return (
        f"{sku}\t{place}\t{_cell(figures.on_hand)}\t{_cell(figures.safety_stock)}\t{future_cells}"
        f"\t{'t' if figures.has_effective_date else 'f'}\t{figures.effective_at or _NULL}"
        f"\t{groups}\n"
    )


def copy_ids(line: int, record_id: str, said: str) -> str:
    """Write a record's line, the digests of its id and of its content, and its id."""
    escaped = record_id.replace("\\", "\\\\") if "\\" in record_id else record_id
    return f"{line}\t{_digest(record_id)}\t{_digest(said)}\t{escaped}"


def _cell(quantity: int | None) -> str:
    return _NULL if quantity is None else str(quantity)


def stage(rows: Iterable[StagedRow], *, signatures: Mapping[int, str]) -> None:
    """Fill the staging table, which lasts until the transaction ends."""
    text = "".join(f"{row.ids}\t{signatures[row.place]}\t{row.said}" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)
        with cursor.copy(f"COPY {TABLE} FROM STDIN") as copy:
            copy.write(text)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def compare(organization_id: int) -> list[Found]:
    """Return what differs from the stored stock, or was imported before; by line. Locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, {"organization": organization_id})
        return [Found(*row) for row in cursor.fetchall()]


def remember(organization_id: int, *, up_to_line: int, but: list[int], now: datetime) -> int:
    """Note the records up to a line as imported, in the order of their keys; return how many.

    Fewer than there are means that another import has just brought some of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [organization_id, now, up_to_line, but])
        return int(cursor.rowcount)


def refresh_statistics() -> None:
    """Let the planner know of tables that are being filled; it would take a wrong index.

    The database does so by itself, but not within the first minute of a first import.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE (SKIP_LOCKED) inventory_item, inventory_stockrecord")
