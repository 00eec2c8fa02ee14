"""What a client asks first: which versions there are, and what is in one of them."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.views.decorators.http import require_safe

from integrations.connect.api.base import ConnectView
from integrations.connect.api.encoding import encode
from integrations.connect.api.versions import versions as all_versions
from inventory.api.base import Operation

DATA = "/services/data"


class Version(msgspec.Struct):
    """A version of the API."""

    label: str
    url: str
    version: str


@require_safe
def versions(_request: HttpRequest) -> HttpResponse:
    """List the versions, oldest first; nobody needs a token to ask."""
    listed = [Version(name, f"{DATA}/v{number}", number) for number, name in all_versions()]
    body = encode(listed, entities=False)  # not Connect's: "Spring '21" stays as it is
    return HttpResponse(body, content_type="application/json")


class Resources(msgspec.Struct):
    """Where the parts of a version begin."""

    actions: str
    commerce: str


class ResourcesView(ConnectView):
    """GET /services/data/vNN.N."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="getResources",
            summary="Where the parts of this version begin",
            scope=None,
            request=None,
            responses={200: Resources},
        )
    }

    def get(self) -> Resources:
        here = f"{DATA}/{self.version}"
        return Resources(actions=f"{here}/actions", commerce=f"{here}/commerce")


def written_otherwise(
    request: HttpRequest, address: str, suffix: str | None = None
) -> HttpResponseBase:
    """Answer an address that ends in a slash, or in a format: another way to write Accept."""
    found = resolve(f"{DATA}/{address}")
    if found.func is written_otherwise:
        raise Http404
    if suffix is not None:
        request.META["HTTP_ACCEPT"] = f"application/{suffix}"
    response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    return response
