"""Late holds: what the ERP should have mapped by now. Ours, for operators."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers

from integrations.omnitron.api.base import OmnitronList
from integrations.omnitron.api.fields import Quantity, Timestamp
from integrations.omnitron.api.filters import filter_set
from integrations.omnitron.api.wire_orders import ProductKeys
from integrations.omnitron.models import OrderItem
from integrations.omnitron.selectors.holds import late_holds

HoldFilters = filter_set(
    "HoldFilters",
    numbers={
        "order": "order_id",
        "order__channel": "order__channel_id",
        "product": "product_id",
        "stock_list": "stock_list_id",
    },
    texts={"number": "order__number", "product_sku": "product__sku"},
    moments=("created_date",),
)


class LateHold(serializers.Serializer[Any]):
    """An order item that still holds stock and has no mapping."""

    order_item = serializers.IntegerField(source="pk")
    order = serializers.IntegerField(source="order_id")
    number = serializers.CharField(source="order.number")
    product = ProductKeys()
    stock_list = serializers.IntegerField(source="stock_list_id")
    quantity = Quantity(source="held")
    created_date = Timestamp()


class LateHoldsView(OmnitronList):
    """GET late_holds/: order items that hold stock and have had no mapping for too long."""

    filterset_class = HoldFilters
    serializer_class = LateHold
    sorts: Mapping[str, str] = {
        "order_item": "pk",
        "order": "order_id",
        "created_date": "created_date",
    }

    def get_queryset(self) -> QuerySet[OrderItem]:
        """Return the holds that are older than `settings.OMNITRON_LATE_HOLD_HOURS`."""
        age = timedelta(hours=settings.OMNITRON_LATE_HOLD_HOURS)
        return late_holds(self.organization_id, placed_before=self.now - age)
