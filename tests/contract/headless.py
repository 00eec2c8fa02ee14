"""A client of the headless APIs, as a shop writes one: token first, then JSON."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from integrations.oauth import scopes
from integrations.oauth.services import create_api_client
from tests.builders import Shop

HERE = "/inventory/{family}/v1/organizations/{organization}/{path}"


def token_for(organization: str) -> str:
    """Return a bearer token of a new client of the organization, with every scope."""
    issued = create_api_client(organization=organization, name="contract test", scopes=scopes.KNOWN)
    credentials = f"{issued.client.client_id}:{issued.secret}".encode()
    answer = Client().post(
        "/dwsso/oauth2/access_token",
        data="grant_type=client_credentials",
        content_type="application/x-www-form-urlencoded",
        headers={"authorization": f"Basic {base64.b64encode(credentials).decode()}"},
    )
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])


@dataclass
class Api:
    """Calls one family of the headless API for one organization."""

    shop: Shop
    family: str
    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.token = self.token or token_for(self.shop.organization.identifier)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a JSON body, or bytes as they are."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method,
            HERE.format(
                family=self.family, organization=self.shop.organization.identifier, path=path
            ),
            "" if body is None else data,
            content_type="application/json",
            headers={"authorization": f"Bearer {self.token}", **headers},
        )


def assert_problem(
    answer: Any, status: int, code: str, *, parameter: str | None = None, **more: str
) -> None:
    """Assert an error in the service's shape (spec: oci-headless 2.5)."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errorCode"] == code
    assert problem["type"] == "about:blank"
    assert 0 < len(problem["message"]) <= 256
    if parameter is not None:
        assert problem["parameterName"] == parameter
    assert {name: problem[name] for name in more} == more


def downloaded(answer: Any) -> bytes:
    """Return the file of an answer; the test client closes it when it has been read."""
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)
