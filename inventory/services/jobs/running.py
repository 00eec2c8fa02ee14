"""Running a job under a lease: who works at it, how far it is, how it ends.

A run takes a lease on the row and beats beside its work; a beat that stays away loses the lease,
and the sweeper lets another run go on. Every write of a run names its lease, so a run that was
given up for dead and comes back changes nothing. The job's row is the last lock of a transaction.
Leases and heartbeats go by the database's clock: one clock for all workers.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore, Event
from typing import IO, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from inventory.errors import Refusal
from inventory.models import Job, JobState
from inventory.models.jobs import QUEUED
from inventory.origin import Origin
from inventory.services.jobs import files
from inventory.services.jobs.heartbeat import beating
from inventory.services.jobs.kinds import Kind, kind_named
from inventory.services.jobs.problems import ResultStatus, write_problems

log = logging.getLogger("holdfast.jobs")

MAX_FAILURES = 5
"""So often in a row may a run be cut off without having got further."""

going_down = Event()
"""Set when this process is asked to end: runs hand their jobs back at the next opportunity."""


class JobFailed(Exception):  # noqa: N818  # the expected end of a job that cannot be done
    """The job cannot be done; each of `errors` is a sentence for the client."""

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


class LeaseLost(Exception):  # noqa: N818  # a signal inside the engine
    """Another run works at the job, or it is gone; nothing may be written any more."""


class _Stopped(Exception):  # noqa: N818  # a signal inside the engine
    """Somebody asked for the job to be stopped."""


class _HandedBack(Exception):  # noqa: N818  # a signal inside the engine
    """The process ends; another one shall go on."""


@dataclass(slots=True)
class Counts:
    """How many records were read, carried out, unchanged, refused, written; and bytes read."""

    read: int = 0
    processed: int = 0
    skipped: int = 0
    failed: int = 0
    exported: int = 0
    bytes_done: int = 0

    def columns(self) -> dict[str, int]:
        """Return the counts by their columns of `Job`."""
        counts = asdict(self)
        return {
            name if name == "bytes_done" else f"records_{name}": counts[name] for name in counts
        }


def checkpoint_update(added: Mapping[str, str], *, position: str, job: str, lease: str) -> str:
    """Return the statement of a checkpoint: what is added to which columns, and who may.

    It answers whether somebody wants the run to stop, and nothing when the lease is lost.
    """
    grown = ", ".join(f"{column} = {column} + {more}" for column, more in added.items())
    return (
        f"UPDATE inventory_job SET {grown}, position = {position}, failures = 0,"
        f" heartbeat_at = now() WHERE id = {job} AND lease = {lease} RETURNING is_stopping"
    )


@dataclass(slots=True)
class JobRun:
    """What the runner of a kind works with.

    An export sets `counts` as it goes; the heartbeat shows them to whoever polls. An import calls
    `checkpoint` as the last step of every chunk's transaction. Both call `check` now and then.
    """

    job: Job
    lease: uuid.UUID
    now: Callable[[], datetime]
    counts: Counts = field(default_factory=Counts)
    watch: Callable[[Counts], None] | None = None
    """Called with what each chunk of an import adds; for a progress bar."""
    is_stopping: bool = False
    is_lost: bool = False
    _result: tuple[files.StoredFile, str] | None = None

    @property
    def origin(self) -> Origin:
        """Return who asked for the job."""
        return Origin(self.job.actor, self.job.correlation_id)

    def check(self) -> None:
        """Leave the run when it was stopped, lost its lease, or the process ends."""
        if self.is_lost:
            raise LeaseLost
        if self.is_stopping:
            raise _Stopped
        if going_down.is_set():
            raise _HandedBack

    def begin(self, *, bytes_total: int) -> None:
        """Note that an import's file has been proved usable, and how long it is unpacked."""
        self._write(bytes_total=bytes_total, position={})

    def checkpoint(self, counts: Counts, *, position: Any) -> None:
        """Add the counts of a chunk and note where the next begins, in the chunk's transaction."""
        columns = counts.columns()
        added = dict.fromkeys(columns, "%s")
        with connection.cursor() as cursor:
            cursor.execute(
                checkpoint_update(added, position="%s", job="%s", lease="%s"),
                [*columns.values(), json.dumps(position), self.job.pk, self.lease],
            )
            row = cursor.fetchone()
        self.checked(counts, is_stopping=row and row[0])

    def checked(self, counts: Counts, *, is_stopping: bool | None) -> None:
        """Heed what a `checkpoint_update` has answered; LeaseLost when that was nothing."""
        if is_stopping is None:
            raise LeaseLost
        self.is_stopping = is_stopping
        if self.watch is not None:
            self.watch(counts)

    def open_upload(self) -> IO[bytes]:
        """Open the import's file."""
        try:
            return files.open_file(self.job.upload)
        except FileNotFoundError as error:
            message = "The uploaded file is gone."
            raise JobFailed(message) from error

    @contextmanager
    def writing_result(self, *, content_type: str) -> Iterator[IO[bytes]]:
        """Give the file of the result to write to; it is kept when the block ends well."""
        with files.new_file() as file:
            yield file
            stored = files.keep(file, job_id=self.job.pk, suffix="result")
        if self._result is not None:
            files.drop(self._result[0].name)
        self._result = (stored, content_type)

    def beat(self) -> None:
        """Show that the run is alive, and how far; learn whether it is wanted any longer."""
        counts = {} if kind_named(self.job.kind).takes_file else self.counts.columns()
        row = Job.objects.filter(pk=self.job.pk).values_list("lease", "is_stopping").first()
        if row is None:
            return
        self.is_stopping = row[1]
        mine = Job.objects.filter(pk=self.job.pk, lease=self.lease)
        self.is_lost = not mine.update(heartbeat_at=Now(), **counts)

    def end(self, state: JobState, *, errors: Sequence[str] = ()) -> None:
        """Write how the run ended, with its result file."""
        columns: dict[str, Any] = {}
        if not kind_named(self.job.kind).takes_file:
            columns |= self.counts.columns()
        if self._result is not None:
            stored, content_type = self._result
            columns |= {
                "result": stored.name,
                "result_size": stored.size,
                "result_hash": stored.hash,
                "result_type": content_type,
            }
        if state not in QUEUED:
            ended_at = self.now()
            life = timedelta(hours=settings.IMPEX_RESULT_LINK_HOURS)
            columns |= {"ended_at": ended_at, "result_expires_at": ended_at + life}
        try:
            self._write(state=state, lease=None, errors=list(errors), **columns)
        except BaseException:
            if self._result is not None:
                files.drop(self._result[0].name)
            raise

    def _write(self, **columns: Any) -> None:
        if not Job.objects.filter(pk=self.job.pk, lease=self.lease).update(**columns):
            raise LeaseLost


_CLAIM = """
UPDATE inventory_job SET state = 'RUNNING', lease = %(lease)s, heartbeat_at = clock_timestamp(),
  started_at = coalesce(started_at, %(now)s), run_started_at = %(now)s, bytes_before = bytes_done,
  read_before = CASE WHEN upload = '' THEN 0 ELSE records_read END,
  records_read = CASE WHEN upload = '' THEN 0 ELSE records_read END,
  records_exported = 0
WHERE id = (
  SELECT id FROM inventory_job WHERE state IN ('SUBMITTED', 'PENDING')
    AND (%(job)s::bigint IS NULL OR id = %(job)s::bigint)
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED LIMIT 1
)
RETURNING id
"""
"""An import goes on with its counts, an export begins anew."""


@cache
def _slots() -> BoundedSemaphore:
    return BoundedSemaphore(settings.IMPEX_JOBS_AT_ONCE)


def run_queued(*, clock: Callable[[], datetime]) -> int:
    """Run queued jobs until there are none, unless this process runs enough already.

    The limit leaves threads of the worker to short tasks. Returns how many jobs were run.
    """
    if not _slots().acquire(blocking=False):
        return 0
    try:
        count = 0
        while not going_down.is_set() and run_next(clock=clock):
            count += 1
        return count
    finally:
        _slots().release()


def run_next(
    *,
    clock: Callable[[], datetime],
    job_id: int | None = None,
    watch: Callable[[Counts], None] | None = None,
) -> bool:
    """Take the oldest queued job, or the one named, and run it to its end; False for none.

    Any number of processes may call it at once: each takes another job. `watch` is shown what each
    chunk of an import adds.
    """
    lease = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lease": lease, "now": clock(), "job": job_id})
        row = cursor.fetchone()
    if row is None:
        return False
    job = Job.objects.select_related("organization").get(pk=row[0])
    run = JobRun(job, lease, clock, watch=watch, is_stopping=job.is_stopping)
    with beating(run.beat):
        _work(run)
    return True


def _work(run: JobRun) -> None:
    """Run the kind's work and write how it ended."""
    kind = kind_named(run.job.kind)
    job = run.job
    log.info("%s begins", job)
    try:
        kind.run(run)
        run.end(JobState.COMPLETED)
        files.drop(job.upload)
        Job.objects.filter(pk=job.pk).update(upload="")
        log.info("%s has ended", job)
    except LeaseLost:
        log.warning("%s was given to another run", job)
    except _Stopped:
        run.end(JobState.STOPPED)
        log.info("%s was stopped", job)
    except _HandedBack:
        run.end(JobState.PENDING)
        log.info("%s was handed back", job)
    except JobFailed as failure:
        _fail(run, kind, failure.errors)
    except Refusal as refusal:
        _fail(run, kind, [refusal.message])
    except (OperationalError, InterfaceError):
        log.exception("%s was cut off; the sweeper will have it run again", job)
    except Exception:
        log.exception("%s broke", job)
        _fail(run, kind, ["Unknown"])


def _fail(run: JobRun, kind: Kind, errors: Sequence[str]) -> None:
    log.info("%s has failed: %s", run.job, "; ".join(errors))
    if kind.takes_file:
        with run.writing_result(content_type="application/octet-stream") as file:
            write_problems(run.job, ResultStatus.FAILED, file)
    run.end(JobState.FAILED, errors=errors)
