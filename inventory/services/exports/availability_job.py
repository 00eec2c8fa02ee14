"""The availability export as a kind of job."""

from collections.abc import Callable
from datetime import datetime

from inventory.models import Job
from inventory.origin import Origin
from inventory.selectors.availability_size import is_small
from inventory.selectors.graph import current_graph
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.exports.availability import (
    WantedPlaces,
    availability_pieces,
    wanted_places,
)
from inventory.services.exports.writing import write_pieces
from inventory.services.jobs import life
from inventory.services.jobs.at_once import export_at_once
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun


def start_availability_export(
    *,
    organization_id: int,
    wanted: WantedPlaces,
    origin: Origin,
    clock: Callable[[], datetime],
) -> Job:
    """Start an export; a small one has ended when this returns.

    Raises LocationDoesNotExist, GroupDoesNotExist.
    """
    graph = current_graph(organization_id)
    places = wanted.found(graph)
    new = life.NewJob(
        organization_id=organization_id,
        kind=AVAILABILITY_EXPORT,
        parameters=wanted.parameters(),
        origin=origin,
    )
    if is_small(graph, places=places.values()):
        return export_at_once(new, clock=clock)
    return life.start_export(new, now=clock())


def _run(run: JobRun) -> None:
    parameters = run.job.parameters
    wanted = wanted_places(groups=parameters.get("groups"), locations=parameters.get("locations"))
    pieces = availability_pieces(run.job.organization_id, wanted=wanted, now=run.now)
    write_pieces(run, pieces)


KIND = Kind(AVAILABILITY_EXPORT, _run)
