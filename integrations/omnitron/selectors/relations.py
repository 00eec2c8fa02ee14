"""What belongs together: an order with all its relations, a channel with its lists."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Prefetch, Q, QuerySet

from integrations.omnitron.models import Channel, Order, OrderItem, ProductStock, StockList
from integrations.omnitron.selectors.orders import orders, stock_lists
from integrations.omnitron.selectors.stock import product_stocks


def orders_in_detail(organization_id: int) -> QuerySet[Order]:
    """Return orders with channel, items, their products, stock lists and mappings: three queries,
    whatever the number of orders and items.
    """
    items = (
        OrderItem.objects.select_related("product__product_info", "stock_list")
        .prefetch_related("mapping")
        .order_by("pk")
    )
    return (
        orders(organization_id)
        .select_related("channel")
        .prefetch_related(Prefetch("orderitem_set", items))
    )


def channels(organization_id: int) -> QuerySet[Channel]:
    """Return the organization's channels."""
    return Channel.objects.filter(organization_id=organization_id)


def catalogue_stocks(channel: Channel) -> QuerySet[ProductStock]:
    """Return the product stocks of the channel's own list."""
    return product_stocks(channel.organization_id).filter(stock_list_id=channel.stock_list_id)


def extra_stocks(channel: Channel) -> QuerySet[ProductStock]:
    """Return the product stocks of the further lists that the channel sells from."""
    lists = channel.extra_stock_lists.values("pk")
    return product_stocks(channel.organization_id).filter(stock_list_id__in=lists)


def channel_stock_lists(channel: Channel) -> QuerySet[StockList]:
    """Return the lists that the channel sells from."""
    is_extra = Q(pk__in=channel.extra_stock_lists.values("pk"))
    return stock_lists(channel.organization_id).filter(Q(pk=channel.stock_list_id) | is_extra)


def content_types() -> QuerySet[ContentType]:
    """Return the tables whose rows can be mapped."""
    label = OrderItem._meta.app_label  # noqa: SLF001  # Django's public name for it
    return ContentType.objects.filter(app_label=label, model=OrderItem._meta.model_name)  # noqa: SLF001
