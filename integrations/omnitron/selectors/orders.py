"""Reading orders, their items and mappings; always one organization's."""

from django.db.models import Prefetch, QuerySet

from integrations.omnitron.models import IntegrationMapping, Order, OrderItem, StockList
from inventory.models import Item


def orders(organization_id: int) -> QuerySet[Order]:
    """Return the organization's orders."""
    return Order.objects.filter(organization_id=organization_id)


def orders_with_items(organization_id: int) -> QuerySet[Order]:
    """Return orders with `orderitem_set` (by pk) and its products prefetched: three queries more,
    whatever the number of orders.
    """
    items = OrderItem.objects.select_related("product__product_info").order_by("pk")
    return orders(organization_id).prefetch_related(Prefetch("orderitem_set", items))


def order_items(organization_id: int) -> QuerySet[OrderItem]:
    """Return the organization's order items with their products."""
    return OrderItem.objects.filter(organization_id=organization_id).select_related(
        "product__product_info"
    )


def mappings(organization_id: int, *, order_item_id: int) -> QuerySet[IntegrationMapping]:
    """Return an order item's mappings."""
    return IntegrationMapping.objects.filter(
        organization_id=organization_id,
        order_item__pk=order_item_id,
    ).order_by("pk")


def stock_lists(organization_id: int) -> QuerySet[StockList]:
    """Return the organization's stock lists."""
    return StockList.objects.filter(organization_id=organization_id)


def products(organization_id: int) -> QuerySet[Item]:
    """Return the organization's products; `product_info` may be missing: `product_name`."""
    return Item.objects.filter(organization_id=organization_id).select_related("product_info")


def product_name(product: Item) -> str:
    """Return a product's name: its SKU when nobody gave it one."""
    info = getattr(product, "product_info", None)
    return product.sku if info is None else info.name
