"""What can be done to a reservation as a whole: each page asks once more, then does it."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from inventory.backoffice.access import origin_of
from inventory.backoffice.named import row_named
from inventory.backoffice.pages import Page, register_page
from inventory.domain.roles import Power
from inventory.errors import Refusal, ReservationAlreadyFinalized
from reservations.admin.words import refusal_text
from reservations.domain.states import MAX_EXPIRATION
from reservations.models import Document, Source
from reservations.selectors.document_page import holdings_of
from reservations.services.documents import cancel_document
from reservations.services.handling import extend_document, finalize_document

_HOLDINGS_SHOWN = 20
_MINUTE = 60


class DocumentPage(Page):
    """Confirms something that is done to the document of the address.

    `question` tells what will happen and `button` names it. Documents of orders are handled by
    their own pages.
    """

    power = Power.HANDLE_RESERVATIONS
    template_name = "backoffice/document_action.html"
    form_class: ClassVar[type[forms.Form]] = forms.Form
    question: ClassVar[Any]
    button: ClassVar[Any]
    is_dangerous: ClassVar[bool] = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what is concerned, and the form; without a document, the way to the list."""
        document = self.document()
        shown: dict[str, Any] = {"document": document, "form": kwargs.pop("form", None)}
        if document is not None:
            shown |= self.concerned(document)
            shown["form"] = shown["form"] or self.new_form(shown)
            shown["is_ours"] = document.source == Source.OCI
        return super().get_context_data(
            question=self.question,
            button=self.button,
            is_dangerous=self.is_dangerous,
            **shown,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do it and go back to the document, or tell in plain words why not."""
        document = self.document()
        if document is None or document.source != Source.OCI:
            raise Http404
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            told = self.act(document, form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, self.refused(refusal))
            return self.render_to_response(self.get_context_data(form=form))
        self.note(document, told)
        messages.success(request, told)
        return redirect(reverse("admin:reservations_document_change", args=[document.pk]))

    def document(self) -> Document | None:
        """Return the document of the address; None where it names none, 404 for a foreign one."""
        return row_named(self.request, "document", rows=Document.objects.all())

    def concerned(self, document: Document) -> dict[str, Any]:
        """Return what the page shows of the document."""
        holdings = holdings_of(document.pk, limit=_HOLDINGS_SHOWN + 1)
        return {
            "holdings": holdings[:_HOLDINGS_SHOWN],
            "has_more_holdings": len(holdings) > _HOLDINGS_SHOWN,
        }

    def new_form(self, shown: dict[str, Any]) -> forms.Form:
        """Return the form as it is first shown."""
        return self.form_class()

    def act(self, document: Document, said: dict[str, Any]) -> str:
        """Make the one service call, and return a sentence that tells what was done."""
        raise NotImplementedError

    def refused(self, refusal: Refusal) -> str:
        """Say why nothing was done."""
        return refusal_text(refusal)

    def note(self, document: Document, told: str) -> None:
        """Keep who did it: the ledger has only what moves stock."""
        model_admin = admin.site.get_model_admin(Document)
        model_admin.log_change(self.request, document, told)

    def whose(self, document: Document) -> dict[str, Any]:
        """Return the arguments that all services of documents take."""
        return {
            "organization_id": document.organization_id,
            "identifier": document.identifier,
            "origin": origin_of(self.request),
            "now": timezone.now(),
        }


@register_page
class CancelDocument(DocumentPage):
    """Gives back everything the document still holds."""

    path = "reservations/cancel/"
    name = "cancel_document"
    title = gettext_lazy("Cancel the reservation")
    question = gettext_lazy("Everything it still holds is given back. This cannot be undone.")
    button = gettext_lazy("Cancel the reservation")
    is_dangerous = True

    def act(self, document: Document, said: dict[str, Any]) -> str:
        cancel_document(**self.whose(document))
        return _("The reservation is cancelled.")

    def refused(self, refusal: Refusal) -> str:
        """Say that there was nothing to cancel."""
        if isinstance(refusal, ReservationAlreadyFinalized):
            return _("Nothing is left of the reservation: there is nothing to cancel.")
        return refusal_text(refusal)


@register_page
class FinalizeDocument(DocumentPage):
    """Takes the document's end away."""

    path = "reservations/finalize/"
    name = "finalize_document"
    title = gettext_lazy("Make the reservation final")
    question = gettext_lazy("It keeps what it holds and does not expire any more.")
    button = gettext_lazy("Make it final")

    def act(self, document: Document, said: dict[str, Any]) -> str:
        finalize_document(**self.whose(document))
        return _("The reservation is final.")


class ExtendForm(forms.Form):
    """How long from now."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes from now"),
        help_text=gettext_lazy("At most %(minutes)s, and later than it would end now.")
        % {"minutes": MAX_EXPIRATION // _MINUTE},
        initial=60,
        widget=UnfoldAdminIntegerFieldWidget(
            attrs={"min": 1, "max": MAX_EXPIRATION // _MINUTE, "inputmode": "numeric"}
        ),
    )


@register_page
class ExtendDocument(DocumentPage):
    """Gives a temporary document a later end."""

    path = "reservations/extend/"
    name = "extend_document"
    title = gettext_lazy("Give the reservation more time")
    question = gettext_lazy("It keeps what it holds until then.")
    button = gettext_lazy("Give it more time")
    form_class = ExtendForm

    def act(self, document: Document, said: dict[str, Any]) -> str:
        seconds = timedelta(minutes=said["minutes"]) // timedelta(seconds=1)
        until = extend_document(**self.whose(document), seconds=seconds)
        moment = f"{timezone.localtime(until):%Y-%m-%d %H:%M:%S}"
        return _("The reservation stands until %s.") % moment
