"""Whose unit is it: claims are drawn in order, move with their line and are never stranded."""

import pytest

from reservations.models import Claim, Line
from tests.builders import UNIT, a_shop

pytestmark = pytest.mark.django_db


def test_two_documents_at_one_group_one_expires_after_a_transfer() -> None:
    """Whoever expires takes nothing of another customer's, and leaves nothing behind."""
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("first", "A", 1, expires_in=60)
    shop.reserve("second", "A", 1, expires_in=600)

    shop.transfer("A", "l1", 1)
    assert shop.held() == {("first", "l1"): 1, ("second", "A"): 1}
    shop.later(61).expire()

    assert shop.held() == {("second", "A"): 1}
    assert (shop.reserved("l1"), shop.reserved("A")) == (0, 1)
    assert shop.later(61).transfer("A", "l1", 1).value == "now"
    assert shop.held() == {("second", "l1"): 1}
    shop.assert_clean()


def test_draws_take_the_named_reference_then_final_then_temporary_then_oldest() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=20)
    shop.reserve("old-basket", "A", 2, expires_in=600)
    shop.reserve("old-order", "A", 2)
    shop.reserve("young-order", "A", 2)
    shop.reserve("named-basket", "A", 2, expires_in=600, external_ref="web-7")
    shop.reserve("young-basket", "A", 2, expires_in=600)

    order = []
    for _ in range(10):
        before = shop.held()
        shop.release("A", 1, external_ref="web-7")
        after = shop.held()
        order.extend(d for (d, place), q in before.items() if after.get((d, place), 0) < q)

    assert order == [
        *["named-basket"] * 2,
        *["old-order"] * 2,
        *["young-order"] * 2,
        *["old-basket"] * 2,
        *["young-basket"] * 2,
    ]
    shop.assert_clean()


def test_final_and_temporary_keep_their_order_inside_the_named_reference() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=20)
    shop.reserve("basket", "A", 1, expires_in=600, external_ref="web-7")
    shop.reserve("order", "A", 1, external_ref="web-7")
    shop.reserve("stranger", "A", 1)

    shop.release("A", 2, external_ref="web-7")

    assert shop.held() == {("stranger", "A"): 1}


def test_the_reference_decides_whose_claim_shrinks_never_whether_it_fits() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=20)
    shop.reserve("named", "A", 1, external_ref="web-7")
    shop.reserve("other", "A", 2)

    assert shop.transfer("A", "l1", 3, external_ref="web-7").value == "now"
    assert shop.held() == {("named", "l1"): 1, ("other", "l1"): 2}
    assert shop.release("l1", 4, external_ref="web-7").refusal.available == 3 * UNIT


def test_no_reference_names_nobody() -> None:
    """Documents without a reference are not the named ones of a record without one."""
    shop = a_shop(A=["l1"])
    shop.stock(l1=20)
    shop.reserve("named", "A", 1, external_ref="web-7")
    shop.reserve("unnamed", "A", 1)

    shop.release("A", 1)

    assert shop.held() == {("unnamed", "A"): 1}


def test_more_than_a_page_of_claims_is_drawn_in_order() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=400)
    for number in range(130):
        shop.reserve(f"order-{number:03}", "A", 1)
    shop.reserve("named", "A", 1, external_ref="web-7")

    assert shop.transfer("A", "l1", 121, external_ref="web-7").value == "now"

    held = shop.held()
    assert held["named", "l1"] == 1
    assert all(held[f"order-{n:03}", "l1"] == 1 for n in range(120))
    assert all(held[f"order-{n:03}", "A"] == 1 for n in range(120, 130))
    shop.assert_clean()


def test_a_page_full_of_the_named_reference_is_drawn_to_its_end_first() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=400)
    for number in range(5):
        shop.reserve(f"other-{number}", "A", 50)
    for number in range(110):
        shop.reserve(f"named-{number:03}", "A", 1, external_ref="web-7")

    shop.release("A", 108, external_ref="web-7")

    assert shop.held() == {
        **{(f"other-{n}", "A"): 50 for n in range(5)},
        ("named-108", "A"): 1,
        ("named-109", "A"): 1,
    }


def test_a_page_of_due_claims_hides_no_live_one() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=400)
    for number in range(120):
        shop.reserve(f"basket-{number:03}", "A", 1, expires_in=60)
    shop.reserve("alive", "A", 2, expires_in=600)

    assert shop.later(61).transfer("A", "l1", 2).value == "now"

    assert shop.held() == {("alive", "l1"): 2}
    shop.assert_clean()


def test_what_was_moved_in_a_request_can_be_moved_on_in_it() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 3)

    outcomes = shop.apply(
        shop.a_transfer("A", "l1", 3),
        shop.a_transfer("l1", "l2", 2),
    )

    assert [outcome.value for outcome in outcomes] == ["now", "now"]
    assert shop.held() == {("order", "l1"): 1, ("order", "l2"): 2}
    shop.assert_clean()


def test_claims_stay_with_their_line_wherever_they_go() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 3)
    line = Line.objects.get(document__identifier="order", document__organization=shop.organization)

    shop.transfer("A", "l1", 2)
    shop.transfer("l1", "l2", 1)

    assert set(Claim.objects.filter(line=line).values_list("place__identifier", "quantity")) == {
        ("A", UNIT),
        ("l1", UNIT),
        ("l2", UNIT),
    }
    line.refresh_from_db()
    assert (line.place.identifier, line.quantity) == ("A", 3 * UNIT), "what was placed stays"


def test_cancel_releases_claims_wherever_they_are() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 4)
    shop.transfer("A", "l1", 2)
    shop.fulfil("l1", 1)

    shop.cancel("order")

    assert shop.held() == {}
    assert (shop.reserved("A"), shop.reserved("l1"), shop.on_hand("l1")) == (0, 0, 4)
    shop.assert_clean()


def test_a_replaced_document_keeps_its_age() -> None:
    shop = a_shop(A=["l1"])
    shop.stock(l1=20)
    shop.reserve("older", "A", 1, expires_in=60)
    shop.reserve("younger", "A", 1)

    shop.reserve("older", "A", 2)
    shop.release("A", 1)

    assert shop.held() == {("older", "A"): 1, ("younger", "A"): 1}


def test_a_forced_transfer_moves_where_there_is_nothing() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=3)
    shop.reserve("order", "A", 3)

    assert shop.transfer("A", "l2", 2).refusal.code == "InsufficientQuantity"
    assert shop.transfer("A", "l2", 2, is_forced=True).value == "now"

    assert shop.held() == {("order", "A"): 1, ("order", "l2"): 2}
    assert shop.ato("A") == 2
    shop.assert_clean()
