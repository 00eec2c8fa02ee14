"""The availability export over HTTP (spec: oci-headless 6.2)."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Job, JobState, Organization
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.jobs.running import run_next
from tests.builders import UNIT, Shop
from tests.contract.headless import Api, assert_problem, downloaded

pytestmark = pytest.mark.django_db(transaction=True)

EXPORTS = "availability-records/exports"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def impex(shop: Shop, availability: Api) -> Api:
    return Api(shop, "impex", token=availability.token)


def export(impex: Api, **objects: Any) -> str:
    started = impex.call("POST", EXPORTS, {"objects": objects})
    assert started.status_code == 200, started.content
    body = started.json()
    organization = impex.shop.organization.identifier
    assert body["exportStatusLink"] == (
        f"/inventory/impex/v1/organizations/{organization}/{EXPORTS}/{body['exportId']}/status"
    )
    return str(body["exportId"])


def lines_of(impex: Api, export_id: str) -> list[Any]:
    answer = impex.call("GET", f"{EXPORTS}/{export_id}/file-content")
    return [json.loads(line) for line in downloaded(answer).splitlines()]


def waiting_export(shop: Shop, state: str = JobState.PENDING, **columns: Any) -> Job:
    """An export that no worker has ended."""
    return Job.objects.create(
        organization=columns.pop("organization", shop.organization),
        kind=AVAILABILITY_EXPORT,
        identifier=f"export-{Job.objects.count()}",
        state=state,
        parameters={"locations": ["*"]},
        created_at=timezone.now(),
        **columns,
    )


def test_locations_with_everything_a_line_has(shop: Shop, impex: Api) -> None:
    shop.put(
        "l1",
        on_hand=10_250,
        safety_stock=1 * UNIT,
        futures=(("2030-01-01T00:00:00Z", 2_500), ("2029-01-01T00:00:00Z", 500)),
        effective_at=shop.now,
        excluded_groups=("east",),
    )
    shop.put("l1", sku='o"dd', on_hand=1 * UNIT)
    shop.reserve("basket", "l1", 2)

    token = lines_of(impex, export(impex, locations=["l1", "l9"])).pop()
    lines = lines_of(impex, export(impex, locations=["l9", "l1"]))[:-1]

    assert list(token) == ["deltaToken"]
    assert lines == [
        {"locationId": "l9"},
        {"locationId": "l1"},
        {
            "sku": 'o"dd',
            "onHand": 1,
            "reserved": 0,
            "atf": 1,
            "ato": 1,
            "safetyStockCount": 0,
            "futures": [],
        },
        {
            "sku": "red-mug",
            "onHand": 10.25,
            "reserved": 2,
            "atf": 7.25,
            "ato": 10.25,
            "safetyStockCount": 1,
            "effectiveDate": "2026-03-01T12:00:00Z",
            "futures": [
                {"expectedDate": "2029-01-01T00:00:00Z", "quantity": 0.5},
                {"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2.5},
            ],
            "attributeSet": {"groupEligibilityExclusion": ["east"]},
        },
    ]


def test_groups_with_what_they_share(shop: Shop, impex: Api) -> None:
    shop.reserve("basket", "west", 17)

    lines = lines_of(impex, export(impex, groups=["east", "west"]))

    assert lines[:-1] == [
        {"groupId": "east"},
        {
            "sku": "red-mug",
            "onHand": 10,
            "reserved": 2,
            "atf": 8,
            "ato": 8,
            "safetyStockCount": 0,
            "futures": [],
            "groupReserved": 0,
            "sharedGroupReserved": 2,
        },
        {"groupId": "west"},
        {
            "sku": "red-mug",
            "onHand": 20,
            "reserved": 17,
            "atf": 3,
            "ato": 3,
            "safetyStockCount": 0,
            "futures": [],
            "groupReserved": 17,
            "sharedGroupReserved": 0,
        },
    ]
    assert list(lines[-1]) == ["deltaToken"]


@pytest.mark.parametrize("everything", [["*"], []])
def test_all_of_either_kind(impex: Api, everything: list[str]) -> None:
    locations = lines_of(impex, export(impex, locations=everything))
    groups = lines_of(impex, export(impex, groups=everything))

    assert [line["locationId"] for line in locations if "locationId" in line] == [
        "l1",
        "l2",
        "l3",
        "l9",
    ]
    assert [line["groupId"] for line in groups if "groupId" in line] == ["east", "west"]


def test_all_groups_of_an_organization_without_any(shop: Shop, impex: Api) -> None:
    shop.regroup(more_locations=["l1", "l2", "l3", "l9"])

    (line,) = lines_of(impex, export(impex, groups=["*"]))

    answer = Api(shop, "availability", token=impex.token).call(
        "POST", "availability-records/actions/get-deltas", line
    )
    assert answer.status_code == 200
    assert answer.json()["records"] == []


def test_the_token_goes_on_where_the_file_ends(shop: Shop, impex: Api, availability: Api) -> None:
    shop.put("l2", sku="before", on_hand=1 * UNIT)
    token = lines_of(impex, export(impex, locations=["*"]))[-1]
    shop.put("l1", sku="after", on_hand=3 * UNIT)

    answer = availability.call("POST", "availability-records/actions/get-deltas", token)

    assert answer.status_code == 200
    assert [(r["sku"], r["id"], r["onHand"]) for r in answer.json()["records"]] == [
        ("after", "l1", 3)
    ]


def test_a_small_export_has_ended_at_the_first_poll(impex: Api) -> None:
    export_id = export(impex, groups=["east"])

    status = impex.call("GET", f"{EXPORTS}/{export_id}/status").json()

    file = downloaded(impex.call("GET", f"{EXPORTS}/{export_id}/file-content"))
    organization = impex.shop.organization.identifier
    assert status["id"] == export_id
    assert status["status"] == "COMPLETED"
    assert status["export"].pop("startTimeUTC") <= status["export"].pop("endTimeUTC")
    assert status["export"] == {
        "recordsProcessedCount": 1,
        "recordsExportedCount": 1,
        "groups": ["east"],
    }
    assert status["download"].pop("downloadLinkExpirationUTC") > timezone.now().isoformat()
    assert status["download"] == {
        "downloadLink": f"/inventory/impex/v1/organizations/{organization}"
        f"/{EXPORTS}/{export_id}/file-content"
    }
    assert status["validation"] == {
        "fileHashType": "SHA-256",
        "fileHash": sha256(file).hexdigest(),
        "fileSize": len(file),
    }


def test_a_large_export_is_left_to_the_worker(impex: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.selectors.availability_size.SMALL_RECORDS", 0)
    export_id = export(impex, locations=["l1"])

    before = impex.call("GET", f"{EXPORTS}/{export_id}/status").json()
    run_next(clock=timezone.now)
    after = impex.call("GET", f"{EXPORTS}/{export_id}/status").json()

    assert before["status"] in {"SUBMITTED", "PENDING"}
    assert before["download"]["downloadLink"] == after["download"]["downloadLink"]
    assert after["status"] == "COMPLETED"


def test_a_place_that_is_gone_when_the_export_runs_fails_it(
    shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory.selectors.availability_size.SMALL_RECORDS", 0)
    export_id = export(impex, locations=["l1", "l9"])
    shop.regroup(east=["l1", "l2"], west=["l2", "l3"])
    run_next(clock=timezone.now)

    status = impex.call("GET", f"{EXPORTS}/{export_id}/status").json()
    file = impex.call("GET", f"{EXPORTS}/{export_id}/file-content")

    assert status["status"] == "FAILED"
    assert "validation" not in status
    assert_problem(file, 404, "EntityNotFound")


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (
            {"objects": {"groups": ["east"], "locations": ["l1"]}},
            "InvalidRequestParameter",
            {"message": "Locations and Groups not allowed in the same request."},
        ),
        ({"objects": {}}, "InvalidRequestParameter", {"parameterName": "objects"}),
        ({"objects": {"groups": ["*", "east"]}}, "InvalidRequestParameter", {}),
        ({"objects": {"groups": "east"}}, "InvalidRequestParameter", {}),
        ({"objects": {"groups": [1]}}, "InvalidRequestParameter", {}),
        ({}, "MissingParameter", {"parameterName": "objects"}),
        ({"objects": {"locations": ["nowhere"]}}, "LocationDoesNotExist", {"location": "nowhere"}),
        ({"objects": {"locations": ["east"]}}, "LocationDoesNotExist", {"location": "east"}),
        (
            {"objects": {"groups": ["abc"]}},
            "GroupDoesNotExist",
            {"group": "abc", "message": "No group exists with ID 'abc'"},
        ),
    ],
)
def test_what_cannot_be_exported_makes_no_job(
    impex: Api, body: Any, code: str, details: dict[str, str]
) -> None:
    assert_problem(impex.call("POST", EXPORTS, body), 400, code, **details)
    assert not Job.objects.exists()


def test_an_export_is_deleted_with_its_file(impex: Api) -> None:
    export_id = export(impex, groups=["*"])

    assert impex.call("DELETE", f"{EXPORTS}/{export_id}").status_code == 204

    for method, path in (
        ("GET", f"{EXPORTS}/{export_id}/status"),
        ("GET", f"{EXPORTS}/{export_id}/file-content"),
        ("DELETE", f"{EXPORTS}/{export_id}"),
        ("DELETE", f"{EXPORTS}/{UNKNOWN}"),
    ):
        assert_problem(impex.call(method, path), 404, "EntityNotFound")


@pytest.mark.parametrize("state", [JobState.SUBMITTED, JobState.PENDING, JobState.RUNNING])
def test_a_running_export_has_no_file_and_stays(shop: Shop, impex: Api, state: str) -> None:
    lease = UNKNOWN if state == JobState.RUNNING else None
    job = waiting_export(shop, state, lease=lease)
    message = f"Export {job.identifier} is in progress."

    for method, path in (("DELETE", ""), ("GET", "/file-content")):
        answer = impex.call(method, f"{EXPORTS}/{job.identifier}{path}")
        assert_problem(answer, 409, "ExportInProcess", message=message)
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_link_beyond_its_life(impex: Api) -> None:
    export_id = export(impex, groups=["*"])
    Job.objects.update(result_expires_at=timezone.now() - timedelta(seconds=1))

    answer = impex.call("GET", f"{EXPORTS}/{export_id}/file-content")

    assert_problem(answer, 410, "ExpiredResultLink")


def test_no_record_is_deleted_while_an_export_runs(
    shop: Shop, availability: Api, nothing_moved: Callable[[], bool]
) -> None:
    record = "locations/l1/availability-records/skus/red-mug/{}"
    running = waiting_export(shop)

    refused = availability.call("DELETE", record.format("while"))

    assert_problem(
        refused,
        409,
        "ExportInProcess",
        message=f"Export {running.identifier} is in progress.",
    )
    assert nothing_moved()
    Job.objects.update(state=JobState.COMPLETED)
    assert availability.call("DELETE", record.format("after")).status_code == 204


def test_the_export_of_another_organization_holds_up_nobody(shop: Shop, availability: Api) -> None:
    waiting_export(shop, organization=Organization.objects.create(identifier="others"))

    answer = availability.call("DELETE", "locations/l1/availability-records/skus/red-mug/anything")

    assert answer.status_code == 204


def test_an_export_is_of_its_organization_and_kind(shop: Shop, impex: Api) -> None:
    theirs = waiting_export(
        shop,
        JobState.COMPLETED,
        organization=Organization.objects.create(identifier="others"),
    )
    import_id = impex.call(
        "POST", "availability-records/imports", {"fileName": "stock.json"}
    ).json()["importId"]

    for identifier in (theirs.identifier, import_id):
        answer = impex.call("GET", f"{EXPORTS}/{identifier}/status")
        assert_problem(answer, 404, "EntityNotFound")
