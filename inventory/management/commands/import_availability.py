"""manage.py import_availability: take in a file of stock records."""

import json
import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from inventory.errors import Refusal
from inventory.models import Job, JobState
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named
from inventory.services.availability_import.local import LocalFile, import_file, is_csv_name
from inventory.services.jobs import files
from inventory.services.jobs.running import Counts


class Command(BaseCommand):
    help = (
        "Import stock records from FILE, as the API does: JSON lines in either layout, or CSV when"
        " the name ends in .csv or .csv.gz; plain or gzip. Prints the counts as JSON; records that"
        " were refused are listed in the result file. Exits non-zero when the file is unusable."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--organization", required=True, metavar="ID")
        parser.add_argument("--result", type=Path, metavar="FILE", help="write the result there")

    def handle(self, *_: Any, **options: Any) -> None:
        started = perf_counter()
        try:
            job = self._import(options)
            if options["result"] is not None:
                _copy_result(job, options["result"])
        except OSError as error:
            message = f"{error.filename or options['file']}: {error.strerror or error}"
            raise CommandError(message) from error
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if job.state != JobState.COMPLETED:
            message = f"{job.state}: {'; '.join(job.errors)}"
            raise CommandError(message)
        self.stdout.write(json.dumps(_told(job, seconds=perf_counter() - started)))

    def _import(self, options: dict[str, Any]) -> Job:
        organization = organization_named(options["organization"])
        path: Path = options["file"]
        bar = tqdm(unit="record", unit_scale=True, disable=not sys.stderr.isatty())

        def watch(counts: Counts) -> None:
            bar.update(counts.read)

        with bar:
            return import_file(
                LocalFile(path, is_csv=is_csv_name(path.name)),
                organization_id=organization.pk,
                origin=Origin("command:import_availability"),
                clock=timezone.now,
                watch=watch,
            )


def _told(job: Job, *, seconds: float) -> dict[str, Any]:
    return {
        "import": job.identifier,
        "read": job.records_read,
        "processed": job.records_processed,
        "skipped": job.records_skipped,
        "failed": job.records_failed,
        "seconds": round(seconds, 2),
        "recordsPerSecond": round(job.records_read / seconds),
    }


def _copy_result(job: Job, target: Path) -> None:
    if job.result:
        with files.open_file(job.result) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
