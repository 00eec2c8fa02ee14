"""The gateway in front of all views."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config.middleware import correlation_id

PREFIXES = [
    "/inventory/",
    "/inventory/availability/v1/organizations/o/",
    "/dwsso/",
    "/dw/",
]


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        f"{request.path} {correlation_id.get()} {hasattr(request, 'session')}",
        content_type="application/json",
    )


def fail(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def refuse(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def host(request: HttpRequest) -> HttpResponse:
    raise DisallowedHost("elsewhere")


urlpatterns = [
    path("inventory/show", show),
    path("inventory/fail", fail),
    path("inventory/refuse", refuse),
    path("inventory/host", host),
    path("pages/show", show),
]

pytestmark = pytest.mark.urls(__name__)


def get(url: str, **headers: str) -> Any:
    return Client(raise_request_exception=False).get(url, headers=headers)


@pytest.mark.parametrize("url", ["//inventory///show", "/inventory//show", "/inventory/show"])
def test_doubled_slashes_are_one(url: str) -> None:
    # As a server hands it over: Django's client would take a leading // for a host.
    response = Client().get("/", PATH_INFO=url)
    assert response.status_code == 200
    assert response.content.startswith(b"/inventory/show ")


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 7, 8])
def test_a_uuid_of_any_version_is_the_correlation_id(version: int) -> None:
    given = f"6F1C1A52-ABCD-{version}000-8000-000000000000"
    response = get("/inventory/show", **{"correlation-id": given})
    assert response["x-correlation-id"] == given
    assert given in response.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"correlation-id": ""},
        {"correlation-id": "not-a-uuid"},
        {"correlation-id": "{6f1c1a52-abcd-4000-8000-000000000000}"},
        {"correlation-id": "6f1c1a52abcd40008000000000000000"},
        {"x-correlation-id": "6f1c1a52-abcd-4000-8000-000000000000"},
    ],
)
def test_otherwise_there_is_a_new_one(headers: dict[str, str]) -> None:
    first, second = (get("/inventory/show", **headers)["x-correlation-id"] for _ in range(2))
    assert uuid.UUID(first).version == 4
    assert first != second
    assert first not in headers.values()


def test_it_is_gone_after_the_request() -> None:
    get("/inventory/show")
    assert correlation_id.get() == ""


def test_errors_have_it_too() -> None:
    given = "6f1c1a52-abcd-4000-8000-000000000000"
    assert get("/inventory/fail", **{"correlation-id": given})["x-correlation-id"] == given
    assert get("/pages/nowhere", **{"correlation-id": given})["x-correlation-id"] == given


def test_api_calls_pass_by_what_is_for_pages() -> None:
    assert get("/inventory/show").content.endswith(b"False")
    assert get("/pages/show").content.endswith(b"True")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_unknown_address_is_a_problem(prefix: str, debug: bool) -> None:  # noqa: FBT001
    with override_settings(DEBUG=debug):
        response = get(f"{prefix}nowhere")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errorCode"] == "ResourceNotFound"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/inventory/fail", 500, "Unknown"),
        ("/inventory/refuse", 400, "InvalidRequest"),
        ("/inventory/host", 400, "InvalidRequest"),
    ],
)
def test_no_page_on_an_api_route(url: str, status: int, code: str, debug: bool) -> None:  # noqa: FBT001
    with override_settings(DEBUG=debug):
        response = get(url, accept="text/html")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errorCode"] == code
    assert b"ZeroDivisionError" not in response.content


@pytest.mark.parametrize("path_info", ["/inventory/\xff\xfe", "/inventory/\x00", "/inventory/%ff"])
def test_an_address_that_is_no_text(path_info: str) -> None:
    response = Client().get("/", PATH_INFO=path_info)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_head_tells_the_length_and_sends_nothing() -> None:
    response = Client().head("/inventory/show")
    assert response.content == b""
    assert int(response["Content-Length"]) > 0


def test_pages_keep_their_pages() -> None:
    assert get("/pages/nowhere")["Content-Type"].startswith("text/html")
