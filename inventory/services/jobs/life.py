"""What clients do with jobs: start, upload, stop, resume, delete. Runs are in `running`.

A job's state changes only by updates guarded by the state before; zero rows is an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from inventory.errors import (
    ExpiredUploadLink,
    ExportInProcess,
    FileAlreadyReceived,
    ImportInProgress,
    InvalidRequest,
    InvalidRequestParameter,
)
from inventory.models import Job, JobProblem, JobState
from inventory.models.jobs import ACTIVE, QUEUED, new_identifier
from inventory.origin import Origin
from inventory.selectors.jobs import find_job
from inventory.services.jobs import files
from inventory.services.jobs.files import Readable
from inventory.services.jobs.kinds import kind_named
from inventory.services.jobs.nudge import queue

DEFAULT_LINK_MINUTES = 60
RESUMABLE = (JobState.STOPPED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is to do. `parameters` must be plain JSON values."""

    organization_id: int
    kind: str
    parameters: Mapping[str, Any]
    origin: Origin


class WrongState(InvalidRequest):
    """The job is not in a state in which this can be done."""


def start_export(new: NewJob, *, now: datetime) -> Job:
    """Make an export and tell the workers."""
    job = _create(new, state=JobState.SUBMITTED, now=now)
    queue(job)
    return job


def create_export(new: NewJob, *, now: datetime) -> Job:
    """Make an export without telling the workers: the caller runs it at once.

    Should the caller die in between, the sweeper has it run.
    """
    return _create(new, state=JobState.SUBMITTED, now=now)


def start_import(new: NewJob, *, now: datetime, link_minutes: int = DEFAULT_LINK_MINUTES) -> Job:
    """Make an import that waits for its file."""
    expires_at = now + timedelta(minutes=link_minutes)
    return _create(new, state=JobState.WAITING, now=now, upload_expires_at=expires_at)


def import_now(new: NewJob, source: Readable, *, limit: int, now: datetime) -> Job:
    """Make an import with its file, and tell the workers.

    Raises InvalidRequestParameter for a file beyond `limit` bytes; then, and whenever it cannot be
    stored, there is no job.
    """
    job = start_import(new, now=now)
    try:
        return receive_upload(job, source, limit=limit, now=now)
    except BaseException:
        Job.objects.filter(pk=job.pk, upload="").delete()
        raise


def _create(new: NewJob, *, state: JobState, now: datetime, **columns: Any) -> Job:
    kind = kind_named(new.kind)
    return Job.objects.create(
        organization_id=new.organization_id,
        kind=kind.name,
        identifier=new_identifier(prefix=kind.prefix),
        state=state,
        parameters=dict(new.parameters),
        actor=new.origin.actor,
        correlation_id=new.origin.correlation_id,
        created_at=now,
        **columns,
    )


def receive_upload(
    job: Job, source: Readable, *, limit: int, now: datetime, is_told: bool = True
) -> Job:
    """Store an import's file, a piece at a time, and tell the workers if `is_told`.

    Raises FileAlreadyReceived, ExpiredUploadLink, and InvalidRequestParameter for a file beyond
    `limit` bytes. An upload that breaks off leaves the link as it was.
    """
    check_upload_link(job, now=now)
    try:
        stored = files.store(
            source,
            job_id=job.pk,
            suffix="upload",
            limit=limit,
            hash_type=job.parameters.get("fileHashType", files.HASH_TYPE),
        )
    except files.FileTooLarge as error:
        raise InvalidRequestParameter(str(error), parameter="file") from error
    # The link was good when the upload began; that it expired meanwhile does not matter.
    received = Job.objects.filter(
        pk=job.pk, state__in=[JobState.WAITING, JobState.EXPIRED], upload=""
    ).update(
        state=JobState.SUBMITTED,
        upload=stored.name,
        upload_size=stored.size,
        parameters={**job.parameters, "uploadHash": stored.hash},
        ended_at=None,
        heartbeat_at=Now(),
    )
    if not received:
        files.drop(stored.name)
        raise FileAlreadyReceived(_RECEIVED)
    job.refresh_from_db()
    if is_told:
        queue(job)
    return job


_RECEIVED = "The file for this uploadLink has already been received."


def check_upload_link(job: Job, *, now: datetime) -> None:
    """Refuse an upload whose link does not stand: FileAlreadyReceived, ExpiredUploadLink."""
    if job.state not in {JobState.WAITING, JobState.EXPIRED}:
        raise FileAlreadyReceived(_RECEIVED)
    expires_at = job.upload_expires_at
    if job.state == JobState.EXPIRED or expires_at is None or expires_at <= now:
        message = "The upload link has expired or is no longer valid."
        raise ExpiredUploadLink(message)


def stop(job: Job, *, now: datetime) -> Job:
    """Stop a job: at once when nobody works at it, else as soon as its run looks up.

    What was applied stays; `resume` goes on. A run looks up after each chunk. Raises WrongState
    for a job that has ended.
    """
    is_running = Q(state=JobState.RUNNING)
    stopped = Job.objects.filter(
        is_running | Q(state__in=[*QUEUED, JobState.WAITING]), pk=job.pk
    ).update(
        state=Case(When(is_running, then=F("state")), default=Value(JobState.STOPPED)),
        is_stopping=Case(When(is_running, then=Value(True)), default=Value(False)),
        ended_at=Case(When(is_running, then=F("ended_at")), default=Value(now)),
    )
    if not stopped:
        message = "The job has ended: there is nothing to stop."
        raise WrongState(message)
    job.refresh_from_db()
    return job


def resume(job: Job) -> Job:
    """Go on with a stopped or failed job where it was cut off; an export begins anew.

    Raises WrongState for a job in another state, and InvalidRequestParameter for an import whose
    file is gone.
    """
    if job.state in RESUMABLE and is_import(job) and not job.upload:
        message = "The import's file is gone; import it again."
        raise InvalidRequestParameter(message, parameter="importId")
    resumed = Job.objects.filter(pk=job.pk, state__in=RESUMABLE).update(
        state=JobState.SUBMITTED,
        is_stopping=False,
        failures=0,
        errors=[],
        result="",
        result_expires_at=None,
        ended_at=None,
        heartbeat_at=Now(),
    )
    if not resumed:
        message = "Only a job that was stopped or has failed can be resumed."
        raise WrongState(message)
    files.drop(job.result)
    job.refresh_from_db()
    queue(job)
    return job


def can_resume(job: Job) -> bool:
    """Tell whether `resume` would go on with a job."""
    return job.state in RESUMABLE and (bool(job.upload) or not is_import(job))


def delete(*, organization_id: int, kind: str, identifier: str) -> None:
    """Delete a job and its files.

    EntityNotFound; ImportInProgress or ExportInProcess while it runs.
    """
    job = find_job(organization_id, kind=kind, identifier=identifier)
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk).first()
        if row is None:
            return
        check_is_idle(row)
        JobProblem.objects.filter(job=row).delete()
        row.delete()
    files.drop(row.upload, row.result)


def check_is_idle(job: Job) -> None:
    """Refuse what cannot be done while a job is under way."""
    if job.state not in ACTIVE:
        return
    if is_import(job):
        message = f"Import {job.identifier} is in progress."
        raise ImportInProgress(message)
    message = f"Export {job.identifier} is in progress."
    raise ExportInProcess(message)


def check_has_ended(job: Job) -> None:
    """Refuse the file of a job that has not ended: ImportInProgress or ExportInProcess."""
    if job.state == JobState.WAITING:
        message = f"Import {job.identifier} waits for its file."
        raise ImportInProgress(message)
    check_is_idle(job)


def is_import(job: Job) -> bool:
    """Tell an import from an export."""
    return kind_named(job.kind).takes_file
