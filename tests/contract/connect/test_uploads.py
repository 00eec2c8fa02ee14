"""Availability uploads and publication of the location graph (spec: oci-connect 7.3, 7.4)."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inventory.models import Item, Job, Organization
from inventory.services.jobs.running import run_next
from tests.builders import SKU, Shop
from tests.contract.connect.client import VERSION, Connect, assert_array

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADS = "commerce/oci/availability-records/uploads"
GRAPHS = "commerce/oci/location-graph/uploads"
STATUS = {
    "success",
    "errors",
    "uploadId",
    "status",
    "startTimeUTC",
    "endTimeUTC",
    "recordsReadCount",
    "recordsProcessedCount",
    "recordsSkippedCount",
    "validationStatus",
    "validationErrors",
}
RECORDS = (
    b'{"recordId":"1","locationId":"l9","sku":"mug","onHand":3}\n'
    b'{"recordId":"2","locationId":"l7","sku":"mug","onHand":3}\n'
)
LEGACY = b'{"location":"l9","mode":"UPDATE"}\n{"recordId":"1","sku":"mug","onHand":3}\n'
CSV = b"locationId,sku,onHand\nl9,mug,3\n"


def upload(connect: Connect, data: bytes, **form: Any) -> Any:
    file = SimpleUploadedFile("records.json", data, content_type="application/json")
    return connect.client.post(
        f"/services/data/{VERSION}/{UPLOADS}",
        form or {"fileUpload": file},
        headers={"authorization": f"Bearer {connect.token}"},
    )


def submitted(answer: Any) -> str:
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert set(body) == {"success", "errors", "uploadId"}
    assert (body["success"], body["errors"]) == (True, [])
    return str(body["uploadId"])


def status(connect: Connect, path: str, upload_id: str) -> Any:
    answer = connect.call("GET", f"{path}/{upload_id}")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == STATUS
    assert (answer.json()["success"], answer.json()["errors"]) == (True, [])
    assert answer.json()["uploadId"] == upload_id
    return answer.json()


def run_jobs() -> None:
    while run_next(clock=timezone.now):
        pass


class TestUploads:
    def test_are_imported(self, connect: Connect, shop: Shop) -> None:
        upload_id = submitted(upload(connect, RECORDS))
        before = status(connect, UPLOADS, upload_id)
        run_jobs()
        after = status(connect, UPLOADS, upload_id)

        assert before["status"] in {"SUBMITTED", "PENDING"}
        assert (before["startTimeUTC"], before["validationStatus"]) == (None, "Pending")
        assert (after["status"], after["validationStatus"]) == ("COMPLETED", "Success")
        counts = [after[f"records{what}Count"] for what in ("Read", "Processed", "Skipped")]
        assert counts == [2, 1, 0]
        (complaint,) = after["validationErrors"]
        assert "l7" in complaint
        for time in ("startTimeUTC", "endTimeUTC"):
            assert len(after[time]) == len("2020-07-06T22:54:08.012Z")
        assert shop.on_hand("l9", sku="mug") == 3
        shop.assert_clean()

    @pytest.mark.parametrize("data", [LEGACY, CSV, b"\xef\xbb\xbf" + CSV])
    def test_know_their_layout(self, connect: Connect, shop: Shop, data: bytes) -> None:
        upload_id = submitted(upload(connect, data))
        run_jobs()

        assert status(connect, UPLOADS, upload_id)["validationErrors"] == []
        assert shop.on_hand("l9", sku="mug") == 3

    def test_that_are_no_records_fail(self, connect: Connect, shop: Shop) -> None:
        upload_id = submitted(upload(connect, b"hello\n"))
        run_jobs()

        after = status(connect, UPLOADS, upload_id)
        assert (after["status"], after["validationStatus"]) == ("FAILED", "Failed")
        assert after["validationErrors"]
        assert shop.on_hand("l1") == 5

    def test_of_nothing_are_refused(self, connect: Connect) -> None:
        assert_array(upload(connect, b""), 400, "InvalidRequest")
        assert not Job.objects.exists()

    def test_beyond_the_limit_are_refused(self, connect: Connect, settings: Any) -> None:
        settings.IMPEX_MAX_UPLOAD_BYTES = 10

        assert_array(upload(connect, RECORDS), 400, "InvalidRequestParameter")
        assert not Job.objects.exists()

    def test_are_multipart(self, connect: Connect) -> None:
        answer = connect.call("POST", UPLOADS, RECORDS)

        assert_array(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
        assert not Job.objects.exists()

    def test_of_others_and_of_nobody_are_404(self, connect: Connect, shop: Shop) -> None:
        upload_id = submitted(upload(connect, RECORDS))
        Job.objects.update(organization=Organization.objects.create(identifier="others"))

        for path, name in ((UPLOADS, upload_id), (UPLOADS, "x"), (GRAPHS, upload_id)):
            assert_array(connect.call("GET", f"{path}/{name}"), 404, "EntityNotFound")


class TestPublication:
    def test_brings_pools_up_to_the_graph(self, connect: Connect, shop: Shop) -> None:
        shop.stock("mug", l1=1)
        shop.regroup(east=["l1"], west=["l1", "l2", "l3"], more_locations=["l9"])
        version = Organization.objects.get(pk=shop.id).graph_version
        assert Item.objects.filter(graph_version__lt=version).count() == 2

        upload_id = submitted(connect.call("POST", GRAPHS))
        run_jobs()
        after = status(connect, GRAPHS, upload_id)

        assert (after["status"], after["validationStatus"]) == ("COMPLETED", "Success")
        counts = [after[f"records{what}Count"] for what in ("Read", "Processed", "Skipped")]
        assert counts == [8, 8, 0]  # four locations, two groups, two items
        assert not Item.objects.filter(graph_version__lt=version).exists()
        assert shop.ato("west") == 25
        assert shop.item(SKU).graph_version == version
        shop.assert_clean()

    def test_again_finds_nothing_to_do(self, connect: Connect, shop: Shop) -> None:
        upload_id = submitted(connect.call("POST", GRAPHS))
        run_jobs()

        assert status(connect, GRAPHS, upload_id)["recordsReadCount"] == 6

    def test_tells_of_an_empty_group(self, connect: Connect, shop: Shop) -> None:
        from inventory.models import GroupMembership

        GroupMembership.objects.filter(group__identifier="east").delete()
        Organization.objects.filter(pk=shop.id).update(graph_version=99)
        upload_id = submitted(connect.call("POST", GRAPHS))
        run_jobs()

        after = status(connect, GRAPHS, upload_id)
        assert (after["status"], after["validationStatus"]) == ("FAILED", "Failed")
        assert after["validationErrors"] == ["&#39;east&#39; has no locations."]
