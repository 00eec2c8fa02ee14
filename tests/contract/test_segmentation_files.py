"""Product segmentation as files (spec: oci-headless 6.6)."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Item, Job, JobProblem, JobState, Movement
from inventory.selectors.graph import current_graph
from inventory.services import segmentation_import
from inventory.services.jobs.running import run_next
from tests.builders import SKU, Shop
from tests.contract.headless import Api, assert_problem

EXPORTS, IMPORTS = "product-segmentation/exports", "product-segmentation/imports"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.django_db


@pytest.fixture
def impex(shop: Shop, availability: Api) -> Api:
    return Api(shop, "impex", token=availability.token)


def run(identifier: str) -> None:
    assert run_next(clock=timezone.now, job_id=Job.objects.get(identifier=identifier).pk)


def status(impex: Api, path: str) -> Any:
    answer = impex.call("GET", f"{path}/status")
    assert answer.status_code == 200, answer.content
    return answer.json()


def lines_of(impex: Api, path: str) -> list[Any]:
    answer = impex.call("GET", f"{path}/file-content")
    assert answer.status_code == 200, answer
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def excluded(shop: Shop) -> dict[str, list[str]]:
    """Return which SKUs each group excludes."""
    return {
        name: sorted(
            Item.objects.filter(
                organization=shop.organization, segmented_out__contains=[pk]
            ).values_list("sku", flat=True)
        )
        for name, pk in current_graph(shop.id).groups.items()
    }


# Export


def exported(impex: Api, body: Any = None) -> list[Any]:
    started = impex.call("POST", EXPORTS, body)
    assert started.status_code == 200, started.content
    export_id = started.json()["exportId"]
    assert export_id.startswith("pe-")
    organization = impex.shop.organization.identifier
    link = f"/inventory/impex/v1/organizations/{organization}/{EXPORTS}/{export_id}"
    assert started.json()["exportStatusLink"] == f"{link}/status"
    assert status(impex, f"{EXPORTS}/{export_id}")["download"] == {
        "downloadLink": f"{link}/file-content"
    }
    run(export_id)
    told = status(impex, f"{EXPORTS}/{export_id}")
    assert told["status"] == "COMPLETED"
    lines = lines_of(impex, f"{EXPORTS}/{export_id}")
    assert told["export"]["recordsExportedCount"] == sum("sku" in line for line in lines)
    return lines


@pytest.mark.parametrize("body", [None, {}, {"groups": []}, {"groups": ["*"]}])
def test_all_groups_are_exported(shop: Shop, impex: Api, body: Any) -> None:
    shop.segment("west", "b", "a", "Z", 'quo"te')

    assert exported(impex, body) == [
        {"groupId": "east"},
        {"groupId": "west"},
        {"sku": "Z"},
        {"sku": "a"},
        {"sku": "b"},
        {"sku": 'quo"te'},
    ]


def test_named_groups_are_exported_in_their_order(shop: Shop, impex: Api) -> None:
    shop.segment("west", "a")

    lines = exported(impex, {"groups": ["west", "east", "west"]})

    assert lines == [{"groupId": "west"}, {"sku": "a"}, {"groupId": "east"}]


@pytest.mark.parametrize(
    ("body", "code", "more"),
    [
        ({"groups": ["west", "nowhere"]}, "GroupDoesNotExist", {"group": "nowhere"}),
        ({"groups": ["*", "west"]}, "InvalidRequestParameter", {"parameter": "groups"}),
        ({"groups": "west"}, "InvalidRequestParameter", {"parameter": "groups"}),
        ({"groups": [""]}, "InvalidRequestParameter", {"parameter": "groups[0]"}),
    ],
)
def test_bad_exports_are_refused(impex: Api, body: Any, code: str, more: dict[str, str]) -> None:
    assert_problem(impex.call("POST", EXPORTS, body), 400, code, **more)
    assert not Job.objects.exists()


def test_an_export_under_way_has_no_file_and_stays(impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS).json()["exportId"]
    for method, step in (("DELETE", ""), ("GET", "/file-content")):
        answer = impex.call(method, f"{EXPORTS}/{export_id}{step}")
        assert_problem(answer, 409, "ExportInProcess")
    run(export_id)
    assert impex.call("DELETE", f"{EXPORTS}/{export_id}").status_code == 204
    assert_problem(impex.call("DELETE", f"{EXPORTS}/{export_id}"), 404, "EntityNotFound")


def test_an_export_of_a_group_that_left_meanwhile_fails(shop: Shop, impex: Api) -> None:
    export_id = impex.call("POST", EXPORTS, {"groups": ["west"]}).json()["exportId"]
    shop.regroup(east=["l1", "l2"], more_locations=["l3", "l9"])

    run(export_id)

    assert status(impex, f"{EXPORTS}/{export_id}")["status"] == "FAILED"


# Import


def header(group: str, mode: str) -> dict[str, str]:
    return {"groupId": group, "mode": mode}


def sku(*names: str) -> Iterator[dict[str, str]]:
    return ({"sku": name} for name in names)


def announce(impex: Api) -> str:
    answer = impex.call("POST", IMPORTS, {"fileName": "segments.json"})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["importId"])


def upload(impex: Api, content: bytes) -> str:
    import_id = announce(impex)
    sent = impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", content)
    assert sent.status_code == 200, sent.content
    return import_id


def packed(*lines: Any) -> bytes:
    return b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )


def imported(impex: Api, *lines: Any) -> tuple[str, Any]:
    """Import lines; return the import's path and status."""
    import_id = upload(impex, packed(*lines))
    run(import_id)
    path = f"{IMPORTS}/{import_id}"
    return path, status(impex, path)


def counts(told: Any) -> tuple[int, int, int, int]:
    counted = told["import"]
    return (
        counted["recordsReadCount"],
        counted["recordsProcessedCount"],
        counted["recordsSkippedCount"],
        counted["recordsFailedCount"],
    )


def chunks_of(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every chunk take so many lines, however long it takes."""
    for name in ("FEWEST", "FIRST", "MOST"):
        monkeypatch.setattr(segmentation_import, name, lines)


CLEAN = [{"status": "COMPLETED_WITHOUT_ERRORS"}]


def test_append_remove_and_replace(shop: Shop, impex: Api) -> None:
    shop.segment("west", "old", "kept")

    path, told = imported(
        impex,
        header("east", "APPEND"),
        *sku("a", "b", SKU),
        header("west", "REPLACE"),
        *sku("kept", "new"),
        b"",
        header("east", "REMOVE"),
        *sku("b", "never-there"),
    )

    assert (told["status"], told["validation"]["status"]) == ("COMPLETED", "Success")
    assert counts(told) == (7, 5, 2, 0)
    assert lines_of(impex, path) == CLEAN
    assert excluded(shop) == {"east": ["a", SKU], "west": ["kept", "new"]}
    assert (shop.ato("east"), shop.ato("west")) == (0, 20)
    assert impex.call("DELETE", path).status_code == 204
    shop.assert_clean()


def test_a_group_replaced_by_nothing_excludes_nothing(shop: Shop, impex: Api) -> None:
    shop.segment("west", "a", "b")
    shop.segment("east", "a")

    _, told = imported(impex, header("west", "REPLACE"))

    assert told["status"] == "COMPLETED"
    assert excluded(shop) == {"east": ["a"], "west": []}


@pytest.mark.django_db(transaction=True)
def test_two_groups_are_replaced_by_one_file(shop: Shop, impex: Api) -> None:
    shop.segment("west", "old", SKU)
    shop.segment("east", "old")

    path, told = imported(
        impex, header("west", "REPLACE"), *sku("a"), header("east", "REPLACE"), *sku("a", SKU)
    )

    assert counts(told) == (3, 3, 0, 0)
    assert lines_of(impex, path) == CLEAN
    assert excluded(shop) == {"east": ["a", SKU], "west": ["a"]}
    assert (shop.ato("east"), shop.ato("west")) == (0, 20)
    shop.assert_clean()


def test_what_stands_already_writes_nothing(shop: Shop, impex: Api) -> None:
    lines = [header("west", "REPLACE"), *sku("a", "b", "a")]
    _, first = imported(impex, *lines)
    movements = Movement.objects.count()

    _, second = imported(impex, *lines)

    assert counts(first) == (3, 2, 1, 0)
    assert counts(second) == (3, 0, 3, 0)
    assert Movement.objects.count() == movements


def test_an_export_is_imported_again(shop: Shop, impex: Api) -> None:
    shop.segment("west", "a", "b")
    lines = exported(impex)
    shop.segment("west", "b", excludes=False)
    shop.segment("west", "c")

    imported(impex, *(line | {"mode": "REPLACE"} if "groupId" in line else line for line in lines))

    assert exported(impex) == lines


def test_many_skus_in_many_chunks(shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks_of(7, monkeypatch)
    names = [f"sku-{n:03d}" for n in range(50)]
    shop.segment("west", *(f"old-{n}" for n in range(20)))

    _, told = imported(
        impex,
        header("west", "REPLACE"),
        *sku(*names),
        header("east", "APPEND"),
        *sku(*names[:10]),
    )

    assert counts(told) == (60, 60, 0, 0)
    assert excluded(shop) == {"east": names[:10], "west": names}


def test_packed_files_are_known_by_themselves(shop: Shop, impex: Api) -> None:
    import_id = upload(impex, gzip.compress(packed(header("west", "APPEND"), *sku("a"))))

    run(import_id)

    assert status(impex, f"{IMPORTS}/{import_id}")["status"] == "COMPLETED"
    assert excluded(shop)["west"] == ["a"]


def test_bad_lines_are_told_and_good_ones_applied(shop: Shop, impex: Api) -> None:
    path, told = imported(
        impex,
        {"sku": "lost"},
        header("west", "APPEND"),
        {"sku": "good"},
        {"sku": "b ad"},
        {"sku": 7},
        b"{no json",
        b"\xff",
        {},
        {"sku": "x" * 251},
        {"groupId": "west", "mode": "APPEND", "sku": "mixed"},
        {"sku": "good-2"},
        header("nowhere", "REPLACE"),
        {"sku": "orphan"},
        header("east", "DROP"),
        {"sku": "orphan-2"},
        {"groupId": "east"},
        {"mode": "APPEND"},
        header("east", "APPEND"),
        {"sku": "good-3"},
        b" " * 1_000_001 + b"{}",
    )

    assert told["status"] == "COMPLETED"
    lines = lines_of(impex, path)
    assert lines[0] == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    assert [(line["sku"], line["message"]) for line in lines[1:]] == [
        ("lost", "line 1: 'groupId' no header that can be applied stands above this line"),
        ("", "line 4: 'sku' Invalid characters in sku: 'b ad'"),
        ("", "line 5: 'sku' expected `str`, got `int`"),
        ("", "line 6: the line is not a JSON object"),
        ("", "line 7: the line is not UTF-8: invalid start byte at byte 1"),
        ("", "line 8: 'sku' is missing"),
        ("", f"line 9: 'sku' Invalid characters in sku: {'x' * 60!r}"),
        ("", "line 10: 'sku' stands on a line of its own, below its group's header"),
        ("", "line 12: 'groupId' No group exists with ID 'nowhere'"),
        ("orphan", "line 13: 'groupId' no header that can be applied stands above this line"),
        ("", "line 14: 'mode' must be REPLACE, APPEND or REMOVE, not 'DROP'"),
        ("orphan-2", "line 15: 'groupId' no header that can be applied stands above this line"),
        ("", "line 16: 'mode' is missing"),
        ("", "line 17: 'groupId' is missing"),
        ("", "line 20: a line may have at most 1000000 bytes"),
    ]
    assert counts(told) == (18, 3, 0, 15)
    assert {line["locationId"] for line in lines[2:8]} == {"west"}
    assert excluded(shop) == {"east": ["good-3"], "west": ["good", "good-2"]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty."),
        (b"  \n\n" + b" " * 2_000, "The file is empty."),
        (b' [{"groupId": "west"}]', "The file must hold one JSON object a line, not an array."),
        (gzip.compress(b"")[:-4], "The file is not whole: "),
        (gzip.compress(packed(header("west", "APPEND"), *sku("a")))[:-8], "The file is not whole"),
        (gzip.compress(b"\n" * 50_000_000), "The file unpacks to more than 200 times its size"),
    ],
    ids=["empty", "blank", "array", "no gzip", "half a gzip", "bomb"],
)
def test_files_that_are_unusable_fail_whole(
    shop: Shop, impex: Api, content: bytes, told: str
) -> None:
    import_id = upload(impex, content)

    run(import_id)

    path = f"{IMPORTS}/{import_id}"
    found = status(impex, path)
    assert found["status"] == "FAILED"
    assert found["validation"]["status"] == "Failed"
    assert found["validation"]["errors"][0].startswith(told)
    assert lines_of(impex, path) == [{"status": "FAILED"}]
    assert excluded(shop) == {"east": [], "west": []}


def test_a_run_that_is_cut_off_goes_on_where_it_was(
    shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle of a section that replaces: what it lists is known again."""
    chunks_of(4, monkeypatch)
    shop.segment("west", "old", "sku-01", "sku-09")
    names = [f"sku-{n:02d}" for n in range(10)]
    lines = [header("east", "APPEND"), {"sku": "?%"}, *sku("a"), header("west", "REPLACE")]
    import_id = upload(impex, packed(*lines, *sku(*names[:6]), {"sku": "b ad"}, *sku(*names[6:])))
    job = Job.objects.get(identifier=import_id)
    real, left = segmentation_import.change_segmentation, iter(range(2))

    def cut_off(**change: Any) -> int:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(**change)

    with monkeypatch.context() as cut:
        cut.setattr(segmentation_import, "change_segmentation", cut_off)
        with pytest.raises(KeyboardInterrupt):
            run(import_id)
    job.refresh_from_db()
    assert job.records_read == 6
    assert job.records_processed == 4
    assert JobProblem.objects.filter(job=job).count() == 1
    Job.objects.filter(pk=job.pk).update(state=JobState.PENDING, lease=None)

    run(import_id)

    told = status(impex, f"{IMPORTS}/{import_id}")
    assert counts(told) == (13, 9, 2, 2)
    assert excluded(shop) == {"east": ["a"], "west": names}
    assert len(lines_of(impex, f"{IMPORTS}/{import_id}")) == 3
    job.refresh_from_db()
    assert job.bytes_done == job.bytes_total


def test_a_group_that_leaves_meanwhile_refuses_its_lines(
    shop: Shop, impex: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(2, monkeypatch)
    import_id = upload(
        impex,
        packed(
            header("west", "REPLACE"),
            *sku("a", "b", "c"),
            header("east", "APPEND"),
            *sku("d"),
        ),
    )
    real, first = segmentation_import.change_segmentation, iter([True])

    def leave(**change: Any) -> int:
        changed = real(**change)
        if next(first, False):
            shop.regroup(east=["l1", "l2"], more_locations=["l3", "l9"])
        return changed

    monkeypatch.setattr(segmentation_import, "change_segmentation", leave)
    run(import_id)

    lines = lines_of(impex, f"{IMPORTS}/{import_id}")
    assert [line["message"] for line in lines[1:]] == [
        "line 4: No group exists with ID 'west'",
    ]
    assert excluded(shop) == {"east": ["d"]}


@pytest.mark.parametrize(
    ("body", "code", "parameter"),
    [
        ({}, "MissingParameter", "fileName"),
        ({"fileName": "s", "linkDuration": 0}, "InvalidRequestParameter", "linkDuration"),
    ],
)
def test_bad_announcements_name_the_field(
    impex: Api, body: dict[str, Any], code: str, parameter: str
) -> None:
    assert_problem(impex.call("POST", IMPORTS, body), 400, code, parameter=parameter)


def test_an_upload_is_taken_once(impex: Api) -> None:
    import_id = upload(impex, packed(header("west", "APPEND"), *sku("a")))
    again = impex.call("POST", f"{IMPORTS}/uploadlink/{import_id}", b"{}")
    assert_problem(again, 409, "FileAlreadyReceived")
    for method, step in (("DELETE", ""), ("GET", "/file-content")):
        answer = impex.call(method, f"{IMPORTS}/{import_id}{step}")
        assert_problem(answer, 409, "ImportInProgress")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{IMPORTS}/{UNKNOWN}/status"),
        ("GET", f"{IMPORTS}/{UNKNOWN}/file-content"),
        ("DELETE", f"{IMPORTS}/{UNKNOWN}"),
        ("POST", f"{IMPORTS}/uploadlink/{UNKNOWN}"),
        ("GET", f"{EXPORTS}/pe-{UNKNOWN}/status"),
        ("GET", f"{EXPORTS}/pe-{UNKNOWN}/file-content"),
        ("DELETE", f"{EXPORTS}/pe-{UNKNOWN}"),
    ],
)
def test_jobs_that_never_were_are_404(impex: Api, method: str, path: str) -> None:
    assert_problem(impex.call(method, path), 404, "EntityNotFound")
