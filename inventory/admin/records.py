"""The rows behind the figures, as they are stored."""

from django.contrib import admin

from inventory.backoffice.base import ReadOnlyAdmin, quantity
from inventory.models import Movement, PoolBalance, Promise, StockRecord


@admin.register(StockRecord)
class StockRecordAdmin(ReadOnlyAdmin):
    organization_path = "item__organization"
    list_display = ("item", "location", "on_hands", "safety", "taken", "expected", "is_deleted")
    list_select_related = ("item", "location")
    search_fields = ("item__sku__startswith", "location__identifier__startswith")
    ordering = ("pk",)

    on_hands = quantity("on_hand", "on hand")
    safety = quantity("safety_stock", "safety stock")
    taken = quantity("reserved", "reserved")
    expected = quantity("futures_quantity", "futures")


@admin.register(Promise)
class PromiseAdmin(ReadOnlyAdmin):
    organization_path = "item__organization"
    list_display = ("item", "group", "promised")
    list_select_related = ("item", "group")
    search_fields = ("item__sku__startswith", "group__identifier__startswith")
    ordering = ("pk",)

    promised = quantity("quantity", "promised")


@admin.register(PoolBalance)
class PoolBalanceAdmin(ReadOnlyAdmin):
    organization_path = "item__organization"
    list_display = ("item", "signature", "records", "on_hands", "taken", "unpromised", "atf")
    list_select_related = ("item",)
    search_fields = ("item__sku__startswith",)
    ordering = ("pk",)

    on_hands = quantity("on_hand", "on hand")
    taken = quantity("reserved", "reserved")
    unpromised = quantity("free", "free")
    atf = quantity("free_to_fulfil", "free to fulfil")


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    organization_path = "organization_id"
    list_display = (
        "recorded_at",
        "kind",
        "item_id",
        "place_id",
        "amount",
        "on_hand_before",
        "on_hand_after",
        "reserved_before",
        "reserved_after",
        "request_id",
        "actor",
    )
    list_filter = ("kind",)
    search_fields = ("=item_id",)
    ordering = ("-id",)

    amount = quantity("quantity", "quantity")
