"""A shop to look at: twelve locations in five overlapping groups, 200 items, open reservations.

Everything is made through the services, with visible, repeatable numbers.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from inventory.domain.record import Future
from inventory.errors import EntityNotFound
from inventory.models import Organization
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named
from inventory.services.graph import GroupSpec, replace_location_graph
from inventory.services.organizations import create_organization
from inventory.services.stock import StockUpdate, update_stock
from reservations.domain.places import PlaceRef
from reservations.models import Document
from reservations.services.documents import Reservation, reserve
from reservations.services.placing import Wanted

ORGANIZATION = "7f1c3a52-9d0e-4b61-8c2f-5a8e6d3b9f04"
TENANT = "demo_prd"
SKU = "SHIRT-001"
GROUP = "webshop"
LOCATION = "store-berlin"

_ORIGIN = Origin("command:load_demo")
_BATCH = 100

_LOCATIONS = (
    "dc-north",
    "dc-south",
    "store-berlin",
    "store-hamburg",
    "store-bremen",
    "store-munich",
    "store-stuttgart",
    "store-vienna",
    "store-zurich",
    "outlet-leipzig",
    "outlet-graz",
    "returns-center",  # in no group
)
_GROUPS = (
    GroupSpec("webshop", ("dc-north", "dc-south", "store-berlin", "store-munich")),
    GroupSpec("marketplace", ("dc-north", "outlet-leipzig", "outlet-graz")),
    GroupSpec("north", ("dc-north", "store-berlin", "store-hamburg", "store-bremen")),
    GroupSpec(
        "south", ("dc-south", "store-munich", "store-stuttgart", "store-vienna", "store-zurich")
    ),
    GroupSpec(
        "click-and-collect",
        ("store-berlin", "store-hamburg", "store-bremen", "store-munich", "store-stuttgart"),
    ),
)
_ARTICLES = ("SHIRT", "JEANS", "DRESS", "SHOES", "SCARF", "COAT", "BAG", "BELT")
_PER_ARTICLE = 25


def load_demo_organization(*, now: datetime) -> Organization:
    """Return the demo organization, making what is missing of it; a start cut short goes on."""
    try:
        organization = organization_named(ORGANIZATION)
    except EntityNotFound:
        organization = create_organization(identifier=ORGANIZATION, tenant_alias=TENANT)
    reserved = set(
        Document.objects.filter(organization=organization).values_list("identifier", flat=True)
    )
    missing = [each for each in _reservations() if each.identifier not in reserved]
    if not missing:
        return organization
    replace_location_graph(
        organization_id=organization.pk,
        locations=_LOCATIONS,
        groups=_GROUPS,
        origin=_ORIGIN,
        now=now,
    )
    updates = list(_stock(now))
    for start in range(0, len(updates), _BATCH):
        update_stock(
            organization_id=organization.pk,
            operation="load-demo",
            updates=updates[start : start + _BATCH],
            origin=_ORIGIN,
            now=now,
        )
    for reservation in missing:
        reserve(organization_id=organization.pk, reservation=reservation, origin=_ORIGIN, now=now)
    return organization


def _skus() -> Iterator[str]:
    for article in _ARTICLES:
        for number in range(1, _PER_ARTICLE + 1):
            yield f"{article}-{number:03d}"


def _stock(now: datetime) -> Iterator[StockUpdate]:
    """Every item lies in the two centers and in some stores, more in the centers."""
    for n, sku in enumerate(_skus()):
        for m, location in enumerate(_LOCATIONS):
            is_center = location.startswith("dc-")
            if not is_center and (n + m) % 3:
                continue
            on_hand = (40 + n % 7 * 10) if is_center else (3 + (n * 5 + m * 3) % 12)
            yield StockUpdate(
                request_id=f"demo-{location}-{sku}",
                location=location,
                sku=sku,
                replaces=True,
                on_hand=on_hand * 1000,
                safety_stock=2000 if is_center else 1000,
                effective_at=now,
                futures=_futures(n, now) if is_center else (),
            )


def _futures(n: int, now: datetime) -> tuple[Future, ...]:
    if n % 4:
        return ()
    monday = (now + timedelta(days=7 - now.weekday())).replace(
        hour=6, minute=0, second=0, microsecond=0
    )
    return ((monday.isoformat().replace("+00:00", "Z"), 25_000),)


def _reservations() -> Iterator[Reservation]:
    """Some orders waiting for routing, some baskets, some click-and-collect."""
    skus = tuple(_skus())
    groups = tuple(group.id for group in _GROUPS)
    for n in range(30):
        place = PlaceRef(groups[n % len(groups)], is_group=True)
        if n % 5 == 0:
            place = PlaceRef(_LOCATIONS[n % 2], is_group=False)
        yield Reservation(
            identifier=f"demo-order-{n:04d}",
            external_ref=f"ORDER-{10_000 + n}",
            expiration_seconds=3600 if n % 3 == 0 else None,
            lines=tuple(
                Wanted(skus[(n * 7 + line * 31) % len(skus)], place, (1 + line) * 1000)
                for line in range(1 + n % 3)
            ),
        )
