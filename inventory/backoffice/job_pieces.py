"""What pages show of a job, in the marks that `static/backoffice/jobs.js` keeps up to date.

Each takes what `progress_json` tells. A page that shows them says whom to ask:
`<div data-jobs="{% url 'admin:inventory_job_active' %}" data-jobs-part="#part">`, where `part` is
fetched anew when a job in it ends.
"""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inventory.models import JobState

_LOOKS: dict[str, str] = {JobState.COMPLETED: "hf-tag hf-good", JobState.FAILED: "hf-tag hf-bad"}
_LIVE = mark_safe(" data-job-live")
_NOTHING = mark_safe("")


def state_tag(told: dict[str, Any]) -> SafeString:
    """Say where a job stands; it is watched as long as it has not ended."""
    return format_html(
        '<span class="{}" data-job="{}"{}><span data-job-text="state">{}</span></span>',
        _LOOKS.get(told["state"], "hf-tag"),
        told["id"],
        _NOTHING if told["is_ended"] else _LIVE,
        told["text"]["state"],
    )


def progress_bar(told: dict[str, Any]) -> SafeString:
    """Draw how far a job is: a bar without a value where that is not known."""
    percent, bar = told["percent"], _NOTHING
    if percent is not None or told["state"] == JobState.RUNNING:
        value = _NOTHING if percent is None else format_html(' value="{}"', percent)
        bar = format_html(
            '<progress max="100"{} data-job-bar aria-label="{}"></progress>',
            value,
            _("Progress of %s") % told["label"],
        )
    return format_html(
        '<span class="hf-progress" data-job="{}">{}<span data-job-text="percent">{}</span></span>',
        told["id"],
        bar,
        told["text"]["percent"],
    )


def figure(told: dict[str, Any], name: str) -> SafeString:
    """Write one of a job's words or counts."""
    return format_html(
        '<span data-job="{}"><span data-job-text="{}">{}</span></span>',
        told["id"],
        name,
        told["text"][name],
    )
