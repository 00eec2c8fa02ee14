"""Correcting many figures at once: a selection from the list, or a sheet."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminFileFieldWidget

from inventory.admin.corrections import MotiveForm, refusal_text
from inventory.admin.stock_sheet import SheetError, read_sheet
from inventory.backoffice.access import organization_of, origin_of
from inventory.backoffice.pages import Page, register_page
from inventory.backoffice.quantities import QuantityField
from inventory.domain.roles import Power
from inventory.models import Item
from inventory.selectors.stock_overview import counts_at, location_names
from inventory.services.corrections import Correction, Motive, correct_stock
from inventory.services.outcomes import Failed

MAX_SELECTED = 200
_LOCATIONS_OFFERED = 500
_SALT = "inventory.stock-sheet"
_AN_HOUR = 3600


def _apply(request: HttpRequest, corrections: Sequence[Correction], motive: Motive) -> list[str]:
    """Correct what is asked; say how many were, and return why others were not."""
    outcomes = correct_stock(
        organization_id=organization_of(request).pk,
        corrections=corrections,
        motive=motive,
        origin=origin_of(request),
        now=timezone.now(),
    )
    refused = [refusal_text(outcome) for outcome in outcomes if isinstance(outcome, Failed)]
    done = len(outcomes) - len(refused)
    told = ngettext("%s figure is corrected.", "%s figures are corrected.", done) % done
    (messages.success if done else messages.warning)(request, told)
    return refused


@register_page
class AdjustSelection(Page):
    """Takes one count for each selected item at one location; empty ones stay as they are."""

    path = "stock/adjust/"
    name = "adjust_selection"
    title = gettext_lazy("Adjust the selected items")
    power = Power.CORRECT_STOCK
    template_name = "backoffice/adjust_selection.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what is counted now; it goes back with the form."""
        location = self._location()
        form = kwargs.pop("form", None) or MotiveForm()
        rows = kwargs.pop("rows", None) or self._rows(location)
        return super().get_context_data(
            location=location,
            items=",".join(str(item.pk) for item in self._items()),
            rows=rows,
            form=form,
            location_names=location_names(
                organization_of(self.request).pk, limit=_LOCATIONS_OFFERED
            ),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Correct what has a count; what was refused stays on the page with its reason."""
        location = self._location()
        rows = self._rows(location, sent=request.POST)
        form = MotiveForm(request.POST)
        if form.is_valid() and not any(row["error"] for row in rows):
            corrections = [
                Correction(row["sku"], location, seen=row["sent"], count=row["typed"])
                for row in rows
                if row["typed"] is not None
            ]
            if not corrections:
                messages.error(request, _("Type at least one count."))
            else:
                refused = _apply(request, corrections, form.motive())
                if not refused:
                    return redirect("admin:inventory_item_changelist")
                for text in refused:
                    messages.error(request, text)
                rows = self._rows(location)
        return self.render_to_response(self.get_context_data(form=form, rows=rows))

    def _location(self) -> str:
        return self.request.GET.get("location", "").strip()

    def _items(self) -> list[Item]:
        keys = [key for key in self.request.GET.get("items", "").split(",") if key.isdecimal()]
        found = Item.objects.filter(
            organization=organization_of(self.request), pk__in=keys[:MAX_SELECTED]
        )
        return list(found.order_by("sku"))

    def _rows(self, location: str, *, sent: Any = None) -> list[dict[str, Any]]:
        items = self._items()
        counts = counts_at(
            organization_of(self.request).pk, pairs={(item.sku, location) for item in items}
        )
        field = QuantityField(required=False)
        rows = []
        for item in items:
            row: dict[str, Any] = {
                "pk": item.pk,
                "sku": item.sku,
                "seen": counts.get((item.sku, location)),
                "text": "",
                "typed": None,
                "error": "",
            }
            if sent is not None:
                seen = sent.get(f"seen-{item.pk}", "")
                row["sent"] = int(seen) if seen.isdecimal() else None
                row["text"] = sent.get(f"count-{item.pk}", "")
                try:
                    row["typed"] = field.clean(row["text"])
                except forms.ValidationError as error:
                    row["error"] = " ".join(error.messages)
            rows.append(row)
        return rows


class SheetForm(forms.Form):
    """A file with the columns sku, location and on_hand."""

    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"),
        help_text=gettext_lazy(
            "The first row names the columns: sku, location, on_hand. At most 1,000 rows; "
            "larger files are imported as jobs."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
    )


class ConfirmForm(MotiveForm):
    """What was shown in the preview, as it was shown."""

    shown = forms.CharField(widget=forms.HiddenInput)


@register_page
class ImportSheet(Page):
    """Shows what a sheet would change; writes only what is confirmed, and only if still true."""

    path = "stock/import/"
    name = "import_sheet"
    title = gettext_lazy("Import counts from a sheet")
    power = Power.CORRECT_STOCK
    template_name = "backoffice/import_sheet.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for a file, unless a preview is shown."""
        kwargs.setdefault("upload", SheetForm())
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Preview a file, or carry out what a preview has shown."""
        return self._confirm(request) if "shown" in request.POST else self._preview(request)

    def _preview(self, request: HttpRequest) -> HttpResponse:
        upload = SheetForm(request.POST, request.FILES)
        if not upload.is_valid():
            return self.render_to_response(self.get_context_data(upload=upload))
        file = upload.cleaned_data["file"]
        try:
            rows = read_sheet(
                name=file.name, content=file.read(), organization_id=organization_of(request).pk
            )
        except SheetError as refused:
            upload.add_error("file", str(refused))
            return self.render_to_response(self.get_context_data(upload=upload))
        changes = [row for row in rows if row.differs]
        shown = signing.dumps(
            {
                "organization": organization_of(request).pk,
                "rows": [(row.sku, row.location, row.seen, row.count) for row in changes],
            },
            salt=_SALT,
            compress=True,
        )
        return self.render_to_response(
            self.get_context_data(
                changes=changes,
                errors=[row for row in rows if row.error],
                same=sum(not row.error and not row.differs for row in rows),
                form=ConfirmForm(initial={"shown": shown}),
                is_preview=True,
            )
        )

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Upload the file again."))
            return redirect("admin:import_sheet")
        try:
            shown = signing.loads(form.cleaned_data["shown"], salt=_SALT, max_age=_AN_HOUR)
        except signing.BadSignature:
            messages.error(request, _("The preview is too old. Upload the file again."))
            return redirect("admin:import_sheet")
        if shown["organization"] != organization_of(request).pk:
            messages.error(request, _("The preview was made in another organization."))
            return redirect("admin:import_sheet")
        corrections = [
            Correction(sku, location, seen=seen, count=count)
            for sku, location, seen, count in shown["rows"]
        ]
        refused = _apply(request, corrections, form.motive())
        if refused:
            return self.render_to_response(self.get_context_data(refused=refused))
        return redirect("admin:inventory_item_changelist")
