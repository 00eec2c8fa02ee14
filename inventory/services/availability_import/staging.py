"""Staging: the records of a chunk in a temporary table, next to what is stored.

The table is the connection's own and empty at every commit. It is made when it is not there, so any
server connection of a transaction pooler will do.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from inventory.services.availability_import.records import Figures

TABLE = "availability_import_1"
"""Another number for other columns: servers of a pooler keep their tables over a deployment."""

MAKE_TABLE = f"""
CREATE TEMPORARY TABLE {TABLE} (
  line bigint, key uuid, body uuid, record_id text, signature text,
  sku text, location_id bigint, on_hand bigint, safety_stock bigint, futures jsonb,
  futures_quantity bigint, has_effective_at boolean, effective_at timestamptz,
  excluded_groups varchar[]
) ON COMMIT DELETE ROWS
"""

# Whatever the statistics are, laterals with a limit leave the planner one way: a look-up by the
# unique key for each staged row, or for each different one.
THE_ITEM = """LATERAL (
  SELECT * FROM inventory_item WHERE organization_id = {organization} AND sku = s.sku LIMIT 1
) i"""
THE_RECORD = """LATERAL (
  SELECT * FROM inventory_stockrecord WHERE item_id = i.id AND location_id = s.location_id LIMIT 1
) r"""
CHANGES = """(
  r.id IS NULL OR r.is_deleted OR s.on_hand <> r.on_hand OR s.safety_stock <> r.safety_stock
  OR s.futures <> r.futures OR s.excluded_groups <> r.excluded_groups
)"""
"""Whether a staged record (s) differs from what is stored (r). A new effective date alone is not
news (spec: oci-headless 6.1)."""

_COMPARE = f"""
SELECT count(*), max(line), array_agg(DISTINCT sku) FROM (
  SELECT s.line, s.sku FROM {TABLE} s
  LEFT JOIN {THE_ITEM.format(organization="%s")} ON true LEFT JOIN {THE_RECORD} ON true
  WHERE {CHANGES} ORDER BY s.line LIMIT %s
) changed
"""
_DROP_KNOWN = f"""
DELETE FROM {TABLE} s USING inventory_importedrecord d
WHERE d.organization_id = %s AND d.key = s.key RETURNING s.line, s.body = d.body
"""
# By their keys, as every import does: two that bring the same wait for each other in one order.
_REMEMBER = f"""
INSERT INTO inventory_importedrecord (organization_id, key, body, created_at)
SELECT %s, key, body, %s FROM {TABLE} WHERE line <= %s ORDER BY key
"""
_NULL = "\\N"
_NO_FUTURES = "[]\t0"


class KnownRecords(Exception):  # noqa: N818  # a signal to whoever stages
    """Some of the staged records were imported before; nothing can be written any more."""


class Changes(NamedTuple):
    """How many staged records differ from what is stored, the last of their lines, their SKUs."""

    number: int
    last: int
    skus: list[str]


def copy_of(
    line: int, record_id: str, *, sku: str, place: int, signature: str, figures: Figures
) -> tuple[str, str]:
    r"""Return the digest of what a record says, and its line of COPY; \N leaves what is stored."""
    futures, excluded = figures.futures, figures.excluded_groups
    if futures is None:
        future_cells = f"{_NULL}\t{_NULL}"
    elif not futures:
        future_cells = _NO_FUTURES
    else:
        total = sum(quantity for _, quantity in futures)
        future_cells = f"{msgspec.json.encode(futures).decode()}\t{total}"
    groups = _NULL if excluded is None else "{" + ",".join(excluded) + "}"
    said = (
        f"{sku}\t{place}\t{_cell(figures.on_hand)}\t{_cell(figures.safety_stock)}\t{future_cells}"
        f"\t{'t' if figures.has_effective_date else 'f'}\t{figures.effective_at or _NULL}"
        f"\t{groups}\n"
    )
    body = _digest(said)
    escaped = record_id.replace("\\", "\\\\") if "\\" in record_id else record_id
    return body, f"{line}\t{_digest(record_id)}\t{body}\t{escaped}\t{signature}\t{said}"


def _cell(quantity: int | None) -> str:
    return _NULL if quantity is None else str(quantity)


def stage(copies: Iterable[str]) -> None:
    """Fill the staging table, which lasts until the transaction ends."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} FROM STDIN") as copy:
        copy.write("".join(copies))


def study() -> None:
    """Let the planner know of the staged records that many are of one item: it looks it up once.

    What it learns of the first chunk, a connection knows for all that follow.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLE}")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def drop_known(organization_id: int) -> dict[int, bool]:
    """Leave out of the staged records those imported before; by line, whether they say the same."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_KNOWN, [organization_id])
        return dict(cursor.fetchall())


def changes_of(organization_id: int, *, most: int) -> Changes:
    """Look for the first so many staged records that differ from the stored stock; lock nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, [organization_id, most])
        number, last, skus = cursor.fetchone()
    return Changes(number, last or 0, skus or [])


def remember(organization_id: int, *, up_to_line: int, now: datetime) -> None:
    """Note the staged records up to a line as imported; KnownRecords when some have been before."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, [organization_id, now, up_to_line])
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise KnownRecords from error


def refresh_statistics() -> None:
    """Let the planner know of tables that are being filled; it would take a wrong index.

    The database does so by itself, but not within the first minute of a first import. A sample of
    a tenth is taken: how long the tables are is what matters.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute("ANALYZE (SKIP_LOCKED) inventory_item, inventory_stockrecord")
