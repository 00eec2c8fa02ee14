"""Stock: items and their figures."""

from django.contrib import admin

from inventory.backoffice.base import ReadOnlyAdmin, quantity
from inventory.models import Item


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = ("sku", "on_hands", "ato", "shortage", "changed_at")
    search_fields = ("sku__startswith",)
    ordering = ("sku",)

    on_hands = quantity("on_hand", "on hand")
    ato = quantity("available_to_order", "ATO")
    shortage = quantity("short", "short")
