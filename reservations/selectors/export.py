"""Documents with their lines and what became of them, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection

from reservations.domain.actions import Action, LedgerRow, actions_of
from reservations.domain.places import PlaceRef
from reservations.domain.states import State, state_of
from reservations.models import Source

PAGE = 500

_DOCUMENTS = """
SELECT d.id, d.identifier, d.external_ref, d.reservation_time, d.cancelled_at, d.expires_at,
  EXISTS (SELECT FROM reservations_claim c WHERE c.document_id = d.id)
FROM reservations_document d
WHERE d.organization_id = %s AND d.source = %s AND d.id > %s
  AND d.reservation_time >= %s AND d.reservation_time <= %s
ORDER BY d.id LIMIT %s
"""
_PLACE = "p.identifier, EXISTS (SELECT FROM inventory_locationgroup g WHERE g.place_ptr_id = p.id)"
_LINES = f"""
SELECT l.document_id, l.id, i.sku, l.quantity, l.created_at, {_PLACE}
FROM reservations_line l
JOIN reservations_document d ON d.id = l.document_id AND d.revision = l.revision
JOIN inventory_item i ON i.id = l.item_id JOIN inventory_place p ON p.id = l.place_id
WHERE l.document_id = ANY(%s) ORDER BY l.document_id, l.id
"""
_LEDGER = f"""
SELECT m.line_id, m.kind, m.reserved_after - m.reserved_before, m.request_id, m.external_ref,
  m.recorded_at, {_PLACE}
FROM inventory_movement m JOIN inventory_place p ON p.id = m.place_id
WHERE m.document_id = ANY(%s) ORDER BY m.line_id, m.id
"""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """What a line placed, in thousandths, and what happened to it since."""

    sku: str
    place: PlaceRef
    quantity: int
    placed_at: datetime
    actions: list[Action]


@dataclass(frozen=True, slots=True)
class DocumentHistory:
    """A document with the lines of its present revision."""

    identifier: str
    external_ref: str
    reservation_time: datetime
    state: State
    lines: list[PlacedLine]


def document_histories(
    organization_id: int,
    *,
    is_open: bool,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Iterator[list[DocumentHistory | None]]:
    """Generate pages of OCI documents by their reservation time, both ends included.

    Documents of the other state stand as None, so that a page tells how many were read. Call it
    inside `snapshot`.
    """
    after = 0
    while True:
        rows = _rows(_DOCUMENTS, organization_id, Source.OCI.value, after, starts_at, ends_at, PAGE)
        states = {row[0]: _state(row, now) for row in rows}
        wanted = {pk for pk, state in states.items() if (state is State.OPEN) is is_open}
        lines = _lines(sorted(wanted))
        yield [
            DocumentHistory(
                identifier=row[1],
                external_ref=row[2],
                reservation_time=row[3],
                state=states[row[0]],
                lines=lines.get(row[0], []),
            )
            if row[0] in wanted
            else None
            for row in rows
        ]
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def has_few_documents(organization_id: int, *, limit: int) -> bool:
    """Tell whether an organization has at most so many OCI documents."""
    sql = (
        "SELECT count(*) FROM (SELECT FROM reservations_document"
        " WHERE organization_id = %s AND source = %s LIMIT %s) d"
    )
    ((count,),) = _rows(sql, organization_id, Source.OCI.value, limit + 1)
    return bool(count <= limit)


def _state(row: Any, now: datetime) -> State:
    return state_of(cancelled_at=row[4], expires_at=row[5], holds_claims=row[6], now=now)


def _lines(document_ids: list[int]) -> dict[int, list[PlacedLine]]:
    if not document_ids:
        return {}
    actions = {
        line_id: list(actions_of(_ledger_row(row) for row in rows))
        for line_id, rows in groupby(_rows(_LEDGER, document_ids), key=lambda row: row[0])
    }
    lines: dict[int, list[PlacedLine]] = {}
    for document_id, line_id, sku, quantity, placed_at, name, is_group in _rows(
        _LINES, document_ids
    ):
        line = PlacedLine(
            sku, PlaceRef(name, is_group), quantity, placed_at, actions.get(line_id, [])
        )
        lines.setdefault(document_id, []).append(line)
    return lines


def _ledger_row(row: Any) -> LedgerRow:
    return LedgerRow(
        kind=row[1],
        place=PlaceRef(row[6], row[7]),
        change=row[2],
        request_id=row[3],
        external_ref=row[4],
        recorded_at=row[5],
    )


def _rows(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
