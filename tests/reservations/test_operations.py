"""Transfers, releases and fulfilments: what fits, what does not, and what a failure leaves."""

from datetime import timedelta

import pytest

from inventory.errors import InvalidRequestParameter, LocationDoesNotExist
from inventory.models import Movement, MovementKind
from inventory.services.outcomes import Applied
from reservations.domain.places import PlaceRef
from reservations.services.operations import Release, Transfer, check_direction
from tests.builders import NOON, SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """5 units at l1, 5 at l2, 5 at l3, in A = {l1, l2} and B = {l2, l3}."""
    shop = a_shop(A=["l1", "l2"], B=["l2", "l3"])
    shop.stock(l1=5, l2=5, l3=5)
    return shop


# Fulfilment (the table of the interface description)


@pytest.mark.parametrize(
    ("on_hand", "reserved", "quantity", "code", "left"),
    [
        (0, 1, 1, None, (0, 0)),
        (1, 0, 1, "InsufficientQuantity", (1, 0)),
        (2, 1, 2, "InsufficientQuantity", (2, 1)),
        (1, 2, 2, None, (0, 0)),
    ],
)
def test_fulfilment_asks_for_reserved_units_and_never_for_stock(
    on_hand: int, reserved: int, quantity: int, code: str | None, left: tuple[int, int]
) -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=10)
    if reserved:
        shop.reserve("order", "l1", reserved)
    shop.stock(l1=on_hand)

    outcome = shop.fulfil("l1", quantity)

    if code is None:
        assert outcome is Applied.NOW
    else:
        assert (outcome.refusal.code, outcome.refusal.available) == (code, reserved * UNIT)
    assert (shop.on_hand("l1"), shop.reserved("l1")) == left
    shop.assert_clean()


@pytest.mark.parametrize(
    ("shipped", "on_hand"),
    [
        (-1, 5),  # the count has seen the shipment
        (0, 3),
        (1, 3),
        (None, 3),  # now, which is later than the count
    ],
)
def test_a_count_younger_than_the_shipment_is_not_lowered(
    shop: Shop, shipped: int | None, on_hand: int
) -> None:
    counted_at = NOON - timedelta(hours=1)
    shop.put("l1", on_hand=5 * UNIT, effective_at=counted_at)
    shop.reserve("order", "l1", 2)
    at = None if shipped is None else counted_at + timedelta(seconds=shipped)

    assert shop.fulfil("l1", 2, fulfilled_at=at) is Applied.NOW

    assert (shop.on_hand("l1"), shop.reserved("l1")) == (on_hand, 0)
    shop.assert_clean()


def test_without_an_effective_date_every_shipment_lowers_the_count(shop: Shop) -> None:
    shop.reserve("order", "l1", 2)

    shop.fulfil("l1", 2, fulfilled_at=NOON - timedelta(days=900))

    assert shop.on_hand("l1") == 3


def test_fulfilment_keeps_what_can_be_promised(shop: Shop) -> None:
    shop.reserve("order", "A", 3)
    shop.transfer("A", "l1", 3)
    before = (shop.ato("A"), shop.ato("B"))

    shop.fulfil("l1", 3)

    assert (shop.ato("A"), shop.ato("B")) == before
    shop.assert_clean()


# Transfers


def test_every_direction_that_is_known(shop: Shop) -> None:
    shop.reserve("order", "A", 3)

    for source, target in (("A", "l1"), ("l1", "l3"), ("l3", "B"), ("B", "l2"), ("l2", "A")):
        assert shop.transfer(source, target, 3) is Applied.NOW, (source, target)
        assert shop.held() == {("order", target): 3}
    shop.assert_clean()


def test_a_group_and_a_location_that_are_not_associated(shop: Shop) -> None:
    shop.reserve("order", "A", 1)
    shop.reserve("other", "l1", 1)

    assert shop.transfer("A", "l3", 1).refusal.code == "LocationNotInGroup"
    assert shop.transfer("l1", "B", 1).refusal.code == "LocationNotInGroup"
    assert shop.transfer("A", "l3", 1, is_forced=True).refusal.code == "LocationNotInGroup"


@pytest.mark.parametrize(
    ("transfer", "words"),
    [
        ({"source": "A", "target": "B"}, "Group to Group"),
        ({"source": "l1", "target": "l1"}, "between locations"),
        ({"source": "l1", "target": "A", "is_forced": True}, "Forcing"),
        ({"source": "l1", "target": "l2", "set_id": "all"}, "All or nothing"),
    ],
)
def test_directions_that_are_unknown(shop: Shop, transfer: dict[str, object], words: str) -> None:
    details = {**transfer, "units": 1}

    with pytest.raises(InvalidRequestParameter, match=words):
        check_direction(shop.a_transfer(**details), parameter="records[0]")


def test_a_transfer_needs_room_at_its_target(shop: Shop) -> None:
    shop.reserve("here", "l2", 4)
    shop.reserve("order", "A", 3)

    refused = shop.transfer("A", "l2", 2).refusal

    assert (refused.code, refused.available) == ("InsufficientQuantity", UNIT)
    assert shop.transfer("A", "l2", 2, is_forced=True) is Applied.NOW
    shop.assert_clean()


def test_a_transfer_above_what_is_reserved_fails_whole(shop: Shop) -> None:
    shop.reserve("order", "A", 2)

    refused = shop.transfer("A", "l1", 3, is_forced=True).refusal

    assert (refused.code, refused.available) == ("InsufficientQuantity", 2 * UNIT)
    assert shop.held() == {("order", "A"): 2}


def test_a_refused_transfer_tells_how_much_would_move(shop: Shop) -> None:
    shop.reserve("bound", "B", 8)
    shop.reserve("order", "A", 5)

    assert shop.transfer("A", "l2", 4).refusal.available == 2 * UNIT
    assert shop.transfer("A", "l2", 2) is Applied.NOW


def test_what_would_move_is_told_for_a_location_that_is_oversold(shop: Shop) -> None:
    """The first two units are buried: they free nothing at l2, so B must have room for them."""
    shop.reserve("order", "l2", 5)
    shop.stock(l2=3, l3=1)

    assert shop.transfer("l2", "B", 5).refusal.available == UNIT
    assert shop.transfer("l2", "B", 1) is Applied.NOW
    assert shop.short() == 0
    shop.assert_clean()


def test_a_set_of_transfers_moves_together(shop: Shop) -> None:
    shop.reserve("order", "A", 6)

    outcomes = shop.apply(
        shop.a_transfer("A", "l1", 3, set_id="both"),
        shop.a_transfer("A", "l2", 3, set_id="both"),
    )

    assert outcomes == [Applied.NOW, Applied.NOW]
    assert shop.held() == {("order", "l1"): 3, ("order", "l2"): 3}


def test_a_set_of_transfers_fails_together_and_the_others_go_on(shop: Shop) -> None:
    shop.reserve("order", "A", 9)
    movements = Movement.objects.count()

    fits, too_much, alone, unknown = shop.apply(
        shop.a_transfer("A", "l1", 4, set_id="both"),
        shop.a_transfer("A", "l2", 6, set_id="both"),
        shop.a_transfer("A", "l1", 2),
        shop.a_transfer("A", "l1", 1, sku="unknown", set_id="both"),
    )

    assert fits.refusal.code == "NotAppliedDueToAtomicFailure"
    assert too_much.refusal.code == "InsufficientQuantity"
    assert unknown.refusal.code == "InsufficientQuantity"
    assert alone is Applied.NOW
    assert shop.held() == {("order", "A"): 7, ("order", "l1"): 2}
    assert Movement.objects.count() == movements + 2, "one at each place"
    shop.assert_clean()


# Releases and batches


def test_a_release_above_what_is_reserved_fails_whole(shop: Shop) -> None:
    shop.reserve("order", "A", 2)

    assert shop.release("A", 3).refusal.available == 2 * UNIT
    assert shop.release("l1", 1).refusal.available == 0
    assert shop.release("A", 1, sku="unknown").refusal.available == 0
    assert shop.reserved("A") == 2


def test_releasing_nothing_is_done_already(shop: Shop) -> None:
    movements = Movement.objects.count()

    assert shop.release("A", 0) is Applied.NOW
    assert Movement.objects.count() == movements


def test_a_failed_record_leaves_no_trace_and_the_rest_is_applied(shop: Shop) -> None:
    shop.reserve("order", "l1", 3)

    def release(quantity: int) -> Release:
        place = PlaceRef("l1", is_group=False)
        return Release(request_id="call", sku=SKU, source=place, quantity=quantity * UNIT)

    outcomes = shop.apply(release(2), release(2), release(1))

    assert outcomes[0] is Applied.NOW
    assert outcomes[1].refusal.available == UNIT
    assert outcomes[2] is Applied.NOW
    assert shop.reserved("l1") == 0
    shop.assert_clean()


def test_an_unknown_place_refuses_the_whole_call(shop: Shop) -> None:
    shop.reserve("order", "l1", 3)

    with pytest.raises(LocationDoesNotExist):
        shop.apply(
            Release(
                request_id="one", sku=SKU, source=PlaceRef("l1", is_group=False), quantity=UNIT
            ),
            Release(
                request_id="two", sku=SKU, source=PlaceRef("zz", is_group=False), quantity=UNIT
            ),
        )
    assert shop.reserved("l1") == 3


def test_movements_tell_who_and_why(shop: Shop) -> None:
    shop.reserve("order", "A", 3, external_ref="web-7")
    shop.transfer("A", "l1", 2, request_id="t-1", external_ref="web-7")
    shop.fulfil("l1", 2, request_id="f-1", fulfilled_at=NOON - timedelta(minutes=5))

    movements = Movement.objects.filter(organization_id=shop.id).order_by("id")
    reserved, from_group, to_location, fulfilled = list(movements)[3:]

    assert reserved.kind == MovementKind.RESERVE_AT_GROUP
    assert (reserved.request_id, reserved.external_ref) == ("order", "web-7")
    assert from_group.kind == to_location.kind == MovementKind.TRANSFER
    assert (from_group.request_id, from_group.quantity) == ("t-1", 2 * UNIT)
    assert (from_group.reserved_before, from_group.reserved_after) == (3 * UNIT, UNIT)
    assert (to_location.reserved_before, to_location.reserved_after) == (0, 2 * UNIT)
    assert fulfilled.kind == MovementKind.FULFIL
    assert (fulfilled.on_hand_before, fulfilled.on_hand_after) == (5 * UNIT, 3 * UNIT)
    assert fulfilled.effective_at == NOON - timedelta(minutes=5)
    assert {m.document_id for m in (reserved, from_group, to_location, fulfilled)} == {
        reserved.document_id
    }
    assert reserved.line_id == fulfilled.line_id is not None
    assert {m.actor for m in movements} == {"test"}


def test_a_transfer_of_two_claims_is_two_rows_at_each_place(shop: Shop) -> None:
    """Each row names the document whose unit moved."""
    shop.reserve("one", "A", 1)
    shop.reserve("two", "A", 1)

    shop.apply(
        Transfer(
            request_id="t",
            sku=SKU,
            source=shop.place("A"),
            target=shop.place("l1"),
            quantity=2 * UNIT,
        )
    )

    rows = Movement.objects.filter(organization_id=shop.id, request_id="t")
    assert len({row.document_id for row in rows}) == 2
    assert len(rows) == 4
    shop.assert_clean()
