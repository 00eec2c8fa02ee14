"""What beat asks of the inventory app; each task is one service call and safe to run twice."""

from celery import shared_task
from django.utils import timezone

from inventory.services.deltas import forget_expired_tokens
from inventory.services.once import forget_old_requests
from inventory.services.pools import refresh_stale_pools


@shared_task
def drop_old_requests() -> int:
    """Forget idempotence keys beyond their retention, a batch at a time."""
    return forget_old_requests(now=timezone.now())


@shared_task
def drop_expired_delta_tokens() -> int:
    """Forget delta tokens that nobody can use any more."""
    return forget_expired_tokens(now=timezone.now())


@shared_task
def refresh_pools() -> int:
    """Bring pool balances up to the graph, where no write has done it yet."""
    return refresh_stale_pools(now=timezone.now())
