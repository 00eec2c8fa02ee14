"""The availability import as a kind of job: the file is proved usable, then taken in."""

from collections.abc import Mapping
from contextlib import closing
from typing import IO, Any

import msgspec

from inventory.services.availability_import.lines import blocks_of_gzip, unpacked
from inventory.services.availability_import.taking import Position, take_in
from inventory.services.jobs.files import hash_of_type
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.problems import status_of, write_problems
from inventory.services.jobs.running import JobFailed, JobRun

AVAILABILITY_IMPORT = "availability-import"
_EMPTY = "The file is empty."


def import_availability(run: JobRun) -> None:
    """Take in the uploaded file; JobFailed, with nothing applied, where it is unusable."""
    position = msgspec.convert(run.job.position or {}, Position)
    if run.job.position is None:
        _prove(run)
    take_in(run, position)
    run.job.refresh_from_db(fields=["position", "records_read"])
    if not run.job.records_read and not (run.job.position or {}).get("state"):
        raise JobFailed(_EMPTY)
    with run.writing_result(content_type="application/octet-stream") as file:
        write_problems(run.job, status_of(run.job), file)


def _prove(run: JobRun) -> None:
    """Check what can be wrong with the file as a whole, before any of it is applied."""
    parameters, size = run.job.parameters, run.job.upload_size
    if not size:
        raise JobFailed(_EMPTY)
    with closing(run.open_upload()) as file:
        is_gzip = parameters["fileEncoding"] == "GZIP"
        plain = unpacked(file, is_gzip=is_gzip)
        if is_gzip:
            size = _prove_gzip(plain, parameters, packed_size=size)
        elif parameters["fileHash"] not in ("", parameters["uploadHash"]):
            raise JobFailed(_OTHER_HASH)
    run.begin(bytes_total=size)


_OTHER_HASH = "'fileHash' is not that of the file"


def _prove_gzip(plain: IO[bytes], parameters: Mapping[str, Any], *, packed_size: int) -> int:
    """Unpack once, keeping nothing; return the unpacked size. A hash may be of either form."""
    digest = hash_of_type(parameters["fileHashType"])
    size = 0
    for block in blocks_of_gzip(plain, packed_size=packed_size):
        digest.update(block)
        size += len(block)
    if parameters["fileHash"] not in ("", parameters["uploadHash"], digest.hexdigest()):
        raise JobFailed(_OTHER_HASH)
    return size


KIND = Kind(AVAILABILITY_IMPORT, import_availability, takes_file=True)
