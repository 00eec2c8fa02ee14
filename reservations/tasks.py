"""What beat asks of the reservations app; each task is one service call, safe to run twice."""

from celery import shared_task
from django.utils import timezone

from inventory.origin import Origin
from reservations.services.expiry import expire_due_claims
from reservations.services.refusals import forget_old_refusals


@shared_task
def expire_reservations() -> int:
    """Release the claims of documents whose time has passed."""
    return expire_due_claims(origin=Origin("beat"), now=timezone.now())


@shared_task
def drop_old_refusals() -> int:
    """Forget refusals beyond their retention."""
    return forget_old_refusals(now=timezone.now())
