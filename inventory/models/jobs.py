"""Jobs: imports and exports as rows. The row is the truth, the broker's message only a nudge."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.organization import Organization


class JobState(models.TextChoices):
    """The life of a job; the values are OCI's own words."""

    STAGING = "STAGING", _("being created")
    WAITING = "WAITING", _("waits for its file")
    EXPIRED = "EXPIRED", _("no file came in time")
    SUBMITTED = "SUBMITTED", _("not queued yet")
    PENDING = "PENDING", _("queued")
    RUNNING = "RUNNING", _("running")
    COMPLETED = "COMPLETED", _("completed")
    FAILED = "FAILED", _("failed")
    STOPPED = "STOPPED", _("stopped")


QUEUED = (JobState.SUBMITTED, JobState.PENDING)
"""Wanted, and nobody works at it."""
ACTIVE = (JobState.STAGING, *QUEUED, JobState.RUNNING)
"""Not to be deleted."""
ENDED = (JobState.COMPLETED, JobState.FAILED, JobState.STOPPED, JobState.EXPIRED)


class Job(models.Model):
    """An import or an export.

    `identifier` is the id clients know. `lease` names the run that works at it; only that run may
    write progress, and a run whose heartbeat stays away loses it. `position` is the kind's own:
    where a resumed run goes on. Counts are of records: `read` is what was looked at, `processed`
    what was carried out, `skipped` what changed nothing, `failed` what was refused, `exported`
    what a file got. `bytes_done` of `bytes_total` tell how far an import is. `errors` say why a
    job failed as a whole. `upload` and `result` are names in the storage `impex`; empty where
    there is no file. `run_started_at`, `read_before` and `bytes_before` say when the latest run
    began, and how far the job was then: a rate is that of a run.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=40)
    identifier = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=JobState)
    parameters = models.JSONField(default=dict)
    actor = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64, blank=True)

    records_read = models.BigIntegerField(default=0)
    records_processed = models.BigIntegerField(default=0)
    records_skipped = models.BigIntegerField(default=0)
    records_failed = models.BigIntegerField(default=0)
    records_exported = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    errors = models.JSONField(default=list)

    upload = models.CharField(max_length=200, blank=True)
    upload_size = models.BigIntegerField(default=0)
    upload_expires_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=200, blank=True)
    result_size = models.BigIntegerField(default=0)
    result_hash = models.CharField(max_length=128, blank=True)
    result_type = models.CharField(max_length=100, blank=True)
    result_expires_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    run_started_at = models.DateTimeField(null=True)
    read_before = models.BigIntegerField(default=0)
    bytes_before = models.BigIntegerField(default=0)

    lease = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(db_default=Now())
    is_stopping = models.BooleanField(default=False)
    failures = models.IntegerField(default=0)
    position = models.JSONField(null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "identifier"], name="job_identifier_unique"
            ),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease__isnull=True)),
                name="job_leased_while_running",
            ),
        ]
        indexes = [
            # Which jobs of a kind does an organization have?
            models.Index(fields=["organization", "kind", "id"], name="job_kind"),
            # What is there to do, and what has been left lying? (Not by the heartbeat: a beat would
            # have to write the index, too.)
            models.Index(
                fields=["id"],
                condition=Q(state__in=[*QUEUED, JobState.RUNNING, JobState.WAITING]),
                name="job_unended",
            ),
            # What is beyond its retention?
            models.Index(fields=["created_at"], name="job_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.identifier}"


class JobProblem(models.Model):
    """One record that a running import has refused; the result file is made of these.

    `line` counts from 1. Rows are kept as long as the result file, and longer where the import can
    be resumed.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_index=False)
    line = models.BigIntegerField()
    record_id = models.TextField()
    location = models.TextField()
    sku = models.TextField()
    message = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "line"], name="job_problem_line_unique"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def new_identifier(*, prefix: str = "") -> str:
    """Return an id for a job as clients see it."""
    return f"{prefix}{uuid.uuid4()}"
