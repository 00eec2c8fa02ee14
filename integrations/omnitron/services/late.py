"""Telling operators of holds that nobody has mapped in time."""

import logging
from datetime import datetime

from django.db.models import Count

from integrations.omnitron.models import StockList
from integrations.omnitron.selectors.holds import late_holds

_LOG = logging.getLogger(__name__)


def report_late_holds(*, placed_before: datetime) -> int:
    """Warn of each organization's holds from before a moment; return how many there are."""
    found = 0
    organizations = StockList.objects.values_list("organization_id", "organization__identifier")
    for organization_id, identifier in organizations.distinct().order_by("organization_id"):
        late = late_holds(organization_id, placed_before=placed_before)
        count = late.order_by().aggregate(count=Count("pk"))["count"]
        if count:
            _LOG.warning(
                "%s: %d order items hold stock since before %s and are not mapped",
                identifier,
                count,
                placed_before.isoformat(),
            )
        found += count
    return found
