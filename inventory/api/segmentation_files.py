"""The routes of product segmentation's import and export (spec: oci-headless 6.6)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from inventory.api.base import Operation
from inventory.api.impex import (
    ExportStatusView,
    ImportStatusView,
    JobDetailView,
    JobFileView,
    JobView,
    UploadView,
    delete_operation,
    export_file_operation,
    export_status_operation,
    import_file_operation,
    import_status_operation,
    upload_operation,
)
from inventory.api.impex_wire import AnnounceFile, ExportStarted, ImportStarted
from inventory.services.jobs import life
from inventory.services.segmentation_export import SEGMENTATION_EXPORT, new_segmentation_export
from inventory.services.segmentation_import import SEGMENTATION_IMPORT

READ = "sfcc.inventory.impex-inventory"
WRITE = "sfcc.inventory.impex-inventory.rw"

GroupOrAll = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class StartSegmentationExport(msgspec.Struct):
    """Groups by id; `*`, an empty list or no body at all stands for every group."""

    groups: list[GroupOrAll] = []


class _Exports(JobView):
    kind = SEGMENTATION_EXPORT
    path = "product-segmentation/exports"


class SegmentationExportsView(_Exports):
    """…/product-segmentation/exports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="initiateProductSegmentationExport",
            summary="Export the SKUs that groups exclude",
            scope=READ,
            request=StartSegmentationExport,
            is_body_optional=True,
            responses={200: ExportStarted},
            errors=("InvalidRequestParameter", "GroupDoesNotExist"),
        )
    }

    def post(self) -> ExportStarted:
        body = self.read(StartSegmentationExport)
        new = new_segmentation_export(
            organization_id=self.organization_id, groups=body.groups, origin=self.origin
        )
        return self.export_started(life.start_export(new, now=self.now))


class SegmentationExportStatusView(_Exports, ExportStatusView):
    """…/product-segmentation/exports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_status_operation("getProductSegmentationExportStatus", scope=READ)
    }


class SegmentationExportFileView(_Exports, JobFileView):
    """…/product-segmentation/exports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_file_operation("downloadProductSegmentationExportFile", scope=READ)
    }


class SegmentationExportDetailView(_Exports, JobDetailView):
    """…/product-segmentation/exports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteProductSegmentationExport", scope=READ, in_progress="ExportInProcess"
        )
    }


class _Imports(JobView):
    kind = SEGMENTATION_IMPORT
    path = "product-segmentation/imports"


class SegmentationImportsView(_Imports):
    """…/product-segmentation/imports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="submitProductSegmentationImport",
            summary="Announce a file of SKUs that groups exclude; answers where to send it",
            scope=WRITE,
            request=AnnounceFile,
            responses={200: ImportStarted},
            errors=("InvalidRequestParameter",),
        )
    }

    def post(self) -> ImportStarted:
        body = self.read(AnnounceFile)
        new = life.NewJob(
            organization_id=self.organization_id,
            kind=self.kind,
            parameters={"fileName": body.file_name},
            origin=self.origin,
        )
        job = life.start_import(new, link_minutes=body.link_minutes(), now=self.now)
        return self.import_started(job)


class SegmentationImportUploadView(_Imports, UploadView):
    """…/product-segmentation/imports/uploadlink/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": upload_operation("uploadProductSegmentationFile", scope=WRITE)
    }


class SegmentationImportStatusView(_Imports, ImportStatusView):
    """…/product-segmentation/imports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_status_operation("getProductSegmentationImportStatus", scope=WRITE)
    }


class SegmentationImportFileView(_Imports, JobFileView):
    """…/product-segmentation/imports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_file_operation("downloadProductSegmentationImportResults", scope=WRITE)
    }


class SegmentationImportDetailView(_Imports, JobDetailView):
    """…/product-segmentation/imports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteProductSegmentationImport", scope=WRITE, in_progress="ImportInProgress"
        )
    }
