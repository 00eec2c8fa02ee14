"""Orders and their items as they stand on the wire (spec: omnitron 4.1, 4.2).

v1 writes keys where i1 writes objects: the customer, the addresses, an item's product, and an
order's items themselves.
"""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.omnitron.api.fields import (
    ANY_JSON,
    Details,
    Json,
    Money,
    Object,
    Quantity,
    StatusCode,
    Timestamp,
    WithDetails,
    text,
)
from integrations.omnitron.selectors.orders import product_name


def _money() -> Money:
    return Money(required=False, allow_null=True)


def _moment() -> Timestamp:
    return Timestamp(required=False, allow_null=True)


def _json() -> Json:
    return Json(required=False, allow_null=True)


def _boolean() -> serializers.BooleanField:
    return serializers.BooleanField(required=False, allow_null=True)


def _read_only() -> Json:
    return Json(read_only=True, allow_null=True)


ORDER_DETAILS: Details = {
    "shipping_amount": _money,
    "net_shipping_amount": _money,
    "shipping_tax_rate": _money,
    "payment_option": _json,
    "payment_option_slug": lambda: text(128),
    "bin_number": lambda: text(64),
    "installment": _json,
    "installment_count": _json,
    "delivery_type": lambda: text(128),
    "installment_interest_amount": _money,
    "cargo_company": _json,
    "invoice_number": lambda: text(256),
    "invoice_date": _moment,
    "e_archive_url": lambda: text(1024),
    "refund_amount": _money,
    "discount_refund_amount": _money,
    "shipping_refund_amount": _money,
    "discount_amount": _money,
    "shipping_interest_amount": _money,
    "tracking_number": lambda: text(256),
    "carrier_shipping_code": lambda: text(256),
    "remote_addr": lambda: text(64),
    "fundstransfertransaction_set": _json,
    "has_gift_box": _boolean,
    "gift_box_note": lambda: text(160),
    "external_status": lambda: text(128),
    "client_type": lambda: text(128),
    "language_code": lambda: text(32),
    "notes": lambda: text(320),
    "delivery_range": _json,
    "shipping_option_slug": lambda: text(128),
    "segment": _json,
    "checkout_provider_id": _json,
    "cancellation_info": _json,
    "defined_tracking_url": lambda: text(1024),
}

CHANGEABLE_ITEM_DETAILS: Details = {
    "shipping_company": _json,
    "shipment_code": lambda: text(256),
    "tracking_number": lambda: text(256),
    "carrier_shipping_code": lambda: text(256),
    "invoice_number": lambda: text(256),
    "invoice_date": _moment,
    "e_archive_url": lambda: text(1024),
    "delivered_date": _moment,
    "estimated_delivery_date": _moment,
}
ITEM_DETAILS: Details = {
    **CHANGEABLE_ITEM_DETAILS,
    "price_list": _json,
    "retail_price": _money,
    "discount_amount": _money,
    "installment_interest_amount": _money,
    "is_tradable": _read_only,
    "datasource": _json,
    "cancellation_reconciliation": _json,
    "reconciliation": _json,
    "forced_refund": _json,
    "original_stock": _json,
    "shipping_option_group": _json,
    "parent": _json,
    "localized_attributes": _json,
    "localized_attributes_kwargs": _json,
}


@extend_schema_field({"type": [*ANY_JSON]})
class Key(serializers.Field[Any, Any, Any, Any]):
    """The key of an object that is kept whole; null for one that came without."""

    def to_representation(self, value: Mapping[str, Any]) -> Any:
        """Return it."""
        return value.get("pk")


class ProductKeys(serializers.Serializer[Any]):
    """How a product is nested."""

    pk = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.SerializerMethodField()

    def get_name(self, product: Any) -> str:
        """Return what it is called."""
        return product_name(product)


class Product(ProductKeys):
    """A product of the catalogue."""

    attributes = serializers.SerializerMethodField()

    def get_attributes(self, product: Any) -> dict[str, Any]:
        """Return what else is known of it."""
        info = getattr(product, "product_info", None)
        return {} if info is None else info.attributes


class _Item(WithDetails):
    """What both prefixes say of an order item."""

    details = ITEM_DETAILS

    pk = serializers.IntegerField()
    order = serializers.IntegerField(source="order_id")
    product: Any = serializers.IntegerField(source="product_id")
    stock_list: Any = serializers.IntegerField(source="stock_list_id")
    status = StatusCode()
    quantity = Quantity()
    price_currency = serializers.CharField()
    price = Money()
    tax_rate = Money()
    cancel_status = serializers.CharField(allow_null=True)
    extra_field = Object()
    attributes = Object()
    attributes_kwargs = Object()
    created_date = Timestamp()
    modified_date = Timestamp()


class ItemV1(_Item):
    """An order item; its product is a key."""


class ItemI1(_Item):
    """An order item; its product is an object."""

    product = ProductKeys()


class ItemsV1(serializers.Serializer[Any]):
    """The items of a bulk update as they are now, in its order."""

    orderitem_set = ItemV1(many=True)


class ItemsI1(serializers.Serializer[Any]):
    """The items of a bulk update as they are now, in its order."""

    orderitem_set = ItemI1(many=True)


class _Order(WithDetails):
    """What both prefixes say of an order."""

    details = ORDER_DETAILS

    pk = serializers.IntegerField()
    number = serializers.CharField()
    channel: Any = serializers.IntegerField(source="channel_id")
    status = StatusCode()
    date_placed = Timestamp(allow_null=True)
    customer: Any = Key()
    shipping_address: Any = Key()
    billing_address: Any = Key()
    currency = serializers.CharField()
    amount = Money(allow_null=True)
    is_send = serializers.BooleanField()
    extra_field = Object()
    created_date = Timestamp()
    modified_date = Timestamp()


class OrderV1(_Order):
    """An order; its customer and addresses are keys, its items are elsewhere."""


class OrderI1(_Order):
    """An order with its customer, addresses and items."""

    customer = Object()
    shipping_address = Object()
    billing_address = Object()
    orderitem_set = ItemI1(many=True)


class MappingOut(serializers.Serializer[Any]):
    """An integration mapping: these five keys and no other."""

    pk = serializers.IntegerField()
    content_type = serializers.IntegerField(source="content_type_id")
    object_id = serializers.IntegerField()
    integration_type = serializers.CharField()
    code = serializers.CharField()


class StockListKeys(serializers.Serializer[Any]):
    """How a stock list is nested."""

    pk = serializers.IntegerField()
    name = serializers.CharField()
    code = serializers.CharField()


class ChannelKeys(serializers.Serializer[Any]):
    """How a channel is nested."""

    pk = serializers.IntegerField()
    name = serializers.CharField()


class DetailedItem(ItemI1):
    """An order item with its stock list and what the ERP calls it."""

    stock_list = StockListKeys()
    mapping = MappingOut(many=True, source="mapping.all")


class DetailedOrder(OrderI1):
    """An order with all it is related to."""

    channel = ChannelKeys()
    orderitem_set = DetailedItem(many=True)
