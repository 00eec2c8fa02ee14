"""Reservations' part of the dashboard: how they go, what ends soon, what was refused."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.backoffice.dashboard import Board, Count, Figure, count_of, register_board
from inventory.backoffice.panels import Panel
from inventory.backoffice.svg import Column, Part, column_plot
from reservations.admin.documents import STATES
from reservations.admin.filters import hour_text
from reservations.admin.refusals import explain_url
from reservations.domain.states import State
from reservations.models import Document, RefusalReason
from reservations.selectors.dashboard import expiring, outcomes_by_hour
from reservations.selectors.refusals import newest_refusals, refused_by_reason

HOURS = 48
_SOON = timedelta(hours=1)
_REFUSED_HOURS = 24
_REFUSALS_SHOWN = 8
_COLOURS = {
    State.CLOSED: "hf-reserved",
    State.OPEN: "hf-free",
    State.EXPIRED: "hf-others",
    State.CANCELLED: "hf-safety",
}


@register_board(at=20)
def reservations(*, organization_id: int, now: datetime) -> Board:
    """Tell what ends soon and what was refused, and draw the last two days."""
    documents = reverse("admin:reservations_document_changelist")
    refusals = reverse("admin:reservations_refusaltally_changelist")
    refused = refused_by_reason(organization_id, hours=_REFUSED_HOURS, now=now)
    ending = Document.objects.filter(
        expiring(until=now + _SOON, now=now), organization=organization_id
    )
    return Board(
        figures=[
            Figure(
                _("Expiring soon"),
                _("reservations that hold stock and end within an hour"),
                count_of(ending),
                f"{documents}?expiring=60",
            ),
            Figure(
                _("Refused"),
                _("lines of reservations that could not be had, in 24 hours"),
                Count(sum(refused.values())),
                f"{refusals}?period={_REFUSED_HOURS}",
                is_bad=True,
            ),
        ],
        panels=[
            Panel("backoffice/dashboard_reservations.html", _plot(organization_id, documents, now)),
            Panel(
                "backoffice/dashboard_refusals.html",
                {
                    "address": f"{refusals}?period={_REFUSED_HOURS}",
                    "reasons": _reasons(refused, refusals),
                    "rows": [
                        {"refusal": each, "reason": each.get_reason_display()}
                        | {"explain": explain_url(each)}
                        for each in newest_refusals(
                            organization_id, hours=_REFUSED_HOURS, now=now, limit=_REFUSALS_SHOWN
                        )
                    ],
                },
            ),
        ],
    )


def _reasons(refused: dict[RefusalReason, int], address: str) -> list[dict[str, Any]]:
    return [
        {
            "text": reason.label,
            "count": total,
            "address": f"{address}?period={_REFUSED_HOURS}&reason={reason.value}",
        }
        for reason, total in refused.items()
    ]


def _plot(organization_id: int, address: str, now: datetime) -> dict[str, Any]:
    counted = outcomes_by_hour(organization_id, hours=HOURS, now=now)
    totals = {state: sum(hour.get(state, 0) for hour in counted.values()) for state in _COLOURS}
    highest = max(sum(hour.values()) for hour in counted.values())
    title = _("Reservations made in each of the last %s hours, by where they stand now") % HOURS
    columns = [_column(start, hour, address) for start, hour in counted.items()]
    return {
        "plot": column_plot(columns, title=title, top_label=f"{highest:,}"),
        "total": sum(totals.values()),
        "address": f"{address}?made={HOURS}",
        "legend": [
            {
                "kind": kind,
                "text": STATES[state],
                "count": Count.of(totals[state]),
                "address": f"{address}?made={HOURS}&state={state.value.lower()}",
            }
            for state, kind in _COLOURS.items()
        ],
    }


def _column(start: datetime, hour: dict[State, int], address: str) -> Column:
    local = timezone.localtime(start)
    told = [f"{STATES[state]} {hour[state]:,}" for state in _COLOURS if hour.get(state)]
    return Column(
        parts=[
            Part(hour.get(state, 0), kind, str(STATES[state]))
            for state, kind in _COLOURS.items()
            if hour.get(state)
        ],
        title=f"{local:%a %H:%M}: {', '.join(told) or _('none')}",
        address=f"{address}?{urlencode({'hour': hour_text(start)})}",
        label=f"{local:%a %H:%M}" if local.hour % 6 == 0 else "",
    )
