"""The reservations export over HTTP (spec: oci-headless 6.5)."""

import json
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Job
from inventory.services.jobs.running import run_next
from reservations.services import export as service
from tests.builders import NOON, SKU, Shop, a_shop
from tests.contract.headless import Api, assert_problem, downloaded

pytestmark = pytest.mark.django_db

EXPORTS = "reservations/exports"
NOON_MS = int(NOON.timestamp() * 1000)


@pytest.fixture
def impex(shop: Shop, availability: Api) -> Api:
    return Api(shop, "impex", token=availability.token)


def start(impex: Api, **body: Any) -> Any:
    whole = {"status": "open", "fromDate": "2026-03-01T00:00:00Z", **body}
    return impex.call("POST", EXPORTS, {name: v for name, v in whole.items() if v is not ...})


def exported(impex: Api, **body: Any) -> list[Any]:
    started = start(impex, **body)
    assert started.status_code == 200, started.content
    export_id = started.json()["exportId"]
    assert started.json()["exportStatusLink"].endswith(f"/{EXPORTS}/{export_id}/status")
    file = downloaded(impex.call("GET", f"{EXPORTS}/{export_id}/file-content"))
    return [json.loads(line) for line in file.splitlines()]


def exported_ids(impex: Api, **body: Any) -> list[str]:
    return [document["reservationId"] for document in exported(impex, **body)]


def test_a_reservation_with_all_that_became_of_it(shop: Shop, impex: Api) -> None:
    shop.reserve("order-1", "west", 10.5, external_ref="web-1")
    shop.later(1).transfer("west", "l3", 6, request_id="move", external_ref="web-1")
    shop.later(2).fulfil("l3", 4, request_id="ship", external_ref="web-1")
    shop.later(3).release("west", 1.5, request_id="back", external_ref="web-1")

    (document,) = exported(impex)

    seconds = [str(NOON_MS + 1000 * second) for second in range(4)]
    assert document == {
        "reservationId": "order-1",
        "externalRefId": "web-1",
        "reservationTime": NOON_MS,
        "reservationState": "OPEN",
        "reservationDetails": [
            {
                "group": "west",
                "sku": SKU,
                "quantity": 10.5,
                "reservationDetailActions": [
                    {
                        "requestId": "order-1",
                        "externalRefId": "web-1",
                        "quantity": 10.5,
                        "action": "Reserved",
                        "group": "west",
                        "timestamp": seconds[0],
                    },
                    {
                        "requestId": "move",
                        "externalRefId": "web-1",
                        "quantity": 6,
                        "action": "Moved",
                        "from": {"group": "west"},
                        "to": {"location": "l3"},
                        "timestamp": seconds[1],
                    },
                    {
                        "requestId": "ship",
                        "externalRefId": "web-1",
                        "quantity": 4,
                        "action": "Fulfilled",
                        "location": "l3",
                        "timestamp": seconds[2],
                    },
                    {
                        "requestId": "back",
                        "externalRefId": "web-1",
                        "quantity": 1.5,
                        "action": "Released",
                        "group": "west",
                        "timestamp": seconds[3],
                    },
                ],
            }
        ],
    }


def actions(document: Any) -> list[list[tuple[str, float]]]:
    return [
        [(action["action"], action["quantity"]) for action in detail["reservationDetailActions"]]
        for detail in document["reservationDetails"]
    ]


def test_operations_that_take_from_several_lines_are_told_with_each(shop: Shop, impex: Api) -> None:
    shop.reserve("first", "west", 2)
    shop.reserve("second", "west", 3)
    shop.transfer("west", "l3", 4, request_id="move")
    shop.fulfil("l3", 3, request_id="ship")

    first, second = exported(impex, status="closed") + exported(impex, status="open")

    assert actions(first) == [[("Reserved", 2), ("Moved", 2), ("Fulfilled", 2)]]
    assert actions(second) == [[("Reserved", 3), ("Moved", 2), ("Fulfilled", 1)]]


def test_a_replaced_document_tells_of_its_present_lines(shop: Shop, impex: Api) -> None:
    shop.reserve("basket", "west", 5, expires_in=10**9)
    shop.later(1).reserve("basket", "west", 3, expires_in=10**9)
    shop.later(2).add("basket", [shop.wanted("l1", 1)])

    (document,) = exported(impex)

    assert [
        (detail.get("group"), detail.get("location"), detail["quantity"])
        for detail in document["reservationDetails"]
    ] == [("west", None, 3), (None, "l1", 1)]
    assert actions(document) == [[("Reserved", 3)], [("Reserved", 1)]]


def test_open_and_closed(shop: Shop, impex: Api) -> None:
    shop.reserve("open", "west", 1)
    shop.reserve("temporary", "west", 1, expires_in=10**9)
    shop.reserve("fulfilled", "l1", 1)
    shop.fulfil("l1", 1)
    shop.reserve("cancelled", "west", 1)
    shop.cancel("cancelled")
    shop.reserve("expired", "west", 1, expires_in=60)
    shop.later(60).expire()
    shop.reserve("due", "west", 1, expires_in=60)

    assert exported_ids(impex, status="open") == ["open", "temporary"]
    closed = exported(impex, status="closed")
    assert {document["reservationState"] for document in closed} == {"CLOSED"}
    assert {document["reservationId"]: actions(document)[0] for document in closed} == {
        "fulfilled": [("Reserved", 1), ("Fulfilled", 1)],
        "cancelled": [("Reserved", 1), ("Cancelled", 1)],
        "expired": [("Reserved", 1), ("Expired", 1)],
        "due": [("Reserved", 1)],
    }


def test_the_window_goes_by_reservation_time(shop: Shop, impex: Api) -> None:
    for minute in range(4):
        shop.later(60 * minute).reserve(f"at-{minute}", "west", 1)

    assert exported_ids(
        impex, fromDate="2026-03-01T12:01:00Z", toDate="2026-03-01T13:02:00+01:00"
    ) == ["at-1", "at-2"]
    assert exported_ids(impex, fromDate="2026-03-01T12:02:30Z") == ["at-3"]
    assert exported_ids(impex, toDate="2026-03-01T11:59:59Z") == []


def test_pages_are_joined(shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reservations.selectors.export.PAGE", 2)
    for n in range(5):
        shop.reserve(f"order-{n}", "west", 1)
    shop.cancel("order-1")

    assert exported_ids(impex) == ["order-0", "order-2", "order-3", "order-4"]
    assert exported_ids(impex, status="closed") == ["order-1"]


def test_documents_of_others_are_not_told(shop: Shop, impex: Api) -> None:
    other = a_shop(east=["l1"])
    other.stock(l1=5)
    other.reserve("theirs", "east", 1)
    shop.reserve("ours", "west", 1)

    assert exported_ids(impex) == ["ours"]


def test_a_large_export_is_left_to_the_worker_and_deleted_afterwards(
    shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_SMALL_DOCUMENTS", 0)
    shop.reserve("order", "west", 1)
    export_id = start(impex).json()["exportId"]
    address = f"{EXPORTS}/{export_id}"
    message = f"Export {export_id} is in progress."

    for method, path in (("GET", f"{address}/file-content"), ("DELETE", address)):
        assert_problem(impex.call(method, path), 409, "ExportInProcess", message=message)
    run_next(clock=timezone.now)

    status = impex.call("GET", f"{address}/status").json()
    assert status["status"] == "COMPLETED"
    assert status["export"]["recordsExportedCount"] == 1
    assert impex.call("DELETE", address).status_code == 204
    for method, path in (("GET", f"{address}/status"), ("DELETE", address)):
        assert_problem(impex.call(method, path), 404, "EntityNotFound")


@pytest.mark.parametrize(
    ("body", "code", "parameter"),
    [
        ({"status": ...}, "MissingParameter", "status"),
        ({"status": "OPEN"}, "InvalidRequestParameter", "status"),
        ({"status": "both"}, "InvalidRequestParameter", "status"),
        ({"fromDate": ...}, "MissingParameter", "fromDate"),
        ({"fromDate": "soon"}, "InvalidRequestParameter", "fromDate"),
        ({"toDate": "2026-02-28T00:00:00Z"}, "InvalidRequestParameter", "toDate"),
        ({"fromDate": "2999-01-01T00:00:00Z"}, "InvalidRequestParameter", "toDate"),
    ],
)
def test_what_cannot_be_asked_makes_no_job(
    impex: Api, body: Any, code: str, parameter: str
) -> None:
    assert_problem(start(impex, **body), 400, code, parameter=parameter)
    assert not Job.objects.exists()
