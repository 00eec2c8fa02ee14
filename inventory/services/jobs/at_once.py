"""Exports that are small enough to be made within the request that asks for them."""

from collections.abc import Callable
from datetime import datetime

from inventory.models import Job
from inventory.services.jobs.life import NewJob, create_export
from inventory.services.jobs.running import run_next


def export_at_once(new: NewJob, *, clock: Callable[[], datetime]) -> Job:
    """Make an export and run it here; it has ended when this returns.

    The workers are not told, or one might be quicker and the client's first poll come too early.
    """
    job = create_export(new, now=clock())
    run_next(clock=clock, job_id=job.pk)
    job.refresh_from_db()
    return job
