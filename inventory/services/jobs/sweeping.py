"""What nobody else looks after: lost runs, forgotten jobs, late uploads, old files and rows."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from inventory.models import Job, JobProblem, JobState
from inventory.models.jobs import ENDED
from inventory.services.jobs import files
from inventory.services.jobs.nudge import nudge
from inventory.services.jobs.running import MAX_FAILURES

log = logging.getLogger("holdfast.jobs")

_UNTAKEN_SECONDS = 3
_BATCH = 500
_ORPHAN_AGE = timedelta(days=1)
_GAVE_UP = "The import or export was cut off again and again at the same place."

_LOST = """
UPDATE inventory_job SET lease = NULL, heartbeat_at = clock_timestamp(), failures = failures + 1,
  state = CASE WHEN is_stopping THEN 'STOPPED' WHEN failures + 1 >= %(most)s THEN 'FAILED'
    ELSE 'PENDING' END,
  ended_at = CASE WHEN is_stopping OR failures + 1 >= %(most)s THEN %(now)s END,
  errors = CASE WHEN NOT is_stopping AND failures + 1 >= %(most)s
    THEN jsonb_build_array(%(gave_up)s::text) ELSE errors END
WHERE id IN (
  SELECT id FROM inventory_job WHERE state = 'RUNNING'
    AND heartbeat_at < clock_timestamp() - make_interval(secs => %(lease)s)
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
"""
_UNTAKEN = """
SELECT EXISTS (SELECT FROM inventory_job WHERE state IN ('SUBMITTED', 'PENDING')
  AND heartbeat_at < clock_timestamp() - make_interval(secs => %s))
"""


def sweep(*, now: datetime) -> int:
    """Queue what lost its run, expire what got no file, remind the workers.

    Returns how many runs were lost.
    """
    Job.objects.filter(state=JobState.WAITING, upload_expires_at__lte=now).update(
        state=JobState.EXPIRED, ended_at=now
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _LOST,
            {
                "most": MAX_FAILURES,
                "now": now,
                "gave_up": _GAVE_UP,
                "lease": settings.IMPEX_LEASE_SECONDS,
            },
        )
        lost = [row[0] for row in cursor.fetchall()]
        cursor.execute(_UNTAKEN, [_UNTAKEN_SECONDS])
        (is_waiting,) = cursor.fetchone()
    if lost:
        log.warning("Jobs %s lost their runs and are queued again", lost)
    if lost or is_waiting:
        nudge()
    return len(lost)


def clean_up(*, now: datetime) -> int:
    """Delete jobs beyond their retention, a batch at a time, and files beyond their life."""
    _drop_results(now)
    limit = now - timedelta(days=settings.IMPEX_JOB_RETENTION_DAYS)
    old = tuple(
        Job.objects.filter(state__in=ENDED, created_at__lt=limit)
        .exclude(ended_at__gte=limit)
        .order_by("created_at")[:_BATCH]
    )
    for job in old:
        files.drop(job.upload, job.result)
    JobProblem.objects.filter(job__in=old).delete()
    dropped = Job.objects.filter(pk__in=[job.pk for job in old], state__in=ENDED).delete()[0]
    _drop_orphans(now)
    return dropped


def _drop_results(now: datetime) -> None:
    """Delete results beyond their life; a job that can be resumed keeps what it has refused."""
    expired = Job.objects.filter(result_expires_at__lte=now).exclude(result="")[:_BATCH]
    for job in tuple(expired):
        files.drop(job.result)
        Job.objects.filter(pk=job.pk, result=job.result).update(result="")
        if job.state == JobState.COMPLETED:
            JobProblem.objects.filter(job=job).delete()


def _drop_orphans(now: datetime) -> None:
    """Delete files that no row names: their process was killed between file and row."""
    storage = files.storage()
    try:
        names = storage.listdir("")[1]
    except FileNotFoundError:  # nothing has ever been stored
        return
    known = {
        name
        for row in Job.objects.exclude(upload="", result="").values_list("upload", "result")
        for name in row
    }
    for name in names:
        if name not in known and storage.get_modified_time(name) < now - _ORPHAN_AGE:
            files.drop(name)
