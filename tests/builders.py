"""Builders for tests: a shop with a graph, stock, reservations. Quantities are whole units here.

shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
shop.stock(l1=5, l2=5, l3=15)
shop.reserve("basket", "west", 17, expires_in=60)
assert shop.ato("east") == 8
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from inventory.domain.figures import GroupFigures
from inventory.models import Item, Organization, Promise, StockRecord
from inventory.origin import Origin
from inventory.selectors.availability import find_items, group_figures, snapshot
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.outcomes import Outcome
from inventory.services.segmentation import SegmentChange, change_segmentation
from inventory.services.stock import StockUpdate, delete_stock_record, update_stock
from reservations.domain.places import PlaceRef
from reservations.models import Claim
from reservations.selectors.audit import audit
from reservations.services.answers import Answer
from reservations.services.documents import (
    Addition,
    Reservation,
    add_to_document,
    cancel_document,
    reserve,
)
from reservations.services.expiry import expire_due_claims
from reservations.services.operations import (
    Fulfilment,
    Operation,
    Release,
    Transfer,
    apply_operations,
)
from reservations.services.placing import Wanted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNIT = 1000
SKU = "red-mug"

_numbers = count(1)


def group(identifier: str) -> PlaceRef:
    """Name a location group."""
    return PlaceRef(identifier, is_group=True)


def location(identifier: str) -> PlaceRef:
    """Name a location."""
    return PlaceRef(identifier, is_group=False)


@dataclass
class Shop:
    """An organization, and the moment at which it acts."""

    organization: Organization
    groups: dict[str, list[str]]
    now: datetime = NOON
    origin: Origin = field(default_factory=lambda: Origin("test"))

    @property
    def id(self) -> int:
        return self.organization.pk

    def place(self, identifier: str) -> PlaceRef:
        """Name a place of this shop: a group if there is one of that id."""
        return PlaceRef(identifier, is_group=identifier in self.groups)

    def later(self, seconds: float) -> "Shop":
        """Return the same shop at a later moment."""
        return replace(self, now=self.now + timedelta(seconds=seconds))

    def regroup(
        self, *, more_locations: Sequence[str] = (), force: bool = False, **groups: list[str]
    ) -> int:
        """Replace the location graph; locations in no group are named apart."""
        self.groups = groups
        locations = sorted({name for names in groups.values() for name in names})
        return replace_location_graph(
            organization_id=self.id,
            locations=[*locations, *more_locations],
            groups=[GroupSpec(name, tuple(names)) for name, names in groups.items()],
            origin=self.origin,
            now=self.now,
            force=force,
        ).version

    # Stock

    def stock(self, sku: str = SKU, **on_hand: int) -> None:
        """Count so many units on hand at each location; other figures are reset."""
        for name, units in on_hand.items():
            self.put(name, sku=sku, on_hand=units * UNIT)

    def put(
        self,
        location: str,
        *,
        sku: str = SKU,
        request_id: str = "",
        replaces: bool = True,
        **figures: Any,
    ) -> Outcome:
        """Write one stock record; figures are `StockUpdate`'s, in thousandths."""
        update = StockUpdate(
            request_id=request_id or f"count-{next(_numbers)}",
            location=location,
            sku=sku,
            replaces=replaces,
            **figures,
        )
        return self.update([update])[0]

    def update(self, updates: Sequence[StockUpdate], *, operation: str = "test") -> list[Outcome]:
        """Write stock records."""
        return update_stock(
            organization_id=self.id,
            operation=operation,
            updates=updates,
            origin=self.origin,
            now=self.now,
        )

    def delete(self, location: str, *, sku: str = SKU, request_id: str = "") -> None:
        """Delete a stock record."""
        delete_stock_record(
            organization_id=self.id,
            location=location,
            sku=sku,
            request_id=request_id or f"delete-{next(_numbers)}",
            origin=self.origin,
            now=self.now,
        )

    def segment(self, group: str, *skus: str, excludes: bool = True) -> int:
        """Exclude SKUs from a group, or count them again."""
        return change_segmentation(
            organization_id=self.id,
            changes=[SegmentChange(group, skus or (SKU,), excludes)],
            origin=self.origin,
            now=self.now,
        )

    # Reservations

    def wanted(self, place: str, units: float, *, sku: str = SKU, set_id: str = "") -> Wanted:
        """Say what is wanted: so many units at a place."""
        return Wanted(sku, self.place(place), round(units * UNIT), set_id)

    def reserve(
        self,
        identifier: str,
        place: str,
        units: float,
        *,
        sku: str = SKU,
        expires_in: int | None = None,
        **terms: Any,
    ) -> Answer:
        """Reserve units of one SKU at one place."""
        lines = [self.wanted(place, units, sku=sku)]
        return self.reserve_lines(identifier, lines, expires_in=expires_in, **terms)

    def reserve_lines(
        self,
        identifier: str,
        lines: Sequence[Wanted],
        *,
        expires_in: int | None = None,
        **terms: Any,
    ) -> Answer:
        """Reserve lines under one document id."""
        reservation = Reservation(
            identifier=identifier, lines=tuple(lines), expiration_seconds=expires_in, **terms
        )
        return reserve(
            organization_id=self.id, reservation=reservation, origin=self.origin, now=self.now
        )

    def add(self, identifier: str, lines: Sequence[Wanted], **terms: Any) -> Answer:
        """Add lines to a document."""
        return add_to_document(
            organization_id=self.id,
            addition=Addition(identifier=identifier, lines=tuple(lines), **terms),
            origin=self.origin,
            now=self.now,
        )

    def cancel(self, identifier: str) -> None:
        """Cancel a document."""
        cancel_document(
            organization_id=self.id, identifier=identifier, origin=self.origin, now=self.now
        )

    def expire(self) -> int:
        """Release what is due, as the beat does."""
        return expire_due_claims(origin=self.origin, now=self.now)

    # Operations

    def transfer(self, source: str, target: str, units: float, **details: Any) -> Outcome:
        """Move reserved units."""
        return self.apply(self.a_transfer(source, target, units, **details))[0]

    def a_transfer(
        self, source: str, target: str, units: float, *, sku: str = SKU, **details: Any
    ) -> Transfer:
        """Make a transfer record."""
        return Transfer(
            request_id=details.pop("request_id", "") or f"transfer-{next(_numbers)}",
            sku=sku,
            source=self.place(source),
            target=self.place(target),
            quantity=round(units * UNIT),
            **details,
        )

    def release(self, place: str, units: float, *, sku: str = SKU, **details: Any) -> Outcome:
        """Give reserved units back."""
        operation = Release(
            request_id=details.pop("request_id", "") or f"release-{next(_numbers)}",
            sku=sku,
            source=self.place(place),
            quantity=round(units * UNIT),
            **details,
        )
        return self.apply(operation)[0]

    def fulfil(self, location: str, units: float, *, sku: str = SKU, **details: Any) -> Outcome:
        """Ship reserved units."""
        operation = Fulfilment(
            request_id=details.pop("request_id", "") or f"fulfilment-{next(_numbers)}",
            sku=sku,
            source=self.place(location),
            quantity=round(units * UNIT),
            **details,
        )
        return self.apply(operation)[0]

    def apply(self, *operations: Operation) -> list[Outcome]:
        """Apply records of one kind in one request."""
        return apply_operations(
            organization_id=self.id, operations=operations, origin=self.origin, now=self.now
        )

    # Looking

    def item(self, sku: str = SKU) -> Item:
        """Return the item."""
        return Item.objects.get(organization=self.organization, sku=sku)

    def record(self, location: str, *, sku: str = SKU) -> StockRecord:
        """Return a stock record."""
        return StockRecord.objects.get(item=self.item(sku), location__identifier=location)

    def on_hand(self, location: str, *, sku: str = SKU) -> float:
        """Return what is on hand at a location."""
        return self.record(location, sku=sku).on_hand / UNIT

    def reserved(self, place: str, *, sku: str = SKU) -> float:
        """Return what is reserved at a location, or promised by a group."""
        item = self.item(sku)
        if place in self.groups:
            promises = Promise.objects.filter(item=item, group__identifier=place)
            return sum(promises.values_list("quantity", flat=True)) / UNIT
        records = StockRecord.objects.filter(item=item, location__identifier=place)
        return sum(records.values_list("reserved", flat=True)) / UNIT

    def figures(self, group: str, *, sku: str = SKU) -> GroupFigures:
        """Return the figures of a group."""
        with snapshot():
            found = find_items(self.id, skus=[sku])
            group_id = found.graph.groups[group]
            return group_figures(found, groups=[group_id])[sku, group_id]

    def ato(self, group: str, *, sku: str = SKU) -> float:
        """Return what a group can still promise."""
        return self.figures(group, sku=sku).available_to_order / UNIT

    def short(self, sku: str = SKU) -> float:
        """Return what is promised and cannot be served."""
        return self.item(sku).short / UNIT

    def held(self, sku: str = SKU) -> dict[tuple[str, str], float]:
        """Return what documents hold: units by (document, place)."""
        held: dict[tuple[str, str], float] = {}
        claims = Claim.objects.filter(item=self.item(sku)).values_list(
            "document__identifier", "place__identifier", "quantity"
        )
        for document, place, quantity in claims:
            held[document, place] = held.get((document, place), 0) + quantity / UNIT
        return held

    def assert_clean(self) -> None:
        """Assert that every balance follows from its movements and claims."""
        assert audit(self.id).differences == []


def a_shop(*, more_locations: Sequence[str] = (), **groups: list[str]) -> Shop:
    """Make an organization with these groups of locations, and locations in no group."""
    identifier = f"shop-{next(_numbers)}"
    shop = Shop(Organization.objects.create(identifier=identifier), groups)
    shop.regroup(more_locations=more_locations, **groups)
    return shop


def placed(answer: Answer) -> dict[tuple[str, str], float]:
    """Return what an answer says is reserved: units by (place, SKU)."""
    return {
        (place.id, detail.sku): detail.quantity / UNIT
        for place in answer.places
        for detail in place.details
    }


def shortages(answer: Answer) -> dict[tuple[str, str], float]:
    """Return what an answer says was short: available units by (place, SKU)."""
    return {
        (place.id, error.sku): error.available / UNIT
        for place in answer.places
        for error in place.errors
    }
