"""What can be done to a job: each page asks once more, then makes its one service call."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.admin.jobs import list_address
from inventory.backoffice.access import access_of
from inventory.backoffice.job_words import (
    job_address,
    may_handle,
    progress_json,
    words_of,
)
from inventory.backoffice.named import row_named
from inventory.backoffice.pages import Page, register_page
from inventory.domain.roles import Power
from inventory.errors import (
    ExportInProcess,
    ImportInProgress,
    InvalidRequestParameter,
    Refusal,
)
from inventory.models import Job, JobState
from inventory.services.jobs import life


class JobPage(Page):
    """Confirms something that is done to the job of the address.

    `question` tells what will happen and `button` names it.
    """

    power = Power.RUN_JOBS
    template_name = "backoffice/job_action.html"
    question: ClassVar[Any]
    button: ClassVar[Any]
    is_dangerous: ClassVar[bool] = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what is concerned; without a job, the way to the list."""
        job = self.job()
        return super().get_context_data(
            row=job,
            job=None if job is None else progress_json(job, now=timezone.now()),
            question=self.question,
            button=self.button,
            is_dangerous=self.is_dangerous,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it and go on, or tell in plain words why not."""
        job = self.job()
        if job is None:
            raise Http404
        if not may_handle(access_of(request), job):
            raise PermissionDenied
        try:
            told, address = self.act(job), self.after(job)
        except Refusal as refusal:
            messages.error(request, _refusal_text(refusal))
            return redirect(job_address(job))
        admin.site.get_model_admin(Job).log_change(request, job, told)
        messages.success(request, told)
        return redirect(address)

    def job(self) -> Job | None:
        """Return the job of the address; None where it names none, 404 for a foreign one."""
        return row_named(self.request, "job", rows=Job.objects.all())

    def act(self, job: Job) -> str:
        """Make the one service call, and return a sentence that tells what was done."""
        raise NotImplementedError

    def after(self, job: Job) -> str:
        """Return where to go on."""
        return job_address(job)


@register_page
class StopJob(JobPage):
    """Ends a run after the chunk it is at."""

    path = "jobs/stop/"
    name = "stop_job"
    title = gettext_lazy("Stop a job")
    question = gettext_lazy("It stops after the part it is at. What was applied stays.")
    button = gettext_lazy("Stop")

    def act(self, job: Job) -> str:
        stopped = life.stop(job, now=timezone.now())
        if stopped.state == JobState.RUNNING:
            return _("The job stops after the part it is at.")
        return _("The job is stopped.")


@register_page
class ResumeJob(JobPage):
    """Goes on where a job was cut off."""

    path = "jobs/resume/"
    name = "resume_job"
    title = gettext_lazy("Resume a job")
    question = gettext_lazy("An import goes on where it was cut off; an export begins anew.")
    button = gettext_lazy("Resume")

    def act(self, job: Job) -> str:
        life.resume(job)
        return _("The job is queued again.")


@register_page
class DeleteJob(JobPage):
    """Deletes a job and its files."""

    path = "jobs/delete/"
    name = "delete_job"
    title = gettext_lazy("Delete a job")
    question = gettext_lazy("The job and its files are deleted. What it applied stays.")
    button = gettext_lazy("Delete")
    is_dangerous = True

    def act(self, job: Job) -> str:
        if not words_of(job).can_be_deleted:
            raise life.WrongState(_("Jobs of this kind are kept until their time is over."))
        life.delete(organization_id=job.organization_id, kind=job.kind, identifier=job.identifier)
        return _("The job is deleted.")

    def after(self, job: Job) -> str:
        """Go to the list: the job has no page any more."""
        return list_address()


def _refusal_text(refusal: Refusal) -> str:
    """Say why nothing was done, and what could be done instead."""
    if isinstance(refusal, ExportInProcess | ImportInProgress):
        return _("The job is still under way. Stop it first.")
    if isinstance(refusal, InvalidRequestParameter):
        return _("The file of the import is gone. Import it again.")
    return refusal.message
