"""What can be done to what a reservation holds of an item at a place: release it, move it."""

import uuid
from typing import Any

from django import forms
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.backoffice.formats import quantity_text
from inventory.backoffice.pages import register_page
from inventory.backoffice.quantities import QuantityField
from inventory.services.outcomes import Failed
from reservations.admin.actions import DocumentPage
from reservations.models import Document
from reservations.selectors.document_page import holdings_of, place_ref, targets_of
from reservations.services.operations import (
    Operation,
    Release,
    Transfer,
    apply_operations,
    check_direction,
)

_TARGETS_OFFERED = 500


class QuantityForm(forms.Form):
    """How much of it. `request` makes a form that is sent twice act once."""

    request = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    quantity = QuantityField(label=gettext_lazy("Quantity"))

    def clean_quantity(self) -> int:
        """Nothing is not a quantity."""
        quantity: int | None = self.cleaned_data["quantity"]
        if not quantity:
            raise forms.ValidationError(_("Say more than 0."))
        return quantity


class HoldingPage(DocumentPage):
    """Confirms something that is done to the holding that the address names by SKU and place."""

    form_class = QuantityForm

    def concerned(self, document: Document) -> dict[str, Any]:
        """Show the holding alone; 404 where the document has none there."""
        sku, place = self._asked("sku"), self._asked("place")
        holdings = holdings_of(document.pk, limit=1, sku=sku, place=place)
        if not holdings and self.request.method != "POST":
            raise Http404
        return {"holdings": holdings}

    def new_form(self, shown: dict[str, Any]) -> forms.Form:
        """Offer all of it."""
        return self.form_class(initial={"quantity": quantity_text(shown["holdings"][0].quantity)})

    def apply(self, document: Document, operation: Operation) -> None:
        """Apply one record; raises its refusal."""
        whose = self.whose(document)
        del whose["identifier"]
        (outcome,) = apply_operations(operations=[operation], **whose)
        if isinstance(outcome, Failed):
            raise outcome.refusal

    def record(self, document: Document, said: dict[str, Any]) -> dict[str, Any]:
        """Return what records of both kinds say."""
        place = place_ref(document.organization_id, identifier=self._asked("place"))
        return {
            "request_id": f"backoffice-{said['request']}",
            "sku": self._asked("sku"),
            "source": place,
            "quantity": said["quantity"],
            "document": document.identifier,
        }

    def told(self, sentence: str, said: dict[str, Any]) -> str:
        """Fill in what was done."""
        return sentence % {
            "quantity": quantity_text(said["quantity"]),
            "sku": self._asked("sku"),
            "place": self._asked("place"),
            "target": said.get("target", ""),
        }

    def _asked(self, name: str) -> str:
        return self.request.GET.get(name, "")


@register_page
class ReleaseHolding(HoldingPage):
    """Gives back a part of what a document holds, or all of it."""

    path = "reservations/release/"
    name = "release_holding"
    title = gettext_lazy("Release")
    question = gettext_lazy("What is released is free for others at once.")
    button = gettext_lazy("Release")
    is_dangerous = True

    def act(self, document: Document, said: dict[str, Any]) -> str:
        self.apply(document, Release(**self.record(document, said)))
        return self.told(_("%(quantity)s of %(sku)s at %(place)s is released."), said)


class TransferForm(QuantityForm):
    """How much of it, and where to."""

    target = forms.CharField(
        label=gettext_lazy("To"),
        max_length=128,
        help_text=gettext_lazy("A location, or from a location one of its groups."),
        widget=UnfoldAdminTextInputWidget(attrs={"list": "targets", "autocomplete": "off"}),
    )


@register_page
class TransferHolding(HoldingPage):
    """Moves a part of what a document holds, or all of it, to another place."""

    path = "reservations/transfer/"
    name = "transfer_holding"
    title = gettext_lazy("Transfer")
    question = gettext_lazy("What is moved stays reserved, at the other place.")
    button = gettext_lazy("Transfer")
    form_class = TransferForm

    def concerned(self, document: Document) -> dict[str, Any]:
        """Offer the places it could go to."""
        shown = super().concerned(document)
        if shown["holdings"]:
            shown["targets"] = targets_of(
                document.organization_id, place=shown["holdings"][0].place, limit=_TARGETS_OFFERED
            )
        return shown

    def act(self, document: Document, said: dict[str, Any]) -> str:
        target = place_ref(document.organization_id, identifier=said["target"].strip())
        transfer = Transfer(**self.record(document, said), target=target)
        check_direction(transfer, parameter="target")
        self.apply(document, transfer)
        return self.told(_("%(quantity)s of %(sku)s is moved from %(place)s to %(target)s."), said)
