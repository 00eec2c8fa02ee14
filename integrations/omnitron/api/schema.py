"""The OpenAPI document of the Omnitron API: both prefixes, each with its own shapes."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

Json = dict[str, Any]

_PREFIXES = ("/api/i1/", "/api/v1/")
_OURS = __name__.rpartition(".")[0]
_TOKEN = "token"  # noqa: S105  # the name of the scheme
_COMPLAINTS = "Complaints"
_DETAIL = "Detail"


class Shape(Enum):
    """What an operation answers with, where the prefix decides how it is written."""

    ORDER = "order"
    ORDER_ITEM = "order_item"
    ORDER_ITEMS = "order_items"
    PRODUCT_STOCK = "product_stock"


class OmnitronSchema(AutoSchema):
    """Describes an operation with the shapes of its prefix and with the errors all share."""

    def get_tags(self) -> list[str]:
        """Return the first word behind the prefix."""
        return [self.path.split("/")[3]]

    def get_auth(self) -> list[Json]:
        """Return what guards the operation."""
        return [{_TOKEN: []}] if self.view.authentication_classes else []

    def get_operation(self, *args: Any, **kwargs: Any) -> Json | None:
        """Return the operation with the errors that every one may answer."""
        operation: Json | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            for status, component in self._errors(operation).items():
                operation["responses"].setdefault(status, _error(component))
        return operation

    def get_summary(self) -> str:
        """Return the handler's sentence; for a list, what its view says it lists."""
        handler = getattr(type(self.view), self.method.lower(), None)
        said = handler.__doc__ if handler and handler.__module__.startswith(_OURS) else None
        text = said or (type(self.view).__doc__ or "").partition(": ")[2].capitalize()
        return text.strip().partition("\n")[0].removesuffix(".")

    def get_description(self, *_where: str) -> str:
        """Return nothing: the summary says it."""
        return ""

    def _get_serializer_name(self, *args: Any, **kwargs: Any) -> str:
        name: str = super()._get_serializer_name(*args, **kwargs)
        return name.lstrip("_")

    def _get_filter_parameters(self) -> list[Json]:
        view: Any = self.view
        filters = getattr(view, "filterset_class", None)
        if filters is None or not self._is_list_view():
            return []
        told: list[Json] = [*filters.documented]
        for backend in view.filter_backends:
            if hasattr(backend, "get_schema_operation_parameters"):
                told += backend().get_schema_operation_parameters(view)
        return told

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Json:
        if isinstance(serializer, Shape):
            view: Any = self.view
            serializer = getattr(view.wire, serializer.value)
        response: Json = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, *args, **kwargs
        )
        return response

    def _errors(self, operation: Json) -> Mapping[str, str]:
        errors = {"404": _DETAIL, "405": _DETAIL, "503": _DETAIL}
        errors |= {"401": _DETAIL} if operation.get("security") else {"429": _DETAIL}
        if "requestBody" in operation or operation.get("parameters"):
            errors["400"] = _COMPLAINTS
        if "requestBody" in operation:
            errors |= {"413": _DETAIL, "415": _DETAIL}
        return dict(sorted(errors.items()))


class OmnitronGenerator(SchemaGenerator):
    """Keeps to the addresses of this API, told once each: with their last slash."""

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()  # type: ignore[no-untyped-call]
        self.endpoints = [
            endpoint
            for endpoint in self.endpoints or ()
            if endpoint[0].startswith(_PREFIXES) and endpoint[0].endswith("/")
        ]

    def get_schema(self, request: Any = None, public: bool = False) -> Json:  # noqa: FBT001, FBT002
        """Return the document."""
        document: Json = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        document["info"]["title"] = "Omnitron"
        components = document["components"]
        components["securitySchemes"] = {
            _TOKEN: {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Token <key>`; the key comes from auth/login.",
            }
        }
        components["schemas"] |= {_DETAIL: _DETAIL_SCHEMA, _COMPLAINTS: _COMPLAINTS_SCHEMA}
        return document


_DETAIL_SCHEMA: Json = {
    "type": "object",
    "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
    "required": ["detail"],
}
_COMPLAINTS_SCHEMA: Json = {
    "description": (
        "Complaints under the names of their fields, or `non_field_errors`, or `detail`; `code` is "
        "for programs, unless the request has a field of that name. A list answers a list."
    ),
    "anyOf": [
        {"type": "object", "additionalProperties": True},
        {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    ],
}


def _error(component: str) -> Json:
    schema = {"$ref": f"#/components/schemas/{component}"}
    return {"description": "", "content": {"application/json": {"schema": schema}}}
