"""Creating orders: every line is held or none."""

import pytest

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import Order, OrderItem, ProductStock
from inventory.errors import EntityNotFound
from inventory.models import Item
from reservations.models import Claim, Document, Source
from tests.builders import SKU, a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office() -> Office:
    """Two locations in one group; a list of a location and a list of the group."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    return an_office(shop, lists={"main": "l1", "web": "all"})


def test_an_order_holds_each_of_its_lines_by_itself(office: Office) -> None:
    order = office.order("1001", ("web", 4), ("main", 2), ("main", 1))

    first, second, third = office.items(order)
    assert office.held() == {(first, "all"): 4, (second, "l1"): 2, (third, "l1"): 1}
    assert office.shop.reserved("l1") == 3
    assert office.shop.reserved("all") == 4
    document = Document.objects.get()
    assert (document.source, document.identifier) == (Source.OMNITRON, str(order))
    assert document.external_ref == ""
    assert document.expires_at is None
    office.shop.assert_clean()


def test_an_order_is_stored_as_it_was_sent(office: Office) -> None:
    line = office.line("main", 1.5, attributes={"size": "L"}, details={"retail_price": "10.00"})
    order = office.create("1001", line, currency="try", details={"notes": "quick"}).id

    stored = Order.objects.get(pk=order)
    assert (stored.number, stored.status, stored.is_send) == ("1001", 400, False)
    assert stored.details == {"notes": "quick"}
    item = OrderItem.objects.get()
    assert (item.quantity, item.attributes, item.details) == (
        1500,
        {"size": "L"},
        {"retail_price": "10.00"},
    )
    assert item.created_date == item.modified_date == stored.modified_date == office.shop.now
    assert item.organization_id == stored.organization_id == office.shop.id


def test_nothing_is_held_when_one_line_is_short(office: Office) -> None:
    office.shop.stock("cup", l1=1)
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.create(
            "1001",
            office.line("main", 2),
            office.line("main", 2, sku="cup"),
            office.line("web", 9),
            office.line("main", 1, sku="unheard-of"),
        )

    assert refused.value.errors == {
        "non_field_errors": [
            "cup: 2 asked for, 1 available to order.",
            "unheard-of: 1 asked for, 0 available to order.",
            f"{SKU}: 9 asked for, 8 available to order.",
        ]
    }
    assert office.state() == before
    assert not Item.objects.filter(sku="unheard-of").exists()


def test_lines_of_one_sku_are_short_together(office: Office) -> None:
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.order("1001", ("main", 3), ("main", 2.5))

    assert refused.value.errors == {
        "non_field_errors": [f"{SKU}: 5.5 asked for, 5 available to order."]
    }
    assert office.state() == before


def test_the_same_order_again_holds_nothing_new(office: Office) -> None:
    first = office.create("1001", office.line("main", 2, attributes={"a": 1, "b": 2}))
    before = office.state()

    again = office.later(60).create("1001", office.line("main", 2, attributes={"b": 2, "a": 1}))

    assert (again.id, again.is_new) == (first.id, False)
    assert office.state() == before


def test_other_lines_under_the_same_number_are_refused(office: Office) -> None:
    office.order("1001", ("main", 2))
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.order("1001", ("main", 3))

    assert list(refused.value.errors) == ["number"]
    assert office.state() == before


def test_a_line_without_a_list_is_held_at_the_channels_own(office: Office) -> None:
    order = office.order("1001", ("", 2))

    assert office.held() == {(office.items(order)[0], "l1"): 2}


def test_an_item_created_canceled_holds_nothing_and_may_be_new(office: Office) -> None:
    order = office.create(
        "1001", office.line("main", 2), office.line("main", 2, sku="new", status=100)
    ).id

    assert Order.objects.get().status == 400
    first, second = OrderItem.objects.order_by("pk")
    assert (first.line_id is None, second.line_id is None) == (False, True)
    assert second.product.sku == "new"
    assert office.held() == {(office.items(order)[0], "l1"): 2}
    assert ProductStock.objects.count() == 2


@pytest.mark.parametrize(("of_order", "of_items"), [(100, 400), (400, 100)])
def test_an_order_of_canceled_items_is_canceled_and_holds_nothing(
    office: Office, of_order: int, of_items: int
) -> None:
    office.create("1001", office.line("main", 99, status=of_items), status=of_order)

    assert Order.objects.get().status == 100
    assert OrderItem.objects.get().status == 100
    assert not Claim.objects.exists()
    assert not Document.objects.exists()


def test_what_belongs_to_another_organization_is_unknown(office: Office) -> None:
    other = a_shop(all=["l1"])
    other.stock("theirs", l1=5)
    theirs = an_office(other, lists={"theirs": "l1"})
    before = office.state()
    office.lists["theirs"] = theirs.lists["theirs"]
    line = office.line("theirs", 1, sku="")

    with pytest.raises(InvalidFields) as refused:
        office.create(
            "1001",
            office.line("main", 1),
            type(line)(
                product=other.item("theirs").pk,
                stock_list=theirs.lists["theirs"].pk,
                price_currency="try",
                price=line.price,
                tax_rate=line.tax_rate,
            ),
        )

    wrong = refused.value.errors["order_item"]
    assert sorted(wrong) == [1]
    assert sorted(wrong[1]) == ["product", "stock_list"]
    office.channel = theirs.channel
    with pytest.raises(EntityNotFound):
        office.order("1001", ("main", 1))
    assert office.state() == before


def test_an_order_without_lines_is_refused(office: Office) -> None:
    with pytest.raises(InvalidFields) as refused:
        office.create("1001")

    assert refused.value.errors == {"order_item": ["This list may not be empty."]}
    assert not Order.objects.exists()


def test_a_list_whose_place_is_gone_takes_no_orders(office: Office) -> None:
    office.shop.regroup(some=["l1", "l2"])
    before = office.state()

    with pytest.raises(InvalidFields, match="gone"):
        office.order("1001", ("web", 1))

    assert office.state() == before


def test_due_baskets_make_room_for_an_order(office: Office) -> None:
    office.shop.reserve("basket", "l1", 5, expires_in=60)

    order = office.later(61).order("1001", ("main", 5))

    assert office.held() == {(office.items(order)[0], "l1"): 5}
    office.shop.assert_clean()


def test_is_send_never_touches_stock(office: Office) -> None:
    order = office.order("1001", ("main", 2))
    held = office.held()

    office.later(5).send(order)

    assert Order.objects.get().is_send
    assert Order.objects.get().modified_date == office.later(5).shop.now
    assert office.held() == held
    with pytest.raises(EntityNotFound):
        office.send(order + 1)


def test_an_order_costs_as_many_statements_whatever_its_lines(
    office: Office, django_assert_num_queries
) -> None:
    office.shop.stock(l1=500)
    office.order("0", ("main", 1))
    with django_assert_num_queries(10, exact=False) as short:
        office.order("1", ("main", 1))
    with django_assert_num_queries(len(short), exact=True):
        office.order("2", *(("main", 1) for _ in range(50)))


@pytest.mark.parametrize("take", ["release", "fulfil"])
def test_an_unnamed_operation_takes_a_hold_last(office: Office, take: str) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]
    office.shop.reserve("final", "l1", 1)
    office.shop.reserve("basket", "l1", 1, expires_in=600)
    assert office.shop.reserved("l1") == 4

    for held in ({"basket": 1}, {}):
        getattr(office.shop, take)("l1", 1, external_ref="1001")
        assert office.held() == {(item, "l1"): 2}
        others = {doc: units for (doc, _), units in office.shop.held().items() if doc in held}
        assert others == held

    getattr(office.shop, take)("l1", 1)
    assert office.held() == {(item, "l1"): 1}
    office.shop.assert_clean()


def test_a_hold_cannot_be_reached_as_a_document(office: Office) -> None:
    order = office.order("1001", ("main", 2))

    with pytest.raises(EntityNotFound):
        office.shop.cancel(str(order))
    with pytest.raises(EntityNotFound):
        office.shop.add(str(order), [office.shop.wanted("l1", 1)])
    assert office.shop.reserve(str(order), "l1", 1).success  # a document of its own

    assert sum(office.held().values()) == 2
    assert office.shop.reserved("l1") == 3
    office.shop.assert_clean()
