"""A first back office: everything can be seen, balances can be written nowhere.

The rules live in the services, so an edit form would step round them.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from inventory.domain.quantity import to_json_number
from inventory.models import (
    GraphVersion,
    GroupMembership,
    Item,
    Location,
    LocationGroup,
    Movement,
    Organization,
    PoolBalance,
    Promise,
    StockRecord,
)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shows rows; services write them."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def quantity(field: str, label: str) -> Any:
    """Return a column that shows a quantity field as a decimal, sorted by the field."""

    @admin.display(description=label, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        return str(to_json_number(getattr(row, field)))

    return column


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    list_display = ("identifier", "tenant_alias", "graph_version", "created_at")
    search_fields = ("identifier", "tenant_alias")
    readonly_fields = ("graph_version", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Location)
class LocationAdmin(ReadOnlyAdmin):
    list_display = ("identifier", "organization")
    list_select_related = ("organization",)
    search_fields = ("identifier",)
    list_filter = ("organization",)
    ordering = ("identifier", "pk")


class MembershipInline(admin.TabularInline[Any, Any]):
    model = GroupMembership
    fields = ("location",)
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("location")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(LocationGroup)
class LocationGroupAdmin(ReadOnlyAdmin):
    list_display = ("identifier", "organization")
    list_select_related = ("organization",)
    search_fields = ("identifier",)
    list_filter = ("organization",)
    ordering = ("identifier", "pk")
    inlines = (MembershipInline,)


@admin.register(GraphVersion)
class GraphVersionAdmin(ReadOnlyAdmin):
    list_display = ("organization", "version", "actor", "created_at")
    list_select_related = ("organization",)
    list_filter = ("organization",)
    ordering = ("-pk",)


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = ("sku", "organization", "on_hands", "ato", "shortage", "changed_at")
    list_select_related = ("organization",)
    search_fields = ("sku__startswith",)
    list_filter = ("organization",)
    ordering = ("pk",)

    on_hands = quantity("on_hand", "on hand")
    ato = quantity("available_to_order", "ATO")
    shortage = quantity("short", "short")


@admin.register(StockRecord)
class StockRecordAdmin(ReadOnlyAdmin):
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
    list_display = ("item", "group", "promised")
    list_select_related = ("item", "group")
    search_fields = ("item__sku__startswith", "group__identifier__startswith")
    ordering = ("pk",)

    promised = quantity("quantity", "promised")


@admin.register(PoolBalance)
class PoolBalanceAdmin(ReadOnlyAdmin):
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
