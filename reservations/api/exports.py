"""The routes of the reservations export (spec: oci-headless 6.5)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

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
from inventory.api.wire import Timestamp
from reservations.services.export import RESERVATIONS_EXPORT, start_reservations_export

WRITE = "sfcc.inventory.impex-inventory.rw"
READ = "sfcc.inventory.impex-inventory"


class StartReservationsExport(msgspec.Struct, rename="camel"):
    """Open or closed reservations, by their reservation time; until now when no end is given."""

    status: Literal["open", "closed"]
    from_date: Timestamp
    to_date: Timestamp | None = None


class _ReservationsExports(JobView):
    kind = RESERVATIONS_EXPORT
    path = "reservations/exports"


class ReservationsExportsView(_ReservationsExports):
    """…/reservations/exports."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="submitReservationsExport",
            summary="Export reservations with what became of each of their lines",
            scope=WRITE,
            request=StartReservationsExport,
            responses={200: ExportStarted},
            errors=("InvalidRequestParameter",),
        )
    }

    def post(self) -> ExportStarted:
        body = self.read(StartReservationsExport)
        job = start_reservations_export(
            organization_id=self.organization_id,
            is_open=body.status == "open",
            starts_at=body.from_date,
            ends_at=body.to_date,
            origin=self.origin,
            clock=timezone.now,
        )
        return self.export_started(job)


class ReservationsExportStatusView(_ReservationsExports, ExportStatusView):
    """…/reservations/exports/{id}/status."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_status_operation("retrieveReservationsExportStatus", scope=READ)
    }


class ReservationsExportFileView(_ReservationsExports, JobFileView):
    """…/reservations/exports/{id}/file-content."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": export_file_operation("downloadReservationsExportFile", scope=READ)
    }


class ReservationsExportDetailView(_ReservationsExports, JobDetailView):
    """…/reservations/exports/{id}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": delete_operation(
            "deleteReservationsExport", scope=READ, in_progress="ExportInProcess"
        )
    }
