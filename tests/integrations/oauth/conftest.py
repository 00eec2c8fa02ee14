"""A tenant, its client, and a clock that only moves when told."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from integrations.oauth import services
from integrations.oauth.services import IssuedSecret
from inventory.models import Organization

TOKEN_URL = "/dwsso/oauth2/access_token"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def organization(db: None) -> Organization:
    """The tenant of most tests."""
    return Organization.objects.create(identifier="acme-group", tenant_alias="zzxy_prd")


@pytest.fixture
def made(organization: Organization) -> IssuedSecret:
    """A client that may read stock and write reservations, with its secret."""
    return services.create_api_client(
        organization="acme-group",
        name="shop",
        scopes=["sfcc.inventory.availability", "sfcc.inventory.reservations.rw"],
    )


@dataclass
class Clock:
    """Seconds, told by the test."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at an arbitrary moment."""
    return Clock()


def basic(client_id: str, secret: str) -> str:
    """The header of a client that uses HTTP Basic."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.fixture
def ask(made: IssuedSecret, client: Client) -> Callable[..., Any]:
    """Ask for a token as the client, by form body."""

    def _ask(url: str = TOKEN_URL, **fields: str) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": made.client.client_id,
            "client_secret": made.secret,
            **fields,
        }
        return client.post(url, form)

    return _ask
