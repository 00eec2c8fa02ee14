"""Keys of API clients, and what a signed assertion gives."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from integrations.accounts.models import IntegrationUser
from integrations.connect.assertions import (
    PublicKey,
    check_claims,
    issuer_of,
    read_public_key,
    verified,
)
from integrations.connect.errors import InvalidAssertion, KeyIsRegistered, UnknownClientKey
from integrations.connect.models import ClientKey, SeenAssertion
from integrations.oauth.errors import UnknownApiClient
from integrations.oauth.models import ApiClient
from inventory.services.retention import drop


@dataclass(frozen=True, slots=True)
class Vouched:
    """For whom an assertion has vouched."""

    client: ApiClient
    user: IntegrationUser


def add_client_key(*, client_id: str, pem: str, now: datetime) -> ClientKey:
    """Register a public key (PEM, certificate, JWK): its owner may sign in the client's name.

    Raises UnknownApiClient, InvalidPublicKey, KeyIsRegistered.
    """
    key = read_public_key(pem)
    client = ApiClient.objects.filter(client_id=client_id).first()
    if client is None:
        raise UnknownApiClient(client_id)
    try:
        with transaction.atomic():
            return ClientKey.objects.create(
                client=client,
                algorithm=key.algorithm,
                pem=key.pem,
                fingerprint=key.fingerprint,
                created_at=now,
            )
    except IntegrityError as error:
        raise KeyIsRegistered(key.fingerprint) from error


def remove_client_key(*, client_id: str, fingerprint: str) -> None:
    """Take a key away by its fingerprint; tokens it gave live on. Raises UnknownClientKey."""
    keys = ClientKey.objects.filter(client__client_id=client_id, fingerprint=fingerprint.lower())
    if not keys.delete()[0]:
        raise UnknownClientKey(fingerprint)


def redeem_assertion(*, assertion: str, audiences: Collection[str], now: datetime) -> Vouched:
    """Return for whom a signed assertion vouches, and remember its `jti`; InvalidAssertion.

    An unknown client, a revoked one, and a signature by another key are told apart to nobody.
    """
    client_id = issuer_of(assertion)
    client = (
        ApiClient.objects.select_related("organization")
        .filter(client_id=client_id, is_active=True)
        .first()
    )
    if client is None:
        raise InvalidAssertion
    keys = ClientKey.objects.filter(client=client).values_list("algorithm", "pem", "fingerprint")
    claims = verified(assertion, [PublicKey(*key) for key in keys])
    check_claims(claims, audiences=audiences, now=now)
    user = IntegrationUser.objects.filter(
        username=claims.subject, organization=client.organization, is_active=True
    ).first()
    if user is None:
        raise InvalidAssertion("The claim sub names no user of the client's organization.")
    if claims.token_id is not None:
        _use_up(client, claims.token_id, until=claims.expires_at)
    return Vouched(client, user)


def _use_up(client: ApiClient, token_id: str, *, until: datetime) -> None:
    """Remember the id; of two requests with one id, one is refused."""
    checksum = sha256(token_id.encode()).hexdigest()
    try:
        with transaction.atomic():
            SeenAssertion.objects.create(client=client, checksum=checksum, expires_at=until)
    except IntegrityError as error:
        raise InvalidAssertion("The assertion has been used before (jti).") from error


def forget_assertions(*, now: datetime) -> int:
    """Delete assertions that are over by themselves; how many. Safe to run twice at once."""
    return drop(SeenAssertion.objects.filter(expires_at__lte=now).order_by("pk"))
