"""Importing a file that lies here, as an operator does; the same job as over the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import IO

from inventory.models import Job
from inventory.models.jobs import ENDED
from inventory.origin import Origin
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.availability_import.lines import is_packed
from inventory.services.jobs import files, life
from inventory.services.jobs.running import Counts, run_next

_POLL_SECONDS = 0.5
_WHATEVER = 2**63


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of stock records; its packing is found out, its format told by its name."""

    path: Path
    is_csv: bool

    def parameters(self, file: IO[bytes]) -> dict[str, str]:
        """Return what a client would have announced."""
        return announced(file, name=self.path.name, is_csv=self.is_csv)


def is_csv_name(name: str) -> bool:
    """Tell by its name whether a file holds CSV."""
    return name.lower().removesuffix(".gz").endswith(".csv")


def announced(file: IO[bytes], *, name: str, is_csv: bool) -> dict[str, str]:
    """Return what a client of the API would have announced of a file that is here."""
    return {
        "fileName": name,
        "fileFormat": "CSV" if is_csv else "JSON",
        "fileEncoding": "GZIP" if is_packed(file) else "",
        "fileHash": "",
        "fileHashType": files.HASH_TYPE,
    }


def import_file(
    local: LocalFile,
    *,
    organization_id: int,
    origin: Origin,
    clock: Callable[[], datetime],
    watch: Callable[[Counts], None],
) -> Job:
    """Import a file and return the job when it has ended; OSError when it cannot be read."""
    with local.path.open("rb") as file:
        new = life.NewJob(organization_id, AVAILABILITY_IMPORT, local.parameters(file), origin)
        job = life.start_import(new, now=clock())
        job = life.receive_upload(job, file, limit=_WHATEVER, now=clock(), is_told=False)
    run_next(clock=clock, job_id=job.pk, watch=watch)
    job.refresh_from_db()
    while job.state not in ENDED:  # a worker was faster, or goes on where this run was cut off
        sleep(_POLL_SECONDS)
        job.refresh_from_db()
    return job
