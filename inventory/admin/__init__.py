"""Inventory's pages of the back office; `inventory.backoffice` is what they are made of."""

from inventory.admin import personal, places, records, stock, users
from inventory.backoffice.base import ReadOnlyAdmin, quantity

__all__ = [
    "ReadOnlyAdmin",
    "personal",
    "places",
    "quantity",
    "records",
    "stock",
    "users",
]
