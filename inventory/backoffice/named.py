"""Rows that an address names by their key."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from inventory.backoffice.access import organization_of

Row = TypeVar("Row", bound=Model)

_DIGITS = 18  # what a bigint holds, whatever they are


def key_of(text: str) -> int | None:
    """Return the key that a text is; None where no row could have it."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def row_named(request: HttpRequest, parameter: str, *, rows: QuerySet[Row]) -> Row | None:
    """Return the organization's row that a parameter of the address names; None without one.

    Raises Http404 for what is no key, and for a row of somebody else.
    """
    asked = request.GET.get(parameter, "")
    if not asked:
        return None
    row = rows.filter(organization=organization_of(request), pk=key_of(asked)).first()
    if row is None:
        raise Http404
    return row
