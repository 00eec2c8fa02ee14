"""Product segmentation as a file: groups and the SKUs they exclude (spec: oci-headless 6.6)."""

from collections.abc import Sequence

import msgspec

from inventory.errors import InvalidRequestParameter
from inventory.models import Job
from inventory.origin import Origin
from inventory.selectors.availability import find_items, snapshot
from inventory.selectors.graph import current_graph
from inventory.selectors.places import group_id
from inventory.selectors.segmentation import segmented_skus
from inventory.services.jobs import life
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun

SEGMENTATION_EXPORT = "segmentation-export"
ALL = "*"


class _Group(msgspec.Struct, rename="camel"):
    group_id: str


class _Sku(msgspec.Struct):
    sku: str


def new_segmentation_export(
    *, organization_id: int, groups: Sequence[str], origin: Origin
) -> life.NewJob:
    """Return what an export of these groups is to do; `*` alone, or none, stands for all groups.

    Raises GroupDoesNotExist, and InvalidRequestParameter for `*` among others.
    """
    if ALL in groups and len(groups) > 1:
        message = f"'{ALL}' stands for all groups and goes alone"
        raise InvalidRequestParameter(message, parameter="groups")
    graph = current_graph(organization_id)
    named = [] if ALL in groups else list(dict.fromkeys(groups))
    for name in named:
        group_id(graph, name)
    return life.NewJob(
        organization_id=organization_id,
        kind=SEGMENTATION_EXPORT,
        parameters={"groups": named or [ALL]},
        origin=origin,
    )


def _export(run: JobRun) -> None:
    """Write all groups as of one moment."""
    encode = msgspec.json.encode
    with run.writing_result(content_type="application/octet-stream") as file, snapshot():
        for name, group in _groups(run.job).items():
            file.write(encode(_Group(name)) + b"\n")
            for skus in segmented_skus(run.job.organization_id, group=group):
                file.writelines(encode(_Sku(sku)) + b"\n" for sku in skus)
                run.counts.read += len(skus)
                run.counts.exported += len(skus)
                run.check()


def _groups(job: Job) -> dict[str, int]:
    """Return the groups by identifier; GroupDoesNotExist when one has left since it was asked."""
    graph = find_items(job.organization_id, skus=()).graph
    named = job.parameters["groups"]
    names = sorted(graph.groups) if named == [ALL] else named
    return {name: group_id(graph, name) for name in names}


KIND = Kind(SEGMENTATION_EXPORT, _export, prefix="pe-")
