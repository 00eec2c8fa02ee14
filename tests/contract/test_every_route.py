"""What holds for every route of the headless API; a new route is tested by being there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

from config.errors.headless import STATUSES
from config.openapi import FAMILIES, address_of
from integrations.oauth import scopes
from integrations.oauth.services import create_api_client
from inventory.api.base import Operation, OrganizationView
from inventory.models import Organization

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OURS, FOREIGN = "acme-group", "other-group"
# Guards no operation: a token that has it and nothing else may do nothing.
NO_SCOPE = scopes.ADMIN_WRITE


@dataclass(frozen=True)
class Route:
    address: str
    view: type[OrganizationView]

    def url(self, organization: str = OURS) -> str:
        url = self.address.replace("<str:organization_id>", organization)
        url = url.replace("<connect_version:version>", "v62.0")
        for part in self.address.split("/"):
            url = url.replace(part, "x1") if part.startswith("<") else url
        return f"/{url}"


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[Route]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if isinstance(view, type) and issubclass(view, OrganizationView):
                yield Route(address, view)


ROUTES = list(routes())
HANDLED = [
    (route, method) for route in ROUTES for method in METHODS if hasattr(route.view, method.lower())
]
READING = [(route, method) for route, method in HANDLED if route.view.operations[method].request]
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.address)
every_route_of_an_organization = pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if "organization_id" in route.address],
    ids=lambda route: route.address,
)
every_handler = pytest.mark.parametrize(
    ("route", "method"), HANDLED, ids=lambda value: getattr(value, "address", value)
)
every_reader = pytest.mark.parametrize(
    ("route", "method"), READING, ids=lambda value: getattr(value, "address", value)
)


@pytest.fixture
def client(db: None) -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def token(client: Client) -> Any:
    """Return a function that gets a token with the scopes from the token endpoint."""
    for identifier in (OURS, FOREIGN):
        Organization.objects.create(identifier=identifier)

    def get(*asked: str, organization: str = OURS) -> str:
        made = create_api_client(organization=organization, name="contract", scopes=asked)
        form = {
            "grant_type": "client_credentials",
            "client_id": made.client.client_id,
            "client_secret": made.secret,
        }
        return str(client.post("/dwsso/oauth2/access_token", form).json()["access_token"])

    return get


def call(client: Client, method: str, url: str, token: str | None = None) -> Any:
    headers = {"accept": "text/html"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    response = client.generic(method, url, b"{}", content_type="application/json", headers=headers)
    if response.content:
        assert response["Content-Type"] in {"application/json", "application/problem+json"}
        response.json()
    assert response["x-correlation-id"]
    return response


def declared(route: Route, method: str) -> Operation:
    return route.view.operations[method]


def is_impex(route: Route) -> bool:
    """Tell the family whose every 403 has the gateway's own shape (spec: oci-headless 2.5)."""
    return route.address.startswith("inventory/impex/")


def is_connect(route: Route) -> bool:
    """Tell the face whose addresses name no organization and whose errors are arrays."""
    return route.address.startswith("services/")


def test_there_are_routes() -> None:
    found = {route.address.split("/")[1] for route in ROUTES}
    assert found >= {"availability", "reservation", "impex", "data"}


@every_route
def test_what_is_handled_is_declared(route: Route) -> None:
    handled = {method for method in METHODS if hasattr(route.view, method.lower())}
    assert set(route.view.operations) == handled
    assert handled
    for operation in route.view.operations.values():
        assert operation.scope is None or operation.scope in scopes.KNOWN
        assert set(operation.errors) <= set(STATUSES)
        assert operation.responses
        assert operation.summary


def test_operation_ids_are_unique() -> None:
    ids = [operation.operation_id for r in ROUTES for operation in r.view.operations.values()]
    assert len(ids) == len(set(ids))


@every_route
@pytest.mark.parametrize("method", [*METHODS, "OPTIONS", "HEAD"])
def test_no_token_is_401(route: Route, method: str, client: Client) -> None:
    for given in (None, "unknown"):
        response = call(client, method, route.url(), given)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer ")


@every_route_of_an_organization
def test_a_token_of_another_organization_is_403(route: Route, client: Client, token: Any) -> None:
    foreign = token(*scopes.KNOWN, organization=FOREIGN)
    for method in METHODS:
        for organization in (OURS, "nobody"):
            response = call(client, method, route.url(organization), foreign)
            assert response.status_code == 403
            if not is_impex(route):
                assert response.json()["errorCode"] == "TenantNotProvisioned"


@every_handler
def test_a_missing_scope_is_403(route: Route, method: str, client: Client, token: Any) -> None:
    operation = declared(route, method)
    if operation.scope is None:
        assert call(client, method, route.url(), token(NO_SCOPE)).status_code < 300
        return
    enough = {operation.scope, f"{operation.scope}.rw", *operation.other_scopes}
    others = [scope for scope in scopes.KNOWN if scope not in enough]

    response = call(client, method, route.url(), token(*others))

    assert response.status_code == 403
    if is_impex(route):
        assert response.json()["error"] == "Forbidden"
        return
    if is_connect(route):
        (error,) = response.json()
        assert error["errorCode"] == "INSUFFICIENT_ACCESS"
        assert operation.scope in error["message"]
        return
    assert response.json()["type"].endswith("/errors/forbidden")
    assert operation.scope in response.json()["detail"]


@every_handler
def test_the_scope_lets_in(route: Route, method: str, client: Client, token: Any) -> None:
    operation = declared(route, method)
    for scope in (operation.scope or NO_SCOPE, *operation.other_scopes):
        given = token(scope)
        for organization in (OURS, OURS.upper()):
            response = call(client, method, route.url(organization), given)
            assert response.status_code not in {401, 403, 405}
            assert response.status_code < 500
            assert response["X-RateLimit-Limit"]


@every_reader
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff",
        b'{"a":"\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:8]),
)
def test_bodies_that_are_no_message_are_400(
    route: Route, method: str, body: bytes, client: Client, token: Any
) -> None:
    response = client.generic(
        method,
        route.url(),
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {token(declared(route, method).scope)}"},
    )
    if not body and declared(route, method).is_body_optional:
        assert response.status_code == 200, response.content
        return
    assert response.status_code == 400, response.content
    if is_connect(route):
        assert response["Content-Type"] == "application/json"
        assert [error["errorCode"] for error in response.json()] == ["JSON_PARSER_ERROR"]
        return
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errorCode"] in {"InvalidRequest", "InvalidRequestParameter"}


@every_route
def test_other_methods_are_405(route: Route, client: Client, token: Any) -> None:
    given = token(*scopes.KNOWN)
    for method in [*METHODS, "TRACE", "PURGE"]:
        if method not in route.view.operations:
            response = call(client, method, route.url(), given)
            assert response.status_code == 405
            assert "OPTIONS" in response["Allow"]


@every_route
def test_doubled_slashes_are_tolerated(route: Route, client: Client) -> None:
    doubled = route.url().replace("/", "//")[1:]
    assert call(client, "POST", doubled).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "address",
    [
        "/inventory",
        "/inventory/nowhere",
        "/inventory/availability",
        "/inventory/availability/v1/organizations/acme-group/nowhere",
        "//inventory",
        "/dwsso",
        "/dwsso/oauth2",
        "/dw",
        "/dw/oauth2/nowhere/",
        "/services",
        "/services/data/v60.0/nowhere",
        "/api",
        "/api/",
        "/api/nowhere",
        "/api/i1",
        "/api/i1/nowhere",
        "/api/v1",
        "/api/v1/nowhere/",
        "/api/schema",
        "/api/schema/nowhere/",
        "/api/docs/nowhere",
    ],
)
def test_an_address_that_leads_nowhere_is_json(method: str, address: str, client: Client) -> None:
    response = client.generic(method, "/", PATH_INFO=address, headers={"accept": "text/html"})
    assert response.status_code == 404
    assert response["Content-Type"] in {"application/json", "application/problem+json"}
    response.json()


def test_addresses_of_pages_keep_their_pages(client: Client) -> None:
    assert client.get("/api/docs/")["Content-Type"].startswith("text/html")
    for address in ("/inventoryx", "/apix", "/nowhere"):
        response = client.get(address)
        assert response.status_code == 404
        assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_document_tells_of_every_operation(family: str) -> None:
    response = Client().get(f"/api/schema/{family}/")
    assert response.status_code == 200
    document = response.json()
    validate_schema(document)
    told = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert told == {
        operation.operation_id
        for route in ROUTES
        if f"/{route.address}".startswith(address_of(family))
        for operation in route.view.operations.values()
    }


def test_the_page_to_try_it_needs_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    script = client.get("/api/docs/?script=").content.decode()
    assert '<script src="/api/docs/?script="></script>' in text
    for said in (text, script):
        assert "http://" not in said
        assert "https://" not in said
    for family in FAMILIES:
        assert f"/api/schema/{family}/" in script
    links = [part.split('"')[0] for part in text.split('="/static/')[1:]]
    assert len(links) == 5
    for link in links:
        served = client.get(f"/static/{link}")
        assert served.status_code == 200
        assert b"".join(served.streaming_content)
        served.close()
