"""The event log of one item (spec: oci-headless 6.4): what changed where, and the figures by it.

Each change stands once, below the header of the place whose balance changed: a count or location
reservation at its location, a promise at its group. Soft reserved is replayed: what the layout
(design: law 4) put on a location with the promises and the graph of that moment.
"""

import csv
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import StringIO

import msgspec

from inventory.domain.graph import Graph
from inventory.domain.moments import utc_text
from inventory.domain.quantity import to_json_number
from inventory.domain.replay import Event, Past, Standing
from inventory.errors import InvalidRequestParameter
from inventory.selectors.availability import snapshot
from inventory.selectors.event_history import KnownPlace, events, history
from inventory.selectors.graph_versions import graph_of_version
from inventory.selectors.ledger_horizon import ledger_kept_since
from inventory.services.exports.pieces import Piece
from inventory.services.exports.spool import Spool


@dataclass(frozen=True, slots=True)
class EventWindow:
    """Which events: of one SKU, from one moment to another (both included), at some places.

    Without `locations` and `groups`, at every place that has had any.
    """

    sku: str
    starts_at: datetime
    ends_at: datetime
    locations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def named(self) -> list[KnownPlace]:
        """Return the places asked for, in the order asked."""
        return [
            *(KnownPlace(name, is_group=False) for name in self.locations),
            *(KnownPlace(name, is_group=True) for name in self.groups),
        ]


def check_is_kept(organization_id: int, window: EventWindow) -> None:
    """Refuse a window of which rows may have been dropped: InvalidRequestParameter."""
    kept_since = ledger_kept_since(organization_id)
    if kept_since is not None and window.starts_at < kept_since:
        message = (
            f"'startsOn' must not be before {utc_text(kept_since)}: what happened earlier is not"
            " kept any more"
        )
        raise InvalidRequestParameter(message, parameter="startsOn")


class EventLine(msgspec.Struct, rename="camel"):
    """An event as the file has it; quantities as JSON numbers."""

    event_type: str
    location: str
    sequence_number: int
    quantity: int | Decimal
    new_reserved: int | Decimal
    new_ato: int | Decimal
    new_on_hand: int | Decimal
    new_atf: int | Decimal
    new_soft_reserved: int | Decimal
    future_quantity: int | Decimal
    old_reserved: int | Decimal
    old_ato: int | Decimal
    old_on_hand: int | Decimal
    old_atf: int | Decimal
    old_soft_reserved: int | Decimal
    created_time: str
    effective_time: str
    safety_stock_count: int | Decimal


_FIELDS = EventLine.__struct_encode_fields__
_JSON = msgspec.json.Encoder(decimal_format="number")
Write = Callable[[KnownPlace, EventLine], bytes]


def event_pieces(
    organization_id: int, *, window: EventWindow, is_csv: bool
) -> Generator[Piece, None, None]:
    """Generate the file, as of one moment. Places come one after another, events in their order.

    Raises as `check_is_kept`: the job may have waited while rows were dropped.
    JSON has a header line for each place; CSV one line of column names, and the place in each row.
    """
    if is_csv:
        yield Piece(_row(("groupId", "locationId", *_FIELDS)))
    write: Write = _csv_line if is_csv else _json_line
    with snapshot(), Spool[KnownPlace]() as spool:
        check_is_kept(organization_id, window)
        met: set[KnownPlace] = set()
        for place, line in _lines(organization_id, window):
            met.add(place)
            spool.add(place, [write(place, line)])
            yield Piece(b"", 1)
        everywhere = sorted(met, key=lambda place: (place.is_group, place.identifier))
        for place in window.named or everywhere:
            if not is_csv:
                name = "groupId" if place.is_group else "locationId"
                yield Piece(_JSON.encode({name: place.identifier}) + b"\n")
            for piece in spool.pieces(place):
                yield Piece(piece)


def _lines(
    organization_id: int, window: EventWindow
) -> Generator[tuple[KnownPlace, EventLine], None, None]:
    found = history(
        organization_id, sku=window.sku, starts_at=window.starts_at, ends_at=window.ends_at
    )
    if found is None:
        return
    named = set(window.named)
    graphs = _Graphs(organization_id)
    past = found.past
    for event in events(found):
        place = found.places[event.place]
        is_told = window.starts_at <= event.recorded_at <= window.ends_at and (
            not named or place in named
        )
        if not is_told:
            past.apply(event, is_group=place.is_group)
            continue
        graph = graphs.of_version(event.graph_version)
        before = _standing(past, event, place, graph)
        past.apply(event, is_group=place.is_group)
        yield place, _line(event, place, before=before, after=_standing(past, event, place, graph))


def _standing(past: Past, event: Event, place: KnownPlace, graph: Graph) -> Standing:
    if place.is_group:
        return past.in_group(event.place, graph=graph)
    return past.at_location(event.place, graph=graph)


class _Graphs:
    """The graph of the event at hand; versions come in rising order, so one is kept."""

    def __init__(self, organization_id: int) -> None:
        self._organization_id = organization_id
        self._graph: Graph | None = None

    def of_version(self, version: int) -> Graph:
        if self._graph is None or self._graph.version != version:
            self._graph = graph_of_version(self._organization_id, version=version)
        return self._graph


def _line(event: Event, place: KnownPlace, *, before: Standing, after: Standing) -> EventLine:
    return EventLine(
        event_type=event.kind,
        location=place.identifier,
        sequence_number=event.sequence,
        quantity=to_json_number(event.quantity),
        new_reserved=to_json_number(after.reserved),
        new_ato=to_json_number(after.available_to_order),
        new_on_hand=to_json_number(after.on_hand),
        new_atf=to_json_number(after.available_to_fulfil),
        new_soft_reserved=to_json_number(after.soft_reserved),
        future_quantity=to_json_number(after.futures),
        old_reserved=to_json_number(before.reserved),
        old_ato=to_json_number(before.available_to_order),
        old_on_hand=to_json_number(before.on_hand),
        old_atf=to_json_number(before.available_to_fulfil),
        old_soft_reserved=to_json_number(before.soft_reserved),
        created_time=utc_text(event.recorded_at),
        effective_time=utc_text(event.effective_at),
        safety_stock_count=to_json_number(after.safety_stock),
    )


def _json_line(_place: KnownPlace, line: EventLine) -> bytes:
    return _JSON.encode(line) + b"\n"


def _csv_line(place: KnownPlace, line: EventLine) -> bytes:
    columns: Mapping[str, object] = msgspec.structs.asdict(line)
    group, location = (place.identifier, "") if place.is_group else ("", place.identifier)
    return _row((group, location, *columns.values()))


def _row(cells: Iterable[object]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
