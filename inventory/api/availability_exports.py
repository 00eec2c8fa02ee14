"""The routes of the availability export (spec: oci-headless 6.2)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from django.utils import timezone

from inventory.api.base import Operation
from inventory.api.impex import (
    ExportStatusView,
    JobDetailView,
    JobFileView,
    JobView,
    delete_operation,
    export_file_operation,
    export_status_operation,
)
from inventory.api.impex_wire import ExportStarted
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.exports.availability import wanted_places
from inventory.services.exports.availability_job import start_availability_export

SCOPE = "sfcc.inventory.impex-inventory"

PlaceOrAll = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class ExportObjects(msgspec.Struct):
    """Groups or locations by id; `["*"]` or an empty list stands for all of the kind."""

    groups: list[PlaceOrAll] | None = None
    locations: list[PlaceOrAll] | None = None


class StartAvailabilityExport(msgspec.Struct):
    """What to export."""

    objects: ExportObjects


class _AvailabilityExports(JobView):
    kind = AVAILABILITY_EXPORT
    path = "availability-records/exports"


class AvailabilityExportsView(_AvailabilityExports):
    """…/availability-records/exports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="initiateAvailabilityExport",
            summary="Export the figures of groups or locations, with a delta token to go on from",
            scope=SCOPE,
            request=StartAvailabilityExport,
            responses={200: ExportStarted},
            errors=("InvalidRequestParameter", "LocationDoesNotExist", "GroupDoesNotExist"),
        )
    }

    def post(self) -> ExportStarted:
        objects = self.read(StartAvailabilityExport).objects
        job = start_availability_export(
            organization_id=self.organization_id,
            wanted=wanted_places(groups=objects.groups, locations=objects.locations),
            origin=self.origin,
            clock=timezone.now,
        )
        return self.export_started(job)


class AvailabilityExportStatusView(_AvailabilityExports, ExportStatusView):
    """…/availability-records/exports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_status_operation("retrieveGroupExportStatus", scope=SCOPE)
    }


class AvailabilityExportFileView(_AvailabilityExports, JobFileView):
    """…/availability-records/exports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_file_operation("downloadAvailabilityExportFile", scope=SCOPE)
    }


class AvailabilityExportDetailView(_AvailabilityExports, JobDetailView):
    """…/availability-records/exports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteAvailabilityExport", scope=SCOPE, in_progress="ExportInProcess"
        )
    }
