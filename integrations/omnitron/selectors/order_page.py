"""One order as a person looks at it. Quantities are thousandths."""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.omnitron.models import CancellationPlan, Order, OrderItem
from integrations.omnitron.selectors.holds import held_by_lines

ITEMS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class ItemOfOrder:
    """An item with product and stock list joined, what it still holds, and its ERP ids."""

    item: OrderItem
    held: int
    codes: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order with its channel joined, its first 500 items and its cancellations."""

    order: Order
    items: Sequence[ItemOfOrder]
    has_more_items: bool
    cancellations: Sequence[CancellationPlan]


def order_page(order_id: int) -> OrderPage:
    """Return what there is to tell of an order that exists; five statements."""
    rows = OrderItem.objects.filter(order=order_id).select_related("product", "stock_list")
    items = list(rows.prefetch_related("mapping").order_by("pk")[: ITEMS_SHOWN + 1])
    held = held_by_lines([(i.product_id, i.line_id) for i in items if i.line_id is not None])
    return OrderPage(
        order=Order.objects.select_related("channel").get(pk=order_id),
        items=[
            ItemOfOrder(
                item,
                held.get(item.line_id or 0, 0),
                sorted(mapping.code for mapping in item.mapping.all()),
            )
            for item in items[:ITEMS_SHOWN]
        ],
        has_more_items=len(items) > ITEMS_SHOWN,
        cancellations=list(CancellationPlan.objects.filter(order=order_id).order_by("pk")),
    )
