"""Exports started from the browser, and the page that leads to everything that can be started."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from inventory.backoffice.job_words import JobWords, register_job_words
from inventory.backoffice.pages import Page, register_page
from inventory.backoffice.starting_jobs import MomentField, NamesField, StartJob, startable
from inventory.domain.roles import Power
from inventory.models import Job
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.exports.availability import wanted_places
from inventory.services.exports.availability_job import start_availability_export
from inventory.services.exports.event_log_job import (
    EVENT_LOG_EXPORT,
    LONGEST,
    MAX_PLACES,
    event_window,
    start_event_log_export,
)
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import life
from inventory.services.jobs.at_once import export_at_once
from inventory.services.segmentation_export import SEGMENTATION_EXPORT, new_segmentation_export

register_job_words(
    JobWords(AVAILABILITY_EXPORT, gettext_lazy("Availability export")),
    JobWords(GRAPH_EXPORT, gettext_lazy("Location graph export"), ending="json"),
    JobWords(SEGMENTATION_EXPORT, gettext_lazy("Segmentation export")),
    JobWords(EVENT_LOG_EXPORT, gettext_lazy("Event log export"), can_be_deleted=False),
)

_GROUPS, _LOCATIONS = "groups", "locations"


@register_page
class StartJobs(Page):
    """Leads to every import and export that the user may start."""

    path = "jobs/"
    name = "start_jobs"
    title = gettext_lazy("Import and export")
    power = Power.RUN_JOBS
    template_name = "backoffice/start_jobs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """List the pages."""
        return super().get_context_data(
            imports=startable(self.request, is_import=True),
            exports=startable(self.request, is_import=False),
            **kwargs,
        )


class AvailabilityForm(forms.Form):
    """Groups or locations, some or all."""

    of = forms.ChoiceField(
        label=gettext_lazy("Figures of"),
        choices=[(_GROUPS, gettext_lazy("groups")), (_LOCATIONS, gettext_lazy("locations"))],
        widget=UnfoldAdminSelectWidget,
    )
    names = NamesField(
        label=gettext_lazy("Which, one in each line"),
        help_text=gettext_lazy("None: all of them."),
    )


@register_page
class ExportAvailability(StartJob):
    """Exports the figures of groups or locations."""

    path = "jobs/export/availability/"
    name = "export_availability"
    title = gettext_lazy("Export availability")
    about = gettext_lazy(
        "On hand, reserved, ATF and ATO of every item at groups or locations, all of one moment."
    )
    form_class = AvailabilityForm

    def start(self, said: dict[str, Any]) -> Job:
        named = {said["of"]: said["names"]}
        wanted = wanted_places(groups=named.get(_GROUPS), locations=named.get(_LOCATIONS))
        return start_availability_export(wanted=wanted, clock=timezone.now, **self.whose())


@register_page
class ExportGraph(StartJob):
    """Exports the location graph."""

    path = "jobs/export/location-graph/"
    name = "export_graph"
    title = gettext_lazy("Export the location graph")
    about = gettext_lazy("All locations and groups, in the shape that the import takes.")

    def start(self, said: dict[str, Any]) -> Job:
        new = life.NewJob(kind=GRAPH_EXPORT, parameters={}, **self.whose())
        return export_at_once(new, clock=timezone.now)


class SegmentationForm(forms.Form):
    """Groups, some or all."""

    groups = NamesField(
        label=gettext_lazy("Groups, one in each line"), help_text=gettext_lazy("None: all of them.")
    )


@register_page
class ExportSegmentation(StartJob):
    """Exports the SKUs that groups exclude."""

    path = "jobs/export/segmentation/"
    name = "export_segmentation"
    title = gettext_lazy("Export segmentation")
    about = gettext_lazy("The SKUs that groups do not sell.")
    form_class = SegmentationForm

    def start(self, said: dict[str, Any]) -> Job:
        new = new_segmentation_export(groups=said["groups"], **self.whose())
        return life.start_export(new, now=timezone.now())


class EventLogForm(forms.Form):
    """An item, a span of time, places."""

    sku = forms.CharField(label="SKU", max_length=250, widget=UnfoldAdminTextInputWidget)
    starts_on = MomentField(label=gettext_lazy("From"))
    ends_on = MomentField(
        label=gettext_lazy("To"),
        required=False,
        help_text=gettext_lazy("At most %s days later.") % LONGEST.days,
    )
    locations = NamesField(label=gettext_lazy("Locations, one in each line"))
    groups = NamesField(
        label=gettext_lazy("Groups, one in each line"),
        help_text=gettext_lazy("At most %s places; none: all of them.") % MAX_PLACES,
    )
    file_format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("JSON", "JSON"), ("CSV", "CSV")],
        widget=UnfoldAdminSelectWidget,
    )


@register_page
class ExportEventLog(StartJob):
    """Exports what happened to an item."""

    path = "jobs/export/event-log/"
    name = "export_event_log"
    title = gettext_lazy("Export the event log")
    about = gettext_lazy("What happened to an item, with the figures before and after.")
    form_class = EventLogForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Begin with the last week."""
        week = timezone.localtime() - timedelta(days=7)
        sku = self.request.GET.get("sku", "")
        kwargs.setdefault("form", EventLogForm(initial={"starts_on": week, "sku": sku}))
        return super().get_context_data(**kwargs)

    def start(self, said: dict[str, Any]) -> Job:
        window = event_window(
            sku=said["sku"],
            starts_on=said["starts_on"],
            ends_on=said["ends_on"],
            locations=said["locations"],
            groups=said["groups"],
        )
        return start_event_log_export(
            window=window,
            is_csv=said["file_format"] == "CSV",
            clock=timezone.now,
            **self.whose(),
        )
