"""Jobs as the back office tells of them: what their kinds are called, and how they get on.

An app registers the words of its kinds in its `admin`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.backoffice.access import Access
from inventory.domain.roles import Power
from inventory.models import Job, JobState
from inventory.models.jobs import ENDED
from inventory.selectors.job_progress import progress_of_job

_MINUTE, _HOUR = 60, 3600
_TENTH = 10


@dataclass(frozen=True, slots=True)
class JobWords:
    """A kind of job: what it is called, and what it takes to stop, resume or delete one.

    `ending` is that of its file's name. `can_be_deleted` is False where the API has no way either.
    """

    kind: str
    label: Any
    power: Power = Power.RUN_JOBS
    ending: str = "ndjson"
    can_be_deleted: bool = True


_WORDS: dict[str, JobWords] = {}


def register_job_words(*words: JobWords) -> None:
    """Let the pages of jobs know kinds by their words."""
    _WORDS.update((each.kind, each) for each in words)


def all_job_words() -> list[JobWords]:
    """Return the words of every kind."""
    return list(_WORDS.values())


def words_of(job: Job) -> JobWords:
    """Return the words of a job's kind; those of a kind without any are its name."""
    return _WORDS.get(job.kind) or JobWords(job.kind, job.kind)


def may_handle(access: Access, job: Job) -> bool:
    """Tell whether somebody may stop, resume or delete a job."""
    return access.may(words_of(job).power)


def file_name_of(job: Job) -> str:
    """Return a name for the file of a job on somebody's disk."""
    ending = words_of(job).ending
    if job.parameters.get("fileFormat") == "CSV" and not job.upload_size:
        ending = "csv"
    return f"{job.kind}-{job.identifier}.{ending}"


def state_text(job: Job) -> str:
    """Say where a job stands."""
    if job.state == JobState.RUNNING and job.is_stopping:
        return _("stopping")
    return str(job.get_state_display())


def job_address(job: Job) -> str:
    """Return the address of a job's page."""
    return reverse("admin:inventory_job_change", args=[job.pk])


def under_way(told: str, job: Job) -> SafeString:
    """Say that a job is not done yet, and lead to its page."""
    link = '{} <a class="hf-underlined" href="{}">{}</a>'
    return format_html(link, told, job_address(job), _("Watch the job."))


def progress_json(job: Job, *, now: datetime) -> dict[str, Any]:
    """Return how a job gets on: figures for programs, and in `text` the words pages show.

    `percent`, `rate` (records a second) and `seconds_left` are None where they are not known.
    """
    progress = progress_of_job(job, now=now)
    counts = {
        "read": job.records_read,
        "processed": job.records_processed,
        "skipped": job.records_skipped,
        "failed": job.records_failed,
        "exported": job.records_exported,
    }
    return {
        "id": job.pk,
        "identifier": job.identifier,
        "kind": job.kind,
        "label": str(words_of(job).label),
        "address": job_address(job),
        "state": job.state,
        "is_ended": job.state in ENDED,
        "is_stopping": job.is_stopping and job.state == JobState.RUNNING,
        "percent": progress.percent,
        **counts,
        "rate": progress.rate,
        "seconds_left": progress.seconds_left,
        "text": {
            "state": state_text(job),
            "percent": "" if progress.percent is None else f"{progress.percent} %",
            "rate": "-" if progress.rate is None else _("%s a second") % _rate(progress.rate),
            "left": "-" if progress.seconds_left is None else _span(progress.seconds_left),
            "summary": _summary(job, progress.percent),
            **{name: f"{count:,}" for name, count in counts.items()},
        },
    }


def _rate(rate: float) -> str:
    return f"{rate:,.1f}" if rate < _TENTH else f"{rate:,.0f}"


def _span(seconds: int) -> str:
    if seconds < _MINUTE:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    if seconds < _HOUR:
        minutes = -(-seconds // _MINUTE)
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours, minutes = divmod(seconds // _MINUTE, _MINUTE)
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def _summary(job: Job, percent: int | None) -> str:
    """Return a sentence that does not change often: it is read aloud each time it does."""
    if job.state == JobState.RUNNING:
        return _running(job, percent)
    if job.state == JobState.COMPLETED and job.records_failed:
        refused = ngettext(
            "It is completed, but for %s record that was refused.",
            "It is completed, but for %s records that were refused.",
            job.records_failed,
        )
        return refused % f"{job.records_failed:,}"
    sentences: dict[str, str] = {
        JobState.SUBMITTED: _("It is queued: a worker will take it."),
        JobState.PENDING: _("It is queued: a worker will take it."),
        JobState.WAITING: _("It waits for its file."),
        JobState.COMPLETED: _("It is completed."),
        JobState.FAILED: _("It has failed."),
        JobState.STOPPED: _("It was stopped. What was applied stays; it can be resumed."),
        JobState.EXPIRED: _("No file came in time."),
    }
    return sentences.get(job.state, "")


def _running(job: Job, percent: int | None) -> str:
    if job.is_stopping:
        return _("It stops after the part it is at.")
    if percent is None:
        return _("It is running.")
    return _("It is running: %s %% are done.") % (percent // _TENTH * _TENTH)
