"""The location graph as a file (spec: oci-headless 6.3)."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Job, JobState
from inventory.selectors.graph import current_graph
from inventory.services import graph_jobs
from inventory.services.jobs.running import run_next
from tests.builders import Shop
from tests.contract.headless import Api, assert_problem

EXPORTS, IMPORTS = "location-graph/exports", "location-graph/imports"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.django_db


@pytest.fixture
def impex(shop: Shop, availability: Api) -> Api:
    return Api(shop, "impex", token=availability.token)


def content(impex: Api, path: str) -> bytes:
    answer = impex.call("GET", f"{path}/file-content")
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def status(impex: Api, path: str) -> Any:
    answer = impex.call("GET", f"{path}/status")
    assert answer.status_code == 200, answer.content
    return answer.json()


# Export


def test_the_whole_graph_is_exported_at_once(shop: Shop, impex: Api) -> None:
    started = impex.call("POST", EXPORTS)

    assert started.status_code == 200
    export_id = started.json()["exportId"]
    link = f"/inventory/impex/v1/organizations/{shop.organization.identifier}/{EXPORTS}/{export_id}"
    assert started.json()["exportStatusLink"] == f"{link}/status"
    told = status(impex, f"{EXPORTS}/{export_id}")
    assert (told["id"], told["status"]) == (export_id, "COMPLETED")
    assert told["export"]["recordsExportedCount"] == 6
    assert told["download"]["downloadLink"] == f"{link}/file-content"
    assert told["validation"]["fileSize"] > 0
    answer = impex.call("GET", f"{EXPORTS}/{export_id}/file-content")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(b"".join(answer.streaming_content)) == {
        "locations": ["l1", "l2", "l3", "l9"],
        "groups": [
            {"id": "east", "locations": ["l1", "l2"]},
            {"id": "west", "locations": ["l2", "l3"]},
        ],
    }


def test_an_export_can_be_deleted_once(impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS).json()["exportId"]

    assert impex.call("DELETE", f"{EXPORTS}/{export_id}").status_code == 204
    for method, step in (("DELETE", ""), ("GET", "/status"), ("GET", "/file-content")):
        answer = impex.call(method, f"{EXPORTS}/{export_id}{step}")
        assert_problem(answer, 404, "EntityNotFound")


def test_an_export_under_way_has_no_file_yet(shop: Shop, impex: Api) -> None:
    job = Job.objects.create(
        organization=shop.organization,
        kind=graph_jobs.GRAPH_EXPORT,
        identifier="export-1",
        state=JobState.PENDING,
        created_at=timezone.now(),
    )

    for method, step in (("DELETE", ""), ("GET", "/file-content")):
        answer = impex.call(method, f"{EXPORTS}/{job.identifier}{step}")
        assert_problem(answer, 409, "ExportInProcess")
    assert status(impex, f"{EXPORTS}/{job.identifier}")["status"] == "PENDING"


def test_a_file_expires(impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS).json()["exportId"]
    Job.objects.update(result_expires_at=timezone.now() - timedelta(seconds=1))

    answer = impex.call("GET", f"{EXPORTS}/{export_id}/file-content")

    assert_problem(answer, 410, "ExpiredResultLink")


# Import


def announce(impex: Api, **terms: Any) -> str:
    answer = impex.call("POST", IMPORTS, {"fileName": "graph.json", **terms})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    link = f"/inventory/impex/v1/organizations/{impex.shop.organization.identifier}/{IMPORTS}"
    assert body["importStatusLink"] == f"{link}/{body['importId']}/status"
    assert body["uploadLink"] == f"{link}/uploadlink/{body['importId']}"
    assert body["uploadMethod"] == "POST"
    return str(body["importId"])


def imported(impex: Api, graph: Any, **terms: Any) -> tuple[str, Any]:
    """Import a graph; return its path and its status."""
    import_id = announce(impex, **terms)
    sent = impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", graph)
    assert sent.status_code == 200, sent.content
    assert sent.json() == {"status": "PENDING", "importId": import_id}
    assert run_next(clock=timezone.now, job_id=Job.objects.get(identifier=import_id).pk)
    path = f"{IMPORTS}/{import_id}"
    return path, status(impex, path)


SMALLER = {"locations": ["l1", "l2", "l9"], "groups": [{"id": "east", "locations": ["l1"]}]}
OTHER = {
    "locations": ["l1", "l2", "l3", "l9", "l10"],
    "groups": [
        {"id": "east", "locations": ["l1", "l10"]},
        {"id": "west", "locations": ["l2", "l3"]},
    ],
}


def test_a_graph_is_replaced_whole(shop: Shop, impex: Api) -> None:
    before = current_graph(shop.id).version

    path, told = imported(impex, OTHER)

    assert told["status"] == "COMPLETED"
    assert told["validation"] == {"status": "Success", "errors": []}
    assert told["upload"] == {"fileName": "graph.json"}
    assert told["import"]["recordsReadCount"] == 7
    assert told["import"]["recordsProcessedCount"] == 7
    assert told["import"]["fullResults"]["href"].endswith(f"{path}/file-content")
    result = json.loads(content(impex, path))
    assert result["status"] == "COMPLETED_WITHOUT_ERRORS"
    assert result["graphVersion"] == before + 1
    assert result["locations"]["added"] == {"count": 1, "first": ["l10"]}
    assert shop.ato("east") == 5
    assert impex.call("DELETE", path).status_code == 204
    assert_problem(impex.call("GET", f"{path}/status"), 404, "EntityNotFound")


def test_an_export_is_imported_elsewhere(shop: Shop, impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS).json()["exportId"]
    exported = content(impex, f"{EXPORTS}/{export_id}")
    version = current_graph(shop.id).version

    path, told = imported(impex, exported)

    assert told["import"]["recordsSkippedCount"] == 6
    assert json.loads(content(impex, path))["graphVersion"] == version, "nothing differs"
    imported(impex, OTHER)
    imported(impex, gzip.compress(exported))
    again = impex.call("POST", EXPORTS).json()["exportId"]
    assert content(impex, f"{EXPORTS}/{again}") == exported


def test_a_location_may_say_that_it_fulfils(shop: Shop, impex: Api) -> None:
    graph = SMALLER | {"locations": ["l1", {"id": "l2", "fulfillmentEnabled": True}, {"id": "l9"}]}

    _, told = imported(impex, graph, force=True)

    assert told["status"] == "COMPLETED"
    assert set(current_graph(shop.id).locations) == {"l1", "l2", "l9"}


def test_places_in_use_are_listed_and_nothing_changes(shop: Shop, impex: Api) -> None:
    shop.reserve("order", "west", 7)
    before = current_graph(shop.id)

    path, told = imported(impex, SMALLER)

    assert told["status"] == "FAILED"
    assert told["validation"]["status"] == "Failed"
    (error,) = told["validation"]["errors"]
    assert error.startswith("IllegalGroupState: Places that leave the graph are in use (2): ")
    lines = [json.loads(line) for line in content(impex, path).splitlines()]
    assert lines == [
        {"status": "FAILED"},
        {
            "recordId": "",
            "locationId": "l3",
            "sku": "",
            "message": "in use: location l3 (1 item, 15 on hand, 0 reserved)",
        },
        {
            "recordId": "",
            "locationId": "west",
            "sku": "",
            "message": "in use: group west (1 item, 7 promised)",
        },
    ]
    assert current_graph(shop.id) == before
    assert shop.held() == {("order", "west"): 7}


def test_force_lets_them_go(shop: Shop, impex: Api) -> None:
    shop.reserve("order", "west", 7)

    path, told = imported(impex, SMALLER, force=True)

    assert told["status"] == "COMPLETED"
    assert json.loads(content(impex, path))["inUse"]["count"] == 2
    assert shop.held() == {}
    shop.assert_clean()


def test_a_dry_run_tells_and_changes_nothing(shop: Shop, impex: Api) -> None:
    shop.reserve("order", "east", 8)
    before = current_graph(shop.id)

    path, told = imported(impex, SMALLER, dryRun=True, force=True)

    assert told["status"] == "COMPLETED"
    assert told["import"]["recordsProcessedCount"] == 0
    result = json.loads(content(impex, path))
    assert result["dryRun"] is True
    assert result["groups"]["removed"]["first"] == ["west"]
    assert result["oversold"] == {
        "count": 1,
        "first": [{"sku": "red-mug", "short": 3, "shortBefore": 0}],
    }
    assert current_graph(shop.id) == before


def test_a_run_that_is_cut_off_changes_the_graph_once(
    shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process had been killed between the change and its result."""
    import_id = announce(impex)
    impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", OTHER)
    job = Job.objects.get(identifier=import_id)
    with monkeypatch.context() as cut:
        cut.setattr(graph_jobs, "encoded", cut_off(graph_jobs.encoded))
        with pytest.raises(KeyboardInterrupt):
            run_next(clock=timezone.now, job_id=job.pk)
    version = current_graph(shop.id).version
    Job.objects.filter(pk=job.pk).update(state=JobState.PENDING, lease=None)

    assert run_next(clock=timezone.now, job_id=job.pk)

    assert status(impex, f"{IMPORTS}/{import_id}")["status"] == "COMPLETED"
    result = json.loads(content(impex, f"{IMPORTS}/{import_id}"))
    assert result["graphVersion"] == version == current_graph(shop.id).version
    assert result["locations"]["added"]["count"] == 1


def cut_off(encode: Any) -> Any:
    """Return an encoder that keeps the report for the row, and dies when the file is written."""
    calls = iter([encode, None])

    def once(report: Any) -> bytes:
        call = next(calls)
        if call is None:
            raise KeyboardInterrupt
        return bytes(call(report))

    return once


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (b"", "InvalidRequest: "),
        (b"\xff\xfe", "InvalidRequest: "),
        (b"[]", "InvalidRequestParameter: "),
        ({"locations": ["l1"]}, "InvalidRequestParameter: Object missing required field `groups`"),
        (
            {"locations": ["l1", "x/y"], "groups": []},
            "InvalidRequestParameter: 'locations[1]': ",
        ),
        (
            {"locations": ["l1", {"id": "l2", "fulfillmentEnabled": False}], "groups": []},
            "InvalidRequestParameter: 'locations[1].fulfillmentEnabled': ",
        ),
        ({"locations": [], "groups": []}, "LocationListMustNotBeEmpty: "),
        ({"locations": ["l1", "l1"], "groups": []}, "DuplicateLocationId: 'l1' is listed twice."),
        (
            {"locations": ["l1"], "groups": [{"id": "g1", "locations": ["l1"]}] * 2},
            "DuplicateGroupId: 'g1' is listed twice, or is a location's id.",
        ),
        (
            {"locations": ["l1"], "groups": [{"id": "l1", "locations": ["l1"]}]},
            "DuplicateGroupId: ",
        ),
        (
            {"locations": ["l1"], "groups": [{"id": "g1", "locations": []}]},
            "GroupMustNotBeEmpty: 'g1' has no locations.",
        ),
        (
            {"locations": [f"l{n}" for n in range(50_001)], "groups": []},
            "LocationListTooLarge: A graph holds at most 50000 locations and 200 groups.",
        ),
        (
            {"locations": ["l1"], "groups": [{"id": "g1", "locations": ["l5"]}]},
            "IllegalGroupState: 'g1' names 'l5', which is not among the locations.",
        ),
        (gzip.compress(b'{"locations": ["l1"], "groups": []}')[:-9], "The file is not whole."),
        (b"\x1f\x8b no gzip", "The file is damaged: "),
        (gzip.compress(b" " * (65 * 1024 * 1024)), "A location graph has at most 64 MB."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_no_graph_fail_whole(shop: Shop, impex: Api, graph: Any, told: str) -> None:
    before = current_graph(shop.id)

    path, found = imported(impex, graph)

    assert found["status"] == "FAILED"
    (error,) = found["validation"]["errors"]
    assert error.startswith(told)
    assert json.loads(content(impex, path)) == {"status": "FAILED"}
    assert current_graph(shop.id) == before


@pytest.mark.parametrize(
    ("body", "code", "parameter"),
    [
        ({}, "MissingParameter", "fileName"),
        ({"fileName": ""}, "InvalidRequestParameter", "fileName"),
        ({"fileName": "g", "linkDuration": 61}, "InvalidRequestParameter", "linkDuration"),
        ({"fileName": "g", "linkDuration": "soon"}, "InvalidRequestParameter", "linkDuration"),
        ({"fileName": "g", "force": "yes"}, "InvalidRequestParameter", "force"),
        ({"fileName": "g", "dryRun": 1}, "InvalidRequestParameter", "dryRun"),
    ],
)
def test_bad_announcements_name_the_field(
    impex: Api, body: dict[str, Any], code: str, parameter: str
) -> None:
    assert_problem(impex.call("POST", IMPORTS, body), 400, code, parameter=parameter)
    assert not Job.objects.exists()


def test_imports_are_listed_until_they_are_deleted(impex: Api) -> None:
    first, second = announce(impex), announce(impex)

    assert impex.call("GET", IMPORTS).json() == {"imports": [first, second]}
    assert impex.call("DELETE", f"{IMPORTS}/{first}").status_code == 204
    assert impex.call("GET", IMPORTS).json() == {"imports": [second]}


def test_an_upload_is_taken_once_and_in_time(impex: Api) -> None:
    import_id = announce(impex)
    assert impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", OTHER).status_code == 200
    again = impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", OTHER)
    assert_problem(again, 409, "FileAlreadyReceived")
    for method, step in (("DELETE", ""), ("GET", "/file-content")):
        answer = impex.call(method, f"{IMPORTS}/{import_id}{step}")
        assert_problem(answer, 409, "ImportInProgress")

    late = announce(impex, linkDuration=1)
    Job.objects.filter(identifier=late).update(upload_expires_at=timezone.now())
    answer = impex.call("POST", f"{IMPORTS}/uploadlink/{late}", OTHER)
    assert_problem(answer, 410, "ExpiredUploadLink")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{IMPORTS}/{UNKNOWN}/status"),
        ("GET", f"{IMPORTS}/{UNKNOWN}/file-content"),
        ("DELETE", f"{IMPORTS}/{UNKNOWN}"),
        ("POST", f"{IMPORTS}/uploadlink/{UNKNOWN}"),
        ("GET", f"{EXPORTS}/{UNKNOWN}/status"),
        ("GET", f"{EXPORTS}/{UNKNOWN}/file-content"),
        ("DELETE", f"{EXPORTS}/{UNKNOWN}"),
    ],
)
def test_jobs_that_never_were_are_404(impex: Api, method: str, path: str) -> None:
    assert_problem(impex.call(method, path), 404, "EntityNotFound")


def test_jobs_of_another_kind_or_organization_are_404(shop: Shop, impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS).json()["exportId"]
    assert_problem(impex.call("GET", f"{IMPORTS}/{export_id}/status"), 404, "EntityNotFound")
