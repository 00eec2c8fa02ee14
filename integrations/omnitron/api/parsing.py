"""Reading and writing JSON: nothing reaches a view that the database could not store."""

import codecs
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_DEPTH = 50
_LARGEST = 2**63 - 1
_TORN = "Not text: it holds NUL or half a surrogate pair."
_JSON = msgspec.json.Encoder(decimal_format="number")


class JsonParser(BaseParser):
    """JSON with its decimals kept exact.

    400 for what is no JSON, and under the field for what no column holds: NUL, half a surrogate
    pair, numbers beyond 64 bits, or nesting without end.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002  # DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the decoded body."""
        # Django's own reading minds the limit of a body's size.
        body: bytes = stream.body if isinstance(stream, HttpRequest) else stream.read()
        try:
            value = json.loads(
                body.removeprefix(codecs.BOM_UTF8).decode(),
                parse_float=Decimal,
                parse_constant=_refuse_constant,
            )
        except (ValueError, ArithmeticError, RecursionError) as error:
            message = f"JSON parse error - {str(error)[:200]}"
            raise ParseError(message) from error
        _check(value)
        return value


class JsonRenderer(BaseRenderer):
    """JSON; decimals are numbers, for money and other texts are text by then."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002  # DRF's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return the body of an answer."""
        return b"" if data is None else _JSON.encode(data)


class JsonOnly(BaseContentNegotiation):
    """JSON goes out, whatever the Accept header asks for; a body without a type is JSON, too."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of the body; None (415) for a body that says it is something else."""
        named = (request.content_type or "").partition(";")[0].strip().lower()
        is_json = named in {"", "application/json"} or (
            named.startswith("application/") and named.endswith("+json")
        )
        return parsers[0] if is_json else None

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002  # DRF's signature
        renderers: Any,
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[Any, str]:
        """Return the only renderer."""
        return renderers[0], renderers[0].media_type


def plain(value: Any) -> Any:
    """Return JSON as a JSON column takes it: its decimals as floats."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def _refuse_constant(name: str) -> None:
    message = f"Out of range float values are not JSON compliant: {name}"
    raise ValueError(message)


def _check(body: Any) -> None:
    """Refuse what the database could not store, where its field stands."""
    complaints = _complaints(body, 0)
    if complaints:
        raise ValidationError(
            complaints if isinstance(complaints, dict) else {"non_field_errors": complaints}
        )


def _complaints(value: Any, depth: int) -> Any:
    """Return the complaints about a value, nested like it; empty when there are none."""
    if isinstance(value, str):
        return [_TORN] if _is_torn(value) else None
    if isinstance(value, int | Decimal):
        return None if -_LARGEST <= value <= _LARGEST else ["A number is out of range."]
    if isinstance(value, dict):
        named: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        named = enumerate(value)
    else:
        return None
    if depth > _DEPTH:
        return [f"Nested deeper than {_DEPTH} levels."]
    found = {}
    for name, each in named:
        if isinstance(name, str) and _is_torn(name):
            found[_shown(name)] = [_TORN]
        elif complaint := _complaints(each, depth + 1):
            found[name] = complaint
    return found


def _is_torn(text: str) -> bool:
    return "\0" in text or (
        not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
    )


def _shown(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("\0", "?")
