"""What a sales channel calls: its orders, and the stock it sells from (spec: omnitron 4.1, 4.5)."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.omnitron.api.base import OmnitronView, found, rendered
from integrations.omnitron.api.bodies import NewOrder
from integrations.omnitron.api.order_items import OrderItemsView
from integrations.omnitron.api.orders import OrdersView
from integrations.omnitron.api.schema import Shape
from integrations.omnitron.api.stock import ProductStocksView, StockListsView
from integrations.omnitron.models import Channel, Order, OrderItem, ProductStock, StockList
from integrations.omnitron.selectors.relations import (
    catalogue_stocks,
    channel_stock_lists,
    channels,
    extra_stocks,
)
from integrations.omnitron.services.orders import create_order


class _OfChannel(OmnitronView):
    """A view below channel/{channel_id}/; 404 for a channel of another organization."""

    @property
    def channel(self) -> Channel:
        """The channel of the address."""
        return found(channels(self.organization_id), pk=self.kwargs["channel_id"])


class CreateOrderView(_OfChannel):
    """POST channel/{channel_id}/create_orders/."""

    @extend_schema(request=NewOrder, responses={200: Shape.ORDER, 201: Shape.ORDER})
    def post(self, _request: Request, channel_id: int) -> Response:
        """Create an order and hold every line of it, or none: 201 when new, 200 for a repeat."""
        stored = create_order(
            organization_id=self.organization_id,
            channel_id=channel_id,
            draft=self.read(NewOrder, context={"channel_id": channel_id}),
            origin=self.origin,
            now=self.now,
        )
        order = found(self.wire.orders(self.organization_id), pk=stored.id)
        return Response(rendered(self.wire.order, order), status=201 if stored.is_new else 200)


class ChannelOrdersView(OrdersView, _OfChannel):
    """GET channel/{channel_id}/orders/: the orders of a channel."""

    def get_queryset(self) -> QuerySet[Order]:
        """Return the channel's orders."""
        return super().get_queryset().filter(channel=self.channel)


class ChannelOrderView(_OfChannel):
    """GET channel/{channel_id}/orders/{order_id}/."""

    @extend_schema(responses={200: Shape.ORDER})
    def get(self, _request: Request, channel_id: int, order_id: int) -> Response:
        """Read an order of the channel."""
        rows = self.wire.orders(self.organization_id)
        order = found(rows, pk=order_id, channel_id=channel_id)
        return Response(rendered(self.wire.order, order))


class ChannelOrderItemsView(OrderItemsView, _OfChannel):
    """GET channel/{channel_id}/order_items/: the items of a channel's orders."""

    def get_queryset(self) -> QuerySet[OrderItem]:
        """Return the items of the channel's orders."""
        return super().get_queryset().filter(order__channel=self.channel)


class _ChannelStocks(ProductStocksView, _OfChannel):
    http_method_names = ["get", "head", "options"]


class ChannelStocksView(_ChannelStocks):
    """GET channel/{channel_id}/product_stocks/: products on the channel's own list."""

    def get_queryset(self) -> QuerySet[ProductStock]:
        """Return the product stocks of the channel's own list."""
        return catalogue_stocks(self.channel)


class ChannelExtraStocksView(_ChannelStocks):
    """GET channel/{channel_id}/extra_product_stocks/: products on its further lists."""

    def get_queryset(self) -> QuerySet[ProductStock]:
        """Return the product stocks of the further lists the channel sells from."""
        return extra_stocks(self.channel)


class ChannelStockView(_OfChannel):
    """GET channel/{channel_id}/product_stocks/{id}/, and the same …/detailed/."""

    @extend_schema(responses={200: Shape.PRODUCT_STOCK})
    def get(self, _request: Request, channel_id: int, stock_id: int) -> Response:  # noqa: ARG002
        """Read a product stock of the channel's own list."""
        row = found(catalogue_stocks(self.channel), pk=stock_id)
        return Response(rendered(self.wire.product_stock, row))


class ChannelStockListsView(StockListsView, _OfChannel):
    """GET channel/{channel_id}/stock_lists/: the lists it sells from."""

    def get_queryset(self) -> QuerySet[StockList]:
        """Return the lists that the channel sells from."""
        return channel_stock_lists(self.channel)
