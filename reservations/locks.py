"""Locking documents: after the organization, before any item (design: 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec
from django.db import OperationalError, connection
from psycopg import Error as DatabaseError

from inventory.errors import ReservationOperationInProcess
from inventory.locks import SHARED_ORGANIZATION, is_lock_failure, require_transaction


@dataclass(frozen=True, slots=True)
class LockedDocument:
    """A document's own columns, read from the locked row, and ids for the lines to come.

    A document that was made just now has revision 0 and no answer yet.
    """

    organization_id: int
    id: int
    identifier: str
    revision: int
    external_ref: str
    reservation_time: datetime
    expires_at: datetime | None
    cancelled_at: datetime | None
    body: str
    answer: Any
    line_ids: Sequence[int]

    @property
    def is_new(self) -> bool:
        """Tell whether this transaction made the document."""
        return self.revision == 0


_COLUMNS = """
id, identifier, revision, external_ref, reservation_time, expires_at, cancelled_at, body::text,
  answer, ARRAY(SELECT nextval('reservations_line_id_seq') FROM generate_series(1, %s))
"""
# The update changes nothing: it locks the row that is there, and returns it, in the one statement.
_CLAIM = f"""
WITH {SHARED_ORGANIZATION}
INSERT INTO reservations_document AS d (organization_id, source, identifier, external_ref,
  reservation_time, revision, body)
SELECT %s, %s, %s, '', now(), 0, '00000000-0000-0000-0000-000000000000' FROM organization
ON CONFLICT (organization_id, source, identifier) DO UPDATE SET revision = d.revision
RETURNING {_COLUMNS}
"""
_LOCK = f"""
WITH {SHARED_ORGANIZATION}
SELECT {_COLUMNS} FROM organization, reservations_document d
WHERE d.organization_id = %s AND d.source = %s AND d.identifier = %s FOR NO KEY UPDATE OF d
"""


def claim_document(
    *, organization_id: int, source: str, identifier: str, lines: int
) -> LockedDocument:
    """Lock the organization and the document of that id, making it if it does not exist.

    A document that is being written is waited for; ReservationOperationInProcess when that takes
    too long. `lines` ids are drawn for its lines.
    """
    require_transaction()
    try:
        row = _row(_CLAIM, [organization_id, organization_id, source, identifier, lines])
    except OperationalError as error:
        if is_lock_failure(error) and _was_waiting_for_document(error):
            message = "The reservation is being processed by another request."
            raise ReservationOperationInProcess(message, parameter="reservationId") from error
        raise
    assert row is not None  # noqa: S101  # inserted or locked, it is returned
    return _document(organization_id, row)


def lock_document(
    *, organization_id: int, source: str, identifier: str, lines: int
) -> LockedDocument | None:
    """Lock the organization, then the document; None when there is no such document."""
    require_transaction()
    row = _row(_LOCK, [organization_id, lines, organization_id, source, identifier])
    return None if row is None else _document(organization_id, row)


def _row(sql: str, params: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _was_waiting_for_document(error: OperationalError) -> bool:
    """Tell the wait for a document's row from the wait for the organization in the same statement.

    PostgreSQL tells in the context of the error which row or index entry it waited for.
    """
    cause = error.__cause__
    context = cause.diag.context if isinstance(cause, DatabaseError) else None
    return "reservations_document" in (context or "")


def _document(organization_id: int, row: tuple[Any, ...]) -> LockedDocument:
    names = [field.name for field in fields(LockedDocument)]
    document = dict(zip(names, (organization_id, *row), strict=True))
    if document["answer"] is not None:
        document["answer"] = msgspec.json.decode(document["answer"])
    return LockedDocument(**document)
