"""A merchandiser's day: find an item, correct it, see it in the history; ask why."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import ARTIFACTS, Desk

Sit = Callable[..., Desk]


def test_an_item_is_found_corrected_and_seen_in_its_history(desk: Sit) -> None:
    mia = desk("merchandiser")
    page = mia.open("/admin/inventory/item/")
    page.keyboard.press("/")
    page.keyboard.type("BELT-001")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="BELT-001").click()
    mia.sees("Where promises would be served")
    page.get_by_role("link", name="Correct store-berlin").click()

    page.get_by_label("Quantity").fill("17.5")
    page.get_by_label("Reason").select_option("Stocktake")
    page.get_by_label("Note").fill("shelf 4")
    page.get_by_role("button", name="Correct").click()

    mia.sees("BELT-001 at store-berlin is corrected.")
    newest = page.locator("section[aria-labelledby=history] tbody tr").first
    expect(newest).to_contain_text("17.5")
    expect(newest).to_contain_text("Stocktake: shelf 4")
    expect(newest).to_contain_text("user:merchandiser")
    mia.assert_sound("item")


def test_a_figure_that_somebody_else_changed_is_not_overwritten(desk: Sit) -> None:
    mia, otto = desk("merchandiser"), desk("operator")
    address = "/admin/stock/correct/?sku=BELT-002&location=dc-north"
    for each in (mia, otto):
        each.open(address)
        each.page.get_by_label("Add or take").check()
        each.page.get_by_label("Quantity").fill("-1")
    otto.page.get_by_role("button", name="Correct").click()
    otto.sees("is corrected")

    mia.page.get_by_role("button", name="Correct").click()

    mia.sees("Nothing was changed.")
    mia.assert_sound("correct-stock")
    mia.page.get_by_label("Add or take").check()
    mia.page.get_by_label("Quantity").fill("-1")
    mia.page.get_by_role("button", name="Correct").click()
    mia.sees("is corrected")


def test_a_selection_is_adjusted(desk: Sit) -> None:
    mia = desk("merchandiser")
    page = mia.open("/admin/inventory/item/?location=dc-south&q=BELT-01")
    for sku in ("BELT-010", "BELT-011"):
        page.get_by_role("row").filter(has_text=sku).get_by_label("Select record").check()
    page.get_by_label("Select action").select_option("adjust")
    page.get_by_role("button", name="Run").click()

    page.get_by_label("New count of BELT-011").fill("33")
    mia.assert_sound("adjust-selection")
    page.get_by_label("New count of BELT-011").fill("33")
    page.get_by_role("button", name="Correct").click()

    mia.sees("1 figure is corrected.")
    page.goto("/admin/inventory/item/?location=dc-south&q=BELT-011")
    expect(page.locator("td.field-on_hands")).to_have_text("33")


def test_a_sheet_with_bad_rows_is_previewed_and_confirmed(desk: Sit, tmp_path: Path) -> None:
    mia = desk("merchandiser")
    sheet = tmp_path / "counts.csv"
    sheet.write_text("sku,location,on_hand\nBELT-020,dc-north,88\nBELT-020,moon,1\n,dc-north,1\n")
    page = mia.open("/admin/stock/import/")
    mia.assert_sound("import-sheet")
    page.get_by_label("CSV or XLSX file").set_input_files(sheet)
    page.get_by_role("button", name="Preview").click()

    mia.sees("1 figure would change.")
    mia.sees("location: there is no location moon")
    page.screenshot(path=ARTIFACTS / "import-preview-light.png")
    page.get_by_role("button", name="Confirm").click()

    mia.sees("1 figure is corrected.")


def test_lists_are_sound_and_lead_on_when_they_are_empty(desk: Sit) -> None:
    viewer = desk("viewer")
    page = viewer.open("/admin/inventory/item/")
    viewer.assert_sound("stock")
    viewer.open("/admin/inventory/item/?q=nothing-begins-so")
    viewer.sees("Nothing matches")

    page.get_by_role("link", name="Reset filters").click()

    viewer.sees("BAG-001")


def test_an_explanation_is_a_sentence_and_a_picture(desk: Sit) -> None:
    viewer = desk("viewer")
    page = viewer.open("/admin/explain/")
    page.get_by_label("SKU").fill("SHIRT-001")
    page.get_by_label("Location or group").fill("click-and-collect")
    page.get_by_label("Quantity").fill("300")
    page.get_by_role("button", name="Explain").click()

    viewer.sees("300 cannot be promised in")
    expect(page.locator("section[aria-labelledby=picture] svg")).to_be_visible()
    viewer.assert_sound("explain")


def test_the_api_documentation_keeps_its_strict_policy(desk: Sit) -> None:
    staff = desk()
    page = staff.open("/api/docs/")

    page.locator(".opblock-summary").first.click()
    staff.sees(page.get_by_role("button", name="Try it out").first)

    assert page.evaluate("window.violations") == []
