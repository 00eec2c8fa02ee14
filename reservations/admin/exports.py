"""The reservations export, started from the browser."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from inventory.backoffice.job_words import JobWords, register_job_words
from inventory.backoffice.pages import register_page
from inventory.backoffice.starting_jobs import MomentField, StartJob
from inventory.models import Job
from reservations.services.export import RESERVATIONS_EXPORT, start_reservations_export

register_job_words(JobWords(RESERVATIONS_EXPORT, gettext_lazy("Reservations export")))

_OPEN = "open"


class ReservationsForm(forms.Form):
    """Open or closed ones, by the time of the reservation."""

    status = forms.ChoiceField(
        label=gettext_lazy("Which"),
        choices=[(_OPEN, gettext_lazy("open")), ("closed", gettext_lazy("closed"))],
        widget=UnfoldAdminSelectWidget,
    )
    from_date = MomentField(label=gettext_lazy("Reserved from"))
    to_date = MomentField(
        label=gettext_lazy("Until"), required=False, help_text=gettext_lazy("Empty: until now.")
    )


@register_page
class ExportReservations(StartJob):
    """Exports reservations."""

    path = "jobs/export/reservations/"
    name = "export_reservations"
    title = gettext_lazy("Export reservations")
    about = gettext_lazy("Reservations with what became of each of their lines.")
    form_class = ReservationsForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Begin with the last month."""
        month = timezone.localtime() - timedelta(days=30)
        kwargs.setdefault("form", ReservationsForm(initial={"from_date": month}))
        return super().get_context_data(**kwargs)

    def start(self, said: dict[str, Any]) -> Job:
        return start_reservations_export(
            is_open=said["status"] == _OPEN,
            starts_at=said["from_date"],
            ends_at=said["to_date"],
            clock=timezone.now,
            **self.whose(),
        )
