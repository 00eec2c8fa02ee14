"""Making, renewing and revoking API clients; dropping tokens that are over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken

from integrations.oauth import scopes as known
from integrations.oauth.errors import ApiClientRevoked, UnknownApiClient, UnknownOrganization
from integrations.oauth.models import ApiClient
from inventory.models import Organization
from inventory.services.retention import drop


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A client and its new secret, which cannot be had again."""

    client: ApiClient
    secret: str


def create_api_client(
    *, organization: str, name: str, scopes: Iterable[str] = known.PUBLISHED
) -> IssuedSecret:
    """Make a client of the organization with this id; scopes in either spelling."""
    owner = Organization.objects.filter(identifier__iexact=organization).first()
    if owner is None:
        raise UnknownOrganization(organization)
    secret = generate_client_secret()
    client = ApiClient.objects.create(
        organization=owner,
        name=name,
        scopes=known.canonical_list(scopes),
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
    )
    return IssuedSecret(client, secret)


def change_api_client(*, client_id: str, name: str, scopes: Iterable[str]) -> ApiClient:
    """Rename a client and set its scopes; one taken away leaves its tokens too, within seconds."""
    with transaction.atomic():  # not durable: the admin saves its forms inside a transaction
        client = _lock(client_id)
        client.name = name
        client.scopes = known.canonical_list(scopes)
        client.save(update_fields=["name", "scopes", "updated"])
    return client


def rotate_api_client(*, client_id: str) -> IssuedSecret:
    """Give the client a new secret; the old one and all tokens stop working within seconds."""
    secret = generate_client_secret()
    with transaction.atomic(durable=True):
        client = _lock(client_id)
        if not client.is_active:
            raise ApiClientRevoked(client_id)
        client.client_secret = secret
        client.save(update_fields=["client_secret", "updated"])
        AccessToken.objects.filter(application=client).delete()
    return IssuedSecret(client, secret)


def revoke_api_client(*, client_id: str) -> ApiClient:
    """Shut the client out for good, its tokens within seconds. Repeating is harmless."""
    with transaction.atomic(durable=True):
        client = _lock(client_id)
        client.is_active = False
        client.save(update_fields=["is_active", "updated"])
        AccessToken.objects.filter(application=client).delete()
    return client


def drop_expired_tokens(*, now: datetime) -> int:
    """Delete tokens that were over at `now`, in batches; how many. Safe to run twice at once."""
    return drop(AccessToken.objects.filter(expires__lte=now).order_by("pk"))


def _lock(client_id: str) -> ApiClient:
    """The client, held until the transaction ends: no token is issued to it meanwhile."""
    client: ApiClient | None = (
        ApiClient.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization")
        .filter(client_id=client_id)
        .first()
    )
    if client is None:
        raise UnknownApiClient(client_id)
    return client
