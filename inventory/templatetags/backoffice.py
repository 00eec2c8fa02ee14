"""Filters of the back office's templates."""

import re
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from inventory.backoffice.access import Access
from inventory.backoffice.formats import quantity_text
from inventory.domain.roles import Power

register = template.Library()
_BETWEEN_ASTERISKS = re.compile(r"\*([\w-]+)\*")

register.filter("quantity", quantity_text)


@register.filter
def grouped(number: int) -> str:
    """Write a whole number with its thousands separated."""
    return f"{number:,}"


@register.filter
def may(access: Access, power: str) -> bool:
    """Tell whether a user has a power, by its name."""
    return access.may(Power[power])


@register.filter
def emphasized(sentence: str) -> SafeString:
    """Write the groups of an explanation, which come between asterisks, in bold."""
    text = _BETWEEN_ASTERISKS.sub(r"<strong>\1</strong>", escape(sentence))
    return mark_safe(text)  # noqa: S308  # escaped above


@register.filter
def export_url(meta: Any) -> str:
    """Return the address of a list's export."""
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_export")
