"""Get-availability and batch-update over Connect: parse, one call, render."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from integrations.connect.api.availability_wire import (
    AvailabilityInput,
    AvailabilityOutput,
    BaseError,
    BatchError,
    BatchInput,
    BatchOutput,
    BatchRecord,
    FutureOut,
    InventoryRecord,
    LocationGroupOut,
    LocationOut,
)
from integrations.connect.api.base import Call, ConnectView
from integrations.connect.api.encoding import double
from integrations.connect.api.wire import listed
from integrations.connect.selectors import Asked, Standing, availability
from integrations.connect.services.records import update_records
from inventory.api.base import Operation
from inventory.api.wire import check_place_id, check_sku, wire_date
from inventory.domain.figures import GroupFigures
from inventory.domain.record import Future, Record, merge_futures
from inventory.errors import InvalidRequest, Refusal
from inventory.services.outcomes import Failed
from inventory.services.stock import StockUpdate

READ = "sfcc.inventory.availability"
WRITE = "sfcc.inventory.availability.rw"
IMPORT = "sfcc.inventory.impex-inventory.rw"
MAX_LISTED = 100


def get_availability(call: Call, body: AvailabilityInput) -> AvailabilityOutput:
    """Return figures of SKUs at places, see `integrations.connect.selectors.availability`."""
    standing = availability(call.organization_id, asked=_asked(body))
    errors = [BaseError(refusal.code, refusal.message) for refusal in standing.unknown]
    return AvailabilityOutput(
        success=not errors,
        errors=errors,
        location_groups=_groups(standing),
        locations=_locations(standing),
    )


def _asked(body: AvailabilityInput) -> Asked:
    """Read SKUs and places; the combinations that mean nothing are InvalidRequest."""
    locations = _names(body.location_identifiers, field="locationIdentifiers")
    groups = _names(body.location_group_identifiers, field="locationGroupIdentifiers")
    skus = _names(body.stock_keeping_units, field="stockKeepingUnits")
    group = body.location_group_identifier or None
    if sum(map(bool, (locations, groups, group))) > 1:
        raise InvalidRequest(
            "Only one of 'locationGroupIdentifier', 'locationGroupIdentifiers' and"
            " 'locationIdentifiers' may be given."
        )
    if body.stock_keeping_unit:
        if skus:
            message = "'stockKeepingUnit' and 'stockKeepingUnits' do not go together."
            raise InvalidRequest(message)
        skus = (body.stock_keeping_unit,)
    elif not (locations or groups or group):
        message = (
            "Name places, or one 'stockKeepingUnit' alone for all locations that are in no group."
        )
        raise InvalidRequest(message)
    for sku in skus:
        check_sku(sku, field="stockKeepingUnits")
    for name in (*locations, *groups, *([group] if group else [])):
        check_place_id(name, field="identifiers")
    return Asked(skus=skus or None, locations=locations, groups=groups, group=group)


def _names(names: Sequence[str] | None, *, field: str) -> tuple[str, ...]:
    """Return the names, each once; InvalidRequest above 100."""
    if names is not None and len(names) > MAX_LISTED:
        message = f"'{field}' must hold at most {MAX_LISTED} entries, not {len(names)}."
        raise InvalidRequest(message, parameter=field)
    return tuple(dict.fromkeys(names or ()))


def _locations(standing: Standing) -> list[LocationOut]:
    return [
        LocationOut([_location_record(sku, record) for sku, record in records], identifier)
        for identifier, records in standing.locations
    ]


def _groups(standing: Standing) -> list[LocationGroupOut]:
    return [
        LocationGroupOut([_group_record(sku, figures) for sku, figures in records], identifier)
        for identifier, records in standing.groups
    ]


def _location_record(sku: str, record: Record) -> InventoryRecord:
    balance = record.balance
    return InventoryRecord(
        available_to_fulfill=double(balance.available_to_fulfil),
        available_to_order=double(balance.available_to_order),
        effective_date=_date(record.effective_at),
        exists=record.exists,
        futures=_futures(record.futures),
        on_hand=double(balance.on_hand),
        reserved=double(balance.reserved),
        safety_stock_count=double(balance.safety_stock),
        stock_keeping_unit=sku,
    )


def _group_record(sku: str, figures: GroupFigures) -> InventoryRecord:
    return InventoryRecord(
        available_to_fulfill=double(figures.available_to_fulfil),
        available_to_order=double(figures.available_to_order),
        effective_date=_date(figures.effective_at),
        exists=figures.exists,
        futures=_futures(figures.futures),
        on_hand=double(figures.on_hand),
        reserved=double(figures.reserved),
        safety_stock_count=double(figures.safety_stock),
        stock_keeping_unit=sku,
    )


def _futures(futures: Sequence[Future]) -> list[FutureOut]:
    merged = merge_futures(futures)
    dates = sorted(merged, key=datetime.fromisoformat)
    return [FutureOut(date, double(merged[date])) for date in dates]


def _date(instant: datetime | None) -> str | None:
    return None if instant is None else wire_date(instant)


def batch_update(call: Call, body: BatchInput) -> BatchOutput:
    """Replace stock records, record by record."""
    records = listed(body.records, field="records", doubles=BatchRecord.doubles)
    outcomes = update_records(
        organization_id=call.organization_id,
        operation="batch-update",
        records=[_read(record) for record in records],
        origin=call.origin,
        now=call.now,
    )
    errors = [
        BatchError(record.details(), outcome.refusal.code, outcome.refusal.message)
        for record, outcome in zip(records, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    return BatchOutput(success=not errors, errors=errors)


def _read(record: BatchRecord) -> StockUpdate | Refusal:
    try:
        return record.to_update()
    except Refusal as refusal:
        return refusal


class GetAvailabilityView(ConnectView):
    """POST …/availability/availability-records/actions/get-availability."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociGetAvailability",
            summary="Figures of SKUs at locations, in groups, or at all ungrouped locations",
            scope=READ,
            request=AvailabilityInput,
            responses={201: AvailabilityOutput},
            errors=("InvalidRequest", "InvalidRequestParameter"),
        )
    }

    def post(self) -> AvailabilityOutput:
        return get_availability(self.call, self.read(AvailabilityInput))


class BatchUpdateView(ConnectView):
    """POST …/availability-records/actions/batch-update."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="ociBatchUpdate",
            summary="Replace 1 to 100 stock records; omitted figures are reset",
            scope=WRITE,
            other_scopes=frozenset({IMPORT}),
            request=BatchInput,
            responses={201: BatchOutput},
            errors=("InvalidRequest", "ConcurrentModification"),
        )
    }

    def post(self) -> BatchOutput:
        return batch_update(self.call, self.read(BatchInput))
