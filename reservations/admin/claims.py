"""Claims: the rows behind what is held, and who holds an item."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from inventory.backoffice.base import ReadOnlyAdmin, quantity
from inventory.backoffice.panels import Panel, register_holders
from reservations.models import Claim
from reservations.selectors.holders import claims_held

_HOLDERS_SHOWN = 50


@register_holders
def held_by(*, organization_id: int, sku: str, places: Sequence[str], now: datetime) -> Panel:
    """Tell the page of an explanation which documents hold the item."""
    claims = claims_held(organization_id, sku=sku, places=places, now=now, limit=_HOLDERS_SHOWN + 1)
    shown = {"claims": claims[:_HOLDERS_SHOWN], "more": len(claims) > _HOLDERS_SHOWN}
    return Panel("backoffice/held_by.html", shown)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    empty_hint = _("Nothing is held: what documents reserve will stand here.")
    organization_path = "document__organization"
    list_display = ("item", "place", "held", "document", "standing", "expires_at")
    list_select_related = ("item", "place", "document")
    search_fields = ("item__sku__startswith",)
    search_help_text = _("SKU, or how it begins")
    ordering = ("pk",)

    held = quantity("quantity", _("held"))
