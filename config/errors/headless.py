"""Errors of the headless API (spec: oci-headless 2.5): codes to statuses, and their shapes.

The service answers problem+json with an `errorCode`; the gateway in front of it has shapes of its
own for 401, for a missing scope and for 429, and the impex family for every 403 and 5xx.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
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

from config.errors.rules import Rule, answer_by, is_out_of_range, log, was_undone
from inventory.api.base import MissingScope
from inventory.errors import InvalidRequest, InvalidRequestParameter, Refusal

PROBLEM = "application/problem+json"
ERRORS = "https://api.commercecloud.salesforce.com/documentation/error/v1/errors/"
IMPEX = "/inventory/impex/"
MAX_MESSAGE = 250
RETRY_SECONDS = "1"

STATUSES: Mapping[str, int] = {
    "InvalidRequest": 400,
    "InvalidRequestParameter": 400,
    "MissingParameter": 400,
    "LocationDoesNotExist": 400,
    "GroupDoesNotExist": 400,
    "LocationNotInGroup": 400,
    "EntityAlreadyExists": 400,
    "DuplicateEventId": 400,
    "InsufficientQuantity": 400,
    "NotAppliedDueToAtomicFailure": 400,
    "DuplicateGroupId": 400,
    "DuplicateLocationId": 400,
    "GroupMustNotBeEmpty": 400,
    "IllegalGroupState": 400,
    "LocationListTooLarge": 400,
    "TenantNotProvisioned": 403,
    "EntityNotFound": 404,
    "ReservationInvalidState": 409,
    "ReservationAlreadyFinalized": 409,
    "ReservationCancelled": 409,
    "ReservationOperationInProcess": 409,
    "ConcurrentModification": 409,
    "EntityExists": 409,
    "ExportInProcess": 409,
    "ImportInProgress": 409,
    "FileAlreadyReceived": 409,
    "ExpiredDeltaLink": 410,
    "ExpiredResultLink": 410,
    "ExpiredUploadLink": 410,
}
"""The status of each refusal's code; `IllegalGraph` carries the graph's."""


class Problem(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """An error answer of the service."""

    error_code: str
    message: str
    type: str  # always "about:blank"; clients expect it
    parameter_name: str | None = None
    group: str | None = None
    location: str | None = None


def answer(error: Exception, *, request: HttpRequest) -> HttpResponse:
    """Answer an exception; what nobody foresaw is logged and answered with 500."""
    return answer_by(_RULES, error, request=request, unforeseen=_unforeseen)


def problem(
    code: str,
    message: str,
    *,
    status: int,
    parameter: str | None = None,
    location: str | None = None,
    group: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Write the service's error shape."""
    if len(message) > MAX_MESSAGE:
        message = f"{message[: MAX_MESSAGE - 1]}…"
    body = Problem(
        error_code=code,
        message=message,
        type="about:blank",
        parameter_name=parameter,
        location=location,
        group=group,
    )
    return HttpResponse(
        msgspec.json.encode(body), status=status, content_type=PROBLEM, headers=headers
    )


def not_found() -> HttpResponse:
    """Answer an address that leads nowhere."""
    return problem("ResourceNotFound", "There is nothing at this address.", status=404)


def from_status(status: int) -> HttpResponse:
    """Answer for what Django answered with a page: a bad request, no such address, a failure."""
    if status == HTTPStatus.NOT_FOUND:
        return not_found()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem("Unknown", "An internal error occurred.", status=status)
    return problem("InvalidRequest", "The format of the message is incorrect", status=status)


def _gateway(kind: str, title: str, detail: str, *, status: int) -> HttpResponse:
    body = {"type": f"{ERRORS}{kind}", "title": title, "detail": detail}
    return HttpResponse(msgspec.json.encode(body), status=status, content_type=PROBLEM)


def _impex(status: HTTPStatus, request: HttpRequest) -> HttpResponse:
    now = datetime.now(UTC)  # an edge: the answer tells when it was written
    body = {
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000",
        "status": status.value,
        "error": status.phrase,
        "message": "No message available",
        "path": request.path,
        "type": "about:blank",
    }
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


def _refusal(error: Refusal, request: HttpRequest) -> HttpResponse:
    status = STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
    if status == HTTPStatus.FORBIDDEN and request.path_info.startswith(IMPEX):
        return _impex(HTTPStatus.FORBIDDEN, request)
    return problem(
        error.code,
        error.message,
        status=status,
        parameter=error.parameter,
        location=error.location,
        group=error.group,
    )


def _unauthorized(error: Exception, _request: HttpRequest) -> HttpResponse:
    detail = "The access token is missing, unknown, expired or revoked."
    response = _gateway("unauthorized", "Unauthorized", detail, status=401)
    response["WWW-Authenticate"] = (
        getattr(error, "auth_header", None) or 'Bearer realm="holdfast", error="invalid_token"'
    )
    return response


def _no_scope(error: Exception, request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(IMPEX):
        return _impex(HTTPStatus.FORBIDDEN, request)
    scope = getattr(error, "scope", None)
    detail = (
        f"The access token lacks the scope {scope}." if scope else "You are not allowed to do this."
    )
    return _gateway("forbidden", "Forbidden", detail, status=403)


def _too_many(error: Exception, _request: HttpRequest) -> HttpResponse:
    body = {
        "type": f"{ERRORS}too-many-requests",
        "title": "Too Many Requests",
        "detail": "You have performed too many requests in a short period of time.",
    }
    wait = getattr(error, "wait", None)
    return HttpResponse(
        msgspec.json.encode(body),
        status=429,
        content_type=PROBLEM,
        headers={"Retry-After": str(int(wait)) if wait else RETRY_SECONDS},
    )


def _method_not_allowed(_error: Exception, request: HttpRequest) -> HttpResponse:
    message = f"The method {request.method} is not allowed here."
    return problem("InvalidRequest", message, status=405)


def _media_type(_error: Exception, _request: HttpRequest) -> HttpResponse:
    message = "The body must be sent as application/json."
    return problem("InvalidRequest", message, status=415)


def _too_large(_error: Exception, _request: HttpRequest) -> HttpResponse:
    return problem("InvalidRequest", "The message is too large.", status=413)


def _malformed(_error: Exception, _request: HttpRequest) -> HttpResponse:
    return problem("InvalidRequest", "The format of the message is incorrect", status=400)


def _not_found(_error: Exception, _request: HttpRequest) -> HttpResponse:
    return not_found()


def _other(error: exceptions.APIException, _request: HttpRequest) -> HttpResponse:
    code = "Unknown" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "InvalidRequest"
    return problem(code, str(error.detail), status=error.status_code)


def _data(error: Exception, request: HttpRequest) -> HttpResponse:
    """Answer a value that only the database refused; the edge should have, so it is logged."""
    log.warning("%s %s: %s", request.method, request.path, error, exc_info=error)
    if is_out_of_range(error):
        return _refusal(InvalidRequestParameter("A number is out of range."), request)
    return _refusal(InvalidRequest("The format of the message is incorrect"), request)


def _database(error: Exception, request: HttpRequest) -> HttpResponse:
    if was_undone(error):
        log.warning("%s %s: %s", request.method, request.path, error)
        message = "The stock was being changed by others; nothing was applied. Try again."
        return problem("ConcurrentModification", message, status=409)
    log.error("%s %s: %s", request.method, request.path, error)
    message = "The service is not available. Repeat the call with the same ids."
    return problem("Unknown", message, status=503, headers={"Retry-After": RETRY_SECONDS})


def _unforeseen(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(IMPEX):
        return _impex(HTTPStatus.INTERNAL_SERVER_ERROR, request)
    return problem("Unknown", "An internal error occurred.", status=500)


# The first rule that fits decides; RequestDataTooBig is a SuspiciousOperation, too.
_RULES = (
    Rule(Refusal, _refusal),
    Rule((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), _unauthorized),
    Rule((MissingScope, exceptions.PermissionDenied, PermissionDenied), _no_scope),
    Rule(exceptions.Throttled, _too_many),
    Rule((Http404, exceptions.NotFound), _not_found),
    Rule(exceptions.MethodNotAllowed, _method_not_allowed),
    Rule(exceptions.UnsupportedMediaType, _media_type),
    Rule((RequestDataTooBig, TooManyFieldsSent), _too_large),
    Rule(exceptions.APIException, _other),
    Rule((SuspiciousOperation, BadRequest, UnreadablePostError), _malformed),
    Rule(DataError, _data),
    Rule((OperationalError, InterfaceError), _database),
)
