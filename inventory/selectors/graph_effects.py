"""What stock joins and leaves groups when a graph changes. Quantities are thousandths."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from inventory.domain.graph_plan import GraphDifferences, GraphPlan

_STOCK = """
SELECT v.name, v.joins, count(DISTINCT s.item_id), coalesce(sum(s.on_hand), 0),
  coalesce(sum(greatest(0, s.on_hand + s.futures_quantity - s.safety_stock - s.reserved)), 0)
FROM unnest(%s::text[], %s::boolean[], %s::text[]) AS v(name, joins, location)
JOIN inventory_place p ON p.identifier = v.location AND p.organization_id = %s AND NOT p.is_retired
JOIN inventory_stockrecord s ON s.location_id = p.id AND NOT s.is_deleted
GROUP BY v.name, v.joins
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What lies at the locations that join or leave a group: items, on hand, free (ATO)."""

    items: int = 0
    on_hand: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """What changes for one group."""

    group: str
    joining: Sequence[str]
    leaving: Sequence[str]
    gains: Moved
    loses: Moved


def effects_of(
    organization_id: int, *, plan: GraphPlan, differences: GraphDifferences
) -> list[GroupEffect]:
    """Return what every group that changes gains and loses; one statement."""
    members = {group.id: group.locations for group in plan.groups}
    changes: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        name: (change.joining, change.leaving) for name, change in differences.regrouped.items()
    }
    changes |= {name: (members[name], ()) for name in differences.new_groups}
    rows = [
        (name, joins, location)
        for name, sides in changes.items()
        for joins, side in zip((True, False), sides, strict=True)
        for location in side
    ]
    columns = [[row[n] for row in rows] for n in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(_STOCK, [*columns, organization_id])
        found = {(row[0], row[1]): Moved(*map(int, row[2:])) for row in cursor.fetchall()}
    return [
        GroupEffect(
            group=name,
            joining=joining,
            leaving=leaving,
            gains=found.get((name, True), Moved()),
            loses=found.get((name, False), Moved()),
        )
        for name, (joining, leaving) in sorted(changes.items())
    ]
