"""The job engine: who works at a job, who has lost it, what is left behind."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from django.db.models import F

from inventory.domain.progress import Progress
from inventory.errors import (
    EntityNotFound,
    ExpiredUploadLink,
    FileAlreadyReceived,
    ImportInProgress,
    InvalidRequestParameter,
)
from inventory.models import ImportedRecord, Job, JobProblem, JobState
from inventory.selectors.job_progress import progress_of_job
from inventory.services.availability_import.retention import forget_old_records
from inventory.services.jobs import files, life, running
from inventory.services.jobs import kinds as registry
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.problems import status_of, write_problems
from inventory.services.jobs.running import Counts, JobFailed, JobRun, run_next
from inventory.services.jobs.sweeping import clean_up, sweep
from tests.builders import NOON, Shop, a_shop

pytestmark = pytest.mark.django_db

EXPORT, IMPORT = "a-test-export", "a-test-import"
Runner = Callable[[JobRun], None]


@pytest.fixture
def shop() -> Shop:
    return a_shop(all=["l1"])


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Kind]]:
    """Kinds of this test alone."""
    known: dict[str, Kind] = {}
    monkeypatch.setattr(registry, "_KINDS", known)
    return known


def new(shop: Shop, kind: str, **parameters: Any) -> life.NewJob:
    return life.NewJob(shop.id, kind, parameters, shop.origin)


def an_export(shop: Shop, kinds: dict[str, Kind], run: Runner) -> Job:
    kinds[EXPORT] = Kind(EXPORT, run, prefix="e-")
    return life.start_export(new(shop, EXPORT, groups=["all"]), now=NOON)


def an_import(shop: Shop, kinds: dict[str, Kind], run: Runner, **link: int) -> Job:
    kinds[IMPORT] = Kind(IMPORT, run, takes_file=True)
    return life.start_import(new(shop, IMPORT), now=NOON, **link)


def uploaded(job: Job, content: bytes = b"lines") -> Job:
    return life.receive_upload(job, BytesIO(content), limit=1000, now=NOON)


def run(job: Job) -> Job:
    run_next(clock=lambda: NOON, job_id=job.pk)
    job.refresh_from_db()
    return job


def write_hello(run: JobRun) -> None:
    with run.writing_result(content_type="text/plain") as file:
        file.write(b"hello")
    run.counts.exported = 1


def content(name: str) -> bytes:
    with files.open_file(name) as file:
        return bytes(file.read())


def test_an_export_ends_with_its_file(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_export(shop, kinds, write_hello)
    assert job.state in {JobState.SUBMITTED, JobState.PENDING}
    assert job.identifier.startswith("e-")

    run(job)

    assert job.state == JobState.COMPLETED
    assert (job.started_at, job.ended_at) == (NOON, NOON)
    assert job.result_expires_at == NOON + timedelta(hours=24)
    assert content(job.result) == b"hello"
    assert job.result_size == 5
    assert job.result_hash.startswith("2cf24dba5fb0a30e")
    assert job.records_exported == 1
    assert not run_next(clock=lambda: NOON)


def test_an_import_waits_for_its_file(shop: Shop, kinds: dict[str, Kind]) -> None:
    seen: list[bytes] = []

    def read(run: JobRun) -> None:
        with run.open_upload() as file:
            seen.append(file.read())
        run.checkpoint(Counts(read=2, processed=1, failed=1), position={"line": 2})

    job = an_import(shop, kinds, read)
    assert job.state == JobState.WAITING
    assert run(job).state == JobState.WAITING

    job = run(uploaded(job))

    assert job.state == JobState.COMPLETED
    assert seen == [b"lines"]
    assert (job.records_read, job.records_processed, job.records_failed) == (2, 1, 1)
    assert job.position == {"line": 2}
    assert job.upload == ""


def test_a_link_takes_one_file(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_import(shop, kinds, write_hello)
    uploaded(job)
    stored = files.storage().listdir("")[1]

    with pytest.raises(FileAlreadyReceived):
        uploaded(Job.objects.get(pk=job.pk))

    assert files.storage().listdir("")[1] == stored


def test_of_two_uploads_at_once_one_is_taken(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_import(shop, kinds, write_hello)
    slow = Job.objects.get(pk=job.pk)
    uploaded(job, b"first")

    with pytest.raises(FileAlreadyReceived):
        uploaded(slow, b"second")

    job.refresh_from_db()
    assert content(job.upload) == b"first"


def test_a_link_expires(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_import(shop, kinds, write_hello, link_minutes=5)
    late = NOON + timedelta(minutes=5)

    with pytest.raises(ExpiredUploadLink):
        life.receive_upload(job, BytesIO(b"x"), limit=10, now=late)

    sweep(now=late)
    job.refresh_from_db()
    assert job.state == JobState.EXPIRED
    with pytest.raises(ExpiredUploadLink):
        life.receive_upload(job, BytesIO(b"x"), limit=10, now=late)


def test_a_refused_upload_leaves_nothing(shop: Shop, kinds: dict[str, Kind]) -> None:
    class Broken:
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError

    job = an_import(shop, kinds, write_hello)
    before = _files()
    with pytest.raises(ConnectionResetError):
        life.receive_upload(job, Broken(), limit=10, now=NOON)
    with pytest.raises(Exception, match="at most 10 bytes"):
        life.receive_upload(job, BytesIO(b"x" * 11), limit=10, now=NOON)
    assert _files() == before
    assert uploaded(job).state in {JobState.SUBMITTED, JobState.PENDING}


def _files() -> list[str]:
    try:
        return sorted(files.storage().listdir("")[1])
    except FileNotFoundError:
        return []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (JobFailed("No good.", "Really."), ["No good.", "Really."]),
        (ZeroDivisionError(), ["Unknown"]),
        (EntityNotFound("Nowhere."), ["Nowhere."]),
    ],
)
def test_a_job_fails_with_its_reasons(
    shop: Shop, kinds: dict[str, Kind], error: Exception, told: list[str]
) -> None:
    def fail(run: JobRun) -> None:
        raise error

    exported = run(an_export(shop, kinds, fail))
    assert (exported.state, exported.errors, exported.result) == (JobState.FAILED, told, "")

    imported = run(uploaded(an_import(shop, kinds, fail)))
    assert (imported.state, imported.errors) == (JobState.FAILED, told)
    assert content(imported.result) == b'{"status":"FAILED"}\n'


def test_a_lost_run_is_run_again_and_the_first_writes_no_more(
    shop: Shop, kinds: dict[str, Kind]
) -> None:
    ends: list[str] = []

    def lose(run: JobRun) -> None:
        Job.objects.filter(pk=run.job.pk).update(
            heartbeat_at=F("heartbeat_at") - timedelta(hours=1)
        )
        if ends:
            ends.append("second")
            return
        ends.append("first")
        assert sweep(now=NOON) == 1
        assert Job.objects.get().state == JobState.PENDING
        run_next(clock=lambda: NOON, job_id=run.job.pk)
        run.counts.exported = 99

    job = run(an_export(shop, kinds, lose))

    assert ends == ["first", "second"]
    assert job.state == JobState.COMPLETED
    assert job.records_exported == 0


def test_a_job_that_is_lost_again_and_again_fails(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_export(shop, kinds, write_hello)
    for _ in range(5):
        Job.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING,
            lease="1" * 32,
            heartbeat_at=F("heartbeat_at") - timedelta(hours=1),
        )
        assert sweep(now=NOON) == 1
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "again and again" in job.errors[0]
    assert job.ended_at == NOON


def test_a_beating_run_is_not_lost(shop: Shop, kinds: dict[str, Kind]) -> None:
    lost: list[int] = []

    def beat(run: JobRun) -> None:
        Job.objects.update(heartbeat_at=F("heartbeat_at") - timedelta(hours=1))
        run.counts.read = 7
        run.beat()
        assert Job.objects.get().records_read == 7
        lost.append(sweep(now=NOON))

    assert run(an_export(shop, kinds, beat)).state == JobState.COMPLETED
    assert lost == [0]


def test_stop_and_resume(shop: Shop, kinds: dict[str, Kind]) -> None:
    tries: list[Any] = []

    def go_on(run: JobRun) -> None:
        tries.append(run.job.position)
        if len(tries) == 1:
            run.checkpoint(Counts(read=3), position={"line": 3})
            life.stop(Job.objects.get(pk=run.job.pk), now=NOON)
            run.beat()
        run.check()

    job = run(uploaded(an_import(shop, kinds, go_on)))
    assert (job.state, job.records_read) == (JobState.STOPPED, 3)
    assert not run_next(clock=lambda: NOON)

    job = run(life.resume(job))
    assert (job.state, job.records_read) == (JobState.COMPLETED, 3)
    assert tries == [None, {"line": 3}]


def test_a_run_that_is_stopped_ends_with_the_chunk_it_is_at(
    shop: Shop, kinds: dict[str, Kind]
) -> None:
    chunks: list[int] = []

    def chunk_by_chunk(run: JobRun) -> None:
        for number in range(1, 5):
            run.check()
            chunks.append(number)
            if number == 2:
                life.stop(Job.objects.get(pk=run.job.pk), now=NOON)
            run.checkpoint(Counts(read=10, processed=9, failed=1), position=number)

    job = run(uploaded(an_import(shop, kinds, chunk_by_chunk)))

    assert chunks == [1, 2]
    assert (job.state, job.position, job.is_stopping) == (JobState.STOPPED, 2, True)
    assert (job.records_read, job.records_processed, job.records_failed) == (20, 18, 2)
    assert job.ended_at == NOON
    assert job.upload


def test_a_stop_outlives_a_worker_that_hands_its_job_back(
    shop: Shop, kinds: dict[str, Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []

    def hand_back(run: JobRun) -> None:
        runs.append(1)
        life.stop(Job.objects.get(pk=run.job.pk), now=NOON)
        with monkeypatch.context() as ending:
            ending.setattr(running, "going_down", Event())
            running.going_down.set()
            run.check()

    job = run(an_export(shop, kinds, hand_back))
    assert (job.state, job.is_stopping) == (JobState.PENDING, True)

    def at_once(run: JobRun) -> None:
        runs.append(2)
        run.check()

    kinds[EXPORT] = Kind(EXPORT, at_once, prefix="e-")
    assert run(job).state == JobState.STOPPED
    assert runs == [1, 2]


def test_what_has_ended_is_not_stopped(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = run(an_export(shop, kinds, write_hello))

    with pytest.raises(life.WrongState, match="has ended"):
        life.stop(job, now=NOON + timedelta(hours=1))
    with pytest.raises(life.WrongState, match="Only a job that was stopped or has failed"):
        life.resume(job)

    job.refresh_from_db()
    assert (job.state, job.ended_at) == (JobState.COMPLETED, NOON)
    assert content(job.result) == b"hello"


def test_an_import_without_its_file_is_not_resumed(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = life.stop(an_import(shop, kinds, write_hello), now=NOON)
    assert job.state == JobState.STOPPED
    assert not life.can_resume(job)

    with pytest.raises(InvalidRequestParameter, match="file is gone"):
        life.resume(job)

    job.refresh_from_db()
    assert job.state == JobState.STOPPED


def test_a_resumed_import_tells_what_it_refused_before_it_failed(
    shop: Shop, kinds: dict[str, Kind]
) -> None:
    def refuse(run: JobRun) -> None:
        line = 1 if run.job.position is None else 2
        JobProblem.objects.create(
            job=run.job, line=line, record_id=str(line), location="", sku="", message="no"
        )
        run.checkpoint(Counts(read=1, failed=1), position=line)
        if line == 1:
            raise ZeroDivisionError
        with run.writing_result(content_type="text/plain") as file:
            write_problems(run.job, status_of(run.job), file)

    job = run(uploaded(an_import(shop, kinds, refuse)))
    assert job.state == JobState.FAILED
    first = job.result
    assert content(first).count(b"\n") == 2

    job = run(life.resume(job))

    assert (job.state, job.records_failed, job.errors) == (JobState.COMPLETED, 2, [])
    assert content(job.result).count(b"\n") == 3
    assert not files.storage().exists(first)
    clean_up(now=NOON + timedelta(hours=24))
    assert not JobProblem.objects.exists()


def test_a_run_has_a_pace_of_its_own(shop: Shop, kinds: dict[str, Kind]) -> None:
    later = NOON + timedelta(hours=2)
    seen: list[Progress] = []

    def half(run: JobRun) -> None:
        if run.job.position is None:
            run.begin(bytes_total=1000)
            life.stop(Job.objects.get(pk=run.job.pk), now=NOON)
            run.checkpoint(Counts(read=50, processed=50, bytes_done=500), position={})
        else:
            run.checkpoint(Counts(read=10, processed=10, bytes_done=100), position={})
            now = later + timedelta(seconds=10)
            seen.append(progress_of_job(Job.objects.get(pk=run.job.pk), now=now))
        run.check()

    job = run(uploaded(an_import(shop, kinds, half)))
    assert job.state == JobState.STOPPED
    assert progress_of_job(job, now=NOON).percent == 50
    life.resume(job)
    run_next(clock=lambda: later, job_id=job.pk)

    assert seen == [Progress(percent=60, rate=1.0, seconds_left=40)]


def test_a_queued_job_is_stopped_at_once(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = life.stop(an_export(shop, kinds, write_hello), now=NOON)
    assert run(job).state == JobState.STOPPED
    assert run(life.resume(job)).state == JobState.COMPLETED


def test_deleting(shop: Shop, kinds: dict[str, Kind]) -> None:
    refused: list[Exception] = []

    def delete(run: JobRun) -> None:
        try:
            life.delete(organization_id=shop.id, kind=IMPORT, identifier=run.job.identifier)
        except ImportInProgress as error:
            refused.append(error)
        with run.writing_result(content_type="text/plain") as file:
            file.write(b"x")

    job = run(uploaded(an_import(shop, kinds, delete)))
    assert len(refused) == 1
    assert files.storage().exists(job.result)

    life.delete(organization_id=shop.id, kind=IMPORT, identifier=job.identifier)

    assert not files.storage().exists(job.result)
    with pytest.raises(EntityNotFound):
        life.delete(organization_id=shop.id, kind=IMPORT, identifier=job.identifier)


def test_files_and_rows_have_a_life(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = run(an_export(shop, kinds, write_hello))
    name = job.result

    clean_up(now=NOON + timedelta(hours=23))
    assert files.storage().exists(name)

    clean_up(now=NOON + timedelta(hours=24))
    assert not files.storage().exists(name)
    assert Job.objects.filter(pk=job.pk).exists()

    assert clean_up(now=NOON + timedelta(days=8)) == 1
    assert not Job.objects.filter(pk=job.pk).exists()


def test_old_files_without_a_row_are_dropped(shop: Shop, kinds: dict[str, Kind]) -> None:
    job = an_import(shop, kinds, write_hello)
    orphan = files.store(BytesIO(b"x"), job_id=job.pk, suffix="upload", limit=1).name
    job = uploaded(job)
    modified = files.storage().get_modified_time(orphan)

    clean_up(now=modified + timedelta(hours=23))
    assert files.storage().exists(orphan)
    clean_up(now=modified + timedelta(hours=25))
    assert not files.storage().exists(orphan)
    assert files.storage().exists(job.upload)


def test_two_kinds_do_not_share_a_name(kinds: dict[str, Kind]) -> None:
    registry.register(Kind("x", write_hello))
    registry.register(Kind("x", write_hello))
    with pytest.raises(ValueError, match="two kinds"):
        registry.register(Kind("x", write_hello, takes_file=True))


def test_ids_of_imported_records_are_forgotten_after_their_time(shop: Shop) -> None:
    for days, key in ((31, "1" * 32), (29, "2" * 32)):
        ImportedRecord.objects.create(
            organization_id=shop.id, key=key, body=key, created_at=NOON - timedelta(days=days)
        )

    assert forget_old_records(now=NOON) == 1

    assert [record.key.hex for record in ImportedRecord.objects.all()] == ["2" * 32]
