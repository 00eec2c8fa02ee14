"""Reading what was refused."""

from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from reservations.models import RefusalReason, RefusalTally


def refusals_of_hours(
    rows: QuerySet[RefusalTally], *, hours: int, now: datetime
) -> QuerySet[RefusalTally]:
    """Narrow refusals down to the last whole hours and the one that has begun."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return rows.filter(hour__gt=this_hour - timedelta(hours=hours))


def refused_by_reason(
    organization_id: int, *, hours: int, now: datetime
) -> dict[RefusalReason, int]:
    """Return how many refusals of the last hours had each reason, the most frequent first."""
    rows = refusals_of_hours(
        RefusalTally.objects.filter(organization=organization_id), hours=hours, now=now
    )
    totals = rows.order_by().values_list("reason").annotate(total=Sum("count")).order_by("-total")
    return {RefusalReason(reason): total for reason, total in totals}


def newest_refusals(
    organization_id: int, *, hours: int, now: datetime, limit: int
) -> list[RefusalTally]:
    """Return the tallies of the last hours that grew last."""
    rows = refusals_of_hours(
        RefusalTally.objects.filter(organization=organization_id), hours=hours, now=now
    )
    return list(rows.order_by("-hour", "-refused_at", "-pk")[:limit])


def refused_in_all(rows: QuerySet[RefusalTally]) -> int:
    """Return how many refusals the rows count."""
    total: int | None = rows.order_by().aggregate(total=Sum("count"))["total"]
    return total or 0
