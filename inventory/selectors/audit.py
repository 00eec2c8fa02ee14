"""Every balance must follow from its movements, and every sum from its parts (design: law 6).

Checks over the ledger are single statements that the database answers with the rows that differ;
what was dropped of it counts by its openings. Sums that the domain defines are computed again, a
bounded number of stock records at a time. The caller provides the snapshot. Quantities are integers
of thousandths.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from inventory.domain.graph import Graph
from inventory.domain.network import Network
from inventory.domain.record import Pool, Record, Signature, pools_of
from inventory.selectors.graph import graph_at
from inventory.selectors.records import pool_from_row, record_from_row, signature_of

LISTED = 100
"""Differences that are told in full; all of them are counted."""

_BATCH_ITEMS = 1_000
_BATCH_RECORDS = 20_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what it follows from."""

    check: str
    organization: str | None
    sku: str | None
    place: str | None
    field: str
    stored: Any
    expected: Any


@dataclass(slots=True)
class Findings:
    """What differs: a bounded listing, and how many there are."""

    differences: list[Difference] = field(default_factory=list)
    count: int = 0

    def add(self, difference: Difference) -> None:
        """Count a difference, and list it while there is room."""
        self.count += 1
        if len(self.differences) < LISTED:
            self.differences.append(difference)

    def check(self, name: str, sql: str, *, organization_id: int | None) -> None:
        """Run a statement that selects item_id, place_id, field, stored, expected of what differs.

        It may use `%(organization)s`, the organization or NULL for all.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                _NAMED.format(differences=sql), {"organization": organization_id, "limit": LISTED}
            )
            rows = cursor.fetchall()
        for row in rows:
            self.add(Difference(name, *row[:-1]))
        if rows:
            self.count += rows[0][-1] - len(rows)


_NAMED = """
SELECT o.identifier, i.sku, p.identifier, d.field, d.stored, d.expected, count(*) OVER ()
FROM ({differences}) AS d(item_id, place_id, field, stored, expected)
LEFT JOIN inventory_item i ON i.id = d.item_id
LEFT JOIN inventory_organization o ON o.id = i.organization_id
LEFT JOIN inventory_place p ON p.id = d.place_id
ORDER BY d.item_id, d.place_id, d.field LIMIT %(limit)s
"""

IN_SCOPE = "(%(organization)s::bigint IS NULL OR {column} = %(organization)s::bigint)"
"""Restricts a statement of `Findings.check` to the organization that is audited."""

_ITEMS = IN_SCOPE.format(column="i.organization_id")
_MOVEMENTS = IN_SCOPE.format(column="organization_id")

BALANCES = f"""
SELECT s.item_id, s.location_id AS place_id, s.on_hand, s.safety_stock, s.reserved,
  s.futures_quantity AS futures
FROM inventory_stockrecord s JOIN inventory_item i ON i.id = s.item_id WHERE {_ITEMS}
UNION ALL
SELECT p.item_id, p.group_id, 0, 0, p.quantity, 0
FROM inventory_promise p JOIN inventory_item i ON i.id = p.item_id WHERE {_ITEMS}
"""
"""Every balance of the organization: stock records, and promises as reserved counts."""

_SUMS = f"""
SELECT item_id, place_id, f.field, f.stored, f.expected
FROM ({BALANCES}) AS held FULL JOIN (
  SELECT item_id, place_id, sum(on_hand) AS on_hand, sum(safety_stock) AS safety_stock,
    sum(reserved) AS reserved, sum(futures) AS futures
  FROM (
    SELECT item_id, place_id, on_hand_after - on_hand_before AS on_hand,
      safety_stock_after - safety_stock_before AS safety_stock,
      reserved_after - reserved_before AS reserved, futures_after - futures_before AS futures
    FROM inventory_movement WHERE {_MOVEMENTS}
    UNION ALL
    SELECT item_id, place_id, on_hand, safety_stock, reserved, futures
    FROM inventory_ledgeropening WHERE {_MOVEMENTS}
  ) AS steps GROUP BY item_id, place_id
) AS moved USING (item_id, place_id)
CROSS JOIN LATERAL (VALUES
  ('on_hand', coalesce(held.on_hand, 0), coalesce(moved.on_hand, 0)::bigint),
  ('safety_stock', coalesce(held.safety_stock, 0), coalesce(moved.safety_stock, 0)::bigint),
  ('reserved', coalesce(held.reserved, 0), coalesce(moved.reserved, 0)::bigint),
  ('futures', coalesce(held.futures, 0), coalesce(moved.futures, 0)::bigint)
) AS f(field, stored, expected)
WHERE f.stored <> f.expected
"""

_CHAIN = f"""
SELECT item_id, place_id, 'movement ' || sequence || ': ' || f.field, f.stored, f.expected
FROM (
  SELECT m.*, lag(on_hand_after, 1, coalesce(o.on_hand, 0)) OVER earlier AS on_hand,
    lag(safety_stock_after, 1, coalesce(o.safety_stock, 0)) OVER earlier AS safety_stock,
    lag(reserved_after, 1, coalesce(o.reserved, 0)) OVER earlier AS reserved,
    lag(futures_after, 1, coalesce(o.futures, 0)) OVER earlier AS futures
  FROM (SELECT * FROM inventory_movement WHERE {_MOVEMENTS}) AS m
  LEFT JOIN (
    SELECT item_id, place_id, on_hand, safety_stock, reserved, futures FROM inventory_ledgeropening
  ) AS o USING (item_id, place_id)
  WINDOW earlier AS (PARTITION BY item_id, place_id ORDER BY sequence)
) AS m
CROSS JOIN LATERAL (VALUES
  ('on_hand_before', m.on_hand_before, m.on_hand),
  ('safety_stock_before', m.safety_stock_before, m.safety_stock),
  ('reserved_before', m.reserved_before, m.reserved),
  ('futures_before', m.futures_before, m.futures)
) AS f(field, stored, expected)
WHERE f.stored <> f.expected
"""

_COUNTERS = f"""
SELECT item_id, NULL::bigint, 'sequence', i.sequence, m.last
FROM (SELECT id AS item_id, organization_id, sequence FROM inventory_item i WHERE {_ITEMS}) AS i
FULL JOIN (
  SELECT item_id, sum(movements) AS movements, sum(steps) AS steps, max(last) AS last
  FROM (
    SELECT item_id, count(*) AS movements, count(DISTINCT sequence) AS steps,
      max(sequence) AS last
    FROM inventory_movement WHERE {_MOVEMENTS} GROUP BY item_id
    UNION ALL
    SELECT item_id, sum(movements), sum(movements), max(sequence)
    FROM inventory_ledgeropening WHERE {_MOVEMENTS} GROUP BY item_id
  ) AS parts GROUP BY item_id
) AS m USING (item_id)
WHERE i.sequence IS DISTINCT FROM coalesce(m.last, 0)
  OR m.movements <> m.last OR m.steps <> m.last
"""

# The database proves neither: an import would pay for it with every record.
_STRAYS = f"""
SELECT s.item_id, s.location_id, 'location of its organization', p.organization_id,
  i.organization_id
FROM inventory_stockrecord s LEFT JOIN inventory_item i ON i.id = s.item_id
LEFT JOIN inventory_location l ON l.place_ptr_id = s.location_id
LEFT JOIN inventory_place p ON p.id = l.place_ptr_id
WHERE {_ITEMS} AND (i.id IS NULL OR p.organization_id IS DISTINCT FROM i.organization_id)
UNION ALL
SELECT b.item_id, NULL, 'item of pool ' || b.id, NULL, b.item_id
FROM inventory_poolbalance b LEFT JOIN inventory_item i ON i.id = b.item_id
WHERE {_ITEMS} AND i.id IS NULL
"""

_COUNTS = f"""
SELECT count(DISTINCT o.id), count(i.id)
FROM inventory_organization o LEFT JOIN inventory_item i ON i.organization_id = o.id
WHERE {IN_SCOPE.format(column="o.id")}
"""


def audited(organization_id: int | None) -> tuple[int, int]:
    """Return how many organizations and items an audit covers."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"organization": organization_id})
        organizations, items = cursor.fetchone()
    return organizations, items


def audit_inventory(findings: Findings, *, organization_id: int | None) -> None:
    """Compare balances with the ledger, and pools and item totals with the stock records.

    Every record and pool must have its item, every record a location of the same organization.
    """
    findings.check("balance is the sum of its movements", _SUMS, organization_id=organization_id)
    findings.check("movements follow each other", _CHAIN, organization_id=organization_id)
    findings.check("an item counts its movements", _COUNTERS, organization_id=organization_id)
    findings.check("records and pools are somebody's", _STRAYS, organization_id=organization_id)
    for batch in _batches(organization_id):
        _audit_sums(findings, batch)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with its totals as stored. `is_current`: its pools were built with this graph."""

    id: int
    sku: str
    organization_id: int
    organization: str
    graph_version: int
    is_current: bool
    on_hand: int
    available_to_order: int
    short: int
    segmented_out: Sequence[int]


_PAGE = f"""
SELECT i.id, i.sku, o.id, o.identifier, o.graph_version, i.graph_version = o.graph_version,
  i.on_hand, i.available_to_order, i.short, i.segmented_out,
  (SELECT count(*) FROM inventory_stockrecord s WHERE s.item_id = i.id)
FROM inventory_item i JOIN inventory_organization o ON o.id = i.organization_id
WHERE {_ITEMS} AND i.id > %(after)s ORDER BY i.id LIMIT %(limit)s
"""


def _batches(organization_id: int | None) -> Iterator[list[_Item]]:
    """Generate the items, few enough at a time that their records fit in memory."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _PAGE, {"organization": organization_id, "after": after, "limit": _BATCH_ITEMS}
            )
            rows = cursor.fetchall()
        batch: list[_Item] = []
        records = 0
        for row in rows:
            if batch and records + row[-1] > _BATCH_RECORDS:
                yield batch
                batch, records = [], 0
            batch.append(_Item(*row[:-1]))
            records += row[-1]
        if batch:
            yield batch
        if len(rows) < _BATCH_ITEMS:
            return
        after = rows[-1][0]


def _audit_sums(findings: Findings, items: Sequence[_Item]) -> None:
    graphs = {
        item.organization_id: graph_at(item.organization_id, version=item.graph_version)
        for item in items
    }
    ids = [item.id for item in items]
    stored_pools, promises = _stored_pools(ids), _promises(ids)
    records = _records(items, graphs=graphs)
    for item in items:
        graph, mine = graphs[item.organization_id], records.get(item.id, {})
        _audit_futures(findings, item, graph, mine)
        pools = pools_of(mine.values())
        network = Network(
            free={signature: pool.free for signature, pool in pools.items()},
            promises=promises.get(item.id, {}),
        )
        expected = {"on_hand": sum(pool.on_hand for pool in pools.values())}
        if item.is_current:
            _audit_pools(findings, item, graph, stored_pools.get(item.id, {}), pools)
            free = sum(pool.free for pool in pools.values())
            expected["available_to_order"] = free - network.served
            expected["short"] = network.short
        for name, quantity in expected.items():
            _compare(findings, "item total", item, None, name, getattr(item, name), quantity)


def _audit_futures(
    findings: Findings, item: _Item, graph: Graph, records: dict[int, Record]
) -> None:
    for place, record in records.items():
        total = sum(quantity for _, quantity in record.futures)
        name = graph.identifiers.get(place, str(place))
        _compare(
            findings,
            "futures add up",
            item,
            name,
            "futures_quantity",
            record.balance.futures,
            total,
        )


_POOL_FIGURES = (
    "records",
    "on_hand",
    "safety_stock",
    "reserved",
    "free",
    "free_to_fulfil",
    "futures",
    "effective_at",
)


def _audit_pools(
    findings: Findings,
    item: _Item,
    graph: Graph,
    stored: dict[Signature, Pool],
    expected: dict[Signature, Pool],
) -> None:
    for signature in stored.keys() | expected.keys():
        groups = [graph.identifiers.get(group, str(group)) for group in signature]
        for name in _POOL_FIGURES:
            _compare(
                findings,
                "pool is the sum of its records",
                item,
                "+".join(groups),
                name,
                getattr(stored.get(signature, Pool()), name),
                getattr(expected.get(signature, Pool()), name),
            )


def _compare(
    findings: Findings,
    check: str,
    item: _Item,
    place: str | None,
    name: str,
    stored: object,
    expected: object,
) -> None:
    if stored != expected:
        findings.add(Difference(check, item.organization, item.sku, place, name, stored, expected))


def _stored_pools(item_ids: list[int]) -> dict[int, dict[Signature, Pool]]:
    pools: dict[int, dict[Signature, Pool]] = {}
    rows = _rows(
        "SELECT item_id, signature, records, on_hand, safety_stock, reserved, free,"
        " free_to_fulfil, futures, effective_at FROM inventory_poolbalance"
        " WHERE item_id = ANY(%s)",
        item_ids,
    )
    for row in rows:
        pools.setdefault(row[0], {})[signature_of(row[1])] = pool_from_row(row[2:])
    return pools


def _promises(item_ids: list[int]) -> dict[int, dict[int, int]]:
    promises: dict[int, dict[int, int]] = {}
    rows = _rows(
        "SELECT item_id, group_id, quantity FROM inventory_promise WHERE item_id = ANY(%s)",
        item_ids,
    )
    for item_id, group, quantity in rows:
        promises.setdefault(item_id, {})[group] = quantity
    return promises


def _records(items: Sequence[_Item], *, graphs: dict[int, Graph]) -> dict[int, dict[int, Record]]:
    records: dict[int, dict[int, Record]] = {}
    by_id = {item.id: item for item in items}
    rows = _rows(
        "SELECT item_id, location_id, on_hand, safety_stock, reserved, futures_quantity, futures,"
        " effective_at, excluded_groups, 0, is_deleted FROM inventory_stockrecord"
        " WHERE item_id = ANY(%s)",
        list(by_id),
    )
    for row in rows:
        item = by_id[row[0]]
        record = record_from_row(
            row[2:],
            graph=graphs[item.organization_id],
            location=row[1],
            segmented_out=item.segmented_out,
        )
        records.setdefault(row[0], {})[row[1]] = record
    return records


def _rows(sql: str, item_ids: list[int]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [item_ids])
        return list(cursor.fetchall())
