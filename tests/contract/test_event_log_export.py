"""The event-log export over HTTP (spec: oci-headless 6.4)."""

import csv
import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from inventory.models import Job
from inventory.services.exports import event_log_job
from inventory.services.jobs.running import run_next
from inventory.services.ledger_retention import drop_old_ledger
from tests.builders import SKU, UNIT, Shop
from tests.contract.headless import Api, assert_problem, downloaded

pytestmark = pytest.mark.django_db

EXPORTS = "event-log/exports"
FIELDS = [
    "eventType",
    "location",
    "sequenceNumber",
    "quantity",
    "newReserved",
    "newAto",
    "newOnHand",
    "newAtf",
    "newSoftReserved",
    "futureQuantity",
    "oldReserved",
    "oldAto",
    "oldOnHand",
    "oldAtf",
    "oldSoftReserved",
    "createdTime",
    "effectiveTime",
    "safetyStockCount",
]


@pytest.fixture
def impex(shop: Shop, availability: Api) -> Api:
    return Api(shop, "impex", token=availability.token)


def start(impex: Api, **body: Any) -> Any:
    whole = {"sku": SKU, "startsOn": "2026-03-01T00:00:00Z", **body}
    return impex.call("POST", EXPORTS, {name: v for name, v in whole.items() if v is not ...})


def content(impex: Api, **body: Any) -> bytes:
    started = start(impex, **body)
    assert started.status_code == 200, started.content
    export_id = started.json()["exportId"]
    assert export_id.startswith("e-")
    assert started.json()["exportStatusLink"].endswith(f"/{EXPORTS}/{export_id}/status")
    return downloaded(impex.call("GET", f"{EXPORTS}/{export_id}/file-content"))


def lines(impex: Api, **body: Any) -> list[Any]:
    return [json.loads(line) for line in content(impex, **body).splitlines()]


def figures(event: dict[str, Any], prefix: str) -> list[float]:
    names = ("OnHand", "Reserved", "Ato", "Atf", "SoftReserved")
    return [event[f"{prefix}{name}"] for name in names]


def test_what_happened_at_a_location(shop: Shop, impex: Api) -> None:
    """l1 has 5, l2 5, l3 15; a promise of 17 in the west takes 15 at l3 and 2 at l2."""
    shop.later(1).reserve("basket", "west", 17)
    shop.later(2).put(
        "l2",
        on_hand=4_500,
        safety_stock=500,
        futures=(("2030-01-01T00:00:00Z", 2_500),),
        effective_at=shop.now,
    )

    header, first, second = lines(impex, locations=["l2"])

    assert header == {"locationId": "l2"}
    assert list(first) == list(second) == FIELDS
    assert first["eventType"] == second["eventType"] == "location_update"
    assert first["location"] == second["location"] == "l2"
    assert figures(first, "old") == [0, 0, 0, 0, 0]
    assert figures(first, "new") == [5, 0, 5, 5, 0]
    assert figures(second, "old") == [5, 0, 5, 5, 2]
    assert figures(second, "new") == [4.5, 0, 6.5, 4, 2]
    assert second["sequenceNumber"] > first["sequenceNumber"]
    assert second["quantity"] == 4.5
    assert second["futureQuantity"] == 2.5
    assert second["safetyStockCount"] == 0.5
    assert second["createdTime"] == "2026-03-01T12:00:02Z"
    assert second["effectiveTime"] == "2026-03-01T12:00:00Z"


def test_what_a_group_has_promised(shop: Shop, impex: Api) -> None:
    shop.later(1).reserve("basket", "west", 17)
    shop.later(2).transfer("west", "l2", 2)

    header, promised, moved = lines(impex, groups=["west"])

    assert header == {"groupId": "west"}
    assert promised["eventType"] == "group_reservation"
    assert promised["location"] == "west"
    assert promised["quantity"] == 17
    assert figures(promised, "old") == [20, 0, 20, 20, 0]
    assert figures(promised, "new") == [20, 17, 3, 3, 17]
    assert moved["eventType"] == "reservation_transfer"
    assert figures(moved, "old") == [20, 17, 3, 3, 17]
    assert figures(moved, "new") == [20, 15, 5, 5, 15]


def test_without_places_everything_that_happened(shop: Shop, impex: Api) -> None:
    shop.later(1).reserve("basket", "west", 17)
    shop.put("l9", sku="other", on_hand=UNIT)

    told = lines(impex)

    assert [line for line in told if "eventType" not in line] == [
        {"locationId": "l1"},
        {"locationId": "l2"},
        {"locationId": "l3"},
        {"groupId": "west"},
    ]
    assert len(told) == 8


def test_the_window_takes_in_both_its_ends(shop: Shop, impex: Api) -> None:
    for minute in range(5):
        shop.later(60 * minute).put("l9", sku="timed", on_hand=minute * UNIT + UNIT)

    def counted(starts: str, ends: str | Any = ...) -> list[float]:
        return [
            line["newOnHand"]
            for line in lines(impex, sku="timed", startsOn=starts, endsOn=ends)[1:]
        ]

    assert counted("2026-03-01T12:01:00Z", "2026-03-01T12:03:00Z") == [2, 3, 4]
    assert counted("2026-03-01T12:01:00.000001Z", "2026-03-01T14:02:59+02:00") == [3]
    assert counted("2026-03-01T12:03:00Z") == [4, 5]
    assert counted("2026-01-30T12:00:59Z") == [1]
    assert counted("2026-03-02T00:00:00Z") == []


def test_named_places_have_their_header_in_any_case(impex: Api) -> None:
    assert lines(impex, sku="never-heard-of", groups=["east"], locations=["l9", "l1"]) == [
        {"locationId": "l9"},
        {"locationId": "l1"},
        {"groupId": "east"},
    ]
    assert content(impex, sku="never-heard-of") == b""


def test_csv_has_the_place_in_each_row(shop: Shop, impex: Api) -> None:
    shop.later(1).reserve("basket", "west", 1.5)

    text = content(impex, fileFormat="CSV").decode()

    header, *rows = csv.reader(text.splitlines())
    assert header == ["groupId", "locationId", *FIELDS]
    as_json = [line for line in lines(impex, fileFormat="JSON") if "eventType" in line]
    assert [row[2:] for row in rows] == [[str(v) for v in e.values()] for e in as_json]
    assert [row[:2] for row in rows] == [["", "l1"], ["", "l2"], ["", "l3"], ["west", ""]]
    assert rows[-1][header.index("newReserved")] == "1.5"


def test_the_status(impex: Api) -> None:
    export_id = start(impex, locations=["l1"], groups=["east"]).json()["exportId"]

    status = impex.call("GET", f"{EXPORTS}/{export_id}/status").json()

    assert status["status"] == "COMPLETED"
    assert status["export"]["recordsExportedCount"] == 1
    assert status["export"]["locations"] == ["l1"]
    assert status["export"]["groups"] == ["east"]
    assert status["download"]["downloadLink"].endswith(f"/{EXPORTS}/{export_id}/file-content")


def test_a_long_history_is_left_to_the_worker(impex: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log_job, "_SMALL_EVENTS", 2)
    export_id = start(impex).json()["exportId"]

    file = f"{EXPORTS}/{export_id}/file-content"
    assert_problem(
        impex.call("GET", file),
        409,
        "ExportInProcess",
        message=f"Export {export_id} is in progress.",
    )
    run_next(clock=timezone.now)
    assert downloaded(impex.call("GET", file))


def test_it_cannot_be_deleted(impex: Api) -> None:
    export_id = start(impex).json()["exportId"]

    assert impex.call("DELETE", f"{EXPORTS}/{export_id}").status_code == 404
    assert impex.call("GET", f"{EXPORTS}/{export_id}/status").status_code == 200


@pytest.mark.parametrize("path", ["status", "file-content"])
def test_an_export_nobody_started(impex: Api, path: str) -> None:
    assert_problem(impex.call("GET", f"{EXPORTS}/e-none/{path}"), 404, "EntityNotFound")


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        ({"sku": ...}, "MissingParameter", {"parameter": "sku"}),
        ({"sku": None}, "InvalidRequestParameter", {"parameter": "sku"}),
        ({"sku": "a;b"}, "InvalidRequestParameter", {"parameter": "sku"}),
        ({"startsOn": ...}, "MissingParameter", {"parameter": "startsOn"}),
        ({"startsOn": "yesterday"}, "InvalidRequestParameter", {"parameter": "startsOn"}),
        ({"startsOn": "2026-03-01T00:00:00"}, "InvalidRequestParameter", {"parameter": "startsOn"}),
        ({"endsOn": "2026-02-28T23:59:59Z"}, "InvalidRequestParameter", {"parameter": "endsOn"}),
        ({"endsOn": "2026-03-31T00:00:01Z"}, "InvalidRequestParameter", {"parameter": "endsOn"}),
        ({"fileFormat": "XML"}, "InvalidRequestParameter", {"parameter": "fileFormat"}),
        ({"fileFormat": "csv"}, "InvalidRequestParameter", {"parameter": "fileFormat"}),
        ({"locations": "l1"}, "InvalidRequestParameter", {"parameter": "locations"}),
        ({"locations": ["none"]}, "LocationDoesNotExist", {"location": "none"}),
        ({"groups": ["none"]}, "GroupDoesNotExist", {"group": "none"}),
        ({"groups": ["l1"]}, "GroupDoesNotExist", {"group": "l1"}),
        (
            {
                "locations": [f"place-{n}" for n in range(6)],
                "groups": ["aa", "bb", "cc", "dd", "ee"],
            },
            "InvalidRequestParameter",
            {"parameter": "locations"},
        ),
    ],
)
def test_what_cannot_be_asked_makes_no_job(
    impex: Api, body: Any, code: str, details: dict[str, str]
) -> None:
    assert_problem(start(impex, **body), 400, code, **details)
    assert not Job.objects.exists()


def test_times_at_the_end_of_time(impex: Api) -> None:
    assert lines(impex, startsOn="9999-12-30T00:00:00Z") == []
    assert lines(impex, startsOn="9999-12-30T00:00:00Z", endsOn="9999-12-31T00:00:00Z") == []


def test_a_window_before_what_is_kept_is_refused(shop: Shop, impex: Api) -> None:
    """Also when rows are dropped while the job waits: no file with a gap."""
    may = datetime(2026, 5, 15, tzinfo=UTC)
    shop.later((may - shop.now).total_seconds()).put("l1", on_hand=UNIT)
    with patch.object(event_log_job, "_SMALL_EVENTS", 0):
        waiting = start(impex).json()["exportId"]
    assert drop_old_ledger(months=1, now=may)

    answer = start(impex)
    assert run_next(clock=timezone.now)
    kept = lines(impex, startsOn="2026-05-01T00:00:00Z")

    assert_problem(answer, 400, "InvalidRequestParameter", parameter="startsOn")
    assert "2026-04-01T00:00:00Z" in answer.json()["message"]
    job = Job.objects.get(identifier=waiting)
    assert (job.state, job.result) == ("FAILED", "")
    assert "2026-04-01T00:00:00Z" in job.errors[0]
    assert [event["newOnHand"] for event in kept if "eventType" in event] == [1]
