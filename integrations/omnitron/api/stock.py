"""Stock lists and product stocks; what the ERP pushes (spec: omnitron 4.5)."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.omnitron.api.base import OmnitronList, rendered
from integrations.omnitron.api.fields import MAX_KEY, Object, sku
from integrations.omnitron.api.filters import filter_set
from integrations.omnitron.api.schema import Shape
from integrations.omnitron.api.wire_stock import StockListOut
from integrations.omnitron.domain.drafts import StockPush
from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import ProductStock, StockList
from integrations.omnitron.selectors.orders import stock_lists
from integrations.omnitron.selectors.stock import product_stocks
from integrations.omnitron.services.stock import push_stock

MAX_PUSHES = 1_000
_MAX_STOCK = 2_147_483_647

ProductStockFilters = filter_set(
    "ProductStockFilters",
    numbers={
        "pk": "pk",
        "id": "pk",
        "product": "product_id",
        "product__pk": "product_id",
        "stock_list": "stock_list_id",
    },
    texts={
        "product_sku": "product__sku",
        "product__sku": "product__sku",
        "stock_list__code": "stock_list__code",
        "unit_type": "unit_type",
    },
    moments=("created_date", "modified_date"),
    quantities=("stock", "sold_quantity_unreported"),
)
StockListFilters = filter_set(
    "StockListFilters",
    numbers={"pk": "pk", "id": "pk"},
    texts={"name": "name", "code": "code"},
    booleans=("is_auto_sync",),
)


class Push(serializers.Serializer[Any]):
    """What the ERP says of one product, by key or SKU, on one list; what is not sent is kept."""

    product = serializers.IntegerField(required=False, min_value=1, max_value=MAX_KEY)
    product_sku = sku()
    stock_list = serializers.IntegerField(min_value=1, max_value=MAX_KEY)
    stock = serializers.DecimalField(
        required=False, max_digits=13, decimal_places=3, min_value=0, max_value=_MAX_STOCK
    )
    unit_type = serializers.ChoiceField(required=False, choices=("qty", "kg"))
    extra_field = Object(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a push that names no product, or names it twice."""
        if ("product" in attrs) == ("product_sku" in attrs):
            message = "Either product or product_sku is required."
            raise ValidationError({"product_sku": [message]})
        return attrs


class ProductStocksView(OmnitronList):
    """GET and POST product_stock/: products on stock lists, with their figures."""

    filterset_class = ProductStockFilters
    sorts: Mapping[str, str] = {
        "id": "pk",
        "pk": "pk",
        "product": "product_id",
        "stock_list": "stock_list_id",
        "stock": "stock",
        "sold_quantity_unreported": "sold_quantity_unreported",
        "modified_date": "modified_date",
    }

    def get_queryset(self) -> QuerySet[ProductStock]:
        """Return the organization's product stocks with their figures."""
        return product_stocks(self.organization_id)

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Return the shape of the prefix."""
        return self.wire.product_stock

    @extend_schema(request=Push, responses={200: Shape.PRODUCT_STOCK, 201: Shape.PRODUCT_STOCK})
    def post(self, request: Request) -> Response:
        """Put a product on a list and set its stock there; a list of them is all or none."""
        is_list = isinstance(request.data, list)
        options = {"many": True, "allow_empty": False, "max_length": MAX_PUSHES} if is_list else {}
        asked = self.read(Push, **options)
        try:
            stored = push_stock(
                organization_id=self.organization_id,
                pushes=[_push(each) for each in (asked if is_list else [asked])],
                origin=self.origin,
                now=self.now,
            )
        except InvalidFields as refusal:
            pushes = refusal.errors["pushes"]
            raise ValidationError(pushes if is_list else pushes[0]) from refusal
        rows = self.get_queryset().in_bulk([each.id for each in stored])
        answer = [rendered(self.wire.product_stock, rows[each.id]) for each in stored]
        is_new = any(each.is_new for each in stored)
        return Response(answer if is_list else answer[0], status=201 if is_new else 200)


class StockListsView(OmnitronList):
    """GET stock_list/: stock lists."""

    filterset_class = StockListFilters
    serializer_class = StockListOut
    sorts: Mapping[str, str] = {"id": "pk", "pk": "pk", "name": "name", "code": "code"}

    def get_queryset(self) -> QuerySet[StockList]:
        """Return the organization's stock lists."""
        return stock_lists(self.organization_id)


def _push(asked: Mapping[str, Any]) -> StockPush:
    stock = asked.get("stock")
    return StockPush(
        product=asked.get("product"),
        sku=asked.get("product_sku", ""),
        stock_list=asked["stock_list"],
        stock=None if stock is None else int(stock * 1000),
        unit_type=asked.get("unit_type"),
        extra_field=asked.get("extra_field"),
    )
