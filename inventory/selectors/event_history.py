"""The ledger of one item over a window of time, and the item as it stood before (design: 8)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from inventory.domain.balance import Balance
from inventory.domain.replay import Event, Past
from inventory.models import MovementKind

PAGE = 1_000

_ITEM = "SELECT id, segmented_out FROM inventory_item WHERE organization_id = %s AND sku = %s"
# Times are those of the requests: they need not rise with the ids, which are the order of events.
_BOUNDS = """
SELECT min(id), max(id) FROM inventory_movement
WHERE item_id = %s AND recorded_at >= %s AND recorded_at <= %s
"""
_EVENT = """
m.id, m.place_id, m.kind, m.quantity, m.on_hand_before, m.safety_stock_before, m.reserved_before,
  m.futures_before, m.on_hand_after, m.safety_stock_after, m.reserved_after, m.futures_after,
  m.sequence, m.graph_version, m.effective_at, m.recorded_at, m.excluded_before, m.excluded_after
"""
_PAGE = f"""
SELECT {_EVENT} FROM inventory_movement m
WHERE m.item_id = %s AND m.id >= %s AND m.id <= %s ORDER BY m.id LIMIT %s
"""
_FIRST = f"""
SELECT DISTINCT ON (m.place_id) {_EVENT} FROM inventory_movement m
WHERE m.item_id = %s AND m.id >= %s ORDER BY m.place_id, m.id
"""
_FIRST_SEGMENTS = f"""
SELECT DISTINCT ON (m.place_id) {_EVENT} FROM inventory_movement m
WHERE m.item_id = %s AND m.id >= %s AND m.kind = ANY(%s) ORDER BY m.place_id, m.id
"""
_FIRST_EXCLUSIONS = f"""
SELECT DISTINCT ON (m.place_id) {_EVENT} FROM inventory_movement m
WHERE m.item_id = %s AND m.id >= %s AND m.excluded_after IS NOT NULL ORDER BY m.place_id, m.id
"""
_RECORDS = """
SELECT location_id, on_hand, safety_stock, reserved, futures_quantity, excluded_groups
FROM inventory_stockrecord WHERE item_id = %s
"""
_PLACES = """
SELECT p.id, p.identifier, g.place_ptr_id IS NOT NULL
FROM inventory_place p LEFT JOIN inventory_locationgroup g ON g.place_ptr_id = p.id
WHERE p.organization_id = %s AND p.id IN (
  SELECT place_id FROM inventory_movement WHERE item_id = %s AND id >= %s
)
"""

_SEGMENTS: Mapping[str, bool] = {
    MovementKind.SEGMENT_OUT.value: False,
    MovementKind.SEGMENT_IN.value: True,
}


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place that an item's ledger names; it may have left the graph since."""

    identifier: str
    is_group: bool


@dataclass(frozen=True, slots=True)
class History:
    """An item's events from the first to the last of a window, and its state before them.

    Some events between may be of a time outside the window; they must be replayed all the same.
    """

    item_id: int
    first: int
    last: int
    past: Past
    places: Mapping[int, KnownPlace]


def history(
    organization_id: int, *, sku: str, starts_at: datetime, ends_at: datetime
) -> History | None:
    """Return an item's history; None when nothing happened in the window.

    Call it, and read its `events`, inside one `snapshot`.
    """
    item = _rows(_ITEM, organization_id, sku)
    if not item:
        return None
    ((item_id, segmented_out),) = item
    ((first, last),) = _rows(_BOUNDS, item_id, starts_at, ends_at)
    if first is None:
        return None
    places = {
        pk: KnownPlace(identifier, is_group)
        for pk, identifier, is_group in _rows(_PLACES, organization_id, item_id, first)
    }
    records = _rows(_RECORDS, item_id)
    promises = dict(
        _rows("SELECT group_id, quantity FROM inventory_promise WHERE item_id = %s", item_id)
    )
    present = Past(
        records={row[0]: Balance(*row[1:5]) for row in records},
        promises=promises,
        segmented_out=set(segmented_out),
        excluded={row[0]: row[5] for row in records if row[5]},
    )
    firsts = [_event(row) for row in _rows(_FIRST, item_id, first)]
    past = present.rewound(
        balances=[(event, places[event.place].is_group) for event in firsts],
        segments=map(_event, _rows(_FIRST_SEGMENTS, item_id, first, list(_SEGMENTS))),
        exclusions=map(_event, _rows(_FIRST_EXCLUSIONS, item_id, first)),
    )
    return History(item_id=item_id, first=first, last=last, past=past, places=places)


def events(of: History) -> Iterator[Event]:
    """Generate the events in their order, a page of rows in memory at a time."""
    after = of.first
    while True:
        rows = _rows(_PAGE, of.item_id, after, of.last, PAGE)
        for row in rows:
            yield _event(row)
        if len(rows) < PAGE:
            return
        after = rows[-1][0] + 1


def has_few_events(organization_id: int, *, sku: str, limit: int) -> bool:
    """Tell whether an item's whole history is at most so many events."""
    sql = (
        "SELECT count(*) FROM (SELECT FROM inventory_movement WHERE item_id ="
        " (SELECT id FROM inventory_item WHERE organization_id = %s AND sku = %s) LIMIT %s) m"
    )
    ((count,),) = _rows(sql, organization_id, sku, limit + 1)
    return bool(count <= limit)


def _event(row: Sequence[Any]) -> Event:
    return Event(
        id=row[0],
        place=row[1],
        kind=row[2],
        quantity=row[3],
        before=Balance(*row[4:8]),
        after=Balance(*row[8:12]),
        sequence=row[12],
        graph_version=row[13],
        effective_at=row[14],
        recorded_at=row[15],
        segments=_SEGMENTS.get(row[2]),
        excludes=None if row[17] is None else (tuple(row[16] or ()), tuple(row[17])),
    )


def _rows(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
