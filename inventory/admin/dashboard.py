"""The dashboard, and inventory's part of it: what runs out."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.backoffice.access import organization_of
from inventory.backoffice.dashboard import (
    Board,
    Figure,
    count_of,
    dashboard,
    register_board,
)
from inventory.backoffice.pages import Page, register_page
from inventory.backoffice.panels import Panel
from inventory.domain.roles import Power
from inventory.models import Item, StockRecord
from inventory.selectors.attention import below_safety, has_items, out_of_stock, oversold


@register_page
class DashboardPage(Page):
    """The first page: how the chosen organization stands."""

    path = ""
    name = "index"
    title = gettext_lazy("Dashboard")
    power = Power.SEE
    template_name = "backoffice/dashboard.html"
    http_method_names = ["get", "head"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask every app."""
        organization = organization_of(self.request).pk
        shown = dashboard(organization_id=organization, now=timezone.now())
        return super().get_context_data(**shown, **kwargs)


@register_board(at=10)
def stock(*, organization_id: int, now: datetime) -> Board:  # noqa: ARG001  # the same for all
    """Count what cannot be promised, cannot be kept, or is about to run out."""
    items = Item.objects.filter(organization=organization_id)
    records = StockRecord.objects.filter(item__organization=organization_id)
    item_list = reverse("admin:inventory_item_changelist")
    record_list = reverse("admin:inventory_stockrecord_changelist")
    return Board(
        panels=[] if has_items(organization_id) else [Panel("backoffice/dashboard_start.html", {})],
        figures=[
            Figure(
                _("Out of stock"),
                _("items of which nothing can be promised"),
                count_of(out_of_stock(items)),
                f"{item_list}?state=out",
                is_bad=True,
            ),
            Figure(
                _("Oversold"),
                _("items of which more is promised than there is"),
                count_of(oversold(items)),
                f"{item_list}?state=oversold",
                is_bad=True,
            ),
            Figure(
                _("Below safety stock"),
                _("stock records with less unreserved on hand than their safety stock"),
                count_of(below_safety(records, organization_id)),
                f"{record_list}?state=below-safety",
                is_bad=True,
            ),
        ],
    )
