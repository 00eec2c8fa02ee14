"""Reservations in the back office: found, looked at, and handled one by one."""

from reservations.admin import (
    actions,
    claims,
    dashboard,
    documents,
    exports,
    holding_actions,
    refusals,
)

__all__ = [
    "actions",
    "claims",
    "dashboard",
    "documents",
    "exports",
    "holding_actions",
    "refusals",
]
