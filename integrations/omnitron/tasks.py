"""What beat asks of the orders app; each task is one service call, safe to run twice."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from integrations.omnitron.services.late import report_late_holds
from integrations.omnitron.services.stock import sync_all_product_stock


@shared_task(name="orders.report_late_holds", ignore_result=True)
def warn_of_late_holds() -> int:
    """Warn of holds that the ERP should have mapped by now."""
    age = timedelta(hours=settings.OMNITRON_LATE_HOLD_HOURS)
    return report_late_holds(placed_before=timezone.now() - age)


@shared_task(name="orders.sync_product_stock", ignore_result=True)
def sync_product_stock() -> int:
    """Put products on the stock lists of the places where they lie."""
    return sync_all_product_stock(now=timezone.now())
