"""What all routes of the headless Impex API share: a job by its id, its status, file and end.

A kind's views are subclasses that name `kind` and `path` and declare their operations:

    class _GraphExports(JobView):
        kind, path = LOCATION_GRAPH_EXPORT, "location-graph/exports"

    class GraphExportStatusView(_GraphExports, ExportStatusView):
        operations = {"GET": export_status_operation("getLocationGraphExportStatus", scope=…)}
"""

from collections.abc import Iterator
from typing import IO, ClassVar
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from inventory.api.base import Operation, OrganizationView
from inventory.api.impex_wire import (
    ExportStarted,
    ExportStatus,
    ImportStarted,
    ImportStatus,
    Uploaded,
    export_status,
    import_status,
)
from inventory.api.uploads import upload_of
from inventory.api.wire import wire_date
from inventory.errors import EntityNotFound, ExpiredResultLink
from inventory.models import Job, JobState
from inventory.selectors.jobs import find_job
from inventory.services.jobs import files, life

ROOT = "/inventory/impex/v1/organizations"
STREAM = "application/octet-stream"


class JobView(OrganizationView):
    """A view of one kind of job, below `path`."""

    kind: ClassVar[str]
    path: ClassVar[str]

    def job(self, identifier: str) -> Job:
        """Return the organization's job of this kind; EntityNotFound."""
        return find_job(self.organization_id, kind=self.kind, identifier=identifier)

    def link(self, *steps: str) -> str:
        """Return an address below this kind's, relative to the gateway as clients expect."""
        organization = quote(self.caller.organization)
        return "/".join((ROOT, organization, self.path, *steps))

    def export_started(self, job: Job) -> ExportStarted:
        """Answer the start of an export."""
        return ExportStarted(job.identifier, self.link(job.identifier, "status"))

    def import_started(self, job: Job) -> ImportStarted:
        """Answer the start of an import."""
        expires_at = job.upload_expires_at
        return ImportStarted(
            import_id=job.identifier,
            import_status_link=self.link(job.identifier, "status"),
            upload_link=self.link("uploadlink", job.identifier),
            upload_method="POST",
            upload_link_expiration="" if expires_at is None else wire_date(expires_at),
        )


class ExportStatusView(JobView):
    """GET …/{id}/status of an export."""

    def get(self, identifier: str) -> ExportStatus:
        link = self.link(identifier, "file-content")
        return export_status(self.job(identifier), link=link)


class ImportStatusView(JobView):
    """GET …/{id}/status of an import."""

    def get(self, identifier: str) -> ImportStatus:
        link = self.link(identifier, "file-content")
        return import_status(self.job(identifier), link=link)


class JobFileView(JobView):
    """GET …/{id}/file-content: an export's file, or an import's result."""

    def get(self, identifier: str) -> HttpResponseBase:
        job = self.job(identifier)
        life.check_has_ended(job)
        expires_at = job.result_expires_at
        if expires_at is not None and expires_at <= self.now:
            raise ExpiredResultLink(_EXPIRED)
        if not job.result:
            return _without_file(job)
        try:
            file = files.open_file(job.result)
        except FileNotFoundError as error:
            raise ExpiredResultLink(_EXPIRED) from error
        response = StreamingHttpResponse(_Pieces(file), content_type=job.result_type)
        response["Content-Length"] = str(job.result_size)
        return response


class _Pieces:
    """A file in pieces, closed at its end, or by the server where the client goes away."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._file.read(files.PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Close the file; again does no harm."""
        self._file.close()


_EXPIRED = "The download link has expired or is no longer valid."


def _without_file(job: Job) -> HttpResponse:
    """Answer for a job that ended without writing its file."""
    if job.state == JobState.FAILED and life.is_import(job):
        return HttpResponse(b'{"status":"FAILED"}\n', content_type=STREAM)
    message = f"There is no file: the job is {job.state}."
    raise EntityNotFound(message)


class JobDetailView(JobView):
    """DELETE …/{id}."""

    def delete(self, identifier: str) -> None:
        life.delete(organization_id=self.organization_id, kind=self.kind, identifier=identifier)


class UploadView(JobView):
    """POST …/uploadlink/{id}: a multipart form's first part, or the body itself."""

    def post(self, identifier: str) -> Uploaded:
        job = self.job(identifier)
        life.check_upload_link(job, now=self.now)
        source = upload_of(self.request._request)  # noqa: SLF001  # DRF's would parse it
        limit = settings.IMPEX_MAX_UPLOAD_BYTES
        job = life.receive_upload(job, source, limit=limit, now=self.now)
        return Uploaded("PENDING", job.identifier)


def export_status_operation(operation_id: str, *, scope: str) -> Operation:
    """Declare the GET of an `ExportStatusView`."""
    return Operation(
        operation_id=operation_id,
        summary="How an export is doing, and where its file is",
        scope=scope,
        request=None,
        responses={200: ExportStatus},
        errors=("EntityNotFound",),
    )


def import_status_operation(operation_id: str, *, scope: str) -> Operation:
    """Declare the GET of an `ImportStatusView`."""
    return Operation(
        operation_id=operation_id,
        summary="How an import is doing; counts move while it runs",
        scope=scope,
        request=None,
        responses={200: ImportStatus},
        errors=("EntityNotFound",),
    )


def export_file_operation(operation_id: str, *, scope: str) -> Operation:
    """Declare the GET of an export's `JobFileView`."""
    return Operation(
        operation_id=operation_id,
        summary="The file of an export",
        scope=scope,
        request=None,
        responses={200: None},
        errors=("EntityNotFound", "ExportInProcess", "ExpiredResultLink"),
        files={200: STREAM},
    )


def import_file_operation(operation_id: str, *, scope: str) -> Operation:
    """Declare the GET of an import's `JobFileView`."""
    return Operation(
        operation_id=operation_id,
        summary="What an import refused: a status line, then one line for each record",
        scope=scope,
        request=None,
        responses={200: None},
        errors=("EntityNotFound", "ImportInProgress", "ExpiredResultLink"),
        files={200: STREAM},
    )


def delete_operation(operation_id: str, *, scope: str, in_progress: str) -> Operation:
    """Declare the DELETE of a `JobDetailView`; `in_progress` is the code while the job runs."""
    return Operation(
        operation_id=operation_id,
        summary="Delete a job that is not running, and its files",
        scope=scope,
        request=None,
        responses={204: None},
        errors=("EntityNotFound", in_progress),
    )


def upload_operation(operation_id: str, *, scope: str) -> Operation:
    """Declare the POST of an `UploadView`."""
    return Operation(
        operation_id=operation_id,
        summary="Send an import's file: the first part of a form, or the body itself",
        scope=scope,
        request=None,
        responses={200: Uploaded},
        errors=(
            "EntityNotFound",
            "FileAlreadyReceived",
            "ExpiredUploadLink",
            "InvalidRequest",
            "InvalidRequestParameter",
        ),
        is_upload=True,
    )
