"""Product stocks with their live figures. Quantities are thousandths."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from integrations.omnitron.models import ProductStock
from inventory.models import PoolBalance, StockRecord
from reservations.models import Claim, Standing

_TEXTS = ArrayField(TextField())
_COUNT = BigIntegerField()


def product_stocks(organization_id: int) -> QuerySet[ProductStock]:
    """Return product stocks annotated with `stock` (on hand at the list's place) and
    `sold_quantity_unreported` (remaining claims of order items that name the list).

    Both can be filtered and sorted by. `product` and `stock_list` are joined.
    """
    return (
        ProductStock.objects.filter(organization_id=organization_id)
        .select_related("product__product_info", "stock_list")
        .annotate(stock=_stock(), sold_quantity_unreported=_sold_unreported())
    )


def _stock() -> Case:
    """On hand at the location, or in the group: from the pools, as long as they fit the graph."""
    at_location = StockRecord.objects.filter(
        item=OuterRef("product"), location=OuterRef("stock_list__location")
    ).values("on_hand")
    in_pools = (
        PoolBalance.objects.filter(item=OuterRef("product"))
        .alias(
            counted_by=Func(
                F("signature"), Value(","), function="string_to_array", output_field=_TEXTS
            )
        )
        .filter(counted_by__contains=_array_of(OuterRef("stock_list__group"), "text"))
    )
    group, group_name = OuterRef("stock_list__group"), OuterRef("stock_list__group__identifier")
    in_records = StockRecord.objects.filter(
        ~Q(excluded_groups__contains=_array_of(group_name, "text")),
        ~Q(item__segmented_out__contains=_array_of(group, "bigint")),
        item=OuterRef("product"),
        location__memberships__group=group,
    )
    return Case(
        When(stock_list__location__isnull=False, then=Coalesce(Subquery(at_location), 0)),
        When(product__graph_version=F("organization__graph_version"), then=total_of(in_pools)),
        default=total_of(in_records),
        output_field=_COUNT,
    )


def _array_of(value: Any, kind: str) -> Func:
    return Func(value, template=f"ARRAY[(%(expressions)s)::{kind}]", output_field=_TEXTS)


def total_of(rows: QuerySet[Any], field: str = "on_hand") -> Coalesce:
    """Return what the rows of an item add up to, as a subquery; 0 where there are none."""
    total = rows.order_by().values("item_id").annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(total, output_field=_COUNT), 0, output_field=_COUNT)


def _sold_unreported() -> Coalesce:
    return total_of(
        Claim.objects.filter(
            standing=Standing.ORDER_HOLD,
            item=OuterRef("product"),
            line__order_item__stock_list=OuterRef("stock_list"),
        ),
        "quantity",
    )
