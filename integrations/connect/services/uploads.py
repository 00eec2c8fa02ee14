"""Availability uploads and the publication of the location graph, as jobs of the job engine."""

import re
from contextlib import closing
from datetime import datetime
from itertools import islice

import msgspec

from inventory.errors import InvalidRequest, Refusal
from inventory.models import Job
from inventory.origin import Origin
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.jobs import files, life
from inventory.services.jobs.files import PIECE, Readable

MAX_COMPLAINTS = 100
GRAPH_PUBLICATION = "location-graph-publication"

_JSON_LINES = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")


def submit_upload(
    *, organization_id: int, source: Readable, origin: Origin, limit: int, now: datetime
) -> Job:
    """Store a file of stock records and have it imported; JSON lines or CSV, as it begins.

    Raises InvalidRequest for an empty file and one that breaks off, InvalidRequestParameter for
    one beyond `limit` bytes; then there is no job.
    """
    begin = source.read(PIECE)
    if not begin:
        raise InvalidRequest("The file is empty.", parameter="fileUpload")
    job = life.start_import(
        life.NewJob(
            organization_id=organization_id,
            kind=AVAILABILITY_IMPORT,
            parameters={
                "fileName": "",
                "fileFormat": "JSON" if _JSON_LINES.match(begin) else "CSV",
                "fileEncoding": "",
                "fileHash": "",
                "fileHashType": "SHA-256",
            },
            origin=origin,
        ),
        now=now,
    )
    try:
        return life.receive_upload(job, _Resumed(begin, source), limit=limit, now=now)
    except Refusal:
        life.delete(
            organization_id=organization_id, kind=AVAILABILITY_IMPORT, identifier=job.identifier
        )
        raise


class _Resumed:
    """A source of which the beginning has been looked at."""

    def __init__(self, begin: bytes, rest: Readable) -> None:
        self._begin = begin
        self._rest = rest

    def read(self, size: int = PIECE) -> bytes:
        """Return the next piece."""
        if not self._begin:
            return self._rest.read(size)
        piece, self._begin = self._begin[:size], self._begin[size:]
        return piece


class _Refused(msgspec.Struct, rename="camel"):
    record_id: str
    location_id: str
    sku: str
    message: str


def refused_records(job: Job) -> list[str]:
    """Return a sentence for each of the first 100 records that a finished import has refused.

    Connect has no route for the result file; what a client must know of it is told in the status.
    """
    if not job.result:
        return []
    try:
        file = files.open_file(job.result)
    except FileNotFoundError:
        return []
    with closing(file):
        lines = islice(file, 1, MAX_COMPLAINTS + 1)  # the first tells how the import ended
        refused = [msgspec.json.decode(line, type=_Refused) for line in lines]
    return [
        f"{each.record_id}: {each.sku} at {each.location_id}: {each.message}" for each in refused
    ]


def publish_location_graph(*, organization_id: int, origin: Origin, now: datetime) -> Job:
    """Have the live location graph validated and its items' pools brought up to it."""
    new = life.NewJob(
        organization_id=organization_id, kind=GRAPH_PUBLICATION, parameters={}, origin=origin
    )
    return life.start_export(new, now=now)
