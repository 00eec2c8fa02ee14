"""Errors of the Omnitron API (spec: omnitron 3): statuses, and one JSON shape for each kind.

A field's complaints stand under its name, those of the whole message under `non_field_errors`, and
anything else is a `detail`. Beside them stands a `code` for programs, unless a field of that name
has something to say: `create_mapping` has one. A 404 is a `detail` and nothing else.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions

from config.errors.rules import Rule, answer_by, log, was_undone
from integrations.omnitron.errors import InvalidFields
from inventory.errors import ConcurrentModification, EntityNotFound, Refusal

RETRY_SECONDS = "1"
"""Clients of this API repeat whatever is 499 or above by themselves; every write allows it."""

_NOT_FOUND = "Not found."
_MALFORMED = "The message cannot be read."
_BUSY = "The stock was being changed by others; nothing was applied. Try again."
_AWAY = "The service is not available. Repeat the call."
_STEP = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]+)\]")
_CODE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def answer(error: Exception, *, request: HttpRequest) -> HttpResponse:
    """Answer an exception; what nobody foresaw is logged and answered with 500."""
    return answer_by(_RULES, error, request=request, unforeseen=_unforeseen)


def from_status(status: int) -> HttpResponse:
    """Answer for what Django answered with a page: a bad request, no such address, a failure."""
    if status == HTTPStatus.NOT_FOUND:
        return _answer({"detail": _NOT_FOUND}, status=status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _detail("A server error occurred.", "error", status=status)
    return _detail(_MALFORMED, "parse_error", status=status)


def _answer(body: object, *, status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def _detail(
    message: str, code: str, *, status: int, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    return _answer({"detail": message, "code": code}, status=status, headers=headers)


def _refusal(error: Refusal, _request: HttpRequest) -> HttpResponse:
    code = _CODE.sub("_", error.code).lower()
    if error.parameter is None:
        return _invalid({"non_field_errors": [error.message]}, code)
    return _invalid(_at(error.parameter, [error.message]), code)


def _at(path: str, complaint: list[str]) -> dict[str, Any]:
    """Write a complaint where its field stands: `a[1].b` is `{"a": [{}, {"b": [...]}]}`."""
    written: Any = complaint
    for step in reversed(list(_STEP.finditer(path))):
        name, index = step["name"], step["index"]
        written = (
            {name: written} if name is not None else [*({} for _ in range(int(index))), written]
        )
    return written if isinstance(written, dict) else {"non_field_errors": complaint}


def _validation(error: exceptions.ValidationError, _request: HttpRequest) -> HttpResponse:
    return _invalid(error.detail, _first_code(error.get_codes()))


def _invalid(detail: Any, code: str) -> HttpResponse:
    detail = _listed(detail)
    if isinstance(detail, dict) and "code" not in detail:
        detail = {**detail, "code": code}
    return _answer(detail, status=HTTPStatus.BAD_REQUEST)


def _listed(detail: Any) -> Any:
    """Write complaints about records as lists; DRF numbers them instead, since 3.17."""
    if not isinstance(detail, dict):
        return detail
    if detail and all(isinstance(key, int) for key in detail):
        return [_listed(detail.get(index, {})) for index in range(max(detail) + 1)]
    return {name: _listed(each) for name, each in detail.items()}


def _first_code(codes: Any) -> str:
    """Return the first code of a complaint; lists of records have empty ones in between."""
    if isinstance(codes, str):
        return codes
    for each in codes.values() if isinstance(codes, dict) else codes:
        if found := _first_code(each):
            return found
    return ""


def _unauthorized(error: exceptions.APIException, _request: HttpRequest) -> HttpResponse:
    challenge = getattr(error, "auth_header", None) or "Token"
    return _detail(
        str(error.detail),
        str(error.get_codes()),
        status=HTTPStatus.UNAUTHORIZED,
        headers={"WWW-Authenticate": challenge},
    )


def _forbidden(_error: Exception, _request: HttpRequest) -> HttpResponse:
    message = exceptions.PermissionDenied.default_detail
    return _detail(str(message), "permission_denied", status=HTTPStatus.FORBIDDEN)


def _too_many(error: exceptions.Throttled, _request: HttpRequest) -> HttpResponse:
    wait = getattr(error, "wait", None)
    return _detail(
        str(error.detail),
        "throttled",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        headers={"Retry-After": str(int(wait)) if wait else RETRY_SECONDS},
    )


def _not_found(error: Exception, _request: HttpRequest) -> HttpResponse:
    # DRF's own sentence may be another: "Invalid page."
    said = getattr(error, "detail", _NOT_FOUND)
    return _answer({"detail": str(said)}, status=HTTPStatus.NOT_FOUND)


def _too_large(_error: Exception, _request: HttpRequest) -> HttpResponse:
    return _detail("The message is too large.", "too_large", status=413)


def _other(error: exceptions.APIException, _request: HttpRequest) -> HttpResponse:
    return _detail(str(error.detail), _first_code(error.get_codes()), status=error.status_code)


def _malformed(_error: Exception, _request: HttpRequest) -> HttpResponse:
    return from_status(HTTPStatus.BAD_REQUEST)


def _data(error: Exception, request: HttpRequest) -> HttpResponse:
    """Answer a value that only the database refused; the edge should have, so it is logged."""
    log.warning("%s %s: %s", request.method, request.path, error, exc_info=error)
    return _invalid({"non_field_errors": ["A value is out of range."]}, "invalid")


def _busy(error: Exception, request: HttpRequest) -> HttpResponse:
    log.warning("%s %s: %s", request.method, request.path, error)
    return _detail(_BUSY, "try_again", status=503, headers={"Retry-After": RETRY_SECONDS})


def _database(error: Exception, request: HttpRequest) -> HttpResponse:
    if was_undone(error):
        return _busy(error, request)
    log.error("%s %s: %s", request.method, request.path, error)
    return _detail(_AWAY, "unavailable", status=503, headers={"Retry-After": RETRY_SECONDS})


def _unforeseen(_request: HttpRequest) -> HttpResponse:
    return from_status(HTTPStatus.INTERNAL_SERVER_ERROR)


# The first rule that fits decides; RequestDataTooBig is a SuspiciousOperation, too.
_RULES = (
    Rule(ConcurrentModification, _busy),
    Rule(EntityNotFound, lambda _error, request: _not_found(Http404(), request)),
    Rule(InvalidFields, lambda error, _request: _invalid(error.errors, error.code)),
    Rule(Refusal, _refusal),
    Rule(exceptions.ValidationError, _validation),
    Rule((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), _unauthorized),
    Rule((exceptions.PermissionDenied, PermissionDenied), _forbidden),
    Rule(exceptions.Throttled, _too_many),
    Rule((Http404, exceptions.NotFound), _not_found),
    Rule((RequestDataTooBig, TooManyFieldsSent), _too_large),
    Rule(exceptions.APIException, _other),
    Rule((SuspiciousOperation, BadRequest, UnreadablePostError), _malformed),
    Rule(DataError, _data),
    Rule((OperationalError, InterfaceError), _database),
)
