"""Stock: the list of items, and one item at all its places."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from inventory.admin.bulk import MAX_SELECTED
from inventory.admin.item_page import item_context
from inventory.backoffice.access import access_of, organization_of
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.lists import List
from inventory.backoffice.shown import ShownAdmin
from inventory.domain.roles import Power
from inventory.models import GroupMembership, Item, StockRecord
from inventory.selectors.attention import changed_since, out_of_stock, oversold, with_records
from inventory.selectors.stock_overview import Figures, figures_of, place_named


class LocationFilter(TextFilter):
    """Items that have a record at a location; the columns show what is there."""

    title = _("location")
    parameter_name = "location"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        """Narrow the list down to the location."""
        if not self.value():
            return queryset
        place = place_named(organization_of(request).pk, identifier=str(self.value()))
        return with_records(queryset, StockRecord.objects.filter(location=place or 0))


class GroupFilter(TextFilter):
    """Items that have a record at a location of a group; the columns show the group's figures."""

    title = _("group")
    parameter_name = "group"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        """Narrow the list down to the group."""
        if not self.value():
            return queryset
        place = place_named(organization_of(request).pk, identifier=str(self.value()))
        locations = GroupMembership.objects.filter(group=place or 0).values("location")
        return with_records(queryset, StockRecord.objects.filter(location__in=locations))


class StateFilter(admin.SimpleListFilter):
    """What needs somebody."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("out", _("out of stock")), ("oversold", _("oversold"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        """Filter by the totals that are kept with the item."""
        if self.value() == "out":
            return out_of_stock(queryset)
        if self.value() == "oversold":
            return oversold(queryset)
        return queryset


class ChangedFilter(admin.SimpleListFilter):
    """Changed since."""

    title = _("changed since")
    parameter_name = "changed"
    hours = {"hour": 1, "day": 24, "week": 168}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("hour", _("an hour ago")), ("day", _("a day ago")), ("week", _("a week ago"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        """Filter by the time of the item's last change."""
        hours = self.hours.get(str(self.value()))
        if hours is None:
            return queryset
        return changed_since(queryset, timezone.now() - timedelta(hours=hours))


def figure(field: str, label: Any) -> Any:
    """Return a column of `item.figures`."""

    @admin.display(description=label)
    def column(_admin: Any, item: Any) -> str:
        return quantity_text(getattr(item.figures, field))

    return column


class StockList(List):
    """Items, those changed in the same hour in the order of the moment: the index knows hours."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Item]) -> list[str]:
        """Sort what an hour has."""
        names = []
        for name in super().get_ordering(request, queryset):
            names.append(name)
            if name.endswith("changed_hour"):
                names.append(name.replace("changed_hour", "changed_at"))
        return names


@admin.register(Item)
class ItemAdmin(ShownAdmin):
    """Search is by the SKU or its beginning; only indexed columns sort."""

    empty_hint = _("Items come with their first count: import counts, or let a client send them.")
    page_template = "backoffice/item.html"
    list_display = (
        "sku",
        "on_hands",
        "reserved",
        "safety",
        "futures",
        "atf",
        "ato",
        "state",
        "changed",
    )
    search_fields = ("sku__startswith",)
    search_help_text = _("SKU, or how it begins")
    list_filter = (LocationFilter, GroupFilter, StateFilter, ChangedFilter)
    list_filter_submit = True
    ordering = ("sku",)
    sortable_by = ("sku", "changed")

    on_hands = figure("on_hand", _("on hand"))
    reserved = figure("reserved", _("reserved"))
    safety = figure("safety_stock", _("safety"))
    futures = figure("futures", _("futures"))
    atf = figure("available_to_fulfil", _("ATF"))
    ato = figure("available_to_order", _("ATO"))

    @admin.display(description=_("changed"), ordering="changed_hour")
    def changed(self, item: Item) -> datetime:
        return item.changed_at

    @admin.display(description=_("state"))
    def state(self, item: Any) -> Any:
        """Say in a word what is wrong."""
        if item.short:
            told = _("oversold by %s") % quantity_text(item.short)
            return format_html('<span class="hf-tag hf-bad">{}</span>', told)
        if not item.figures.available_to_order:
            return format_html('<span class="hf-tag">{}</span>', _("out of stock"))
        return ""

    actions = ("adjust",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return StockList

    def complete(self, request: HttpRequest, rows: Any) -> None:
        """Give each item its `figures`: at the place filtered by, or over all locations."""
        organization = organization_of(request).pk
        name = request.GET.get("location") or request.GET.get("group")
        place = place_named(organization, identifier=name) if name else None
        figures = figures_of(organization, item_ids=[item.pk for item in rows], place=place)
        for item in rows:
            item.figures = figures.get(item.pk, Figures())

    def has_correct_permission(self, request: HttpRequest) -> bool:
        """Whether the user may correct stock; asked by the action."""
        return access_of(request).may(Power.CORRECT_STOCK)

    @admin.action(description=_("Adjust the selected items"), permissions=["correct"])
    def adjust(self, request: HttpRequest, queryset: QuerySet[Item]) -> HttpResponse:
        """Go to the page that takes a count for each."""
        keys = queryset.values_list("pk", flat=True)[:MAX_SELECTED]
        asked = {"items": ",".join(map(str, keys)), "location": request.GET.get("location", "")}
        return redirect(f"{reverse('admin:adjust_selection')}?{urlencode(asked)}")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        """Search by the whole term: SKUs may have spaces."""
        if search_term:
            queryset = queryset.filter(sku__startswith=search_term)
        return queryset, False

    def page_context(self, request: HttpRequest, row: Item) -> dict[str, Any]:
        """Show one item at all its places."""
        return {
            "title": row.sku,
            "item": row,
            "may_correct": access_of(request).may(Power.CORRECT_STOCK),
            **item_context(row, request.GET, now=timezone.now()),
        }
