"""From a locations export to an availability import in the high-performance layout.

What the export says of a record is said in full, so that importing it makes the record exactly
that; reserved counts belong to documents and are left out.
"""

from collections.abc import Iterable, Iterator
from uuid import uuid4

import msgspec

from inventory.errors import InvalidRequest

_NULL = msgspec.Raw(b"null")
_NONE = msgspec.Raw(b"[]")


class _ExportLine(msgspec.Struct, rename="camel"):
    location_id: str | None = None
    group_id: str | None = None
    delta_token: str | None = None
    sku: str | None = None
    on_hand: msgspec.Raw = _NULL
    safety_stock_count: msgspec.Raw = _NULL
    effective_date: msgspec.Raw = _NULL
    futures: msgspec.Raw = _NONE
    attribute_set: msgspec.Raw = _NULL


class _ImportLine(msgspec.Struct, rename="camel"):
    record_id: str
    sku: str
    location_id: str
    on_hand: msgspec.Raw
    safety_stock_count: msgspec.Raw
    effective_date: msgspec.Raw
    futures: msgspec.Raw
    attribute_set: msgspec.Raw


def import_lines(export: Iterable[bytes]) -> Iterator[bytes]:
    """Generate the import's lines. Numbers are passed on as they are written.

    Record ids are new with every conversion: the same export may be imported again. Raises
    InvalidRequest naming the line that is not one of a locations export.
    """
    batch = str(uuid4())
    location: str | None = None
    decoder = msgspec.json.Decoder(_ExportLine)
    for number, text in enumerate(export, 1):
        if not text.strip():
            continue
        try:
            line = decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"Line {number} is not a line of an availability export: {error}"
            raise InvalidRequest(message) from error
        if line.group_id is not None:
            message = f"Line {number} begins group '{line.group_id}': only locations hold stock"
            raise InvalidRequest(message)
        if line.location_id is not None:
            location = line.location_id
        elif line.sku is not None:
            yield _import_line(line, f"{batch}-{number}", location=location, number=number)
        elif line.delta_token is None:
            message = f"Line {number} is neither a location nor a record nor a delta token"
            raise InvalidRequest(message)


def _import_line(line: _ExportLine, record_id: str, *, location: str | None, number: int) -> bytes:
    if location is None:
        message = f"Line {number} comes before the first location"
        raise InvalidRequest(message)
    record = _ImportLine(
        record_id=record_id,
        sku=line.sku or "",
        location_id=location,
        on_hand=line.on_hand,
        safety_stock_count=line.safety_stock_count,
        effective_date=line.effective_date,
        futures=line.futures,
        attribute_set=line.attribute_set,
    )
    return msgspec.json.encode(record) + b"\n"
