"""What the ERP pushes, and which products stand on which list. Quantities are thousandths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import msgspec
from django.db import connection

from integrations.omnitron.domain.drafts import StockPush
from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import StockList
from integrations.omnitron.services.lines import unknown_pk
from inventory.locks import lock_organization_shared, locked_write
from inventory.models import Item
from inventory.origin import Origin
from inventory.services.items import UnbornItems, with_items_born
from inventory.services.stock import StockUpdate, apply_updates

_OPERATION = "omnitron-product-stock"
_UPSERT = """
INSERT INTO orders_productstock AS s (organization_id, stock_list_id, product_id, unit_type,
  extra_field, created_date, modified_date)
SELECT %s, v.stock_list, v.product, coalesce(v.unit_type, 'qty'), coalesce(v.extra_field, '{}'),
  %s, %s FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::jsonb[])
  AS v(stock_list, product, unit_type, extra_field) ORDER BY v.stock_list, v.product
ON CONFLICT (stock_list_id, product_id) DO UPDATE SET modified_date = EXCLUDED.modified_date
RETURNING s.stock_list_id, s.product_id, s.id, s.xmax = 0  -- no update came before: it is new
"""
_DETAILS = """
UPDATE orders_productstock s SET unit_type = coalesce(v.unit_type, s.unit_type),
  extra_field = coalesce(v.extra_field, s.extra_field)
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS v(id, unit_type, extra_field)
WHERE s.id = v.id
"""


@dataclass(frozen=True, slots=True)
class StoredStock:
    """The row of one push, in the order of the pushes, and whether this call made it."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A push of a product (by SKU) onto a known list."""

    push: StockPush
    sku: str
    stock_list: StockList


def push_stock(
    *, organization_id: int, pushes: Sequence[StockPush], origin: Origin, now: datetime
) -> list[StoredStock]:
    """Put products on stock lists and set what is on hand there (and nothing else), all or none.

    An unknown `sku` comes to life. Raises InvalidFields with one entry for each push (`{}` where it
    is fine) under `errors["pushes"]`: unknown product or list, a stock for the list of a group, the
    same product and list twice.
    """
    known = _resolve(organization_id, pushes)
    updates = _updates(known)

    def write() -> list[StoredStock]:
        with locked_write():
            lock_organization_shared(organization_id)
            products = _products(organization_id, {each.sku for each in known})
            if updates:
                apply_updates(
                    organization_id, operation=_OPERATION, updates=updates, origin=origin, now=now
                )
            return _upsert(organization_id, known, products, now=now)

    return with_items_born(organization_id, write)


def _resolve(organization_id: int, pushes: Sequence[StockPush]) -> list[_Known]:
    skus = dict(
        Item.objects.filter(
            organization_id=organization_id,
            pk__in={push.product for push in pushes if push.product is not None},
        ).values_list("pk", "sku")
    )
    lists = StockList.objects.filter(organization_id=organization_id).select_related(
        "location", "group"
    )
    by_pk = {each.pk: each for each in lists.filter(pk__in={push.stock_list for push in pushes})}
    known: list[_Known] = []
    errors: list[dict[str, list[str]]] = []
    seen: set[tuple[str, int]] = set()
    for push in pushes:
        sku = push.sku if push.product is None else skus.get(push.product, "")
        wrong = _wrong(push, is_known=bool(sku), stock_list=by_pk.get(push.stock_list))
        if not wrong and (sku, push.stock_list) in seen:
            wrong = {"non_field_errors": ["The same product and stock list come twice."]}
        seen.add((sku, push.stock_list))
        errors.append(wrong)
        if not wrong:
            known.append(_Known(push, sku, by_pk[push.stock_list]))
    if any(errors):
        raise InvalidFields({"pushes": errors}, code="invalid")
    return known


def _wrong(
    push: StockPush, *, is_known: bool, stock_list: StockList | None
) -> dict[str, list[str]]:
    wrong = {}
    if not is_known:
        wrong["product"] = [unknown_pk(push.product or 0)]
    if stock_list is None:
        wrong["stock_list"] = [unknown_pk(push.stock_list)]
    elif stock_list.location is None and push.stock is not None:
        wrong["stock"] = [
            "The list stands for a group of locations: its stock is what they have, push it there."
        ]
    elif stock_list.location is not None and stock_list.location.is_retired:
        wrong["stock_list"] = ["The list stands for a location that is gone."]
    return wrong


def _updates(known: Sequence[_Known]) -> list[StockUpdate]:
    """Return the counts; a push has no id by which a repeat could be told, and needs none."""
    once = uuid4().hex
    return [
        StockUpdate(
            request_id=once,
            location=each.stock_list.location.identifier,
            sku=each.sku,
            replaces=False,
            on_hand=each.push.stock,
        )
        for each in known
        if each.push.stock is not None and each.stock_list.location is not None
    ]


def _products(organization_id: int, skus: set[str]) -> dict[str, int]:
    """Return the items by SKU; UnbornItems when some are to be created."""
    found = Item.objects.filter(organization_id=organization_id, sku__in=skus)
    products = dict(found.values_list("sku", "pk"))
    if len(products) < len(skus):
        raise UnbornItems(skus - products.keys())
    return products


def _upsert(
    organization_id: int, known: Sequence[_Known], products: Mapping[str, int], *, now: datetime
) -> list[StoredStock]:
    pairs = [(each.stock_list.pk, products[each.sku]) for each in known]
    lists, items = (list(column) for column in zip(*pairs, strict=True))
    units = [each.push.unit_type for each in known]
    extras = [_json(each.push) for each in known]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [organization_id, now, now, lists, items, units, extras])
        stored = {row[:2]: StoredStock(*row[2:]) for row in cursor.fetchall()}
        cursor.execute(_DETAILS, [[stored[pair].id for pair in pairs], units, extras])
    return [stored[pair] for pair in pairs]


_SYNC = """
INSERT INTO orders_productstock (organization_id, stock_list_id, product_id, unit_type,
  extra_field, created_date, modified_date)
SELECT DISTINCT l.organization_id, l.id, s.item_id, 'qty', '{}'::jsonb, %(now)s, %(now)s
FROM orders_stocklist l
LEFT JOIN inventory_groupmembership m ON m.group_id = l.group_id
JOIN inventory_stockrecord s ON s.location_id IN (l.location_id, m.location_id)
WHERE l.id = %(stock_list)s AND NOT s.is_deleted AND NOT EXISTS (
  SELECT FROM orders_productstock p WHERE p.stock_list_id = l.id AND p.product_id = s.item_id)
ORDER BY l.id, s.item_id
ON CONFLICT (stock_list_id, product_id) DO NOTHING
"""


def sync_product_stock(*, organization_id: int, now: datetime) -> int:
    """Put every product with a stock record at a list's place on that list; return how many.

    One statement and one transaction a list; nothing that is there already changes.
    """
    added = 0
    lists = StockList.objects.filter(organization_id=organization_id).order_by("pk")
    for stock_list in lists.values_list("pk", flat=True):
        with connection.cursor() as cursor:
            cursor.execute(_SYNC, {"stock_list": stock_list, "now": now})
            added += cursor.rowcount
    return added


def sync_all_product_stock(*, now: datetime) -> int:
    """Sync the lists of all organizations; return how many products were put on lists."""
    organizations = StockList.objects.values_list("organization_id", flat=True).distinct()
    return sum(
        sync_product_stock(organization_id=each, now=now)
        for each in organizations.order_by("organization_id")
    )


def _json(push: StockPush) -> str | None:
    return None if push.extra_field is None else msgspec.json.encode(push.extra_field).decode()
