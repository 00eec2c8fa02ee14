"""The lines of a segmentation file: headers that name a group and a mode, and SKUs below them.

{"groupId": "G1", "mode": "REPLACE"}
{"sku": "sku1"}
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from inventory.domain.graph import Graph
from inventory.services.availability_import.layouts import text_of
from inventory.services.availability_import.lines import Line
from inventory.services.availability_import.records import BadRecord, check_sku

_SHOWN = 60


class Mode(StrEnum):
    """What becomes of the SKUs that a group excludes."""

    REPLACE = "REPLACE"
    APPEND = "APPEND"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class Header:
    """What the SKUs below are for."""

    group: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be applied; below a refused header nothing can."""

    complaint: str
    is_header: bool = False


class _Line(msgspec.Struct, rename="camel"):
    group_id: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET


_DECODER = msgspec.json.Decoder(_Line)


def entry_of(line: Line, *, graph: Graph) -> Header | str | Refused | None:
    """Return a line's header or SKU, or what is wrong with it; None for an empty line."""
    # What cannot be read may have been meant as a header: better refused than for a wrong group.
    is_header = b'"groupId"' in line.text
    try:
        text = text_of(line)
        if not text.strip():
            return None
        said = _decoded(text)
        is_header = said.sku is UNSET and not (said.group_id is UNSET and said.mode is UNSET)
        return _header(said, graph) if is_header else _sku(said)
    except BadRecord as bad:
        return Refused(str(bad), is_header=is_header)


def _decoded(text: str) -> _Line:
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError as error:
        complaint, _, path = str(error).partition(" - at `$.")
        if not path:
            raise BadRecord("the line is not a JSON object") from None
        message = f"'{path.rstrip('`')}' {complaint[:1].lower()}{complaint[1:]}"
        raise BadRecord(message) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadRecord("the line is not a JSON object") from None


def _sku(said: _Line) -> str:
    if said.sku is UNSET:
        raise BadRecord("'sku' is missing")
    if said.group_id is not UNSET or said.mode is not UNSET:
        raise BadRecord("'sku' stands on a line of its own, below its group's header")
    return check_sku(said.sku)


def _header(said: _Line, graph: Graph) -> Header:
    if said.group_id is UNSET:
        raise BadRecord("'groupId' is missing")
    if said.group_id not in graph.groups:
        message = f"'groupId' No group exists with ID {said.group_id[:_SHOWN]!r}"
        raise BadRecord(message)
    if said.mode is UNSET:
        raise BadRecord("'mode' is missing")
    try:
        return Header(said.group_id, Mode(said.mode))
    except ValueError:
        message = f"'mode' must be REPLACE, APPEND or REMOVE, not {said.mode[:_SHOWN]!r}"
        raise BadRecord(message) from None
