"""The routes of the event-log export (spec: oci-headless 6.4); it cannot be deleted."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec
from django.utils import timezone

from inventory.api.base import Operation
from inventory.api.impex import (
    ExportStatusView,
    JobFileView,
    JobView,
    export_file_operation,
    export_status_operation,
)
from inventory.api.impex_wire import ExportStarted
from inventory.api.wire import PlaceId, Sku, Timestamp
from inventory.services.exports.event_log_job import (
    EVENT_LOG_EXPORT,
    event_window,
    start_event_log_export,
)

WRITE = "sfcc.inventory.impex-inventory.rw"
READ = "sfcc.inventory.impex-inventory"


class StartEventLogExport(msgspec.Struct, rename="camel"):
    """One SKU, at most 30 days, at most 10 places; without places, everything of the SKU."""

    sku: Sku
    starts_on: Timestamp
    ends_on: Timestamp | None = None
    locations: list[PlaceId] | None = None
    groups: list[PlaceId] | None = None
    file_format: Literal["JSON", "CSV"] | None = None


class _EventLogExports(JobView):
    kind = EVENT_LOG_EXPORT
    path = "event-log/exports"


class EventLogExportsView(_EventLogExports):
    """…/event-log/exports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="submitEventsActivityExport",
            summary="Export what happened to a SKU, with the figures before and after",
            scope=WRITE,
            request=StartEventLogExport,
            responses={200: ExportStarted},
            errors=("InvalidRequestParameter", "LocationDoesNotExist", "GroupDoesNotExist"),
        )
    }

    def post(self) -> ExportStarted:
        body = self.read(StartEventLogExport)
        job = start_event_log_export(
            organization_id=self.organization_id,
            window=event_window(
                sku=body.sku,
                starts_on=body.starts_on,
                ends_on=body.ends_on,
                locations=body.locations or (),
                groups=body.groups or (),
            ),
            is_csv=body.file_format == "CSV",
            origin=self.origin,
            clock=timezone.now,
        )
        return self.export_started(job)


class EventLogExportStatusView(_EventLogExports, ExportStatusView):
    """…/event-log/exports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_status_operation("retrieveEventLogExportStatus", scope=READ)
    }


class EventLogExportFileView(_EventLogExports, JobFileView):
    """…/event-log/exports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_file_operation("downloadEventsActivityExportFile", scope=READ)
    }
