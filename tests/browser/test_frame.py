"""Signing in, finding one's way, working in one organization."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

Sit = Callable[..., Desk]


def test_a_stranger_is_asked_to_sign_in(desk: Sit) -> None:
    viewer = desk("viewer")
    viewer.page.context.clear_cookies()

    viewer.open("/admin/inventory/item/")

    viewer.sees(viewer.page.get_by_label("Password"))
    viewer.assert_sound("login")


def test_staff_sees_the_whole_navigation_and_a_viewer_their_part(desk: Sit) -> None:
    staff, viewer = desk(), desk("viewer")

    staff.open("/admin/inventory/item/")
    viewer.open("/admin/inventory/item/")

    expect(staff.page.get_by_role("link", name="Organizations")).to_be_visible()
    expect(viewer.page.get_by_role("link", name="Ledger")).to_be_visible()
    for name in ("Organizations", "Members", "API clients"):
        expect(viewer.page.get_by_role("link", name=name)).to_have_count(0)


def test_times_are_shown_in_the_users_zone(desk: Sit) -> None:
    operator = desk("operator")
    operator.open("/admin/profile/")
    operator.page.get_by_label("Time zone").select_option("Pacific/Kiritimati")
    operator.page.get_by_role("button", name="Save").click()

    operator.sees("Your profile is saved.")

    expect(operator.page.get_by_label("Time zone")).to_have_value("Pacific/Kiritimati")
    operator.assert_sound("profile")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("organizations", "/admin/organization/"),
        ("members", "/admin/inventory/membership/"),
        ("api-clients", "/admin/integrations/apiclient/"),
        ("add-api-client", "/admin/integrations/apiclient/add/"),
    ],
)
def test_pages_of_access_are_sound(desk: Sit, name: str, path: str) -> None:
    staff = desk()

    staff.open(path)

    staff.assert_sound(name)
