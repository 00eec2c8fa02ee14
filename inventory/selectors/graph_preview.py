"""What a graph change would do to promises. Quantities are thousandths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from inventory.domain.graph import Graph
from inventory.domain.network import Network
from inventory.domain.record import Signature

_BATCH = 500
_ITEMS = """
SELECT i.id, i.sku, i.segmented_out FROM inventory_item i
WHERE i.organization_id = %s AND i.id > %s
  AND EXISTS (SELECT FROM inventory_promise p WHERE p.item_id = i.id AND p.quantity > 0)
ORDER BY i.id LIMIT %s
"""
_FREE = """
SELECT s.item_id, v.class, s.excluded_groups,
  sum(greatest(0, s.on_hand + s.futures_quantity - s.safety_stock - s.reserved))
FROM inventory_stockrecord s
JOIN unnest(%s::bigint[], %s::integer[]) AS v(location_id, class) USING (location_id)
WHERE s.item_id = ANY(%s) AND NOT s.is_deleted GROUP BY 1, 2, 3
"""
_PROMISES = """
SELECT item_id, group_id, quantity FROM inventory_promise WHERE item_id = ANY(%s) AND quantity > 0
"""


@dataclass(frozen=True, slots=True)
class Short:
    """An item that could serve less of its promises, and how much it cannot serve today."""

    sku: str
    short: int
    short_before: int


@dataclass(frozen=True, slots=True)
class WouldBeShort:
    """The first of the items that would be oversold, or more so; `count` is of all."""

    count: int
    items: list[Short]


def would_be_short(graph: Graph, planned: Graph, *, limit: int) -> WouldBeShort:
    """Compare what every promised item could serve in one graph and in the other.

    Promises of groups that leave are given up and count no longer. A batch of items costs three
    statements, whatever the number of locations; call it inside `snapshot`.
    """
    classes = _Classes.of(graph, planned)
    found: list[Short] = []
    count = after = 0
    while items := _rows(_ITEMS, [graph.organization_id, after, _BATCH]):
        after = items[-1][0]
        for short in _compared(graph, planned, classes, items):
            count += 1
            if len(found) < limit:
                found.append(short)
    return WouldBeShort(count, found)


@dataclass(frozen=True, slots=True)
class _Classes:
    """Locations that the same groups count in both graphs are of one class."""

    locations: list[int]
    class_of: list[int]
    groups: list[tuple[Signature, Signature]]

    @classmethod
    def of(cls, graph: Graph, planned: Graph) -> "_Classes":
        numbers: dict[tuple[Signature, Signature], int] = {}
        locations = list(graph.locations.values())
        class_of = [
            numbers.setdefault(
                (graph.groups_of.get(pk, ()), planned.groups_of.get(pk, ())), len(numbers)
            )
            for pk in locations
        ]
        return cls(locations, class_of, list(numbers))


def _compared(
    graph: Graph, planned: Graph, classes: _Classes, items: Sequence[Any]
) -> Iterable[Short]:
    ids = [item_id for item_id, _, _ in items]
    before = {item_id: _Side(graph, out) for item_id, _, out in items}
    after = {item_id: _Side(planned, out) for item_id, _, out in items}
    for item_id, number, excluded, free in _rows(_FREE, [classes.locations, classes.class_of, ids]):
        old, new = classes.groups[number]
        before[item_id].add_free(old, excluded, int(free))
        after[item_id].add_free(new, excluded, int(free))
    for item_id, group, quantity in _rows(_PROMISES, [ids]):
        before[item_id].promises[group] = quantity
        if planned.is_group(group):
            after[item_id].promises[group] = quantity
    for item_id, sku, _ in items:
        short, short_before = after[item_id].short, before[item_id].short
        if short > short_before:
            yield Short(sku, short, short_before)


class _Side:
    """An item in one of the two graphs."""

    __slots__ = ("free", "graph", "promises", "segmented_out")

    def __init__(self, graph: Graph, segmented_out: Sequence[int]) -> None:
        self.graph = graph
        self.segmented_out = segmented_out
        self.free: dict[Signature, int] = {}
        self.promises: dict[int, int] = {}

    def add_free(self, groups: Signature, excluded: Sequence[str], free: int) -> None:
        names = self.graph.identifiers
        signature = tuple(
            g for g in groups if g not in self.segmented_out and names[g] not in excluded
        )
        self.free[signature] = self.free.get(signature, 0) + free

    @property
    def short(self) -> int:
        return Network(free=self.free, promises=self.promises).short


def _rows(sql: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
