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

    def signature(
        self, location: int, *, segmented_out: Collection[int], excluded: Collection[str] = ()
    ) -> Signature:
        """Return the groups that count a location's record, less those that must not.

        `segmented_out` are the groups, by id, that count the item nowhere; `excluded` those, by
        identifier, that do not count this one record.
        """
        groups = self.groups_of.get(location, ())
        if not excluded and not segmented_out:
            return groups
        return tuple(
            group
            for group in groups
            if group not in segmented_out and self.identifiers[group] not in excluded
        )

    def is_group(self, place: int) -> bool:
        """Tell a group from a location; a group is never empty."""
        return place in self.members
