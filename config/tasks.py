"""The heartbeat: a scheduled task that proves beat, broker, worker and database work together."""

from celery import shared_task
from celery.signals import beat_init

from config.models import Heartbeat


@shared_task(name="config.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """Note that a scheduled task ran just now."""
    Heartbeat.beat()


@beat_init.connect
def beat_at_start(**_: object) -> None:
    """Send a first heartbeat with beat's start, not one interval later."""
    heartbeat.delay()
