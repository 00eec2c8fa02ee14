"""Pushes, live figures and late holds."""

from datetime import timedelta

import pytest
from django.db.models import F

from integrations.omnitron.errors import InvalidFields
from integrations.omnitron.models import ProductStock
from integrations.omnitron.selectors.holds import late_holds
from integrations.omnitron.selectors.stock import product_stocks
from inventory.models import Item
from tests.builders import SKU, a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office() -> Office:
    """Two locations in one group; a list of a location and a list of the group."""
    shop = a_shop(all=["l1", "l2"], some=["l2"])
    shop.stock(l1=5, l2=7)
    return an_office(shop, lists={"main": "l1", "web": "all"})


def test_a_push_sets_what_is_on_hand_and_nothing_else(office: Office) -> None:
    office.shop.put("l1", on_hand=5000, safety_stock=1000, futures=(("2027-01-01", 2000),))
    office.shop.reserve("basket", "l1", 1)

    (made,) = office.push(office.a_push("main", 9, unit_type="kg", extra_field={"a": 1}))
    (same,) = office.push(office.a_push("main", 8))
    (same_again,) = office.push(office.a_push("main", 9))

    assert (made.is_new, same.is_new, same_again.is_new) == (True, False, False)
    assert made.id == same.id == ProductStock.objects.get().pk
    stored = ProductStock.objects.get()
    assert (stored.unit_type, stored.extra_field) == ("kg", {"a": 1})
    record = office.shop.record("l1")
    assert (record.on_hand, record.safety_stock, record.reserved) == (9000, 1000, 1000)
    assert record.futures_quantity == 2000
    office.shop.assert_clean()


def test_a_pushed_sku_comes_to_life(office: Office) -> None:
    with_stock, without = office.push(
        office.a_push("main", 3, sku="new"), office.a_push("web", None, sku="newer")
    )

    assert with_stock.is_new
    assert without.is_new
    assert Item.objects.filter(sku__in=["new", "newer"]).count() == 2
    assert office.figures("main", sku="new") == (3, 0)
    assert office.figures("web", sku="newer") == (0, 0)
    office.shop.assert_clean()


def test_wrong_pushes_change_nothing(office: Office) -> None:
    other = an_office(a_shop(all=["l1"]), lists={"theirs": "l1"})
    office.lists["theirs"] = other.lists["theirs"]
    before = office.state()

    with pytest.raises(InvalidFields) as refused:
        office.push(
            office.a_push("main", 3),
            office.a_push("web", 3),
            office.a_push("theirs", 3),
            office.a_push("main", 4),
            type(office.a_push("main", 1))(product=10**9, stock_list=office.lists["main"].pk),
        )

    errors = refused.value.errors["pushes"]
    assert [sorted(wrong) for wrong in errors] == [
        [],
        ["stock"],
        ["stock_list"],
        ["non_field_errors"],
        ["product"],
    ]
    assert office.state() == before
    assert not ProductStock.objects.exists()


def test_figures_are_live(office: Office) -> None:
    office.order("1001", ("main", 2), ("web", 3))
    office.shop.reserve("basket", "l1", 1)
    assert office.figures("main") == (5, 2)
    assert office.figures("web") == (12, 3)

    office.shop.transfer("all", "l1", 2)  # takes from the one claim there is: the web item's

    assert office.figures("main") == (5, 2)
    assert office.figures("web") == (12, 3)
    office.shop.fulfil("l1", 1)  # the basket's
    assert office.figures("main") == (4, 2)
    assert office.figures("web") == (11, 3)


@pytest.mark.parametrize("counts", [{"l3": 1}, {}], ids=["written", "not written"])
def test_a_groups_stock_follows_the_graph(office: Office, counts: dict[str, int]) -> None:
    office.push(office.a_push("web", None))
    office.shop.regroup(all=["l2", "l3"], more_locations=["l1"])
    office.shop.stock(**counts)
    assert office.figures("web") == (7 + sum(counts.values()), 0)


@pytest.mark.parametrize("version", [{}, {"graph_version": 0}], ids=["pools", "records"])
def test_a_groups_stock_leaves_out_what_it_does_not_count(
    office: Office, version: dict[str, int]
) -> None:
    office.push(office.a_push("web", None))
    office.shop.put("l1", on_hand=5000, excluded_groups=("all",))
    Item.objects.update(sequence=F("sequence"), **version)

    assert office.figures("web") == (7, 0)
    office.shop.segment("all", SKU)
    Item.objects.update(sequence=F("sequence"), **version)
    assert office.figures("web") == (0, 0)


def test_figures_can_be_filtered_and_sorted_by(office: Office) -> None:
    office.order("1001", ("main", 2), ("web", 3))
    rows = product_stocks(office.shop.id)

    assert [row.stock_list.name for row in rows.order_by("-stock")] == ["web", "main"]
    assert rows.get(sold_quantity_unreported=2000).stock_list.name == "main"
    assert rows.filter(stock=5000).count() == 1


def test_a_page_of_figures_is_one_query(office: Office, django_assert_num_queries) -> None:
    office.order("1001", ("main", 2), ("web", 3))
    with django_assert_num_queries(1):
        assert len(product_stocks(office.shop.id)[:10]) == 2


def test_holds_without_a_mapping_are_late(office: Office) -> None:
    order = office.order("1001", ("main", 2), ("main", 1), ("web", 3), ("web", 1))
    mapped, kept, canceled, held = office.items(order)
    office.map(mapped, "ERP-1")
    office.map(kept, "ERP-2", update_stock=False)
    office.change({canceled: {"status": 100}})
    now = office.shop.now

    late = late_holds(office.shop.id, placed_before=now + timedelta(seconds=1))

    assert [(item.pk, item.held, item.product.sku) for item in late] == [(held, 1000, SKU)]
    assert not late_holds(office.shop.id, placed_before=now)
    assert not late_holds(a_shop(all=["l1"]).id, placed_before=now + timedelta(days=1))
