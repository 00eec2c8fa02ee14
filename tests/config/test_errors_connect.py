"""The Connect face's table of errors: each exception to its status, code and array."""

import json
from typing import Any

import psycopg.errors
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import RequestFactory
from rest_framework import exceptions

from config.errors.handler import exception_handler, table_for
from inventory.api.base import MissingScope
from inventory.errors import ConcurrentModification, EntityNotFound, InvalidRequest

PATH = "/services/data/v62.0/x"


def answered(error: Exception) -> Any:
    request = RequestFactory().post(PATH)
    response = exception_handler(error, {"request": request, "view": None})
    assert response["Content-Type"] == "application/json"
    return response


def from_database(kind: type[Exception], cause: Exception) -> Exception:
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest("no"), 400, "InvalidRequest"),
        (EntityNotFound("no"), 404, "EntityNotFound"),
        (ConcurrentModification("no"), 409, "ConcurrentModification"),
        (exceptions.NotAuthenticated(), 401, "INVALID_SESSION_ID"),
        (exceptions.AuthenticationFailed(), 401, "INVALID_SESSION_ID"),
        (MissingScope("sfcc.x"), 403, "INSUFFICIENT_ACCESS"),
        (MissingScope(None), 403, "INSUFFICIENT_ACCESS"),
        (PermissionDenied(), 403, "INSUFFICIENT_ACCESS"),
        (Http404(), 404, "NOT_FOUND"),
        (exceptions.MethodNotAllowed("PUT"), 405, "METHOD_NOT_ALLOWED"),
        (exceptions.NotAcceptable(), 406, "NOT_ACCEPTABLE"),
        (RequestDataTooBig(), 413, "REQUEST_TOO_LARGE"),
        (exceptions.UnsupportedMediaType("x"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (exceptions.Throttled(wait=7), 429, "REQUEST_LIMIT_EXCEEDED"),
        (exceptions.APIException(), 500, "UNKNOWN_EXCEPTION"),
        (SuspiciousOperation(), 400, "JSON_PARSER_ERROR"),
        (UnreadablePostError(), 400, "JSON_PARSER_ERROR"),
        (
            from_database(DataError, psycopg.errors.NumericValueOutOfRange()),
            400,
            "InvalidRequestParameter",
        ),
        (from_database(DataError, psycopg.errors.UntranslatableCharacter()), 400,
         "JSON_PARSER_ERROR"),
        (from_database(OperationalError, psycopg.errors.DeadlockDetected()), 409,
         "ConcurrentModification"),
        (from_database(OperationalError, psycopg.errors.AdminShutdown()), 503,
         "SERVER_UNAVAILABLE"),
        (InterfaceError(), 503, "SERVER_UNAVAILABLE"),
        (ZeroDivisionError(), 500, "UNKNOWN_EXCEPTION"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)  # fmt: skip
def test_the_table(error: Exception, status: int, code: str) -> None:
    response = answered(error)

    (told,) = json.loads(response.content)
    assert (response.status_code, told["errorCode"]) == (status, code)
    assert set(told) == {"errorCode", "message"}
    assert told["message"]


def test_headers_beside_it() -> None:
    assert answered(exceptions.Throttled(wait=7))["Retry-After"] == "7"
    assert answered(InterfaceError())["Retry-After"] == "1"
    assert answered(exceptions.NotAuthenticated())["WWW-Authenticate"].startswith("Bearer ")


def test_messages_are_short_and_tell_nothing_of_the_inside() -> None:
    (long,) = json.loads(answered(InvalidRequest("x" * 1_000)).content)
    (inside,) = json.loads(answered(RuntimeError("the secret")).content)

    assert len(long["message"]) == 250
    assert "secret" not in inside["message"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 502])
def test_pages_of_django_become_arrays(status: int) -> None:
    response = table_for(PATH).from_status(status)

    assert response.status_code == status
    assert json.loads(response.content)[0]["errorCode"]
