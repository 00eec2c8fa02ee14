"""The body of `create_orders`, as a sales channel or a line of an import file sends it.

(spec: omnitron 4.2): `{"order": {…}, "order_item": [{…}]}`. Fields that are not known are ignored.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from integrations.omnitron.api.fields import (
    MAX_KEY,
    Details,
    Json,
    Money,
    Object,
    StatusCode,
    Timestamp,
    sku,
)
from integrations.omnitron.api.wire_orders import ITEM_DETAILS, ORDER_DETAILS
from integrations.omnitron.domain.drafts import ItemDraft, OrderDraft
from integrations.omnitron.domain.statuses import APPROVED
from inventory.domain.quantity import QuantityError, parse_thousandths

MAX_ITEMS = 1_000
_UNIT = 1000


class OrderStatus(StatusCode):
    """A status; empty text is approved, so that the order shows in the work queue."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        return APPROVED if data == "" else super().to_internal_value(data)


class Amount(Money):
    """Money; senders calculate in floats, so numbers (not text) are rounded to two places."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the amount."""
        if isinstance(data, float | Decimal):
            data = str(Decimal(str(data)).quantize(Decimal("0.01"), ROUND_HALF_UP))
        return super().to_internal_value(data)


@extend_schema_field({"type": ["number", "string"]})
class QuantityIn(serializers.Field[int, Any, Any, Any]):
    """A quantity above 0 as number or text ("2"), exact to a thousandth; kept in thousandths."""

    default_error_messages = {
        "invalid": "A quantity {reason}.",
        "nothing": "A quantity must be above 0.",
    }

    def to_internal_value(self, data: Any) -> int:
        """Return the thousandths."""
        if isinstance(data, bool) or not isinstance(data, str | int | float | Decimal):
            self.fail("invalid", reason="must be a number")
        try:
            quantity = parse_thousandths(str(data).strip())
        except QuantityError as error:
            self.fail("invalid", reason=error)
        if not quantity:
            self.fail("nothing")
        return quantity


@extend_schema_field({"type": ["integer", "object"]})
class Party(serializers.Field[dict[str, Any], Any, Any, Any]):
    """A customer or an address: an object, or the key of one, kept as `{"pk": key}`."""

    default_error_messages = {"invalid": "Expected a key or a dictionary of items."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object."""
        if isinstance(data, int) and not isinstance(data, bool):
            return {"pk": data}
        if not isinstance(data, dict):
            self.fail("invalid")
        kept: dict[str, Any] = Json().to_internal_value(data)
        return kept


class _Reading(serializers.Serializer[Any]):
    """Reads columns by its fields, and gathers `details` as they stand on the wire."""

    details: Details = {}

    def get_fields(self) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
        made = {name: make() for name, make in self.details.items()}
        for name, field in made.items():
            if isinstance(field, Money):
                made[name] = Amount(required=False, allow_null=True)
        return made | super().get_fields()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        details = {name: values.pop(name) for name in self.details if name in values}
        values["details"] = {
            name: None if value is None else self.fields[name].to_representation(value)
            for name, value in details.items()
        }
        return values


class _OrderFields(_Reading):
    details = ORDER_DETAILS

    number = serializers.CharField(max_length=128)
    channel = serializers.IntegerField(required=False, allow_null=True)
    status = OrderStatus(default=APPROVED)
    is_send = serializers.BooleanField(default=False)
    date_placed = Timestamp(default=None, allow_null=True)
    currency = serializers.CharField(default="", max_length=16, allow_blank=True)
    amount = Amount(default=None, allow_null=True)
    customer = Party(default=dict)
    shipping_address = Party(default=dict)
    billing_address = Party(default=dict)
    extra_field = Object(default=dict)

    def validate_channel(self, channel: int | None) -> int | None:
        """Refuse another channel than the address names."""
        if channel is not None and channel != self.context["channel_id"]:
            message = "Another channel than the one that is called."
            raise ValidationError(message)
        return channel


class _ItemFields(_Reading):
    details = ITEM_DETAILS

    product = serializers.IntegerField(required=False, min_value=1, max_value=MAX_KEY)
    product_sku = sku()
    product_name = serializers.CharField(default="", max_length=250, allow_blank=True)
    stock_list = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=MAX_KEY
    )
    quantity = QuantityIn(required=False)
    status = OrderStatus(default=APPROVED)
    price_currency = serializers.CharField(required=False, max_length=16)
    price = Amount(required=False)
    unit_price = Amount(required=False)
    tax_rate = serializers.DecimalField(default=Decimal(0), max_digits=6, decimal_places=2)
    cancel_status = serializers.CharField(default=None, allow_null=True, max_length=64)
    extra_field = Object(default=dict)
    attributes = Object(default=dict)
    attributes_kwargs = Object(default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a line without one product or without a price; find its quantity."""
        if ("product" in attrs) == ("product_sku" in attrs):
            message = "Either product or product_sku is required."
            raise ValidationError({"product": [message]})
        price = attrs.pop("unit_price", None)
        attrs.setdefault("price", price)
        if attrs["price"] is None:
            raise ValidationError({"price": ["This field is required."]})
        attrs.setdefault("quantity", _quantity_of(attrs["attributes"]))
        return attrs


def _quantity_of(attributes: Mapping[str, Any]) -> int:
    """Return the quantity of a merged order item; a line without one is one unit."""
    key = settings.ORDER_ITEM_QUANTITY_KEY
    if attributes.get(key) is None:
        return _UNIT
    try:
        quantity: int = QuantityIn().run_validation(attributes[key])
    except ValidationError as error:
        raise ValidationError({"attributes": error.detail}) from error
    return quantity


class NewOrder(serializers.Serializer[Any]):
    """An order with its items; `context["channel_id"]` is the channel that is called.

    Its validated data is an `OrderDraft`.
    """

    order = _OrderFields()
    order_item = serializers.ListField(child=_ItemFields(), allow_empty=False, max_length=MAX_ITEMS)

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Return the draft."""
        order = {name: value for name, value in attrs["order"].items() if name != "channel"}
        items = tuple(_item_draft(item, order["currency"]) for item in attrs["order_item"])
        return OrderDraft(items=items, **order)


def _item_draft(item: dict[str, Any], currency: str) -> ItemDraft:
    return ItemDraft(
        sku=item.pop("product_sku", ""),
        price_currency=item.pop("price_currency", currency),
        **item,
    )
