"""Several server processes and many clients over HTTP: what holds in one process holds in all."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone

from inventory.errors import IllegalGraph
from inventory.models import Item, Movement, MovementKind
from inventory.origin import Origin
from reservations.models import Claim
from reservations.services.expiry import expire_due_claims
from tests.builders import SKU, UNIT, Shop, a_shop
from tests.concurrency.rivals import in_own_connection
from tests.concurrency.servers import HttpClient, WebServer, address_of, at_once, end_of, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("server-processes"),  # one server serves the tests of this module
]


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    """Serve the test database with as many processes as asked for."""
    state = tmp_path_factory.mktemp("web")
    with serving(address_of(connection), state, processes=request.param) as server:
        yield server


@pytest.fixture
def server(transactional_db: None, running: WebServer) -> WebServer:
    """Serve; the database is emptied after each test, and the server stays."""
    return running


@contextmanager
def every_process_at_work(server: WebServer) -> Iterator[None]:
    """Assert that each process had its share of what was done, and none ended."""
    before = server.workers()
    assert len(before) == server.processes
    yield
    after = server.workers()
    assert after.keys() == before.keys(), server.said()
    assert all(after[worker] > before[worker] for worker in after), (before, after)


two_or_four = pytest.mark.parametrize(
    "running", [2, 4], indirect=True, ids=["2-processes", "4-processes"]
)
two = pytest.mark.parametrize("running", [2], indirect=True, ids=["2-processes"])
four = pytest.mark.parametrize("running", [4], indirect=True, ids=["4-processes"])


def claimed(shop: Shop, sku: str = SKU) -> float:
    return sum(Claim.objects.filter(item=shop.item(sku)).values_list("quantity", flat=True)) / UNIT


# 400 tries for 50 units


@two_or_four
@pytest.mark.parametrize("places", [["l1"], ["all"], ["l1", "all"]], ids="-and-".join)
def test_four_hundred_tries_for_fifty_units_sell_fifty(
    server: WebServer, places: list[str]
) -> None:
    shop = a_shop(all=["l1"])
    shop.stock(l1=50)
    client = HttpClient.of(server, shop)

    def buy(n: int) -> tuple[int, int]:
        mine = client.copy()
        answers = [
            mine.reserve(f"order-{n}-{m}", places[m % len(places)], (SKU, 1)) for m in range(25)
        ]
        assert set(mine.statuses) == {200}
        return sum(answer.body["success"] for answer in answers), len(answers)

    with every_process_at_work(server):
        results = at_once(partial(buy, n) for n in range(16))

    assert sum(tries for _, tries in results) == 400
    assert sum(sold for sold, _ in results) == 50
    assert claimed(shop) == 50
    assert shop.short() == 0
    shop.assert_clean()


# Two clients


@two
@pytest.mark.parametrize("places", [("l1", "l1"), ("all", "all"), ("l1", "all")], ids="-and-".join)
def test_the_last_unit_goes_to_one_of_two_clients(
    server: WebServer, places: tuple[str, str]
) -> None:
    shop = a_shop(all=["l1"])
    clients = [HttpClient.of(server, shop) for _ in places]
    for n in range(20):
        shop.stock(f"sku-{n}", l1=1)

        answers = at_once(
            partial(client.reserve, f"{m}-{n}", place, (f"sku-{n}", 1))
            for m, (client, place) in enumerate(zip(clients, places, strict=True))
        )

        assert sorted(answer.body["success"] for answer in answers) == [False, True]
        assert claimed(shop, f"sku-{n}") == 1
    shop.assert_clean()


@two
def test_the_same_new_skus_in_opposite_order_are_created_by_both_clients(server: WebServer) -> None:
    shop = a_shop(all=["l1"])
    clients = [HttpClient.of(server, shop) for _ in range(2)]
    for n in range(8):
        records = [
            {"id": f"{n}", "location": "l1", "sku": f"new-{n}-{m}", "onHand": m + 1}
            for m in range(100)
        ]

        answers = at_once(
            partial(
                client.call,
                "POST",
                "availability-records/actions/batch-update",
                {"records": order},
            )
            for client, order in zip(clients, (records, records[::-1]), strict=True)
        )

        assert [answer.status for answer in answers] == [204, 204]
    assert Item.objects.filter(organization=shop.organization).count() == 800
    assert Movement.objects.filter(organization_id=shop.id).count() == 800
    shop.assert_clean()


# The graph


@two
def test_the_graph_changes_while_clients_reserve(server: WebServer) -> None:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], unused=["l3"])
    shop.stock(l1=40, l2=40, l3=40)
    client = HttpClient.of(server, shop)
    done = Event()

    def reserve(n: int) -> float:
        mine = client.copy()
        places = ("east", "west", "l1", "l3")
        answers = [mine.reserve(f"order-{n}-{m}", places[(n + m) % 4], (SKU, 1)) for m in range(25)]
        assert set(mine.statuses) == {200}
        return sum(answer.body["success"] for answer in answers)

    def regroup() -> int:
        changes = 0
        while not done.is_set():
            west = ["l3"] if changes % 2 else ["l1", "l2", "l3"]
            shop.regroup(east=["l1", "l2"], west=west)
            changes += 1
            time.sleep(0.05)
        return changes

    def all_reserve() -> float:
        try:
            return sum(at_once(partial(reserve, n) for n in range(6)))
        finally:
            done.set()

    changes, sold = at_once([in_own_connection(regroup), all_reserve])

    assert changes > 5
    assert claimed(shop) == sold
    versions = set(
        Movement.objects.filter(
            organization_id=shop.id, kind=MovementKind.RESERVE_AT_GROUP
        ).values_list("graph_version", flat=True)
    )
    assert len(versions) > 1
    shop.assert_clean()
    with pytest.raises(IllegalGraph):
        shop.regroup(east=["l1", "l2", "l3"])


@two
def test_a_group_is_gone_or_has_its_promise(server: WebServer) -> None:
    shop = a_shop(east=["l1"])
    shop.stock(l1=100)
    client = HttpClient.of(server, shop)
    for n in range(12):
        name = f"group-{n}"
        shop.regroup(**{**shop.groups, name: ["l1"]})
        without = {group: names for group, names in shop.groups.items() if group != name}

        def drop(without: dict[str, list[str]] = without) -> bool:
            try:
                shop.regroup(**without)
            except IllegalGraph:
                return False
            return True

        dropped, answer = at_once(
            [in_own_connection(drop), partial(client.reserve, f"order-{n}", name, (SKU, 1))]
        )

        if dropped:
            assert answer.status in {400, 404}
            assert answer.body["errorCode"] == "GroupDoesNotExist"
        else:
            shop.groups = {**without, name: ["l1"]}
            assert answer.body["success"] is True
    shop.assert_clean()


# Everything at once


SKUS = [f"item-{n}" for n in range(5)]
LOCATIONS = ["l1", "l2", "l3", "l4"]
GROUPS = ["east", "west", "all"]
WRITING_SECONDS = 20.0


class Writer:
    """A client that does everything there is, in an order of its own, until its time is over."""

    def __init__(self, n: int, client: HttpClient) -> None:
        self.name = f"w{n}"
        self.client = client
        self.dice = random.Random(n)
        self.calls: list[tuple[str, int, str]] = []
        self._count = 0
        self._token = ""

    def __call__(self) -> None:
        deadline = time.monotonic() + WRITING_SECONDS
        deeds = [
            self.reserve,
            self.reserve,
            self.replace,
            self.add,
            self.cancel,
            self.transfer,
            self.release,
            self.fulfil,
            self.count,
            self.change,
            self.batch,
            self.delete,
            self.look,
            self.follow,
        ]
        while time.monotonic() < deadline:
            self._count += 1
            deed = self.dice.choice(deeds)
            deed()

    def reserve(self) -> None:
        more = {"expirationSeconds": 1} if self.dice.random() < 0.4 else {}
        self._put(f"{self.name}-{self._count}", **more)

    def replace(self) -> None:
        document = f"{self.name}-basket-{self._count // 10}"
        self._put(document, expirationSeconds=self.dice.choice([1, 600]))

    def add(self) -> None:
        lines = [{"sku": sku, "quantity": 1} for sku in self._skus()]
        body = {"groups": [{"id": self.dice.choice(GROUPS), "reservations": lines}]}
        self._call("add", "PATCH", f"reservation-documents/{self._earlier()}", body)

    def cancel(self) -> None:
        body = {"status": "CANCELLED"}
        self._call("cancel", "PATCH", f"reservation-documents/{self._earlier()}", body)

    def transfer(self) -> None:
        source, target = self.dice.choice(
            [
                (self.dice.choice(GROUPS), self.dice.choice(LOCATIONS)),
                (self.dice.choice(LOCATIONS), self.dice.choice(GROUPS)),
                tuple(self.dice.sample(LOCATIONS, 2)),
            ]
        )
        body = self._records({"from": end_of(source), "to": end_of(target)})
        if self.dice.random() < 0.3:
            body["allOrNothingTransferId"] = f"{self.name}-set-{self._count}"
        self._call("transfer", "POST", "transfers", body)

    def release(self) -> None:
        place = self.dice.choice(GROUPS + LOCATIONS)
        self._call("release", "POST", "releases", self._records(end_of(place)))

    def fulfil(self) -> None:
        place = {"location": self.dice.choice(LOCATIONS)}
        self._call("fulfil", "POST", "fulfillments", self._records(place))

    def count(self) -> None:
        self._call("count", "PUT", self._record(), {"onHand": self.dice.randrange(60)})

    def change(self) -> None:
        self._call("change", "PATCH", self._record(), {"safetyStockCount": self.dice.randrange(4)})

    def batch(self) -> None:
        records = [
            {
                "id": f"{self.name}-{self._count}",
                "location": location,
                "sku": sku,
                "onHand": self.dice.randrange(60),
            }
            for sku in self._skus()
            for location in self.dice.sample(LOCATIONS, 2)
        ]
        path = "availability-records/actions/batch-update"
        self._call("batch", self.dice.choice(["POST", "PATCH"]), path, {"records": records})

    def delete(self) -> None:
        self._call("delete", "DELETE", self._record())

    def look(self) -> None:
        path = "availability-records/actions/get-availability"
        self._call("look", "POST", path, {"skus": SKUS, "locations": LOCATIONS, "groups": GROUPS})

    def follow(self) -> None:
        if self._token:
            path, body = "actions/get-deltas", {"deltaToken": self._token}
        else:
            path, body = "delta-token", {"placeType": "GROUP", "places": GROUPS}
        answer = self._call("follow", "POST", f"availability-records/{path}", body) or {}
        self._token = answer.get("nextDeltaToken") or answer.get("deltaToken", "")

    def _put(self, document: str, **more: object) -> None:
        place = self.dice.choice(GROUPS + LOCATIONS)
        lines = [{"sku": sku, "quantity": self.dice.randrange(1, 4)} for sku in self._skus()]
        kind = "groups" if place in GROUPS else "locations"
        body = {kind: [{"id": place, "reservations": lines}], **more}
        self._call("reserve", "PUT", f"reservation-documents/{document}", body)

    def _skus(self) -> list[str]:
        """Return some SKUs in any order: the service must sort what it locks."""
        return self.dice.sample(SKUS, self.dice.randrange(1, 4))

    def _earlier(self) -> str:
        return f"{self.name}-{self.dice.randrange(max(0, self._count - 20), self._count + 1)}"

    def _record(self) -> str:
        location, sku = self.dice.choice(LOCATIONS), self.dice.choice(SKUS)
        request_id = f"{self.name}-{self._count}"
        return f"locations/{location}/availability-records/skus/{sku}/{request_id}"

    def _records(self, place: dict[str, object]) -> dict[str, object]:
        request_id = f"{self.name}-{self._count}"
        return {
            "records": [
                {"id": request_id, "sku": sku, "quantity": self.dice.randrange(1, 3), **place}
                for sku in self._skus()
            ]
        }

    def _call(
        self, deed: str, method: str, path: str, body: object = None
    ) -> dict[str, str] | None:
        answer = self.client.call(method, path, body)
        code = (answer.body or {}).get("errorCode", "")
        self.calls.append((deed, answer.status, code))
        return answer.body


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)


@four
@pytest.mark.slow
def test_thirty_two_writers_over_five_items_and_three_overlapping_groups(server: WebServer) -> None:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], all=["l1", "l2", "l3", "l4"])
    for sku in SKUS:
        shop.stock(sku, l1=40, l2=40, l3=40, l4=40)
    client = HttpClient.of(server, shop)
    writers = [Writer(n, client.copy()) for n in range(32)]
    deadlocks_before = deadlocks()

    def expire() -> int:
        return keep_doing(
            lambda: expire_due_claims(origin=Origin("beat"), now=timezone.now()), every=0.3
        )

    def regroup() -> int:
        tail = [["l4"], []]

        def change() -> int:
            shop.regroup(
                east=["l1", "l2"],
                west=["l2", "l3"],
                all=["l1", "l2", "l3", *tail[0]],
                more_locations=tail[1],
            )
            tail.reverse()
            return 1

        return keep_doing(change, every=2.0)

    with every_process_at_work(server):
        *_, expired, changes = at_once(
            [*writers, in_own_connection(expire), in_own_connection(regroup)]
        )

    calls = [call for writer in writers for call in writer.calls]
    problems = {call for call in calls if call[1] >= 500 or call[2] == "ConcurrentModification"}
    assert problems == set(), server.said()
    applied = {deed for deed, status, _ in calls if status < 300}
    assert applied == {
        "reserve", "add", "cancel", "transfer", "release", "fulfil", "count", "change", "batch",
        "delete", "look", "follow",
    }  # fmt: skip
    moved = set(
        Movement.objects.filter(organization_id=shop.id).values_list("kind", flat=True).distinct()
    )
    by_files = {MovementKind.IMPORT, MovementKind.SEGMENT_IN, MovementKind.SEGMENT_OUT}
    assert moved == set(MovementKind) - by_files
    assert expired > 0
    assert changes > 1
    assert len(calls) > 300
    assert "deadlock" not in server.said().lower()
    assert deadlocks() == deadlocks_before
    shop.assert_clean()


def keep_doing(work: Callable[[], int], *, every: float) -> int:
    """Do something again and again for as long as the writers write."""
    deadline = time.monotonic() + WRITING_SECONDS
    total = 0
    while time.monotonic() < deadline:
        total += work()
        time.sleep(every)
    return total
