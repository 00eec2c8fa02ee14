"""Items as they stand in one location graph and would stand in another. Quantities: thousandths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from inventory.domain.graph import Graph
from inventory.domain.network import Network
from inventory.domain.record import Signature

_FREE = """
SELECT s.item_id, v.class, s.excluded_groups,
  sum(greatest(0, s.on_hand + s.futures_quantity - s.safety_stock - s.reserved)),
  sum(greatest(0, s.on_hand - s.safety_stock - s.reserved))
FROM inventory_stockrecord s
JOIN unnest(%s::bigint[], %s::integer[]) AS v(location_id, class) USING (location_id)
WHERE s.item_id = ANY(%s) AND NOT s.is_deleted GROUP BY 1, 2, 3
"""
_PROMISES = """
SELECT item_id, group_id, quantity FROM inventory_promise WHERE item_id = ANY(%s) AND quantity > 0
"""


@dataclass(frozen=True, slots=True)
class ItemKey:
    """An item, and the groups (ids) that count it nowhere."""

    id: int
    sku: str
    segmented_out: Sequence[int]


class Side:
    """An item in one of the two graphs; both networks of it (design: law 2)."""

    __slots__ = ("free", "free_to_fulfil", "graph", "promises", "segmented_out")

    def __init__(self, graph: Graph, segmented_out: Sequence[int]) -> None:
        self.graph = graph
        self.segmented_out = segmented_out
        self.free: dict[Signature, int] = {}
        self.free_to_fulfil: dict[Signature, int] = {}
        self.promises: dict[int, int] = {}

    @property
    def short(self) -> int:
        """What of the promises cannot be served."""
        return Network(free=self.free, promises=self.promises).short

    def available(self) -> dict[int, tuple[int, int]]:
        """Return ATF and ATO by group, of the groups that count any of its records."""
        to_fulfil = _available(self.free_to_fulfil, self.promises)
        to_order = _available(self.free, self.promises)
        return {group: (to_fulfil[group], to_order[group]) for group in to_order}

    def add(
        self, groups: Signature, excluded: Sequence[str], *, free: int, free_to_fulfil: int
    ) -> None:
        """Add records that these groups would count, but for what they exclude."""
        names = self.graph.identifiers
        signature = tuple(
            g for g in groups if g not in self.segmented_out and names[g] not in excluded
        )
        self.free[signature] = self.free.get(signature, 0) + free
        self.free_to_fulfil[signature] = self.free_to_fulfil.get(signature, 0) + free_to_fulfil


def _available(free: Mapping[Signature, int], promises: Mapping[int, int]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for signature, quantity in free.items():
        for group in signature:
            sums[group] = sums.get(group, 0) + quantity
    if not promises:
        return sums
    network = Network(free=free, promises=promises)
    return {group: network.available_to_order(group=group) for group in sums}


class TwoGraphs:
    """Reads items by batches and puts them into both graphs; call it inside `snapshot`.

    Promises of groups that leave are given up and count no longer. A batch costs two statements,
    whatever the number of locations: those that the same groups count in both graphs are one class.
    """

    def __init__(self, graph: Graph, planned: Graph) -> None:
        self._graph = graph
        self._planned = planned
        numbers: dict[tuple[Signature, Signature], int] = {}
        self._locations = list(graph.locations.values())
        self._class_of = [
            numbers.setdefault(
                (graph.groups_of.get(pk, ()), planned.groups_of.get(pk, ())), len(numbers)
            )
            for pk in self._locations
        ]
        self._classes = list(numbers)

    @property
    def moved(self) -> list[int]:
        """The locations that other groups would count."""
        differ = {n for n, (old, new) in enumerate(self._classes) if set(old) != set(new)}
        pairs = zip(self._locations, self._class_of, strict=True)
        return [location for location, number in pairs if number in differ]

    def sides(self, items: Sequence[ItemKey]) -> Iterator[tuple[ItemKey, Side, Side]]:
        """Return each item as it stands, and as it would stand."""
        ids = [item.id for item in items]
        before = {item.id: Side(self._graph, item.segmented_out) for item in items}
        after = {item.id: Side(self._planned, item.segmented_out) for item in items}
        for item_id, number, excluded, free, free_to_fulfil in rows(
            _FREE, [self._locations, self._class_of, ids]
        ):
            for side, groups in zip((before, after), self._classes[number], strict=True):
                side[item_id].add(
                    groups, excluded, free=int(free), free_to_fulfil=int(free_to_fulfil)
                )
        for item_id, group, quantity in rows(_PROMISES, [ids]):
            before[item_id].promises[group] = quantity
            if self._planned.is_group(group):
                after[item_id].promises[group] = quantity
        for item in items:
            yield item, before[item.id], after[item.id]


def rows(sql: str, params: Sequence[Any]) -> list[Any]:
    """Return what a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
