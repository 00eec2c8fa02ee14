"""Correcting one figure: set the count, or add and take."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from inventory.backoffice.access import organization_of, origin_of
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.pages import Page, register_page
from inventory.backoffice.quantities import QuantityField
from inventory.domain.roles import Power
from inventory.models import Item
from inventory.selectors.stock_overview import counts_at, location_names
from inventory.services.corrections import (
    MAX_NOTE,
    Correction,
    CountHasChanged,
    Motive,
    correct_stock,
)
from inventory.services.outcomes import Failed

REASONS = [
    ("Stocktake", gettext_lazy("Stocktake")),
    ("Found", gettext_lazy("Found")),
    ("Lost", gettext_lazy("Lost")),
    ("Damaged", gettext_lazy("Damaged")),
    ("Returned", gettext_lazy("Returned")),
    ("Delivered", gettext_lazy("Delivered")),
    ("Typing error", gettext_lazy("Typing error")),
]
_LOCATIONS_OFFERED = 500
_NO_RECORD = ""


class MotiveForm(forms.Form):
    """Why stock is corrected; the ledger keeps it."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=REASONS, widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=MAX_NOTE,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def motive(self) -> Motive:
        """Return what the form says, under a request id of its own."""
        said = self.cleaned_data
        return Motive(said["reason"], said["note"], f"backoffice-{uuid.uuid4()}")


class CorrectionForm(MotiveForm):
    """One figure and what becomes of it; `seen` is the count that the page showed."""

    field_order = ("mode", "quantity", "reason", "note")

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            ("count", gettext_lazy("Set the count")),
            ("change", gettext_lazy("Add or take (a number below 0 takes)")),
        ],
        initial="count",
        widget=UnfoldAdminRadioSelectWidget,
    )
    quantity = QuantityField(label=gettext_lazy("Quantity"), signed=True)

    def clean_seen(self) -> int | None:
        """Read what the page had written."""
        seen = self.cleaned_data["seen"]
        if seen == _NO_RECORD:
            return None
        if not seen.isdecimal():
            raise forms.ValidationError(_("Open the page again."))
        return int(seen)

    def correction(self, *, sku: str, location: str) -> Correction:
        """Return what the form says of an item at a location."""
        said = self.cleaned_data
        return Correction(
            sku=sku, location=location, seen=said["seen"], **{said["mode"]: said["quantity"]}
        )


@register_page
class CorrectStock(Page):
    """Shows a figure, takes what it should be, and refuses when it is another one by then."""

    path = "stock/correct/"
    name = "correct_stock"
    title = gettext_lazy("Correct stock")
    power = Power.CORRECT_STOCK
    template_name = "backoffice/correct_stock.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the figure as it is now; it goes back with the form."""
        organization = organization_of(self.request).pk
        sku, location = self._asked()
        count = self._count(sku, location) if sku and location else None
        form = kwargs.pop("form", None) or CorrectionForm()
        form.fields["seen"].initial = _NO_RECORD if count is None else count
        if form.is_bound:
            # The figure that is shown is the one that goes back, not the one that was sent.
            form.data = {**self.request.POST.dict(), "seen": form.fields["seen"].initial}
        return super().get_context_data(
            sku=sku,
            location=location,
            count=count,
            form=form,
            location_names=location_names(organization, limit=_LOCATIONS_OFFERED),
            item=Item.objects.filter(organization_id=organization, sku=sku).first(),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Correct, and go back to the item; or tell why not."""
        sku, location = self._asked()
        form = CorrectionForm(request.POST)
        if form.is_valid():
            (outcome,) = correct_stock(
                organization_id=organization_of(request).pk,
                corrections=[form.correction(sku=sku, location=location)],
                motive=form.motive(),
                origin=origin_of(request),
                now=timezone.now(),
            )
            if not isinstance(outcome, Failed):
                told = _("%(sku)s at %(location)s is corrected.")
                messages.success(request, told % {"sku": sku, "location": location})
                item = Item.objects.get(organization=organization_of(request), sku=sku)
                return redirect(reverse("admin:inventory_item_change", args=[item.pk]))
            messages.error(request, refusal_text(outcome))
        return self.render_to_response(self.get_context_data(form=form))

    def _asked(self) -> tuple[str, str]:
        asked = self.request.GET
        return asked.get("sku", "").strip(), asked.get("location", "").strip()

    def _count(self, sku: str, location: str) -> int | None:
        organization = organization_of(self.request).pk
        return counts_at(organization, pairs=[(sku, location)]).get((sku, location))


def refusal_text(failed: Failed) -> str:
    """Tell a failed correction in plain words."""
    refusal = failed.refusal
    if isinstance(refusal, CountHasChanged):
        if refusal.on_hand is None:
            return _("%s: there is no record any more. Nothing was changed.") % refusal.message
        told = _("%(message)s: it is %(count)s now. Nothing was changed.")
        return told % {"message": refusal.message, "count": quantity_text(refusal.on_hand)}
    return refusal.message
