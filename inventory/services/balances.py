"""Writing what differs: items, stock records, promises and pools, each as one part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from inventory.domain.balance import Balance
from inventory.domain.item import ItemState
from inventory.domain.record import Pool, Record, Signature
from inventory.statements import Statement


@dataclass(slots=True)
class LoadedItem:
    """An item's tables as the database holds them, to write only what differs."""

    records: dict[int, Record]
    stored_locations: set[int]
    pools: dict[Signature, Pool]
    promises: dict[int, int]
    is_rebuilt: bool
    segmented_out: Sequence[int]


Changed = Sequence[tuple[ItemState, LoadedItem]]


def write_balances(
    statement: Statement, changed: Changed, *, graph_version: int, now: datetime
) -> None:
    """Add every balance that differs from what was loaded to the statement."""
    _write_items(statement, changed, graph_version=graph_version, now=now)
    _write_records(statement, changed)
    _write_promises(statement, changed)
    _write_pools(statement, changed)


def _write_items(
    statement: Statement, changed: Changed, *, graph_version: int, now: datetime
) -> None:
    statement.add(
        "UPDATE inventory_item i SET sequence = v.sequence, graph_version = v.graph_version,"
        " on_hand = v.on_hand, available_to_order = v.available_to_order, short = v.short,"
        " changed_at = v.changed_at FROM {rows} WHERE i.id = v.id",
        columns=(
            ("id", "bigint"),
            ("sequence", "bigint"),
            ("graph_version", "bigint"),
            ("on_hand", "bigint"),
            ("available_to_order", "bigint"),
            ("short", "bigint"),
            ("changed_at", "timestamptz"),
        ),
        rows=[
            (
                item.item_id,
                item.sequence,
                # 0 is no graph's version: the next writer rebuilds the pools.
                0 if item.pools_lost_a_date else graph_version,
                item.on_hand,
                item.available_to_order,
                item.short,
                now,
            )
            for item, _ in changed
        ],
    )


_COUNTS = (
    ("item_id", "bigint"),
    ("location_id", "bigint"),
    ("on_hand", "bigint"),
    ("safety_stock", "bigint"),
    ("reserved", "bigint"),
    ("futures_quantity", "bigint"),
)


def _counts(item: ItemState, location: int, balance: Balance) -> tuple[int, ...]:
    return (
        item.item_id,
        location,
        balance.on_hand,
        balance.safety_stock,
        balance.reserved,
        balance.futures,
    )


def _write_records(statement: Statement, changed: Changed) -> None:
    counted, whole = [], []
    for item, loaded in changed:
        for location, record in item.records.items():
            old = loaded.records[location]
            if record is old:
                continue
            counts = _counts(item, location, record.balance)
            if location in loaded.stored_locations and _same_but_counts(record, old):
                counted.append(counts)
            else:
                whole.append((*counts, *_particulars(record)))
    statement.add(
        "UPDATE inventory_stockrecord s SET on_hand = v.on_hand, safety_stock = v.safety_stock,"
        " reserved = v.reserved, futures_quantity = v.futures_quantity"
        " FROM {rows} WHERE s.item_id = v.item_id AND s.location_id = v.location_id",
        columns=_COUNTS,
        rows=counted,
    )
    statement.add(
        "INSERT INTO inventory_stockrecord (item_id, location_id, on_hand, safety_stock,"
        " reserved, futures_quantity, futures, effective_at, excluded_groups, is_deleted)"
        " SELECT item_id, location_id, on_hand, safety_stock, reserved, futures_quantity,"
        " futures::jsonb, effective_at,"
        " ARRAY(SELECT jsonb_array_elements_text(excluded_groups::jsonb)), is_deleted"
        " FROM {rows} ON CONFLICT (item_id, location_id) DO UPDATE SET"
        " on_hand = EXCLUDED.on_hand, safety_stock = EXCLUDED.safety_stock,"
        " reserved = EXCLUDED.reserved, futures_quantity = EXCLUDED.futures_quantity,"
        " futures = EXCLUDED.futures, effective_at = EXCLUDED.effective_at,"
        " excluded_groups = EXCLUDED.excluded_groups, is_deleted = EXCLUDED.is_deleted",
        columns=(
            *_COUNTS,
            ("futures", "text"),
            ("effective_at", "timestamptz"),
            ("excluded_groups", "text"),
            ("is_deleted", "boolean"),
        ),
        rows=whole,
    )


def _particulars(record: Record) -> tuple[Any, ...]:
    return (
        msgspec.json.encode(record.futures).decode(),
        record.effective_at,
        msgspec.json.encode(record.excluded_groups).decode(),
        not record.exists,
    )


def _same_but_counts(record: Record, old: Record) -> bool:
    return (
        record.futures == old.futures
        and record.effective_at == old.effective_at
        and record.excluded_groups == old.excluded_groups
        and record.exists == old.exists
    )


def _write_promises(statement: Statement, changed: Changed) -> None:
    statement.add(
        "INSERT INTO inventory_promise (item_id, group_id, quantity)"
        " SELECT item_id, group_id, quantity FROM {rows}"
        " ON CONFLICT (item_id, group_id) DO UPDATE SET quantity = EXCLUDED.quantity",
        columns=(("item_id", "bigint"), ("group_id", "bigint"), ("quantity", "bigint")),
        rows=[
            (item.item_id, group, quantity)
            for item, loaded in changed
            for group, quantity in item.promises.items()
            if loaded.promises.get(group) != quantity
        ],
    )


_POOL_COUNTS = (
    ("item_id", "bigint"),
    ("signature", "text"),
    ("records", "integer"),
    ("on_hand", "bigint"),
    ("safety_stock", "bigint"),
    ("reserved", "bigint"),
    ("free", "bigint"),
    ("free_to_fulfil", "bigint"),
)


def _write_pools(statement: Statement, changed: Changed) -> None:
    counted, whole = [], []
    for item, loaded in changed:
        for signature, pool in item.pools.items():
            old = loaded.pools.get(signature)
            if pool is old:
                continue
            counts = (
                item.item_id,
                ",".join(map(str, signature)),
                pool.records,
                pool.on_hand,
                pool.safety_stock,
                pool.reserved,
                pool.free,
                pool.free_to_fulfil,
            )
            if old and pool.futures == old.futures and pool.effective_at == old.effective_at:
                counted.append(counts)
            else:
                futures = msgspec.json.encode(pool.futures).decode()
                whole.append((*counts, futures, pool.effective_at))
    statement.add(
        "UPDATE inventory_poolbalance p SET records = v.records, on_hand = v.on_hand,"
        " safety_stock = v.safety_stock, reserved = v.reserved, free = v.free,"
        " free_to_fulfil = v.free_to_fulfil"
        " FROM {rows} WHERE p.item_id = v.item_id AND p.signature = v.signature",
        columns=_POOL_COUNTS,
        rows=counted,
    )
    statement.add(
        "INSERT INTO inventory_poolbalance (item_id, signature, records, on_hand, safety_stock,"
        " reserved, free, free_to_fulfil, futures, effective_at)"
        " SELECT item_id, signature, records, on_hand, safety_stock, reserved, free,"
        " free_to_fulfil, futures::jsonb, effective_at FROM {rows}"
        " ON CONFLICT (item_id, signature) DO UPDATE SET records = EXCLUDED.records,"
        " on_hand = EXCLUDED.on_hand, safety_stock = EXCLUDED.safety_stock,"
        " reserved = EXCLUDED.reserved, free = EXCLUDED.free,"
        " free_to_fulfil = EXCLUDED.free_to_fulfil, futures = EXCLUDED.futures,"
        " effective_at = EXCLUDED.effective_at",
        columns=(*_POOL_COUNTS, ("futures", "text"), ("effective_at", "timestamptz")),
        rows=whole,
    )
