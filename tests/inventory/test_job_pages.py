"""Jobs in the back office: files go in, jobs are watched, stopped, resumed and deleted."""

import gzip
import json
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inventory.backoffice.pages import PAGES
from inventory.backoffice.starting_jobs import StartJob
from inventory.domain.roles import Role
from inventory.models import Job, JobProblem, JobState, StockRecord
from inventory.selectors.graph import current_graph
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import files, life
from inventory.services.jobs.running import run_next
from inventory.services.members import add_member
from tests.builders import NOON, Shop, a_shop

pytestmark = pytest.mark.django_db

LIST = "/admin/inventory/job/"
STOCK = "/admin/jobs/import/stock/"
GOOD = {"recordId": "1", "sku": "mug", "locationId": "l1", "onHand": 5}
BAD = {"recordId": "2", "sku": "mug", "locationId": "l1", "onHand": -5}


@pytest.fixture
def shop() -> Shop:
    return a_shop(east=["l1", "l2"], west=["l2"])


def member(shop: Shop, role: Role, **client: Any) -> Client:
    name = f"{shop.organization.identifier}-{role.value}"
    if not User.objects.filter(username=name).exists():
        add_member(organization_id=shop.id, username=name, role=role, asked_by=None)
    made = Client(**client)
    made.force_login(User.objects.get(username=name))
    return made


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Nobody signs in by password here, and hashing one takes a while."""
    md5 = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [md5, *settings.PASSWORD_HASHERS]


@pytest.fixture
def mia(shop: Shop) -> Client:
    return member(shop, Role.MERCHANDISER)


def a_file(*records: dict[str, Any], name: str = "stock.json") -> SimpleUploadedFile:
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    return SimpleUploadedFile(name, lines)


def page_of(job: Job) -> str:
    return f"{LIST}{job.pk}/change/"


def do(client: Client, what: str, job: Job) -> str:
    answer = client.post(f"/admin/jobs/{what}/?job={job.pk}", follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def run(job: Job) -> Job:
    assert run_next(clock=lambda: NOON, job_id=job.pk)
    job.refresh_from_db()
    return job


def uploaded(client: Client, *records: dict[str, Any], **options: Any) -> Job:
    answer = client.post(STOCK, {"file": a_file(*records, **options)})
    job = Job.objects.latest("pk")
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == page_of(job)
    return job


def test_a_file_goes_in_and_what_was_refused_is_read(shop: Shop, mia: Client) -> None:
    job = run(uploaded(mia, GOOD, BAD, {**GOOD, "recordId": "3", "locationId": "moon"}))

    assert (job.state, job.records_processed, job.records_failed) == (JobState.COMPLETED, 1, 2)
    assert shop.on_hand("l1", sku="mug") == 5
    assert job.actor == f"user:{shop.organization.identifier}-merchandiser"
    page = mia.get(page_of(job)).content.decode()
    assert "It is completed, but for 2 records that were refused." in page
    rows = [row for row in page.split("<tr>") if "onHand" in row]
    assert len(rows) == 1
    for told in (">2<", ">mug<", ">l1<", ">onHand<"):
        assert told in rows[0]
    assert "moon" in page
    told = mia.get(f"{page_of(job)}file")
    assert told["Content-Disposition"].startswith("attachment")
    lines = b"".join(told.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert json.loads(lines[0]) == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    assert [json.loads(line)["recordId"] for line in lines[1:]] == ["2", "3"]


@pytest.mark.parametrize("name", ["stock.csv", "stock.csv.gz", "stock.json.gz"])
def test_format_and_packing_are_found_out(shop: Shop, mia: Client, name: str) -> None:
    content = b"Location ID,SKU,Quantity On Hand\nl2,mug,7\n"
    if "json" in name:
        content = json.dumps({**GOOD, "locationId": "l2", "onHand": 7}).encode()
    if name.endswith("gz"):
        content = gzip.compress(content)

    mia.post(STOCK, {"file": SimpleUploadedFile(name, content)})

    assert run(Job.objects.latest("pk")).records_processed == 1
    assert shop.on_hand("l2", sku="mug") == 7


def test_a_file_that_is_too_large_is_refused_and_not_kept(
    shop: Shop, mia: Client, settings: Any
) -> None:
    settings.IMPEX_MAX_UPLOAD_BYTES = 1024 * 1024
    large = SimpleUploadedFile("stock.json", b"x" * (1024 * 1024 + 1))

    answer = mia.post(STOCK, {"file": large})

    assert answer.status_code == 200
    assert "The file is larger than 1 MB. Split it." in answer.content.decode()
    assert not Job.objects.exists()
    fits = SimpleUploadedFile("stock.json", b"x" * 1024 * 1024)
    assert mia.post(STOCK, {"file": fits}).status_code == 302


def test_a_form_without_a_file_asks_for_one(shop: Shop, mia: Client) -> None:
    answer = mia.post(STOCK, {})

    assert "This field is required" in answer.content.decode()
    assert "At most 2,048 MB." in answer.content.decode()
    assert not Job.objects.exists()


def test_an_unusable_file_fails_with_its_reason(shop: Shop, mia: Client) -> None:
    mia.post(STOCK, {"file": SimpleUploadedFile("empty.json", b"")})

    job = run(Job.objects.latest("pk"))

    assert job.state == JobState.FAILED
    page = mia.get(page_of(job)).content.decode()
    assert "The file is empty." in page
    assert "It has failed." in page


def test_files_need_the_token_of_the_form_and_the_power(shop: Shop) -> None:
    forged = member(shop, Role.MERCHANDISER, enforce_csrf_checks=True)
    assert forged.post(STOCK, {"file": a_file(GOOD)}).status_code == 403

    page = forged.get(STOCK)
    token = page.context["csrf_token"]
    said = {"file": a_file(GOOD), "csrfmiddlewaretoken": str(token)}
    assert forged.post(STOCK, said).status_code == 302

    for address in (STOCK, "/admin/jobs/import/segmentation/"):
        viewer = member(shop, Role.VIEWER)
        assert viewer.post(address, {"file": a_file(GOOD)}).status_code == 403
    assert Job.objects.count() == 1


@pytest.mark.parametrize("page", [page for page in PAGES if issubclass(page, StartJob)])
def test_who_may_not_start_a_job_starts_none(shop: Shop, page: type[StartJob]) -> None:
    viewer = member(shop, Role.VIEWER)

    assert viewer.get(f"/admin/{page.path}").status_code == 403
    assert viewer.post(f"/admin/{page.path}", {}).status_code == 403
    assert "Import and export" not in viewer.get(LIST).content.decode()
    assert not Job.objects.exists()


def test_a_graph_is_imported_by_administrators_alone(shop: Shop, mia: Client) -> None:
    address = "/admin/jobs/import/location-graph/"
    graph = {"locations": ["l1", "l2", "l3"], "groups": [{"id": "east", "locations": ["l1"]}]}
    content = json.dumps(graph).encode()
    refused = mia.post(address, {"file": SimpleUploadedFile("graph.json", content)})
    assert refused.status_code == 403
    ada = member(shop, Role.ADMINISTRATOR)

    said = {"file": SimpleUploadedFile("graph.json", content), "dry_run": "on"}
    ada.post(address, said)
    assert run(Job.objects.latest("pk")).records_skipped == 4
    assert set(current_graph(shop.id).groups) == {"east", "west"}

    ada.post(address, {"file": SimpleUploadedFile("graph.json", content)})
    job = run(Job.objects.latest("pk"))
    assert job.state == JobState.COMPLETED
    assert set(current_graph(shop.id).groups) == {"east"}
    Job.objects.filter(pk=job.pk).update(state=JobState.STOPPED, upload="x")
    assert mia.post(f"/admin/jobs/resume/?job={job.pk}").status_code == 403
    assert 'action="/admin/jobs/resume/' not in mia.get(page_of(job)).content.decode()
    job.refresh_from_db()
    assert job.state == JobState.STOPPED


def test_segmentation_goes_in_and_out(shop: Shop, mia: Client) -> None:
    lines = b'{"groupId":"east","mode":"REPLACE"}\n{"sku":"mug"}\n'
    address = "/admin/jobs/import/segmentation/"
    mia.post(address, {"file": SimpleUploadedFile("segments.json", lines)})
    assert run(Job.objects.latest("pk")).records_processed == 1

    mia.post("/admin/jobs/export/segmentation/", {"groups": "east"})
    job = run(Job.objects.latest("pk"))

    with files.open_file(job.result) as file:
        assert file.read() == b'{"groupId":"east"}\n{"sku":"mug"}\n'


EXPORTS: list[tuple[str, dict[str, str], str, bytes]] = [
    ("availability", {"of": "groups"}, "ndjson", b'"east"'),
    ("availability", {"of": "locations", "names": "l1\n l1, l2"}, "ndjson", b'"l2"'),
    ("location-graph", {}, "json", b'"locations"'),
    (
        "event-log",
        {"starts_on": "2026-02-20T00:00", "file_format": "CSV"},
        "csv",
        b"location_update",
    ),
    (
        "event-log",
        {"starts_on": "2026-02-20T00:00", "file_format": "JSON"},
        "ndjson",
        b"location_update",
    ),
    ("reservations", {"status": "open", "from_date": "2026-02-20T00:00"}, "ndjson", b"order"),
]


@pytest.mark.parametrize(("what", "said", "ending", "content"), EXPORTS)
def test_an_export_is_started_and_downloaded(
    shop: Shop, mia: Client, what: str, said: dict[str, str], ending: str, content: bytes
) -> None:
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "l1", 2)
    if what == "event-log":
        said = {**said, "sku": "red-mug"}

    answer = mia.post(f"/admin/jobs/export/{what}/", said)

    job = Job.objects.latest("pk")
    assert answer["Location"] == page_of(job)
    assert job.state == JobState.COMPLETED
    assert "It is completed." in mia.get(page_of(job)).content.decode()
    for client in (mia, member(shop, Role.VIEWER)):
        file = client.get(f"{page_of(job)}file")
        assert file["Content-Disposition"].endswith(f'.{ending}"')
        assert content in b"".join(file.streaming_content)  # type: ignore[attr-defined]


def test_the_page_of_an_item_leads_to_its_event_log(shop: Shop, mia: Client) -> None:
    shop.stock("a b&c", l1=5)
    item = f"/admin/inventory/item/{shop.item('a b&c').pk}/change/"
    asked = "/admin/jobs/export/event-log/?sku=a%20b%26c"

    assert f'href="{asked}"' in mia.get(item).content.decode()
    assert 'value="a b&amp;c"' in mia.get(asked).content.decode()
    assert asked not in member(shop, Role.VIEWER).get(item).content.decode()


@pytest.mark.parametrize(
    ("what", "said", "told"),
    [
        ("availability", {"of": "groups", "names": "nowhere"}, "nowhere"),
        ("segmentation", {"groups": "nowhere"}, "nowhere"),
        ("event-log", {"sku": "x", "starts_on": "soon", "file_format": "CSV"}, "Enter a valid"),
        (
            "event-log",
            {"sku": "x", "starts_on": "2026-02-20T00:00", "ends_on": "2026-01-20T00:00"},
            "required",
        ),
        (
            "reservations",
            {
                "status": "open",
                "from_date": "2026-02-20T00:00",
                "to_date": "2026-01-20T00:00",
            },
            "must not be before",
        ),
    ],
)
def test_an_export_that_cannot_be_made_is_refused_in_words(
    shop: Shop, mia: Client, what: str, said: dict[str, str], told: str
) -> None:
    answer = mia.post(f"/admin/jobs/export/{what}/", said)

    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Job.objects.exists()


def test_a_job_is_stopped_resumed_and_deleted(shop: Shop, mia: Client) -> None:
    job = uploaded(mia, GOOD)

    assert "The job is stopped." in do(mia, "stop", job)
    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    assert "The job has ended: there is nothing to stop." in do(mia, "stop", job)
    assert "The job is queued again." in do(mia, "resume", job)
    assert "Stop it first." in do(mia, "delete", job)
    run(job)
    assert shop.on_hand("l1", sku="mug") == 5
    assert "Only a job that was stopped or has failed" in do(mia, "resume", job)
    page = mia.get(page_of(job)).content.decode()
    for note in ("The job is stopped.", "The job is queued again."):
        assert note in page

    assert "The job is deleted." in do(mia, "delete", job)
    assert mia.get(page_of(job)).status_code == 404
    assert mia.post(f"/admin/jobs/delete/?job={job.pk}").status_code == 404
    assert shop.on_hand("l1", sku="mug") == 5


def test_a_running_job_is_stopping(shop: Shop, mia: Client) -> None:
    job = uploaded(mia, GOOD)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, lease="1" * 32)

    page = do(mia, "stop", job)

    assert "The job stops after the part it is at." in page
    assert ">stopping<" in page
    assert 'action="/admin/jobs/stop/' not in page
    told = mia.get(f"{page_of(job)}progress.json").json()
    assert (told["state"], told["is_stopping"]) == ("RUNNING", True)


def test_viewers_watch_and_do_nothing(shop: Shop, mia: Client) -> None:
    job = uploaded(mia, GOOD)
    viewer = member(shop, Role.VIEWER)

    page = viewer.get(page_of(job)).content.decode()

    assert "It is queued" in page
    for what in ("stop", "resume", "delete"):
        assert f"/admin/jobs/{what}/" not in page
        assert viewer.post(f"/admin/jobs/{what}/?job={job.pk}").status_code == 403
    job.refresh_from_db()
    assert job.state != JobState.STOPPED


def test_event_log_exports_are_kept_as_over_the_api(shop: Shop, mia: Client) -> None:
    mia.post(
        "/admin/jobs/export/event-log/",
        {"sku": "mug", "starts_on": "2026-02-20T00:00", "file_format": "CSV"},
    )
    job = Job.objects.get()

    assert "/admin/jobs/delete/" not in mia.get(page_of(job)).content.decode()
    assert "are kept until their time is over" in do(mia, "delete", job)
    assert Job.objects.filter(pk=job.pk).exists()


def test_jobs_of_another_organization_are_nowhere(shop: Shop, mia: Client) -> None:
    other = a_shop(all=["l1"])
    new = life.NewJob(other.id, GRAPH_EXPORT, {}, other.origin)
    job = run(life.create_export(new, now=NOON))
    waiting = life.create_export(new, now=NOON)

    for address in ("", "progress.json", "file"):
        assert mia.get(f"{page_of(job)}{address}").status_code == 404
    for what in ("stop", "resume", "delete"):
        assert mia.get(f"/admin/jobs/{what}/?job={job.pk}").status_code == 404
        assert mia.post(f"/admin/jobs/{what}/?job={waiting.pk}").status_code == 404
    assert mia.get(f"{LIST}progress.json?jobs={job.pk},{waiting.pk}").json() == {"jobs": []}
    assert Job.objects.filter(state=JobState.SUBMITTED).get() == waiting


@pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "-1", "1.5"])
def test_a_job_that_is_not_there_is_not_found(shop: Shop, mia: Client, asked: str) -> None:
    assert mia.get(f"/admin/jobs/stop/?job={asked}").status_code == 404
    assert mia.post(f"/admin/jobs/stop/?job={asked}").status_code == 404
    assert mia.get(f"{LIST}{asked}/change/").status_code == 404
    if asked.isdecimal():
        assert mia.get(f"{LIST}{asked}/change/progress.json").status_code == 404
    assert mia.get(f"{LIST}progress.json?jobs={asked},,").json() == {"jobs": []}


def test_progress_is_told_in_figures_and_words(shop: Shop, mia: Client) -> None:
    job = uploaded(mia, GOOD)
    queued = mia.get(f"{LIST}progress.json").json()["jobs"]
    assert [each["id"] for each in queued] == [job.pk]
    run(job)

    assert mia.get(f"{LIST}progress.json").json() == {"jobs": []}
    answer = mia.get(f"{page_of(job)}progress.json")
    assert "no-store" in answer["Cache-Control"]
    told = answer.json()
    assert mia.get(f"{LIST}progress.json?jobs={job.pk}").json() == {"jobs": [told]}
    assert told["address"] == page_of(job)
    assert (told["kind"], told["label"]) == ("availability-import", "Stock import")
    assert (told["state"], told["is_ended"], told["percent"]) == ("COMPLETED", True, 100)
    counts = [told[name] for name in ("read", "processed", "skipped", "failed", "exported")]
    assert counts == [1, 1, 0, 0, 0]
    assert (told["rate"], told["seconds_left"]) == (None, None)
    assert told["text"]["summary"] == "It is completed."


def test_the_list_is_narrowed_down_in_its_address(shop: Shop, mia: Client) -> None:
    done, waiting = run(uploaded(mia, GOOD)), uploaded(mia, BAD)
    mia.post("/admin/jobs/export/location-graph/", {})

    def listed(**asked: str) -> set[int]:
        page = mia.get(LIST, asked)
        return {job.pk for job in page.context["cl"].result_list}

    assert len(listed()) == 3
    assert listed(state="active") == {waiting.pk}
    assert listed(state="COMPLETED", kind="availability-import") == {done.pk}
    assert listed(kind="location-graph-export") == {Job.objects.latest("pk").pk}
    assert listed(by=f"{shop.organization.identifier}-merchandiser") == listed()
    assert listed(by="somebody") == set()
    assert listed(made="hour") == listed(made="day") == listed()
    assert listed(q=done.identifier[:8]) == {done.pk}


def test_many_refused_records_are_paged(
    shop: Shop, mia: Client, django_assert_max_num_queries: Any
) -> None:
    job = run(uploaded(mia, *({**BAD, "recordId": str(n)} for n in range(120))))

    with django_assert_max_num_queries(12):
        first = mia.get(page_of(job)).content.decode()
    last = mia.get(f"{page_of(job)}?page=3").content.decode()

    assert first.count("<tr><td") == 50
    assert 'rel="next" href="?page=2"' in first
    assert last.count("<tr><td") == 20
    assert "Page 3 of 3" in last
    assert ">120<" in last


def test_what_is_kept_no_longer_is_said(shop: Shop, mia: Client) -> None:
    job = run(uploaded(mia, BAD))
    files.drop(job.result)

    answer = mia.get(f"{page_of(job)}file", follow=True)
    assert "There is no file: it was not made, or is kept no longer." in answer.content.decode()
    JobProblem.objects.all().delete()
    assert "are kept no longer" in mia.get(page_of(job)).content.decode()


def test_nothing_in_a_file_becomes_markup(shop: Shop, mia: Client) -> None:
    job = run(uploaded(mia, {**BAD, "recordId": "<script>"}, name="<b>.json"))

    page = mia.get(page_of(job)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


def test_an_upload_that_cannot_be_stored_leaves_no_job(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "store", full)
    new = life.NewJob(shop.id, GRAPH_EXPORT, {}, shop.origin)
    with pytest.raises(OSError, match="No space"):
        life.import_now(new, BytesIO(b"x"), limit=10, now=NOON)

    assert not Job.objects.exists()
    assert not StockRecord.objects.exists()
