"""An item as it stood in the past: its balances, moved along by the ledger's rows.

The ledger says what every balance was before and after each change. So the state at any moment is
known from the changes that came later, and from there each change leads to the next state; the
figures and the layout of that state follow from the laws, with the graph of its time.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.domain.balance import Balance
from inventory.domain.figures import GroupFigures, ItemFigures
from inventory.domain.graph import Graph
from inventory.domain.layout import lay_out
from inventory.domain.record import Record, Signature, pools_of

_NOTHING = Balance()


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the ledger: a change of one balance, of a location or of a group's promise.

    `segments` says for a group that it stopped (False) or began (True) to count the item,
    `excludes` for a location which groups, by identifier, did not and do not count the record.
    """

    id: int
    place: int
    kind: str
    quantity: int
    before: Balance
    after: Balance
    sequence: int
    graph_version: int
    effective_at: datetime
    recorded_at: datetime
    segments: bool | None = None
    excludes: tuple[tuple[str, ...], tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures of one place at one moment, in thousandths.

    Soft reserved is what the layout puts of promises on a location; at a group it is the group's
    own promise.
    """

    on_hand: int
    safety_stock: int
    futures: int
    reserved: int
    available_to_order: int
    available_to_fulfil: int
    soft_reserved: int


@dataclass(slots=True)
class Past:
    """An item's state at one moment; `apply` moves it on by one event.

    `excluded` are the groups, by identifier, that do not count an item's record at a location.
    """

    records: dict[int, Balance]
    promises: dict[int, int]
    segmented_out: set[int]
    excluded: dict[int, Collection[str]]
    _soft: "_Soft | None" = None

    def apply(self, event: Event, *, is_group: bool) -> None:
        """Let the event happen."""
        self._soft = None
        if is_group:
            self.promises[event.place] = event.after.reserved
        else:
            self.records[event.place] = event.after
        if event.segments is False:
            self.segmented_out.add(event.place)
        elif event.segments is True:
            self.segmented_out.discard(event.place)
        if event.excludes is not None:
            self.excluded[event.place] = event.excludes[1]

    def rewound(
        self,
        *,
        balances: Iterable[tuple[Event, bool]],
        segments: Iterable[Event],
        exclusions: Iterable[Event],
    ) -> "Past":
        """Return the state before a moment, this one being the present.

        Each argument has the first event of its sort since that moment at each place: any event,
        with whether the place is a group; those that segment; those that exclude.
        """
        past = Past(
            dict(self.records), dict(self.promises), set(self.segmented_out), dict(self.excluded)
        )
        for event, is_group in balances:
            if is_group:
                past.promises[event.place] = event.before.reserved
            else:
                past.records[event.place] = event.before
        for event in segments:
            if event.segments:
                past.segmented_out.add(event.place)
            else:
                past.segmented_out.discard(event.place)
        for event in exclusions:
            if event.excludes is not None:
                past.excluded[event.place] = event.excludes[0]
        return past

    def at_location(self, location: int, *, graph: Graph) -> Standing:
        """Return the figures of a location."""
        balance = self.records.get(location, _NOTHING)
        return Standing(
            on_hand=balance.on_hand,
            safety_stock=balance.safety_stock,
            futures=balance.futures,
            reserved=balance.reserved,
            available_to_order=balance.available_to_order,
            available_to_fulfil=balance.available_to_fulfil,
            soft_reserved=self._laid_out(graph).get(location, 0),
        )

    def in_group(self, group: int, *, graph: Graph) -> Standing:
        """Return the figures of a group."""
        figures = self._figures(group, graph)
        return Standing(
            on_hand=figures.on_hand,
            safety_stock=figures.safety_stock,
            futures=sum(quantity for _, quantity in figures.futures),
            reserved=figures.reserved,
            available_to_order=figures.available_to_order,
            available_to_fulfil=figures.available_to_fulfil,
            soft_reserved=figures.group_reserved,
        )

    def _figures(self, group: int, graph: Graph) -> GroupFigures:
        pools = pools_of(
            Record(
                signature=self._signature(location, graph),
                balance=balance,
                futures=(("", balance.futures),) if balance.futures else (),
                exists=True,
            )
            for location, balance in self.records.items()
        )
        return ItemFigures(pools=pools, promises=self.promises).of_group(group)

    def _signature(self, location: int, graph: Graph) -> Signature:
        return graph.signature(
            location,
            segmented_out=self.segmented_out,
            excluded=self.excluded.get(location, ()),
        )

    def _laid_out(self, graph: Graph) -> Mapping[int, int]:
        """Return what the layout puts on each location; worked out once for a state."""
        if self._soft is None or self._soft.version != graph.version:
            self._soft = _Soft(graph.version, self._lay_out(graph))
        return self._soft.by_location

    def _lay_out(self, graph: Graph) -> dict[int, int]:
        promises = {
            graph.identifiers[group]: quantity
            for group, quantity in self.promises.items()
            if quantity and group in graph.members
        }
        if not promises:
            return {}
        locations = {}
        for location, balance in self.records.items():
            signature = self._signature(location, graph)
            if signature and balance.available_to_order:
                names = frozenset(graph.identifiers[group] for group in signature)
                locations[graph.identifiers[location]] = (balance.available_to_order, names)
        layout = lay_out(locations=locations, promises=promises)
        soft: dict[int, int] = {}
        for (_, name), quantity in layout.placed.items():
            location = graph.locations[name]
            soft[location] = soft.get(location, 0) + quantity
        return soft


@dataclass(frozen=True, slots=True)
class _Soft:
    version: int
    by_location: Mapping[int, int]
