"""The location graphs of the past: every version is kept, with the ids that ledger rows name."""

from datetime import datetime

from inventory.domain.graph import Graph
from inventory.models import GraphVersion

_EMPTY_VERSION = 1
"""What an organization is born with: no places, and no row."""


def graph_version_at(organization_id: int, *, moment: datetime) -> int:
    """Return the version that stood at a moment."""
    version = (
        GraphVersion.objects.filter(organization_id=organization_id, created_at__lte=moment)
        .order_by("-version")
        .values_list("version", flat=True)
        .first()
    )
    return _EMPTY_VERSION if version is None else version


def graph_of_version(organization_id: int, *, version: int) -> Graph:
    """Return the graph of a version, places that have retired since included.

    A ledger row names its version. Raises GraphVersion.DoesNotExist for one that never was.
    """
    if version == _EMPTY_VERSION:
        row = GraphVersion.objects.filter(organization_id=organization_id, version=version).first()
        document = {"locations": {}, "groups": {}} if row is None else row.document
    else:
        document = GraphVersion.objects.get(
            organization_id=organization_id, version=version
        ).document
    locations = {name: int(pk) for pk, name in document["locations"].items()}
    members = {int(pk): tuple(group["locations"]) for pk, group in document["groups"].items()}
    groups = {group["identifier"]: int(pk) for pk, group in document["groups"].items()}
    groups_of: dict[int, list[int]] = {}
    for group in sorted(members):
        for location in members[group]:
            groups_of.setdefault(location, []).append(group)
    return Graph(
        organization_id=organization_id,
        version=version,
        locations=locations,
        groups=groups,
        identifiers={pk: name for name, pk in (locations | groups).items()},
        groups_of={location: tuple(groups) for location, groups in groups_of.items()},
        members=members,
    )
