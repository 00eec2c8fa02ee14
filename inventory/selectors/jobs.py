"""Finding jobs."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from inventory.errors import EntityNotFound
from inventory.models import Job, JobState
from inventory.models.jobs import ACTIVE

AVAILABILITY_EXPORT = "availability-export"
"""While one runs, no stock record of its organization may be deleted (spec: oci-headless 4.3)."""


def active_jobs(organization_id: int) -> QuerySet[Job]:
    """Return an organization's jobs that are queued or run."""
    return Job.objects.filter(organization=organization_id, state__in=ACTIVE)


def failed_jobs(organization_id: int, *, since: datetime) -> QuerySet[Job]:
    """Return the jobs asked for since a moment that have failed as a whole."""
    return Job.objects.filter(
        organization=organization_id, state=JobState.FAILED, created_at__gt=since
    )


def find_job(organization_id: int, *, kind: str, identifier: str) -> Job:
    """Return a job of an organization; EntityNotFound when it has none of this kind and id."""
    job = Job.objects.filter(
        organization_id=organization_id, kind=kind, identifier=identifier
    ).first()
    if job is None:
        message = "An invalid entity was provided as part of the request."
        raise EntityNotFound(message)
    return job


def job_identifiers(
    organization_id: int, *, kind: str, uploadable_at: datetime | None = None
) -> list[str]:
    """Return the ids of an organization's jobs of a kind, oldest first.

    With `uploadable_at`, of those whose upload link still stands then.
    """
    jobs = Job.objects.filter(organization_id=organization_id, kind=kind)
    if uploadable_at is not None:
        jobs = jobs.filter(state=JobState.WAITING, upload_expires_at__gt=uploadable_at)
    return list(jobs.order_by("pk").values_list("identifier", flat=True))


def running_availability_export(organization_id: int) -> str | None:
    """Return the id of an availability export that has not ended, if there is one."""
    return (
        Job.objects.filter(
            organization_id=organization_id, kind=AVAILABILITY_EXPORT, state__in=ACTIVE
        )
        .values_list("identifier", flat=True)
        .first()
    )


def jobs_of(organization_id: int | None, *, states: Collection[str] = (), limit: int) -> list[Job]:
    """Return the latest jobs, newest first: of an organization or all, in these states or any."""
    jobs = Job.objects.select_related("organization").order_by("-pk")
    if organization_id is not None:
        jobs = jobs.filter(organization_id=organization_id)
    if states:
        jobs = jobs.filter(state__in=states)
    return list(jobs[:limit])


def job_anywhere(identifier: str, *, organization_id: int | None = None) -> Job:
    """Return the job of an id, whosever it is, or an organization's; EntityNotFound."""
    jobs = Job.objects.select_related("organization").filter(identifier=identifier)
    if organization_id is not None:
        jobs = jobs.filter(organization_id=organization_id)
    job = jobs.first()
    if job is None:
        message = f"There is no job {identifier}."
        raise EntityNotFound(message)
    return job
