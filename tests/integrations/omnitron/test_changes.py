"""Changing items and cancelling: whatever door canceled comes through."""

from collections.abc import Callable

import pytest

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import CancellationPlan, Order, OrderItem
from inventory.errors import EntityNotFound
from tests.builders import a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)

Door = Callable[[Office, int, int], None]
DOORS: dict[str, Door] = {
    "patch": lambda office, _, item: office.change({item: {"status": 100}}),
    "cancel": lambda office, order, item: office.cancel(order, item),
}


@pytest.fixture
def office() -> Office:
    """Two locations in one group; a list of a location and a list of the group."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    return an_office(shop, lists={"main": "l1", "web": "all"})


@pytest.mark.parametrize("door", DOORS)
def test_canceled_releases_by_whatever_door(office: Office, door: str) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, second = office.items(order)

    DOORS[door](office, order, first)

    assert office.held() == {(second, "all"): 3}
    assert Order.objects.get().status == 400
    assert OrderItem.objects.get(pk=first).status == 100
    plan = CancellationPlan.objects.get()
    assert (plan.items, plan.plan_type, plan.order_id) == ([first], "cancel", order)
    office.shop.assert_clean()

    DOORS[door](office, order, second)

    assert office.held() == {}
    assert Order.objects.get().status == 100
    office.shop.assert_clean()


@pytest.mark.parametrize("door", DOORS)
def test_canceling_again_moves_nothing(office: Office, door: str) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, _ = office.items(order)
    DOORS[door](office, order, first)
    held, plans = office.held(), CancellationPlan.objects.count()

    DOORS[door](office.later(60), order, first)

    assert office.held() == held
    assert CancellationPlan.objects.count() == plans
    office.shop.assert_clean()


def test_a_whole_order_is_cancelled(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, second = office.items(order)
    office.shop.transfer("all", "l2", 2)

    office.cancel(order, is_all=True, reasons={str(first): 7}, details={"is_cargo_refund": True})
    before = office.state()
    office.cancel(order, is_all=True)

    assert office.held() == {}
    assert Order.objects.get().status == 100
    plan = CancellationPlan.objects.get()
    assert (plan.items, plan.reasons) == ([first, second], {str(first): 7})
    assert plan.details == {"is_cargo_refund": True}
    assert office.state() == before
    office.shop.assert_clean()


def test_cancelling_what_was_mapped_releases_only_what_is_held(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, _ = office.items(order)
    office.map(first, "ERP-1")
    office.shop.reserve("basket", "l1", 2)

    office.cancel(order, is_all=True)

    assert office.held() == {}
    assert office.shop.held() == {("basket", "l1"): 2}
    office.shop.assert_clean()


def test_one_request_cancels_or_returns(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, second = office.items(order)
    office.change({first: {"status": 500}})
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.cancel(order, is_all=True)

    assert list(refused.value.errors) == ["cancel_items"]
    assert office.state() == before
    office.cancel(order, first)
    office.cancel(order, second)
    types = CancellationPlan.objects.order_by("pk").values_list("plan_type", flat=True)
    assert list(types) == ["refund", "cancel"]


def test_only_items_of_the_order_can_be_cancelled(office: Office) -> None:
    order = office.order("1001", ("main", 2))
    other = office.items(office.order("1002", ("main", 1)))[0]
    before = office.state()

    for items in ((), (other,), (office.items(order)[0], other)):
        with pytest.raises(InvalidFields) as refused:
            office.cancel(order, *items)
        assert list(refused.value.errors) == ["cancel_items"]
    with pytest.raises(EntityNotFound):
        office.cancel(order + 100, is_all=True)
    assert office.state() == before


def test_canceled_cannot_be_left(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("web", 3))
    first, second = office.items(order)
    office.cancel(order, first)
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.change({second: {"status": 450}, first: {"status": 400}})

    assert refused.value.errors == {"status": [f"Order item {first} is canceled and stays so."]}
    assert office.state() == before


def test_an_unknown_item_refuses_all_changes(office: Office) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]
    other = an_office(a_shop(all=["l1"]), lists={"main": "l1"})
    before = office.state()

    with pytest.raises(EntityNotFound):
        office.change({item: {"status": 100}, item + 100: {"status": 100}})
    with pytest.raises(EntityNotFound):
        other.change({item: {"status": 100}})
    assert office.state() == before


def test_other_changes_never_move_stock(office: Office) -> None:
    order = office.create(
        "1001", office.line("main", 2, extra_field={"a": 1}, attributes={"quantity": "2"})
    ).id
    item = office.items(order)[0]
    held = office.held()

    office.later(9).change(
        {
            item: {
                "status": 500,
                "cancel_status": "waiting",
                "extra_field": {"b": 2},
                "attributes": {"quantity": "9"},
                "attributes_kwargs": {"x": {}},
                "invoice_number": "A-1",
            }
        }
    )

    changed = OrderItem.objects.get()
    assert (changed.status, changed.cancel_status, changed.quantity) == (500, "waiting", 2000)
    assert changed.extra_field == {"a": 1, "b": 2}
    assert (changed.attributes, changed.attributes_kwargs) == ({"quantity": "9"}, {"x": {}})
    assert changed.details == {"invoice_number": "A-1"}
    assert changed.modified_date == office.later(9).shop.now
    assert office.held() == held
    office.shop.assert_clean()


def test_canceling_costs_as_many_statements_whatever_the_items(
    office: Office, django_assert_num_queries
) -> None:
    office.shop.stock(l1=100)
    office.cancel(office.order("0", ("main", 1)), is_all=True)
    one, many = office.order("1", ("main", 1)), office.order("2", *[("main", 1)] * 40)
    with django_assert_num_queries(12, exact=False) as few:
        office.cancel(one, is_all=True)
    with django_assert_num_queries(len(few)):
        office.cancel(many, is_all=True)
