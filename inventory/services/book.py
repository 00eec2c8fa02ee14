"""The stock book of one transaction: locked items in memory, loaded and written in one go each.

Rows are read after the items' locks, in a new statement: what a locking statement joins may be
from before its wait, and that oversells (design: 6).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from inventory import ledger
from inventory.domain.graph import Graph
from inventory.domain.item import ItemState
from inventory.domain.quantity import MAX_SUM, to_json_number
from inventory.domain.record import Record, Signature, pools_of
from inventory.errors import InvalidRequestParameter
from inventory.ledger import Cause
from inventory.locks import LockedItem
from inventory.origin import Origin
from inventory.selectors.records import pool_from_row, record_from_row, signature_of
from inventory.services import once
from inventory.services.balances import LoadedItem, write_balances
from inventory.services.once import Processed, RecordKey, Stored
from inventory.statements import Statement, array


@dataclass(slots=True)
class StockBook:
    """The locked items of one organization, by SKU, and what is known of the request's records.

    `processed` has the records that were applied before or misuse an id, `applied` takes those
    that are applied now.
    """

    graph: Graph
    items: dict[str, ItemState]
    keys: Sequence[RecordKey] = ()
    stored: list[Stored] = field(default_factory=list)
    processed: dict[RecordKey, Processed] = field(default_factory=dict)
    applied: dict[RecordKey, Processed] = field(default_factory=dict)
    loaded: dict[int, LoadedItem] = field(default_factory=dict)

    def marks(self) -> list[tuple[ItemState, tuple[int, int]]]:
        """Return where every item stands, for `back_to`."""
        return [(item, item.mark()) for item in self.items.values()]

    def back_to(self, marks: list[tuple[ItemState, tuple[int, int]]]) -> None:
        """Undo every change since the marks."""
        for item, mark in marks:
            item.back_to(mark)

    def count(self, item: ItemState, location: int, record: Record, *, cause: Cause) -> None:
        """Replace a stock record by what was counted or is expected.

        Raises InvalidRequestParameter, and leaves the record as it was, when the item's sums over
        its locations could not be stored.
        """
        mark = item.mark()
        item.put(location, record, cause=cause)
        if item.stock_and_futures > MAX_SUM:
            item.back_to(mark)
            message = (
                "'futureStock' is too large: what a SKU has and expects at all its locations must"
                f" come to at most {to_json_number(MAX_SUM)}"
            )
            raise InvalidRequestParameter(message, parameter="futureStock")

    def load_locations(self, pairs: Collection[tuple[int, int]]) -> None:
        """Load stock records that are not in the book yet, by (item id, location id)."""
        by_id = self.by_id
        missing = [(i, place) for i, place in pairs if place not in by_id[i].records]
        if not missing:
            return
        with connection.cursor() as cursor:
            cursor.execute(_RECORDS_OF_PAIRS, _pair_params(missing))
            for row in cursor.fetchall():
                self._take_record(by_id[row[1]], row)
        self.fill_unborn(missing)

    def write(self, statement: Statement, *, origin: Origin, now: datetime) -> None:
        """Add every changed balance, movement and applied request, then execute the statement."""
        changed = [
            (item, self.loaded[item.item_id])
            for item in self.items.values()
            if item.changes or self.loaded[item.item_id].is_rebuilt
        ]
        write_balances(statement, changed, graph_version=self.graph.version, now=now)
        ledger.post(
            statement,
            organization_id=self.graph.organization_id,
            graph_version=self.graph.version,
            items=(item for item, _ in changed),
            origin=origin,
            now=now,
        )
        once.remember(
            statement,
            organization_id=self.graph.organization_id,
            keys=self.keys,
            stored=self.stored,
            applied=self.applied,
            now=now,
        )
        statement.execute()

    def load(
        self,
        *,
        pairs: Collection[tuple[int, int]],
    ) -> None:
        """Load pools, promises, the records of these pairs and what was applied before."""
        by_id = self.by_id
        queries = [_POOLS, _PROMISES]
        items = array(by_id)
        params: list[Any] = [items, items]
        if pairs:
            queries.append(_RECORDS_OF_PAIRS)
            params.extend(_pair_params(pairs))
        if self.keys:
            queries.append(_REQUESTS)
            params.extend([self.graph.organization_id, array({key.name for key in self.keys})])
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(queries), params)
            rows = cursor.fetchall()
        for row in rows:
            kind, item_id, ref = row[0], row[1], row[2]
            if kind == _POOL:
                by_id[item_id].pools[signature_of(row[3])] = pool_from_row(
                    (ref, *row[4:8], row[11], row[8], row[9])
                )
            elif kind == _PROMISE:
                by_id[item_id].promises[ref] = row[4]
            elif kind == _RECORD:
                self._take_record(by_id[item_id], row)
            else:
                answer = None if row[8] is None else msgspec.json.decode(row[8])
                self.stored.append(Stored(row[13], row[14], row[4], row[5], answer))
        self.processed = once.recall(self.keys, self.stored)

    def rebuild_pools(self, stale: list[int]) -> None:
        """Add up the pools of items that were built with another graph."""
        by_id = self.by_id
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM inventory_poolbalance WHERE item_id = ANY(%s)", [stale])
            cursor.execute(_RECORDS_OF_ITEMS, [stale])
            rows = cursor.fetchall()
        records: dict[int, list[Record]] = {item_id: [] for item_id in stale}
        for row in rows:
            records[row[1]].append(self._record(row))
        for item_id in stale:
            by_id[item_id].pools = pools_of(records[item_id])

    @property
    def by_id(self) -> dict[int, ItemState]:
        """Return the items by their ids."""
        return {item.item_id: item for item in self.items.values()}

    def _take_record(self, item: ItemState, row: Sequence[Any]) -> None:
        record = self._record(row)
        item.records[row[2]] = record
        loaded = self.loaded[item.item_id]
        loaded.records[row[2]] = record
        loaded.stored_locations.add(row[2])

    def _record(self, row: Sequence[Any]) -> Record:
        return record_from_row(
            row[4:],
            graph=self.graph,
            location=row[2],
            segmented_out=self.loaded[row[1]].segmented_out,
        )

    def signature(
        self, item: ItemState, location: int, *, excluded: Collection[str] = ()
    ) -> Signature:
        """Return the groups that count an item's record at a location."""
        return self.graph.signature(
            location, segmented_out=self.loaded[item.item_id].segmented_out, excluded=excluded
        )

    def fill_unborn(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Put an empty record where none is stored."""
        by_id = self.by_id
        for item_id, location in pairs:
            item = by_id[item_id]
            if location not in item.records:
                record = Record(signature=self.signature(item, location))
                item.records[location] = record
                self.loaded[item_id].records[location] = record


_POOL, _PROMISE, _RECORD, _REQUEST = range(4)

# One shape for four kinds of row: kind, item, reference, text, four counts, extras.
_POOLS = """
SELECT 0 AS kind, item_id, records::bigint AS ref, signature AS label,
  on_hand AS a, safety_stock AS b, reserved AS c, free AS d, futures AS e, effective_at AS f,
  NULL::varchar[] AS g, free_to_fulfil AS h, false AS i, NULL AS j, NULL AS k
FROM inventory_poolbalance WHERE item_id = ANY(%s)
"""
_PROMISES = """
SELECT 1, item_id, group_id, NULL, quantity, 0, 0, 0, NULL, NULL, NULL, 0, false, NULL, NULL
FROM inventory_promise WHERE item_id = ANY(%s)
"""
_RECORD_COLUMNS = """
2 AS kind, s.item_id, s.location_id, NULL, s.on_hand, s.safety_stock, s.reserved,
  s.futures_quantity, s.futures, s.effective_at, s.excluded_groups, 0, s.is_deleted,
  NULL, NULL
"""
# One look-up a pair, whatever the planner makes of many: it would read a small table whole.
_RECORDS_OF_PAIRS = f"""
SELECT {_RECORD_COLUMNS} FROM unnest(%s::bigint[], %s::bigint[]) AS v(item_id, location_id)
CROSS JOIN LATERAL (
  SELECT * FROM inventory_stockrecord
  WHERE item_id = v.item_id AND location_id = v.location_id OFFSET 0
) s
"""
_RECORDS_OF_ITEMS = f"""
SELECT {_RECORD_COLUMNS} FROM inventory_stockrecord s WHERE s.item_id = ANY(%s)
"""
_REQUESTS = """
SELECT 3, 0, 0, NULL, occurrence, out_of, 0, 0, answer, created_at, NULL, 0, false, key::text,
  body::text
FROM inventory_processedrequest WHERE organization_id = %s AND key = ANY(%s)
"""


def _pair_params(pairs: Collection[tuple[int, int]]) -> list[str]:
    return [array([item for item, _ in pairs]), array([location for _, location in pairs])]


def open_book(
    *,
    graph: Graph,
    locked: Iterable[LockedItem],
    locations: Collection[tuple[str, int]] = (),
    keys: Sequence[RecordKey] = (),
) -> StockBook:
    """Load the locked items with the stock records at (SKU, location id), in one statement.

    Items whose pools were built with another graph are rebuilt, at two more statements.
    """
    locked = tuple(locked)
    states = {
        item.sku: ItemState(item.id, item.sku, item.sequence, records={}, pools={}, promises={})
        for item in locked
    }
    stale = [item.id for item in locked if item.graph_version != graph.version]
    book = StockBook(graph=graph, items=states, keys=keys)
    book.loaded = {
        item.id: LoadedItem(
            records={},
            stored_locations=set(),
            pools={},
            promises={},
            is_rebuilt=item.graph_version != graph.version,
            segmented_out=item.segmented_out,
        )
        for item in locked
    }
    pairs = {(states[sku].item_id, place) for sku, place in locations if sku in states}
    book.load(pairs=pairs)
    if stale:
        book.rebuild_pools(stale)
    book.fill_unborn(pairs)
    for state in states.values():
        loaded = book.loaded[state.item_id]
        loaded.promises = dict(state.promises)
        loaded.pools = {} if loaded.is_rebuilt else dict(state.pools)
    return book
