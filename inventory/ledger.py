"""Posting to the ledger: only services call it, with the changes they have decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from inventory.domain.item import Change, ItemState
from inventory.models import MovementKind
from inventory.origin import Origin
from inventory.statements import Statement


class Cause(NamedTuple):
    """Why a balance changes: the part of a ledger row that the balance does not know.

    `quantity` is what the operation was about, in thousandths; `effective_at` when it was true
    outside.
    """

    kind: MovementKind
    quantity: int
    effective_at: datetime
    request_id: str = ""
    external_ref: str = ""
    document_id: int | None = None
    line_id: int | None = None


_COLUMNS = (
    ("organization_id", "bigint"),
    ("item_id", "bigint"),
    ("place_id", "bigint"),
    ("kind", "text"),
    ("quantity", "bigint"),
    ("on_hand_before", "bigint"),
    ("on_hand_after", "bigint"),
    ("safety_stock_before", "bigint"),
    ("safety_stock_after", "bigint"),
    ("reserved_before", "bigint"),
    ("reserved_after", "bigint"),
    ("futures_before", "bigint"),
    ("futures_after", "bigint"),
    ("document_id", "bigint"),
    ("line_id", "bigint"),
    ("request_id", "text"),
    ("external_ref", "text"),
    ("correlation_id", "text"),
    ("actor", "text"),
    ("sequence", "bigint"),
    ("graph_version", "bigint"),
    ("effective_at", "timestamptz"),
    ("recorded_at", "timestamptz"),
)

_NAMES = ", ".join(name for name, _ in _COLUMNS)


def insert_from(source: str) -> str:
    """Return the statement that posts one movement for each row of a source with our columns."""
    return f"INSERT INTO inventory_movement ({_NAMES}) SELECT {_NAMES} FROM {source}"


_INSERT = insert_from("{rows}")
# Lists come as JSON: an array of arrays would be flattened. Most rows have none.
_EXCLUSIONS = (("excluded_before", "text"), ("excluded_after", "text"))
_LIST = "CASE WHEN {0} <> '' THEN ARRAY(SELECT jsonb_array_elements_text({0}::jsonb)) END"
_INSERT_WITH_EXCLUSIONS = (
    f"INSERT INTO inventory_movement ({_NAMES}, excluded_before, excluded_after) SELECT {_NAMES},"
    f" {_LIST.format('excluded_before')}, {_LIST.format('excluded_after')} FROM {{rows}}"
)


def post(
    statement: Statement,
    *,
    organization_id: int,
    graph_version: int,
    items: Iterable[ItemState],
    origin: Origin,
    now: datetime,
) -> None:
    """Add one movement for every change of the items to the statement."""
    rows: list[tuple[Any, ...]] = []
    exclusions = []
    for item in items:
        for change in item.changes:
            exclusions.append(_exclusions(change))
            before, after, cause = change.before, change.after, change.cause
            rows.append(
                (
                    organization_id,
                    item.item_id,
                    change.place,
                    cause.kind.value,
                    cause.quantity,
                    before.on_hand,
                    after.on_hand,
                    before.safety_stock,
                    after.safety_stock,
                    before.reserved,
                    after.reserved,
                    before.futures,
                    after.futures,
                    cause.document_id,
                    cause.line_id,
                    cause.request_id,
                    cause.external_ref,
                    origin.correlation_id,
                    origin.actor,
                    change.sequence,
                    graph_version,
                    cause.effective_at,
                    now,
                )
            )
    # All rows by one part: the ids of an item's rows must rise with its sequence.
    if any(before or after for before, after in exclusions):
        rows = [row + lists for row, lists in zip(rows, exclusions, strict=True)]
        statement.add(_INSERT_WITH_EXCLUSIONS, columns=(*_COLUMNS, *_EXCLUSIONS), rows=rows)
    else:
        statement.add(_INSERT, columns=_COLUMNS, rows=rows)


def _exclusions(change: Change) -> tuple[str, str]:
    """Return the lists as JSON; nothing where they stay as they are."""
    lists = change.exclusions
    if lists is None:
        return "", ""
    return msgspec.json.encode(lists.before).decode(), msgspec.json.encode(lists.after).decode()
