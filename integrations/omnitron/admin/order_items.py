"""Order items: which of them hold stock, for how long, and one of them in full."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.admin.filters import (
    AgeFilter,
    HoldFilter,
    ItemChannelFilter,
    SkuFilter,
    StockListFilter,
)
from integrations.omnitron.admin.words import AGES, status_text
from integrations.omnitron.models import Order, OrderItem
from integrations.omnitron.selectors.holds import held_by_lines, unmapped_by_age
from integrations.omnitron.selectors.order_item_page import page_of
from inventory.backoffice.access import access_of, organization_of
from inventory.backoffice.base import quantity
from inventory.backoffice.dashboard import Count
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.notes import notes_of
from inventory.backoffice.shown import ShownAdmin
from inventory.domain.roles import Power
from inventory.models import Item
from inventory.selectors.ledger_horizon import ledger_kept_since

_FEW = 1_000


def _keys(rows: QuerySet[Any]) -> Any:
    """Return the keys of few rows, a query for those of many."""
    keys = rows.values_list("pk", flat=True)
    few = list(keys[: _FEW + 1])
    return few if len(few) <= _FEW else keys


@admin.register(OrderItem)
class OrderItemAdmin(ShownAdmin):
    """What waits for the ERP comes oldest first, all others newest first.

    Ages are listed by when items came, which is the order of their index.
    """

    empty_hint = _("Shops send orders by the API once there is a channel.")
    page_template = "backoffice/order_item.html"
    list_display = (
        "id",
        "order",
        "channel",
        "product",
        "units",
        "held",
        "stock_list",
        "state",
        "created_date",
        "age",
    )
    # Joined, they would be for all that a filter finds, before the page is cut out of it.
    list_select_related = ()
    list_filter = (HoldFilter, AgeFilter, ItemChannelFilter, StockListFilter, SkuFilter)
    list_filter_submit = True
    search_fields = ("order__number__startswith", "product__sku__startswith")
    search_help_text = _("order number or SKU, or how it begins")
    sortable_by = ()

    units = quantity("quantity", _("ordered"))

    list_before_template = "backoffice/waiting.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show above the list how much waits for the ERP, and for how long."""
        counts: dict[str, int] = {}
        organization = access_of(request).organization
        if organization is not None and self.has_view_permission(request):
            counts = unmapped_by_age(organization.pk, now=timezone.now())
        bands = [(name, text, Count.of(counts.get(name, 0))) for name, text in AGES.items()]
        shown = {"bands": bands, "waiting": Count.of(sum(counts.values()))}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        if request.GET.get(HoldFilter.parameter_name) == HoldFilter.waiting:
            return ("pk",)
        is_by_age = request.GET.get(AgeFilter.parameter_name) in AGES
        return ("-created_date", "-pk") if is_by_age else ("-pk",)

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Find what belongs to the items of a page, and what they still hold: five queries."""
        prefetch_related_objects(list(rows), "order__channel", "product", "stock_list")
        lines = [(item.product_id, item.line_id) for item in rows if item.line_id is not None]
        held = held_by_lines(lines)
        for item in rows:
            item.still_held = held.get(item.line_id, 0)

    @admin.display(description=_("channel"))
    def channel(self, item: OrderItem) -> str:
        """Say where the order came from."""
        return item.order.channel.name

    @admin.display(description=_("holds"))
    def held(self, item: Any) -> str:
        """Say what is still held."""
        return quantity_text(item.still_held or None)

    @admin.display(description=_("status"))
    def state(self, item: OrderItem) -> str:
        """Name the status."""
        return status_text(item.status)

    @admin.display(description=_("age"))
    def age(self, item: OrderItem) -> str:
        """Say how long ago it came."""
        return timesince(item.created_date, timezone.now(), depth=1)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OrderItem], search_term: str
    ) -> tuple[QuerySet[OrderItem], bool]:
        """Search by the whole term; what begins with it is found before it is looked for here.

        Where it is little, its keys are given, so that indexes are used; much is met on the way.
        """
        if not search_term:
            return queryset, False
        organization = organization_of(request)
        orders = Order.objects.filter(organization=organization, number__startswith=search_term)
        products = Item.objects.filter(organization=organization, sku__startswith=search_term)
        begin = Q(order__in=_keys(orders)) | Q(product__in=_keys(products))
        return queryset.filter(begin), False

    def page_context(self, request: HttpRequest, row: OrderItem) -> dict[str, Any]:
        """Show one order item."""
        page = page_of(row.pk)
        item = page.item
        named = {"sku": item.product.sku, "order": item.order.number}
        kept_since = ledger_kept_since(item.organization_id)
        return {
            "title": _("%(sku)s of order %(order)s") % named,
            "item": item,
            "state": status_text(item.status),
            "page": page,
            "kept_since": kept_since if kept_since and item.created_date < kept_since else None,
            "notes": notes_of(row),
            "may_handle": access_of(request).may(Power.HANDLE_ORDERS),
        }
