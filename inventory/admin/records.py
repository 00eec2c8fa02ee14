"""The rows behind the figures, as they are stored."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from inventory.backoffice.access import access_of, organization_of
from inventory.backoffice.base import ReadOnlyAdmin, quantity
from inventory.backoffice.formats import quantity_text
from inventory.models import (
    Item,
    Movement,
    MovementKind,
    Place,
    PoolBalance,
    Promise,
    StockRecord,
)
from inventory.selectors.attention import below_safety
from inventory.selectors.ledger_horizon import ledger_kept_since
from inventory.selectors.stock_overview import item_named, place_named


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


class LocationFilter(TextFilter):
    """Records of a location that are there, in the order of the index that knows them."""

    title = _("location")
    parameter_name = "location"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StockRecord]
    ) -> QuerySet[StockRecord]:
        """Narrow the list down to the location."""
        if not self.value():
            return queryset
        place = place_named(organization_of(request).pk, identifier=str(self.value()))
        # The organization's own location: to ask the items too whose they are would mislead
        # PostgreSQL, which does not know that one follows from the other. The first filter may
        # begin anew; others and the search come behind it.
        return StockRecord.objects.filter(location=place or 0, is_deleted=False)


class KindFilter(admin.SimpleListFilter):
    """Movements of a kind, among the latest of the organization; with a SKU, among all of it.

    No index knows kinds (each reservation would pay for it), and one that never happened would be
    looked for through the whole ledger.
    """

    title = _("kind, among the latest 50,000")
    parameter_name = "kind"
    among = 50_000

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return MovementKind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Movement]) -> QuerySet[Movement]:
        """Filter the latest movements by kind."""
        if self.value() not in MovementKind.values:
            return queryset
        of_kind = queryset.filter(kind=self.value())
        if request.GET.get("q"):
            return of_kind
        newest = queryset.order_by("-xid", "-id").values_list("xid", flat=True)
        oldest = newest[self.among : self.among + 1].first()
        return of_kind if oldest is None else of_kind.filter(xid__gte=oldest)


@admin.register(StockRecord)
class StockRecordAdmin(ReadOnlyAdmin):
    empty_hint = _("Records come with counts: import them, or let a client send them.")
    organization_path = "item__organization"
    list_display = ("item", "location", "on_hands", "safety", "taken", "expected", "is_deleted")
    list_select_related = ("item", "location")
    list_filter = (LocationFilter, RecordStateFilter)
    list_filter_submit = True
    search_fields = ("item__sku__startswith",)
    search_help_text = _("SKU, or how it begins")
    ordering = ("item__sku", "pk")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By SKU; at a location as items came, which is the order of its index."""
        return ("item_id", "pk") if LocationFilter.parameter_name in request.GET else self.ordering

    on_hands = quantity("on_hand", "on hand")
    safety = quantity("safety_stock", "safety stock")
    taken = quantity("reserved", "reserved")
    expected = quantity("futures_quantity", "futures")


@admin.register(Promise)
class PromiseAdmin(ReadOnlyAdmin):
    organization_path = "item__organization"
    list_display = ("item", "group", "promised")
    list_select_related = ("item", "group")
    search_fields = ("item__sku__startswith",)
    search_help_text = _("SKU, or how it begins")
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
    list_filter = (KindFilter,)
    search_fields = ("item_id",)
    search_help_text = _("SKU")
    ordering = ("-xid", "-id")
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
            item = item_named(organization_of(request).pk, sku=search_term)
            queryset = queryset.filter(item_id=item or 0).order_by("-id")
        return queryset, False


def _change(before: int, after: int) -> str:
    text = quantity_text(after)
    return text if before == after else f"{quantity_text(before)} → {text}"
