"""Orders, their mappings and cancellations: to be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.omnitron.admin.filters import ChannelFilter
from integrations.omnitron.admin.words import status_text
from integrations.omnitron.models import CancellationPlan, IntegrationMapping, Order, OrderItem
from inventory.backoffice.base import ReadOnlyAdmin, ReadOnlyInline, quantity


class OrderItemInline(ReadOnlyInline):
    """The items of an order, each a link to its page."""

    model = OrderItem
    fields = readonly_fields = ("product", "units", "stock_list", "state", "price")
    show_change_link = True

    units = quantity("quantity", _("quantity"))

    @admin.display(description=_("status"))
    def state(self, item: OrderItem) -> str:
        """Name the status."""
        return status_text(item.status)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "stock_list").order_by("pk")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Search is by the beginning of the number."""

    list_display = ("number", "channel", "state", "is_send", "created_date")
    list_select_related = ("channel",)
    list_filter = (ChannelFilter, "is_send")
    list_filter_submit = True
    search_fields = ("number__startswith",)
    search_help_text = _("number, or how it begins")
    ordering = ("-pk",)
    sortable_by = ()
    inlines = (OrderItemInline,)

    @admin.display(description=_("status"))
    def state(self, order: Order) -> str:
        """Name the status."""
        return status_text(order.status)


@admin.register(IntegrationMapping)
class IntegrationMappingAdmin(ReadOnlyAdmin):
    """Search is by the beginning of the ERP's id, or by the order item's number."""

    list_display = ("code", "integration_type", "object_id", "created_date")
    search_fields = ("code__startswith", "=object_id")
    search_help_text = _("ERP id or how it begins, or number of the order item")
    ordering = ("-pk",)


@admin.register(CancellationPlan)
class CancellationPlanAdmin(ReadOnlyAdmin):
    """What was asked when items were cancelled."""

    list_display = ("order", "plan_type", "items", "actor", "created_date")
    list_select_related = ("order",)
    list_filter = ("plan_type",)
    search_fields = ("order__number__startswith",)
    ordering = ("-pk",)
