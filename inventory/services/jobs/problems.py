"""The result file of an import: a status line, then one line for each record it refused."""

from enum import StrEnum
from typing import IO

import msgspec
from django.db import connection

from inventory.models import Job, JobProblem


class ResultStatus(StrEnum):
    """The first line of a result file (spec: oci-headless 6.1)."""

    CLEAN = "COMPLETED_WITHOUT_ERRORS"
    PARTIAL = "COMPLETED_WITH_PARTIAL_FAILURES"
    FAILED = "FAILED"


class _Status(msgspec.Struct):
    status: str


class _Line(msgspec.Struct, rename="camel"):
    record_id: str
    location_id: str
    sku: str
    message: str


_PAGE = 5_000
_PROBLEMS = """
SELECT line, record_id, location, sku, message FROM inventory_jobproblem
WHERE job_id = %s AND line > %s ORDER BY line LIMIT %s
"""


def write_problems(job: Job, status: ResultStatus, file: IO[bytes]) -> None:
    """Write the result; a clean one is exactly one line, which clients parse as one object."""
    encode = msgspec.json.encode
    file.write(encode(_Status(status)) + b"\n")
    after = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PROBLEMS, [job.pk, after, _PAGE])
            rows = cursor.fetchall()
        file.writelines(encode(_Line(*row[1:])) + b"\n" for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def status_of(job: Job) -> ResultStatus:
    """Tell whether an import that went to its end refused any record."""
    refused = JobProblem.objects.filter(job=job).exists()
    return ResultStatus.PARTIAL if refused else ResultStatus.CLEAN
