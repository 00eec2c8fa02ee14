"""Filters of the back office's templates."""

from django import template

from inventory.backoffice.formats import quantity_text

register = template.Library()

register.filter("quantity", quantity_text)


@register.filter
def grouped(number: int) -> str:
    """Write a whole number with its thousands separated."""
    return f"{number:,}"
