"""What waits for the ERP is found, mapped or released by hand; a refusal says why."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk, Site
from tests.browser.shops import at_shop, open_shop

Sit = Callable[..., Desk]

SHOP = "erp-shop"
GROUPS = {"online": ["dc-1", "store-1"]}
OPERATOR = f"{SHOP}-operator"
LIST = "/admin/orders/orderitem/"
_ORDERS = """
from datetime import timedelta
from integrations.omnitron.models import OrderItem
from tests.integrations.omnitron.office import an_office

shop.stock(**{"dc-1": 50, "store-1": 5})
shop.stock("blue-mug", **{"dc-1": 1200})
office = an_office(shop, lists={"web": "online", "store": "store-1"})
office.order("4713", ("web", 2))
office.order("4711", ("web", 3))
office.order("4712", ("store", 1))
office.create("4714", office.line("web", 1100, sku="blue-mug"))
office.map(office.items(office.order("4715", ("web", 1)))[0], "ERP-4715")
old = OrderItem.objects.filter(order__number="4713", organization=shop.organization)
old.update(created_date=shop.now - timedelta(days=8))
"""
_RIVAL = """
from integrations.omnitron.models import OrderItem
from integrations.omnitron.services.by_hand import map_by_hand
item = OrderItem.objects.get(order__number="{number}", organization=shop.organization)
map_by_hand(organization_id=shop.id, order_item_id=item.pk, code="{code}", reason="the rival",
    origin=shop.origin, now=shop.now)
"""


@pytest.fixture(scope="module", autouse=True)
def _shop(site: Site) -> None:
    open_shop(site, SHOP, groups=GROUPS)
    at_shop(site, SHOP, _ORDERS, groups=GROUPS)


def open_first(desk: Desk) -> None:
    """Open the page of the first order item of the list."""
    desk.page.locator("#result_list tbody tr a").first.click()
    desk.sees("What it holds")


def test_the_oldest_wait_first_and_ages_lead_to_them(desk: Sit) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?hold=waiting")
    otto.assert_sound("order-items-waiting")
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("4713")
    expect(page.get_by_text("1,100").first).to_be_visible()

    page.get_by_role("link", name="7 days and more").click()

    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("4713")
    page.goto(f"{LIST}?hold=waiting&channel=web&stock_list=store-1&sku=red-mug&age=hour")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("4712")
    page.goto(f"{LIST}?hold=waiting&sku=green-mug")
    expect(rows).to_have_count(0)
    otto.assert_sound("order-items-none")


def test_a_hold_is_mapped_by_hand(desk: Sit, site: Site) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?hold=waiting&q=4711")
    open_first(otto)
    otto.assert_sound("order-item")
    page.get_by_role("link", name="Map by hand").click()
    otto.sees("as if the ERP had mapped it")
    otto.assert_sound("map-by-hand")
    page.get_by_label("Id of the ERP's line").fill("ERP-4715")
    page.get_by_role("button", name="Map it").click()
    otto.sees("This field is required.")
    page.get_by_label("Reason").fill("The ERP was down")
    page.get_by_role("button", name="Map it").click()
    otto.sees("Another order item has this ERP id already. Nothing was changed.")
    page.get_by_label("Id of the ERP's line").fill("ERP-4711")

    page.get_by_role("button", name="Map it").click()

    otto.sees("The order item is mapped to ERP-4711.")
    otto.sees("It holds nothing.")
    newest = page.locator("section[aria-labelledby=steps] tbody tr").first
    expect(newest).to_contain_text("released")
    expect(newest).to_contain_text("-3")
    expect(newest).to_contain_text("The ERP was down")
    expect(newest).to_contain_text(f"user:{OPERATOR}")
    expect(page.locator("section[aria-labelledby=notes]")).to_contain_text("The ERP was down")
    expect(page.get_by_role("link", name="Map by hand")).to_have_count(0)
    page.goto(f"{LIST}?hold=waiting&q=4711")
    expect(page.locator("#result_list tbody tr")).to_have_count(0)


def test_somebody_was_faster(desk: Sit, site: Site) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?hold=waiting&q=4712")
    open_first(otto)
    page.get_by_role("link", name="Map by hand").click()
    page.get_by_label("Id of the ERP's line").fill("ERP-1")
    page.get_by_label("Reason").fill("The ERP was down")
    at_shop(site, SHOP, _RIVAL.format(number="4712", code="ERP-2"), groups=GROUPS)

    page.get_by_role("button", name="Map it").click()
    otto.sees("This order item has another ERP id by now. Nothing was changed.")
    page.get_by_role("button", name="Map it").click()
    otto.sees("This order item has another ERP id by now. Nothing was changed.")

    page.get_by_role("link", name="Back to the order item").click()
    otto.sees("the rival")
    expect(page.get_by_role("link", name="Release by hand")).to_have_count(0)


def test_a_hold_is_released_by_hand_once(desk: Sit) -> None:
    otto, second = desk(OPERATOR), desk(OPERATOR)
    for each in (otto, second):
        each.open(f"{LIST}?hold=waiting&q=4713")
        open_first(each)
        each.page.get_by_role("link", name="Release by hand").click()
        each.sees("can be sold again")
    otto.assert_sound("release-by-hand")
    for each in (otto, second):
        each.page.get_by_label("Reason").fill("Sold at the till")

    otto.page.get_by_role("button", name="Release it").click()
    otto.sees("2 is released.")
    otto.sees("It holds nothing.")
    second.page.get_by_role("button", name="Release it").click()
    second.sees("This order item holds nothing any more. Nothing was changed.")
    second.page.get_by_role("button", name="Release it").click()
    second.sees("This order item holds nothing any more. Nothing was changed.")

    steps = otto.page.locator("section[aria-labelledby=steps] tbody tr")
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("Sold at the till")
    expect(otto.page.get_by_role("link", name="Map by hand")).to_have_count(1)


def test_a_viewer_reads_only(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open(f"{LIST}?hold=waiting&q=4714")
    open_first(viewer)

    for name in ("Map by hand", "Release by hand"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_channels_and_stock_lists_tell_their_places(desk: Sit) -> None:
    administrator = desk(f"{SHOP}-administrator")
    page = administrator.open("/admin/orders/stocklist/")
    administrator.assert_sound("stock-lists")
    expect(page.locator("#result_list")).to_contain_text("online")
    administrator.open("/admin/orders/channel/")
    administrator.assert_sound("channels")
    administrator.open("/admin/orders/order/")
    administrator.assert_sound("orders")
    page.get_by_role("link", name="4714").click()
    administrator.assert_sound("order")
    page.goto("/admin/orders/integrationmapping/")
    administrator.assert_sound("mappings")
