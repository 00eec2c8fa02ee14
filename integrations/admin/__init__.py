"""Access of other systems in the back office: API clients, their keys, ERP users."""

from integrations.admin import access, client_keys

__all__ = ["access", "client_keys"]
