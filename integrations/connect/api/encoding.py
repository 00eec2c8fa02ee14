"""How Connect writes JSON: doubles, null members, and HTML entities in strings.

Salesforce escapes strings in answers unless the client sends `X-Chatter-Entity-Encoding: false`
(spec: oci-connect 1). Errors are escaped like everything else.
"""

import re
from decimal import Decimal

import msgspec
from django.http import HttpRequest

from inventory.domain.quantity import to_json_number

_JSON = msgspec.json.Encoder(decimal_format="number")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_SPECIAL = re.compile(rb"[&<>'\\]")
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\\": "&#92;"}
)


def wants_entities(request: HttpRequest) -> bool:
    """Tell whether strings are to be escaped in the answer to this request."""
    asked: str = request.META.get("HTTP_X_CHATTER_ENTITY_ENCODING", "")
    return asked.strip().lower() != "false"


def encode(body: object, *, entities: bool) -> bytes:
    """Write Structs and plain values as JSON, with or without HTML entities in strings."""
    text = _JSON.encode(body)
    if not entities or _SPECIAL.search(text) is None:
        return text
    return _STRING.sub(_escaped, text)


def _escaped(match: re.Match[bytes]) -> bytes:
    string = match[0]
    if _SPECIAL.search(string) is None:
        return string
    return _JSON.encode(msgspec.json.decode(string, type=str).translate(_ENTITIES))


def double(thousandths: int) -> Decimal:
    """Return a quantity as Connect writes it: 9 units are `9.0`."""
    number = to_json_number(thousandths)
    return Decimal(f"{number}.0") if isinstance(number, int) else number
