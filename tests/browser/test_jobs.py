"""Bring a file in and watch it; read what was refused; stop, resume; take exports along."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import ARTIFACTS, MILLISECONDS, Desk, Site
from tests.browser.shops import at_shop, open_shop
from tests.browser.workers import working

Sit = Callable[..., Desk]

SHOP, OTHER = "jobs-shop", "other-jobs-shop"
GROUPS = {"online": ["dc-1", "dc-2"], "pick-up": ["dc-2"]}
MIA = f"{SHOP}-merchandiser"
SKUS = [f"sock-{number:04d}" for number in range(2_000)]
AMID = SKUS[1_000]


@pytest.fixture(scope="module", autouse=True)
def _shops(site: Site) -> None:
    open_shop(site, SHOP, groups=GROUPS)
    open_shop(site, OTHER, groups={"online": ["dc-1"]})
    at_shop(site, SHOP, f"shop.stock({AMID!r}, **{{'dc-1': 1}})", groups=GROUPS)


def a_file(folder: Path, records: list[dict[str, Any]]) -> Path:
    file = folder / "stock.json"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def a_record(number: int, sku: str, **fields: Any) -> dict[str, Any]:
    return {"recordId": f"r-{number}", "sku": sku, "locationId": "dc-1", "onHand": 7, **fields}


def upload(page: Page, file: Path) -> None:
    page.goto("/admin/jobs/")
    page.get_by_role("link", name="Import stock").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()


def figure(page: Page, name: str) -> Locator:
    return page.locator(f".hf-facts [data-job-text={name}]")


def expect_status(page: Page, told: str) -> None:
    expect(page.get_by_role("status").filter(has_text=told)).to_be_visible(timeout=MILLISECONDS)


def test_a_file_with_bad_lines_is_watched_to_its_end(desk: Sit, site: Site, tmp_path: Path) -> None:
    mia = desk(MIA)
    page = mia.open("/admin/inventory/job/")
    page.get_by_role("link", name="Import and export").first.click()
    mia.assert_sound("start-jobs")
    page.get_by_role("link", name="Import stock").click()
    mia.sees("At most 2,048 MB.")
    mia.assert_sound("import-stock")
    bad = [a_record(2, "hat", onHand=-1), a_record(3, "hat", locationId="moon")]
    upload(page, a_file(tmp_path, [a_record(1, "hat"), *bad]))
    expect_status(page, "It is queued: a worker will take it.")
    mia.assert_sound("job-queued")

    page.evaluate("window.isTheSamePage = true")
    with working(site):
        expect_status(page, "It is completed, but for 2 records that were refused.")
        rows = page.locator("section[aria-labelledby=problems] tbody tr")
        expect(rows).to_have_count(2, timeout=MILLISECONDS)

    assert page.evaluate("window.isTheSamePage")
    expect(figure(page, "state")).to_have_text("completed")
    expect(figure(page, "processed")).to_have_text("1")
    expect(rows.nth(0).locator("td")).to_have_text(
        ["2", "r-2", "dc-1", "hat", "onHand", "must not be below 0: -1"]
    )
    expect(rows.nth(1)).to_contain_text("moon")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the result").click()
    told = Path(download.value.path()).read_text().splitlines()
    assert json.loads(told[0]) == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    assert [json.loads(line)["recordId"] for line in told[1:]] == ["r-2", "r-3"]
    mia.assert_sound("job")


def test_the_list_is_live_too(desk: Sit, site: Site, tmp_path: Path) -> None:
    mia = desk(MIA)
    page = mia.open("/admin/jobs/")
    upload(page, a_file(tmp_path, [a_record(11, "belt")]))
    expect_status(page, "It is queued")
    page.goto("/admin/inventory/job/?kind=availability-import")
    state = page.locator("#result_list td.field-state_shown").first
    expect(state).to_have_text("queued")

    page.evaluate("window.isTheSamePage = true")
    with working(site):
        expect(state).to_have_text("completed", timeout=MILLISECONDS)

    assert page.evaluate("window.isTheSamePage")
    expect(page.locator("#result_list td.field-processed").first).to_have_text("1")
    mia.assert_sound("jobs")


@contextmanager
def held(site: Site, sku: str) -> Iterator[None]:
    """Hold an item's lock: an import waits there."""
    with psycopg.connect(site.variables["DATABASE_URL"]) as connection:
        connection.execute("SELECT FROM inventory_item WHERE sku = %s FOR NO KEY UPDATE", [sku])
        yield


def test_a_job_is_stopped_and_resumed(desk: Sit, site: Site, tmp_path: Path) -> None:
    mia = desk(MIA)
    page = mia.open("/admin/jobs/")
    upload(page, a_file(tmp_path, [a_record(100 + n, sku) for n, sku in enumerate(SKUS)]))
    expect_status(page, "It is queued")

    with working(site):
        with held(site, AMID):
            expect(figure(page, "read")).not_to_have_text("0", timeout=MILLISECONDS)
            expect_status(page, "It is running")
            ARTIFACTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=ARTIFACTS / "job-running.png")
            page.get_by_role("button", name="Stop").click()
            mia.sees("The job stops after the part it is at.")
        expect_status(page, "It was stopped. What was applied stays; it can be resumed.")
        read = int(figure(page, "read").inner_text().replace(",", ""))
        assert 0 < read < len(SKUS)
        expect(figure(page, "processed")).to_have_text(f"{read:,}")
        mia.assert_sound("job-stopped")

        page.get_by_role("button", name="Resume").click()
        expect_status(page, "It is completed.")

    expect(figure(page, "read")).to_have_text("2,000")
    expect(figure(page, "processed")).to_have_text("2,000")
    mia.sees("The job is queued again.")


def test_an_export_is_started_and_taken_along(desk: Sit, site: Site) -> None:
    mia = desk(MIA)
    page = mia.open("/admin/jobs/")
    page.get_by_role("link", name="Export availability").click()
    mia.assert_sound("export-availability")
    page.get_by_label("Figures of").select_option("groups")
    page.get_by_label("Which, one in each line").fill("nowhere")
    page.get_by_role("button", name="Export", exact=True).click()
    mia.sees("nowhere")
    page.get_by_label("Which, one in each line").fill("online")
    page.get_by_role("button", name="Export", exact=True).click()

    with working(site):
        expect_status(page, "It is completed.")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the file").click()

    told = Path(download.value.path()).read_text()
    assert json.loads(told.splitlines()[0])["groupId"] == "online"
    page.get_by_role("link", name="Delete").click()
    mia.assert_sound("delete-job")
    page.get_by_role("button", name="Delete").click()
    mia.sees("The job is deleted.")


def test_every_other_form_is_sound(desk: Sit) -> None:
    ada = desk(f"{SHOP}-administrator")
    page = ada.open("/admin/jobs/")
    links = page.locator("a.hf-choice")
    addresses = [str(link.get_attribute("href")) for link in links.all()]

    for address in addresses:
        if not address.endswith(("/import/stock/", "/export/availability/")):
            ada.open(address)
            ada.assert_sound(address.removeprefix("/admin/jobs/").strip("/").replace("/", "-"))


def test_a_viewer_watches_and_uploads_nothing(desk: Sit) -> None:
    mia = desk(MIA)
    page = mia.open("/admin/jobs/export/location-graph/")
    page.get_by_role("button", name="Export", exact=True).click()
    expect_status(page, "It is completed.")
    address = page.url
    viewer = desk(f"{SHOP}-viewer")

    page = viewer.open(address)

    viewer.sees(page.get_by_role("link", name="Download the file"))
    for what in ("Stop", "Resume", "Delete"):
        expect(page.get_by_text(what, exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Import and export")).to_have_count(0)
    assert page.request.get("/admin/jobs/import/stock/").status == 403
    stranger = desk(f"{OTHER}-administrator")
    assert stranger.page.request.get(address).status == 404
    assert stranger.page.request.get(f"{address}file").status == 404
    assert stranger.page.request.get(f"{address}progress.json").status == 404


def test_the_page_of_a_job_works_without_script(desk: Sit, tmp_path: Path) -> None:
    mia = desk(MIA)
    upload(mia.page, a_file(tmp_path, [a_record(9_999, "belt")]))
    expect_status(mia.page, "It is queued")
    plain = desk(MIA, java_script_enabled=False)

    page = plain.open(mia.page.url)

    expect(page.get_by_role("status").filter(has_text="It is queued")).to_be_visible()
    plain.sees("Reload the page to see how it gets on.")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="It was stopped.")).to_be_visible()
