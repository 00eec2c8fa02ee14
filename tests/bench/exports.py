"""Availability exports beside COPY TO of the rows behind them, on one organization of their own."""

import time
from collections.abc import Callable
from tempfile import TemporaryFile

from django.db import connection, transaction
from django.utils import timezone

from inventory.models import Job, JobState, Organization
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.jobs import life
from inventory.services.jobs.running import run_next
from inventory.services.pools import refresh_stale_pools
from tests.bench import shop
from tests.bench.rows import Report, medians

LOCATIONS = 30
ROUNDS = 5

# One record in ten expects something, half of them have a date, one in fifty is in no group.
_ITEMS = """
INSERT INTO inventory_item (organization_id, sku, sequence, graph_version, on_hand,
  available_to_order, short)
SELECT %(organization)s, 'export-' || n, 1, 0, 0, 0, 0 FROM generate_series(1, %(items)s) n
"""
_RECORDS = """
INSERT INTO inventory_stockrecord (item_id, location_id, on_hand, safety_stock, reserved, futures,
  futures_quantity, effective_at, excluded_groups, is_deleted)
SELECT i.id, p.id, i.id * p.id %% 100 * 1000, 1000, 0,
  CASE WHEN i.id %% 10 = 0 THEN '[["2030-01-01T00:00:00Z", 5250]]'::jsonb ELSE '[]'::jsonb END,
  CASE WHEN i.id %% 10 = 0 THEN 5250 ELSE 0 END,
  CASE WHEN i.id %% 2 = 0 THEN now() END,
  CASE WHEN i.id %% 50 = 0 THEN '{group-0}'::varchar[] ELSE '{}'::varchar[] END, false
FROM inventory_item i JOIN inventory_place p ON p.organization_id = i.organization_id
JOIN inventory_location l ON l.place_ptr_id = p.id
WHERE i.organization_id = %(organization)s
"""
_JOINED = """
COPY (
  SELECT p.identifier, i.sku, s.on_hand, s.reserved, s.safety_stock, s.futures, s.effective_at,
    s.excluded_groups
  FROM inventory_stockrecord s JOIN inventory_item i ON i.id = s.item_id
  JOIN inventory_place p ON p.id = s.location_id
  WHERE i.organization_id = {organization} AND NOT s.is_deleted
) TO STDOUT
"""


def measure(report: Report, *, quick: bool) -> None:
    """Compare whole jobs, file and checksums included, with a COPY of the records into a file."""
    items = 1_000 if quick else 10_000
    with shop.loading():
        organization = _stocked(items)
    variants: dict[str, Callable[[], None]] = {
        "COPY TO": lambda: _copy(organization),
        "locations": lambda: _export(organization, "locations"),
        "groups": lambda: _export(organization, "groups"),
    }
    seconds = medians(
        [
            {name: _seconds(variant) for name, variant in variants.items()}
            for _ in range(2 if quick else ROUNDS)
        ]
    )
    records = items * LOCATIONS
    for name, duration in seconds.items():
        report.tell(f"export of {records} records, {name}", records / duration, "records/s")
    for name in ("locations", "groups"):
        ratio = seconds["COPY TO"] / seconds[name]
        report.at_least(f"availability export of {name} / COPY TO", ratio, 0.2)


def _stocked(items: int) -> Organization:
    """Three groups of ten locations, and one of them all; every item at every location."""
    organization = Organization.objects.create(identifier="bench-exports")
    names = [f"location-{n}" for n in range(LOCATIONS)]
    parts = [GroupSpec(f"group-{n}", tuple(names[n::3])) for n in range(3)]
    replace_location_graph(
        organization_id=organization.pk,
        locations=names,
        groups=[*parts, GroupSpec("all", tuple(names))],
        origin=shop.ORIGIN,
        now=timezone.now(),
    )
    with connection.cursor() as cursor:
        values = {"organization": organization.pk, "items": items}
        cursor.execute(_ITEMS, values)
        cursor.execute(_RECORDS, values)
    while refresh_stale_pools(now=timezone.now()):
        pass
    return organization


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _copy(organization: Organization) -> None:
    sql = _JOINED.format(organization=organization.pk)
    with (
        TemporaryFile() as file,
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(sql) as copy,
    ):
        file.writelines(copy)


def _export(organization: Organization, kind: str) -> None:
    new = life.NewJob(organization.pk, AVAILABILITY_EXPORT, {kind: ["*"]}, shop.ORIGIN)
    job = life.start_export(new, now=timezone.now())
    run_next(clock=timezone.now, job_id=job.pk)
    job = Job.objects.get(pk=job.pk)
    assert job.state == JobState.COMPLETED, job.errors
    life.delete(
        organization_id=organization.pk, kind=AVAILABILITY_EXPORT, identifier=job.identifier
    )
