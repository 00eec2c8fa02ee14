"""What the APIs answer, as far as the replay reads it."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec


class Detail(msgspec.Struct):
    """Some of a SKU, reserved."""

    sku: str
    quantity: Decimal


class _Reserved(msgspec.Struct):
    details: list[Detail] = []


class ReservationAnswer(msgspec.Struct):
    """What was reserved."""

    groups: list[_Reserved] = []


class _Placed(msgspec.Struct):
    items: list[Detail]


class DocumentAnswer(msgspec.Struct):
    """A document and its state."""

    status: str
    groups: list[_Placed] = []

    def lines(self) -> dict[str, Decimal]:
        """Return what was placed at groups, by SKU."""
        return {item.sku: item.quantity for group in self.groups for item in group.items}


class Record(msgspec.Struct, rename="camel"):
    """The figures of a SKU at a location."""

    sku: str
    on_hand: Decimal
    ato: Decimal


class _Location(msgspec.Struct):
    id: str
    records: list[Record]


class Availability(msgspec.Struct):
    """Figures at locations."""

    locations: list[_Location]


class _To(msgspec.Struct):
    location: str = ""


class _Details(msgspec.Struct, rename="camel"):
    sku: str
    location: str = ""
    location_id: str = ""
    to: _To = msgspec.field(default_factory=_To)

    def place(self) -> str:
        return self.to.location or self.location or self.location_id


class RecordError(msgspec.Struct, rename="camel"):
    """Why a record was not applied."""

    details: _Details
    message: str
    error_code: str
    available: Decimal = Decimal(0)


class RecordErrors(msgspec.Struct):
    """The records that were not applied; all others were."""

    errors: list[RecordError]


Errors = Mapping[tuple[str, str], RecordError]
"""By (SKU, location) of the record."""
