"""Whichever face a shop's systems use, the same day leaves the same stock, claims and ledger."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from inventory.models import Movement, MovementKind, Place, Promise, StockRecord
from reservations.models import Claim, Document
from tests.builders import UNIT, Shop, a_shop
from tests.contract.connect.client import (
    CREATE,
    FULFILMENTS,
    RELEASES,
    TRANSFERS,
    UPDATE,
    Connect,
)
from tests.contract.headless import Api

GROUPS = {"east": ["l1", "l2"], "west": ["l2", "l3"]}
LOCATIONS = ("l1", "l2", "l3", "l9")
NOWHERE = ("l7", "nobody")
SKUS = ("mug", "cup")
BATCH = "commerce/oci/availability-records/actions/batch-update"

quantities = st.sampled_from([0.5, 1, 2, 3, 5, 8])
places = st.sampled_from([*GROUPS, *LOCATIONS])
skus = st.sampled_from(SKUS)
documents = st.sampled_from(["d1", "d2", "d3"])
ids = st.sampled_from(["a", "b", "c"])


@dataclass(frozen=True)
class Line:
    place: str
    sku: str
    quantity: float


@dataclass(frozen=True)
class Reserve:
    document: str
    lines: tuple[Line, ...]
    seconds: int | None
    partial: bool


@dataclass(frozen=True)
class Add:
    """More of some lines: what PATCH adds, and the totals that Connect is told."""

    request: str
    document: str
    lines: tuple[Line, ...]
    partial: bool


@dataclass(frozen=True)
class Move:
    request: str
    source: str
    target: str
    sku: str
    quantity: float
    forced: bool


@dataclass(frozen=True)
class MoveTogether:
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Give:
    """Release, or ship."""

    request: str
    lines: tuple[Line, ...]
    ships: bool


@dataclass(frozen=True)
class Count:
    request: str
    location: str
    sku: str
    on_hand: float


lines = st.lists(st.builds(Line, places, skus, quantities), min_size=1, max_size=3).map(tuple)
stocked = st.builds(Line, st.sampled_from(LOCATIONS), skus, quantities)
moves = st.builds(
    Move,
    ids,
    st.sampled_from([*GROUPS, *LOCATIONS, *NOWHERE]),
    st.sampled_from([*LOCATIONS, "east"]),
    skus,
    quantities,
    st.booleans(),
)
together = st.builds(
    Move, ids, st.sampled_from([*GROUPS]), st.sampled_from(["l2", "l3"]), skus, quantities,
    st.just(value=False),
)  # fmt: skip
steps = st.one_of(
    st.builds(Reserve, documents, lines, st.sampled_from([None, 600]), st.booleans()),
    st.builds(Add, ids, documents, lines, st.booleans()),
    moves,
    st.builds(MoveTogether, st.lists(together, min_size=2, max_size=3).map(tuple)),
    st.builds(Give, ids, lines, st.just(value=False)),
    st.builds(Give, ids, st.lists(stocked, min_size=1, max_size=2).map(tuple), st.just(value=True)),
    st.builds(Count, ids, st.sampled_from(LOCATIONS), skus, quantities),
)


def is_location(place: str) -> bool:
    return place.startswith("l")


@dataclass
class Headless:
    """A shop whose systems call the headless APIs; each step returns the codes of what failed."""

    shop: Shop
    reservation: Api = field(init=False)
    availability: Api = field(init=False)

    def __post_init__(self) -> None:
        self.reservation = Api(self.shop, "reservation")
        self.availability = Api(self.shop, "availability", token=self.reservation.token)

    def take(self, step: Any) -> list[str] | None:
        if isinstance(step, Reserve):
            body = {**self._places(step.lines), "allowPartialReservations": step.partial}
            if step.seconds:
                body["expirationSeconds"] = step.seconds
            self._call("PUT", f"reservation-documents/{step.document}", body)
            return None
        if isinstance(step, Add):
            body = {**self._places(step.lines), "allowPartialReservations": step.partial}
            body["id"] = step.request
            self._call("PATCH", f"reservation-documents/{step.document}", body)
            return None
        if isinstance(step, Move):
            return self._records("transfers", {"records": [self._move(step)]})
        if isinstance(step, MoveTogether):
            records = [self._move(move) for move in step.moves]
            body = {"records": records, "allOrNothingTransferId": "set"}
            return self._records("transfers", body)
        if isinstance(step, Give):
            records = [
                {"id": step.request, "sku": line.sku, "quantity": line.quantity, **self._end(line)}
                for line in step.lines
            ]
            path = "fulfillments" if step.ships else "releases"
            codes = self._records(path, {"records": records})
            # What was shipped before is an error here, and none over Connect.
            return [code for code in codes if code != "EntityAlreadyExists"]
        record = {
            "id": step.request,
            "location": step.location,
            "sku": step.sku,
            "onHand": step.on_hand,
        }
        path = "availability-records/actions/batch-update"
        return self._codes(self.availability.call("POST", path, {"records": [record]}))

    def _call(self, method: str, path: str, body: Any) -> Any:
        answer = self.reservation.call(method, path, body)
        assert answer.status_code < 500, answer.content
        return answer

    def _records(self, path: str, body: Any) -> list[str]:
        return self._codes(self._call("POST", path, body))

    def _codes(self, answer: Any) -> list[str]:
        if answer.status_code == 204:
            return []
        body = answer.json()
        if answer.status_code == 400:
            return [body["errorCode"]]
        assert answer.status_code == 200, answer.content
        return [error["errorCode"] for error in body["errors"]]

    def _end(self, line: Line) -> dict[str, str]:
        return {"location" if is_location(line.place) else "group": line.place}

    def _places(self, lines: tuple[Line, ...]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for line in lines:
            kind = "locations" if is_location(line.place) else "groups"
            reservations = [{"sku": line.sku, "quantity": line.quantity}]
            body.setdefault(kind, []).append({"id": line.place, "reservations": reservations})
        return body

    def _move(self, move: Move) -> dict[str, Any]:
        def end(place: str) -> dict[str, str]:
            return {"location" if is_location(place) else "group": place}

        return {
            "id": move.request,
            "from": end(move.source),
            "to": end(move.target),
            "sku": move.sku,
            "quantity": move.quantity,
            "ignoreAvailabilityCheck": move.forced,
        }


@dataclass
class Salesforce:
    """A shop whose systems call Connect."""

    shop: Shop
    connect: Connect = field(init=False)

    def __post_init__(self) -> None:
        self.connect = Connect(self.shop)

    def take(self, step: Any) -> list[str] | None:
        if isinstance(step, Reserve):
            body = {
                "actionRequestId": step.document,
                "createRecords": [self._line(line) for line in step.lines],
                "allowPartialReservations": step.partial,
                "expirationSeconds": step.seconds,
            }
            self.connect.post(CREATE, body)
            return None
        if isinstance(step, Add):
            body = {
                "actionRequestId": step.request,
                "reservationId": step.document,
                "updateRecords": self._totals(step),
                "updateAllOrNothingRecords": not step.partial,
            }
            self.connect.post(UPDATE, body)
            return None
        if isinstance(step, Move | MoveTogether):
            moves = step.moves if isinstance(step, MoveTogether) else (step,)
            body = {"transferRecords": [self._move(move) for move in moves]}
            if isinstance(step, MoveTogether):
                body["allOrNothingTransferId"] = "set"
            return self._records(TRANSFERS, body)
        if isinstance(step, Give):
            records = [{"actionRequestId": step.request, **self._line(x)} for x in step.lines]
            if step.ships:
                return self._records(FULFILMENTS, {"fulfillmentRecords": records})
            return self._records(RELEASES, {"releaseRecords": records})
        record = {
            "actionRequestId": step.request,
            "locationIdentifier": step.location,
            "stockKeepingUnit": step.sku,
            "onHand": step.on_hand,
        }
        return self._records(BATCH, {"records": [record]})

    def _records(self, path: str, body: Any) -> list[str]:
        return [error["errorCode"] for error in self.connect.post(path, body)["errors"]]

    def _line(self, line: Line) -> dict[str, Any]:
        kind = "locationIdentifier" if is_location(line.place) else "locationGroupIdentifier"
        return {kind: line.place, "stockKeepingUnit": line.sku, "quantity": line.quantity}

    def _totals(self, step: Add) -> list[dict[str, Any]]:
        """Tell the totals that the lines come to with what the document holds there."""
        more: dict[tuple[str, str], float] = {}
        for line in step.lines:
            more[line.place, line.sku] = more.get((line.place, line.sku), 0) + line.quantity
        held = {
            (place, sku): quantity
            for document, place, sku, quantity, _ in claims(self.shop)
            if document == step.document
        }
        return [
            self._line(Line(place, sku, quantity + held.get((place, sku), 0)))
            for (place, sku), quantity in more.items()
        ]

    def _move(self, move: Move) -> dict[str, Any]:
        def end(prefix: str, place: str) -> dict[str, str]:
            kind = "LocationIdentifier" if is_location(place) else "LocationGroupIdentifier"
            return {f"{prefix}{kind}": place}

        return {
            "actionRequestId": move.request,
            **end("from", move.source),
            **end("to", move.target),
            "stockKeepingUnit": move.sku,
            "quantity": move.quantity,
            "ignoreAvailabilityCheck": move.forced,
        }


def claims(shop: Shop) -> list[tuple[str, str, str, float, int]]:
    """Return what documents hold: (document, place, SKU, units, standing)."""
    held: dict[tuple[str, str, str, int], int] = {}
    for *key, quantity in Claim.objects.filter(item__organization=shop.organization).values_list(
        "document__identifier", "place__identifier", "item__sku", "standing", "quantity"
    ):
        held[tuple(key)] = held.get(tuple(key), 0) + quantity
    return sorted((d, p, sku, q / UNIT, standing) for (d, p, sku, standing), q in held.items())


def state(shop: Shop) -> dict[str, Any]:
    """Return what a day has left, by the names that both shops share."""
    names = dict(
        Document.objects.filter(organization=shop.organization).values_list("pk", "identifier")
    )
    kept = {"item__organization": shop.organization}
    ledger = Movement.objects.filter(organization_id=shop.id).order_by("id")
    places_of = dict(
        Place.objects.filter(organization=shop.organization).values_list("pk", "identifier")
    )
    return {
        "stock": sorted(
            StockRecord.objects.filter(**kept).values_list(
                "location__identifier", "item__sku", "on_hand", "reserved", "safety_stock"
            )
        ),
        "promises": sorted(
            Promise.objects.filter(**kept, quantity__gt=0).values_list(
                "group__identifier", "item__sku", "quantity"
            )
        ),
        "claims": claims(shop),
        "ledger": [
            (
                movement.kind,
                places_of[movement.place_id],
                movement.quantity,
                movement.reserved_before,
                movement.reserved_after,
                movement.on_hand_after,
                names.get(movement.document_id),
            )
            for movement in ledger
        ],
    }


def a_stocked_shop() -> Shop:
    shop = a_shop(**GROUPS, more_locations=["l9"])
    for sku in SKUS:
        shop.stock(sku, l1=5, l2=5, l3=8, l9=2)
    return shop


configured = examples(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.django_db
@pytest.mark.slow
def test_both_faces_leave_the_same(settings: Any) -> None:
    settings.OCI_RATE_LIMIT_PER_MINUTE = 0
    applied: list[Any] = []

    @given(day=st.lists(steps, min_size=4, max_size=14))
    @configured
    def same(day: list[Any]) -> None:
        headless, salesforce = Headless(a_stocked_shop()), Salesforce(a_stocked_shop())
        for step in [*day, *day[::3]]:  # some of it is sent twice
            told = headless.take(step)
            assert salesforce.take(step) == told, step
            ours, theirs = state(headless.shop), state(salesforce.shop)
            for part, value in ours.items():
                assert theirs[part] == value, (step, part)
        applied.append(ours["ledger"])
        headless.shop.assert_clean()
        salesforce.shop.assert_clean()

    same()
    kinds = {movement[0] for ledger in applied for movement in ledger}
    assert kinds >= {
        MovementKind.COUNT,
        MovementKind.RESERVE_AT_LOCATION,
        MovementKind.RESERVE_AT_GROUP,
        MovementKind.UPDATE,
        MovementKind.TRANSFER,
        MovementKind.RELEASE,
        MovementKind.FULFIL,
    }
