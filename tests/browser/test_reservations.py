"""Find a reservation, read what became of it, handle it; a refusal says what to do instead."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk, Site
from tests.browser.shops import at_shop, open_shop

Sit = Callable[..., Desk]

SHOP = "desk-shop"
GROUPS = {"online": ["dc-1", "store-1"], "pick-up": ["store-1", "store-2"]}
OPERATOR = f"{SHOP}-operator"
LIST = "/admin/reservations/document/"
_RESERVE = """
shop.stock(**{"dc-1": 50, "store-1": 5, "store-2": 5})
shop.stock("blue-mug", **{"dc-1": 5})
shop.reserve("cart-cancel", "online", 3, external_ref="shop 4711")
shop.reserve("cart-move", "online", 9, external_ref="shop 4712")
shop.reserve("cart-time", "dc-1", 1, expires_in=3600)
shop.reserve("cart-final", "dc-1", 1, expires_in=3600)
shop.reserve("cart-old", "dc-1", 1, sku="blue-mug")
shop.cancel("cart-old")
"""


@pytest.fixture(scope="module", autouse=True)
def _shop(site: Site) -> None:
    open_shop(site, SHOP, groups=GROUPS)
    at_shop(site, SHOP, _RESERVE, groups=GROUPS)


def test_a_reservation_is_found_and_cancelled(desk: Sit) -> None:
    otto = desk(OPERATOR)
    page = otto.open(LIST)
    otto.assert_sound("reservations")
    page.goto(f"{LIST}?state=open&reference=shop+4711")
    expect(page.get_by_role("link", name="cart-", exact=False)).to_have_count(1)
    page.get_by_role("link", name="cart-cancel").click()
    otto.sees("What it holds")
    otto.assert_sound("reservation")
    page.get_by_role("link", name="Cancel the reservation").click()
    otto.sees("This cannot be undone.")
    otto.assert_sound("cancel-reservation")

    page.get_by_role("button", name="Cancel the reservation").click()

    otto.sees("The reservation is cancelled.")
    otto.sees("Nothing is left of it.")
    newest = page.locator("section[aria-labelledby=steps] tbody tr").first
    expect(newest).to_contain_text("reservation cancelled")
    expect(newest).to_contain_text(f"user:{OPERATOR}")


def test_filters_stand_in_the_address(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open(f"{LIST}?state=cancelled&sku=blue-mug")

    expect(page.get_by_role("link", name="cart-old")).to_be_visible()
    expect(page.get_by_role("link", name="cart-time")).to_have_count(0)
    page.goto(f"{LIST}?expiring=60")
    expect(page.get_by_role("link", name="cart-old")).to_have_count(0)
    page.goto(f"{LIST}?place=nowhere")
    expect(page.get_by_role("link", name="cart-", exact=False)).to_have_count(0)
    viewer.assert_sound("reservations-none")


def test_a_promise_is_moved_and_a_refusal_says_how_much_could_be(desk: Sit) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?q=cart-move")
    page.get_by_role("link", name="cart-move").click()
    page.get_by_role("link", name="Transfer red-mug online").click()
    expect(page.get_by_label("Quantity")).to_have_value("9")
    page.get_by_label("To:", exact=True).fill("store-1")
    page.get_by_role("button", name="Transfer").click()

    otto.sees("at most 5 now. Nothing was changed.")
    page.get_by_label("Quantity").fill("4.5")
    page.get_by_role("button", name="Transfer").click()

    otto.sees("4.5 of red-mug is moved from online to store-1.")
    held = page.locator("section[aria-labelledby=holdings] tbody tr")
    expect(held).to_have_count(2)
    page.get_by_role("link", name="Release red-mug store-1").click()
    otto.assert_sound("release")
    page.get_by_role("button", name="Release").click()
    otto.sees("4.5 of red-mug at store-1 is released.")
    expect(held).to_have_count(1)


def test_a_basket_gets_more_time_and_no_end(desk: Sit) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?q=cart-time")
    page.get_by_role("link", name="cart-time").click()
    page.get_by_role("link", name="More time").click()
    otto.assert_sound("extend")
    page.get_by_label("Minutes from now").fill("241")
    page.get_by_role("button", name="Give it more time").click()
    otto.sees("1 to 14,400 seconds")
    page.get_by_label("Minutes from now").fill("240")
    page.get_by_role("button", name="Give it more time").click()
    otto.sees("The reservation stands until")

    page.get_by_role("link", name="Make it final").click()
    page.get_by_role("button", name="Make it final").click()

    otto.sees("The reservation is final.")
    otto.sees("Done by hand")
    expect(page.get_by_role("link", name="More time")).to_have_count(0)


def test_a_refusal_is_told_in_words(desk: Sit, site: Site) -> None:
    otto = desk(OPERATOR)
    page = otto.open(f"{LIST}?q=cart-final")
    page.get_by_role("link", name="cart-final").click()
    page.get_by_role("link", name="Cancel the reservation").click()
    at_shop(site, SHOP, "shop.release('dc-1', 1, document='cart-final')", groups=GROUPS)

    page.get_by_role("button", name="Cancel the reservation").click()

    otto.sees("there is nothing to cancel")


def test_a_viewer_reads_only(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open(f"{LIST}?q=cart-move")
    page.get_by_role("link", name="cart-move").click()

    viewer.sees("What it holds")
    for name in ("Cancel the reservation", "Transfer", "Release"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
