"""Plans of location graphs: reading one from a file, and refusing those that cannot stand.

The file has the shape of the location-graph export (spec: oci-headless 6.3).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import msgspec

from inventory.domain.graph_plan import GraphPlan, GroupSpec
from inventory.errors import IllegalGraph, InvalidRequest, InvalidRequestParameter

MAX_LOCATIONS = 50_000
MAX_GROUPS = 200
MAX_FILE_BYTES = 64 * 1024 * 1024

_PlaceId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{2,128}$(?!\n)")]


class _Group(msgspec.Struct):
    id: _PlaceId
    locations: list[_PlaceId]


class _Location(msgspec.Struct, rename="camel"):
    id: _PlaceId
    fulfillment_enabled: bool = True


class _File(msgspec.Struct):
    locations: list[_PlaceId | _Location]
    groups: list[_Group]


_DECODER = msgspec.json.Decoder(_File)


def plan_from_file(content: bytes) -> GraphPlan:
    """Read `{"locations": [id], "groups": [{"id", "locations": [id]}]}`.

    A location may also be `{"id", "fulfillmentEnabled": true}`; false is refused rather than
    ignored, because every location ships what is reserved there. Raises InvalidRequestParameter
    where a value is not what it should be, InvalidRequest for what is no JSON. Whether the graph
    can stand is `check_plan`'s business.
    """
    try:
        content.decode()  # what the decoder skips must be text, too
        file = _DECODER.decode(content)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        parameter = path.rstrip("`").removeprefix(".")
        message = f"'{parameter}': {text}" if parameter else text
        raise InvalidRequestParameter(message, parameter=parameter or None) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"The file is not a location graph in JSON: {error}"
        raise InvalidRequest(message) from error
    return GraphPlan(
        locations=[_location(entry, n) for n, entry in enumerate(file.locations)],
        groups=[GroupSpec(group.id, tuple(group.locations)) for group in file.groups],
    )


def _location(entry: str | _Location, number: int) -> str:
    if isinstance(entry, str):
        return entry
    if not entry.fulfillment_enabled:
        parameter = f"locations[{number}].fulfillmentEnabled"
        message = f"'{parameter}': locations that do not fulfil are not supported"
        raise InvalidRequestParameter(message, parameter=parameter)
    return entry.id


def check_plan(plan: GraphPlan) -> None:
    """Refuse a graph that cannot stand: IllegalGraph with the code of the rule it breaks."""
    if not plan.locations:
        raise _illegal("LocationListMustNotBeEmpty", "The graph has no locations.", "locations")
    if len(plan.locations) > MAX_LOCATIONS or len(plan.groups) > MAX_GROUPS:
        message = f"A graph holds at most {MAX_LOCATIONS} locations and {MAX_GROUPS} groups."
        raise _illegal("LocationListTooLarge", message, "locations")
    double = _double(plan.locations)
    if double is not None:
        raise _illegal("DuplicateLocationId", f"'{double}' is listed twice.", "locations")
    known = set(plan.locations)
    taken = set(known)
    for group in plan.groups:
        if group.id in taken:
            message = f"'{group.id}' is listed twice, or is a location's id."
            raise _illegal("DuplicateGroupId", message, "groups")
        taken.add(group.id)
        _check_members(group, known)


def _check_members(group: GroupSpec, known: set[str]) -> None:
    if not group.locations:
        raise _illegal("GroupMustNotBeEmpty", f"'{group.id}' has no locations.", "groups")
    unknown = next((name for name in group.locations if name not in known), None)
    if unknown is not None:
        message = f"'{group.id}' names '{unknown}', which is not among the locations."
        raise _illegal("IllegalGroupState", message, "groups")
    double = _double(group.locations)
    if double is not None:
        raise _illegal("DuplicateLocationId", f"'{group.id}' lists '{double}' twice.", "groups")


def _double(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)


def _illegal(code: str, message: str, parameter: str) -> IllegalGraph:
    return IllegalGraph(message, code=code, parameter=parameter)
