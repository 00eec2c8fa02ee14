"""The ERP's part of the dashboard: holds that nobody has mapped, by how long they wait."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.omnitron.admin.words import AGES
from integrations.omnitron.selectors.holds import unmapped_by_age
from inventory.backoffice.dashboard import Board, Count, Figure, register_board
from inventory.backoffice.panels import Panel
from inventory.backoffice.svg import Column, Part, column_plot

_COLOURS = {
    "hour": "hf-free",
    "day": "hf-free",
    "days": "hf-others",
    "week": "hf-others",
    "older": "hf-short",
}


@register_board(at=30)
def erp(*, organization_id: int, now: datetime) -> Board:
    """Tell how many order items hold stock and wait for the ERP, by age."""
    counts = unmapped_by_age(organization_id, now=now)
    address = f"{reverse('admin:orders_orderitem_changelist')}?hold=waiting"
    waiting = sum(counts.values())
    return Board(
        figures=[
            Figure(
                _("Waits for the ERP"),
                _("order items that hold stock and have no mapping"),
                Count.of(waiting),
                address,
            )
        ],
        panels=[
            Panel(
                "backoffice/dashboard_erp.html",
                {
                    "waiting": waiting,
                    "plot": _plot(counts, address),
                    "bands": _bands(counts, address),
                },
            )
        ],
    )


def _bands(counts: dict[str, int], address: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": _COLOURS[name],
            "text": text,
            "count": Count.of(counts[name]),
            "address": f"{address}&age={name}",
        }
        for name, text in AGES.items()
    ]


def _plot(counts: dict[str, int], address: str) -> Any:
    columns = [
        Column(
            parts=[Part(counts[name], _COLOURS[name], str(text))],
            title=f"{text}: {Count.of(counts[name])}",
            address=f"{address}&age={name}",
            label=str(text),
        )
        for name, text in AGES.items()
    ]
    title = _("Order items that wait for the ERP, by age")
    return column_plot(columns, title=title, top_label=str(Count.of(max(counts.values()))))
