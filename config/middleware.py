"""The first middleware of every request: what a gateway in front of the service would do.

It tidies the address, gives the request its correlation id, and sends API calls straight to their
view: sessions, CSRF, messages and static files are for pages, and an API call pays for none of it.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config import csp
from config.errors.handler import table_for

API_PREFIXES = (
    "/inventory/",
    "/services/",
    "/dwsso/",
    "/dw/",
    "/api/i1/",
    "/api/v1/",
    "/livez/",
    "/readyz/",
)
ALL_API = "/api/"
"""Nothing below is answered with an error page, the documents and their page included."""

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""The id that ties together what one request left in logs and ledger; empty outside requests."""

_SLASHES = re.compile("/{2,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Handler = Callable[[HttpRequest], HttpResponseBase]


class GatewayMiddleware:
    """Must come first: what stands behind it is skipped by API calls."""

    def __init__(self, get_response: Handler) -> None:
        self.pages = get_response
        self.api = _straight_to_views()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, whatever becomes of it."""
        if "//" in request.path_info:
            _tidy(request)
        correlation = _correlation_of(request)
        request.correlation_id = correlation  # type: ignore[attr-defined]
        token = correlation_id.set(correlation)
        try:
            response = self._answer(request)
        finally:
            correlation_id.reset(token)
        response["x-correlation-id"] = correlation
        response.headers.setdefault(csp.HEADER, csp.policy_for(request.path_info))
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        path = f"{request.path_info}/"  # /inventory is as much of the API as /inventory/
        if path.startswith(API_PREFIXES):
            if "HTTP_TRANSFER_ENCODING" in request.META:
                _read_chunked(request)
            return _framed(_machine_readable(self.api(request), request.path_info))
        response = self.pages(request)
        if path.startswith(ALL_API):
            return _machine_readable(response, request.path_info)
        return response


def _straight_to_views() -> Handler:
    """Return Django's own last step, which resolves the address and calls the view."""
    handler = _ViewHandler()
    return cast("Handler", convert_exception_to_response(handler.get_view_response))


class _ViewHandler(BaseHandler):
    """Django's handler as `load_middleware` leaves it when there is no middleware."""

    _view_middleware: Sequence[Any] = ()
    _template_response_middleware: Sequence[Any] = ()
    _exception_middleware: Sequence[Any] = ()

    def get_view_response(self, request: HttpRequest) -> HttpResponseBase:
        return cast("HttpResponseBase", super()._get_response(request))  # type: ignore[misc]


def _tidy(request: HttpRequest) -> None:
    """Collapse doubled slashes: clients join base address and path carelessly."""
    tidy = _SLASHES.sub("/", request.path_info)
    script = request.path.removesuffix(request.path_info)
    request.path_info = tidy
    request.path = f"{script.rstrip('/')}{tidy}"


def _correlation_of(request: HttpRequest) -> str:
    """Return the client's `Correlation-ID` when it is a UUID of any version, or a new one.

    `X-Correlation-ID` is not looked at: OCI's delivery network overwrites it.
    """
    given: str | None = request.META.get("HTTP_CORRELATION_ID")
    if given is not None and _UUID.fullmatch(given):
        return given
    return str(uuid.uuid4())


def _read_chunked(request: HttpRequest) -> None:
    """Read a body that comes in chunks: Django takes one without Content-Length for empty.

    No more is read than Django would accept; what is longer it refuses by its length.
    """
    if request.META.get("CONTENT_LENGTH") or not request.META.get("wsgi.input_terminated"):
        return
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = request.META["wsgi.input"].read(limit + 1)
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)  # noqa: SLF001  # there is no other door


def _framed(response: HttpResponseBase) -> HttpResponseBase:
    """Say how long the answer is: without it, servers fall back to chunks."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        del response["Content-Type"]
    elif isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
    return response


def _machine_readable(response: HttpResponseBase, path: str) -> HttpResponseBase:
    """Replace an error page, which Django makes of what no view could answer, by a problem."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        # Django would warn of every refusal; the access log has them all.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    if response.headers.get("Content-Type", "").startswith("text/"):
        return table_for(path).from_status(response.status_code)
    return response
