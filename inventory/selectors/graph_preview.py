"""What a graph change would do to promises and availability. Quantities are thousandths."""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.domain.graph import Graph
from inventory.selectors.graph_sides import ItemKey, Side, TwoGraphs, rows

_BATCH = 500
_PROMISED = """
SELECT i.id, i.sku, i.segmented_out FROM inventory_item i
WHERE i.organization_id = %s AND i.id > %s
  AND EXISTS (SELECT FROM inventory_promise p WHERE p.item_id = i.id AND p.quantity > 0)
ORDER BY i.id LIMIT %s
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
    both = TwoGraphs(graph, planned)
    found: list[Short] = []
    count = after = 0
    while items := rows(_PROMISED, [graph.organization_id, after, _BATCH]):
        after = items[-1][0]
        for item, old, new in both.sides([ItemKey(*row) for row in items]):
            short, short_before = new.short, old.short
            if short > short_before:
                count += 1
                if len(found) < limit:
                    found.append(Short(item.sku, short, short_before))
    return WouldBeShort(count, found)


LOOKED_AT = 200
"""So many of the items at locations that move are worked out, in SKU order."""
COUNTED = 10_000
"""Up to here items at locations that move are counted."""

_TOUCHED = """
SELECT i.id, i.sku, i.segmented_out FROM inventory_item i
WHERE i.organization_id = %s AND i.id IN (
  SELECT s.item_id FROM inventory_stockrecord s
  WHERE s.location_id = ANY(%s) AND NOT s.is_deleted)
ORDER BY i.sku LIMIT %s
"""
_COUNT_TOUCHED = """
SELECT count(*) FROM (
  SELECT DISTINCT s.item_id FROM inventory_stockrecord s
  WHERE s.location_id = ANY(%s) AND NOT s.is_deleted LIMIT %s
) AS touched
"""


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What an item has in one group, before and after: ATF, ATO. None: there is no such group."""

    group: str
    before: tuple[int, int] | None
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ItemChange:
    """The groups in which an item's ATF or ATO changes, by identifier."""

    sku: str
    groups: Sequence[GroupChange]


@dataclass(frozen=True, slots=True)
class AvailabilityChanges:
    """The first items by SKU whose group figures change; exact, as get-availability would tell.

    `changed` of the `looked_at` items change; `touched` have a record at a location that moves,
    of which the first by SKU are looked at. Nothing else can change.
    """

    items: Sequence[ItemChange]
    changed: int
    looked_at: int
    touched: int

    @property
    def is_complete(self) -> bool:
        """Tell whether every item that could change was looked at."""
        return self.looked_at == self.touched

    @property
    def is_capped(self) -> bool:
        """Tell whether there are more touched items than are counted."""
        return self.touched == COUNTED

    @property
    def estimate(self) -> int:
        """How many items change: exact when complete, else by the share of those looked at."""
        if self.is_complete:
            return self.changed
        return self.changed * self.touched // self.looked_at


def availability_changes(graph: Graph, planned: Graph, *, limit: int) -> AvailabilityChanges:
    """Tell what changes in availability, of the first `limit` items that do; inside `snapshot`.

    Only items with a record at a location that other groups would count can change: a promise of a
    group that leaves is served by such locations, or by none. Of them at most LOOKED_AT are worked
    out, in four statements.
    """
    both = TwoGraphs(graph, planned)
    moved = both.moved
    items = rows(_TOUCHED, [graph.organization_id, moved, LOOKED_AT])
    touched = len(items)
    if touched == LOOKED_AT:
        touched = rows(_COUNT_TOUCHED, [moved, COUNTED])[0][0]
    changes = [
        ItemChange(item.sku, groups)
        for item, old, new in both.sides([ItemKey(*row) for row in items])
        if (groups := _changed(old, new))
    ]
    return AvailabilityChanges(changes[:limit], len(changes), len(items), touched)


def _changed(old: Side, new: Side) -> list[GroupChange]:
    before, after = old.available(), new.available()
    nothing = (0, 0)
    return sorted(
        (
            GroupChange(
                new.graph.identifiers.get(group) or old.graph.identifiers[group],
                before.get(group, nothing) if old.graph.is_group(group) else None,
                after.get(group, nothing) if new.graph.is_group(group) else None,
            )
            for group in before.keys() | after.keys()
            if before.get(group, nothing) != after.get(group, nothing)
        ),
        key=lambda change: change.group,
    )
