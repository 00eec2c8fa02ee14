"""A location graph from a file: told first, then imported by the same job as the API."""

from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from inventory.admin.graph import effect_context
from inventory.backoffice.access import organization_of, origin_of
from inventory.backoffice.job_words import under_way
from inventory.backoffice.pages import Page, register_page
from inventory.domain.roles import Power
from inventory.errors import Refusal
from inventory.models import JobState
from inventory.services.graph import preview_graph
from inventory.services.graph_jobs import GRAPH_IMPORT
from inventory.services.graph_plans import plan_from_file
from inventory.services.jobs import life
from inventory.services.jobs.running import run_next

MAX_BYTES = 1024 * 1024
"""What the page keeps between preview and confirmation; larger files go by API or command."""


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("JSON file"),
        help_text=gettext_lazy("JSON in the shape of the export, at most 1 MB."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json"}),
    )

    def clean_file(self) -> bytes:
        """Return the content."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is too large: import it by the API."))
        content: bytes = file.read()
        return content


class ConfirmForm(forms.Form):
    """The content that was previewed, and the graph's version then."""

    content = forms.CharField(widget=forms.HiddenInput, strip=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)
    force = forms.BooleanField(required=False)


@register_page
class ImportGraph(Page):
    """Takes a file, shows what changes, and imports it when that is confirmed."""

    path = "graph/import/"
    name = "import_graph"
    title = gettext_lazy("Import a location graph")
    power = Power.CHANGE_GRAPH
    template_name = "backoffice/import_graph.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for the file."""
        kwargs.setdefault("form", UploadForm())
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Preview a file, or import what was previewed."""
        if "change" in request.POST:
            confirmed = ConfirmForm(request.POST)
            if confirmed.is_valid():
                return self._import(confirmed.cleaned_data)
            messages.error(request, _("Choose the file again."))
            return self.render_to_response(self.get_context_data())
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        return self._preview(form, form.cleaned_data["file"])

    def _preview(self, form: UploadForm, content: bytes) -> HttpResponse:
        organization = organization_of(self.request).pk
        try:
            plan = plan_from_file(content)
            preview = preview_graph(
                organization_id=organization, locations=plan.locations, groups=plan.groups
            )
        except Refusal as refusal:
            form.add_error("file", refusal.message)
            return self.render_to_response(self.get_context_data(form=form))
        confirm = ConfirmForm(initial={"content": content.decode(), "seen": preview.version})
        effect = effect_context(organization, plan=plan, preview=preview)
        return self.render_to_response(self.get_context_data(confirm=confirm, **effect))

    def _import(self, said: dict[str, Any]) -> HttpResponse:
        new = life.NewJob(
            organization_id=organization_of(self.request).pk,
            kind=GRAPH_IMPORT,
            parameters={
                "fileName": "location-graph.json",
                "force": said["force"],
                "dryRun": False,
                "seenVersion": said["seen"],
            },
            origin=origin_of(self.request),
        )
        now = timezone.now()
        job = life.start_import(new, now=now)
        source = BytesIO(said["content"].encode())
        life.receive_upload(job, source, limit=2 * MAX_BYTES, now=now, is_told=False)
        run_next(clock=timezone.now, job_id=job.pk)
        job.refresh_from_db()
        if job.state == JobState.FAILED:
            messages.error(self.request, " ".join(job.errors))
            return self.render_to_response(self.get_context_data())
        if job.state != JobState.COMPLETED:
            messages.info(self.request, under_way(_("The import is under way."), job))
        else:
            messages.success(self.request, _("The location graph is imported."))
        return redirect(reverse("admin:graph"))
