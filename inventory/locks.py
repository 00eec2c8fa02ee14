"""The only door to locks, in the only order: organization, documents, items (design: 6).

Every lock here lasts until the transaction ends; outside a transaction it is refused. A lock that
cannot be had in time is `ConcurrentModification`: nothing was applied, the call may be repeated.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

from django.db import Error, OperationalError, connection, transaction
from psycopg import errors

from inventory.errors import ConcurrentModification
from inventory.statements import array

LOCK_TIMEOUT = "10s"
_ORGANIZATION_SPACE = 0x0CF5
_LEDGER_SPACE = 0x0CF6


def _shared_organization(timeout: str) -> str:
    return (
        f"organization AS MATERIALIZED (SELECT set_config('lock_timeout', '{timeout}', true),"
        f" pg_advisory_xact_lock_shared({_ORGANIZATION_SPACE}, %s))"
    )


#: First statement of every write, as a CTE: waits at most LOCK_TIMEOUT for this and later locks.
SHARED_ORGANIZATION = _shared_organization(LOCK_TIMEOUT)

_LOCK_ITEMS = """
WITH locked AS (
  SELECT id, sku, sequence, graph_version, segmented_out FROM inventory_item
  WHERE organization_id = %s AND ({wanted}) ORDER BY id FOR NO KEY UPDATE {waiting}
)
SELECT o.graph_version, l.id, l.sku, l.sequence, l.graph_version, l.segmented_out
FROM inventory_organization o LEFT JOIN locked l ON true WHERE o.id = %s
"""


class LockedItem(NamedTuple):
    """An item's own columns, read from the locked row."""

    id: int
    sku: str
    sequence: int
    graph_version: int
    segmented_out: Sequence[int]


@dataclass(frozen=True, slots=True)
class LockedItems:
    """What the lock statement answers: the graph's version, and the items that exist, by SKU."""

    graph_version: int
    items: dict[str, LockedItem]


_afterwards: ContextVar[list[Callable[[], None]]] = ContextVar("afterwards")


@contextmanager
def locked_write() -> Iterator[None]:
    """Open the one durable transaction of a write; name a lock that could not be had."""
    calls: list[Callable[[], None]] = []
    token = _afterwards.set(calls)
    try:
        with transaction.atomic(durable=True):
            yield
    except Error as error:
        calls.clear()
        if isinstance(error, OperationalError) and is_lock_failure(error):
            message = "The records are being changed by another request; repeat the call."
            raise ConcurrentModification(message) from error
        raise
    finally:
        _afterwards.reset(token)
        for call in calls:
            call()


def after_write(call: Callable[[], None]) -> None:
    """Call when the write's transaction is over and its locks are gone: kept, or undone because it
    was refused. Not when the database failed. Whoever is called must not raise.
    """
    _afterwards.get().append(call)


def is_lock_failure(error: OperationalError) -> bool:
    """Tell a lock that could not be had in time from other troubles of the database."""
    return isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected)


def lock_organization_shared(organization_id: int, *, timeout: str = LOCK_TIMEOUT) -> None:
    """Hold off graph changes. The first statement of every write.

    `timeout` is how long this and later locks are waited for, as PostgreSQL writes it.
    """
    require_transaction()
    organization = _shared_organization(timeout)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {organization} SELECT FROM organization", [organization_id])


def lock_organization_exclusive(organization_id: int) -> None:
    """Hold off every other write of the organization: for graph changes."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s, %s)",
            [LOCK_TIMEOUT, _ORGANIZATION_SPACE, organization_id],
        )


def try_lock_ledger(organization_id: int) -> bool:
    """Keep others from dropping old rows of the organization's ledger; False if one of them is."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LEDGER_SPACE, organization_id])
        (is_locked,) = cursor.fetchone()
    return bool(is_locked)


def lock_items(
    organization_id: int,
    *,
    skus: Sequence[str] = (),
    item_ids: Sequence[int] = (),
    skip_locked: bool = False,
) -> LockedItems:
    """Lock items by SKU or id, in key order, in one statement; unborn SKUs are left out.

    So are, with `skip_locked`, items that somebody else has locked.

    The organization's lock must be held: the graph version is read by this statement because
    one taken by the statement that waited for the organization would be stale.
    """
    require_transaction()
    wanted: list[str] = []
    keys: list[str] = []
    if skus:
        wanted.append("sku = ANY(%s)")
        keys.append(array(skus))
    if item_ids:
        wanted.append("id = ANY(%s)")
        keys.append(array(item_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            _LOCK_ITEMS.format(
                wanted=" OR ".join(wanted) or "false",
                waiting="SKIP LOCKED" if skip_locked else "",
            ),
            [organization_id, *keys, organization_id],
        )
        rows = cursor.fetchall()
    return LockedItems(
        graph_version=rows[0][0],
        items={row[2]: LockedItem(*row[1:]) for row in rows if row[1] is not None},
    )


def require_transaction() -> None:
    """Refuse to lock where the lock would be gone with the statement."""
    if not connection.in_atomic_block:
        message = "Locks are taken inside a transaction: call a service, or open one."
        raise transaction.TransactionManagementError(message)
