"""The one place where an exception becomes an answer; the address decides the wire format."""

from collections.abc import Mapping
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from config.errors import connect, headless, omnitron


class Table(Protocol):
    """The errors of one wire format."""

    def answer(self, error: Exception, *, request: HttpRequest) -> HttpResponse:
        """Answer an exception that left a view."""

    def from_status(self, status: int) -> HttpResponse:
        """Answer in place of a page of Django's."""


_TABLES: Mapping[tuple[str, ...], Table] = {
    ("/services/",): connect,
    ("/api/i1/", "/api/v1/"): omnitron,
}


def table_for(path: str) -> Table:
    """Return the wire format's table; the headless API's where no other claims the address."""
    for prefixes, table in _TABLES.items():
        if f"{path}/".startswith(prefixes):
            return table
    return headless


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer an exception that left a view (DRF's EXCEPTION_HANDLER)."""
    request = _request(context)
    return table_for(request.path_info).answer(error, request=request)


def _request(context: Mapping[str, Any]) -> HttpRequest:
    request = context["request"]
    # DRF wraps Django's request; before that, it is Django's own.
    unwrapped: HttpRequest = getattr(request, "_request", request)
    return unwrapped
