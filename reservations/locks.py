"""Locking documents: after the organization, before any item (design: 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import OperationalError, connection

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
    body: UUID
    answer: Any
    line_ids: Sequence[int]

    @property
    def is_new(self) -> bool:
        """Tell whether this transaction made the document."""
        return self.revision == 0


_COLUMNS = """
id, identifier, revision, external_ref, reservation_time, expires_at, cancelled_at, body, answer,
  ARRAY(SELECT nextval(pg_get_serial_sequence('reservations_line', 'id'))
        FROM generate_series(1, %s))
"""
_CLAIM = f"""
WITH {SHARED_ORGANIZATION}
INSERT INTO reservations_document (organization_id, source, identifier, external_ref,
  reservation_time, revision, body)
SELECT %s, %s, %s, '', now(), 0, '00000000-0000-0000-0000-000000000000' FROM organization
ON CONFLICT (organization_id, source, identifier) DO NOTHING
RETURNING {_COLUMNS}
"""
_LOCK = f"""
SELECT {_COLUMNS} FROM reservations_document
WHERE organization_id = %s AND source = %s AND identifier = %s FOR NO KEY UPDATE
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
        row = _claimed_row(organization_id, source, identifier, lines)
    except OperationalError as error:
        if is_lock_failure(error):
            message = "The reservation is being processed by another request."
            raise ReservationOperationInProcess(message, parameter="reservationId") from error
        raise
    assert row is not None  # noqa: S101  # a conflict means that the row is committed
    return _document(organization_id, row)


def lock_document(
    *, organization_id: int, source: str, identifier: str, lines: int
) -> LockedDocument | None:
    """Lock the organization, then the document; None when there is no such document."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {SHARED_ORGANIZATION} SELECT FROM organization", [organization_id])
    row = _locked_row(organization_id, source, identifier, lines)
    return None if row is None else _document(organization_id, row)


def _claimed_row(
    organization_id: int, source: str, identifier: str, lines: int
) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [organization_id, organization_id, source, identifier, lines])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row or _locked_row(organization_id, source, identifier, lines)


def _locked_row(
    organization_id: int, source: str, identifier: str, lines: int
) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [lines, organization_id, source, identifier])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _document(organization_id: int, row: tuple[Any, ...]) -> LockedDocument:
    names = [field.name for field in fields(LockedDocument)]
    document = dict(zip(names, (organization_id, *row), strict=True))
    if document["answer"] is not None:
        document["answer"] = msgspec.json.decode(document["answer"])
    return LockedDocument(**document)
