"""The two shapes of the API: one for each prefix (spec: omnitron 1, fact 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework.serializers import Serializer

from integrations.omnitron.api.wire_orders import (
    ItemI1,
    ItemsI1,
    ItemsV1,
    ItemV1,
    OrderI1,
    OrderV1,
)
from integrations.omnitron.api.wire_stock import ProductStockI1, ProductStockV1
from integrations.omnitron.models import Order
from integrations.omnitron.selectors.orders import orders, orders_with_items


@dataclass(frozen=True, slots=True)
class Wire:
    """What a prefix answers with. `orders` reads what `order` writes."""

    name: str
    order: type[Serializer[Any]]
    orders: Callable[[int], QuerySet[Order]]
    order_item: type[Serializer[Any]]
    order_items: type[Serializer[Any]]
    product_stock: type[Serializer[Any]]
    finds_orders_by_number: bool


I1 = Wire(
    name="i1",
    order=OrderI1,
    orders=orders_with_items,
    order_item=ItemI1,
    order_items=ItemsI1,
    product_stock=ProductStockI1,
    finds_orders_by_number=True,
)
V1 = Wire(
    name="v1",
    order=OrderV1,
    orders=orders,
    order_item=ItemV1,
    order_items=ItemsV1,
    product_stock=ProductStockV1,
    finds_orders_by_number=False,
)
