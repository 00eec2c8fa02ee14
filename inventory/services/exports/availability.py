"""The availability export (spec: oci-headless 6.2): places, and the figures of all they have.

The file is one snapshot: a header line for each place, a line for each SKU there, and at the end a
delta token that goes on exactly where the snapshot stops.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from inventory.domain.figures import GroupFigures
from inventory.domain.graph import Graph
from inventory.domain.moments import utc_text
from inventory.domain.quantity import to_json_number
from inventory.domain.record import in_time_order
from inventory.errors import InvalidRequestParameter
from inventory.selectors.availability import find_items, snapshot
from inventory.selectors.item_pages import figures_by_item
from inventory.selectors.places import group_id, location_id
from inventory.selectors.stock_lines import stock_lines
from inventory.services.deltas import feed_position, issue_token_at
from inventory.services.exports.pieces import Piece
from inventory.services.exports.spool import Spool

ALL = "*"
"""Instead of ids: every place of the kind."""


@dataclass(frozen=True, slots=True)
class WantedPlaces:
    """Groups, or locations, by identifier; none named stands for all."""

    is_group: bool
    identifiers: tuple[str, ...] = ()

    def parameters(self) -> dict[str, list[str]]:
        """Return what a job keeps of them."""
        name = "groups" if self.is_group else "locations"
        return {name: list(self.identifiers) or [ALL]}

    def found(self, graph: Graph) -> dict[str, int]:
        """Return the places' ids; LocationDoesNotExist or GroupDoesNotExist."""
        known = graph.groups if self.is_group else graph.locations
        find = group_id if self.is_group else location_id
        return {name: find(graph, name) for name in self.identifiers or sorted(known)}


def wanted_places(*, groups: Sequence[str] | None, locations: Sequence[str] | None) -> WantedPlaces:
    """Return what a client asks for: a list of ids, `*` or an empty list for all.

    Raises InvalidRequestParameter when both kinds are named, or neither is.
    """
    if groups is not None and locations is not None:
        message = "Locations and Groups not allowed in the same request."
        raise InvalidRequestParameter(message, parameter="objects")
    named = locations if groups is None else groups
    if named is None:
        message = "'objects' must name 'groups' or 'locations'"
        raise InvalidRequestParameter(message, parameter="objects")
    if ALL in named and len(named) > 1:
        message = f"'{ALL}' stands for all places and goes alone"
        raise InvalidRequestParameter(message, parameter="objects")
    identifiers = () if ALL in named else tuple(dict.fromkeys(named))
    return WantedPlaces(is_group=groups is not None, identifiers=identifiers)


def availability_pieces(
    organization_id: int, *, wanted: WantedPlaces, now: Callable[[], datetime]
) -> Generator[Piece, None, None]:
    """Generate the file. Everything in it is of the moment at which the first piece is asked for.

    `now` gives the token its life from the end of the reading on. Raises LocationDoesNotExist or
    GroupDoesNotExist when the graph has changed since the places were checked.
    """
    with snapshot():
        position = feed_position(organization_id)
        graph = find_items(organization_id, skus=()).graph
        places = wanted.found(graph)
        yield from (_groups(graph, places) if wanted.is_group else _locations(places))
    token = issue_token_at(
        position,
        organization_id=organization_id,
        is_group=wanted.is_group,
        places=list(places),
        now=now(),
    )
    yield Piece(_line(_Token(token)))


def _locations(places: Mapping[str, int]) -> Generator[Piece, None, None]:
    for identifier, pieces in stock_lines(places):
        yield Piece(_line(_LocationHeader(identifier)))
        for piece in pieces:
            yield Piece(piece, piece.count(b"\n"))


def _groups(graph: Graph, places: Mapping[str, int]) -> Generator[Piece, None, None]:
    """Solve the flow of an item once for all its groups, and sort the lines by group."""
    with Spool[int]() as spool:
        for page in figures_by_item(graph, groups=places.values()):
            lines: dict[int, list[bytes]] = {}
            for (sku, group), figures in page.items():
                lines.setdefault(group, []).append(_line(_group_line(sku, figures)))
            for group, of_group in lines.items():
                spool.add(group, of_group)
            yield Piece(b"", len(page))
        for identifier, group in places.items():
            yield Piece(_line(_GroupHeader(identifier)))
            for piece in spool.pieces(group):
                yield Piece(piece)


class _LocationHeader(msgspec.Struct, rename="camel"):
    location_id: str


class _GroupHeader(msgspec.Struct, rename="camel"):
    group_id: str


class _Token(msgspec.Struct, rename="camel"):
    delta_token: str


class _Future(msgspec.Struct, rename="camel"):
    expected_date: str
    quantity: int | Decimal


class _GroupLine(msgspec.Struct, rename="camel", omit_defaults=True):
    sku: str
    on_hand: int | Decimal
    reserved: int | Decimal
    atf: int | Decimal
    ato: int | Decimal
    safety_stock_count: int | Decimal
    futures: list[_Future]
    group_reserved: int | Decimal
    shared_group_reserved: int | Decimal
    effective_date: str | None = None


def _group_line(sku: str, figures: GroupFigures) -> _GroupLine:
    effective_at = figures.effective_at
    return _GroupLine(
        sku=sku,
        on_hand=to_json_number(figures.on_hand),
        reserved=to_json_number(figures.reserved),
        atf=to_json_number(figures.available_to_fulfil),
        ato=to_json_number(figures.available_to_order),
        safety_stock_count=to_json_number(figures.safety_stock),
        futures=[
            _Future(date, to_json_number(quantity))
            for date, quantity in in_time_order(dict(figures.futures))
        ],
        group_reserved=to_json_number(figures.group_reserved),
        shared_group_reserved=to_json_number(figures.shared_group_reserved),
        effective_date=None if effective_at is None else utc_text(effective_at),
    )


_JSON = msgspec.json.Encoder(decimal_format="number")


def _line(value: msgspec.Struct) -> bytes:
    return _JSON.encode(value) + b"\n"
