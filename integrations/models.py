"""Tables of the integrations app."""

from integrations.accounts.models import IntegrationToken, IntegrationUser
from integrations.oauth.models import ApiClient

__all__ = ["ApiClient", "IntegrationToken", "IntegrationUser"]
