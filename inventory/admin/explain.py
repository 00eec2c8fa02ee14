"""Why a quantity can or cannot be promised at a place."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from inventory.backoffice.access import organization_of
from inventory.backoffice.pages import Page, register_page
from inventory.backoffice.panels import panels
from inventory.backoffice.quantities import QuantityField
from inventory.backoffice.witness_picture import witness_picture
from inventory.domain.roles import Power
from inventory.selectors.explanations import explain_at_group, explain_at_location
from inventory.selectors.graph import current_graph

_ONE = "1"


class ExplainForm(forms.Form):
    """What is asked: so much of an item at a place."""

    sku = forms.CharField(label="SKU", max_length=250, widget=UnfoldAdminTextInputWidget)
    place = forms.CharField(
        label=gettext_lazy("Location or group"), max_length=128, widget=UnfoldAdminTextInputWidget
    )
    quantity = QuantityField(label=gettext_lazy("Quantity"))


@register_page
class ExplainPage(Page):
    """Answers in one sentence, with a picture of what decided."""

    path = "explain/"
    name = "explain"
    title = gettext_lazy("Explain")
    power = Power.SEE
    template_name = "backoffice/explain.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Answer what the address asks; an address that asks nothing shows the form."""
        asked = self.request.GET.dict()
        if not asked.get("sku"):
            return super().get_context_data(form=ExplainForm(initial={"quantity": _ONE}), **kwargs)
        form = ExplainForm({"quantity": _ONE, **asked})
        answer = self._answer(form) if form.is_valid() else {}
        return super().get_context_data(form=form, **answer, **kwargs)

    def _answer(self, form: ExplainForm) -> dict[str, Any]:
        organization = organization_of(self.request).pk
        said = form.cleaned_data
        graph = current_graph(organization)
        if said["place"] in graph.groups:
            explanation = explain_at_group(
                organization, sku=said["sku"], group=said["place"], quantity=said["quantity"]
            )
        elif said["place"] in graph.locations:
            explanation = explain_at_location(
                organization, sku=said["sku"], location=said["place"], quantity=said["quantity"]
            )
        else:
            form.add_error("place", gettext_lazy("There is no such location or group."))
            return {}
        witness = explanation.witness
        return {
            "explanation": explanation,
            "picture": witness_picture(
                witness,
                members={
                    name: {graph.identifiers[location] for location in graph.members.get(group, ())}
                    for name, group in graph.groups.items()
                },
            ),
            "panels": panels(
                organization_id=organization,
                sku=said["sku"],
                places=[said["place"], *(name for name, _ in witness.others), *witness.locations],
                now=timezone.now(),
            ),
        }
