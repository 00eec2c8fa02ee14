"""The table of errors: each exception to its status and shape."""

import json
from typing import Any

import psycopg.errors
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import RequestFactory
from rest_framework import exceptions

import inventory.errors
from config.errors import headless
from config.errors.handler import exception_handler
from inventory.api.base import MissingScope
from inventory.errors import (
    DuplicateEventId,
    GroupDoesNotExist,
    IllegalGraph,
    InsufficientQuantity,
    InvalidRequestParameter,
    LocationDoesNotExist,
    Refusal,
    TenantNotProvisioned,
)

AVAILABILITY = "/inventory/availability/v1/organizations/o/x"
IMPEX = "/inventory/impex/v1/organizations/o/x"
GRAPH_CODES = {
    "DuplicateGroupId",
    "DuplicateLocationId",
    "GroupMustNotBeEmpty",
    "IllegalGroupState",
    "LocationListTooLarge",
}


def answered(error: Exception, path: str = AVAILABILITY) -> Any:
    request = RequestFactory().post(path)
    response = exception_handler(error, {"request": request, "view": None})
    assert response["Content-Type"] in {"application/problem+json", "application/json"}
    return response


def body(error: Exception, path: str = AVAILABILITY) -> Any:
    return json.loads(answered(error, path).content)


def from_database(kind: type[Exception], cause: Exception) -> Exception:
    error = kind(str(cause))
    error.__cause__ = cause
    return error


def test_every_refusal_has_its_line_in_the_table() -> None:
    codes = {
        kind.code
        for kind in vars(inventory.errors).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and hasattr(kind, "code")
    }
    assert codes | GRAPH_CODES | {"EntityExists"} == set(headless.STATUSES)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InvalidRequest", 400),
        ("LocationNotInGroup", 400),
        ("InsufficientQuantity", 400),
        ("DuplicateEventId", 400),
        ("EntityAlreadyExists", 400),
        ("EntityNotFound", 404),
        ("ReservationInvalidState", 409),
        ("ReservationCancelled", 409),
        ("ConcurrentModification", 409),
        ("ExpiredDeltaLink", 410),
        ("TenantNotProvisioned", 403),
    ],
)
def test_statuses(code: str, status: int) -> None:
    assert headless.STATUSES[code] == status


def test_a_refusal_carries_what_it_is_about() -> None:
    unknown = LocationDoesNotExist("No location exists with ID 'w5'", location="w5")
    assert body(unknown) == {
        "errorCode": "LocationDoesNotExist",
        "message": "No location exists with ID 'w5'",
        "type": "about:blank",
        "location": "w5",
    }
    assert body(GroupDoesNotExist("No group exists with ID", group="g"))["group"] == "g"
    assert body(InvalidRequestParameter("no", parameter="a[0].b"))["parameterName"] == "a[0].b"
    assert body(InsufficientQuantity(available=1))["parameterName"] == "quantity"
    assert answered(IllegalGraph("no", code="GroupMustNotBeEmpty")).status_code == 400


def test_messages_have_a_limit() -> None:
    message = body(DuplicateEventId("x" * 1_000))["message"]
    assert len(message) == 250
    assert message.endswith("x…")


def test_codes_have_a_limit() -> None:
    assert max(map(len, headless.STATUSES)) <= 32


@pytest.mark.parametrize(
    "error", [exceptions.NotAuthenticated(), exceptions.AuthenticationFailed()]
)
def test_401(error: Exception) -> None:
    response = answered(error)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]
    assert json.loads(response.content)["type"].endswith("/errors/unauthorized")


@pytest.mark.parametrize(
    "error", [MissingScope("s"), PermissionDenied(), exceptions.PermissionDenied()]
)
def test_403_of_the_gateway(error: Exception) -> None:
    response = answered(error)
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert set(json.loads(response.content)) == {"type", "title", "detail"}


@pytest.mark.parametrize("error", [TenantNotProvisioned("no"), MissingScope("s")])
def test_403_of_impex(error: Exception) -> None:
    response = answered(error, IMPEX)
    assert response.status_code == 403
    assert response["Content-Type"] == "application/json"
    said = json.loads(response.content)
    assert len(said.pop("timestamp")) == len("2020-07-06T18:10:45.927+0000")
    assert said == {
        "status": 403,
        "error": "Forbidden",
        "message": "No message available",
        "path": IMPEX,
        "type": "about:blank",
    }


def test_429() -> None:
    response = answered(exceptions.Throttled(2.1))
    assert response.status_code == 429
    assert response["Retry-After"] == "3"
    assert answered(exceptions.Throttled())["Retry-After"] == "1"
    assert set(json.loads(response.content)) == {"type", "title", "detail"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "ResourceNotFound"),
        (exceptions.NotFound(), 404, "ResourceNotFound"),
        (exceptions.MethodNotAllowed("GET"), 405, "InvalidRequest"),
        (exceptions.NotAcceptable(), 406, "InvalidRequest"),
        (RequestDataTooBig(), 413, "InvalidRequest"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "InvalidRequest"),
        (SuspiciousOperation(), 400, "InvalidRequest"),
        (UnreadablePostError(), 400, "InvalidRequest"),
        (exceptions.ParseError(), 400, "InvalidRequest"),
        (exceptions.APIException(), 500, "Unknown"),
    ],
)
def test_the_frameworks_errors(error: Exception, status: int, code: str) -> None:
    response = answered(error)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["errorCode"] == code


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (psycopg.errors.NumericValueOutOfRange("integer out of range"), "InvalidRequestParameter"),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL"), "InvalidRequest"),
    ],
)
def test_a_value_that_only_the_database_refuses(
    cause: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = answered(from_database(DataError, cause))
    assert response.status_code == 400
    assert json.loads(response.content)["errorCode"] == code
    assert str(cause) not in response.content.decode()
    assert str(cause) in caplog.text


@pytest.mark.parametrize(
    "cause",
    [
        psycopg.errors.DeadlockDetected("deadlock detected"),
        psycopg.errors.SerializationFailure("could not serialize"),
        psycopg.errors.LockNotAvailable("lock timeout"),
    ],
)
def test_what_the_database_has_undone_may_be_tried_again(cause: Exception) -> None:
    response = answered(from_database(OperationalError, cause))
    assert response.status_code == 409
    assert json.loads(response.content)["errorCode"] == "ConcurrentModification"


@pytest.mark.parametrize(
    "error",
    [
        from_database(OperationalError, psycopg.OperationalError("connection refused")),
        from_database(OperationalError, psycopg.errors.AdminShutdown("terminating connection")),
        InterfaceError("connection already closed"),
    ],
)
def test_a_database_that_is_away_is_503(error: Exception) -> None:
    response = answered(error)
    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert response["Content-Type"] == "application/problem+json"
    assert str(error) not in response.content.decode()


def test_what_nobody_foresaw_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    response = answered(ZeroDivisionError("secret"))
    assert response.status_code == 500
    assert json.loads(response.content) == {
        "errorCode": "Unknown",
        "message": "An internal error occurred.",
        "type": "about:blank",
    }
    assert "ZeroDivisionError: secret" in caplog.text
    assert body(ZeroDivisionError(), IMPEX)["error"] == "Internal Server Error"
