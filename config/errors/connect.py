"""Errors of the Connect face (spec: oci-connect 1 and 10): a JSON array of code and message.

Business codes are the headless API's; what Salesforce's platform says by itself has its codes.
"""

from collections.abc import Mapping
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

from config.errors.headless import MAX_MESSAGE, RETRY_SECONDS, STATUSES
from config.errors.rules import Rule, answer_by, is_out_of_range, log, was_undone
from integrations.connect.api.encoding import encode, wants_entities
from inventory.api.base import MissingScope
from inventory.errors import Refusal


class ErrorOut(msgspec.Struct, rename="camel"):
    """One error of a whole request."""

    message: str
    error_code: str


def answer(error: Exception, *, request: HttpRequest) -> HttpResponse:
    """Answer an exception; what nobody foresaw is logged and answered with 500."""
    return answer_by(_RULES, error, request=request, unforeseen=_unforeseen)


def from_status(status: int) -> HttpResponse:
    """Answer for what Django answered with a page."""
    code, message = _PAGES.get(status, ("UNKNOWN_EXCEPTION", "An internal error occurred."))
    return _written(status, code, message, entities=True)


_PAGES: Mapping[int, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("JSON_PARSER_ERROR", "The format of the message is incorrect"),
    HTTPStatus.FORBIDDEN: ("INSUFFICIENT_ACCESS", "You are not allowed to do this."),
    HTTPStatus.NOT_FOUND: ("NOT_FOUND", "The requested resource does not exist"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("METHOD_NOT_ALLOWED", "The method is not allowed here."),
}


def _errors(
    request: HttpRequest, status: int, code: str, message: str, **headers: str
) -> HttpResponse:
    response = _written(status, code, message, entities=wants_entities(request))
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def _written(status: int, code: str, message: str, *, entities: bool) -> HttpResponse:
    if len(message) > MAX_MESSAGE:
        message = f"{message[: MAX_MESSAGE - 1]}…"
    body = encode([ErrorOut(message, code)], entities=entities)
    return HttpResponse(body, status=status, content_type="application/json")


def _refusal(error: Refusal, request: HttpRequest) -> HttpResponse:
    status = STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
    return _errors(request, status, error.code, error.message)


def _no_session(error: Exception, request: HttpRequest) -> HttpResponse:
    challenge = getattr(error, "auth_header", None) or 'Bearer realm="holdfast"'
    message = "Session expired or invalid"
    return _errors(request, 401, "INVALID_SESSION_ID", message, WWW_Authenticate=challenge)


def _no_scope(error: Exception, request: HttpRequest) -> HttpResponse:
    scope = getattr(error, "scope", None)
    message = f"The access token lacks the scope {scope}." if scope else "You may not do this."
    return _errors(request, 403, "INSUFFICIENT_ACCESS", message)


def _too_many(error: Exception, request: HttpRequest) -> HttpResponse:
    wait = getattr(error, "wait", None)
    retry = str(int(wait)) if wait else RETRY_SECONDS
    message = "The organization's request limit is exceeded."
    return _errors(request, 429, "REQUEST_LIMIT_EXCEEDED", message, Retry_After=retry)


def _method_not_allowed(_error: Exception, request: HttpRequest) -> HttpResponse:
    message = f"HTTP Method '{request.method}' not allowed."
    return _errors(request, 405, "METHOD_NOT_ALLOWED", message)


def _not_acceptable(_error: Exception, request: HttpRequest) -> HttpResponse:
    return _errors(request, 406, "NOT_ACCEPTABLE", "Answers are written in JSON only.")


def _media_type(_error: Exception, request: HttpRequest) -> HttpResponse:
    message = "The body's type is not supported; JSON is sent as application/json."
    return _errors(request, 415, "UNSUPPORTED_MEDIA_TYPE", message)


def _too_large(_error: Exception, request: HttpRequest) -> HttpResponse:
    return _errors(request, 413, "REQUEST_TOO_LARGE", "The message is too large.")


def _malformed(_error: Exception, request: HttpRequest) -> HttpResponse:
    return _errors(request, 400, *_PAGES[HTTPStatus.BAD_REQUEST])


def _not_found(_error: Exception, request: HttpRequest) -> HttpResponse:
    return _errors(request, 404, *_PAGES[HTTPStatus.NOT_FOUND])


def _other(error: exceptions.APIException, request: HttpRequest) -> HttpResponse:
    is_ours = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = "UNKNOWN_EXCEPTION" if is_ours else "InvalidRequest"
    return _errors(request, error.status_code, code, str(error.detail))


def _data(error: Exception, request: HttpRequest) -> HttpResponse:
    """Answer a value that only the database refused; the edge should have, so it is logged."""
    log.warning("%s %s: %s", request.method, request.path, error, exc_info=error)
    if is_out_of_range(error):
        return _errors(request, 400, "InvalidRequestParameter", "A number is out of range.")
    return _malformed(error, request)


def _database(error: Exception, request: HttpRequest) -> HttpResponse:
    if was_undone(error):
        log.warning("%s %s: %s", request.method, request.path, error)
        message = "The stock was being changed by others; nothing was applied. Try again."
        return _errors(request, 409, "ConcurrentModification", message)
    log.error("%s %s: %s", request.method, request.path, error)
    message = "The service is not available. Repeat the call with the same ids."
    return _errors(request, 503, "SERVER_UNAVAILABLE", message, Retry_After=RETRY_SECONDS)


def _unforeseen(request: HttpRequest) -> HttpResponse:
    return _errors(request, 500, "UNKNOWN_EXCEPTION", "An internal error occurred.")


# The first rule that fits decides; RequestDataTooBig is a SuspiciousOperation, too.
_RULES = (
    Rule(Refusal, _refusal),
    Rule((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), _no_session),
    Rule((MissingScope, exceptions.PermissionDenied, PermissionDenied), _no_scope),
    Rule(exceptions.Throttled, _too_many),
    Rule((Http404, exceptions.NotFound), _not_found),
    Rule(exceptions.MethodNotAllowed, _method_not_allowed),
    Rule(exceptions.NotAcceptable, _not_acceptable),
    Rule(exceptions.UnsupportedMediaType, _media_type),
    Rule((RequestDataTooBig, TooManyFieldsSent), _too_large),
    Rule(exceptions.APIException, _other),
    Rule((SuspiciousOperation, BadRequest, UnreadablePostError), _malformed),
    Rule(DataError, _data),
    Rule((OperationalError, InterfaceError), _database),
)
