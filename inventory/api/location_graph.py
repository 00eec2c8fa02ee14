"""The routes of the location graph's export and import (spec: oci-headless 6.3)."""

from collections.abc import Mapping
from typing import ClassVar

from django.utils import timezone

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
from inventory.api.impex_wire import AnnounceFile, ExportStarted, ImportList, ImportStarted
from inventory.selectors.jobs import job_identifiers
from inventory.services.graph_jobs import GRAPH_EXPORT, GRAPH_IMPORT
from inventory.services.jobs import life
from inventory.services.jobs.at_once import export_at_once

READ = "sfcc.inventory.impex-graphs"
WRITE = "sfcc.inventory.impex-graphs.rw"


class AnnounceGraph(AnnounceFile, rename="camel"):
    """The file of a graph that will come.

    `force` lets go of stock, reservations and promises at places that leave; `dryRun` changes
    nothing and tells what would change.
    """

    force: bool = False
    dry_run: bool = False


class _Exports(JobView):
    kind = GRAPH_EXPORT
    path = "location-graph/exports"


class GraphExportsView(_Exports):
    """…/location-graph/exports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="getLocationGraphExport",
            summary="Export all locations and groups; takes no body",
            scope=READ,
            request=None,
            responses={200: ExportStarted},
        )
    }

    def post(self) -> ExportStarted:
        """Write the file at once: a graph is small."""
        new = life.NewJob(
            organization_id=self.organization_id, kind=self.kind, parameters={}, origin=self.origin
        )
        return self.export_started(export_at_once(new, clock=timezone.now))


class GraphExportStatusView(_Exports, ExportStatusView):
    """…/location-graph/exports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_status_operation("getLocationGraphExportStatus", scope=READ)
    }


class GraphExportFileView(_Exports, JobFileView):
    """…/location-graph/exports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_file_operation("downloadLocationGraphExportFile", scope=READ)
    }


class GraphExportDetailView(_Exports, JobDetailView):
    """…/location-graph/exports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteLocationGraphExports", scope=READ, in_progress="ExportInProcess"
        )
    }


class _Imports(JobView):
    kind = GRAPH_IMPORT
    path = "location-graph/imports"


class GraphImportsView(_Imports):
    """…/location-graph/imports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="submitLocationGraphImport",
            summary="Announce a file in the shape of the export that replaces the whole graph",
            scope=WRITE,
            request=AnnounceGraph,
            responses={200: ImportStarted},
            errors=("InvalidRequestParameter",),
        ),
        "GET": Operation(
            operation_id="getLocationGraphImports",
            summary="The graph imports that have not been deleted",
            scope=WRITE,
            request=None,
            responses={200: ImportList},
        ),
    }

    def post(self) -> ImportStarted:
        body = self.read(AnnounceGraph)
        new = life.NewJob(
            organization_id=self.organization_id,
            kind=self.kind,
            parameters={
                "fileName": body.file_name,
                "force": body.force,
                "dryRun": body.dry_run,
            },
            origin=self.origin,
        )
        job = life.start_import(new, link_minutes=body.link_minutes(), now=self.now)
        return self.import_started(job)

    def get(self) -> ImportList:
        return ImportList(job_identifiers(self.organization_id, kind=self.kind))


class GraphImportUploadView(_Imports, UploadView):
    """…/location-graph/imports/uploadlink/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": upload_operation("uploadLocationGraphFile", scope=WRITE)
    }


class GraphImportStatusView(_Imports, ImportStatusView):
    """…/location-graph/imports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_status_operation("getLocationGraphImportStatus", scope=WRITE)
    }


class GraphImportFileView(_Imports, JobFileView):
    """…/location-graph/imports/{id}/file-content: what was changed, or what is in the way."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": import_file_operation("downloadLocationGraphImportResult", scope=WRITE)
    }


class GraphImportDetailView(_Imports, JobDetailView):
    """…/location-graph/imports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteLocationGraphImport", scope=WRITE, in_progress="ImportInProgress"
        )
    }
