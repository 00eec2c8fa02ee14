"""Why no more can be promised or taken: the minimum cut, in the terms of a merchandiser.

Somebody asks at a place. The witness names the groups whose promises stand in the way and the
locations they all depend on: those groups can be served nowhere else, so what these locations have
free, less what is kept for the groups, is exactly what is available. It is the smallest such set,
so nothing in it is beside the point. Quantities are ints in thousandths.

In an oversold item a promise counts as far as it is kept, and promises are kept in the order of
their groups' identifiers, as in the layout.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from inventory.domain.network import Locations, Network, pooled, signature_of


@dataclass(frozen=True, slots=True)
class Witness:
    """The proof of an available figure: `available == free - promised`, always."""

    asked: str
    """The group or location that was asked."""
    quantity: int
    """How much was asked for."""
    here: tuple[str, ...]
    """The locations that can serve the one asked: those of the group, or the location itself."""
    free_here: int
    own: int
    """What is kept for the asked group's own promises."""
    others: tuple[tuple[str, int], ...]
    """The other groups in the way, with what is kept for each, in order of identifier."""
    locations: tuple[str, ...]
    """All locations of all groups involved, `here` included, in order of identifier."""
    free: int
    """What those locations have free."""
    oversold: int
    """What the item has promised and cannot serve, if any of that was promised for `locations`."""

    @property
    def promised(self) -> int:
        """What is kept for all groups involved; none of it can be served elsewhere."""
        return self.own + sum(quantity for _, quantity in self.others)

    @property
    def available(self) -> int:
        """What can still be promised, or taken, at the place asked."""
        return self.free - self.promised

    @property
    def elsewhere(self) -> int:
        """The most of what is kept for the others that can be served away from `here`."""
        return self.free - self.free_here

    @property
    def needed(self) -> int:
        """What the others must therefore take from `here`, however promises are laid out."""
        return self.free_here - self.own - self.available


def group_witness(
    *, group: str, quantity: int, locations: Locations, promises: Mapping[str, int]
) -> Witness:
    """Return what limits the ATO of a group."""
    state = _State.of(locations, promises)
    kept = dict(state.network.binding(group=group).kept)
    own = kept.pop(group, 0)
    here = {name for name, (_, groups) in locations.items() if group in groups}
    involved = here | state.counted_by(kept)
    return Witness(
        asked=group,
        quantity=quantity,
        here=tuple(sorted(here)),
        free_here=state.free(here),
        own=own,
        others=tuple(kept.items()),
        locations=tuple(sorted(involved)),
        free=state.free(involved),
        oversold=state.oversold(involved),
    )


def location_witness(
    *, location: str, quantity: int, locations: Locations, promises: Mapping[str, int]
) -> Witness:
    """Return what limits a reservation at a location: promises, or else its own free stock."""
    state = _State.of(locations, promises)
    free, groups = locations.get(location, (0, frozenset()))
    cut = state.network.binding_pool(signature=signature_of(groups=groups))
    # A location may run out before its pool does; then no promise stands in the way.
    kept = dict(cut.kept) if cut.available < free else {}
    involved = {location} | state.counted_by(kept)
    return Witness(
        asked=location,
        quantity=quantity,
        here=(location,),
        free_here=free,
        own=0,
        others=tuple(kept.items()),
        locations=tuple(sorted(involved)),
        free=state.free(involved),
        oversold=state.oversold(involved),
    )


@dataclass(frozen=True, slots=True)
class _State:
    locations: Locations
    promises: Mapping[str, int]
    network: Network[str]

    @classmethod
    def of(cls, locations: Locations, promises: Mapping[str, int]) -> "_State":
        network = Network(free=pooled(locations=locations), promises=promises)
        return cls(locations=locations, promises=promises, network=network)

    def counted_by(self, groups: Collection[str]) -> set[str]:
        return {
            name
            for name, (_, counted_by) in self.locations.items()
            if not counted_by.isdisjoint(groups)
        }

    def free(self, names: set[str]) -> int:
        return sum(free for name, (free, _) in self.locations.items() if name in names)

    def oversold(self, names: set[str]) -> int:
        unserved = (
            group
            for group, promised in self.promises.items()
            if promised > self.network.kept(group=group)
        )
        return self.network.short if self.counted_by(list(unserved)) & names else 0
