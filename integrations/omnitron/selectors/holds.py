"""Holds of order items, above all those that wait for the ERP. Quantities are thousandths."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from integrations.omnitron.domain.ages import AGE_BANDS, AgeBand, band_of
from integrations.omnitron.models import IntegrationMapping, OrderItem
from integrations.omnitron.selectors.stock import total_of
from reservations.models import Claim, Standing

COUNTED = 10_000


def holding() -> Q:
    """Return the condition of order items that still hold something."""
    return Q(Exists(_held()))


def waiting() -> Q:
    """Return the condition of order items that hold something and have no mapping."""
    return holding() & ~Q(Exists(IntegrationMapping.objects.filter(order_item=OuterRef("pk"))))


def aged(band: AgeBand, *, now: datetime) -> Q:
    """Return the condition of order items that were created in an age band."""
    after, until = band.window(now)
    # What a clock ahead of ours has written is young.
    young = Q() if not band.least else Q(created_date__lte=until)
    return young if after is None else young & Q(created_date__gt=after)


def unmapped_holds(organization_id: int) -> QuerySet[OrderItem]:
    """Return order items that hold stock and wait for the ERP to map them."""
    return OrderItem.objects.filter(waiting(), organization_id=organization_id)


def unmapped_by_age(organization_id: int, *, now: datetime) -> dict[str, int]:
    """Count the unmapped holds of each age band, by its name; as far as lists are counted.

    One statement; where more than 10,000 wait, one for each band, which says 10,001 at most.
    """
    holds = unmapped_holds(organization_id)
    # In the order of their keys, PostgreSQL need not look at more of them than are counted.
    dates = list(holds.order_by("pk").values_list("created_date", flat=True)[: COUNTED + 1])
    if len(dates) <= COUNTED:
        counts = Counter(band_of(now - created).name for created in dates)
        return {band.name: counts[band.name] for band in AGE_BANDS}
    return {
        band.name: holds.filter(aged(band, now=now)).order_by("pk")[: COUNTED + 1].count()
        for band in AGE_BANDS
    }


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
