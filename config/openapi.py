"""OpenAPI documents, one for each API family, from what the views declare.

Nothing is guessed: operation id, scope, bodies and error codes come from `Operation`, the schemas
from the msgspec Structs that decode and encode the bodies.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

import msgspec
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from config.errors.connect import ErrorOut
from config.errors.headless import PROBLEM, STATUSES, Problem
from inventory.api.base import Operation, OrganizationView
from inventory.api.wire import OpaqueId, PlaceId, Sku

Json = dict[str, Any]

TOKEN_URL = "/dwsso/oauth2/access_token"  # noqa: S105  # an address
FAMILIES: Mapping[str, str] = {
    "availability": "Inventory Availability",
    "reservation": "Inventory Reservation",
    "impex": "Inventory Impex",
    "connect": "Salesforce Connect",
}
CONNECT = "/services/data/"

# Of a path's parameters; any other is an id that a client has made.
_Version = Annotated[str, msgspec.Meta(pattern=r"^v(5[1-9]|6[0-7])\.0$")]
_PATH_TYPES: Mapping[str, Any] = {
    "organization_id": PlaceId,
    "location": PlaceId,
    "sku": Sku,
    "version": _Version,
}
_REF = "#/components/schemas/{name}"
_OAUTH, _BEARER = "clientCredentials", "bearer"
# How our patterns end, for Python; in a document `$` says it.
_END = r"$(?!\n)"
# How msgspec tells of `int | Decimal`, and what it is in an answer.
_QUANTITY: Sequence[Json] = ({"type": "integer"}, {"type": "string", "format": "decimal"})
_NUMBER: Json = {"type": "number", "multipleOf": 0.001}
_STRANGERS: Mapping[int, str] = {
    401: "The token is missing, unknown, expired or revoked.",
    403: "The token lacks the scope, or belongs to another organization: TenantNotProvisioned.",
    405: "There is no such method here.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "The service is not available.",
}
_STRANGERS_WITH_BODY: Mapping[int, str] = {
    413: "The body is too large.",
    415: "The body is not application/json.",
}
_CONNECT_STRANGERS: Mapping[int, str] = {
    401: "INVALID_SESSION_ID",
    403: "INSUFFICIENT_ACCESS",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "SERVER_UNAVAILABLE",
}
_CONNECT_STRANGERS_WITH_BODY: Mapping[int, str] = {
    400: "JSON_PARSER_ERROR",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_GATEWAY: Json = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail")},
    "required": ["type", "title", "detail"],
}


class OperationSchema(AutoSchema):
    """Describes the operations of an `OrganizationView`; other views keep spectacular's way."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json | None:
        """Return the OpenAPI operation, and register the schemas it names."""
        if not isinstance(self.view, OrganizationView):
            operation: Json | None = super().get_operation(
                path, path_regex, path_prefix, method, registry
            )
            return operation
        declared = self.view.operations.get(method.upper())
        return None if declared is None else _described(declared, path, registry)


class _FamilyGenerator(SchemaGenerator):
    """Keeps to the addresses of one API family."""

    family: ClassVar[str]

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()  # type: ignore[no-untyped-call]
        prefix = address_of(self.family)
        self.endpoints = [e for e in self.endpoints or () if e[0].startswith(prefix)]

    def get_schema(self, request: Any = None, public: bool = False) -> Json:  # noqa: FBT001, FBT002
        """Return the document."""
        document: Json = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        document["info"]["title"] = FAMILIES[self.family]
        # OpenAPI 3.1 asks for a whole address; the caller's own is the one its page may call.
        here = settings.PUBLIC_URL + TOKEN_URL
        token_url = here if request is None else request.build_absolute_uri(TOKEN_URL)
        document["components"]["securitySchemes"] = _security_schemes(
            document["paths"], token_url=token_url
        )
        return document


def address_of(family: str) -> str:
    """Return how the addresses of a family begin."""
    return CONNECT if family == "connect" else f"/inventory/{family}/"


def family_generators() -> dict[str, type[SchemaGenerator]]:
    """Return what writes the document of each family."""
    return {
        family: type("FamilyGenerator", (_FamilyGenerator,), {"family": family})
        for family in FAMILIES
    }


def _described(operation: Operation, path: str, registry: ComponentRegistry) -> Json:
    described: Json = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": ["connect" if path.startswith(CONNECT) else path.split("/")[2]],
        "parameters": [*_path_parameters(path), *_query_parameters(operation), *_headers(path)],
        "security": [{_OAUTH: [] if operation.scope is None else [operation.scope]}, {_BEARER: []}],
        "responses": _responses(operation, path, registry),
    }
    if operation.request is not None:
        content = {"application/json": {"schema": _schema(operation.request, registry)}}
        is_required = not operation.is_body_optional
        described["requestBody"] = {"required": is_required, "content": content}
    if operation.is_upload:
        upload = _CONNECT_UPLOAD if path.startswith(CONNECT) else _UPLOAD
        described["requestBody"] = {"required": True, "content": upload}
    return described


_FILE: Json = {"type": "string", "format": "binary"}
_UPLOAD: Json = {
    "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILE}}},
    "application/octet-stream": {"schema": _FILE},
}

_CONNECT_UPLOAD: Json = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"fileUpload": _FILE},
            "required": ["fileUpload"],
        }
    }
}


_CORRELATION: Json = {
    "name": "Correlation-ID",
    "in": "header",
    "description": "A UUID that comes back as `x-correlation-id` and goes into the ledger.",
    "schema": {"type": "string", "format": "uuid"},
}


_ENTITIES: Json = {
    "name": "X-Chatter-Entity-Encoding",
    "in": "header",
    "description": "`false`: no HTML entities in the answer's strings, so that they can be resent.",
    "schema": {"type": "string", "enum": ["true", "false"]},
}


def _headers(path: str) -> Sequence[Json]:
    return (_CORRELATION, _ENTITIES) if path.startswith(CONNECT) else (_CORRELATION,)


def _path_parameters(path: str) -> Iterable[Json]:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            schema = _for_documents(msgspec.json.schema(_PATH_TYPES.get(name, OpaqueId)))
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation) -> Iterable[Json]:
    for name, description in operation.query.items():
        yield {
            "name": name,
            "in": "query",
            "description": description,
            "schema": {"type": "string"},
        }


def _responses(operation: Operation, path: str, registry: ComponentRegistry) -> Json:
    responses: Json = {}
    for status, body in operation.responses.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if body is not None:
            content = {"application/json": {"schema": _schema(body, registry)}}
            responses[str(status)]["content"] = content
        if status in operation.files:
            responses[str(status)]["content"] = {operation.files[status]: {"schema": _FILE}}
    errors = _connect_errors if path.startswith(CONNECT) else _headless_errors
    return dict(sorted({**errors(operation, path, registry), **responses}.items()))


def _headless_errors(operation: Operation, path: str, registry: ComponentRegistry) -> Json:
    responses: Json = {}
    problem = {PROBLEM: {"schema": _schema(Problem, registry)}}
    gateway = {"application/json": {"schema": _GATEWAY}}
    contents: Mapping[int, Json] = {401: gateway, 403: gateway | problem, 429: problem}
    strangers = dict(_STRANGERS)
    if operation.request is not None:
        strangers |= _STRANGERS_WITH_BODY
    for status, codes in _codes(operation, has_address=path.count("{") > 1).items():
        responses[str(status)] = {"description": ", ".join(codes), "content": problem}
    for status, description in strangers.items():
        content = contents.get(status, problem)
        responses.setdefault(str(status), {"description": description, "content": content})
    return responses


def _connect_errors(operation: Operation, _path: str, registry: ComponentRegistry) -> Json:
    """Every error of a whole request is an array, whoever says it."""
    error = {"type": "array", "items": _schema(ErrorOut, registry)}
    told = dict(_CONNECT_STRANGERS)
    if operation.request is not None or operation.is_upload:
        told |= _CONNECT_STRANGERS_WITH_BODY
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(operation.errors)):
        by_status.setdefault(STATUSES[code], []).append(code)
    for status, codes in by_status.items():
        told[status] = ", ".join([*codes, *([told[status]] if status in told else [])])
    content = {"application/json": {"schema": error}}
    return {
        str(status): {"description": description, "content": content}
        for status, description in told.items()
    }


def _codes(operation: Operation, *, has_address: bool) -> dict[int, list[str]]:
    """Return the error codes to expect, by status."""
    codes = list(operation.errors)
    if has_address or operation.query:
        codes.append("InvalidRequestParameter")
    if operation.request is not None:
        codes += ["InvalidRequest", "InvalidRequestParameter", "MissingParameter"]
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        by_status.setdefault(STATUSES[code], []).append(code)
    return by_status


def _schema(struct: type[msgspec.Struct], registry: ComponentRegistry) -> Json:
    """Register a Struct's schema with all it refers to; return the reference."""
    (reference,), components = msgspec.json.schema_components([struct], ref_template=_REF)
    for name, raw in components.items():
        schema = _for_documents(raw)
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema
        )
        registry.register_on_missing(component)
        if registry[component].schema != schema:
            message = f"two different bodies are called {name}"
            raise ValueError(message)
    return reference


def _for_documents(schema: Any) -> Any:
    """Say it as JSON Schema does: patterns end in `$`, decimals are numbers."""
    if isinstance(schema, list):
        return [_for_documents(entry) for entry in schema]
    if schema == _QUANTITY[1]:
        return {"type": "number"}
    if not isinstance(schema, dict):
        return schema
    if "enum" in schema:  # of strings; spectacular wants to be told
        return {"type": "string", **schema}
    kinds = schema.get("anyOf", ())
    if all(kind in kinds for kind in _QUANTITY):
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        others = [_for_documents(kind) for kind in kinds if kind not in _QUANTITY]
        return rest | ({"anyOf": [_NUMBER, *others]} if others else _NUMBER)
    return {
        name: value.removesuffix(_END) + "$"
        if name == "pattern" and isinstance(value, str)
        else _for_documents(value)
        for name, value in schema.items()
    }


def _security_schemes(paths: Mapping[str, Mapping[str, Json]], *, token_url: str) -> Json:
    scopes = sorted(
        {
            scope
            for methods in paths.values()
            for operation in methods.values()
            for requirement in operation.get("security", ())
            for scope in requirement.get(_OAUTH, ())
        }
    )
    flow = {"tokenUrl": token_url, "scopes": {scope: _said(scope) for scope in scopes}}
    return {
        _OAUTH: {"type": "oauth2", "flows": {"clientCredentials": flow}},
        _BEARER: {"type": "http", "scheme": "bearer", "description": "A token you already have."},
    }


def _said(scope: str) -> str:
    return "read and write" if scope.endswith(".rw") else "read"
