"""What beat asks of the inventory app; each task is one service call and safe to run twice."""

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.utils import timezone

from inventory.services.availability_import.retention import forget_old_records
from inventory.services.deltas import forget_expired_tokens
from inventory.services.jobs.running import going_down, run_queued
from inventory.services.jobs.sweeping import clean_up, sweep
from inventory.services.ledger_retention import drop_old_ledger
from inventory.services.once import forget_old_requests
from inventory.services.pools import refresh_stale_pools


@shared_task
def drop_old_requests() -> int:
    """Forget idempotence keys beyond their retention."""
    return forget_old_requests(now=timezone.now())


@shared_task
def drop_expired_delta_tokens() -> int:
    """Forget delta tokens that nobody can use any more."""
    return forget_expired_tokens(now=timezone.now())


@shared_task
def refresh_pools() -> int:
    """Bring pool balances up to the graph, where no write has done it yet."""
    return refresh_stale_pools(now=timezone.now())


@shared_task
def run_jobs() -> int:
    """Run the imports and exports that are queued."""
    return run_queued(clock=timezone.now)


@shared_task
def sweep_jobs() -> int:
    """Queue again what a killed worker left behind, and remind the workers of what is queued."""
    return sweep(now=timezone.now())


@shared_task
def drop_old_import_records() -> int:
    """Forget the ids of imported records beyond their retention, a batch at a time."""
    return forget_old_records(now=timezone.now())


@shared_task
def drop_old_ledger_months() -> int:
    """Drop months of the ledger beyond their retention, if there is one."""
    return drop_old_ledger(months=settings.LEDGER_RETENTION_MONTHS, now=timezone.now())


@shared_task
def clean_up_jobs() -> int:
    """Delete jobs, and files of jobs, beyond their life."""
    return clean_up(now=timezone.now())


@worker_shutting_down.connect
def hand_jobs_back(**_: object) -> None:
    """Let runs hand their jobs back, so that another worker goes on at once."""
    going_down.set()
