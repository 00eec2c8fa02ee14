"""How the lines of a file become records: JSON lines in two layouts, and CSV with two headers.

The layout is detected from the first line with content; layouts may not be mixed.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Raw

from inventory.services.availability_import.lines import MAX_LINE, Line
from inventory.services.availability_import.records import (
    AttributeSet,
    BadRecord,
    FutureIn,
    RecordIn,
)
from inventory.services.jobs.running import JobFailed

_DECODER = msgspec.json.Decoder(RecordIn)
_FUTURES = msgspec.json.Decoder(list[FutureIn] | None)
_GROUPS = msgspec.json.Decoder(list[str] | None)
_ATTRIBUTES = msgspec.json.Decoder(AttributeSet | None)


class Layout(Protocol):
    """Turns lines into records; `state` is what a resumed run must know of earlier lines."""

    state: str

    def record(self, line: Line) -> RecordIn | None:
        """Return a line's record, None when it has none; BadRecord."""
        ...


def text_of(line: Line) -> str:
    """Return a line as text; BadRecord when it is too long or not UTF-8."""
    if len(line.text) > MAX_LINE:
        message = f"a line may have at most {MAX_LINE} bytes"
        raise BadRecord(message)
    try:
        return line.text.decode()
    except UnicodeDecodeError as error:
        message = f"the line is not UTF-8: {error.reason} at byte {error.start + 1}"
        raise BadRecord(message) from None


@dataclass(slots=True)
class JsonLayout:
    """JSON lines. `state` is empty before the first line, `*` when each record names its location
    (high-performance layout), else the location that the last header named (legacy layout).
    """

    state: str = ""

    def record(self, line: Line) -> RecordIn | None:
        """Return a line's record, None for a header or an empty line; BadRecord."""
        text = text_of(line)
        try:
            record = _DECODER.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            if not text.strip():
                return None
            raise self._what_is_wrong(text, error) from None
        if record.sku is UNSET:
            if record.record_id is UNSET:
                self._note_header(record)
                return None
            raise BadRecord("'sku' is missing")
        if self.state == "*":
            return record
        return self._placed(record)

    def _placed(self, record: RecordIn) -> RecordIn:
        """Return a record below a header, with its location, or the first of the other layout."""
        if not self.state:
            self.state = "*"
        elif self.state == _NO_PLACE:
            raise BadRecord("'mode' the header above this record could not be applied")
        elif record.location_id is not UNSET:
            message = "'locationId' the layouts are mixed: a header has named the location"
            raise BadRecord(message)
        else:
            record.location_id = self.state
        return record

    def _what_is_wrong(self, text: str, error: Exception) -> BadRecord | JobFailed:
        if not self.state and text.lstrip().startswith("["):
            return JobFailed("The file must hold one JSON object a line, not an array.")
        if isinstance(error, msgspec.ValidationError):
            return BadRecord(_complaint(str(error)))
        return BadRecord("the line is not a JSON object")

    def _note_header(self, record: RecordIn) -> None:
        place = record.location if record.location is not UNSET else record.location_id
        if place is UNSET or not place:
            raise BadRecord("'sku' is missing")
        if self.state == "*":
            message = "'location' the layouts are mixed: the records before named their locations"
            raise BadRecord(message)
        self.state = place
        if record.mode is not UNSET and record.mode.upper() != "UPDATE":
            # What follows is meant otherwise than it would be applied.
            self.state = _NO_PLACE
            message = f"'mode' only UPDATE is supported, not {record.mode[:20]!r}"
            raise BadRecord(message)


_NO_PLACE = "?"
"""No location's id: the records below a header that cannot be applied are refused."""


def _complaint(error: str) -> str:
    """Name the field as the file does: ``Expected `str`, got `int` - at `$.sku` ``."""
    text, _, path = error.partition(" - at `$.")
    field = path.rstrip("`")
    complaint = f"{text[:1].lower()}{text[1:]}"
    return f"'{field}' {complaint}" if field else complaint


_DOCUMENTED = {
    "location id": "locationId",
    "sku": "sku",
    "quantity on hand": "onHand",
    "safety stock": "safetyStockCount",
    "effective date": "effectiveDate",
    "future date 1": "date 1",
    "future quantity 1": "quantity 1",
    "future date 2": "date 2",
    "future quantity 2": "quantity 2",
    "group eligibility exclusion": "exclusion",
}
_FIELDS = {
    "recordid": "recordId",
    "locationid": "locationId",
    "sku": "sku",
    "onhand": "onHand",
    "safetystockcount": "safetyStockCount",
    "effectivedate": "effectiveDate",
    "futures": "futures",
    "attributeset": "attributeSet",
    "groupeligibilityexclusion": "exclusion",
}


@dataclass(slots=True)
class CsvLayout:
    """CSV: the documented header, or one of the JSON field names. `state` is the header's line.

    An empty cell clears what its column is about. Where there is no column of record ids, a
    record is known by its import and line.
    """

    job: str
    state: str = ""

    def record(self, line: Line) -> RecordIn | None:
        """Return a line's record, None for the header or an empty line; BadRecord."""
        if not line.text.strip():
            return None
        text = text_of(line).rstrip("\r")
        if not self.state:
            self.state = _header(text)
            return None
        columns, cells = _columns(_cells(self.state)), _cells(text)
        if len(cells) != len(columns):
            message = f"the line has {len(cells)} columns, the header {len(columns)}"
            raise BadRecord(message)
        return _record_of(
            {name: cell.strip() for name, cell in zip(columns, cells, strict=True)},
            made_id=f"{self.job}-{line.number}",
        )


def _cells(text: str) -> list[str]:
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        message = f"the line is not CSV: {error}"
        raise BadRecord(message) from None
    return rows[0] if rows else []


def _header(text: str) -> str:
    """Return the header's line; JobFailed when it is none of ours."""
    try:
        _columns(_cells(text))
    except BadRecord as error:
        message = f"The first line is not a header of an availability import: {error}"
        raise JobFailed(message) from error
    return text


def _columns(header: list[str]) -> list[str]:
    """Return the columns by our names; JobFailed when the header is not one of the two."""
    names = [cell.strip().lower() for cell in header]
    for known in (_DOCUMENTED, _FIELDS):
        columns = [known[name] for name in names if name in known]
        if len(set(columns)) == len(names) and {"locationId", "sku"} <= set(columns):
            return columns
    message = "The first line is not a header of an availability import."
    raise JobFailed(message)


def _record_of(cells: Mapping[str, str], *, made_id: str) -> RecordIn:
    record = RecordIn(
        record_id=cells.get("recordId", made_id),
        sku=cells["sku"],
        location_id=cells["locationId"],
        on_hand=_number(cells, "onHand"),
        safety_stock_count=_number(cells, "safetyStockCount"),
        effective_date=cells.get("effectiveDate", UNSET),
    )
    if "date 1" in cells or "date 2" in cells:
        record.futures = [*_future(cells, "1"), *_future(cells, "2")]
    elif "futures" in cells:
        record.futures = _from_json(_FUTURES, cells["futures"], "futures")
    if "attributeSet" in cells:
        record.attribute_set = _from_json(_ATTRIBUTES, cells["attributeSet"], "attributeSet")
    elif "exclusion" in cells:
        record.attribute_set = AttributeSet(_groups(cells["exclusion"]))
    return record


def _number(cells: Mapping[str, str], field: str) -> Raw:
    if field not in cells:
        return Raw(b"")
    return Raw(cells[field].encode() or b"null")


def _future(cells: Mapping[str, str], number: str) -> list[FutureIn]:
    date, quantity = cells.get(f"date {number}", ""), cells.get(f"quantity {number}", "")
    if bool(date) != bool(quantity):
        message = f"'Future Date {number}' and 'Future Quantity {number}' go together"
        raise BadRecord(message)
    return [FutureIn(quantity=Raw(quantity.encode()), expected_date=date)] if date else []


def _groups(cell: str) -> list[str] | None:
    """Read `[G1, G2]`, with the ids quoted or not."""
    if not cell:
        return None
    if '"' in cell:
        groups: list[str] | None = _from_json(_GROUPS, cell, "groupEligibilityExclusion")
        return groups
    if not (cell.startswith("[") and cell.endswith("]")):
        message = "'groupEligibilityExclusion' must be a list like [G1, G2]"
        raise BadRecord(message)
    return [name.strip() for name in cell[1:-1].split(",") if name.strip()]


def _from_json(decoder: "msgspec.json.Decoder[Any]", cell: str, field: str) -> Any:
    if not cell:
        return None
    try:
        return decoder.decode(cell)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        message = f"'{field}' is not the JSON it must be"
        raise BadRecord(message) from None
