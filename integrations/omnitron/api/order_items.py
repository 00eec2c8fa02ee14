"""Order items: reading, changing, and the mapping that ends a hold (spec: omnitron 4.2, 5)."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.omnitron.api.base import OmnitronList, OmnitronView, found, rendered
from integrations.omnitron.api.fields import MAX_KEY, Object, StatusCode
from integrations.omnitron.api.filters import filter_set
from integrations.omnitron.api.schema import Shape
from integrations.omnitron.api.wire_orders import CHANGEABLE_ITEM_DETAILS, MappingOut
from integrations.omnitron.models import IntegrationType, OrderItem
from integrations.omnitron.selectors.orders import mappings, order_items
from integrations.omnitron.services.changes import change_order_items
from integrations.omnitron.services.mappings import create_mapping
from inventory.errors import EntityNotFound

MAX_BULK = 1_000
_CODE_LENGTH = 128

ItemFilters = filter_set(
    "ItemFilters",
    numbers={
        "pk": "pk",
        "id": "pk",
        "order": "order_id",
        "order__pk": "order_id",
        "order__channel": "order__channel_id",
        "product": "product_id",
        "product__pk": "product_id",
        "stock_list": "stock_list_id",
        "status": "status",
    },
    texts={
        "product__sku": "product__sku",
        "order__number": "order__number",
        "cancel_status": "cancel_status",
        "mapping__code": "mapping__code",
        "mapping__integration_type": "mapping__integration_type",
    },
    moments=("created_date", "modified_date"),
)


class OrderItemsView(OmnitronList):
    """GET order_items/: order items."""

    filterset_class = ItemFilters
    sorts: Mapping[str, str] = {
        "id": "pk",
        "pk": "pk",
        "order": "order_id",
        "status": "status",
        "created_date": "created_date",
        "modified_date": "modified_date",
    }

    def get_queryset(self) -> QuerySet[OrderItem]:
        """Return the organization's order items."""
        return order_items(self.organization_id)

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Return the shape of the prefix."""
        return self.wire.order_item


class ItemChange(serializers.Serializer[Any]):
    """What may change of an order item: what is not sent is kept."""

    status = StatusCode(required=False)
    cancel_status = serializers.CharField(max_length=64, required=False, allow_null=True)
    extra_field = Object(required=False)
    attributes = Object(required=False)
    attributes_kwargs = Object(required=False)

    def get_fields(self) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
        """Return the columns, then the details."""
        details = {name: make() for name, make in CHANGEABLE_ITEM_DETAILS.items()}
        return super().get_fields() | details

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the changes, details as they stand on the wire."""
        changes: dict[str, Any] = super().to_internal_value(data)
        for name in CHANGEABLE_ITEM_DETAILS.keys() & changes.keys():
            if changes[name] is not None:
                changes[name] = self.fields[name].to_representation(changes[name])
        return changes


class OrderItemView(OmnitronView):
    """GET and PATCH order_items/{pk}/."""

    @extend_schema(responses={200: Shape.ORDER_ITEM})
    def get(self, _request: Request, item_id: int) -> Response:
        """Read an order item."""
        item = found(order_items(self.organization_id), pk=item_id)
        return Response(rendered(self.wire.order_item, item))

    @extend_schema(request=ItemChange, responses={200: Shape.ORDER_ITEM})
    def patch(self, _request: Request, item_id: int) -> Response:
        """Change an order item; status 100 releases what it holds."""
        change_order_items(
            organization_id=self.organization_id,
            changes={item_id: self.read(ItemChange)},
            origin=self.origin,
            now=self.now,
        )
        item = found(order_items(self.organization_id), pk=item_id)
        return Response(rendered(self.wire.order_item, item))


class BulkItemChange(ItemChange):
    """What may change of one of several order items."""

    id = serializers.IntegerField(min_value=1, max_value=MAX_KEY)


class BulkChange(serializers.Serializer[Any]):
    """Changes of several order items, all or none."""

    orderitem_set = serializers.ListField(
        child=BulkItemChange(), allow_empty=False, max_length=MAX_BULK
    )

    def validate_orderitem_set(self, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse an item that is named twice."""
        if len({change["id"] for change in changes}) < len(changes):
            message = "An order item is named more than once."
            raise ValidationError(message)
        return changes


class BulkStatusView(OmnitronView):
    """PATCH order_items/bulk_status_update/."""

    @extend_schema(request=BulkChange, responses={200: Shape.ORDER_ITEMS})
    def patch(self, _request: Request) -> Response:
        """Change several order items, all or none."""
        changes = {change.pop("id"): change for change in self.read(BulkChange)["orderitem_set"]}
        try:
            change_order_items(
                organization_id=self.organization_id,
                changes=changes,
                origin=self.origin,
                now=self.now,
            )
        except EntityNotFound as unknown:  # named by the body, not by the address
            raise ValidationError({"orderitem_set": [unknown.message]}) from unknown
        items = order_items(self.organization_id).in_bulk(changes)
        changed = {"orderitem_set": [items[pk] for pk in changes]}
        return Response(rendered(self.wire.order_items, changed))


class NewMapping(serializers.Serializer[Any]):
    """The ERP's id of the order line; `update_stock` releases what the line holds."""

    code = serializers.CharField(max_length=_CODE_LENGTH)
    update_stock = serializers.BooleanField(default=True)


class CreateMappingView(OmnitronView):
    """POST order_items/{order_item_id}/create_mapping/ (the documented call, S1)."""

    @extend_schema(request=NewMapping, responses={200: MappingOut, 201: MappingOut})
    def post(self, _request: Request, item_id: int) -> Response:
        """Store the ERP's id and end the line's hold: 201 when new, 200 for a repeat."""
        asked = self.read(NewMapping)
        stored = create_mapping(
            organization_id=self.organization_id,
            order_item_id=item_id,
            code=asked["code"],
            update_stock=asked["update_stock"],
            origin=self.origin,
            now=self.now,
        )
        return Response(rendered(MappingOut, stored.mapping), status=201 if stored.is_new else 200)


class MappingsView(OmnitronView):
    """GET order_items/{order_item_id}/get_mappings/."""

    @extend_schema(responses=MappingOut(many=True))
    def get(self, _request: Request, item_id: int) -> Response:
        """List what other systems call an order item."""
        found(order_items(self.organization_id), pk=item_id)
        rows = mappings(self.organization_id, order_item_id=item_id)
        return Response([rendered(MappingOut, row) for row in rows])


class MappingType(serializers.Serializer[Any]):
    """A system that has names of its own for our rows."""

    value = serializers.CharField()
    name = serializers.CharField()


class MappingTypesView(OmnitronView):
    """GET order_items/get_integration_mapping_types/."""

    @extend_schema(responses=MappingType(many=True))
    def get(self, _request: Request) -> Response:
        """List the systems that have names of their own for order items."""
        return Response(
            [{"value": kind.value, "name": str(kind.label)} for kind in IntegrationType]
        )
