"""What is said to a reservation request, in no wire format; stored with the document."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from reservations.domain.places import PlaceRef
from reservations.services.placing import Placement


class Detail(msgspec.Struct, frozen=True):
    """What is reserved of a SKU at a place, in thousandths; `adjustment` was added just now."""

    sku: str
    quantity: int
    adjustment: int


class Shortage(msgspec.Struct, frozen=True):
    """A SKU that got less than it asked for, and how much there was for it (thousandths)."""

    sku: str
    available: int


class PlaceAnswer(msgspec.Struct, frozen=True):
    """Everything said of one place."""

    id: str
    is_group: bool
    details: list[Detail]
    errors: list[Shortage]


class Answer(msgspec.Struct, frozen=True):
    """The answer to a create or update."""

    reservation_time: datetime
    expiration_time: datetime | None
    success: bool
    places: list[PlaceAnswer]

    def stored(self) -> Any:
        """Return plain values for a JSON column."""
        return msgspec.to_builtins(self)

    @classmethod
    def from_stored(cls, value: Any) -> "Answer":
        """Read what `stored` returned."""
        return msgspec.convert(value, cls)


def answer_of(
    placements: Sequence[Placement],
    *,
    reservation_time: datetime,
    expires_at: datetime | None,
    held_before: Mapping[tuple[PlaceRef, str], int],
) -> Answer:
    """Sum up placements by place and SKU; `held_before` is what earlier lines had placed."""
    adjustments: dict[PlaceRef, dict[str, int]] = {}
    errors: dict[PlaceRef, dict[str, int]] = {}
    for placement in placements:
        place, sku = placement.line.place, placement.line.sku
        skus = adjustments.setdefault(place, {})
        if placement.quantity:
            skus[sku] = skus.get(sku, 0) + placement.quantity
        if placement.is_short:
            errors.setdefault(place, {})[sku] = placement.available
    return Answer(
        reservation_time=reservation_time,
        expiration_time=expires_at,
        success=not errors,
        places=[
            PlaceAnswer(
                id=place.identifier,
                is_group=place.is_group,
                details=[
                    Detail(sku, held_before.get((place, sku), 0) + quantity, quantity)
                    for sku, quantity in skus.items()
                ],
                errors=[Shortage(*error) for error in errors.get(place, {}).items()],
            )
            for place, skus in adjustments.items()
        ],
    )
