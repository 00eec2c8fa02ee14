"""The list of reservations, and one of them with everything that happened to it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inventory.backoffice.access import access_of
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.notes import notes_of
from inventory.backoffice.shown import ShownAdmin
from inventory.domain.roles import Power
from inventory.selectors.ledger_horizon import ledger_kept_since
from reservations.admin.filters import (
    ExpiringFilter,
    HourFilter,
    MadeFilter,
    PlaceFilter,
    ReferenceFilter,
    SkuFilter,
    StateFilter,
)
from reservations.domain.states import State, state_of
from reservations.models import Claim, Document, Source
from reservations.selectors.document_page import HeldInAll, held_in_all, story_of

STATES = {
    State.OPEN: _("open"),
    State.CLOSED: _("closed"),
    State.CANCELLED: _("cancelled"),
    State.EXPIRED: _("expired"),
}


@admin.register(Document)
class DocumentAdmin(ShownAdmin):
    """Search is by the beginning of the id or the external reference."""

    empty_hint = _("Clients reserve by the API; their documents will stand here.")
    page_template = "backoffice/document.html"
    list_display = (
        "identifier",
        "state",
        "source",
        "external_ref",
        "holds",
        "reservation_time",
        "expires_at",
    )
    list_filter = (
        StateFilter,
        ExpiringFilter,
        MadeFilter,
        HourFilter,
        PlaceFilter,
        SkuFilter,
        ReferenceFilter,
        "source",
    )
    list_filter_submit = True
    search_fields = ("identifier__startswith", "external_ref__startswith")
    search_help_text = _("id or external reference, or how it begins")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        claims = Claim.objects.filter(document_id=OuterRef("pk"))
        documents: QuerySet[Document] = super().get_queryset(request)
        return documents.annotate(holds_claims=Exists(claims))

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Find what the documents of a page still hold, in one query."""
        held = held_in_all([document.pk for document in rows])
        for document in rows:
            document.held = held.get(document.pk, HeldInAll())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """Search by the whole term: references may have spaces."""
        if search_term:
            queryset = queryset.filter(
                Q(identifier__startswith=search_term) | Q(external_ref__startswith=search_term)
            )
        return queryset, False

    @admin.display(description=_("state"))
    def state(self, document: Any) -> Any:
        """Say where it stands."""
        state = _state(document)
        kind = "hf-tag hf-good" if state is State.OPEN else "hf-tag"
        return format_html('<span class="{}">{}</span>', kind, STATES[state])

    @admin.display(description=_("holds"))
    def holds(self, document: Any) -> str:
        """Say what is still held."""
        return quantity_text(document.held.quantity) if document.held.claims else "-"

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Show one reservation."""
        state = _state(row)
        is_ours = row.source == Source.OCI
        return {
            "title": row.identifier,
            "document": row,
            "state": STATES[state],
            "is_open": state is State.OPEN,
            "is_ours": is_ours,
            "may_handle": is_ours and state is State.OPEN and _may_handle(request),
            "story": story_of(row),
            "kept_since": _kept_since(row),
            "notes": notes_of(row),
        }


def _kept_since(document: Document) -> datetime | None:
    """Return since when the ledger is kept, if that is after the document was placed."""
    kept_since = ledger_kept_since(document.organization_id)
    return kept_since if kept_since and document.reservation_time < kept_since else None


def _may_handle(request: HttpRequest) -> bool:
    return access_of(request).may(Power.HANDLE_RESERVATIONS)


def _state(document: Any) -> State:
    return state_of(
        cancelled_at=document.cancelled_at,
        expires_at=document.expires_at,
        holds_claims=document.holds_claims,
        now=timezone.now(),
    )
