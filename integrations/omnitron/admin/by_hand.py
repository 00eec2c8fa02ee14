"""Mapping and releasing an order item by hand: each page asks once more, then does it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.omnitron.admin.words import refusal_text
from integrations.omnitron.models import MappingEffect, OrderItem
from integrations.omnitron.selectors.order_item_page import OrderItemPage, page_of
from integrations.omnitron.services.by_hand import MAX_REASON, map_by_hand, release_by_hand
from inventory.backoffice.access import origin_of
from inventory.backoffice.formats import quantity_text
from inventory.backoffice.named import row_named
from inventory.backoffice.pages import Page, register_page
from inventory.domain.roles import Power
from inventory.errors import Refusal

_MAX_CODE = 128


class ReasonForm(forms.Form):
    """Why a person does it; the ledger keeps it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        help_text=gettext_lazy("The ledger keeps it, with your name."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class MapForm(ReasonForm):
    """The id that the ERP's line has, and why a person stores it."""

    field_order = ("code", "reason")

    code = forms.CharField(
        label=gettext_lazy("Id of the ERP's line"),
        max_length=_MAX_CODE,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class ByHandPage(Page):
    """Confirms something that is done to the order item of the address."""

    power = Power.HANDLE_ORDERS
    template_name = "backoffice/order_item_action.html"
    form_class: ClassVar[type[forms.Form]] = ReasonForm
    button: ClassVar[Any]
    is_dangerous: ClassVar[bool] = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what is concerned, and the form; without an item, the way to the list."""
        item = self.item()
        shown: dict[str, Any] = {"item": item}
        if item is not None:
            page = page_of(item.pk)
            shown |= {
                "page": page,
                "item": page.item,
                "question": self.question(page),
                "form": kwargs.pop("form", None) or self.form_class(),
            }
        return super().get_context_data(
            button=self.button, is_dangerous=self.is_dangerous, **shown, **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it and go back to the order item, or tell in plain words why not."""
        item = self.item()
        if item is None:
            raise Http404
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            told = self.act(item, form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, refusal_text(refusal))
            return self.render_to_response(self.get_context_data(form=form))
        note = f"{told} {form.cleaned_data['reason']}"
        admin.site.get_model_admin(OrderItem).log_change(request, item, note)
        messages.success(request, told)
        return redirect(reverse("admin:orders_orderitem_change", args=[item.pk]))

    def item(self) -> OrderItem | None:
        """Return the order item of the address; None where it names none, 404 for a foreign one."""
        return row_named(self.request, "item", rows=OrderItem.objects.all())

    def question(self, page: OrderItemPage) -> str:
        """Say what will happen."""
        raise NotImplementedError

    def act(self, item: OrderItem, said: dict[str, Any]) -> str:
        """Make the one service call, and return a sentence that tells what was done."""
        raise NotImplementedError

    def whose(self, item: OrderItem) -> dict[str, Any]:
        """Return the arguments that both services take."""
        return {
            "organization_id": item.organization_id,
            "order_item_id": item.pk,
            "origin": origin_of(self.request),
            "now": timezone.now(),
        }


@register_page
class MapByHand(ByHandPage):
    """Stores the ERP's id of an order item, which ends its hold."""

    path = "orders/map/"
    name = "map_by_hand"
    title = gettext_lazy("Map by hand")
    form_class = MapForm
    button = gettext_lazy("Map it")

    def question(self, page: OrderItemPage) -> str:
        """Say what becomes of what it holds; a mapping is for good."""
        if page.item.stock_list.on_mapping == MappingEffect.FULFIL:
            return _(
                "What it holds leaves the shelf, as if the ERP had mapped it."
                " This cannot be undone."
            )
        return _("What it holds is released, as if the ERP had mapped it. This cannot be undone.")

    def act(self, item: OrderItem, said: dict[str, Any]) -> str:
        code: str = said["code"]
        stored = map_by_hand(**self.whose(item), code=code, reason=said["reason"])
        if stored.is_new:
            return _("The order item is mapped to %s.") % code
        return _("The order item was mapped to %s before.") % code


@register_page
class ReleaseByHand(ByHandPage):
    """Gives back what an order item still holds, without a mapping."""

    path = "orders/release/"
    name = "release_by_hand"
    title = gettext_lazy("Release by hand")
    button = gettext_lazy("Release it")
    is_dangerous = True

    def question(self, page: OrderItemPage) -> str:
        """Say what becomes of it, and of the order."""
        return _(
            "What it holds is free for others at once, and can be sold again."
            " The order stays as it is. This cannot be undone."
        )

    def act(self, item: OrderItem, said: dict[str, Any]) -> str:
        released = release_by_hand(**self.whose(item), reason=said["reason"])
        return _("%s is released.") % quantity_text(released)
