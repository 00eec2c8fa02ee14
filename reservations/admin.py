"""Reservations in the back office: to be read; the buttons are still to come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from inventory.backoffice.base import ReadOnlyAdmin, ReadOnlyInline, quantity
from inventory.backoffice.panels import Panel, register_holders
from reservations.domain.states import state_of
from reservations.models import Claim, Document, Line
from reservations.selectors.holders import claims_held

_HOLDERS_SHOWN = 50


@register_holders
def held_by(*, organization_id: int, sku: str, places: Sequence[str], now: datetime) -> Panel:
    """Tell the page of an explanation which documents hold the item."""
    claims = claims_held(organization_id, sku=sku, places=places, now=now, limit=_HOLDERS_SHOWN + 1)
    shown = {"claims": claims[:_HOLDERS_SHOWN], "more": len(claims) > _HOLDERS_SHOWN}
    return Panel("backoffice/held_by.html", shown)


class _PlacedInline(ReadOnlyInline):
    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("item", "place").order_by("pk")


class LineInline(_PlacedInline):
    model = Line
    fields = readonly_fields = ("revision", "item", "place", "set_id", "asked", "placed")

    asked = quantity("requested", "requested")
    placed = quantity("quantity", "placed")


class ClaimInline(_PlacedInline):
    model = Claim
    verbose_name_plural = "claims: what is still held, and where it is now"
    fields = readonly_fields = ("item", "place", "held", "standing", "expires_at")

    held = quantity("quantity", "held")


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = (
        "identifier",
        "state",
        "external_ref",
        "reservation_time",
        "expires_at",
    )
    list_filter = ("source",)
    search_fields = ("identifier__startswith", "external_ref__startswith")
    ordering = ("-pk",)
    fields = (
        "source",
        "identifier",
        "state",
        "external_ref",
        "reservation_time",
        "expires_at",
        "cancelled_at",
        "revision",
    )
    readonly_fields = ("state",)
    inlines = (LineInline, ClaimInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        claims = Claim.objects.filter(document_id=OuterRef("pk"))
        documents: QuerySet[Document] = super().get_queryset(request)
        return documents.annotate(holds_claims=Exists(claims))

    @admin.display(description="state")
    def state(self, document: Any) -> str:
        return state_of(
            cancelled_at=document.cancelled_at,
            expires_at=document.expires_at,
            holds_claims=document.holds_claims,
            now=timezone.now(),
        ).value


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    organization_path = "document__organization"
    list_display = ("item", "place", "held", "document", "standing", "expires_at")
    list_select_related = ("item", "place", "document")
    search_fields = ("item__sku__startswith", "document__identifier__startswith")
    ordering = ("pk",)

    held = quantity("quantity", "held")
