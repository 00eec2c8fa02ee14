"""Orders: the work queue, one order in every spelling, is_send, cancelling (spec: omnitron 4)."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.omnitron.api.base import OmnitronList, OmnitronView, found, rendered
from integrations.omnitron.api.fields import MAX_KEY, Object
from integrations.omnitron.api.filters import filter_set
from integrations.omnitron.api.schema import Shape
from integrations.omnitron.api.wire_orders import DetailedOrder
from integrations.omnitron.domain.drafts import CancelRequest
from integrations.omnitron.models import Order
from integrations.omnitron.selectors.relations import orders_in_detail
from integrations.omnitron.services.changes import cancel_order
from integrations.omnitron.services.orders import set_is_send

OrderFilters = filter_set(
    "OrderFilters",
    numbers={"pk": "pk", "id": "pk", "channel": "channel_id", "status": "status"},
    texts={"number": "number", "currency": "currency"},
    moments=("created_date", "modified_date", "date_placed"),
    booleans=("is_send",),
)


class OrdersView(OmnitronList):
    """GET orders/: orders; `is_send=False&status=400` is the work queue."""

    filterset_class = OrderFilters
    sorts: Mapping[str, str] = {
        "id": "pk",
        "pk": "pk",
        "number": "number",
        "status": "status",
        "date_placed": "date_placed",
        "created_date": "created_date",
        "modified_date": "modified_date",
    }

    def get_queryset(self) -> QuerySet[Order]:
        """Return the organization's orders with what their shape needs."""
        return self.wire.orders(self.organization_id)

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Return the shape of the prefix."""
        return self.wire.order


class OrderChange(serializers.Serializer[Any]):
    """All that an ERP may change of an order."""

    is_send = serializers.BooleanField(required=False)


class OrderView(OmnitronView):
    """GET and PATCH orders/{pk}/; with i1 GET takes the order's number first."""

    @extend_schema(responses={200: Shape.ORDER})
    def get(self, request: Request, reference: str) -> Response:
        """Read an order."""
        rows = self.wire.orders(self.organization_id)
        order = None
        if self.wire.finds_orders_by_number:
            order = _numbered(rows, reference, request)
        if order is None:
            order = found(rows, pk=key_in(reference))
        return Response(rendered(self.wire.order, order))

    @extend_schema(request=OrderChange, responses={200: Shape.ORDER})
    def patch(self, _request: Request, reference: str) -> Response:
        """Tell whether the ERP has taken the order; other fields are ignored."""
        order_id = key_in(reference)
        change = self.read(OrderChange)
        if "is_send" in change:
            set_is_send(
                organization_id=self.organization_id,
                order_id=order_id,
                is_send=change["is_send"],
                now=self.now,
            )
        order = found(self.wire.orders(self.organization_id), pk=order_id)
        return Response(rendered(self.wire.order, order))


class OrderNumberView(OmnitronView):
    """GET order_number/{number}/."""

    @extend_schema(
        parameters=[OpenApiParameter("channel", OpenApiTypes.INT, description="Of which channel.")],
        responses={200: Shape.ORDER},
    )
    def get(self, request: Request, number: str) -> Response:
        """Read an order by its number."""
        order = _numbered(self.wire.orders(self.organization_id), number, request)
        if order is None:
            raise Http404
        return Response(rendered(self.wire.order, order))


class DetailedOrderView(OmnitronView):
    """GET orders_integration/{order_id}/detailed_integration/."""

    @extend_schema(responses=DetailedOrder)
    def get(self, _request: Request, order_id: int) -> Response:
        """Read an order with all it is related to."""
        order = found(orders_in_detail(self.organization_id), pk=order_id)
        return Response(rendered(DetailedOrder, order))


class OrderAsked(serializers.Serializer[Any]):
    """The order that a query names."""

    order = serializers.IntegerField(min_value=1, max_value=MAX_KEY)


class DetailedItemsView(OmnitronView):
    """GET order_item/detailed_integration/?order={pk}."""

    @extend_schema(parameters=[OrderAsked], responses=DetailedOrder)
    def get(self, request: Request) -> Response:
        """Read an order with its items, related like them."""
        asked = OrderAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = orders_in_detail(self.organization_id)
        order = found(rows, pk=asked.validated_data["order"])
        return Response(rendered(DetailedOrder, order))


@extend_schema_field({"type": ["array", "object"], "items": {"type": ["integer", "string"]}})
class _Keys(serializers.Field[tuple[int, ...], Any, list[int], Any]):
    """Keys of order items, as a list or as the keys of a dict: the documents have both."""

    default_error_messages = {"invalid": "A list of order item ids is required."}

    def to_internal_value(self, data: Any) -> tuple[int, ...]:
        if not isinstance(data, list | dict):
            self.fail("invalid")
        if not all(_is_key(each) for each in data):
            self.fail("invalid")
        return tuple(dict.fromkeys(int(each) for each in data))

    def to_representation(self, value: Any) -> list[int]:
        return list(value)


class Cancellation(serializers.Serializer[Any]):
    """What is cancelled or sent back, and on which terms."""

    order = serializers.IntegerField(required=False, allow_null=True)
    is_all = serializers.BooleanField(default=False)
    cancel_items = _Keys(default=())
    reasons = Object(default=dict)
    forced_refund_amount = serializers.DecimalField(
        max_digits=15, decimal_places=2, required=False, allow_null=True
    )
    is_cargo_refund = serializers.BooleanField(required=False)
    refund_invoice_number = serializers.CharField(
        max_length=256, required=False, allow_null=True, allow_blank=True
    )
    ibans = Object(required=False)
    holder_names = Object(required=False)


_TERMS = (
    "forced_refund_amount",
    "is_cargo_refund",
    "refund_invoice_number",
    "ibans",
    "holder_names",
)


class CancelView(OmnitronView):
    """POST orders/{order_id}/cancel/."""

    @extend_schema(request=Cancellation, responses={200: Shape.ORDER})
    def post(self, _request: Request, order_id: int, channel_id: int | None = None) -> Response:
        """Cancel an order or items of it, and release what they hold; a repeat changes nothing."""
        asked = self.read(Cancellation)
        if asked.get("order") not in {None, order_id}:
            raise ValidationError({"order": ["Not the order of the address."]})
        rows = self.wire.orders(self.organization_id)
        if channel_id is not None:
            found(rows, pk=order_id, channel_id=channel_id)
        cancel_order(
            organization_id=self.organization_id,
            order_id=order_id,
            request=CancelRequest(
                is_all=asked["is_all"],
                items=asked["cancel_items"],
                reasons=asked["reasons"],
                details={
                    name: str(asked[name]) if name == "forced_refund_amount" else asked[name]
                    for name in _TERMS
                    if asked.get(name) is not None
                },
            ),
            origin=self.origin,
            now=self.now,
        )
        return Response(rendered(self.wire.order, found(rows, pk=order_id)))


def key_in(text: str) -> int:
    """Return the key that an address holds; 404 for what is none."""
    if not _is_key(text):
        raise Http404
    return int(text)


def _is_key(value: Any) -> bool:
    text = str(value)
    is_number = not isinstance(value, bool) and text.isascii() and text.isdigit()
    return is_number and len(text) <= len(str(MAX_KEY)) and int(text) <= MAX_KEY


def _numbered(rows: QuerySet[Order], number: str, request: Request) -> Order | None:
    """Return the order of a number; 400 when several channels have it and none is named."""
    if "\0" in number:
        return None
    channel = request.query_params.get("channel")
    if channel:
        return rows.filter(number=number, channel_id=_channel_in(channel)).first()
    few = list(rows.filter(number=number).order_by("pk")[:2])
    if len(few) > 1:
        message = "Several channels have an order of this number; name one by ?channel=."
        raise ValidationError({"channel": [message]})
    return few[0] if few else None


def _channel_in(text: str) -> int:
    if not _is_key(text):
        raise ValidationError({"channel": ["A valid integer is required."]})
    return int(text)
