"""Bodies of creating and updating a reservation (spec: oci-connect 5 and 6)."""

from decimal import Decimal

import msgspec

from integrations.connect.api.wire import Boolean, Double, Id, place, positive, sku, thousandths
from inventory.api.availability_wire import Number
from reservations.services.placing import Wanted


class CreateRecord(msgspec.Struct, rename="camel", kw_only=True):
    """A quantity of a SKU to reserve, at either a location or a group."""

    location_group_identifier: str | None = None
    location_identifier: str | None = None
    quantity: Double = None
    stock_keeping_unit: str | None = None

    def wanted(self) -> Wanted:
        """Return the service's line; raises what is wrong with the record."""
        return Wanted(
            sku=sku(self.stock_keeping_unit),
            place=place(self.location_identifier, self.location_group_identifier),
            quantity=positive(self.quantity),
        )


class UpdateRecord(CreateRecord, rename="camel", kw_only=True):
    """What the reservation shall hold of a SKU at a place; 0 takes the line out."""

    def wanted(self) -> Wanted:
        """Return the service's line; raises what is wrong with the record."""
        return Wanted(
            sku=sku(self.stock_keeping_unit),
            place=place(self.location_identifier, self.location_group_identifier),
            quantity=thousandths(self.quantity, field="quantity"),
        )


class CreateInput(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 lines of a new reservation, whose id `actionRequestId` becomes."""

    action_request_id: Id = None
    allow_partial_reservations: Boolean = None
    create_records: list[CreateRecord] | None = None
    expiration_seconds: Double = None
    external_ref_id: str | None = None
    reservation_time: str | None = None


class UpdateInput(msgspec.Struct, rename="camel", kw_only=True):
    """1 to 100 new totals of a reservation."""

    action_request_id: Id = None
    allow_partial_reservations: Boolean = None
    external_ref_id: str | None = None
    reservation_id: Id = None
    reservation_time: str | None = None
    update_all_or_nothing_records: Boolean = None
    update_records: list[UpdateRecord] | None = None


class CreateDetail(msgspec.Struct, rename="camel", kw_only=True):
    """What is reserved of a SKU at a place; the code tells why it is less than was asked."""

    error_code: str | None
    location_group_identifier: str | None
    location_identifier: str | None
    quantity: Number
    stock_keeping_unit: str | None


class UpdateDetail(CreateDetail, rename="camel", kw_only=True):
    """What the reservation holds now of a SKU at a place, and by how much that has changed."""

    adjustment: Number


class DocumentError(msgspec.Struct, rename="camel"):
    """Why something was not reserved."""

    error_code: str
    message: str


class CreateOutput(msgspec.Struct, rename="camel", kw_only=True):
    """What was reserved; `success` when nothing is missing."""

    success: bool
    details: list[CreateDetail]
    errors: list[DocumentError]
    expiration_time: str | None = None
    reservation_time: str | None = None


class UpdateOutput(msgspec.Struct, rename="camel", kw_only=True):
    """What the reservation holds now; `success` when nothing is missing."""

    success: bool
    details: list[UpdateDetail]
    errors: list[DocumentError]
    reservation_time: str | None = None


NOTHING = Decimal("0.0")
