"""What a view gets from its base: admission, the body, the answer."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
import pytest
import time_machine
from django.test import Client, override_settings
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from integrations.oauth.grants import Access
from inventory.api.base import Answer, Operation, OrganizationView

URL = "/inventory/test/v1/organizations/{}/echo"
SCOPE = "sfcc.inventory.availability"


class Tokens(BaseAuthentication):
    """`Bearer <organization> <scopes>` is a token of that organization."""

    def authenticate(self, request: Request) -> tuple[object, Access] | None:
        parts = request.META.get("HTTP_AUTHORIZATION", "").split()[1:]
        if not parts:
            return None
        if parts == ["bad"]:
            raise AuthenticationFailed
        organization, *scopes = parts
        return object(), Access(7, organization, frozenset(scopes), "shop-1")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="test"'


class Echo(msgspec.Struct):
    text: str


class Echoed(msgspec.Struct, rename="camel", omit_defaults=True):
    text: str
    organization_id: int
    actor: str
    correlation_id: str
    now: datetime
    number: Decimal | int
    note: str | None = None


def operation(**changes: Any) -> Operation:
    declared = {
        "operation_id": "echo",
        "summary": "Say it again",
        "scope": SCOPE,
        "request": Echo,
        "responses": {200: Echoed},
    }
    return Operation(**(declared | changes))


class EchoView(OrganizationView):
    authentication_classes = (Tokens,)
    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": operation(),
        "GET": operation(request=None, scope=None),
        "DELETE": operation(request=None, responses={204: None}),
    }

    def post(self) -> Echoed:
        body = self.read(Echo)
        return Echoed(
            text=body.text,
            organization_id=self.organization_id,
            actor=self.origin.actor,
            correlation_id=self.origin.correlation_id,
            now=self.now,
            number=Decimal("1.50"),
        )

    def get(self) -> Answer:
        return Answer({"later": True}, status=202, headers={"Location": "/there"})

    def delete(self) -> None:
        return None

    def put(self) -> None:
        raise AssertionError("declared nowhere: must not be reached")


class WrongBodyView(OrganizationView):
    authentication_classes = (Tokens,)
    operations: ClassVar[Mapping[str, Operation]] = {"POST": operation()}

    def post(self) -> None:
        self.read(Echoed)


HERE = "inventory/test/v1/organizations/<str:organization_id>/"
urlpatterns = [
    path(f"{HERE}echo", EchoView.as_view()),
    path(f"{HERE}wrong", WrongBodyView.as_view()),
]

pytestmark = pytest.mark.urls(__name__)


def call(
    method: str = "POST",
    body: Any = None,
    *,
    organization: str = "Acme",
    token: str | None = f"acme {SCOPE}",
    content_type: str = "application/json",
    url: str = URL,
    **headers: str,
) -> Any:
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().generic(
        method, url.format(organization), data, content_type=content_type, headers=headers
    )


HELLO = {"text": "hello"}


@time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False)
def test_a_handler_reads_and_answers() -> None:
    trace = "6f1c1a52-0000-1000-8000-000000000000"

    response = call(body=HELLO, **{"correlation-id": trace})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["x-correlation-id"] == trace
    assert json.loads(response.content, parse_float=Decimal) == {
        "text": "hello",
        "organizationId": 7,
        "actor": "client:shop-1",
        "correlationId": trace,
        "now": "2026-03-01T12:00:00Z",
        "number": Decimal("1.50"),
    }


def test_nothing_to_say_is_204() -> None:
    response = call("DELETE")
    assert (response.status_code, response.content) == (204, b"")


def test_an_answer_has_its_own_status_and_headers() -> None:
    response = call("GET", token="acme")
    assert response.status_code == 202
    assert response["Location"] == "/there"
    assert response.json() == {"later": True}


@pytest.mark.parametrize("token", [None, "", "bad"])
def test_no_good_token_is_401(token: str | None) -> None:
    response = call(body=HELLO, token=token)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="test"'
    assert set(response.json()) == {"type", "title", "detail"}
    assert response.json()["type"].endswith("/errors/unauthorized")


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"])
def test_a_token_of_another_organization_is_403_whatever_it_asks(method: str) -> None:
    response = call(method, HELLO, token=f"other {SCOPE}")
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    if method != "HEAD":
        assert response.json() == {
            "errorCode": "TenantNotProvisioned",
            "message": "The client is not correctly configured to access the system.",
            "type": "about:blank",
        }


def test_a_missing_scope_is_403_in_the_gateways_shape() -> None:
    response = call(body=HELLO, token="acme sfcc.inventory.reservations.rw")
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"].endswith("/errors/forbidden")
    assert SCOPE in response.json()["detail"]


def test_a_handler_without_declaration_is_closed() -> None:
    assert call("PUT", HELLO).status_code == 403


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND", "DISPATCH", "READ", "_ADMIT"])
def test_other_methods_are_405(method: str) -> None:
    response = call(method, HELLO)
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errorCode"] == "InvalidRequest"


def test_405_and_options_tell_what_is_allowed() -> None:
    allowed = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
    assert set(call("PATCH", HELLO)["Allow"].split(", ")) == allowed
    response = call("OPTIONS")
    assert (response.status_code, response.content) == (204, b"")
    assert set(response["Allow"].split(", ")) == allowed


def test_head_is_get_without_a_body() -> None:
    response = call("HEAD", token="acme")
    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=0"])
def test_json_whatever_is_accepted(accept: str) -> None:
    assert call(body=HELLO, accept=accept)["Content-Type"] == "application/json"
    assert "json" in call(body=HELLO, accept=accept, token=None)["Content-Type"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        "application/merge-patch+json",
        "",
    ],
)
def test_bodies_are_json(content_type: str) -> None:
    assert call(body=HELLO, content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
def test_bodies_of_another_type_are_415(content_type: str) -> None:
    response = call(body=HELLO, content_type=content_type)
    assert response.status_code == 415
    assert response["Content-Type"] == "application/problem+json"


def test_compressed_bodies_are_415() -> None:
    assert call(body=b"\x1f\x8b", **{"content-encoding": "gzip"}).status_code == 415
    assert call(body=HELLO, **{"content-encoding": "identity"}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]"])
def test_bodies_that_are_no_message(body: bytes) -> None:
    response = call(body=body)
    assert response.status_code == 400
    assert response.json()["errorCode"] == "InvalidRequest"
    assert response.json()["message"] == "The format of the message is incorrect"


def test_a_missing_field() -> None:
    response = call(body={})
    assert response.status_code == 400
    assert response.json() == {
        "errorCode": "MissingParameter",
        "message": "The field 'text' is missing from the request body.",
        "type": "about:blank",
        "parameterName": "text",
    }


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_a_body_that_is_too_large_is_413() -> None:
    response = call(body={"text": "x" * 100})
    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"


def test_reading_another_body_than_declared_is_a_bug() -> None:
    response = call(body=HELLO, url=URL.replace("echo", "wrong"))
    assert response.status_code == 500
    assert response.json()["errorCode"] == "Unknown"


@override_settings(OCI_RATE_LIMIT_PER_MINUTE=2)
def test_the_rate_limit_shows_on_every_answer_and_ends_in_429() -> None:
    token = f"throttled {SCOPE}"

    def answer() -> Any:
        return call(body=HELLO, organization="throttled", token=token)

    first, second, third = answer(), answer(), answer()

    assert first["X-RateLimit-Limit"] == "2"
    assert [first["X-RateLimit-Remaining"], second["X-RateLimit-Remaining"]] == ["1", "0"]
    assert third.status_code == 429
    assert third["Content-Type"] == "application/problem+json"
    assert 1 <= int(third["Retry-After"]) <= 60
    assert third.json()["title"] == "Too Many Requests"
    assert third.json()["type"].endswith("/errors/too-many-requests")
