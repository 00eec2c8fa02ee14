"""What the client commands print."""

from django.conf import settings
from django.urls import reverse

from integrations.oauth.services import IssuedSecret


def issued(made: IssuedSecret) -> dict[str, str]:
    """A client with its new secret, and where to take it."""
    return {
        "client_id": made.client.client_id,
        "client_secret": made.secret,
        "organization": made.client.organization.identifier,
        "token_url": settings.PUBLIC_URL + reverse("token"),
    }
