"""Reservations in the back office: found, looked at, and handled one by one."""

from reservations.admin import actions, claims, documents, exports, holding_actions, refusals

__all__ = ["actions", "claims", "documents", "exports", "holding_actions", "refusals"]
