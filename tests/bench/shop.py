"""The bench's data, made through the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from inventory.models import Organization
from inventory.origin import Origin
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.stock import StockUpdate, update_stock
from reservations.domain.places import PlaceRef
from reservations.services.documents import Reservation, reserve
from reservations.services.placing import Wanted

ORIGIN = Origin("bench")
SIZES = (10, 1_000, 10_000)
SIGNATURES = 12
_PLENTY = 10**12


@contextmanager
def loading() -> Iterator[None]:
    """Let commits of this connection not wait for the disk; tidy up afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        yield
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # a measurement does not pay for what was loaded


def make_shop(now: datetime) -> Organization:
    """A group of each size with twelve signatures, a thousand items at one location and group."""
    organization = Organization.objects.create(identifier="bench")
    locations: list[str] = ["shop-1", "shop-2"]
    groups = [GroupSpec("small", ("shop-1", "shop-2"))]
    for size in SIZES:
        names = tuple(f"l{size}-{n}" for n in range(size))
        locations += names
        groups.append(GroupSpec(f"g{size}", names))
        # Four further groups: their overlaps give the locations twelve different signatures.
        for bit in range(4):
            members = tuple(
                name for n, name in enumerate(names) if (n % min(size, SIGNATURES)) >> bit & 1
            )
            if members:
                groups.append(GroupSpec(f"g{size}-{bit}", members))
    replace_location_graph(
        organization_id=organization.pk,
        locations=locations,
        groups=groups,
        origin=ORIGIN,
        now=now,
    )
    _stock(organization, now, [("shop-1", f"item-{n}") for n in range(1_000)])
    _stock(organization, now, [("shop-1", sku) for sku in ("hot", "crowded", "empty")])
    for size in SIZES:
        _stock(organization, now, [(f"l{size}-{n}", f"wide-{size}") for n in range(size)])
    return organization


def _stock(organization: Organization, now: datetime, pairs: list[tuple[str, str]]) -> None:
    for start in range(0, len(pairs), 500):
        update_stock(
            organization_id=organization.pk,
            operation="bench",
            updates=[
                StockUpdate(f"{location}-{sku}", location, sku, replaces=True, on_hand=_PLENTY)
                for location, sku in pairs[start : start + 500]
            ],
            origin=ORIGIN,
            now=now,
        )


def to_release(organization: Organization, *, items: int, now: datetime) -> None:
    """Reserve a great deal of each of the first items at shop-1, under one document."""
    place = PlaceRef("shop-1", is_group=False)
    reserve(
        organization_id=organization.pk,
        reservation=Reservation(
            identifier="to-release",
            lines=tuple(Wanted(f"item-{n}", place, _PLENTY // 1_000) for n in range(items)),
        ),
        origin=ORIGIN,
        now=now,
    )


def crowd(organization: Organization, *, sku: str, documents: int, now: datetime) -> None:
    """Give an item many live reservations, each a document of its own."""
    for n in range(documents):
        reserve(
            organization_id=organization.pk,
            reservation=Reservation(
                identifier=f"crowd-{sku}-{n}",
                lines=(Wanted(sku, PlaceRef("shop-1", is_group=False), 1),),
                expiration_seconds=14_400,
            ),
            origin=ORIGIN,
            now=now,
        )


def fall_due(organization: Organization, *, documents: int, spread: timedelta) -> None:
    """Reserve documents over a thousand items whose expiries are spread over the time to come."""
    for n in range(documents):
        reserve(
            organization_id=organization.pk,
            reservation=Reservation(
                identifier=f"due-{n}",
                lines=(Wanted(f"item-{n % 1000}", PlaceRef("small", is_group=True), 1),),
                expiration_seconds=14_400,
            ),
            origin=ORIGIN,
            now=timezone.now(),
        )
    soon = timezone.now() + timedelta(seconds=5)  # not before the tidying up
    with connection.cursor() as cursor:
        moment = "%s::timestamptz + %s::interval * d.row / %s"
        cursor.execute(
            "WITH d AS (SELECT id, row_number() OVER (ORDER BY id) AS row FROM"
            " reservations_document WHERE identifier LIKE 'due-%%'), claims AS ("
            f"UPDATE reservations_claim c SET expires_at = {moment} FROM d"
            " WHERE c.document_id = d.id)"
            f" UPDATE reservations_document r SET expires_at = {moment} FROM d WHERE r.id = d.id",
            [soon, spread, documents, soon, spread, documents],
        )
