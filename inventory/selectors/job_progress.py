"""How jobs get on, for whoever watches them."""

from collections.abc import Sequence
from datetime import datetime

from inventory.domain.progress import Progress, Run, progress_of
from inventory.models import Job, JobState
from inventory.selectors.jobs import active_jobs


def progress_of_job(job: Job, *, now: datetime) -> Progress:
    """Tell how a job gets on at a moment; of one that has ended, how its latest run went."""
    is_running = job.state == JobState.RUNNING
    began, until = job.run_started_at, now if is_running else job.ended_at
    run = None
    if began is not None:
        run = Run(
            seconds=max(0.0, (until - began).total_seconds()) if until is not None else 0.0,
            records=job.records_read - job.read_before,
            bytes_done=job.bytes_done - job.bytes_before,
            done=job.bytes_done,
            total=job.bytes_total,
        )
    return progress_of(run, is_completed=job.state == JobState.COMPLETED, is_running=is_running)


def watched_jobs(organization_id: int, *, pks: Sequence[int], limit: int) -> list[Job]:
    """Return an organization's jobs that are queued or run, oldest first, and those named."""
    active = active_jobs(organization_id).order_by("pk")[:limit]
    named = Job.objects.filter(organization_id=organization_id, pk__in=pks)
    found = {job.pk: job for job in (*active, *named)}
    return [found[pk] for pk in sorted(found)]
