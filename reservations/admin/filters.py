"""How the list of reservations is narrowed down; every filter stands in the address."""

from datetime import MAXYEAR, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from inventory.backoffice.access import organization_of
from inventory.selectors.stock_overview import item_named, place_named
from reservations.domain.states import State
from reservations.models import Claim, Document, Line
from reservations.selectors.dashboard import expiring, in_state, made_in_hour, made_in_hours

_UNKNOWN = 0


class StateFilter(admin.SimpleListFilter):
    """Where documents stand; the rule is `reservations.domain.states`."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")),
            ("closed", _("closed")),
            ("expired", _("expired")),
            ("cancelled", _("cancelled")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Say the state as a condition."""
        state = str(self.value()).upper()
        if state not in set(State):
            return queryset
        return queryset.filter(in_state(State(state), now=timezone.now()))


class MadeFilter(admin.SimpleListFilter):
    """Documents that were made in the last hours by the clock."""

    title = _("made")
    parameter_name = "made"
    hours = {"1": _("this hour"), "24": _("24 hours"), "48": _("48 hours")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.hours.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Narrow the list down to whole hours."""
        if self.value() not in self.hours:
            return queryset
        return queryset.filter(made_in_hours(int(str(self.value())), now=timezone.now()))


class HourFilter(TextFilter):
    """Documents that were made in the hour from a moment on, in the user's zone."""

    title = _("hour made (2026-01-31 09:00)")
    parameter_name = "hour"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Narrow the list down; what is no moment finds nothing."""
        if not self.value():
            return queryset
        start = _moment(str(self.value()))
        return queryset.none() if start is None else queryset.filter(made_in_hour(start))


class ExpiringFilter(admin.SimpleListFilter):
    """Documents that hold something and end soon."""

    title = _("expiring")
    parameter_name = "expiring"
    minutes = {"5": _("within 5 minutes"), "60": _("within an hour"), "240": _("within 4 hours")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.minutes.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Leave out what holds nothing any more."""
        if self.value() not in self.minutes:
            return queryset
        now = timezone.now()
        until = now + timedelta(minutes=int(str(self.value())))
        return queryset.filter(expiring(until=until, now=now))


class SkuFilter(TextFilter):
    """Documents with a line of an item."""

    title = "SKU"
    parameter_name = "sku"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Narrow the list down; with a place, `PlaceFilter` looks for both in one line."""
        if not self.value() or request.GET.get(PlaceFilter.parameter_name):
            return queryset
        lines = Line.objects.filter(item=_item(request, self.value()))
        return queryset.filter(pk__in=lines.values("document"))


class PlaceFilter(TextFilter):
    """Documents that reserved something at a place, or hold something there by now."""

    title = _("place")
    parameter_name = "place"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Narrow the list down, to an item at the place if one is asked for too."""
        if not self.value():
            return queryset
        place = place_named(organization_of(request).pk, identifier=str(self.value()))
        at: dict[str, Any] = {"place": place or _UNKNOWN}
        if sku := request.GET.get(SkuFilter.parameter_name):
            at["item"] = _item(request, sku)
        lines = Line.objects.filter(**at).values("document")
        claims = Claim.objects.filter(**at).values("document")
        return queryset.filter(Q(pk__in=lines) | Q(pk__in=claims))


class ReferenceFilter(TextFilter):
    """Documents of an external reference."""

    title = _("external reference")
    parameter_name = "reference"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        """Narrow the list down to that very reference."""
        if not self.value():
            return queryset
        return queryset.filter(external_ref=self.value())


def _item(request: HttpRequest, sku: Any) -> int:
    return item_named(organization_of(request).pk, sku=sku) or _UNKNOWN


def hour_text(start: datetime) -> str:
    """Return how an address names an hour: with the offset, for hours that come twice a year."""
    return timezone.localtime(start).isoformat(sep=" ", timespec="minutes")


def _moment(text: str) -> datetime | None:
    """Read a moment, in the user's zone unless it names an offset."""
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        return None
    if moment is None or moment.year == MAXYEAR:
        return None
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
