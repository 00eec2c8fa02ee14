"""What needs somebody: the conditions that the dashboard counts by and the lists filter by."""

from datetime import datetime

from django.db.models import QuerySet

from inventory.models import Item, StockRecord

_HOUR = 3600


def out_of_stock(items: QuerySet[Item]) -> QuerySet[Item]:
    """Narrow items down to those of which nothing can be promised anywhere."""
    return items.filter(is_out=True)


def oversold(items: QuerySet[Item]) -> QuerySet[Item]:
    """Narrow items down to those of which more is promised than can be served."""
    return items.filter(short__gt=0)


def changed_since(items: QuerySet[Item], since: datetime) -> QuerySet[Item]:
    """Narrow items down to those changed since a moment; the index finds them by the hour."""
    hour = int(since.timestamp()) // _HOUR
    return items.filter(changed_hour__gte=hour, changed_at__gte=since)


def below_safety(records: QuerySet[StockRecord], organization_id: int) -> QuerySet[StockRecord]:
    """Narrow records down to those that have less unreserved on hand than their safety stock.

    The index begins with the location, so the organization is asked for there too.
    """
    return records.filter(is_below_safety=True, location__organization=organization_id)


def has_items(organization_id: int) -> bool:
    """Tell whether an organization has any item yet."""
    return Item.objects.filter(organization=organization_id).exists()
