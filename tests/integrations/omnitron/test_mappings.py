"""create_mapping: stored once, and the hold ends once."""

import pytest
from django.contrib.contenttypes.models import ContentType

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import IntegrationMapping, OrderItem
from inventory.errors import EntityNotFound
from inventory.models import Movement
from tests.builders import a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office() -> Office:
    """Two locations in one group; lists that release, and one that fulfils."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    return an_office(shop, lists={"main": "l1", "web": "all", "till": "l2"}, fulfils=("till",))


def kinds(office: Office) -> list[str]:
    moved = Movement.objects.filter(organization_id=office.shop.id).order_by("id")
    return [kind for kind in moved.values_list("kind", flat=True) if kind != "location_update"]


def test_a_mapping_releases_the_line_and_leaves_the_stock(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("main", 1))
    first, second = office.items(order)

    made = office.map(first, "ERP-1")

    assert made.is_new
    mapping = IntegrationMapping.objects.get()
    assert (mapping.pk, mapping.object_id, mapping.code) == (made.mapping.pk, first, "ERP-1")
    assert mapping.content_type == ContentType.objects.get(app_label="orders", model="orderitem")
    assert mapping.integration_type == made.mapping.integration_type == "external_company"
    assert OrderItem.objects.get(pk=first).mapping.get() == mapping
    assert office.held() == {(second, "l1"): 1}
    assert office.shop.on_hand("l1") == 5
    assert kinds(office)[-1] == "reservation_release"
    assert Movement.objects.latest("id").request_id == "ERP-1"
    office.shop.assert_clean()


def test_the_same_mapping_again_changes_nothing(office: Office) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]
    made = office.map(item, "ERP-1")
    before = office.state()

    again = office.later(60).map(item, "ERP-1")

    assert (again.mapping.pk, again.is_new) == (made.mapping.pk, False)
    assert office.state() == before


def test_another_code_for_a_mapped_item_is_refused(office: Office) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]
    office.map(item, "ERP-1", update_stock=False)
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.map(item, "ERP-2")

    assert list(refused.value.errors) == ["non_field_errors"]
    assert IntegrationMapping.objects.get().code == "ERP-1"
    assert office.state() == before


def test_the_code_of_another_item_is_refused(office: Office) -> None:
    first, second = office.items(office.order("1001", ("main", 2), ("main", 1)))
    office.map(first, "ERP-1")
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.map(second, "ERP-1")

    assert list(refused.value.errors) == ["code"]
    assert IntegrationMapping.objects.get().object_id == first
    assert office.state() == before


def test_a_code_is_unique_in_its_organization_only(office: Office) -> None:
    shop = a_shop(all=["l1"])
    shop.stock(l1=5)
    other = an_office(shop, lists={"main": "l1"})
    theirs = other.items(other.order("1001", ("main", 1)))[0]
    office.map(office.items(office.order("1001", ("main", 1)))[0], "ERP-1")

    assert other.map(theirs, "ERP-1").is_new
    with pytest.raises(EntityNotFound):
        office.map(theirs, "ERP-2")
    with pytest.raises(EntityNotFound):
        office.map(theirs + 100, "ERP-2")


def test_without_update_stock_the_hold_stays_until_it_is_asked_for(office: Office) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]

    kept = office.map(item, "ERP-1", update_stock=False)

    assert office.held() == {(item, "l1"): 2}
    released = office.map(item, "ERP-1")
    assert (released.mapping.pk, released.is_new) == (kept.mapping.pk, False)
    assert office.held() == {}
    office.shop.assert_clean()


def test_what_remains_is_released_wherever_it_is(office: Office) -> None:
    item = office.items(office.order("1001", ("web", 4)))[0]
    office.shop.transfer("all", "l1", 2)
    office.shop.transfer("all", "l2", 1)
    office.shop.release("l1", 1)
    assert office.held() == {(item, "all"): 1, (item, "l1"): 1, (item, "l2"): 1}

    office.map(item, "ERP-1")

    assert office.held() == {}
    assert [office.shop.reserved(place) for place in ("all", "l1", "l2")] == [0, 0, 0]
    office.shop.assert_clean()


def test_an_item_that_holds_nothing_any_more_is_mapped(office: Office) -> None:
    item = office.items(office.order("1001", ("main", 2)))[0]
    office.shop.fulfil("l1", 2)
    before = office.state()

    assert office.map(item, "ERP-1").is_new
    assert office.state() == before


def test_a_canceled_item_is_mapped_and_releases_nothing(office: Office) -> None:
    order = office.order("1001", ("main", 2))
    office.cancel(order, is_all=True)
    before = office.state()

    assert office.map(office.items(order)[0], "ERP-1").is_new
    assert office.state() == before


def test_a_list_that_fulfils_ships_what_is_held(office: Office) -> None:
    item = office.items(office.order("1001", ("till", 2)))[0]

    office.map(item, "ERP-1")
    office.map(item, "ERP-1")

    assert office.held() == {}
    assert (office.shop.on_hand("l2"), office.shop.reserved("l2")) == (3, 0)
    assert kinds(office) == ["location_reservation", "reservation_fulfill"]
    office.shop.assert_clean()


def test_a_count_younger_than_the_mapping_has_seen_the_shipment(office: Office) -> None:
    item = office.items(office.order("1001", ("till", 2)))[0]
    office.shop.put("l2", on_hand=3000, effective_at=office.later(60).shop.now)

    office.map(item, "ERP-1")

    assert (office.shop.on_hand("l2"), office.shop.reserved("l2")) == (3, 0)
    office.shop.assert_clean()


def test_what_a_group_still_promises_cannot_be_fulfilled(office: Office) -> None:
    item = office.items(office.order("1001", ("till", 2)))[0]
    office.shop.transfer("l2", "all", 1)
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.map(item, "ERP-1")

    assert list(refused.value.errors) == ["non_field_errors"]
    assert not IntegrationMapping.objects.exists()
    assert office.state() == before
    office.shop.transfer("all", "l1", 1)
    office.map(item, "ERP-1")
    assert (office.shop.on_hand("l1"), office.shop.on_hand("l2")) == (4, 4)
    office.shop.assert_clean()


def test_a_repeat_costs_two_statements(office: Office, django_assert_num_queries) -> None:
    ContentType.objects.get_for_model(OrderItem)  # known to a process after its first call
    item = office.items(office.order("1001", ("main", 2)))[0]
    with django_assert_num_queries(4 + 2):  # and BEGIN, COMMIT
        office.map(item, "ERP-1")
    with django_assert_num_queries(2 + 2):
        office.map(item, "ERP-1")
