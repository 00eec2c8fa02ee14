"""Availability imports beside COPY and upsert, beside customers, and for memory and locks."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from django.db import connection
from django.utils import timezone

from config.env import BASE_DIR
from config.garbage import set_aside_what_is_loaded
from inventory.models import Job, JobState, Movement, Organization
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.availability_import.local import LocalFile
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.jobs import life
from inventory.services.jobs.running import run_next
from reservations.domain.places import PlaceRef
from reservations.services.documents import Reservation, reserve
from reservations.services.placing import Wanted
from tests.bench import shop
from tests.bench.rows import Report, medians

LOCATIONS = 30
ROUNDS = 3
RESERVATIONS_PER_SECOND = 50

_TABLES = """
DROP TABLE IF EXISTS bench_staging, bench_bare;
CREATE TABLE bench_staging (record_id text, sku text, location text, on_hand numeric,
  safety_stock numeric, effective_date timestamptz, futures jsonb);
CREATE TABLE bench_bare (key text PRIMARY KEY, on_hand numeric)
"""
_UPSERT = """
INSERT INTO bench_bare SELECT sku || '/' || location, on_hand FROM bench_staging
ON CONFLICT (key) DO UPDATE SET on_hand = EXCLUDED.on_hand
"""
# The worker of a larger installation, for one job; prints its peak of memory in kB. getrusage would
# tell the peak of the process it was forked from.
_WORKER = """
import sys, django
django.setup()
from django.utils import timezone
from inventory.services.jobs.running import run_next
assert run_next(clock=timezone.now, job_id=int(sys.argv[1]))
print(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM")))
"""


def measure(report: Report, *, quick: bool) -> None:
    """Add the rows of imports; each import is a whole job, from its upload's row to its result."""
    lines = 15_000 if quick else 300_000
    set_aside_what_is_loaded()  # as a worker does before it takes jobs
    with connection.cursor() as cursor:  # else autovacuum does it beside the imports
        cursor.execute("VACUUM ANALYZE")
    with TemporaryDirectory() as folder, _holds() as holds:
        _throughput(report, Path(folder), lines=lines, rounds=1 if quick else ROUNDS)
        milliseconds = [1000 * held for held in holds]
        report.tell("import: chunks that held locks", len(milliseconds), "chunks")
        report.at_most("import: item locks held, p95", _percentile(milliseconds, 95), 20, "ms")
        _memory(report, Path(folder), most=20_000 if quick else 1_000_000)
        _beside(report, Path(folder), lines=lines, seconds=3 if quick else 15)


def _throughput(report: Report, folder: Path, *, lines: int, rounds: int) -> None:
    measured, extra = [], 0
    for number in range(rounds):
        organization = _organization(f"bench-imports-{number}")
        first = _file(folder, f"first-{number}", lines=lines)
        again = _file(folder, f"again-{number}", lines=lines)
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
        seconds = {"raw": _seconds(partial(_raw, _copy_text(first)))}
        seconds["first"] = _seconds(partial(_import, organization, first))
        seconds["raw again"] = _seconds(partial(_raw, _copy_text(again)))
        written = Movement.objects.filter(organization_id=organization.pk).count()
        seconds["again"] = _seconds(partial(_import, organization, again))
        extra += Movement.objects.filter(organization_id=organization.pk).count() - written
        measured.append(seconds)
    for name, duration in medians(measured).items():
        report.tell(f"import of {lines} records, {name}", lines / duration, "records/s")
    ratios = medians(
        [{"first": s["raw"] / s["first"], "again": s["raw again"] / s["again"]} for s in measured]
    )
    report.at_least("first import / raw", ratios["first"], 0.12)
    report.at_least("re-import / raw again", ratios["again"], 0.5)
    report.at_most("ledger rows of re-imports", extra, 0, "rows")


def _memory(report: Report, folder: Path, *, most: int) -> None:
    """Let a worker process import a file, and one ten times as long."""
    organization = _organization("bench-memory")
    peaks = {}
    for lines in (most // 10, most):
        # The longer file says the same of the same stock, under fresh ids.
        path = _file(folder, "memory", lines=lines, pairs=most // 10)
        job = _uploaded(organization, path)
        done = subprocess.run(
            [sys.executable, "-c", _WORKER, str(job.pk)],
            cwd=BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"},
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[lines] = int(done.stdout) / 1024
        report.at_most(f"import of {lines} lines: memory of its worker", peaks[lines], 200, "MB")
    report.at_most(
        f"memory of {most} lines / of {most // 10}", peaks[most] / peaks[most // 10], 1.1
    )


def _beside(report: Report, folder: Path, *, lines: int, seconds: float) -> None:
    """Reserve at a fixed rate, idle and while a worker changes the very items."""
    organization = _organization("bench-beside")
    _import(organization, _file(folder, "beside", lines=lines))
    with ThreadPoolExecutor(8) as pool:
        reserving = partial(_reserving, pool, organization)
        reserving(lambda: False, seconds=1, name="connects")
        idle = reserving(lambda: False, seconds=seconds, name="idle")
        job = _uploaded(organization, _file(folder, "changes", lines=lines, more=100))
        os.sync()  # else the disk is busy with the files that were just written
        worker = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(job.pk)],
            cwd=BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"},
            stdout=subprocess.DEVNULL,
        )
        while Job.objects.get(pk=job.pk).state != JobState.RUNNING:
            time.sleep(0.05)
        beside = reserving(lambda: worker.poll() is not None, seconds=10 * seconds, name="beside")
    assert worker.wait(timeout=600) == 0
    report.tell("reservations while idle", len(idle), "calls")
    report.tell("reservations beside an import", len(beside), "calls")
    p99 = {"idle": _percentile(idle, 99), "beside an import": _percentile(beside, 99)}
    for name, value in p99.items():
        report.tell(f"reserve at {RESERVATIONS_PER_SECOND}/s, {name}, p99", value, "ms")
    report.at_most("reserve beside an import / idle, p99", p99["beside an import"] / p99["idle"], 4)


def _reserving(
    pool: Executor,
    organization: Organization,
    is_over: Callable[[], bool],
    *,
    seconds: float,
    name: str,
) -> list[float]:
    """Reserve at the fixed rate until told; return milliseconds from when each call was due."""
    took: list[float] = []

    def call(number: int, due: float) -> None:
        item = f"import-{number * 7919 % 400:06d}"
        place = PlaceRef(f"location-{number % LOCATIONS}", is_group=False)
        lines = (Wanted(item, place, 1000, ""),)
        reserve(
            organization_id=organization.pk,
            reservation=Reservation(identifier=f"{name}-{number}", lines=lines),
            origin=shop.ORIGIN,
            now=timezone.now(),
        )
        took.append(1000 * (time.monotonic() - due))

    calls: list[Future[None]] = []
    started = time.monotonic()
    while time.monotonic() - started < seconds and not is_over():
        due = started + len(calls) / RESERVATIONS_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        calls.append(pool.submit(call, len(calls), due))
    for each in calls:
        each.result()
    return took


def _organization(name: str) -> Organization:
    organization = Organization.objects.create(identifier=name)
    names = [f"location-{n}" for n in range(LOCATIONS)]
    parts = [GroupSpec(f"group-{n}", tuple(names[n::3])) for n in range(3)]
    replace_location_graph(
        organization_id=organization.pk,
        locations=names,
        groups=[*parts, GroupSpec("all", tuple(names))],
        origin=shop.ORIGIN,
        now=timezone.now(),
    )
    return organization


def _file(folder: Path, name: str, *, lines: int, pairs: int = 0, more: int = 0) -> Path:
    """Write records of so many different pairs of SKU and location, over and over."""
    path = folder / f"{name}.json"
    with path.open("w") as file:
        for n in range(lines):
            pair = n % (pairs or lines)
            record = {
                "recordId": f"{name}-{n:010d}-0242-ac120002",
                "sku": f"import-{pair // LOCATIONS:06d}",
                "locationId": f"location-{pair % LOCATIONS}",
                "onHand": pair % 500 + 100 + more,
                "safetyStockCount": 2,
                "effectiveDate": "2026-03-01T12:00:00.000Z",
                "futures": [],
            }
            file.write(json.dumps(record) + "\n")
    return path


def _raw(text: str) -> None:
    """COPY records into a staging table, and upsert two columns of them."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_staging")
        with cursor.copy("COPY bench_staging FROM STDIN") as copy:
            copy.write(text)
        cursor.execute(_UPSERT)


def _copy_text(path: Path) -> str:
    """Return the records of a file as COPY takes them."""
    with path.open() as file:
        records = map(json.loads, file)
        return "".join(
            f"{r['recordId']}\t{r['sku']}\t{r['locationId']}\t{r['onHand']}"
            f"\t{r['safetyStockCount']}\t{r['effectiveDate']}\t[]\n"
            for r in records
        )


def _uploaded(organization: Organization, path: Path) -> Job:
    with path.open("rb") as file:
        parameters = LocalFile(path, is_csv=False).parameters(file)
        new = life.NewJob(organization.pk, AVAILABILITY_IMPORT, parameters, shop.ORIGIN)
        job = life.start_import(new, now=timezone.now())
        return life.receive_upload(job, file, limit=2**40, now=timezone.now(), is_told=False)


def _import(organization: Organization, path: Path) -> None:
    job = _uploaded(organization, path)
    assert run_next(clock=timezone.now, job_id=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.COMPLETED, job.errors
    assert job.records_failed == 0


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


@contextmanager
def _holds() -> Iterator[list[float]]:
    """Collect how long each chunk of an import in this process held item locks (seconds)."""
    held: list[float] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(TypeError, ValueError):
                _, changed, seconds = record.args  # type: ignore[misc]
                if changed:
                    held.append(float(seconds))  # type: ignore[arg-type]

    log, collector = logging.getLogger("holdfast.import"), Collector()
    level, propagates = log.level, log.propagate
    log.addHandler(collector)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield held
    finally:
        log.removeHandler(collector)
        log.setLevel(level)
        log.propagate = propagates
