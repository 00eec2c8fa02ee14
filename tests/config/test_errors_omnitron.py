"""The Omnitron API's table of errors: each exception to its status and shape."""

import json
from typing import Any

import psycopg.errors
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import Client, RequestFactory
from rest_framework import exceptions, serializers

from config.errors import omnitron
from config.errors.handler import exception_handler, table_for
from inventory.errors import (
    ConcurrentModification,
    EntityNotFound,
    InvalidRequest,
    InvalidRequestParameter,
)


def answered(error: Exception, path: str = "/api/i1/orders/") -> Any:
    request = RequestFactory().post(path)
    response = exception_handler(error, {"request": request, "view": None})
    assert response["Content-Type"] == "application/json"
    return response


def told(error: Exception) -> tuple[int, Any]:
    response = answered(error)
    return response.status_code, json.loads(response.content)


def from_database(kind: type[Exception], cause: Exception) -> Exception:
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/api/i1/x", True),
        ("/api/v1/x", True),
        ("/api/v2/x", False),
        ("/inventory/availability/v1/organizations/o/x", False),
    ],
)
def test_the_address_decides(path: str, is_ours: object) -> None:
    assert (table_for(path) is omnitron) is is_ours


def test_a_refusal_stands_under_its_field() -> None:
    assert told(InvalidRequestParameter("Too long.", parameter="number")) == (
        400,
        {"number": ["Too long."], "code": "invalid_request_parameter"},
    )


def test_a_refusal_of_a_nested_field_stands_where_the_field_does() -> None:
    assert told(InvalidRequestParameter("No.", parameter="order_item[1].product"))[1] == {
        "order_item": [{}, {"product": ["No."]}],
        "code": "invalid_request_parameter",
    }


def test_a_refusal_of_the_whole_stands_under_non_field_errors() -> None:
    assert told(InvalidRequest("No.")) == (
        400,
        {"non_field_errors": ["No."], "code": "invalid_request"},
    )


def test_a_field_called_code_keeps_its_name() -> None:
    assert told(InvalidRequestParameter("Taken.", parameter="code"))[1] == {"code": ["Taken."]}
    missing = exceptions.ValidationError({"code": ["This field is required."]})
    assert told(missing)[1] == {"code": ["This field is required."]}


class Row(serializers.Serializer[Any]):
    stock = serializers.IntegerField()


def test_a_serializer_s_complaints_get_their_code() -> None:
    row = Row(data={})
    row.is_valid()
    assert told(exceptions.ValidationError(row.errors)) == (
        400,
        {"stock": ["This field is required."], "code": "required"},
    )


def test_complaints_about_a_list_stay_a_list() -> None:
    rows = Row(data=[{"stock": 1}, {"stock": "x"}], many=True)
    rows.is_valid()
    assert told(exceptions.ValidationError(rows.errors))[1] == [
        {},
        {"stock": ["A valid integer is required."]},
    ]


@pytest.mark.parametrize(
    "error", [exceptions.NotAuthenticated(), exceptions.AuthenticationFailed()]
)
def test_401(error: exceptions.APIException) -> None:
    response = answered(error)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert json.loads(response.content) == {
        "detail": str(error.detail),
        "code": error.default_code,
    }


@pytest.mark.parametrize("error", [PermissionDenied(), exceptions.PermissionDenied()])
def test_403(error: Exception) -> None:
    status, body = told(error)
    assert status == 403
    assert body["code"] == "permission_denied"
    assert set(body) == {"detail", "code"}


@pytest.mark.parametrize("error", [Http404(), exceptions.NotFound(), EntityNotFound("no")])
def test_404_is_a_detail_and_nothing_else(error: Exception) -> None:
    assert told(error) == (404, {"detail": "Not found."})


def test_a_page_beyond_the_last_is_404_too() -> None:
    assert told(exceptions.NotFound("Invalid page.")) == (404, {"detail": "Invalid page."})


def test_429_says_when_to_come_back() -> None:
    response = answered(exceptions.Throttled(2.1))
    assert response.status_code == 429
    assert response["Retry-After"] == "3"
    assert json.loads(response.content)["code"] == "throttled"
    assert answered(exceptions.Throttled())["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.ParseError("no"), 400, "parse_error"),
        (RequestDataTooBig(), 413, "too_large"),
        (SuspiciousOperation(), 400, "parse_error"),
        (UnreadablePostError(), 400, "parse_error"),
        (OperationalError(), 503, "unavailable"),
        (InterfaceError(), 503, "unavailable"),
        (ConcurrentModification("busy"), 503, "try_again"),
        (
            from_database(OperationalError, psycopg.errors.LockNotAvailable()),
            503,
            "try_again",
        ),
        (RuntimeError("secret"), 500, "error"),
    ],
)
def test_anything_else_is_a_detail_with_a_code(error: Exception, status: int, code: str) -> None:
    told_status, body = told(error)
    assert told_status == status
    assert set(body) == {"detail", "code"}
    assert body["code"] == code
    assert "secret" not in body["detail"]


def test_what_only_the_database_refuses_is_a_400() -> None:
    status, body = told(DataError("no"))
    assert status == 400
    assert set(body) == {"non_field_errors", "code"}


@pytest.mark.parametrize("prefix", ["/api/i1", "/api/v1"])
@pytest.mark.parametrize("path", ["/nothing", "/nothing/", "/", "/order_items/x/create_mapping/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_an_unknown_address_is_json(prefix: str, path: str, method: str) -> None:
    response = Client().generic(method, prefix + path, headers={"accept": "text/html"})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    assert response.json() == {"detail": "Not found."}
