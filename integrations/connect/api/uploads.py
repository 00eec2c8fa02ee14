"""Availability uploads, publication of the location graph, and how they are doing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from django.conf import settings
from rest_framework.exceptions import UnsupportedMediaType

from integrations.connect.api.availability import IMPORT, WRITE
from integrations.connect.api.availability_wire import BaseError
from integrations.connect.api.base import ConnectView
from integrations.connect.services.uploads import (
    GRAPH_PUBLICATION,
    publish_location_graph,
    refused_records,
    submit_upload,
)
from inventory.api.base import Operation
from inventory.api.uploads import upload_of
from inventory.models import Job, JobState
from inventory.selectors.jobs import find_job
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT

GRAPHS = "sfcc.inventory.impex-graphs"
GRAPHS_WRITE = "sfcc.inventory.impex-graphs.rw"


class UploadOutput(msgspec.Struct, rename="camel", kw_only=True):
    """The upload was taken; its id is asked for its status."""

    success: bool
    errors: list[BaseError]
    upload_id: str


class UploadStatus(msgspec.Struct, rename="camel", kw_only=True):
    """How an upload is doing; the counts move while it runs."""

    success: bool
    errors: list[BaseError]
    upload_id: str
    status: str
    start_time_utc: str | None = msgspec.field(name="startTimeUTC")
    end_time_utc: str | None = msgspec.field(name="endTimeUTC")
    records_read_count: int
    records_processed_count: int
    records_skipped_count: int
    validation_status: str
    validation_errors: list[str]


def _submitted(job: Job) -> UploadOutput:
    return UploadOutput(success=True, errors=[], upload_id=job.identifier)


def _status(job: Job) -> UploadStatus:
    complaints = [*job.errors, *refused_records(job)]
    return UploadStatus(
        success=True,
        errors=[],
        upload_id=job.identifier,
        status=job.state,
        start_time_utc=_milliseconds(job.started_at),
        end_time_utc=_milliseconds(job.ended_at),
        records_read_count=job.records_read,
        records_processed_count=job.records_processed,
        records_skipped_count=job.records_skipped,
        validation_status=_validation(job),
        validation_errors=complaints,
    )


def _validation(job: Job) -> str:
    if job.errors:
        return "Failed"
    has_begun = job.position is not None or job.state == JobState.COMPLETED
    return "Success" if has_begun else "Pending"


def _milliseconds(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class AvailabilityUploadsView(ConnectView):
    """POST …/availability-records/uploads."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociSubmitAvailabilityUpload",
            summary="Import a file of stock records: JSON lines, or CSV",
            scope=WRITE,
            other_scopes=frozenset({IMPORT}),
            request=None,
            is_upload=True,
            responses={201: UploadOutput},
            errors=("InvalidRequest", "InvalidRequestParameter"),
        )
    }

    def post(self) -> UploadOutput:
        content_type = self.request.META.get("CONTENT_TYPE", "")
        if not content_type.strip().lower().startswith("multipart/form-data"):
            raise UnsupportedMediaType(content_type)
        job = submit_upload(
            organization_id=self.organization_id,
            source=upload_of(self.request._request),  # noqa: SLF001  # DRF's would parse it
            origin=self.origin,
            limit=settings.IMPEX_MAX_UPLOAD_BYTES,
            now=self.now,
        )
        return _submitted(job)


class AvailabilityUploadView(ConnectView):
    """GET …/availability-records/uploads/{uploadId}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="ociGetAvailabilityUpload",
            summary="How an import of stock records is doing",
            scope=WRITE,
            other_scopes=frozenset({IMPORT}),
            request=None,
            responses={200: UploadStatus},
            errors=("EntityNotFound",),
        )
    }

    def get(self, upload_id: str) -> UploadStatus:
        job = find_job(self.organization_id, kind=AVAILABILITY_IMPORT, identifier=upload_id)
        return _status(job)


class GraphUploadsView(ConnectView):
    """POST …/location-graph/uploads."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociPublishLocationStructure",
            summary="Validate the location graph and bring every item's group figures up to it",
            scope=GRAPHS,
            other_scopes=frozenset({GRAPHS_WRITE}),
            request=None,
            responses={201: UploadOutput},
        )
    }

    def post(self) -> UploadOutput:
        job = publish_location_graph(
            organization_id=self.organization_id, origin=self.origin, now=self.now
        )
        return _submitted(job)


class GraphUploadView(ConnectView):
    """GET …/location-graph/uploads/{uploadId}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="ociGetPublishLocationStructure",
            summary="How a publication of the location graph is doing",
            scope=GRAPHS,
            other_scopes=frozenset({GRAPHS_WRITE}),
            request=None,
            responses={200: UploadStatus},
            errors=("EntityNotFound",),
        )
    }

    def get(self, upload_id: str) -> UploadStatus:
        return _status(find_job(self.organization_id, kind=GRAPH_PUBLICATION, identifier=upload_id))
