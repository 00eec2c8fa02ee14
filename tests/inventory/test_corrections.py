"""Corrections by hand: what a person decided on is what is changed."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inventory.domain.roles import Role
from inventory.errors import InvalidRequestParameter, LocationDoesNotExist
from inventory.models import Item, Movement, StockRecord
from inventory.services.corrections import Correction, CountHasChanged, Motive, correct_stock
from inventory.services.members import add_member
from inventory.services.outcomes import Applied, Failed, Outcome
from tests.builders import SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db
MOTIVE = Motive("Stocktake", "counted twice", "click-1")


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"])
    shop.stock(l1=5, l2=3)
    return shop


def correct(shop: Shop, *corrections: Correction, motive: Motive = MOTIVE) -> list[Outcome]:
    return correct_stock(
        organization_id=shop.id,
        corrections=corrections,
        motive=motive,
        origin=shop.origin,
        now=shop.now,
    )


def refused(outcome: Outcome) -> Any:
    assert isinstance(outcome, Failed)
    return outcome.refusal


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (StockRecord, Movement, Item)]


def test_a_count_is_set_and_the_ledger_says_who_and_why(shop: Shop) -> None:
    outcomes = correct(shop, Correction(SKU, "l1", seen=5 * UNIT, count=7_500))

    assert outcomes == [Applied.NOW]
    assert shop.on_hand("l1") == 7.5
    movement = Movement.objects.order_by("-id").first()
    assert movement is not None
    assert (movement.on_hand_before, movement.on_hand_after) == (5_000, 7_500)
    assert (movement.actor, movement.external_ref) == ("test", "Stocktake: counted twice")
    shop.assert_clean()


@pytest.mark.parametrize(("change", "left"), [(2_000, 7), (-5_000, 0)])
def test_stock_is_added_and_taken(shop: Shop, change: int, left: int) -> None:
    assert correct(shop, Correction(SKU, "l1", seen=5_000, change=change)) == [Applied.NOW]

    assert shop.on_hand("l1") == left
    shop.assert_clean()


def test_a_figure_that_changed_meanwhile_refuses_and_tells_the_new_one(shop: Shop) -> None:
    shop.stock(l1=4)
    before = state()

    refusal = refused(correct(shop, Correction(SKU, "l1", seen=5_000, count=9_000))[0])

    assert isinstance(refusal, CountHasChanged)
    assert refusal.on_hand == 4_000
    assert state() == before


@pytest.mark.parametrize(
    ("correction", "error"),
    [
        (Correction(SKU, "l1", seen=5_000, change=-5_001), InvalidRequestParameter),
        (Correction(SKU, "l1", seen=5_000, count=10_000_000_000_000), InvalidRequestParameter),
        (Correction(SKU, "l1", seen=5_000), InvalidRequestParameter),
        (Correction(SKU, "nowhere", seen=None, count=1), LocationDoesNotExist),
        (Correction(SKU, "l2", seen=None, count=1), CountHasChanged),
    ],
)
def test_what_cannot_be_leaves_no_trace_and_the_others_are_applied(
    shop: Shop, correction: Correction, error: type
) -> None:
    alone = state()
    assert isinstance(refused(correct(shop, correction)[0]), error)
    assert state() == alone

    first, second = correct(shop, correction, Correction(SKU, "l2", seen=3_000, count=1_000))

    assert isinstance(refused(first), error)
    assert second == Applied.NOW
    assert (shop.on_hand("l1"), shop.on_hand("l2")) == (5, 1)
    shop.assert_clean()


def test_an_item_comes_to_life_by_its_first_count(shop: Shop) -> None:
    assert correct(shop, Correction("new", "l1", seen=None, count=2_000)) == [Applied.NOW]

    assert shop.on_hand("l1", sku="new") == 2
    shop.assert_clean()


def test_reserved_futures_and_exclusions_stay(shop: Shop) -> None:
    shop.put(
        "l1",
        on_hand=5_000,
        safety_stock=1_000,
        futures=(("2026-05-01T00:00:00Z", 2_000),),
        excluded_groups=("east",),
    )
    shop.reserve("order", "l1", 3)

    correct(shop, Correction(SKU, "l1", seen=5_000, count=8_000))

    record = shop.record("l1")
    assert (record.on_hand, record.safety_stock, record.reserved) == (8_000, 1_000, 3_000)
    assert (record.futures_quantity, record.excluded_groups) == (2_000, ["east"])
    shop.assert_clean()


def test_stock_may_fall_below_what_is_promised(shop: Shop) -> None:
    shop.reserve("order", "east", 8)

    correct(shop, Correction(SKU, "l1", seen=5_000, count=1_000))

    assert shop.short() == 4
    shop.assert_clean()


def test_too_many_at_once_are_refused_whole(shop: Shop) -> None:
    before = state()

    with pytest.raises(InvalidRequestParameter):
        correct(shop, *[Correction(SKU, "l1", seen=5_000, count=1)] * 1_001)

    assert state() == before


# The page


@pytest.fixture
def merchandiser(shop: Shop) -> Client:
    add_member(organization_id=shop.id, username="mia", role=Role.MERCHANDISER, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username="mia"))
    return client


PAGE = f"/admin/stock/correct/?sku={SKU}&location=l1"
FORM = {
    "seen": "5000",
    "mode": "count",
    "quantity": "1,234.5",
    "reason": "Stocktake",
    "note": "aisle 3",
}


def test_the_page_corrects_in_the_users_name(merchandiser: Client, shop: Shop) -> None:
    assert 'value="5000"' in merchandiser.get(PAGE).content.decode()

    answer = merchandiser.post(PAGE, FORM)

    assert answer.status_code == 302
    assert shop.on_hand("l1") == 1234.5
    movement = Movement.objects.order_by("-id").first()
    assert movement is not None
    assert (movement.actor, movement.external_ref) == ("user:mia", "Stocktake: aisle 3")
    assert movement.request_id.startswith("backoffice-")
    assert movement.correlation_id


def test_the_page_refuses_a_figure_of_the_past_and_shows_the_new_one(
    merchandiser: Client, shop: Shop
) -> None:
    shop.stock(l1=4)
    before = state()

    told = merchandiser.post(PAGE, FORM).content.decode()

    assert "it is 4 now. Nothing was changed." in told
    assert 'value="4000"' in told
    assert state() == before


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("quantity", "1.0005", "must be a multiple of 0.001"),
        ("quantity", "lots", "must be a number"),
        ("quantity", "", "required"),
        ("reason", "because", "Select a valid choice"),
        ("note", "x" * 201, "at most 200 characters"),
        ("seen", "five", "Open the page again"),
        ("mode", "destroy", "Select a valid choice"),
    ],
)
def test_a_form_that_cannot_be_understood_names_the_field(
    merchandiser: Client, shop: Shop, field: str, value: str, words: str
) -> None:
    before = state()

    answer = merchandiser.post(PAGE, {**FORM, field: value})

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert state() == before


def test_a_viewer_corrects_nothing(shop: Shop, client: Client) -> None:
    add_member(organization_id=shop.id, username="vic", role=Role.VIEWER, asked_by=None)
    client.force_login(User.objects.get(username="vic"))
    before = state()

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, FORM).status_code == 403
    assert state() == before
