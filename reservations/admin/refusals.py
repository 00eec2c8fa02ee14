"""What reservations were refused; each row leads to its explanation."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter

from inventory.backoffice.base import ReadOnlyAdmin
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.lists import List
from inventory.domain.quantity import to_json_number
from reservations.models import RefusalReason, RefusalTally
from reservations.selectors.refusals import refusals_of_hours, refused_in_all

_EXPLAINED = (RefusalReason.NOT_ENOUGH, RefusalReason.NOT_ENOUGH_ON_HAND)


def explain_url(refusal: RefusalTally) -> str:
    """Return the address that explains a refusal, as things stand now; empty if none would."""
    if refusal.reason not in _EXPLAINED:
        return ""
    asked = {
        "sku": refusal.sku,
        "place": refusal.place,
        "quantity": to_json_number(refusal.asked),
    }
    return f"{reverse('admin:explain')}?{urlencode(asked)}"


class PeriodFilter(admin.SimpleListFilter):
    """Refusals of the last hours."""

    title = _("period")
    parameter_name = "period"
    hours = {"1": _("this hour"), "24": _("24 hours"), "48": _("48 hours")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.hours.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RefusalTally]
    ) -> QuerySet[RefusalTally]:
        """Narrow the list down to whole hours."""
        if self.value() not in self.hours:
            return queryset
        return refusals_of_hours(queryset, hours=int(str(self.value())), now=timezone.now())


class ReasonFilter(admin.SimpleListFilter):
    """Refusals for one reason."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return RefusalReason.choices

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RefusalTally]
    ) -> QuerySet[RefusalTally]:
        """Narrow the list down."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


class _TextFilter(TextFilter):
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RefusalTally]
    ) -> QuerySet[RefusalTally]:
        """Narrow the list down to that very text."""
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class SkuFilter(_TextFilter):
    title = "SKU"
    parameter_name = "sku"


class PlaceFilter(_TextFilter):
    title = _("place")
    parameter_name = "place"


class RefusalList(List):
    """Rows without links.

    With `list_display_links = None` the theme calls the first column of small screens
    "Select record", whatever it is.
    """

    def url_for_result(self, result: RefusalTally) -> str:
        raise NoReverseMatch


@admin.register(RefusalTally)
class RefusalAdmin(ReadOnlyAdmin):
    """Newest hour first; a row counts every refusal of its hour."""

    empty_hint = _("Nothing was refused lately.")
    list_before_template = "backoffice/refused_in_all.html"
    list_display = (
        "when",
        "sku",
        "at",
        "told",
        "count",
        "last_asked",
        "there_was",
        "last_document",
        "explain",
    )
    list_filter = (PeriodFilter, SkuFilter, PlaceFilter, ReasonFilter)
    list_filter_submit = True
    search_fields = ("sku__startswith",)
    search_help_text = _("SKU, or how it begins")
    ordering = ("-hour", "-refused_at", "-pk")
    sortable_by = ()

    @admin.display(description=_("hour"))
    def when(self, refusal: RefusalTally) -> str:
        return f"{timezone.localtime(refusal.hour):%Y-%m-%d %H:%M}"

    @admin.display(description=_("place"))
    def at(self, refusal: RefusalTally) -> str:
        if refusal.reason == RefusalReason.FOLDED:
            return ""
        kind = _now("group") if refusal.is_group else _now("location")
        return f"{refusal.place} ({kind})"

    @admin.display(description=_("reason"))
    def told(self, refusal: RefusalTally) -> str:
        return refusal.get_reason_display()

    @admin.display(description=_("last asked"))
    def last_asked(self, refusal: RefusalTally) -> str:
        return "" if refusal.reason == RefusalReason.FOLDED else quantity_text(refusal.asked)

    @admin.display(description=_("there was"))
    def there_was(self, refusal: RefusalTally) -> str:
        return quantity_text(refusal.available) if refusal.reason in _EXPLAINED else ""

    @admin.display(description=_("last request"))
    def last_document(self, refusal: RefusalTally) -> str:
        return refusal.external_ref or refusal.document

    @admin.display(description=_("why"))
    def explain(self, refusal: RefusalTally) -> Any:
        """Lead to the page that says why, as things stand now."""
        url = explain_url(refusal)
        return (
            format_html('<a class="hf-underlined" href="{}">{}</a>', url, _("Explain"))
            if url
            else ""
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return RefusalList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say above the rows how many refusals they count."""
        answer: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None)
        if context is not None and "cl" in context:
            context["refused_in_all"] = refused_in_all(context["cl"].queryset)
        return answer
