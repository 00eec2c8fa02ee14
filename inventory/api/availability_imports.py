"""The routes of the availability import (spec: oci-headless 6.1)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from inventory.api.base import Operation
from inventory.api.impex import (
    ImportStatusView,
    JobDetailView,
    JobFileView,
    JobView,
    UploadView,
    delete_operation,
    import_file_operation,
    import_status_operation,
    upload_operation,
)
from inventory.api.impex_wire import AnnounceFile, ImportList, ImportStarted
from inventory.errors import InvalidRequestParameter
from inventory.selectors.jobs import job_identifiers
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.jobs import life

SCOPE = "sfcc.inventory.impex-inventory.rw"

_FORMATS = frozenset({"JSON", "CSV"})
_HASHES: Mapping[str, int] = {"SHA-256": 64, "SHA-512": 128}

Text = Annotated[str, msgspec.Meta(max_length=250)]


class SubmitImport(AnnounceFile, rename="camel"):
    """The file that will come: how it is laid out, packed and checked."""

    file_format: Text | None = None
    file_encoding: Text | None = None
    file_hash: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    file_hash_type: Text | None = None

    def parameters(self) -> dict[str, str]:
        """Return what the job needs; InvalidRequestParameter naming the field."""
        file_format = (self.file_format or "JSON").upper()
        if file_format not in _FORMATS:
            raise _invalid("fileFormat", "must be JSON or CSV")
        encoding = (self.file_encoding or "").upper()
        if encoding not in {"", "GZIP"}:
            raise _invalid("fileEncoding", "must be GZIP, or absent")
        hash_type = (self.file_hash_type or "SHA-256").upper()
        if hash_type not in _HASHES:
            raise _invalid("fileHashType", "must be SHA-256 or SHA-512")
        if self.file_hash and not _is_hash(self.file_hash, digits=_HASHES[hash_type]):
            raise _invalid("fileHash", f"must be {_HASHES[hash_type]} lower-case hex digits")
        return {
            "fileName": self.file_name,
            "fileFormat": file_format,
            "fileEncoding": encoding,
            "fileHash": self.file_hash or "",
            "fileHashType": hash_type,
        }


def _is_hash(text: str, *, digits: int) -> bool:
    return len(text) == digits and not set(text) - set("0123456789abcdef")


def _invalid(field: str, complaint: str) -> InvalidRequestParameter:
    return InvalidRequestParameter(f"'{field}' {complaint}", parameter=field)


class _AvailabilityImports(JobView):
    kind = AVAILABILITY_IMPORT
    path = "availability-records/imports"


class ImportsView(_AvailabilityImports):
    """…/availability-records/imports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="submitInventoryImport",
            summary="Announce a file of stock records; answers where to send it",
            scope=SCOPE,
            request=SubmitImport,
            responses={200: ImportStarted},
            errors=("InvalidRequestParameter",),
        ),
        "GET": Operation(
            operation_id="getInventoryImport",
            summary="The imports that have not been deleted",
            scope=SCOPE,
            request=None,
            responses={200: ImportList},
            errors=("InvalidRequestParameter",),
            query={"available": "true: only those that still wait for their file."},
        ),
    }

    def post(self) -> ImportStarted:
        body = self.read(SubmitImport)
        job = life.start_import(
            life.NewJob(
                organization_id=self.organization_id,
                kind=self.kind,
                parameters=body.parameters(),
                origin=self.origin,
            ),
            link_minutes=body.link_minutes(),
            now=self.now,
        )
        return self.import_started(job)

    def get(self) -> ImportList:
        available = self.request.query_params.get("available", "false").lower()
        if available not in {"true", "false"}:
            message = "'available' must be true or false"
            raise InvalidRequestParameter(message, parameter="available")
        at = self.now if available == "true" else None
        return ImportList(job_identifiers(self.organization_id, kind=self.kind, uploadable_at=at))


class ImportUploadView(_AvailabilityImports, UploadView):
    """…/availability-records/imports/uploadlink/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": upload_operation("postUploadImportFile", scope=SCOPE)
    }


class AvailabilityImportStatusView(_AvailabilityImports, ImportStatusView):
    """…/availability-records/imports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_status_operation("getAvailabilityImportStatus", scope=SCOPE)
    }


class ImportFileView(_AvailabilityImports, JobFileView):
    """…/availability-records/imports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_file_operation("downloadAvailabilityImportResultsFile", scope=SCOPE)
    }


class ImportDetailView(_AvailabilityImports, JobDetailView):
    """…/availability-records/imports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteInventoryImport", scope=SCOPE, in_progress="ImportInProgress"
        )
    }
