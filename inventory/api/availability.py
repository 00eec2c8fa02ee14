"""The headless Availability API (spec: oci-headless 4): parse, one call, render."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from inventory.api.availability_wire import (
    AttributeSet,
    Availability,
    BatchError,
    BatchErrorDetails,
    BatchErrors,
    BatchUpdate,
    DeltaRecord,
    Deltas,
    DeltaTokenCreate,
    DeltaTokenIn,
    DeltaTokenOut,
    DeltaTokenUpdate,
    GetAvailability,
    GroupAvailability,
    GroupRecord,
    LocationAvailability,
    LocationRecord,
    OversoldPage,
    OversoldRecord,
    RecordUpdate,
    futures_out,
)
from inventory.api.base import Operation, OrganizationView
from inventory.api.wire import check_opaque_id, check_place_id, check_sku, wire_date
from inventory.domain.figures import GroupFigures
from inventory.domain.quantity import to_json_number
from inventory.domain.record import Record
from inventory.errors import (
    DuplicateEventId,
    EntityAlreadyExists,
    EntityNotFound,
    InvalidRequestParameter,
    LocationDoesNotExist,
    Refusal,
)
from inventory.selectors.availability import oversold_items
from inventory.selectors.places_availability import PlacesAsked, Standing, availability
from inventory.services.deltas import (
    Delta,
    create_delta_token,
    read_deltas,
    update_delta_token,
)
from inventory.services.outcomes import Failed, Outcome
from inventory.services.stock import StockUpdate, delete_stock_record, update_stock

READ = "sfcc.inventory.availability"
WRITE = "sfcc.inventory.availability.rw"
OVERSOLD_PAGE = 100

_WRITE_ERRORS = ("InvalidRequestParameter", "LocationDoesNotExist", "ConcurrentModification")


class GetAvailabilityView(OrganizationView):
    """POST …/availability-records/actions/get-availability."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="skuAvailabilityByLocationAndOrGroup",
            summary="Figures of SKUs at locations, in groups, or at all ungrouped locations",
            scope=READ,
            request=GetAvailability,
            responses={200: Availability},
            errors=("InvalidRequestParameter", "LocationDoesNotExist", "GroupDoesNotExist"),
        )
    }

    def post(self) -> Availability:
        asked = _asked(self.read(GetAvailability))
        standing = availability(self.organization_id, asked=asked)
        return _availability(standing)


def _asked(body: GetAvailability) -> PlacesAsked:
    if body.sku is not None:
        if body.skus is not None or body.locations is not None or body.groups is not None:
            message = "'sku' goes alone or with 'group'; 'skus' goes with 'locations' or 'groups'"
            raise InvalidRequestParameter(message, parameter="sku")
        return PlacesAsked(skus=(body.sku,), group=body.group, is_single=True)
    if body.group is not None:
        message = "'group' goes with 'sku'; use 'groups' with 'skus'"
        raise InvalidRequestParameter(message, parameter="group")
    return PlacesAsked(
        skus=None if body.skus is None else tuple(dict.fromkeys(body.skus)),
        locations=None if body.locations is None else tuple(dict.fromkeys(body.locations)),
        groups=None if body.groups is None else tuple(dict.fromkeys(body.groups)),
    )


def _availability(standing: Standing) -> Availability:
    groups = None
    if standing.groups is not None:
        groups = [
            GroupAvailability(name, [_group_record(sku, figures) for sku, figures in records])
            for name, records in standing.groups
        ]
    return Availability(
        locations=[
            LocationAvailability(name, [_location_record(sku, record) for sku, record in records])
            for name, records in standing.locations
        ],
        groups=groups,
    )


def _location_record(sku: str, record: Record) -> LocationRecord:
    balance = record.balance
    return LocationRecord(
        sku=sku,
        on_hand=to_json_number(balance.on_hand),
        reserved=to_json_number(balance.reserved),
        safety_stock_count=to_json_number(balance.safety_stock),
        atf=to_json_number(balance.available_to_fulfil),
        ato=to_json_number(balance.available_to_order),
        futures=futures_out(record.futures),
        exists=record.exists,
        effective_date=None if record.effective_at is None else wire_date(record.effective_at),
        attribute_set=AttributeSet(list(record.excluded_groups))
        if record.excluded_groups
        else None,
    )


def _group_record(sku: str, figures: GroupFigures) -> GroupRecord:
    return GroupRecord(
        sku=sku,
        on_hand=to_json_number(figures.on_hand),
        reserved=to_json_number(figures.reserved),
        safety_stock_count=to_json_number(figures.safety_stock),
        group_reserved=to_json_number(figures.group_reserved),
        shared_group_reserved=to_json_number(figures.shared_group_reserved),
        atf=to_json_number(figures.available_to_fulfil),
        ato=to_json_number(figures.available_to_order),
        futures=futures_out(figures.futures),
        exists=figures.exists,
        effective_date=None if figures.effective_at is None else wire_date(figures.effective_at),
    )


class BatchUpdateView(OrganizationView):
    """POST replaces records, PATCH changes what is supplied."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="batchInventoryUpdate",
            summary="Replace 1 to 100 stock records; omitted figures are reset",
            scope=WRITE,
            request=BatchUpdate,
            responses={204: None, 200: BatchErrors},
            errors=_WRITE_ERRORS,
        ),
        "PATCH": Operation(
            operation_id="batchInventoryPatch",
            summary="Change 1 to 100 stock records; omitted figures are kept",
            scope=WRITE,
            request=BatchUpdate,
            responses={204: None, 200: BatchErrors},
            errors=_WRITE_ERRORS,
        ),
    }

    def post(self) -> BatchErrors | None:
        return self._update(replaces=True)

    def patch(self) -> BatchErrors | None:
        return self._update(replaces=False)

    def _update(self, *, replaces: bool) -> BatchErrors | None:
        body = self.read(BatchUpdate)
        updates = [
            record.to_update(
                request_id=record.id,
                location=record.location,
                sku=record.sku,
                replaces=replaces,
                path=f"records[{n}].",
            )
            for n, record in enumerate(body.records)
        ]
        outcomes = update_stock(
            organization_id=self.organization_id,
            operation="batch-update" if replaces else "batch-patch",
            updates=updates,
            origin=self.origin,
            now=self.now,
        )
        return _errors(updates, outcomes)


def _errors(updates: Sequence[StockUpdate], outcomes: Sequence[Outcome]) -> BatchErrors | None:
    errors = [
        BatchError(
            details=BatchErrorDetails(
                id=update.request_id,
                location_id=update.location,
                sku=update.sku,
                external_ref_id=update.external_ref,
            ),
            message=outcome.refusal.message,
            error_code=outcome.refusal.code,
        )
        for update, outcome in zip(updates, outcomes, strict=True)
        if isinstance(outcome, Failed)
    ]
    return BatchErrors(errors) if errors else None


class RecordView(OrganizationView):
    """…/locations/{location}/availability-records/skus/{sku}/{requestId}."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "PUT": Operation(
            operation_id="replaceSkuLocation",
            summary="Create or replace a stock record; omitted figures are reset",
            scope=WRITE,
            request=RecordUpdate,
            responses={204: None},
            errors=(*_WRITE_ERRORS, "EntityAlreadyExists"),
        ),
        "PATCH": Operation(
            operation_id="updateSkuLocation",
            summary="Create or change a stock record; omitted figures are kept",
            scope=WRITE,
            request=RecordUpdate,
            responses={204: None},
            errors=(
                "InvalidRequestParameter",
                "EntityAlreadyExists",
                "EntityNotFound",
                "ConcurrentModification",
            ),
        ),
        "DELETE": Operation(
            operation_id="deleteLocationSku",
            summary="Reset a stock record and drop it from group figures",
            scope=WRITE,
            request=None,
            responses={204: None},
            errors=("EntityNotFound", "ConcurrentModification", "ExportInProcess"),
        ),
    }

    def put(self, location: str, sku: str, request_id: str) -> None:
        self._update(location, sku, request_id, replaces=True)

    def patch(self, location: str, sku: str, request_id: str) -> None:
        with _location_of_the_address():
            self._update(location, sku, request_id, replaces=False)

    def delete(self, location: str, sku: str, request_id: str) -> None:
        _check_address(location, sku, request_id)
        with _location_of_the_address():
            delete_stock_record(
                organization_id=self.organization_id,
                location=location,
                sku=sku,
                request_id=request_id,
                origin=self.origin,
                now=self.now,
            )

    def _update(self, location: str, sku: str, request_id: str, *, replaces: bool) -> None:
        _check_address(location, sku, request_id)
        update = self.read(RecordUpdate).to_update(
            request_id=request_id, location=location, sku=sku, replaces=replaces, path=""
        )
        (outcome,) = update_stock(
            organization_id=self.organization_id,
            operation="put-record" if replaces else "patch-record",
            updates=[update],
            origin=self.origin,
            now=self.now,
        )
        if isinstance(outcome, Failed):
            raise _as_existing(outcome.refusal)


@contextmanager
def _location_of_the_address() -> Iterator[None]:
    """Say that the address leads nowhere when its location is unknown (spec: oci-headless 4.3)."""
    try:
        yield
    except LocationDoesNotExist as unknown:
        raise EntityNotFound(
            unknown.message, parameter="locationId", location=unknown.location
        ) from unknown


def _as_existing(refusal: Refusal) -> Refusal:
    """Say in the words of this route that an id was used before; other refusals as they are."""
    if not isinstance(refusal, DuplicateEventId):
        return refusal
    message = "The entity provided already exists."
    error = EntityAlreadyExists(message, parameter="requestId")
    error.__cause__ = refusal
    return error


def _check_address(location: str, sku: str, request_id: str) -> None:
    check_place_id(location, field="locationId")
    check_sku(sku, field="sku")
    check_opaque_id(request_id, field="requestId")


class DeltasView(OrganizationView):
    """POST …/availability-records/actions/get-deltas."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="getAvailabilityDeltas",
            summary="What has changed since a delta token",
            scope=READ,
            request=DeltaTokenIn,
            responses={200: Deltas},
            errors=("InvalidRequestParameter", "ExpiredDeltaLink"),
        )
    }

    def post(self) -> Deltas:
        body = self.read(DeltaTokenIn)
        page = read_deltas(
            organization_id=self.organization_id, token=body.delta_token, now=self.now
        )
        return Deltas(
            next_delta_token=page.next_token,
            should_query_again=page.should_query_again,
            records=[_delta(delta) for delta in page.records],
        )


def _delta(delta: Delta) -> DeltaRecord:
    return DeltaRecord(
        id=delta.place,
        sku=delta.sku,
        delta_type="Delete" if delta.is_deleted else "Change",
        sequence_number=delta.sequence,
        on_hand=to_json_number(delta.balance.on_hand),
        reserved=to_json_number(delta.balance.reserved),
        safety_stock_count=to_json_number(delta.balance.safety_stock),
        atf=to_json_number(delta.available_to_fulfil),
        ato=to_json_number(delta.available_to_order),
        futures=futures_out(delta.futures),
        effective_date=None if delta.effective_at is None else wire_date(delta.effective_at),
    )


class DeltaTokenView(OrganizationView):
    """POST …/availability-records/delta-token."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="createNewDeltaToken",
            summary="Start following places",
            scope=WRITE,
            request=DeltaTokenCreate,
            responses={200: DeltaTokenOut},
            errors=("InvalidRequestParameter",),
        )
    }

    def post(self) -> DeltaTokenOut:
        body = self.read(DeltaTokenCreate)
        # Real clients write the type in either case.
        place_type = body.place_type.upper()
        if place_type not in {"GROUP", "LOCATION"}:
            message = "places must be of type location or group"
            raise InvalidRequestParameter(message, parameter="placeType")
        token = create_delta_token(
            organization_id=self.organization_id,
            is_group=place_type == "GROUP",
            places=list(dict.fromkeys(body.places)),
            now=self.now,
        )
        return DeltaTokenOut(token)


class DeltaTokenUpdateView(OrganizationView):
    """POST …/availability-records/delta-token/actions/update."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "POST": Operation(
            operation_id="updateDeltaToken",
            summary="Follow other places from the same position",
            scope=WRITE,
            request=DeltaTokenUpdate,
            responses={200: DeltaTokenOut},
            errors=("InvalidRequestParameter", "ExpiredDeltaLink"),
        )
    }

    def post(self) -> DeltaTokenOut:
        body = self.read(DeltaTokenUpdate)
        places = list(dict.fromkeys(body.places))
        token = update_delta_token(
            organization_id=self.organization_id,
            token=body.delta_token,
            places=places,
            now=self.now,
        )
        return DeltaTokenOut(token, places)


class OversoldView(OrganizationView):
    """GET …/availability-records/oversold: not in OCI."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="getOversoldItems",
            summary="Items that have promised more than can be served, 100 a page (?after=)",
            scope=READ,
            request=None,
            responses={200: OversoldPage},
            errors=("InvalidRequestParameter",),
            query={"after": "What `next` of the page before said."},
        )
    }

    def get(self) -> OversoldPage:
        items = oversold_items(self.organization_id, after=self._after(), limit=OVERSOLD_PAGE + 1)
        page = items[:OVERSOLD_PAGE]
        return OversoldPage(
            records=[
                OversoldRecord(
                    sku=item.sku,
                    short=to_json_number(item.short),
                    on_hand=to_json_number(item.on_hand),
                    ato=to_json_number(item.available_to_order),
                    changed_at=wire_date(item.changed_at),
                )
                for item in page
            ],
            next=str(page[-1].id) if len(items) > len(page) else None,
        )

    def _after(self) -> int:
        text = self.request.query_params.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63))):
            message = "'after' must be what 'next' of an earlier page said"
            raise InvalidRequestParameter(message, parameter="after")
        return int(text)
