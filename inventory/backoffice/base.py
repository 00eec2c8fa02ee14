"""What every list and form of the back office is made of.

Rows are read-only unless a page says otherwise: the rules live above the model, so an edit form
would step round them.
"""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from unfold.admin import ModelAdmin, TabularInline

from inventory.backoffice.access import access_of
from inventory.backoffice.export import csv_of
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.lists import CappedPaginator, List
from inventory.domain.roles import Power
from inventory.errors import Refusal


class _Look(ModelAdmin):
    """The look and the limits that all lists share.

    No column sorts unless the list names it in `sortable_by`, and has an index in that order.
    """

    sortable_by: ClassVar[tuple[str, ...]] = ()
    show_facets = admin.ShowFacets.NEVER  # each would count the table through

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_fullwidth = True
    compressed_fields = True
    view_on_site = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OrganizationAdmin(_Look):
    """Rows of the chosen organization, for whoever has the power to see them.

    `organization_path` leads from the row to its organization. `writes` is the power that adding
    and changing asks for; None: nobody can. `empty_hint` tells under an empty list how rows come.
    """

    change_list_template = "backoffice/change_list.html"
    organization_path: ClassVar[str] = "organization"
    reads: ClassVar[Power] = Power.SEE
    writes: ClassVar[Power | None] = None
    empty_hint: ClassVar[Any] = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Narrow rows to the chosen organization; autocompletes and typed addresses ask here."""
        rows: QuerySet[Any] = super().get_queryset(request)
        organization = access_of(request).organization
        if organization is None:
            return rows.none()
        return rows.filter(**{self.organization_path: organization.pk})

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer only what the user could see in that model's own list."""
        related = self.admin_site._registry.get(db_field.remote_field.model)  # noqa: SLF001
        if related is not None:
            kwargs.setdefault("queryset", related.get_queryset(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Give the rows of a page, or of a chunk of an export, what their columns need."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return List

    def get_urls(self) -> list[Any]:
        """Add the export of the list, before the address that takes anything for a row's key."""
        meta = self.opts
        export = path(
            "export/",
            self.admin_site.admin_view(self.export_view),
            name=f"{meta.app_label}_{meta.model_name}_export",
        )
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the list as its filters leave it as a CSV file, whatever its length."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            change_list = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            meta = self.opts
            return redirect(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        return csv_of(change_list, complete=partial(self.complete, request))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Tell a refusal of the service in its own words; nothing was saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(request.get_full_path())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access_of(request).may(self.reads)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request)

    def _may_write(self, request: HttpRequest) -> bool:
        access = access_of(request)
        if self.writes is None or access.organization is None:
            return False
        return access.may(self.writes)


class ReadOnlyAdmin(OrganizationAdmin):
    """Shows rows of the chosen organization; services write them."""


class StaffAdmin(_Look):
    """A page of the whole installation: for staff-wide users only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access_of(request).is_staff_wide

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access_of(request).is_staff_wide

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).is_staff_wide

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access_of(request).is_staff_wide


class ReadOnlyInline(TabularInline):
    """Rows of the object above, to be read."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access_of(request).may(Power.SEE)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def quantity(field: str, label: Any) -> Any:
    """Return a column that shows a quantity field as a decimal, sorted by the field."""

    @admin.display(description=label, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        return quantity_text(getattr(row, field))

    return column
