"""Pages that start a job: a form, one service call, and on to the job's page.

@register_page
class ExportGraph(StartJob):
    path, name = "jobs/export/location-graph/", "export_graph"
    title = _("Export the location graph")
    about = _("All locations and groups.")
    form_class = forms.Form
    def start(self, said): return export_at_once(…)
"""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from inventory.backoffice.access import access_of, organization_of, origin_of
from inventory.backoffice.job_words import job_address
from inventory.backoffice.pages import PAGES, Page
from inventory.domain.roles import Power
from inventory.errors import Refusal
from inventory.models import Job


class StartJob(Page):
    """Asks for what the job needs. `about` says in a sentence what it does; `button` starts it."""

    power = Power.RUN_JOBS
    template_name = "backoffice/start_job.html"
    form_class: ClassVar[type[forms.Form]] = forms.Form
    about: ClassVar[Any]
    button: ClassVar[Any] = gettext_lazy("Export")
    is_import: ClassVar[bool] = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the form."""
        kwargs.setdefault("form", self.form_class())
        about = {"about": self.about, "button": self.button, "is_import": self.is_import}
        return super().get_context_data(**about, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Start the job and show it, or tell in plain words why not."""
        form = self.form_class(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            job = self.start(form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return self.render_to_response(self.get_context_data(form=form))
        return redirect(job_address(job))

    def start(self, said: dict[str, Any]) -> Job:
        """Make the one service call; a Refusal is told to the user."""
        raise NotImplementedError

    def whose(self) -> dict[str, Any]:
        """Return the arguments that all services of jobs take."""
        return {
            "organization_id": organization_of(self.request).pk,
            "origin": origin_of(self.request),
        }


def startable(request: HttpRequest, *, is_import: bool) -> list[type[StartJob]]:
    """Return the pages that a user may start an import, or an export, from."""
    access = access_of(request)
    return [
        page
        for page in PAGES
        if issubclass(page, StartJob) and page.is_import == is_import and page.is_open_to(access)
    ]


class NamesField(forms.CharField):
    """Identifiers, one in each line; the value is a list without doubles."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        super().__init__(**{"required": False, "widget": widget, **kwargs})

    def clean(self, value: Any) -> Any:
        """Read the lines."""
        return list(dict.fromkeys(re.findall(r"[^\s,]+", super().clean(value))))


class MomentField(forms.DateTimeField):
    """A date and a time in the user's zone."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget, **kwargs})
