"""Jobs on the dashboard: those that run, live, and those that have failed."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.backoffice.dashboard import Board, Figure, count_of, register_board
from inventory.backoffice.job_pieces import figure, progress_bar, state_tag
from inventory.backoffice.job_words import progress_json
from inventory.backoffice.panels import Panel
from inventory.models import Job
from inventory.selectors.jobs import active_jobs, failed_jobs

_ACTIVE_SHOWN, _FAILED_SHOWN = 8, 4
_LATELY = timedelta(days=1)


@register_board(at=40)
def jobs(*, organization_id: int, now: datetime) -> Board:
    """Tell what runs, how far it is, and what has failed in a day."""
    address = reverse("admin:inventory_job_changelist")
    active, failed = active_jobs(organization_id), failed_jobs(organization_id, since=now - _LATELY)
    shown = [*active.order_by("pk")[:_ACTIVE_SHOWN], *failed.order_by("-pk")[:_FAILED_SHOWN]]
    return Board(
        figures=[
            Figure(
                _("Jobs at work"),
                _("imports and exports that are queued or run"),
                count_of(active),
                f"{address}?state=active",
            ),
            Figure(
                _("Jobs failed"),
                _("asked for in the last day, and failed as a whole"),
                count_of(failed),
                f"{address}?state=FAILED&made=day",
                is_bad=True,
            ),
        ],
        panels=[
            Panel("backoffice/dashboard_jobs.html", {"rows": [_row(job, now) for job in shown]})
        ],
    )


def _row(job: Job, now: datetime) -> dict[str, Any]:
    told = progress_json(job, now=now)
    return {
        "label": told["label"],
        "address": told["address"],
        "actor": job.actor,
        "created_at": job.created_at,
        "why": "; ".join(str(error) for error in job.errors),
        "state": state_tag(told),
        "progress": progress_bar(told),
        "read": figure(told, "read"),
        "left": figure(told, "left"),
    }
