"""The event-log export as a kind of job."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory.domain.moments import utc_text
from inventory.errors import InvalidRequestParameter
from inventory.models import Job
from inventory.origin import Origin
from inventory.selectors.event_history import has_few_events
from inventory.selectors.graph import current_graph
from inventory.selectors.places import group_id, location_id
from inventory.services.exports.event_log import EventWindow, check_is_kept, event_pieces
from inventory.services.exports.writing import write_pieces
from inventory.services.jobs import life
from inventory.services.jobs.at_once import export_at_once
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun

EVENT_LOG_EXPORT = "event-log-export"
LONGEST = timedelta(days=30)
MAX_PLACES = 10
_SMALL_EVENTS = 200
_SMALL_LOCATIONS = 1_000
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def event_window(
    *,
    sku: str,
    starts_on: datetime,
    ends_on: datetime | None,
    locations: Sequence[str],
    groups: Sequence[str],
) -> EventWindow:
    """Return what a client asks for; without an end, 30 days from the start.

    Raises InvalidRequestParameter for an end before the start or more than 30 days after it, and
    for more than 10 places.
    """
    latest = _END_OF_TIME if starts_on > _END_OF_TIME - LONGEST else starts_on + LONGEST
    ends_on = latest if ends_on is None else ends_on
    if ends_on < starts_on:
        message = "'endsOn' must not be before 'startsOn'"
        raise InvalidRequestParameter(message, parameter="endsOn")
    if ends_on > latest:
        message = f"'endsOn' must be at most {LONGEST.days} days after 'startsOn'"
        raise InvalidRequestParameter(message, parameter="endsOn")
    locations, groups = tuple(dict.fromkeys(locations)), tuple(dict.fromkeys(groups))
    if len(locations) + len(groups) > MAX_PLACES:
        message = f"'locations' and 'groups' may name at most {MAX_PLACES} places together"
        raise InvalidRequestParameter(message, parameter="locations" if locations else "groups")
    return EventWindow(sku, starts_on, ends_on, locations=locations, groups=groups)


def start_event_log_export(
    *,
    organization_id: int,
    window: EventWindow,
    is_csv: bool,
    origin: Origin,
    clock: Callable[[], datetime],
) -> Job:
    """Start an export; a small one has ended when this returns.

    Raises LocationDoesNotExist, GroupDoesNotExist, and InvalidRequestParameter for a window that
    begins before what the ledger still has.
    """
    check_is_kept(organization_id, window)
    graph = current_graph(organization_id)
    for name in window.locations:
        location_id(graph, name)
    for name in window.groups:
        group_id(graph, name)
    new = life.NewJob(
        organization_id=organization_id,
        kind=EVENT_LOG_EXPORT,
        parameters=_parameters(window, is_csv=is_csv),
        origin=origin,
    )
    if len(graph.locations) <= _SMALL_LOCATIONS and has_few_events(
        organization_id, sku=window.sku, limit=_SMALL_EVENTS
    ):
        return export_at_once(new, clock=clock)
    return life.start_export(new, now=clock())


def _parameters(window: EventWindow, *, is_csv: bool) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "sku": window.sku,
        "startsOn": utc_text(window.starts_at),
        "endsOn": utc_text(window.ends_at),
        "fileFormat": "CSV" if is_csv else "JSON",
    }
    if window.locations:
        parameters["locations"] = list(window.locations)
    if window.groups:
        parameters["groups"] = list(window.groups)
    return parameters


def _run(run: JobRun) -> None:
    parameters = run.job.parameters
    is_csv = parameters["fileFormat"] == "CSV"
    window = EventWindow(
        sku=parameters["sku"],
        starts_at=datetime.fromisoformat(parameters["startsOn"]),
        ends_at=datetime.fromisoformat(parameters["endsOn"]),
        locations=tuple(parameters.get("locations", ())),
        groups=tuple(parameters.get("groups", ())),
    )
    pieces = event_pieces(run.job.organization_id, window=window, is_csv=is_csv)
    write_pieces(run, pieces)


KIND = Kind(EVENT_LOG_EXPORT, _run, prefix="e-")
