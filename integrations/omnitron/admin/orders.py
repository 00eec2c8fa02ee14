"""Orders, their mappings and cancellations: to be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.admin.filters import ChannelFilter
from integrations.omnitron.admin.words import status_text
from integrations.omnitron.models import CancellationPlan, IntegrationMapping, Order
from integrations.omnitron.selectors.order_page import order_page
from inventory.backoffice.base import ReadOnlyAdmin
from inventory.backoffice.shown import ShownAdmin


@admin.register(Order)
class OrderAdmin(ShownAdmin):
    """Search is by the beginning of the number."""

    empty_hint = _("Shops send orders by the API once there is a channel with a stock list.")
    page_template = "backoffice/order.html"
    list_display = ("number", "channel", "state", "is_send", "created_date")
    list_select_related = ("channel",)
    list_filter = (ChannelFilter, "is_send")
    list_filter_submit = True
    search_fields = ("number__startswith",)
    search_help_text = _("number, or how it begins")
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description=_("status"))
    def state(self, order: Order) -> str:
        """Name the status."""
        return status_text(order.status)

    def page_context(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        """Show one order with its items."""
        page = order_page(row.pk)
        return {
            "title": row.number,
            "order": page.order,
            "state": status_text(page.order.status),
            "items": [(item, status_text(item.item.status)) for item in page.items],
            "has_more_items": page.has_more_items,
            "cancellations": page.cancellations,
            "people": [
                (_("Customer"), page.order.customer),
                (_("Shipping address"), page.order.shipping_address),
                (_("Billing address"), page.order.billing_address),
            ],
        }


@admin.register(IntegrationMapping)
class IntegrationMappingAdmin(ReadOnlyAdmin):
    """Search is by the beginning of the ERP's id, or by the order item's number."""

    empty_hint = _("The ERP stores its ids here; or map an order item by hand.")
    list_display = ("code", "integration_type", "order_item", "created_date")
    search_fields = ("code__startswith", "=object_id")
    search_help_text = _("ERP id or how it begins, or number of the order item")
    ordering = ("-pk",)

    @admin.display(description=_("order item"))
    def order_item(self, mapping: IntegrationMapping) -> Any:
        """Lead to what is mapped."""
        address = reverse("admin:orders_orderitem_change", args=[mapping.object_id])
        return format_html('<a class="hf-tag" href="{}">{}</a>', address, mapping.object_id)


@admin.register(CancellationPlan)
class CancellationPlanAdmin(ReadOnlyAdmin):
    """What was asked when items were cancelled."""

    empty_hint = _("No order or item was canceled.")
    list_display = ("order", "plan_type", "items", "actor", "created_date")
    list_select_related = ("order",)
    list_filter = ("plan_type",)
    search_fields = ("order__number__startswith",)
    ordering = ("-pk",)
