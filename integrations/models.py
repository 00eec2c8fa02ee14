"""Tables of the integrations app."""

from integrations.oauth.models import ApiClient

__all__ = ["ApiClient"]
