"""Exports against what the service says of itself, over whatever may happen to an item.

* an availability export is what get-availability answers, place by place;
* the event log is what stood before and after each change, the layout of promises included.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.api import availability as api
from inventory.api.base import _JSON
from inventory.domain.layout import lay_out
from inventory.errors import Refusal
from inventory.models import Item, Promise, StockRecord
from inventory.selectors.graph import current_graph
from inventory.selectors.places_availability import PlacesAsked, availability
from inventory.services.exports.availability import availability_pieces, wanted_places
from inventory.services.exports.event_log import EventWindow, event_pieces
from tests.builders import NOON, SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db

LOCATIONS = ["l1", "l2", "l3", "l9"]
GRAPHS: list[dict[str, list[str]]] = [
    {"east": ["l1", "l2"], "west": ["l2", "l3"]},
    {"east": ["l1", "l2", "l3"], "west": ["l3"], "all": ["l1", "l2", "l3", "l9"]},
    {"east": ["l1"], "west": ["l2", "l3", "l9"]},
]
GROUPS = ["east", "west"]
SKUS = [SKU, 'o"dd&sku', "ünïcode"]
DATES = ["2029-01-01T00:00:00Z", "2029-01-01T00:00:00.500000Z", "2030-06-01T00:00:00Z"]

quantities = st.one_of(st.integers(0, 12_000), st.integers(0, 12).map(lambda n: n * UNIT))
futures = st.dictionaries(st.sampled_from(DATES), st.integers(1, 5_000), max_size=3).map(
    lambda dates: tuple(sorted(dates.items()))
)
locations = st.sampled_from(LOCATIONS)
places = st.sampled_from([*LOCATIONS, *GROUPS, "all"])
skus = st.sampled_from(SKUS)
puts = st.fixed_dictionaries(
    {
        "on_hand": quantities,
        "safety_stock": st.integers(0, 3_000),
        "futures": futures,
        "effective_at": st.one_of(
            st.none(), st.integers(0, 10**7).map(lambda n: NOON + timedelta(microseconds=n))
        ),
        "excluded_groups": st.lists(st.sampled_from(GROUPS), unique=True, max_size=2).map(tuple),
    }
)
# A few units at a place, often more than there are.
moves = st.integers(1, 9)
steps = st.one_of(
    st.tuples(st.just("put"), locations, skus, puts),
    st.tuples(st.just("put"), locations, st.just(SKU), puts),
    st.tuples(st.just("reserve"), places, skus, moves),
    st.tuples(st.just("reserve"), st.sampled_from(GROUPS), st.just(SKU), moves),
    st.tuples(st.just("transfer"), st.sampled_from(GROUPS), locations, moves),
    st.tuples(st.just("transfer"), locations, st.sampled_from(GROUPS), moves),
    st.tuples(st.just("release"), places, moves),
    st.tuples(st.just("fulfil"), locations, moves),
    st.tuples(st.just("delete"), locations, skus),
    st.tuples(st.just("segment"), st.sampled_from(GROUPS), skus, st.booleans()),
    st.tuples(st.just("regroup"), st.sampled_from(GRAPHS), st.booleans()),
)
few = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,  # the same histories on every machine and day
    suppress_health_check=list(HealthCheck),
)


def do(shop: Shop, number: int, step: tuple[Any, ...]) -> None:
    """Take one step; what is refused is as good as not tried."""
    name, *details = step
    stood = shop.groups
    try:
        if name == "put":
            place, sku, figures = details
            shop.put(place, sku=sku, **figures)
        elif name == "reserve":
            place, sku, units = details
            shop.reserve(f"document-{number}", place, units, sku=sku)
        elif name == "transfer":
            source, target, units = details
            shop.transfer(source, target, units, is_forced=target in LOCATIONS and units > 4)
        elif name == "release":
            shop.release(*details)
        elif name == "fulfil":
            shop.fulfil(*details)
        elif name == "delete":
            shop.delete(details[0], sku=details[1])
        elif name == "segment":
            group, sku, excludes = details
            shop.segment(group, sku, excludes=excludes)
        else:
            groups, force = details
            members = {name for names in groups.values() for name in names}
            rest = [name for name in LOCATIONS if name not in members]
            shop.regroup(more_locations=rest, force=force, **groups)
    except Refusal:
        shop.groups = stood


def new_shop() -> Shop:
    members = {name for names in GRAPHS[0].values() for name in names}
    return a_shop(more_locations=[name for name in LOCATIONS if name not in members], **GRAPHS[0])


# The availability export


def exported(shop: Shop, **objects: list[str]) -> dict[str, list[Any]]:
    """Return the records of each place."""
    pieces = availability_pieces(
        shop.id,
        wanted=wanted_places(groups=objects.get("groups"), locations=objects.get("locations")),
        now=lambda: NOON,
    )
    written = b"".join(piece.lines for piece in pieces)
    records: dict[str, list[Any]] = {}
    place: list[Any] = []
    *lines, token = map(json.loads, written.splitlines())
    assert list(token) == ["deltaToken"]
    for line in lines:
        identifier = line.get("groupId") or line.get("locationId")
        if identifier is None:
            place.append(line)
        else:
            place = records[identifier] = []
    return records


def answered(shop: Shop, **objects: list[str]) -> dict[str, list[Any]]:
    """Return what get-availability says of every SKU that exists at each place."""
    groups, names = objects.get("groups"), objects.get("locations")
    standing = availability(
        shop.id,
        asked=PlacesAsked(
            skus=tuple(sorted(SKUS)),
            locations=None if names is None else tuple(names),
            groups=None if groups is None else tuple(groups),
        ),
    )
    body = json.loads(_JSON.encode(api._availability(standing)))
    return {
        place["id"]: [record for record in place["records"] if record.pop("exists")]
        for place in [*body["locations"], *body.get("groups", [])]
    }


def at_instants(records: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Read effective dates, which may be written with more or fewer zeros."""
    for record in [record for records in records.values() for record in records]:
        if "effectiveDate" in record:
            record["effectiveDate"] = datetime.fromisoformat(record["effectiveDate"])
    return records


@few
@given(st.lists(steps, max_size=12))
def test_an_export_says_what_get_availability_says(history: list[tuple[Any, ...]]) -> None:
    shop = new_shop()
    for number, step in enumerate(history):
        do(shop, number, step)

    graph = current_graph(shop.id)
    for objects in ({"locations": LOCATIONS}, {"groups": sorted(graph.groups)}):
        assert at_instants(exported(shop, **objects)) == at_instants(answered(shop, **objects))


# The event log


@dataclass(frozen=True)
class Place:
    """What a place has, in thousandths: reserved, ATO, on hand, ATF, soft reserved."""

    reserved: int
    ato: int
    on_hand: int
    atf: int
    soft: int


def standing(shop: Shop) -> dict[str, Place]:
    """Return every place of the present graph as it stands now, promises laid out."""
    graph = current_graph(shop.id)
    records = list(
        StockRecord.objects.filter(
            item__organization=shop.organization, item__sku=SKU
        ).select_related("location", "item")
    )
    promises = {
        promise.group.identifier: promise.quantity
        for promise in Promise.objects.filter(
            item__organization=shop.organization, item__sku=SKU, quantity__gt=0
        ).select_related("group")
    }
    free = {}
    for record in records:
        groups = graph.signature(
            record.location_id,
            segmented_out=record.item.segmented_out,
            excluded=record.excluded_groups,
        )
        have = record.on_hand + record.futures_quantity - record.safety_stock - record.reserved
        names = frozenset(graph.identifiers[group] for group in groups)
        free[record.location.identifier] = (max(0, have), names)
    layout = lay_out(locations=free, promises=promises)
    now = {
        record.location.identifier: Place(
            record.reserved,
            free[record.location.identifier][0],
            record.on_hand,
            max(0, record.on_hand - record.safety_stock - record.reserved),
            sum(
                quantity
                for (_, name), quantity in layout.placed.items()
                if name == record.location.identifier
            ),
        )
        for record in records
    }
    for group in graph.groups if sequence_of(shop) else ():
        figures = shop.figures(group)
        now[group] = Place(
            figures.reserved,
            figures.available_to_order,
            figures.on_hand,
            figures.available_to_fulfil,
            figures.group_reserved,
        )
    return now


def told(event: dict[str, Any], prefix: str) -> Place:
    names = ("Reserved", "Ato", "OnHand", "Atf", "SoftReserved")
    return Place(*(round(event[f"{prefix}{name}"] * UNIT) for name in names))


def event_log(shop: Shop) -> list[dict[str, Any]]:
    """Return the events of all places in their order."""
    window = EventWindow(SKU, NOON, NOON + timedelta(days=30))
    pieces = event_pieces(shop.id, window=window, is_csv=False)
    lines = [json.loads(line) for line in b"".join(p.lines for p in pieces).splitlines()]
    events = [line for line in lines if "eventType" in line]
    return sorted(events, key=lambda event: event["sequenceNumber"])


NOTHING = Place(0, 0, 0, 0, 0)


def sequence_of(shop: Shop) -> int:
    """Return how many changes the item has had."""
    item = Item.objects.filter(organization=shop.organization, sku=SKU).first()
    return 0 if item is None else item.sequence


@few
@given(st.lists(steps, max_size=12))
def test_the_event_log_says_what_stood(history: list[tuple[Any, ...]]) -> None:
    """After each step, and before the next: places that the graph then has."""
    shop = new_shop()
    before: dict[int, dict[str, Place]] = {}
    after: dict[int, dict[str, Place]] = {}
    sequence = 0
    for number, step in enumerate(history):
        moment = shop.later(number)
        stood = standing(shop)
        do(moment, number, step)
        shop.groups = moment.groups
        reached = sequence_of(shop)
        if reached > sequence:
            before[sequence + 1] = stood
            after[reached] = standing(shop)
        sequence = reached

    events = event_log(shop)

    assert [event["sequenceNumber"] for event in events] == list(range(1, sequence + 1))
    for event in events:
        number, place = event["sequenceNumber"], event["location"]
        if number in before:
            assert told(event, "old") == before[number].get(place, NOTHING), event
        # What a group had when it left was given back with it.
        if number in after and place in after[number]:
            assert told(event, "new") == after[number][place], event
