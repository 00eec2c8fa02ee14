"""A location graph as one immutable value: who belongs to which group."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from inventory.domain.record import Signature


@dataclass(frozen=True, slots=True)
class Graph:
    """The places of one organization at one version; ids are the database's."""

    organization_id: int
    version: int
    locations: Mapping[str, int]
    groups: Mapping[str, int]
    identifiers: Mapping[int, str]
    groups_of: Mapping[int, Signature]
    members: Mapping[int, tuple[int, ...]]

    def signature(self, location: int, *, excluded: Collection[str] = ()) -> Signature:
        """Return the groups that count a location's record, less those that must not."""
        groups = self.groups_of.get(location, ())
        if not excluded:
            return groups
        return tuple(group for group in groups if self.identifiers[group] not in excluded)

    def is_group(self, place: int) -> bool:
        """Tell a group from a location; a group is never empty."""
        return place in self.members
