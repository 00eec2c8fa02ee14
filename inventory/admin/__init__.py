"""Inventory's pages of the back office; `inventory.backoffice` is what they are made of."""

from inventory.admin import corrections, explain, personal, places, records, stock, users
from inventory.backoffice.base import ReadOnlyAdmin, quantity

__all__ = [
    "ReadOnlyAdmin",
    "corrections",
    "explain",
    "personal",
    "places",
    "quantity",
    "records",
    "stock",
    "users",
]
