"""Organizations and their location graph."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.backoffice.base import ReadOnlyAdmin, ReadOnlyInline, StaffAdmin
from inventory.models import GraphVersion, GroupMembership, Location, LocationGroup, Organization


@admin.register(Organization)
class OrganizationsAdmin(StaffAdmin):
    list_display = ("identifier", "tenant_alias", "graph_version", "created_at")
    search_fields = ("identifier__istartswith", "tenant_alias__istartswith")
    readonly_fields = ("graph_version", "created_at")
    ordering = ("identifier",)


@admin.register(Location)
class LocationAdmin(ReadOnlyAdmin):
    empty_hint = _("Import a location graph, or add a group with its locations there.")
    list_display = ("identifier",)
    search_fields = ("identifier__startswith",)
    ordering = ("identifier", "pk")
    fields = ("identifier",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_retired=False)


class MembershipInline(ReadOnlyInline):
    model = GroupMembership
    fields = ("location",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("location")


@admin.register(LocationGroup)
class LocationGroupAdmin(ReadOnlyAdmin):
    empty_hint = _("Add a group in the location graph, or import one.")
    list_display = ("identifier",)
    search_fields = ("identifier__startswith",)
    ordering = ("identifier", "pk")
    fields = ("identifier",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_retired=False)


@admin.register(GraphVersion)
class GraphVersionAdmin(ReadOnlyAdmin):
    list_display = ("version", "actor", "created_at")
    ordering = ("-pk",)
