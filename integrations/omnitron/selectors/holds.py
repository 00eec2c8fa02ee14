"""Holds of order items, above all those that wait for the ERP. Quantities are thousandths."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from integrations.omnitron.domain.ages import AGE_BANDS, AgeBand
from integrations.omnitron.models import IntegrationMapping, OrderItem
from integrations.omnitron.selectors.stock import total_of
from reservations.models import Claim, Standing


def aged(band: AgeBand, *, now: datetime) -> Q:
    """Return the condition of order items that were created in an age band."""
    after, until = band.window(now)
    # What a clock ahead of ours has written is young.
    young = Q() if not band.least else Q(created_date__lte=until)
    return young if after is None else young & Q(created_date__gt=after)


def holds_of(organization_id: int) -> QuerySet[OrderItem]:
    """Return order items that still hold something."""
    return OrderItem.objects.filter(Exists(_held()), organization_id=organization_id)


def unmapped_holds(organization_id: int) -> QuerySet[OrderItem]:
    """Return order items that hold stock and wait for the ERP to map them."""
    mapping = IntegrationMapping.objects.filter(order_item=OuterRef("pk"))
    return holds_of(organization_id).filter(~Exists(mapping))


def unmapped_by_age(organization_id: int, *, now: datetime) -> dict[str, int]:
    """Count the unmapped holds of each age band, by its name. One statement.

    It begins with the holds, which are few beside all the orders there ever were.
    """
    bands = {band.name: Count("pk", filter=aged(band, now=now)) for band in AGE_BANDS}
    return unmapped_holds(organization_id).aggregate(**bands)


def late_holds(organization_id: int, *, placed_before: datetime) -> QuerySet[OrderItem]:
    """Return order items that were created before a moment, still hold stock and have no mapping,
    annotated with `held` (what their claims come to); order and product are joined.
    """
    return (
        unmapped_holds(organization_id)
        .filter(created_date__lt=placed_before)
        .select_related("order", "product__product_info", "stock_list")
        .annotate(held=total_of(_held(), "quantity"))
    )


def held_by_lines(lines: Collection[tuple[int, int]]) -> dict[int, int]:
    """Return what order lines, given as (product id, line id), still hold, by line id.

    Those that hold nothing are left out. One statement.
    """
    rows = (
        Claim.objects.filter(
            standing=Standing.ORDER_HOLD,
            item_id__in={item for item, _ in lines},
            line_id__in={line for _, line in lines},
        )
        .values("line_id")
        .annotate(held=Sum("quantity"))
        .order_by()
    )
    return {row["line_id"]: row["held"] for row in rows}


def _held() -> QuerySet[Claim]:
    return Claim.objects.filter(
        standing=Standing.ORDER_HOLD, item=OuterRef("product"), line=OuterRef("line")
    )
