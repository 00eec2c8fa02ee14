"""Filters of the back office's templates."""

from typing import Any

from django import template
from django.urls import reverse

from inventory.backoffice.formats import quantity_text

register = template.Library()

register.filter("quantity", quantity_text)


@register.filter
def grouped(number: int) -> str:
    """Write a whole number with its thousands separated."""
    return f"{number:,}"


@register.filter
def export_url(meta: Any) -> str:
    """Return the address of a list's export."""
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_export")
