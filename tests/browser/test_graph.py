"""Draw the graph, change who belongs to a group, see the warning, take the graph along."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk, Site
from tests.browser.shops import at_shop, open_shop

Sit = Callable[..., Desk]

SHOP = "graph-shop"
GROUPS = {
    "online": ["dc-1", "dc-2", "store-1"],
    "pick-up": ["store-1", "store-2", "store-3"],
    "outlet": ["outlet-1"],
}
ADMINISTRATOR = f"{SHOP}-administrator"


@pytest.fixture(scope="module", autouse=True)
def _shop(site: Site) -> None:
    open_shop(site, SHOP, groups=GROUPS)
    stock = {"dc-1": 5, "dc-2": 5, "store-1": 5, "store-2": 5, "outlet-1": 9}
    at_shop(site, SHOP, f"shop.stock(**{stock})\nshop.reserve('cart', 'online', 12)", groups=GROUPS)


def test_the_graph_is_drawn(desk: Sit) -> None:
    viewer = desk(f"{SHOP}-viewer")
    page = viewer.open("/admin/graph/")

    viewer.sees("Who shares what")
    picture = page.locator("svg.hf-picture")
    expect(picture.locator("path.hf-link")).to_have_count(5)
    expect(picture).to_contain_text("store-2, store-3")
    expect(page.get_by_role("link", name="Change")).to_have_count(0)
    viewer.assert_sound("graph")

    page.get_by_role("link", name="pick-up").click()
    viewer.sees("What pick-up shares")


def test_a_group_is_changed_after_a_warning(desk: Sit) -> None:
    ada = desk(ADMINISTRATOR)
    page = ada.open("/admin/graph/")
    page.get_by_role("link", name="Change online").click()
    ada.assert_sound("edit-group")
    page.get_by_label("dc-1").uncheck()
    page.get_by_role("button", name="Preview").click()

    ada.sees("Promises of 1 item would no longer fit.")
    short = page.get_by_role("region", name="Promises that would no longer fit")
    expect(short.get_by_role("row").filter(has_text="red-mug")).to_contain_text("2")
    ada.sees("Availability of 1 item changes.")
    changes = page.get_by_role("region", name="What changes in availability")
    expect(changes.get_by_role("row").filter(has_text="online")).to_contain_text("red-mug")
    ada.assert_sound_as_it_stands("graph-warning")
    page.get_by_role("link", name="Leave it as it is").click()
    page.get_by_role("link", name="Change online").click()
    expect(page.get_by_label("dc-1")).to_be_checked()

    page.get_by_label("outlet-1").check()
    page.get_by_role("button", name="Preview").click()
    ada.sees("Every promise still fits.")
    ada.sees("joining: outlet-1")
    page.get_by_role("button", name="Change the graph").click()

    ada.sees("The location graph is changed.")
    expect(page.locator("svg.hf-picture path.hf-link")).to_have_count(6)


def test_a_graph_that_somebody_else_changed_is_looked_at_again(desk: Sit, site: Site) -> None:
    ada = desk(ADMINISTRATOR)
    page = ada.open("/admin/graph/edit/?group=outlet")
    page.get_by_label("store-3").check()
    page.get_by_role("button", name="Preview").click()
    ada.sees("Every promise still fits.")
    groups = {**GROUPS, "other": ["store-3"]}
    at_shop(site, SHOP, "shop.regroup(**shop.groups)", groups=groups)

    page.get_by_role("button", name="Change the graph").click()

    ada.sees("has been changed meanwhile")
    page.goto("/admin/graph/edit/?group=outlet")
    expect(page.get_by_label("store-3")).not_to_be_checked()


def test_the_graph_is_taken_along_and_brought_back(desk: Sit, tmp_path: Path) -> None:
    ada = desk(ADMINISTRATOR)
    page = ada.open("/admin/graph/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    file = tmp_path / "graph.json"
    download.value.save_as(file)
    graph = json.loads(file.read_text())
    graph["locations"].append("store-4")
    file.write_text(json.dumps(graph))

    page.get_by_role("link", name="Import", exact=True).click()
    ada.assert_sound("import-graph")
    page.get_by_label("JSON file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    ada.sees("New locations: store-4")
    ada.assert_sound_as_it_stands("import-graph-preview")
    page.get_by_role("button", name="Import it").click()

    ada.sees("The location graph is imported.")
    ada.sees("In no group: store-4")


def test_a_file_that_is_no_graph_is_refused_in_words(desk: Sit, tmp_path: Path) -> None:
    ada = desk(ADMINISTRATOR)
    file = tmp_path / "graph.json"
    file.write_text('{"locations": ["a b"], "groups": []}')
    page = ada.open("/admin/graph/import/")
    page.get_by_label("JSON file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()

    ada.sees("'locations[0]'")
