"""The entries of a file: each line as it will be staged, or with what is wrong with it."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET

from inventory.domain.graph import Graph
from inventory.services.availability_import.layouts import Layout
from inventory.services.availability_import.lines import Line
from inventory.services.availability_import.records import (
    BadRecord,
    Figures,
    RecordIn,
    check_record_id,
    check_sku,
    figures_of,
    place_of,
)
from inventory.services.availability_import.staging import copy_of

_SHOWN = 250


class Row(msgspec.Struct, frozen=True, gc=False):
    """A record that may be applied; `body` is the digest of what it says, `copy` what is staged."""

    line: int
    record_id: str
    sku: str
    location: str
    place: int
    figures: Figures
    body: str
    copy: str


class Problem(msgspec.Struct, frozen=True, gc=False):
    """A record that is refused."""

    record_id: str
    location: str
    sku: str
    message: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line: a record, a refused record, or neither (a header, an empty line).

    `end` and `state` tell where and how to go on behind it.
    """

    line: int
    end: int
    state: str
    row: Row | None = None
    problem: Problem | None = None


def entries_of(lines: Iterable[Line], *, layout: Layout, graph: Graph) -> Iterator[Entry]:
    """Generate the entries of lines. Whatever a line holds, it is told in its entry.

    Raises JobFailed where the file as a whole is not what it must be.
    """
    places = _Places(graph)
    for line in lines:
        record: RecordIn | None = None
        try:
            record = layout.record(line)
            row = None if record is None else _row(line.number, record, places)
        except BadRecord as bad:
            problem = _problem(line, record or _what_can_be_told(line), str(bad))
            yield Entry(line.number, line.end, layout.state, problem=problem)
        else:
            yield Entry(line.number, line.end, layout.state, row)


class _Places:
    """Locations by identifier, and their signatures."""

    def __init__(self, graph: Graph) -> None:
        self.locations = graph.locations
        self.signatures = {
            place: ",".join(map(str, graph.groups_of.get(place, ())))
            for place in graph.locations.values()
        }


def _row(line: int, record: RecordIn, places: _Places) -> Row:
    record_id = check_record_id(record.record_id)
    if record.sku is UNSET:
        raise BadRecord("'sku' is missing")
    sku = check_sku(record.sku)
    location, place = place_of(record.location_id, places.locations)
    figures = figures_of(record)
    body, copy = copy_of(
        line, record_id, sku=sku, place=place, signature=places.signatures[place], figures=figures
    )
    return Row(line, record_id, sku, location, place, figures, body, copy)


def _problem(line: Line, record: RecordIn, message: str) -> Problem:
    return Problem(
        record_id=_shown(record.record_id),
        location=_shown(record.location_id),
        sku=_shown(record.sku),
        message=_storable(f"line {line.number}: {message}"),
    )


def _shown(value: object) -> str:
    """Return a value as far as it can be stored and shown."""
    return _storable(value)[:_SHOWN] if isinstance(value, str) else ""


def _storable(text: str) -> str:
    """Leave out the one character that PostgreSQL does not keep."""
    return text.replace("\x00", "")


def _what_can_be_told(line: Line) -> RecordIn:
    """Find out which record a line is about that could not be read as one."""
    try:
        sent = msgspec.json.decode(line.text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        sent = None
    found = sent if isinstance(sent, dict) else {}
    return RecordIn(
        **{name: found[wire] for name, wire in _NAMES.items() if isinstance(found.get(wire), str)}
    )


_NAMES = {"record_id": "recordId", "sku": "sku", "location_id": "locationId"}
