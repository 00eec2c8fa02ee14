"""The availability import over HTTP (spec: oci-headless 6.1)."""

import gzip
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import ImportedRecord, Item, Job, JobProblem, Movement, MovementKind
from inventory.services.jobs.running import run_next
from tests.builders import Shop, a_shop
from tests.contract.headless import Api, assert_problem

pytestmark = pytest.mark.django_db

PATH = "availability-records/imports"


@pytest.fixture
def impex(shop: Shop) -> Api:
    return Api(shop, "impex")


def record(number: int, sku: str = "mug", location: str = "l1", **figures: Any) -> dict[str, Any]:
    return {"recordId": f"r{number}", "sku": sku, "locationId": location, **figures}


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


class Importing:
    """Runs imports as a client does."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def submit(self, **body: Any) -> Any:
        answer = self.api.call("POST", PATH, {"fileName": "stock.json", **body})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def upload(self, started: Any, content: bytes) -> Any:
        return self.send(started["uploadLink"], content, "application/octet-stream")

    def send(self, link: str, content: bytes, content_type: str) -> Any:
        return self.api.client.generic(
            "POST",
            link,
            content,
            content_type=content_type,
            headers={"authorization": f"Bearer {self.api.token}"},
        )

    def run(self, content: bytes, **body: Any) -> "Imported":
        started = self.submit(**body)
        assert self.upload(started, content).status_code == 200
        while run_next(clock=timezone.now):
            pass
        return Imported(self.api, started["importId"])


class Imported:
    """What a client learns of an import that has ended."""

    def __init__(self, api: Api, identifier: str) -> None:
        self.identifier = identifier
        self.status = api.call("GET", f"{PATH}/{identifier}/status").json()
        answer = api.call("GET", f"{PATH}/{identifier}/file-content")
        assert answer.status_code == 200, answer.content
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        first, *rest = content.splitlines()
        self.result = json.loads(first)["status"]
        self.problems = [json.loads(line) for line in rest]
        assert content.endswith(b"\n")

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Read, processed, skipped, failed."""
        told = self.status["import"]
        return tuple(
            told[f"records{name}Count"] for name in ("Read", "Processed", "Skipped", "Failed")
        )

    @property
    def messages(self) -> list[str]:
        return [problem["message"] for problem in self.problems]


@pytest.fixture
def importing(impex: Api) -> Importing:
    return Importing(impex)


def test_a_file_goes_in(shop: Shop, importing: Importing) -> None:
    started = importing.submit(fileHash="", linkDuration=30)
    root = f"/inventory/impex/v1/organizations/{shop.organization.identifier}/{PATH}"
    identifier = started["importId"]
    assert started["importStatusLink"] == f"{root}/{identifier}/status"
    assert started["uploadLink"] == f"{root}/uploadlink/{identifier}"
    assert started["uploadMethod"] == "POST"
    assert started["uploadLinkExpirationUTC"].endswith("Z")

    future = {"quantity": 3.5, "expectedDate": "2027-01-01T00:00:00+01:00"}
    answer = importing.upload(
        started,
        lines(
            record(1, onHand=12.5, safetyStockCount=2, futures=[future]),
            record(2, location="l2", onHand=100.0, effectiveDate="2026-01-01T00:00:00Z"),
        ),
    )
    assert answer.json() == {"status": "PENDING", "importId": identifier}
    assert run_next(clock=timezone.now)

    status = importing.api.call("GET", f"{PATH}/{identifier}/status").json()
    assert status["status"] == "COMPLETED"
    assert status["validation"] == {"status": "Success", "errors": []}
    assert status["upload"] == {"fileName": "stock.json"}
    assert status["import"]["fullResults"]["href"] == f"{root}/{identifier}/file-content"
    imported = Imported(importing.api, identifier)
    assert imported.counts == (2, 2, 0, 0)
    assert (imported.result, imported.problems) == ("COMPLETED_WITHOUT_ERRORS", [])

    first = shop.record("l1", sku="mug")
    assert (first.on_hand, first.safety_stock, first.futures_quantity) == (12_500, 2_000, 3_500)
    assert first.futures == [["2026-12-31T23:00:00Z", 3500]]
    assert shop.on_hand("l2", sku="mug") == 100
    assert shop.ato("east", sku="mug") == 114
    shop.assert_clean()
    told = Movement.objects.filter(kind=MovementKind.IMPORT).order_by("sequence")
    assert [(each.request_id, each.sequence) for each in told] == [("r1", 1), ("r2", 2)]
    assert told[0].correlation_id


def test_what_is_absent_stays_and_null_clears(shop: Shop, importing: Importing) -> None:
    figures = {
        "onHand": 5,
        "safetyStockCount": 1,
        "effectiveDate": "2026-01-01T00:00:00Z",
        "futures": [{"quantity": 2, "expectedDate": "2027-01-01T00:00:00Z"}],
        "attributeSet": {"groupEligibilityExclusion": ["west"]},
    }
    importing.run(lines(record(1, location="l2", **figures)))
    before = shop.record("l2", sku="mug")
    assert before.excluded_groups == ["west"]

    importing.run(lines(record(2, location="l2", onHand=6)))
    after = shop.record("l2", sku="mug")
    assert (after.on_hand, after.safety_stock, after.futures) == (6000, 1000, before.futures)
    assert after.effective_at == before.effective_at
    assert after.excluded_groups == ["west"]

    cleared = dict.fromkeys(figures)
    importing.run(lines(record(3, location="l2", **cleared)))
    last = shop.record("l2", sku="mug")
    assert (last.on_hand, last.safety_stock, last.futures, last.effective_at) == (0, 0, [], None)
    assert last.excluded_groups == []
    shop.assert_clean()


def test_what_changes_nothing_is_skipped(shop: Shop, importing: Importing) -> None:
    figures = {"onHand": 5, "effectiveDate": "2026-01-01T00:00:00Z"}
    importing.run(lines(record(1, **figures), record(2, location="l2", **figures)))
    movements = Movement.objects.count()
    changed_at = shop.item("mug").changed_at

    fresh = {"onHand": 5.0, "effectiveDate": "2026-02-01T00:00:00Z", "futures": []}
    again = importing.run(lines(record(3, **fresh), record(4, location="l2", **figures)))

    assert again.counts == (2, 0, 2, 0)
    assert again.result == "COMPLETED_WITHOUT_ERRORS"
    assert Movement.objects.count() == movements
    assert shop.item("mug").changed_at == changed_at


def test_a_record_id_counts_once(shop: Shop, importing: Importing) -> None:
    first = importing.run(
        lines(
            record(1, onHand=5),
            record(1, onHand=5.0),
            record(1, onHand=6),
            record(2, location="l2", onHand=7),
        )
    )
    assert first.counts == (4, 2, 1, 1)
    assert first.messages == ["line 3: 'recordId' was used in line 1 with other content"]

    again = importing.run(lines(record(2, location="l2", onHand=7), record(1, onHand=9)))

    assert again.counts == (2, 0, 1, 1)
    assert again.problems == [
        {
            "recordId": "r1",
            "locationId": "l1",
            "sku": "mug",
            "message": "line 2: 'recordId' was imported before with other content",
        }
    ]
    assert shop.on_hand("l1", sku="mug") == 5


def test_records_of_one_pair_are_applied_in_their_order(shop: Shop, importing: Importing) -> None:
    imported = importing.run(lines(*(record(n, onHand=n) for n in range(1, 6))))
    assert imported.counts == (5, 5, 0, 0)
    assert shop.on_hand("l1", sku="mug") == 5
    assert shop.item("mug").sequence == 5
    shop.assert_clean()


def test_reserved_stays_and_stock_may_fall(shop: Shop, importing: Importing) -> None:
    shop.reserve("basket", "east", 8)
    shop.reserve("order", "l3", 4)

    imported = importing.run(
        lines(
            record(1, sku="red-mug", onHand=1),
            record(2, sku="red-mug", location="l3", onHand=3),
            record(3, sku="red-mug", location="l9", onHand=50),
        )
    )

    assert imported.counts == (3, 3, 0, 0)
    assert shop.reserved("l3") == 4
    assert shop.reserved("east") == 8
    assert shop.short() == 2
    shop.assert_clean()


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"onHand": 1.0005}, "'onHand' must be a multiple of 0.001: 1.0005"),
        ({"onHand": -1}, "'onHand' must not be below 0: -1"),
        ({"onHand": 10_000_000_000}, "'onHand' must be at most 9999999999.999: 10000000000"),
        ({"onHand": 1e300}, "'onHand' must be at most 9999999999.999: 1e+300"),
        ({"onHand": "5"}, "'onHand' must be a number: \"5\""),
        ({"onHand": True}, "'onHand' must be a number: true"),
        ({"safetyStockCount": -0.5}, "'safetyStockCount' must not be below 0: -0.5"),
        (
            {"effectiveDate": "soon"},
            "'effectiveDate' must be a date with time and offset: 'soon'",
        ),
        (
            {"effectiveDate": "2026-02-30T00:00:00Z"},
            "'effectiveDate' must be a date with time and offset: '2026-02-30T00:00:00Z'",
        ),
        ({"effectiveDate": 5}, "'effectiveDate' expected `str | null`, got `int`"),
        (
            {"futures": [{"quantity": 0, "expectedDate": "2027-01-01T00:00:00Z"}]},
            "'futures[0].quantity' quantity must be a positive value",
        ),
        (
            {"futures": [{"quantity": 1, "expectedDate": "x"}]},
            "'futures[0].expectedDate' must be a date with time and offset: 'x'",
        ),
        ({"futures": [{"quantity": 1}]}, "'futures[0]' object missing required field"),
        (
            {"futures": [{"quantity": 1, "expectedDate": "2027-01-01T00:00:00Z"}] * 101},
            "'futures' must hold at most 100, not 101",
        ),
        (
            {"attributeSet": {"groupEligibilityExclusion": ["a b"]}},
            "'groupEligibilityExclusion' Invalid group id: 'a b'",
        ),
        ({"sku": "a b"}, "'sku' Invalid characters in sku: 'a b'"),
        ({"sku": ""}, "'sku' Invalid characters in sku: ''"),
        ({"sku": 7}, "'sku' expected `str`, got `int`"),
        ({"sku": "x" * 251}, "'sku' Invalid characters in sku: "),
        ({"locationId": "nowhere"}, "'locationId' No location exists with ID 'nowhere'"),
        ({"locationId": "east"}, "'locationId' No location exists with ID 'east'"),
        ({"locationId": None}, "'locationId' expected `str`, got `null`"),
        ({"recordId": ""}, "'recordId' is missing"),
        ({"recordId": "x" * 129}, "'recordId' must be 1 to 128 characters"),
        ({"recordId": "a\u0000b"}, "'recordId' must be 1 to 128 characters"),
    ],
)
def test_a_bad_record_is_told_and_the_rest_goes_on(
    shop: Shop, importing: Importing, figures: dict[str, Any], message: str
) -> None:
    imported = importing.run(
        lines(
            record(1, onHand=5),
            record(2, sku="bowl", location="l2", onHand=6) | figures,
            record(3, location="l3", onHand=7),
        )
    )

    assert imported.counts == (3, 2, 0, 1)
    assert imported.result == "COMPLETED_WITH_PARTIAL_FAILURES"
    (problem,) = imported.problems
    assert problem["message"].startswith(f"line 2: {message}")
    assert set(problem) == {"recordId", "locationId", "sku", "message"}
    assert not Item.objects.filter(sku="bowl").exists()
    assert shop.on_hand("l3", sku="mug") == 7
    assert JobProblem.objects.get().message == problem["message"]
    assert ImportedRecord.objects.count() == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"no json", "the line is not a JSON object"),
        (b"{", "the line is not a JSON object"),
        (b"5", "expected `object`, got `int`"),
        (b'{"recordId":"r2","sku":"\xff"}', "the line is not UTF-8: invalid start byte at byte"),
        (b'{"recordId":"r2","x":"\xff"}', "the line is not UTF-8: invalid start byte at byte"),
        (b'{"recordId":"r2","sku":"\\ud800"}', "the line is not a JSON object"),
        (b"[" * 5000, "expected `object`, got `array`"),
        (b'{"sku":' * 100_000, "expected `str`, got `object`"),
        (b'{"recordId":"r2","locationId":"l2"}', "'sku' is missing"),
        (b'{"sku":"mug","locationId":"l2"}', "'recordId' is missing"),
        (b'{"recordId":"r2","sku":"mug"}', "'locationId' is missing"),
        (b'{"location":"l2","mode":"UPDATE"}', "'location' the layouts are mixed"),
        (b"\x00", "the line is not a JSON object"),
        (b'{"recordId":"r2","sku":"' + b"x" * 10_000_000 + b'"}', "a line may have at most"),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else None,
)
def test_a_bad_line_is_told_and_the_rest_goes_on(
    shop: Shop, importing: Importing, line: bytes, message: str
) -> None:
    content = lines(record(1, onHand=5)) + line + b"\n\n \r\n" + lines(record(3, "cup", onHand=7))

    imported = importing.run(content)

    assert imported.counts == (3, 2, 0, 1)
    assert "line 2: " in imported.messages[0]
    assert message in imported.messages[0]
    assert shop.on_hand("l1", sku="cup") == 7


def test_the_legacy_layout(shop: Shop, importing: Importing) -> None:
    def bare(number: int, sku: str, on_hand: int) -> dict[str, Any]:
        return {"recordId": f"r{number}", "sku": sku, "onHand": on_hand}

    imported = importing.run(
        lines(
            {"location": "l1", "mode": "UPDATE"},
            bare(1, "mug", 1),
            bare(2, "cup", 2),
            {"locationId": "l2", "mode": "update"},
            bare(3, "mug", 3),
            record(4, "cup", "l3", onHand=4),
            {"location": "nowhere", "mode": "UPDATE"},
            bare(5, "mug", 5),
            {"location": "l3", "mode": "DELETE"},
            bare(6, "mug", 6),
            {"location": "l3"},
            bare(7, "mug", 7),
        )
    )

    assert imported.messages == [
        "line 6: 'locationId' the layouts are mixed: a header has named the location",
        "line 8: 'locationId' No location exists with ID 'nowhere'",
        "line 9: 'mode' only UPDATE is supported, not 'DELETE'",
        "line 10: 'mode' the header above this record could not be applied",
    ]
    assert imported.counts == (8, 4, 0, 4)
    assert shop.on_hand("l1", sku="cup") == 2
    assert shop.on_hand("l2", sku="mug") == 3
    assert shop.on_hand("l3", sku="mug") == 7


DOCUMENTED = (
    "Location ID,SKU,Quantity On Hand,Safety Stock,Effective Date,Future Date 1,Future Quantity 1,"
    "Future Date 2,Future Quantity 2,Group Eligibility Exclusion"
)


def test_csv_with_the_documented_header(shop: Shop, importing: Importing) -> None:
    rows = [
        DOCUMENTED,
        'l2,mug,5,1,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,2,,,"[west, east]"',
        "l1,mug,7.5,,,2027-01-01T00:00:00Z,1,2027-02-01T00:00:00Z,2,",
        "l1,cup,x,,,,,,,",
        "l1,cup,1,,,2027-01-01T00:00:00Z,,,,",
        "l1,cup",
        'l1,"cup,1,,,,,,,',
    ]
    imported = importing.run("\r\n".join(rows).encode(), fileFormat="CSV")

    assert imported.counts == (6, 2, 0, 4)
    assert imported.messages == [
        "line 4: 'onHand' must be a number: x",
        "line 5: 'Future Date 1' and 'Future Quantity 1' go together",
        "line 6: the line has 2 columns, the header 10",
        "line 7: the line is not CSV: unexpected end of data",
    ]
    first = shop.record("l2", sku="mug")
    assert (first.on_hand, first.futures) == (5000, [["2027-01-01T00:00:00Z", 2000]])
    assert first.excluded_groups == ["east", "west"]
    assert shop.record("l1", sku="mug").futures_quantity == 3000


def test_csv_with_the_names_of_the_fields(shop: Shop, importing: Importing) -> None:
    text = (
        "recordId,sku,locationId,onHand,futures,groupEligibilityExclusion\n"
        'r1,mug,l1,5,"[{""quantity"":2,""expectedDate"":""2027-01-01T00:00:00Z""}]","[""west""]"\n'
        "r2,mug,l2,,,\n"
        "r3,mug,l3,1,[,\n"
    )
    imported = importing.run(text.encode(), fileFormat="CSV")

    assert imported.counts == (3, 2, 0, 1)
    assert imported.messages == ["line 4: 'futures' is not the JSON it must be"]
    assert shop.record("l1", sku="mug").futures_quantity == 2000
    again = importing.run(text.encode(), fileFormat="CSV")
    assert again.counts == (3, 0, 2, 1)


@pytest.mark.parametrize("header", ["a,b,c", "sku", "sku,sku,locationId", '"', "locationId"])
def test_csv_without_a_header_is_unusable(importing: Importing, header: str) -> None:
    assert_unusable(importing.run(header.encode(), fileFormat="CSV"))


def assert_unusable(imported: Imported, *errors: str) -> None:
    assert imported.status["status"] == "FAILED"
    assert imported.status["validation"]["status"] == "Failed"
    assert imported.status["validation"]["errors"]
    if errors:
        assert imported.status["validation"]["errors"] == list(errors)
    assert imported.result == "FAILED"
    assert imported.counts[1] == 0
    assert not Movement.objects.filter(kind=MovementKind.IMPORT).exists()


GOOD = lines(*(record(n, f"sku-{n}", onHand=n) for n in range(1, 40)))


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_unusable(importing: Importing, content: bytes) -> None:
    assert_unusable(importing.run(content), "The file is empty.")


def test_an_array_is_unusable(importing: Importing) -> None:
    imported = importing.run(b"\n [" + json.dumps(record(1)).encode() + b"]")
    assert_unusable(imported, "The file must hold one JSON object a line, not an array.")


def test_gzip(shop: Shop, importing: Importing) -> None:
    packed = gzip.compress(GOOD[: len(GOOD) // 2]) + gzip.compress(GOOD[len(GOOD) // 2 :])
    imported = importing.run(packed, fileEncoding="GZIP")
    assert imported.counts == (39, 39, 0, 0)
    assert Job.objects.get().bytes_done == len(GOOD)
    assert Job.objects.get().bytes_total == len(GOOD)


def test_gzip_that_was_not_announced(importing: Importing) -> None:
    assert_unusable(
        importing.run(gzip.compress(GOOD)),
        "File is in GZIP format where the encoding type was not specified as GZIP' Invalid value",
    )


def test_gzip_that_is_none(importing: Importing) -> None:
    assert_unusable(importing.run(GOOD, fileEncoding="GZIP"))


@pytest.mark.parametrize("cut", [3, 12, 100, -1, -9])
def test_a_truncated_gzip_is_unusable(importing: Importing, cut: int) -> None:
    assert_unusable(importing.run(gzip.compress(GOOD)[:cut], fileEncoding="GZIP"))


def test_a_damaged_gzip_is_unusable(importing: Importing) -> None:
    packed = bytearray(gzip.compress(GOOD))
    packed[len(packed) // 2] ^= 0xFF
    assert_unusable(importing.run(bytes(packed), fileEncoding="GZIP"))


def test_a_gzip_bomb_is_unusable(importing: Importing) -> None:
    bomb = gzip.compress(b"\n" * 30_000_000)
    assert_unusable(
        importing.run(bomb, fileEncoding="GZIP"),
        "The file unpacks to more than 200 times its size, or 2 GB.",
    )


@pytest.mark.parametrize("kind", ["SHA-256", "SHA-512"])
def test_the_hash_is_checked(importing: Importing, kind: str) -> None:
    def hash_of(content: bytes) -> str:
        return hashlib.new(kind.replace("-", "").lower(), content).hexdigest()

    packed = gzip.compress(GOOD)
    for said, body in ((hash_of(packed), packed), (hash_of(GOOD), packed), (hash_of(GOOD), GOOD)):
        encoding = {"fileEncoding": "GZIP"} if body is packed else {}
        imported = importing.run(body, fileHash=said, fileHashType=kind, **encoding)
        assert imported.status["status"] == "COMPLETED"
    for body, encoding in ((packed, {"fileEncoding": "GZIP"}), (GOOD, {})):
        imported = importing.run(body, fileHash=hash_of(b"x"), fileHashType=kind, **encoding)
        assert imported.status["validation"]["errors"] == ["'fileHash' is not that of the file"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"fileName": ""}, "fileName"),
        ({"fileName": "x" * 251}, "fileName"),
        ({"fileFormat": "XML"}, "fileFormat"),
        ({"fileEncoding": "ZIP"}, "fileEncoding"),
        ({"fileHash": "abc"}, "fileHash"),
        ({"fileHash": "A" * 64}, "fileHash"),
        ({"fileHash": "a" * 129}, "fileHash"),
        ({"fileHashType": "MD5"}, "fileHashType"),
        ({"linkDuration": "soon"}, "linkDuration"),
        ({"linkDuration": 0}, "linkDuration"),
        ({"linkDuration": 61}, "linkDuration"),
        ({"linkDuration": 1.5}, "linkDuration"),
    ],
)
def test_what_cannot_be_announced(impex: Api, body: dict[str, Any], parameter: str) -> None:
    answer = impex.call("POST", PATH, {"fileName": "x", **body})
    assert_problem(answer, 400, "InvalidRequestParameter", parameter=parameter)
    assert not Job.objects.exists()


def test_the_list(importing: Importing, impex: Api) -> None:
    waiting = importing.submit()["importId"]
    done = importing.run(GOOD).identifier

    assert impex.call("GET", PATH).json() == {"imports": [waiting, done]}
    assert impex.call("GET", f"{PATH}?available=true").json() == {"imports": [waiting]}
    assert_problem(impex.call("GET", f"{PATH}?available=maybe"), 400, "InvalidRequestParameter")

    assert impex.call("DELETE", f"{PATH}/{done}").status_code == 204
    assert impex.call("GET", PATH).json() == {"imports": [waiting]}
    assert_problem(impex.call("GET", f"{PATH}/{done}/status"), 404, "EntityNotFound")


def boundary_of(content: bytes, *, head: bytes, boundary: bytes = b"xyz") -> bytes:
    return b"\r\n".join(
        [
            b"a preamble",
            b"--" + boundary,
            head,
            b"",
            content,
            b"--" + boundary,
            b'Content-Disposition: form-data; name="other"',
            b"",
            b"not this",
            b"--" + boundary + b"--",
            b"",
        ]
    )


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: x/json',
        b'Content-Disposition: form-data; name="fileUpload"; filename="a.json"',
        b'Content-Disposition: form-data; name="ImportsUploadLinkPostBody"',
    ],
)
@pytest.mark.parametrize("boundary", [b"xyz", b"-" * 60])
def test_the_first_part_of_a_form_is_the_file(
    importing: Importing, head: bytes, boundary: bytes
) -> None:
    content = lines(*(record(n, f"sku-{n}", onHand=n, x="\n--x" * 50) for n in range(900)))
    started = importing.submit()
    answer = importing.send(
        started["uploadLink"],
        boundary_of(content, head=head, boundary=boundary),
        f'multipart/form-data; boundary="{boundary.decode()}"',
    )
    assert answer.status_code == 200, answer.content
    job = Job.objects.get()
    assert job.upload_size == len(content)
    assert job.parameters["uploadHash"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=xyz"),
        (b"--xyz\r\nname: x", "multipart/form-data; boundary=xyz"),
        (b"--xyz\r\nname: x\r\n\r\nno end", "multipart/form-data; boundary=xyz"),
        (b"y" * 100_000, "multipart/form-data; boundary=xyz"),
    ],
)
def test_a_broken_form_is_refused_and_may_be_sent_again(
    importing: Importing, content: bytes, content_type: str
) -> None:
    started = importing.submit()
    answer = importing.send(started["uploadLink"], content, content_type)
    assert_problem(answer, 400, "InvalidRequest")
    assert importing.upload(started, GOOD).status_code == 200


def test_an_upload_link_takes_one_file(importing: Importing) -> None:
    started = importing.submit()
    importing.upload(started, GOOD)
    assert_problem(importing.upload(started, GOOD), 409, "FileAlreadyReceived")


def test_an_upload_link_expires(importing: Importing) -> None:
    started = importing.submit()
    Job.objects.update(upload_expires_at=timezone.now())
    assert_problem(importing.upload(started, GOOD), 410, "ExpiredUploadLink")


def test_an_upload_beyond_the_limit_is_refused(importing: Importing, settings: Any) -> None:
    settings.IMPEX_MAX_UPLOAD_BYTES = 100
    answer = importing.upload(importing.submit(), GOOD)
    assert_problem(answer, 400, "InvalidRequestParameter", parameter="file")
    assert Job.objects.get().upload == ""


def test_while_it_runs(importing: Importing, impex: Api) -> None:
    identifier = importing.submit()["importId"]
    assert_problem(impex.call("GET", f"{PATH}/{identifier}/file-content"), 409, "ImportInProgress")
    assert impex.call("GET", f"{PATH}/{identifier}/status").json()["status"] == "WAITING"
    Job.objects.update(state="RUNNING", lease="1" * 32)

    assert_problem(impex.call("GET", f"{PATH}/{identifier}/file-content"), 409, "ImportInProgress")
    assert_problem(impex.call("DELETE", f"{PATH}/{identifier}"), 409, "ImportInProgress")


def test_the_result_expires(importing: Importing, impex: Api) -> None:
    imported = importing.run(GOOD)
    Job.objects.update(result_expires_at=timezone.now())
    answer = impex.call("GET", f"{PATH}/{imported.identifier}/file-content")
    assert_problem(answer, 410, "ExpiredResultLink")


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_an_unknown_import(impex: Api, method: str) -> None:
    paths = {
        "GET": [f"{PATH}/x/status", f"{PATH}/x/file-content"],
        "DELETE": [f"{PATH}/x"],
        "POST": [f"{PATH}/uploadlink/x"],
    }
    for path in paths[method]:
        assert_problem(impex.call(method, path), 404, "EntityNotFound")


def test_an_import_of_another_organization_is_unknown(
    importing: Importing,
) -> None:
    identifier = importing.run(GOOD).identifier
    other = Api(a_shop(all=["l1"]), "impex")
    assert_problem(other.call("GET", f"{PATH}/{identifier}/status"), 404, "EntityNotFound")
    assert other.call("GET", PATH).json() == {"imports": []}


TRAINING_FILE = Path(__file__).parents[3] / "shared/data/oci-import-example.ndjson"


@pytest.mark.skipif(not TRAINING_FILE.exists(), reason="the training file is not here")
def test_the_file_that_partners_are_trained_with(importing: Importing, shop: Shop) -> None:
    shop.regroup(outlet=["Warehouse01"], more_locations=["l1", "l2", "l3", "l9"])
    content = TRAINING_FILE.read_bytes()
    count = len(content.splitlines())

    imported = importing.run(content, fileHash=hashlib.sha256(content).hexdigest())

    assert imported.counts == (count, count, 0, 0)
    assert imported.result == "COMPLETED_WITHOUT_ERRORS"
    for line in content.splitlines():
        sent = json.loads(line)
        stored = shop.record("Warehouse01", sku=sent["sku"])
        assert stored.on_hand == sent["onHand"] * 1000
        assert stored.effective_at == datetime.fromisoformat(sent["effectiveDate"])
        assert stored.futures_quantity == sum(each["quantity"] * 1000 for each in sent["futures"])
    again = importing.run(content)
    assert again.counts == (count, 0, count, 0)
    shop.assert_clean()
