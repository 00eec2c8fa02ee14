"""The one place where an exception becomes an answer; the address decides the wire format."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from config.errors import headless


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer an exception that left a view (DRF's EXCEPTION_HANDLER)."""
    return headless.answer(error, request=_request(context))


def _request(context: Mapping[str, Any]) -> HttpRequest:
    request = context["request"]
    # DRF wraps Django's request; before that, it is Django's own.
    unwrapped: HttpRequest = getattr(request, "_request", request)
    return unwrapped
