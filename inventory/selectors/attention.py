"""What needs somebody: the conditions that the dashboard counts by and the lists filter by."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from inventory.models import Item, StockRecord

FEW_RECORDS = 100_000
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


def with_records(items: QuerySet[Item], records: QuerySet[StockRecord]) -> QuerySet[Item]:
    """Narrow items down to those that have one of the records, of those that are not deleted.

    PostgreSQL does not know how places and organizations go together and may read all records for
    a page. So few records are looked up and their items sorted; where there are many, items are
    gone through in the list's order, a look at each, until the page is full.
    """
    there = records.filter(is_deleted=False)
    if there[: FEW_RECORDS + 1].count() <= FEW_RECORDS:
        return items.filter(pk__in=there.values("item"))
    one = Subquery(there.filter(item=OuterRef("pk")).values("pk")[:1])
    return items.alias(record=one).filter(record__isnull=False)


def below_safety(records: QuerySet[StockRecord], organization_id: int) -> QuerySet[StockRecord]:
    """Narrow records down to those that have less unreserved on hand than their safety stock.

    The index begins with the location, so the organization is asked for there too.
    """
    return records.filter(is_below_safety=True, location__organization=organization_id)


def has_items(organization_id: int) -> bool:
    """Tell whether an organization has any item yet."""
    return Item.objects.filter(organization=organization_id).exists()
