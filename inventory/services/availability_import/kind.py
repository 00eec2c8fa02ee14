"""The availability import as a kind of job."""

from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun

AVAILABILITY_IMPORT = "availability-import"


def import_availability(run: JobRun) -> None:
    """Take in the uploaded file."""
    with run.open_upload():
        run.check()


KIND = Kind(AVAILABILITY_IMPORT, import_availability, takes_file=True)
