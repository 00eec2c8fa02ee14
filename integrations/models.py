"""Tables of the integrations app."""

from integrations.accounts.models import IntegrationToken, IntegrationUser
from integrations.connect.models import ClientKey, SeenAssertion
from integrations.oauth.models import ApiClient

__all__ = ["ApiClient", "ClientKey", "IntegrationToken", "IntegrationUser", "SeenAssertion"]
