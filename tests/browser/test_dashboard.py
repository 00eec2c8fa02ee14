"""Open the first page, follow a number to its list, and a refusal to its explanation."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inventory.domain.roles import Role
from tests.browser.desk import MILLISECONDS, Desk, Site
from tests.browser.shops import at_shop, open_shop

Sit = Callable[..., Desk]

SHOP, EMPTY = "dash-shop", "new-shop"
GROUPS = {"online": ["dc-1", "store-1"], "pick-up": ["store-1", "store-2"]}
_FILL = """
from datetime import timedelta
from integrations.omnitron.models import OrderItem
from inventory.models import Job, JobState
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import life
from tests.integrations.omnitron.office import an_office

shop.stock(**{"dc-1": 50, "store-1": 5, "store-2": 5})
for n in range(4):
    shop.stock(f"gone-{n}", **{"dc-1": 0})
shop.put("dc-1", sku="low-mug", on_hand=2000, safety_stock=3000)
shop.put("dc-1", sku="short-mug", on_hand=5000)
shop.reserve("promised", "online", 5, sku="short-mug")
shop.put("dc-1", sku="short-mug", on_hand=3000)
shop.reserve("order", "online", 3)
shop.reserve("basket", "dc-1", 1, expires_in=3000)
shop.reserve("regret", "dc-1", 1)
shop.cancel("regret")
for n in range(2):
    shop.reserve(f"big-{n}", "pick-up", 30, allow_partial=False, external_ref=f"cart {n}")
    life.create_export(life.NewJob(shop.id, GRAPH_EXPORT, {}, shop.origin), now=shop.now)
job = Job.objects.filter(organization=shop.organization).earliest("pk")
job.state, job.errors = JobState.FAILED, ["The disk is full."]
job.save()
office = an_office(shop, lists={"web": "online"})
office.order("4711", ("web", 2))
old = office.order("4713", ("web", 1), ("web", 1))
week = shop.now - timedelta(days=8)
OrderItem.objects.filter(order=old, organization=shop.organization).update(created_date=week)
"""
_WORK = """
from inventory.services.jobs.running import run_queued
run_queued(clock=timezone.now)
"""


@pytest.fixture(scope="module", autouse=True)
def _shops(site: Site) -> None:
    open_shop(site, SHOP, groups=GROUPS)
    at_shop(site, SHOP, _FILL, groups=GROUPS)
    open_shop(site, EMPTY, groups=GROUPS)


def follow(page: Page, number: str) -> None:
    page.get_by_role("navigation", name="What needs somebody").get_by_role(
        "link", name=number
    ).click()


def test_numbers_lead_to_their_lists(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open("/admin/")
    viewer.sees("Reservations of the last 48 hours")
    viewer.assert_sound("dashboard")

    follow(page, "Out of stock 6")
    expect(page).to_have_url("/admin/inventory/item/?state=out", timeout=MILLISECONDS)
    expect(page.get_by_role("link", name="gone-")).to_have_count(4, timeout=MILLISECONDS)
    viewer.sees("6 items")

    page.go_back()
    follow(page, "Below safety stock 1")
    viewer.sees("low-mug")
    viewer.assert_sound("stock-records")

    page.go_back()
    follow(page, "Expiring soon 1")
    viewer.sees("basket")

    page.goto("/admin/")
    page.get_by_role("link", name="cancelled 1", exact=True).click()
    viewer.sees("regret")

    page.goto("/admin/")
    page.get_by_role("link", name="7 days and more 2", exact=True).click()
    viewer.sees("4713")
    expect(page.get_by_role("link", name="4711")).to_have_count(0, timeout=MILLISECONDS)


def test_a_column_of_the_plot_leads_to_its_hour(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open("/admin/")
    filled = page.locator(
        "section[aria-labelledby=by-hour] a", has=page.locator("rect:not(.hf-column)")
    )

    address = filled.last.get_attribute("href")

    assert address is not None
    viewer.open(address)
    viewer.sees(page.get_by_role("link", name="order", exact=True))


def test_a_refusal_shows_its_reason_and_is_explained(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open("/admin/")
    row = page.locator("section[aria-labelledby=refused] tbody tr")
    expect(row).to_have_count(1, timeout=MILLISECONDS)
    expect(row).to_contain_text("cart 1", timeout=MILLISECONDS)

    follow(page, "Refused 2")
    viewer.sees("2 refusals in 1 row.")
    hour = page.locator("#result_list .field-when")
    expect(hour).to_have_attribute("data-label", "hour")
    expect(hour.get_by_role("link")).to_have_count(0)
    viewer.assert_sound("refusals")
    page.get_by_role("link", name="Explain", exact=True).last.click()

    viewer.sees("30 cannot be promised in pick-up")
    page.goto("/admin/reservations/refusaltally/?place=nowhere")
    viewer.sees("Nothing was refused here.")
    viewer.assert_sound("refusals-none")


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_its_organization_only(desk: Sit, role: Role) -> None:
    member = desk(f"{EMPTY}-{role.value}")
    page = member.open("/admin/")

    member.sees("There is no item yet.")
    in_the_page = page.locator("#content").get_by_role("link", name="Import counts")
    expect(in_the_page).to_have_count(0 if role is Role.VIEWER else 1, timeout=MILLISECONDS)
    expect(page.get_by_text("cart 1")).to_have_count(0)
    if role is Role.VIEWER:
        member.assert_sound("dashboard-empty")


def test_a_job_is_watched_until_it_ends(site: Site, desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open("/admin/")
    jobs = page.locator("#jobs-panel tbody tr")
    expect(jobs).to_have_count(2, timeout=MILLISECONDS)
    expect(jobs.filter(has_text="The disk is full.")).to_have_count(1, timeout=MILLISECONDS)

    at_shop(site, SHOP, _WORK, groups=GROUPS)

    expect(jobs).to_have_count(1, timeout=MILLISECONDS)
    tiles = page.get_by_role("navigation", name="What needs somebody")
    expect(tiles.get_by_role("link", name="Jobs at work 0")).to_be_visible(timeout=MILLISECONDS)
    follow(page, "Jobs failed 1")
    viewer.sees("1 job")
