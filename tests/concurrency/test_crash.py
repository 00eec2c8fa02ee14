"""The web is killed with -9 in the middle of its writes: nothing is lost, nothing is half there."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from inventory.models import (
    Item,
    Movement,
    MovementKind,
    PoolBalance,
    ProcessedRequest,
    Promise,
    StockRecord,
)
from reservations.models import Claim, Document, Line
from tests.builders import Shop, a_shop
from tests.concurrency.servers import (
    Answered,
    HttpClient,
    Unanswered,
    WebServer,
    address_of,
    at_once,
    end_of,
    serving,
)

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 8
KILLS = 3
REQUESTS = 160  # before each kill
MADE_BY_DOCUMENTS = {MovementKind.RESERVE_AT_GROUP, MovementKind.RESERVE_AT_LOCATION}
SKUS = ["mug", "bowl", "plate"]
# Units set aside by an order, so that whatever a client moves, gives back or ships is there.
PLENTY = 20_000


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[WebServer]:
    with serving(address_of(connection), tmp_path, processes=2) as server:
        yield server


@dataclass
class Sent:
    """A request and what is known of it; `answer` is None when the server was gone before."""

    kind: str
    identifier: str
    method: str
    path: str
    body: dict[str, Any]
    answer: Answered | None = None

    @property
    def size(self) -> int:
        """How many changes it makes, all of them or none."""
        if self.kind == "reserve":
            (place,) = next(iter(self.body.values()))
            return len(place["reservations"])
        return len(self.body.get("records", [None]))

    @property
    def movements(self) -> int:
        """How many balances it moves: a transfer moves two with each record."""
        return self.size * 2 if self.kind == "transfers" else self.size


def movements_by_request(shop: Shop) -> Counter[str]:
    """Count the movements in the ledger by the id of their request, or of their document."""
    rows = Movement.objects.filter(organization_id=shop.id)
    documents = dict(
        Document.objects.filter(organization=shop.organization).values_list("pk", "identifier")
    )
    return Counter(
        documents[document] if kind in MADE_BY_DOCUMENTS else request_id
        for kind, request_id, document in rows.values_list("kind", "request_id", "document_id")
    )


class Writer:
    """A client that writes until nobody answers any more, and keeps a record of it."""

    def __init__(self, name: str, client: HttpClient) -> None:
        self.name = name
        self.client = client
        self.sent: list[Sent] = []

    def __call__(self) -> None:
        deeds = [self.reserve, self.transfer, self.release, self.fulfil, self.count, self.batch]
        try:
            while True:
                for deed in deeds:
                    self.send(deed(f"{self.name}-{len(self.sent)}"))
        except Unanswered:
            return

    def send(self, sent: Sent) -> None:
        self.sent.append(sent)
        sent.answer = self.client.call(sent.method, sent.path, sent.body)

    def reserve(self, identifier: str) -> Sent:
        kind, place = ("groups", "all") if len(self.sent) % 4 else ("locations", "l1")
        lines = [{"sku": sku, "quantity": 1} for sku in SKUS]
        return Sent(
            "reserve",
            identifier,
            "PUT",
            f"reservation-documents/{identifier}",
            {kind: [{"id": place, "reservations": lines}]},
        )

    def transfer(self, identifier: str) -> Sent:
        ends = {"from": end_of("all"), "to": end_of("l1")}
        return self._operation("transfers", identifier, ends)

    def release(self, identifier: str) -> Sent:
        return self._operation("releases", identifier, end_of("all"))

    def fulfil(self, identifier: str) -> Sent:
        return self._operation("fulfillments", identifier, end_of("l1"))

    def count(self, identifier: str) -> Sent:
        path = f"locations/l2/availability-records/skus/{SKUS[0]}/{identifier}"
        return Sent("count", identifier, "PUT", path, {"onHand": self._new_count()})

    def batch(self, identifier: str) -> Sent:
        record = {"id": identifier, "location": "l2", "onHand": self._new_count()}
        return Sent(
            "batch",
            identifier,
            "POST",
            "availability-records/actions/batch-update",
            {"records": [{**record, "sku": sku} for sku in reversed(SKUS)]},
        )

    def _new_count(self) -> float:
        """Return a count nobody else makes: what changes nothing leaves no trace."""
        kill, who = self.name.removeprefix("k").split("-")
        return round(PLENTY + len(self.sent) + (int(kill) * CLIENTS + int(who)) / 1000, 3)

    def _operation(self, path: str, identifier: str, place: dict[str, Any]) -> Sent:
        records = [{"id": identifier, "sku": sku, "quantity": 1, **place} for sku in SKUS]
        return Sent(path, identifier, "POST", path, {"records": records})


def everything_of(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Return all there is: balances, promises, pools, documents, lines, claims, the ledger."""
    item = {"item__organization": shop.organization}
    queries = [
        Item.objects.filter(organization=shop.organization),
        StockRecord.objects.filter(**item),
        Promise.objects.filter(**item),
        PoolBalance.objects.filter(**item),
        Document.objects.filter(organization=shop.organization),
        Line.objects.filter(**item),
        Claim.objects.filter(**item),
        Movement.objects.filter(organization_id=shop.id),
        ProcessedRequest.objects.filter(organization_id=shop.id),
    ]
    return {query.model.__name__: list(query.order_by("pk").values()) for query in queries}


def a_stocked_shop() -> Shop:
    shop = a_shop(all=["l1", "l2"])
    for sku in SKUS:
        shop.stock(sku, l1=5 * PLENTY, l2=5 * PLENTY)
        shop.reserve(f"{sku}-at-l1", "l1", PLENTY, sku=sku)
        shop.reserve(f"{sku}-at-all", "all", PLENTY, sku=sku)
    return shop


def killed_while_they_write(
    server: WebServer, writers: list[Writer], *, seconds: float
) -> list[Sent]:
    """Kill the web under its writers; return the requests whose fate nobody knows."""

    def kill() -> None:
        before = sum(len(writer.sent) for writer in writers)
        deadline = time.monotonic() + 60
        while sum(len(writer.sent) for writer in writers) < before + REQUESTS:
            assert time.monotonic() < deadline, server.said()
            time.sleep(0.01)
        time.sleep(seconds)
        server.kill()

    works: list[Callable[[], None]] = [*writers, kill]
    at_once(works)
    server.wait_until_forgotten()
    return [writer.sent[-1] for writer in writers if writer.sent[-1].answer is None]


@pytest.mark.slow
def test_writes_of_a_killed_web_are_there_wholly_or_not_at_all(server: WebServer) -> None:
    shop = a_stocked_shop()
    client = HttpClient.of(server, shop)
    unanswered: list[Sent] = []
    writers: list[Writer] = []

    for kill in range(KILLS):
        round_ = [Writer(f"k{kill}-{n}", client.copy()) for n in range(CLIENTS)]
        unanswered += killed_while_they_write(server, round_, seconds=0.07 * kill)
        writers += round_
        server.start()
        shop.assert_clean()

    sent = [each for writer in writers for each in writer.sent]
    acknowledged = [each for each in sent if each.answer is not None]
    assert {each.kind for each in acknowledged} == {
        *("reserve", "transfers", "releases", "fulfillments", "count", "batch")
    }
    assert unanswered
    refused = [each for each in acknowledged if not was_applied(each)]
    assert refused == []

    # What was acknowledged is there; what was not is there wholly or not at all.
    found = movements_by_request(shop)
    in_part = [each for each in acknowledged if found[each.identifier] != each.movements]
    assert in_part == []
    applied = [each for each in unanswered if found[each.identifier]]
    in_part = [each for each in applied if found[each.identifier] != each.movements]
    assert in_part == []
    there = [*acknowledged, *applied]
    assert sum(found.values()) == sum(each.movements for each in there) + 4 * len(SKUS)
    lines = Counter(Line.objects.values_list("document__identifier", flat=True))
    reserved = {each.identifier: each.size for each in there if each.kind == "reserve"}
    assert {name: lines[name] for name in reserved} == reserved
    assert Document.objects.count() == len(reserved) + 2 * len(SKUS)

    # Sent again, nothing of it is applied again.
    before = everything_of(shop)
    at_once(partial(send_again, client.copy(), part) for part in shared_out(there))
    assert everything_of(shop) == before

    # What was not applied can be sent again too, and is applied once.
    lost = [each for each in unanswered if each not in applied]
    for _ in range(2):
        for each in lost:
            client.call(each.method, each.path, each.body)
    found = movements_by_request(shop)
    assert [found[each.identifier] for each in lost] == [each.movements for each in lost]
    shop.assert_clean()


def was_applied(each: Sent) -> bool:
    answer = each.answer
    assert answer is not None
    if each.kind == "reserve":
        return answer.status == 200 and answer.body["success"]
    return answer.status == 204


def send_again(client: HttpClient, sent: list[Sent]) -> None:
    """Send the same requests; each answer says what the first one said, or that it was before."""
    for each in sent:
        answer = client.call(each.method, each.path, each.body)
        if each.kind == "fulfillments":
            codes = {error["errorCode"] for error in answer.body["errors"]}
            assert (answer.status, codes) == (200, {"EntityAlreadyExists"})
        elif each.answer is not None:
            assert answer == each.answer
        else:
            assert answer.status in {200, 204}


def shared_out(sent: list[Sent]) -> list[list[Sent]]:
    return [sent[n::CLIENTS] for n in range(CLIENTS)]
