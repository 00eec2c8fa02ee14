"""The list of jobs and the page of one: how it gets on, live, what it refused, and its file."""

import re
from typing import Any, cast

from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.admin.job_filters import ActorFilter, KindFilter, MadeFilter, StateFilter
from inventory.backoffice.access import access_of
from inventory.backoffice.job_pieces import figure, progress_bar, state_tag
from inventory.backoffice.job_words import (
    file_name_of,
    job_address,
    may_handle,
    progress_json,
    words_of,
)
from inventory.backoffice.lists import CappedPaginator
from inventory.backoffice.named import key_of
from inventory.backoffice.notes import notes_of
from inventory.backoffice.shown import ShownAdmin
from inventory.domain.roles import Power
from inventory.models import Job, JobProblem
from inventory.models.jobs import ACTIVE, ENDED
from inventory.selectors.job_progress import watched_jobs
from inventory.services.jobs import files, life

_PROBLEMS_SHOWN = 50
_WATCHED = 50
_MESSAGE = re.compile(r"(line \d+: )?(?:'([^']+)' )?(.*)", re.DOTALL)


@admin.register(Job)
class JobAdmin(ShownAdmin):
    """Search is by the beginning of the id."""

    page_template = "backoffice/job.html"
    empty_hint = gettext_lazy("Upload a file or start an export above.")
    list_display = (
        "what",
        "state_shown",
        "progress",
        "read",
        "processed",
        "skipped",
        "failed",
        "by_whom",
        "started",
    )
    list_filter = (StateFilter, KindFilter, MadeFilter, ActorFilter)
    list_filter_submit = True
    list_before_template = "backoffice/job_list_live.html"
    search_fields = ("identifier__startswith",)
    search_help_text = gettext_lazy("id, or how it begins")
    ordering = ("-pk",)
    sortable_by = ()

    class Media:
        js = ("backoffice/jobs.js",)

    def get_urls(self) -> list[Any]:
        """Add what pages of jobs ask for beside themselves."""

        def at(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"inventory_job_{name}")

        return [
            at("progress.json", self.progress_of_active, "active"),
            at("<int:pk>/change/progress.json", self.progress_of_one, "progress"),
            at("<int:pk>/change/file", self.file_view, "file"),
            *super().get_urls(),
        ]

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Find out how the jobs of a page get on."""
        now = timezone.now()
        for job in rows:
            job.told = progress_json(job, now=now)

    @admin.display(description=gettext_lazy("job"))
    def what(self, job: Any) -> str:
        return str(words_of(job).label)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, job: Any) -> SafeString:
        return state_tag(job.told)

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, job: Any) -> SafeString:
        return progress_bar(job.told)

    @admin.display(description=gettext_lazy("read"))
    def read(self, job: Any) -> SafeString:
        return figure(job.told, "read")

    @admin.display(description=gettext_lazy("carried out"))
    def processed(self, job: Any) -> SafeString:
        """Count what an import applied, or what an export wrote."""
        return figure(job.told, "processed" if life.is_import(job) else "exported")

    @admin.display(description=gettext_lazy("unchanged"))
    def skipped(self, job: Any) -> SafeString:
        return figure(job.told, "skipped")

    @admin.display(description=gettext_lazy("refused"))
    def failed(self, job: Any) -> SafeString:
        return figure(job.told, "failed")

    @admin.display(description=gettext_lazy("by whom"))
    def by_whom(self, job: Any) -> str:
        return str(job.actor).removeprefix("user:")

    @admin.display(description=gettext_lazy("started"))
    def started(self, job: Any) -> str:
        if job.started_at is None:
            return "-"
        return f"{timezone.localtime(job.started_at):%Y-%m-%d %H:%M:%S}"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Job:
        """Return the job; 404 for a foreign one, for people and scripts alike."""
        job = super().get_object(request, object_id, from_field)
        if job is None:
            raise Http404
        return cast("Job", job)

    def page_context(self, request: HttpRequest, row: Job) -> dict[str, Any]:
        """Show one job."""
        handles = may_handle(access_of(request), row)
        return {
            "title": str(words_of(row).label),
            "row": row,
            "job": progress_json(row, now=timezone.now()),
            "is_import": life.is_import(row),
            "asked": _asked(row),
            "has_file": bool(row.result),
            "problems": _problems(request, row),
            "may_stop": handles and row.state not in ENDED and not row.is_stopping,
            "may_resume": handles and life.can_resume(row),
            "may_delete": handles and words_of(row).can_be_deleted and row.state not in ACTIVE,
            "may_start": access_of(request).may(Power.RUN_JOBS),
            "notes": notes_of(row),
        }

    def progress_of_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell how a job gets on, as JSON."""
        return JsonResponse(progress_json(self._job(request, pk), now=timezone.now()))

    def progress_of_active(self, request: HttpRequest) -> HttpResponse:
        """Tell how the organization's queued and running jobs get on: the first 50 of them.

        And, whatever became of them, how those in `?jobs=1,2` do.
        """
        organization = access_of(request).organization
        if organization is None or not self.has_view_permission(request):
            raise Http404
        now = timezone.now()
        named = request.GET.get("jobs", "").split(",")[:_WATCHED]
        pks = [pk for pk in map(key_of, named) if pk is not None]
        jobs = watched_jobs(organization.pk, pks=pks, limit=_WATCHED)
        return JsonResponse({"jobs": [progress_json(job, now=now) for job in jobs]})

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Hand out an export's file, or an import's result."""
        job = self._job(request, pk)
        try:
            file = files.open_file(job.result) if job.result else None
        except FileNotFoundError:
            file = None
        if file is None:
            messages.error(request, _("There is no file: it was not made, or is kept no longer."))
            return redirect(job_address(job))
        return FileResponse(
            file, as_attachment=True, filename=file_name_of(job), content_type=job.result_type
        )

    def _job(self, request: HttpRequest, pk: int) -> Job:
        job = self.get_queryset(request).filter(pk=pk).first()
        if job is None or not self.has_view_permission(request):
            raise Http404
        return cast("Job", job)


_PARAMETERS = {
    "fileName": gettext_lazy("File"),
    "fileFormat": gettext_lazy("Format"),
    "fileEncoding": gettext_lazy("Packed"),
    "force": gettext_lazy("Empty what leaves"),
    "dryRun": gettext_lazy("Only tell what would change"),
    "groups": gettext_lazy("Groups"),
    "locations": gettext_lazy("Locations"),
    "sku": "SKU",
    "startsOn": gettext_lazy("From"),
    "fromDate": gettext_lazy("From"),
    "endsOn": gettext_lazy("To"),
    "toDate": gettext_lazy("To"),
    "status": gettext_lazy("Which"),
}


def _asked(job: Job) -> list[tuple[Any, str]]:
    """Return what the job was asked to do, as a person reads it."""
    asked = []
    for name, label in _PARAMETERS.items():
        value = job.parameters.get(name)
        if isinstance(value, list):
            value = _("all") if value == ["*"] else ", ".join(value)
        elif value is True:
            value = _("yes")
        if value:
            asked.append((label, str(value)))
    return asked


def _problems(request: HttpRequest, job: Job) -> Any:
    """Return a page of what an import refused."""
    rows = JobProblem.objects.filter(job=job).order_by("line")
    page = CappedPaginator(rows, _PROBLEMS_SHOWN).get_page(request.GET.get("page"))
    page.object_list = [_told(problem) for problem in page.object_list]
    return page


def _told(problem: JobProblem) -> dict[str, Any]:
    """Return a refused record as a row: what is wrong begins with the line and the field."""
    found = _MESSAGE.match(problem.message)
    line, field, complaint = found.groups() if found else ("", "", problem.message)
    return {
        "line": problem.line if line else None,
        "record_id": problem.record_id,
        "location": problem.location,
        "sku": problem.sku,
        "field": field or "",
        "complaint": complaint,
    }


def list_address() -> str:
    """Return the address of the list."""
    return reverse("admin:inventory_job_changelist")
