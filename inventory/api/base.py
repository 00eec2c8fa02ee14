"""The base of every view of the headless API.

A view declares each of its operations once; the scope that guards it, the body it reads and its
documentation all come from that declaration:

    class GreetingView(OrganizationView):
        operations = {"POST": Operation(operation_id="greet", summary=…, scope=…, request=Greet, …)}

        def post(self, name: str) -> Greeting:
            body = self.read(Greet)
            return Greeting(text=greet(self.organization_id, name=name, loudly=body.loudly))

A handler takes the address's parameters and returns a Struct or plain value (200), None (204), or
an `Answer` with a status or headers of its own. It catches nothing: refusals become answers in
`config.errors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Protocol, TypeVar, cast

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import (
    MethodNotAllowed,
    NotAuthenticated,
    UnsupportedMediaType,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from inventory.api.bodies import decode
from inventory.errors import TenantNotProvisioned
from inventory.origin import Origin

Body = TypeVar("Body", bound=msgspec.Struct)

_JSON = msgspec.json.Encoder(decimal_format="number")
_USUAL_TYPES = frozenset({"", "application/json", "application/json; charset=utf-8"})
NOT_PROVISIONED = "The client is not correctly configured to access the system."


class MissingScope(Exception):  # noqa: N818  # the gateway's no, in its own shape
    """The token is good, and lacks the scope that the operation needs."""

    def __init__(self, scope: str | None) -> None:
        super().__init__(scope)
        self.scope = scope


class Caller(Protocol):
    """Whom the token speaks for (`request.auth`); scopes are canonical, `.rw` includes read."""

    @property
    def organization_id(self) -> int: ...
    @property
    def organization(self) -> str: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def client_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: what guards it, what it reads, what it answers.

    `scope` is in the Account Manager spelling; None lets in any token of the organization, and any
    of `other_scopes` does as well. `errors` are the error codes a client must expect besides those
    that all operations share; `query` tells of each parameter behind the address what it is for.
    `files` are the media types of answers that are files, `is_upload` tells of a body that is one.
    Where `is_body_optional`, no body is the request's defaults.
    """

    operation_id: str
    summary: str
    scope: str | None
    request: type[msgspec.Struct] | None
    responses: Mapping[int, type[msgspec.Struct] | None]
    errors: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    other_scopes: frozenset[str] = frozenset()
    files: Mapping[int, str] = field(default_factory=dict)
    is_upload: bool = False
    is_body_optional: bool = False
    decoder: "msgspec.json.Decoder[Any] | None" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the decoder once: it is the expensive part of decoding."""
        decoder = None if self.request is None else msgspec.json.Decoder(self.request)
        object.__setattr__(self, "decoder", decoder)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a status or headers of its own."""

    body: object
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] | None = None


class OrganizationView(APIView):
    """A view of one organization's data, for callers with a token of that organization."""

    operations: ClassVar[Mapping[str, Operation]] = {}

    caller: Caller
    organization_id: int
    origin: Origin
    now: datetime
    operation: Operation

    # Bodies are read and written here, whatever the Accept header asks for.
    parser_classes = ()
    renderer_classes = ()
    metadata_class = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Admit the caller, run the handler, write its answer.

        Replaces DRF's dispatch, whose negotiation, parsers and metadata are not used here.
        """
        self.args, self.kwargs = args, kwargs
        self.request = Request(request, authenticators=self.get_authenticators())
        try:
            self._admit(kwargs)
            response = self.respond(self._handler()(**kwargs))
        except Exception as error:  # noqa: BLE001  # the one place where they become answers
            response = self.handle_exception(error)
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                response["Allow"] = self._allow()
        rate_limit = getattr(request, "rate_limit", None)
        if rate_limit is not None:
            for name, value in rate_limit.headers().items():
                response[name] = value
        return response

    def read(self, body: type[Body]) -> Body:
        """Decode the request's body, which must be the one that the operation declares."""
        operation = self.operation
        if body is not operation.request or operation.decoder is None:
            message = f"{operation.operation_id} declares {operation.request}, not {body}"
            raise TypeError(message)
        request: HttpRequest = self.request._request  # noqa: SLF001  # DRF's would parse it
        if operation.is_body_optional and not request.body:
            return body()
        content_type = request.META.get("CONTENT_TYPE", "")
        if content_type not in _USUAL_TYPES and not _is_json(content_type):
            raise UnsupportedMediaType(content_type)
        if "HTTP_CONTENT_ENCODING" in request.META:
            _refuse_encoding(request.META["HTTP_CONTENT_ENCODING"])
        value: Body = self.decode(request.body, decoder=operation.decoder)
        return value

    def decode(self, body: bytes, *, decoder: "msgspec.json.Decoder[Any]") -> Any:
        """Return the decoded body; a face that words its complaints otherwise overrides this."""
        return decode(body, decoder=decoder)

    def respond(self, answer: object) -> HttpResponseBase:
        """Write what a handler returned."""
        return _response(answer)

    def check_tenant(self, caller: Caller, address: dict[str, Any]) -> None:
        """Refuse a token of another organization than the address names; take that name out."""
        organization: str = address.pop("organization_id")
        if caller.organization.lower() != organization.lower():
            raise TenantNotProvisioned(NOT_PROVISIONED)

    def _admit(self, address: dict[str, Any]) -> None:
        """Check token, tenant and rate, in this order, and set what handlers use."""
        caller = cast("Caller | None", self.request.auth)
        if caller is None:
            raise NotAuthenticated
        self.check_tenant(caller, address)
        self.caller = caller
        self.organization_id = caller.organization_id
        self.now = timezone.now()
        self.origin = Origin(
            actor=f"client:{caller.client_id}",
            correlation_id=getattr(self.request, "correlation_id", ""),
        )
        self.check_throttles(self.request)

    def _handler(self) -> Callable[..., object]:
        """Return the handler of the method, if there is one and the token's scopes allow it."""
        method = self.request.method
        if method == "OPTIONS":
            return self._describe
        name = (method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        if handler is None:
            raise MethodNotAllowed(method or "")
        operation = self.operations.get("GET" if method == "HEAD" else method or "")
        if operation is None:
            raise MissingScope(None)
        if operation.scope is not None and not self.caller.scopes.intersection(
            {operation.scope, *operation.other_scopes}
        ):
            raise MissingScope(operation.scope)
        self.operation = operation
        return handler  # type: ignore[no-any-return]

    def _describe(self, **_address: str) -> HttpResponse:
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": self._allow()})

    def _allow(self) -> str:
        return ", ".join(self.allowed_methods)


def _response(answer: object) -> HttpResponseBase:
    if answer is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if isinstance(answer, HttpResponseBase):
        return answer
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    body = b"" if answer.body is None else _JSON.encode(answer.body)
    return HttpResponse(
        body, status=answer.status, headers=answer.headers, content_type="application/json"
    )


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    is_structured = media_type.startswith("application/") and media_type.endswith("+json")
    return media_type in {"", "application/json"} or is_structured


def _refuse_encoding(encoding: str) -> None:
    if encoding.strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType(encoding, f'Content-Encoding "{encoding}" is not supported.')
