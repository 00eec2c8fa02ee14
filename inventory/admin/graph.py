"""The location graph: a picture, and one group changed by hand after a look at what that does."""

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from inventory.backoffice.access import access_of, organization_of, origin_of
from inventory.backoffice.graph_picture import MAX_GROUPS, MAX_NODES, graph_picture
from inventory.backoffice.job_words import under_way
from inventory.backoffice.pages import Page, register_page
from inventory.domain.graph import Graph
from inventory.domain.graph_edit import GroupEdit, edited, sharing
from inventory.domain.graph_plan import GraphPlan
from inventory.domain.roles import Power
from inventory.errors import Refusal
from inventory.selectors.graph import current_graph
from inventory.selectors.graph_effects import effects_of
from inventory.services.graph import GraphPreview, preview_availability
from inventory.services.graph_edits import change_group, preview_group
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import files, life
from inventory.services.jobs.running import run_next

TICKED = 300
"""Up to so many locations are ticked; more of them are typed."""
_SHOWN = 50
_GROUPS_SHOWN = 10
_IDENTIFIER = r"^[A-Za-z0-9_-]{2,128}\Z"


@register_page
class GraphPage(Page):
    """Who shares what; the graph can be taken along as a file."""

    path = "graph/"
    name = "graph"
    title = gettext_lazy("Location graph")
    power = Power.SEE
    template_name = "backoffice/graph.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Draw the graph, or the part around one group."""
        graph = current_graph(organization_of(self.request).pk)
        about = self.request.GET.get("group", "")
        if about not in graph.groups:
            about = ""
        shared = sharing(graph, about=about)
        groups = {group for each in shared for group in each.groups}
        return super().get_context_data(
            graph=graph,
            about=about,
            picture=graph_picture(shared, about=about) if graph.locations else None,
            is_cut=len(groups) > MAX_GROUPS or len(shared) > MAX_NODES,
            groups=_groups(graph),
            alone=[name for each in sharing(graph) if not each.groups for name in each.locations],
            may_change=access_of(self.request).may(Power.CHANGE_GRAPH),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Export the graph by the same job as the API, and hand its file out."""
        new = life.NewJob(
            organization_id=organization_of(request).pk,
            kind=GRAPH_EXPORT,
            parameters={},
            origin=origin_of(request),
        )
        job = life.start_export(new, now=timezone.now())
        run_next(clock=timezone.now, job_id=job.pk)
        job.refresh_from_db()
        if not job.result:
            messages.info(request, under_way(_("The file is being made."), job))
            return redirect(reverse("admin:graph"))
        return FileResponse(
            files.open_file(job.result),
            as_attachment=True,
            filename="location-graph.json",
            content_type="application/json",
        )


def _groups(graph: Graph) -> list[dict[str, Any]]:
    """Return each group with its number of locations, and whom it shares some with."""
    rows = []
    for name, pk in sorted(graph.groups.items()):
        members = graph.members.get(pk, ())
        others = {other for member in members for other in graph.groups_of[member]} - {pk}
        shared = sum(len(graph.groups_of[member]) > 1 for member in members)
        rows.append(
            {
                "name": name,
                "locations": len(members),
                "shared": shared,
                "others": sorted(graph.identifiers[other] for other in others),
            }
        )
    return rows


def effect_context(
    organization_id: int, *, plan: GraphPlan, preview: GraphPreview
) -> dict[str, Any]:
    """Return what the preview of a change shows."""
    short = preview.would_be_short
    changes = preview_availability(organization_id=organization_id, plan=plan, limit=_SHOWN)
    return {
        "preview": preview,
        "changes": changes,
        "changed": [
            (item.sku, item.groups[:_GROUPS_SHOWN], max(0, len(item.groups) - _GROUPS_SHOWN))
            for item in changes.items
        ],
        "effects": effects_of(organization_id, plan=plan, differences=preview.differences),
        "short": short.items[:_SHOWN],
        "more_short": max(0, short.count - _SHOWN),
        "in_use": preview.in_use[:_SHOWN],
        "more_in_use": max(0, len(preview.in_use) - _SHOWN),
    }


class GroupForm(forms.Form):
    """A group and its locations; `seen` ties a confirmation to the preview it follows."""

    group = forms.CharField(
        label=gettext_lazy("Group"),
        validators=[
            RegexValidator(_IDENTIFIER, gettext_lazy("2 to 128 letters, digits, - or _, please."))
        ],
        widget=UnfoldAdminTextInputWidget,
    )
    locations = forms.MultipleChoiceField(
        label=gettext_lazy("Its locations"), required=False, widget=forms.CheckboxSelectMultiple
    )
    typed = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, graph: Graph, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(graph.locations) <= TICKED:
            names = sorted(graph.locations)
            self.fields["locations"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
            self.fields["typed"].label = gettext_lazy("New locations, one in each line")
            self.fields["typed"].widget.attrs["rows"] = 3
        else:
            del self.fields["locations"]
            self.fields["typed"].label = gettext_lazy("Its locations, one in each line")

    def clean_typed(self) -> tuple[str, ...]:
        """Read identifiers, one in each line."""
        names = tuple(dict.fromkeys(self.cleaned_data["typed"].split()))
        valid = RegexValidator(_IDENTIFIER, _("2 to 128 letters, digits, - or _, please."))
        for name in names:
            valid(name)
        return names

    def edit(self) -> GroupEdit:
        """Return the group as the form has it."""
        said = self.cleaned_data
        names = (*said.get("locations", ()), *said["typed"])
        return GroupEdit(said["group"], tuple(sorted(set(names))))


@register_page
class EditGroup(Page):
    """Takes a group's locations, shows what changes, and does it when that is confirmed."""

    path = "graph/edit/"
    name = "edit_group"
    title = gettext_lazy("Change a group")
    power = Power.CHANGE_GRAPH
    template_name = "backoffice/edit_group.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the group as it is."""
        graph = current_graph(organization_of(self.request).pk)
        name = self.request.GET.get("group", "")
        form = kwargs.pop("form", None)
        if form is None:
            members = graph.members.get(graph.groups.get(name, 0), ())
            names = sorted(graph.identifiers[member] for member in members)
            typed = "\n".join(names) if len(graph.locations) > TICKED else ""
            form = GroupForm(
                graph=graph, initial={"group": name, "locations": names, "typed": typed}
            )
        return super().get_context_data(form=form, is_known=name in graph.groups, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Preview, or change the graph if this very change was previewed."""
        organization = organization_of(request).pk
        form = GroupForm(request.POST, graph=current_graph(organization))
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        edit = form.edit()
        version, _colon, digest = form.cleaned_data["seen"].partition(":")
        try:
            if "change" in request.POST and version.isdecimal() and digest == _digest(edit):
                change_group(
                    organization_id=organization,
                    edit=edit,
                    seen_version=int(version),
                    force="force" in request.POST,
                    origin=origin_of(request),
                    now=timezone.now(),
                )
                messages.success(request, _("The location graph is changed."))
                return redirect(reverse("admin:graph"))
            if "change" in request.POST:
                messages.warning(request, _("This is another change than before: look again."))
            return self._previewed(edit)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return self.render_to_response(self.get_context_data(form=form))

    def _previewed(self, edit: GroupEdit) -> HttpResponse:
        organization = organization_of(self.request).pk
        preview = preview_group(organization_id=organization, edit=edit)
        graph = current_graph(organization)
        said = self.request.POST.copy()
        said["seen"] = f"{preview.version}:{_digest(edit)}"
        form = GroupForm(said, graph=graph)
        effect = effect_context(organization, plan=edited(graph, edit), preview=preview)
        return self.render_to_response(self.get_context_data(form=form, **effect))


def _digest(edit: GroupEdit) -> str:
    return hashlib.sha256("\n".join([edit.group, *edit.locations]).encode()).hexdigest()
