"""Reading what was refused."""

from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from reservations.models import RefusalTally


def refusals_of_hours(
    rows: QuerySet[RefusalTally], *, hours: int, now: datetime
) -> QuerySet[RefusalTally]:
    """Narrow refusals down to the last whole hours and the one that has begun."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    return rows.filter(hour__gt=this_hour - timedelta(hours=hours))


def refused_in_all(rows: QuerySet[RefusalTally]) -> int:
    """Return how many refusals the rows count."""
    total: int | None = rows.order_by().aggregate(total=Sum("count"))["total"]
    return total or 0
