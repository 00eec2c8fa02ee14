"""Orders, said to a person."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.omnitron.domain.statuses import APPROVED, CANCELED, SHIPPED
from integrations.omnitron.errors import InvalidFields
from inventory.errors import ConcurrentModification, Refusal

AGES = {
    "hour": gettext_lazy("under an hour"),
    "day": gettext_lazy("an hour to a day"),
    "days": gettext_lazy("1 to 3 days"),
    "week": gettext_lazy("3 to 7 days"),
    "older": gettext_lazy("7 days and more"),
}
"""The age bands by name."""


def status_text(status: int) -> str:
    """Name a status code; the channel's own codes stay numbers."""
    names = {CANCELED: _("canceled"), APPROVED: _("approved"), SHIPPED: _("shipped")}
    return f"{status} {names[status]}" if status in names else str(status)


def refusal_text(refusal: Refusal) -> str:
    """Tell why nothing was done, and what could be done instead."""
    if isinstance(refusal, ConcurrentModification):
        return _("Somebody else is changing the same stock. Nothing was changed; try again.")
    if not isinstance(refusal, InvalidFields):
        return refusal.message
    sentences = {
        "code_taken": _("Another order item has this ERP id already. Nothing was changed."),
        "item_mapped": _("This order item has another ERP id by now. Nothing was changed."),
        "held_at_group": _(
            "Its stock is still promised by a group, and this stock list ships what is mapped:"
            " allocate it to a location first, or release it. Nothing was changed."
        ),
        "holds_nothing": _("This order item holds nothing any more. Nothing was changed."),
    }
    return sentences.get(refusal.code, refusal.message)
