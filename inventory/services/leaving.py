"""Places that leave the graph: what is still there, and letting it go when that is forced.

Letting go is recorded like everything else: a movement for each record that is emptied and each
claim that ends. Afterwards the places have nothing, and retire.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from inventory.domain.balance import Balance
from inventory.domain.graph import Graph
from inventory.domain.quantity import to_json_number
from inventory.domain.record import Record
from inventory.errors import IllegalGraph
from inventory.ledger import Cause
from inventory.locks import lock_items
from inventory.models import MovementKind, Place
from inventory.origin import Origin
from inventory.services.book import open_book
from inventory.services.holders import Leaving, give_back
from inventory.statements import Statement

LISTED = 100
"""Places in use that are told in full; all of them are counted."""

_BATCH = 500
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PlaceInUse:
    """What is left at a place, in thousandths: a location's stock, or a group's promises."""

    identifier: str
    is_group: bool
    items: int
    on_hand: int
    futures: int
    reserved: int

    def __str__(self) -> str:
        items = f"{self.items} item" + ("s" if self.items != 1 else "")
        reserved = to_json_number(self.reserved)
        if self.is_group:
            return f"group {self.identifier} ({items}, {reserved} promised)"
        counts = [f"{to_json_number(self.on_hand)} on hand", f"{reserved} reserved"]
        if self.futures:
            counts.insert(1, f"{to_json_number(self.futures)} expected")
        return f"location {self.identifier} ({items}, {', '.join(counts)})"


class PlacesInUse(IllegalGraph):
    """Places that would leave the graph still have stock, reservations or promises."""

    def __init__(self, places: Sequence[PlaceInUse]) -> None:
        shown = "; ".join(map(str, places[:_SHOWN]))
        more = f"; and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        message = f"Places that leave the graph are in use ({len(places)}): {shown}{more}."
        super().__init__(message, code="IllegalGroupState", parameter="locations")
        self.places = places


_NOT_EMPTY = "(s.on_hand > 0 OR s.safety_stock > 0 OR s.reserved > 0 OR s.futures_quantity > 0)"
_IN_USE = f"""
SELECT p.identifier, false, count(*), sum(s.on_hand), sum(s.futures_quantity), sum(s.reserved)
FROM inventory_stockrecord s JOIN inventory_place p ON p.id = s.location_id
WHERE s.location_id = ANY(%s) AND {_NOT_EMPTY} GROUP BY p.identifier
UNION ALL
SELECT p.identifier, true, count(*), 0, 0, sum(r.quantity)
FROM inventory_promise r JOIN inventory_place p ON p.id = r.group_id
WHERE r.group_id = ANY(%s) AND r.quantity > 0 GROUP BY p.identifier
ORDER BY 2, 1
"""


def places_in_use(places: Collection[int]) -> list[PlaceInUse]:
    """Return which of the places still have something, locations first."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_USE, [list(places)] * 2)
        return [PlaceInUse(*row[:3], *map(int, row[3:])) for row in cursor.fetchall()]


_ITEMS = f"""
SELECT item_id FROM (
  SELECT s.item_id FROM inventory_stockrecord s
  WHERE s.location_id = ANY(%s) AND {_NOT_EMPTY}
  UNION
  SELECT r.item_id FROM inventory_promise r WHERE r.group_id = ANY(%s) AND r.quantity > 0
) AS held WHERE item_id > %s ORDER BY item_id LIMIT %s
"""
_PAIRS = f"""
SELECT s.item_id, s.location_id FROM inventory_stockrecord s
WHERE s.item_id = ANY(%s) AND s.location_id = ANY(%s) AND {_NOT_EMPTY}
"""


def let_go(graph: Graph, leaving: Leaving, *, origin: Origin) -> None:
    """Empty the places: stock is written off, claims there end, promises are given up.

    The caller holds the organization's exclusive lock; `graph` is the one that still stands.
    """
    places = list(leaving.places)
    for item_ids in _batches(places):
        locked = lock_items(graph.organization_id, item_ids=item_ids)
        book = open_book(graph=graph, locked=locked.items.values())
        with connection.cursor() as cursor:
            cursor.execute(_PAIRS, [item_ids, places])
            pairs = cursor.fetchall()
        book.load_locations(pairs)
        statement = Statement()
        give_back(book, statement, leaving)
        by_id = book.by_id
        for item_id, location in pairs:
            item = by_id[item_id]
            balance = item.records[location].balance
            cause = Cause(
                kind=MovementKind.DELETE,
                quantity=balance.on_hand,
                effective_at=leaving.now,
                request_id=leaving.request_id,
            )
            gone = Record(
                signature=book.signature(item, location),
                balance=Balance(reserved=balance.reserved),
            )
            item.put(location, gone, cause=cause)
        book.write(statement, origin=origin, now=leaving.now)


def _batches(places: list[int]) -> Iterator[list[int]]:
    """Generate the items that have something at the places, in the order of their keys."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ITEMS, [places, places, after, _BATCH])
            item_ids = [item_id for (item_id,) in cursor.fetchall()]
        if not item_ids:
            return
        yield item_ids
        after = item_ids[-1]


def retire(places: Collection[int]) -> None:
    """Take places out of use; only rows that count nothing are dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM inventory_stockrecord s"
            f" WHERE s.location_id = ANY(%s) AND NOT {_NOT_EMPTY}",
            [list(places)],
        )
        cursor.execute(
            "DELETE FROM inventory_promise WHERE group_id = ANY(%s) AND quantity = 0",
            [list(places)],
        )
    Place.objects.filter(pk__in=places).update(is_retired=True)
