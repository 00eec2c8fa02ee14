"""Rows of an order, as parts of the one statement that also writes what it holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from integrations.omnitron.domain.drafts import OrderDraft
from integrations.omnitron.services.lines import OrderLine
from inventory.statements import Statement

_ORDER = (
    ("id", "bigint"),
    ("is_send", "boolean"),
    ("date_placed", "timestamptz"),
    ("currency", "text"),
    ("amount", "numeric"),
    ("customer", "jsonb"),
    ("shipping_address", "jsonb"),
    ("billing_address", "jsonb"),
    ("extra_field", "jsonb"),
    ("details", "jsonb"),
    ("modified_date", "timestamptz"),
)
_ITEM = (
    ("id", "bigint"),
    ("organization_id", "bigint"),
    ("order_id", "bigint"),
    ("product_id", "bigint"),
    ("stock_list_id", "bigint"),
    ("line_id", "bigint"),
    ("status", "smallint"),
    ("quantity", "bigint"),
    ("price_currency", "text"),
    ("price", "numeric"),
    ("tax_rate", "numeric"),
    ("cancel_status", "text"),
    ("extra_field", "jsonb"),
    ("attributes", "jsonb"),
    ("attributes_kwargs", "jsonb"),
    ("details", "jsonb"),
    ("created_date", "timestamptz"),
    ("modified_date", "timestamptz"),
)


def write_order(statement: Statement, order_id: int, draft: OrderDraft, *, now: datetime) -> None:
    """Fill in the order that was claimed by its number."""
    names = [name for name, _ in _ORDER[1:]]
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    statement.add(
        f"UPDATE orders_order o SET {sets}, created_date = v.modified_date"
        " FROM {rows} WHERE o.id = v.id",
        columns=_ORDER,
        rows=[
            (
                order_id,
                draft.is_send,
                draft.date_placed,
                draft.currency,
                draft.amount,
                _json(draft.customer),
                _json(draft.shipping_address),
                _json(draft.billing_address),
                _json(draft.extra_field),
                _json(draft.details),
                now,
            )
        ],
    )


def write_order_items(
    statement: Statement,
    rows: Sequence[tuple[int, OrderLine, int, int | None]],
    *,
    organization_id: int,
    order_id: int,
    now: datetime,
) -> None:
    """Add the items, given as (id, line, product id, reservation line id)."""
    names = ", ".join(name for name, _ in _ITEM)
    statement.add(
        f"INSERT INTO orders_orderitem ({names}) SELECT {names} FROM {{rows}}",
        columns=_ITEM,
        rows=[
            (
                item_id,
                organization_id,
                order_id,
                product_id,
                line.stock_list_id,
                line_id,
                *_particulars(line),
                now,
                now,
            )
            for item_id, line, product_id, line_id in rows
        ],
    )


def _particulars(line: OrderLine) -> tuple[Any, ...]:
    draft = line.draft
    return (
        draft.status,
        draft.quantity,
        draft.price_currency,
        draft.price,
        draft.tax_rate,
        draft.cancel_status,
        _json(draft.extra_field),
        _json(draft.attributes),
        _json(draft.attributes_kwargs),
        _json(draft.details),
    )


def write_products(
    statement: Statement,
    rows: Sequence[tuple[OrderLine, int]],
    *,
    organization_id: int,
    now: datetime,
) -> None:
    """Put the products of (line, product id) on their lists, and keep the first name each got."""
    stocks = sorted({(line.stock_list_id, product) for line, product in rows})
    statement.add(
        "INSERT INTO orders_productstock (organization_id, stock_list_id, product_id, unit_type,"
        " extra_field, created_date, modified_date) SELECT organization_id, stock_list_id,"
        " product_id, 'qty', '{}', at, at FROM {rows}"
        " ON CONFLICT (stock_list_id, product_id) DO NOTHING",
        columns=(
            ("organization_id", "bigint"),
            ("stock_list_id", "bigint"),
            ("product_id", "bigint"),
            ("at", "timestamptz"),
        ),
        rows=[(organization_id, *stock, now) for stock in stocks],
    )
    names = {product: line.draft.product_name for line, product in reversed(rows)}
    statement.add(
        "INSERT INTO orders_productinfo (item_id, name, attributes)"
        " SELECT item_id, name, '{}' FROM {rows} ON CONFLICT (item_id) DO NOTHING",
        columns=(("item_id", "bigint"), ("name", "text")),
        rows=[(product, name) for product, name in sorted(names.items()) if name],
    )


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
