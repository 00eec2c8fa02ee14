"""The life of a document: create, replace, renew, finalize, add to, cancel, expire."""

from datetime import timedelta

import pytest

from inventory.errors import (
    EntityNotFound,
    GroupDoesNotExist,
    LocationDoesNotExist,
    ReservationAlreadyFinalized,
    ReservationCancelled,
    ReservationInvalidState,
)
from inventory.models import Movement
from inventory.services.outcomes import Applied
from reservations.domain.places import PlaceRef
from reservations.domain.states import State
from reservations.models import Claim, Document, Line
from reservations.selectors.documents import document_view
from reservations.services.placing import Wanted
from tests.builders import NOON, SKU, UNIT, Shop, a_shop, placed, shortages

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """10 units in A = {l1, l2}."""
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    return shop


def state(shop: Shop, identifier: str) -> State:
    return document_view(organization_id=shop.id, identifier=identifier, now=shop.now).state


def test_lines_are_decided_locations_before_groups(shop: Shop) -> None:
    answer = shop.reserve_lines("order", [shop.wanted("A", 8), shop.wanted("l1", 5)])

    assert placed(answer) == {("l1", SKU): 5, ("A", SKU): 5}
    assert shortages(answer) == {("A", SKU): 5}


def test_sets_are_decided_first_and_wholly(shop: Shop) -> None:
    shop.stock("mug", l1=1, l2=1)
    lines = [
        shop.wanted("l1", 3),
        shop.wanted("l1", 4, set_id="both"),
        shop.wanted("l1", 1, sku="mug", set_id="both"),
        shop.wanted("l2", 5, set_id="too-much"),
        shop.wanted("l2", 2, sku="mug", set_id="too-much"),
    ]
    answer = shop.reserve_lines("order", lines)

    assert placed(answer) == {("l1", SKU): 5, ("l1", "mug"): 1}
    assert shortages(answer) == {("l1", SKU): 1, ("l2", SKU): 5, ("l2", "mug"): 1}
    assert shop.held() == {("order", "l1"): 5}
    assert Line.objects.filter(document__organization=shop.organization, set_id="both").count() == 2


def test_sets_of_one_id_at_two_locations_are_two_sets(shop: Shop) -> None:
    lines = [shop.wanted("l1", 4, set_id="set"), shop.wanted("l2", 6, set_id="set")]
    answer = shop.reserve_lines("order", lines)

    assert placed(answer) == {("l1", SKU): 4}
    assert shortages(answer) == {("l2", SKU): 5}


def test_equal_lines_are_summed_and_answered_as_one(shop: Shop) -> None:
    answer = shop.reserve_lines("order", [shop.wanted("A", 2), shop.wanted("A", 3)])

    assert placed(answer) == {("A", SKU): 5}
    assert Claim.objects.filter(document__organization=shop.organization).count() == 1


def test_partial_takes_what_fits_and_says_what_was_short(shop: Shop) -> None:
    answer = shop.reserve("order", "A", 12)

    assert not answer.success
    assert placed(answer) == {("A", SKU): 10}
    assert shortages(answer) == {("A", SKU): 10}


def test_without_partial_the_whole_document_or_nothing(shop: Shop) -> None:
    answer = shop.reserve_lines(
        "order", [shop.wanted("l1", 2), shop.wanted("l2", 6)], allow_partial=False
    )

    assert not answer.success
    assert placed(answer) == {}
    assert shortages(answer) == {("l2", SKU): 5}
    assert not Document.objects.filter(organization=shop.organization).exists()
    assert shop.held() == {}


def test_an_id_whose_request_reserved_nothing_can_be_used_again(shop: Shop) -> None:
    assert not shop.reserve("order", "A", 1, sku="unknown").success
    assert shop.reserve("order", "A", 1).success


def test_unknown_places_refuse_the_whole_request(shop: Shop) -> None:
    with pytest.raises(GroupDoesNotExist):
        shop.reserve_lines(
            "order", [shop.wanted("l1", 1), Wanted(SKU, PlaceRef("Z", is_group=True), UNIT)]
        )
    with pytest.raises(LocationDoesNotExist):
        shop.reserve("order", "nowhere", 1)
    with pytest.raises(LocationDoesNotExist):
        shop.reserve_lines("order", [Wanted(SKU, PlaceRef("A", is_group=False), UNIT)])
    assert shop.held() == {}


# The second PUT


def test_a_place_without_lines_must_exist_too(shop: Shop) -> None:
    lines = [shop.wanted("A", 1)]
    with pytest.raises(LocationDoesNotExist):
        shop.reserve_lines("order", lines, idle_places=(PlaceRef("nowhere", is_group=False),))
    shop.reserve("order", "A", 1)
    with pytest.raises(GroupDoesNotExist):
        shop.add("order", lines, idle_places=(PlaceRef("nowhere", is_group=True),))

    assert shop.held() == {("order", "A"): 1}


def test_a_repeat_is_recognized_after_its_places_are_gone() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l2"])
    shop.stock(l1=5, l2=5)
    asked, more = [shop.wanted("B", 2)], [shop.wanted("B", 1)]
    move, another = (shop.a_transfer("B", "l2", 2, request_id=name) for name in ("move", "another"))
    first = shop.reserve_lines("order", asked, expires_in=60)
    added = shop.add("order", more, request_id="add")
    assert shop.apply(move) == [Applied.NOW]
    shop.release("B", 1)
    shop.regroup(A=["l2"], more_locations=["l1"])

    assert shop.reserve_lines("order", asked, expires_in=60) == first
    assert shop.add("order", more, request_id="add") == added
    assert shop.apply(move) == [Applied.BEFORE]
    with pytest.raises(GroupDoesNotExist):
        shop.apply(move, another)
    with pytest.raises(GroupDoesNotExist):
        shop.reserve_lines("order", more, expires_in=60)
    assert shop.held() == {("order", "l2"): 2}


def test_replacing_weighs_the_own_hold(shop: Shop) -> None:
    shop.reserve("basket", "A", 9, expires_in=60)

    assert shop.reserve("basket", "A", 10, expires_in=60).success
    assert shop.reserve("basket", "l1", 5, expires_in=60).success

    assert shop.held() == {("basket", "l1"): 5}
    shop.assert_clean()


def test_replacing_without_partial_keeps_the_old_hold_when_it_does_not_fit(shop: Shop) -> None:
    shop.reserve("basket", "A", 4, expires_in=60)
    movements = Movement.objects.count()

    answer = shop.reserve("basket", "A", 11, expires_in=600, allow_partial=False)

    assert not answer.success
    assert shortages(answer) == {("A", SKU): 10}
    assert shop.held() == {("basket", "A"): 4}
    assert Movement.objects.count() == movements
    document = Document.objects.get(organization=shop.organization)
    assert document.expires_at == NOON + timedelta(seconds=60)
    assert shop.later(10).reserve("basket", "A", 4, expires_in=60).expiration_time == (
        document.expires_at
    ), "the kept body is still the one that is repeated"


def test_replacing_with_partial_keeps_the_old_hold_when_nothing_fits(shop: Shop) -> None:
    shop.reserve("basket", "A", 4, expires_in=60)

    answer = shop.reserve("basket", "A", 4, sku="unknown", expires_in=60)

    assert not answer.success
    assert shop.held() == {("basket", "A"): 4}


@pytest.mark.parametrize("place", ["A", "l1"])
@pytest.mark.parametrize("allow_partial", [True, False])
@pytest.mark.parametrize("fulfil_only", [True, False])
def test_nobody_loses_a_hold_that_a_count_has_left_short(
    shop: Shop, *, place: str, allow_partial: bool, fulfil_only: bool
) -> None:
    shop.reserve("basket", place, 4, expires_in=60)
    shop.reserve("other", "A", 6)
    shop.stock(l1=1, l2=1)
    short = shop.short()
    assert short

    terms = {"allow_partial": allow_partial, "fulfil_only": fulfil_only}
    renewed = shop.reserve("basket", place, 4, expires_in=90, **terms)
    assert renewed.success
    grown = shop.reserve("basket", place, 5, expires_in=90, **terms)
    assert shortages(grown) == {(place, SKU): 4}
    finalized = shop.reserve("basket", place, 4, **terms)
    assert finalized.success

    assert shop.held() == {("basket", place): 4, ("other", "A"): 6}
    assert shop.short() == short
    kinds = Movement.objects.filter(organization_id=shop.id, kind="reservation_update")
    assert not kinds.exists()
    shop.assert_clean()


def test_what_is_given_back_pays_for_what_is_asked_instead(shop: Shop) -> None:
    shop.reserve("basket", "A", 6, expires_in=60)
    shop.reserve("other", "A", 4)
    shop.stock(l1=5, l2=0)
    assert shop.short() == 5

    answer = shop.reserve_lines("basket", [shop.wanted("A", 1), shop.wanted("l1", 9)])

    assert placed(answer) == {("A", SKU): 1, ("l1", SKU): 5}
    assert shop.short() == 5
    shop.assert_clean()


def test_a_set_that_does_not_fit_gives_its_hold_to_the_lines_after_it(shop: Shop) -> None:
    shop.reserve_lines("basket", [shop.wanted("l1", 5, set_id="set")], expires_in=60)
    lines = [shop.wanted("l1", 6, set_id="set"), shop.wanted("A", 10)]

    answer = shop.reserve_lines("basket", lines, expires_in=60)

    assert placed(answer) == {("A", SKU): 10}
    shop.assert_clean()


def test_renewing_starts_the_clock_again_and_moves_nothing(shop: Shop) -> None:
    shop.reserve("basket", "A", 4, expires_in=60)
    movements = Movement.objects.count()

    answer = shop.later(50).reserve("basket", "A", 4, expires_in=61)

    assert answer.expiration_time == NOON + timedelta(seconds=111)
    assert Movement.objects.count() == movements
    assert shop.later(100).expire() == 0
    assert shop.later(111).expire() == 1
    shop.assert_clean()


def test_finalizing_ends_the_expiry(shop: Shop) -> None:
    shop.reserve("basket", "A", 4, expires_in=60)

    assert shop.later(59).reserve("basket", "A", 4).expiration_time is None

    assert shop.later(10_000).expire() == 0
    assert shop.held() == {("basket", "A"): 4}
    shop.assert_clean()


def test_replacing_gives_back_what_was_transferred(shop: Shop) -> None:
    shop.reserve("basket", "A", 6, expires_in=60)
    shop.transfer("A", "l1", 3)

    shop.reserve("basket", "A", 8, expires_in=60)

    assert shop.held() == {("basket", "A"): 8}
    assert shop.reserved("l1") == 0
    shop.assert_clean()


def test_only_the_difference_of_a_replacement_moves(shop: Shop) -> None:
    shop.reserve_lines("basket", [shop.wanted("A", 4), shop.wanted("l1", 1)], expires_in=60)
    before = Movement.objects.count()

    shop.reserve_lines("basket", [shop.wanted("A", 5), shop.wanted("l1", 1)], expires_in=60)

    moved = Movement.objects.order_by("-id")[: Movement.objects.count() - before]
    assert [(m.reserved_before, m.reserved_after) for m in moved] == [(4 * UNIT, 5 * UNIT)]


def test_lines_of_an_older_revision_stay_as_they_were(shop: Shop) -> None:
    shop.reserve("basket", "A", 4, expires_in=60)
    shop.reserve("basket", "A", 5, expires_in=60)

    lines = Line.objects.filter(document__organization=shop.organization).order_by("revision")
    assert list(lines.values_list("revision", "quantity")) == [(1, 4 * UNIT), (2, 5 * UNIT)]
    view = document_view(organization_id=shop.id, identifier="basket", now=NOON)
    assert view.placed == {(shop.place("A"), SKU): 5 * UNIT}


def test_a_second_put_is_refused_by_state(shop: Shop) -> None:
    shop.reserve("final", "A", 1)
    shop.reserve("cancelled", "A", 1)
    shop.cancel("cancelled")
    shop.reserve("expired", "A", 1, expires_in=60)
    shop.reserve("closed", "l1", 1)
    shop.fulfil("l1", 1)

    with pytest.raises(ReservationAlreadyFinalized):
        shop.reserve("final", "A", 2)
    for again in (1, 2):
        with pytest.raises(ReservationCancelled):
            shop.reserve("cancelled", "A", again)
        with pytest.raises(ReservationInvalidState):
            shop.later(60).reserve("expired", "A", again, expires_in=60)
        with pytest.raises(ReservationInvalidState):
            shop.reserve("closed", "l1", again)


# Adding


def test_adding_tells_the_total_and_what_was_added(shop: Shop) -> None:
    shop.reserve("order", "A", 5)

    answer = shop.add("order", [shop.wanted("A", 3), shop.wanted("l1", 1)])

    details = {(p.id, d.sku): (d.quantity, d.adjustment) for p in answer.places for d in p.details}
    assert details == {("A", SKU): (8 * UNIT, 3 * UNIT), ("l1", SKU): (UNIT, UNIT)}
    assert shop.held() == {("order", "A"): 8, ("order", "l1"): 1}
    shop.assert_clean()


def test_adding_nothing_changes_nothing(shop: Shop) -> None:
    shop.reserve("order", "A", 10, external_ref="web-1")

    answer = shop.add("order", [shop.wanted("A", 1)], external_ref="web-2")

    assert not answer.success
    assert Document.objects.get(organization=shop.organization).external_ref == "web-1"


def test_adding_renames_every_claim(shop: Shop) -> None:
    shop.reserve("order", "A", 2, external_ref="web-1")
    shop.transfer("A", "l1", 1)

    shop.add("order", [shop.wanted("A", 1)], external_ref="web-2")

    claims = Claim.objects.filter(document__organization=shop.organization)
    assert set(claims.values_list("external_ref", flat=True)) == {"web-2"}
    shop.assert_clean()


def test_adding_is_refused_by_state(shop: Shop) -> None:
    shop.reserve("cancelled", "A", 1)
    shop.cancel("cancelled")
    shop.reserve("expired", "A", 1, expires_in=60)
    shop.reserve("closed", "l1", 1)
    shop.release("l1", 1)

    with pytest.raises(EntityNotFound):
        shop.add("unknown", [shop.wanted("A", 1)])
    with pytest.raises(ReservationCancelled):
        shop.add("cancelled", [shop.wanted("A", 1)])
    with pytest.raises(ReservationInvalidState):
        shop.later(60).add("expired", [shop.wanted("A", 1)])
    with pytest.raises(ReservationInvalidState):
        shop.add("closed", [shop.wanted("A", 1)])


# The end


def test_cancel_by_state(shop: Shop) -> None:
    shop.reserve("order", "A", 1)
    shop.reserve("expired", "A", 1, expires_in=60)
    shop.reserve("closed", "l1", 1)
    shop.fulfil("l1", 1)

    shop.cancel("order")
    shop.cancel("order")

    assert shop.held() == {("expired", "A"): 1}
    with pytest.raises(EntityNotFound):
        shop.cancel("unknown")
    with pytest.raises(ReservationInvalidState):
        shop.later(60).cancel("expired")
    with pytest.raises(ReservationAlreadyFinalized):
        shop.cancel("closed")


def test_states_are_derived(shop: Shop) -> None:
    shop.reserve("open", "A", 1)
    shop.reserve("basket", "A", 1, expires_in=60)
    shop.reserve("cancelled", "A", 1)
    shop.cancel("cancelled")
    shop.reserve("closed", "l1", 1)
    shop.fulfil("l1", 1)

    assert state(shop, "open") is State.OPEN
    assert state(shop, "cancelled") is State.CANCELLED
    assert state(shop, "closed") is State.CLOSED
    assert state(shop.later(59), "basket") is State.OPEN
    assert state(shop.later(60), "basket") is State.EXPIRED, "released or not"


# Expiry


def test_what_is_due_gives_way_to_a_reservation_that_would_be_refused(shop: Shop) -> None:
    shop.reserve("basket", "A", 6, expires_in=60)
    shop.reserve("alive", "A", 2, expires_in=600)

    assert shop.later(59).reserve("early", "A", 8, allow_partial=False).success is False
    assert shop.later(60).reserve("order", "A", 8, allow_partial=False).success

    assert shop.held() == {("alive", "A"): 2, ("order", "A"): 8}
    assert shop.later(60).expire() == 0
    shop.assert_clean()


def test_what_is_due_stays_when_nobody_needs_it(shop: Shop) -> None:
    shop.reserve("basket", "A", 6, expires_in=60)

    shop.later(60).reserve("order", "A", 4)

    assert shop.held() == {("basket", "A"): 6, ("order", "A"): 4}


def test_what_is_due_of_another_item_stays(shop: Shop) -> None:
    shop.stock(sku="cup", l1=5)
    shop.reserve("basket", "A", 6, expires_in=60)
    shop.reserve("cups", "A", 5, sku="cup", expires_in=60)

    shop.later(60).reserve("order", "A", 8)

    assert shop.held() == {("order", "A"): 8}
    assert shop.held("cup") == {("cups", "A"): 5}


def test_a_refusal_that_stays_one_releases_nothing(shop: Shop) -> None:
    shop.reserve("basket", "A", 6, expires_in=60)

    assert not shop.later(60).reserve("order", "A", 11, allow_partial=False).success

    assert shop.held() == {("basket", "A"): 6}


def test_adding_and_replacing_release_what_is_due_too(shop: Shop) -> None:
    shop.reserve("order", "A", 1)
    shop.reserve("hold", "A", 1, expires_in=600)
    shop.reserve("basket", "l1", 5, expires_in=60)

    assert shop.later(60).add("order", [shop.wanted("A", 4)], allow_partial=False).success
    assert shop.held() == {("order", "A"): 5, ("hold", "A"): 1}

    shop.reserve("basket-2", "l2", 1, expires_in=60)
    assert shop.later(60).reserve("hold", "A", 5, allow_partial=False, expires_in=600).success
    assert shop.held() == {("order", "A"): 5, ("hold", "A"): 5}
    shop.assert_clean()


def test_nobody_ships_or_moves_what_has_expired(shop: Shop) -> None:
    shop.reserve("basket", "l1", 3, expires_in=60)

    assert shop.later(60).fulfil("l1", 1).refusal.available == 0

    assert shop.held() == {}
    assert shop.on_hand("l1") == 5
    shop.assert_clean()


def test_expiry_works_through_more_than_a_batch() -> None:
    shop = a_shop(A=["l1"])
    for number in range(4):
        shop.stock(sku=f"sku-{number}", l1=500)
    for number in range(130):
        lines = [shop.wanted("A", 1, sku=f"sku-{n}") for n in range(4)]
        shop.reserve_lines(f"basket-{number}", lines, expires_in=60)

    assert shop.later(60).expire() == 520
    assert shop.later(60).expire() == 0

    assert not Claim.objects.filter(document__organization=shop.organization).exists()
    shop.assert_clean()
