"""A client of the Omnitron API, as an ERP integration is written: a token, then JSON."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from integrations.accounts.services import create_integration_user
from tests.builders import NOON

PREFIXES = ("i1", "v1")


@dataclass
class Erp:
    """Calls the API of one prefix as a user of one organization."""

    prefix: str
    token: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a JSON body, or bytes as they are; every answer is JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        given = {"authorization": f"Token {self.token}"} if self.token else {}
        answer = self.client.generic(
            method,
            f"/api/{self.prefix}/{path}",
            "" if body is None else data,
            content_type="application/json",
            headers={**given, **headers},
        )
        assert answer["Content-Type"] == "application/json", answer.content
        answer.json()
        return answer

    def get(self, path: str, **parameters: Any) -> Any:
        """GET; parameters go into the query."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return self.call("GET", f"{path}?{query}" if query else path)

    def read(self, path: str, **parameters: Any) -> Any:
        """GET what must be there."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def rows(self, path: str, **parameters: Any) -> list[Any]:
        """GET a list; return its rows."""
        return list(self.read(path, **parameters)["results"])

    def post(self, path: str, body: Any = None) -> Any:
        """POST."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH."""
        return self.call("PATCH", path, body)

    def on(self, prefix: str) -> "Erp":
        """Return the same caller on another prefix."""
        return Erp(prefix, self.token)


def erp_of(organization: str, *, prefix: str = "i1", username: str = "erp") -> Erp:
    """Return a client with the token of a new user of the organization."""
    made = create_integration_user(organization=organization, username=username, now=NOON)
    return Erp(prefix, made.token)


def assert_refused(answer: Any, field: str, *, status: int = 400, says: str = "") -> None:
    """Assert that one field, or the whole, is refused in the shape of section 3."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) - {"code"} == {field} - {"code"}, body
    complaints = body[field]
    assert complaints
    assert says in str(complaints), complaints
    if field != "code":
        assert body["code"]
        assert isinstance(body["code"], str)
