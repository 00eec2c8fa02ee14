"""More time for a reservation, or no end: what it holds stays, and nobody else is weighed."""

from datetime import timedelta

import pytest

from inventory.errors import (
    EntityNotFound,
    InvalidRequestParameter,
    Refusal,
    ReservationAlreadyFinalized,
    ReservationCancelled,
    ReservationInvalidState,
)
from inventory.models import Movement
from reservations.models import Claim, Document, Standing
from reservations.services.handling import extend_document, finalize_document
from tests.builders import NOON, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("basket", "east", 4, expires_in=60)
    return shop


def extend(shop: Shop, identifier: str = "basket", *, seconds: int = 600) -> None:
    extend_document(
        organization_id=shop.id,
        identifier=identifier,
        seconds=seconds,
        origin=shop.origin,
        now=shop.now,
    )


def finalize(shop: Shop, identifier: str = "basket") -> None:
    finalize_document(
        organization_id=shop.id, identifier=identifier, origin=shop.origin, now=shop.now
    )


def rows() -> object:
    """Return everything that a refusal must leave alone."""
    return (
        list(Document.objects.order_by("pk").values()),
        list(Claim.objects.order_by("pk").values()),
        Movement.objects.count(),
    )


def test_an_extended_reservation_outlives_its_first_end(shop: Shop) -> None:
    shop.transfer("east", "l1", 1, document="basket")
    movements = Movement.objects.count()

    extend(shop, seconds=14_400)

    assert Movement.objects.count() == movements
    assert shop.later(14_399).expire() == 0
    assert shop.later(14_400).expire() == 2
    assert shop.ato("east") == 10


def test_a_finalized_reservation_has_no_end_and_is_drawn_on_as_a_final_one(shop: Shop) -> None:
    finalize(shop)

    assert shop.later(100_000).expire() == 0
    claim = Claim.objects.get()
    assert (claim.standing, claim.expires_at, claim.quantity) == (Standing.FINAL, None, 4000)
    assert Document.objects.get().expires_at is None
    assert shop.ato("east") == 6


def test_finalizing_after_a_falling_count_cuts_nobody(shop: Shop) -> None:
    shop.stock(l1=0, l2=1)

    finalize(shop)

    assert Claim.objects.get().quantity == 4000


@pytest.mark.parametrize("seconds", [-1, 0, 14_401, 59, 60])
def test_an_end_too_far_off_or_no_later_than_before_is_refused(shop: Shop, seconds: int) -> None:
    before = rows()

    with pytest.raises(InvalidRequestParameter) as refused:
        extend(shop, seconds=seconds)

    assert refused.value.parameter == "expirationSeconds"
    assert rows() == before


@pytest.mark.parametrize("act", [extend, finalize])
@pytest.mark.parametrize(
    ("identifier", "refusal"),
    [
        ("nobody", EntityNotFound),
        ("final", ReservationAlreadyFinalized),
        ("cancelled", ReservationCancelled),
        ("expired", ReservationInvalidState),
        ("empty", ReservationInvalidState),
    ],
)
def test_what_is_over_or_final_stays(
    shop: Shop, act: object, identifier: str, refusal: type[Refusal]
) -> None:
    shop.reserve("final", "l1", 1)
    shop.reserve("cancelled", "l1", 1, expires_in=60)
    shop.cancel("cancelled")
    shop.reserve("expired", "l1", 1, expires_in=10)
    shop.reserve("empty", "l1", 1, expires_in=60)
    shop.release("l1", 1, document="empty")
    before = rows()

    with pytest.raises(refusal):
        act(shop.later(10), identifier)  # type: ignore[operator]

    assert rows() == before


def test_a_reservation_of_another_organization_is_not_found(shop: Shop) -> None:
    other = a_shop(east=["l1"])
    before = rows()

    with pytest.raises(EntityNotFound):
        finalize(other)

    assert rows() == before


def test_a_repeat_of_the_first_request_is_answered_as_before(shop: Shop) -> None:
    first = shop.reserve("basket", "east", 4, expires_in=60)
    extend(shop)

    again = shop.reserve("basket", "east", 4, expires_in=60)

    assert again == first
    assert Document.objects.get().expires_at == NOON + timedelta(seconds=600)
