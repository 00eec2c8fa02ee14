"""Addresses below /api/i1/ and /api/v1/: the same in both, each with its own shapes.

Every address is there with and without its last slash; documents tell of the one with it.
"""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from integrations.omnitron.api import (
    accounts,
    catalog,
    channels,
    holds,
    order_items,
    orders,
    stock,
)
from integrations.omnitron.api.base import OmnitronView
from integrations.omnitron.api.schema import OmnitronGenerator
from integrations.omnitron.api.wire import I1, V1, Wire

_CHANNEL = "channel/<int:channel_id>"
_VIEWS: tuple[tuple[str, type[OmnitronView]], ...] = (
    ("auth/login", accounts.LoginView),
    ("active_user", accounts.ActiveUserView),
    ("orders", orders.OrdersView),
    ("orders/<int:order_id>/cancel", orders.CancelView),
    ("orders/<str:reference>", orders.OrderView),
    ("order_number/<str:number>", orders.OrderNumberView),
    (
        "orders_integration/<int:order_id>/detailed_integration",
        orders.DetailedOrderView,
    ),
    ("order_item/detailed_integration", orders.DetailedItemsView),
    ("order_items", order_items.OrderItemsView),
    ("order_items/bulk_status_update", order_items.BulkStatusView),
    ("order_items/get_integration_mapping_types", order_items.MappingTypesView),
    ("order_items/<int:item_id>", order_items.OrderItemView),
    ("order_items/<int:item_id>/create_mapping", order_items.CreateMappingView),
    ("order_items/<int:item_id>/get_mappings", order_items.MappingsView),
    ("products", catalog.ProductsView),
    ("products/<int:product_id>", catalog.ProductView),
    ("product_stock", stock.ProductStocksView),
    ("stock_list", stock.StockListsView),
    ("content_types", catalog.ContentTypesView),
    ("content_types/<int:content_type_id>", catalog.ContentTypeView),
    ("late_holds", holds.LateHoldsView),
    (f"{_CHANNEL}/create_orders", channels.CreateOrderView),
    (f"{_CHANNEL}/orders", channels.ChannelOrdersView),
    (f"{_CHANNEL}/orders/<int:order_id>", channels.ChannelOrderView),
    (f"{_CHANNEL}/orders/<int:order_id>/cancel", orders.CancelView),
    (f"{_CHANNEL}/order_items", channels.ChannelOrderItemsView),
    (f"{_CHANNEL}/product_stocks", channels.ChannelStocksView),
    (f"{_CHANNEL}/product_stocks/<int:stock_id>", channels.ChannelStockView),
    (f"{_CHANNEL}/product_stocks/<int:stock_id>/detailed", channels.ChannelStockView),
    (f"{_CHANNEL}/extra_product_stocks", channels.ChannelExtraStocksView),
    (f"{_CHANNEL}/stock_lists", channels.ChannelStockListsView),
)


def _patterns(wire: Wire) -> Iterator[URLPattern]:
    for address, view in _VIEWS:
        serve: Any = view.as_view(wire=wire)
        yield path(f"{address}/", serve)
        yield path(address, serve)


_DOCUMENT = SpectacularJSONAPIView.as_view(generator_class=OmnitronGenerator, throttle_classes=())

urlpatterns = [
    # A prefix is looked at once, not with each of its addresses.
    *(path(f"api/{wire.name}/", include([*_patterns(wire)])) for wire in (I1, V1)),
    path("api/schema/omnitron/", _DOCUMENT, name="schema-omnitron"),
]
