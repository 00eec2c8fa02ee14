"""Product stocks with their live figures, and holds. Quantities are thousandths."""

from datetime import datetime

from django.db.models import QuerySet

from integrations.omnitron.models import OrderItem, ProductStock


def product_stocks(organization_id: int) -> QuerySet[ProductStock]:
    """Return product stocks annotated with `stock` (on hand at the list's place) and
    `sold_quantity_unreported` (remaining claims of order items that name the list).

    Both can be filtered and sorted by. `product` and `stock_list` are joined.
    """
    raise NotImplementedError


def late_holds(organization_id: int, *, placed_before: datetime) -> QuerySet[OrderItem]:
    """Return order items that were created before a moment, still hold stock and have no mapping,
    annotated with `held` (what their claims come to); order and product are joined.
    """
    raise NotImplementedError
