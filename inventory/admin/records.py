"""The rows behind the figures, as they are stored."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from inventory.backoffice.access import access_of, organization_of
from inventory.backoffice.base import ReadOnlyAdmin, quantity
from inventory.backoffice.formats import quantity_text
from inventory.models import Item, Movement, Place, PoolBalance, Promise, StockRecord
from inventory.selectors.attention import below_safety
from inventory.selectors.ledger_horizon import ledger_kept_since


class RecordStateFilter(admin.SimpleListFilter):
    """What is about to run out."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("below-safety", _("below safety stock"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StockRecord]
    ) -> QuerySet[StockRecord]:
        """Filter by what the database keeps with the record."""
        if self.value() != "below-safety":
            return queryset
        return below_safety(queryset, organization_of(request).pk)


@admin.register(StockRecord)
class StockRecordAdmin(ReadOnlyAdmin):
    empty_hint = _("Records come with counts: import them, or let a client send them.")
    organization_path = "item__organization"
    list_display = ("item", "location", "on_hands", "safety", "taken", "expected", "is_deleted")
    list_select_related = ("item", "location")
    list_filter = (RecordStateFilter,)
    search_fields = ("item__sku__startswith", "location__identifier__startswith")
    ordering = ("item__sku", "pk")

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
    ordering = ("item__sku", "pk")

    promised = quantity("quantity", "promised")


@admin.register(PoolBalance)
class PoolBalanceAdmin(ReadOnlyAdmin):
    organization_path = "item__organization"
    list_display = ("item", "signature", "records", "on_hands", "taken", "unpromised", "atf")
    list_select_related = ("item",)
    search_fields = ("item__sku__startswith",)
    ordering = ("item__sku", "pk")

    on_hands = quantity("on_hand", "on hand")
    taken = quantity("reserved", "reserved")
    unpromised = quantity("free", "free")
    atf = quantity("free_to_fulfil", "free to fulfil")


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    """The ledger, newest transaction first: by the index that the feed reads by."""

    empty_hint = _("Every change of a balance will stand here.")
    organization_path = "organization_id"
    list_display = (
        "recorded_at",
        "kind",
        "sku",
        "place",
        "on_hand",
        "reserved",
        "external_ref",
        "actor",
    )
    list_filter = ("kind",)
    search_fields = ("item_id",)
    search_help_text = _("SKU")
    ordering = ("-xid", "-id")
    sortable_by = ()
    list_before_template = "backoffice/kept_since.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Tell also how far back the ledger goes."""
        organization = access_of(request).organization
        kept_since = None if organization is None else ledger_kept_since(organization.pk)
        answer: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "kept_since": kept_since}
        )
        return answer

    @admin.display(description=_("SKU"))
    def sku(self, movement: Any) -> str:
        return str(movement.names["sku"])

    @admin.display(description=_("place"))
    def place(self, movement: Any) -> str:
        return str(movement.names["place"])

    @admin.display(description=_("on hand"))
    def on_hand(self, movement: Movement) -> str:
        return _change(movement.on_hand_before, movement.on_hand_after)

    @admin.display(description=_("reserved"))
    def reserved(self, movement: Movement) -> str:
        return _change(movement.reserved_before, movement.reserved_after)

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Find the names of items and places; the ledger outlives both and has only their ids."""
        items = Item.objects.filter(pk__in={row.item_id for row in rows})
        places = Place.objects.filter(pk__in={row.place_id for row in rows})
        skus = dict(items.values_list("pk", "sku"))
        identifiers = dict(places.values_list("pk", "identifier"))
        for row in rows:
            row.names = {
                "sku": skus.get(row.item_id, "?"),
                "place": identifiers.get(row.place_id, "?"),
            }

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Movement], search_term: str
    ) -> tuple[QuerySet[Movement], bool]:
        """Search by the whole SKU."""
        if search_term:
            item = Item.objects.filter(organization=organization_of(request), sku=search_term)
            queryset = queryset.filter(item_id__in=list(item.values_list("pk", flat=True)))
            queryset = queryset.order_by("-id")
        return queryset, False


def _change(before: int, after: int) -> str:
    text = quantity_text(after)
    return text if before == after else f"{quantity_text(before)} → {text}"
