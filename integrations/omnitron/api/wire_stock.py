"""Stock lists and product stocks as they stand on the wire (spec: omnitron 4.5)."""

from typing import Any

from rest_framework import serializers

from integrations.omnitron.api.fields import Object, Quantity, Timestamp


class StockListOut(serializers.Serializer[Any]):
    """A stock list; `code` is what the ERP calls it."""

    pk = serializers.IntegerField()
    name = serializers.CharField()
    code = serializers.CharField()
    is_auto_sync = serializers.BooleanField()


class ProductStockI1(serializers.Serializer[Any]):
    """A product on a stock list, by SKU."""

    id = serializers.IntegerField(source="pk")
    product_sku = serializers.CharField(source="product.sku")
    stock = Quantity()
    stock_list = serializers.IntegerField(source="stock_list_id")
    unit_type = serializers.CharField()
    sold_quantity_unreported = Quantity()
    extra_field = Object()


class ProductStockV1(serializers.Serializer[Any]):
    """A product on a stock list, by key."""

    pk = serializers.IntegerField()
    product = serializers.IntegerField(source="product_id")
    unit_type = serializers.CharField()
    stock = Quantity()
    sold_quantity_unreported = Quantity()
    extra_field = Object()
    stock_list = serializers.IntegerField(source="stock_list_id")
    created_date = Timestamp()
    modified_date = Timestamp()
