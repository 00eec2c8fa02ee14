"""Telling the workers that there is something to do. A nudge that is lost costs a few seconds."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from inventory.models import Job, JobState

log = logging.getLogger("holdfast.jobs")

TASK = "inventory.tasks.run_jobs"
"""Named, not imported: services know no tasks."""

_PATIENCE_SECONDS = 60


def nudge() -> bool:
    """Ask a worker to look for jobs; False when the broker cannot be reached (the beat will)."""
    try:
        current_app.send_task(TASK, expires=_PATIENCE_SECONDS, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("No worker was told of new jobs: %s", error)
        return False
    return True


def queue(job: Job) -> None:
    """Tell the workers of a submitted job, whose row must have been committed."""
    if nudge():
        Job.objects.filter(pk=job.pk, state=JobState.SUBMITTED).update(state=JobState.PENDING)
        job.refresh_from_db(fields=["state"])
