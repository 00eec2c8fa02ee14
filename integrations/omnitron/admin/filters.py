"""How lists of orders and their items are narrowed down; every filter stands in the address."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from integrations.omnitron.admin.words import AGES
from integrations.omnitron.domain.ages import AGE_BANDS
from integrations.omnitron.models import Channel, StockList
from integrations.omnitron.selectors.holds import aged, holds_of, unmapped_holds
from inventory.backoffice.access import organization_of
from inventory.selectors.stock_overview import item_named

_UNKNOWN = 0


def _among(rows: QuerySet[Any]) -> Func:
    """Return the condition of being one of `rows`, which PostgreSQL has to find first.

    Asked as a condition of each row, it goes through all orders there ever were in the list's
    order, and hopes to meet enough of those few that hold something.
    """
    return Func(
        F("pk"),
        ArraySubquery(rows.order_by().values("pk")),
        template="%(expressions)s)",
        arg_joiner=" = ANY (",
        output_field=BooleanField(),
    )


class HoldFilter(admin.SimpleListFilter):
    """What order items hold."""

    title = _("holds stock")
    parameter_name = "hold"
    waiting = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(self.waiting, _("waits for the ERP")), ("any", _("mapped or not"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to what holds something."""
        holds = {self.waiting: unmapped_holds, "any": holds_of}.get(self.value() or "")
        if holds is None:
            return queryset
        return queryset.filter(_among(holds(organization_of(request).pk)))


class AgeFilter(admin.SimpleListFilter):
    """How long ago order items came."""

    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to one band."""
        band = next((each for each in AGE_BANDS if each.name == self.value()), None)
        return queryset if band is None else queryset.filter(aged(band, now=timezone.now()))


class ChannelFilter(TextFilter):
    """What came from a channel; `path` leads to it."""

    title = _("channel")
    parameter_name = "channel"
    path = "channel"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to a channel, by its whole name."""
        if not self.value():
            return queryset
        named = Channel.objects.filter(organization=organization_of(request), name=self.value())
        return queryset.filter(
            **{self.path: named.values_list("pk", flat=True).first() or _UNKNOWN}
        )


class ItemChannelFilter(ChannelFilter):
    """Items of orders that came from a channel."""

    path = "order__channel"


class StockListFilter(TextFilter):
    """Items that name a stock list, by its name or by the place it stands for."""

    title = _("stock list or place")
    parameter_name = "stock_list"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down."""
        if not self.value():
            return queryset
        lists = StockList.objects.filter(
            Q(name=self.value())
            | Q(location__identifier=self.value())
            | Q(group__identifier=self.value()),
            organization=organization_of(request),
        )
        return queryset.filter(stock_list__in=list(lists.values_list("pk", flat=True)))


class SkuFilter(TextFilter):
    """Items of a product."""

    title = "SKU"
    parameter_name = "sku"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to that very SKU."""
        if not self.value():
            return queryset
        item = item_named(organization_of(request).pk, sku=str(self.value()))
        return queryset.filter(product=item or _UNKNOWN)
