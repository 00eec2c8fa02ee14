"""Stock in the back office: the right figures, in a fixed number of queries."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.domain.roles import Role
from inventory.models import Item
from inventory.selectors import attention
from inventory.selectors.attention import changed_since
from inventory.services.members import add_member
from tests.builders import NOON, SKU, Shop, a_shop

pytestmark = pytest.mark.django_db
LIST = "/admin/inventory/item/"
_CELL = r'<t[dh][^>]*class="[^"]*field-(\w+)[^"]*"[^>]*>(.*?)</t[dh]>'


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    return shop


@pytest.fixture
def viewer(shop: Shop) -> Client:
    add_member(organization_id=shop.id, username="vic", role=Role.VIEWER, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username="vic"))
    return client


def rows(client: Client, **asked: str) -> dict[str, list[str]]:
    """Return the list as a user reads it: figures by SKU."""
    page = client.get(LIST, asked).content.decode()
    found = {}
    for row in page.split("<tr")[1:]:
        cells = re.findall(_CELL, row, re.DOTALL)
        texts = {name: re.sub(r"<[^>]+>|\s+", " ", text).strip() for name, text in cells}
        if "sku" in texts:
            found[texts["sku"]] = [
                texts[name] for name in ("on_hands", "reserved", "safety", "futures", "atf", "ato")
            ]
    return found


def test_columns_are_totals_or_those_of_the_place_filtered_by(viewer: Client, shop: Shop) -> None:
    shop.put(
        "l1", on_hand=1_234_500, safety_stock=1_000, futures=(("2026-05-01T00:00:00Z", 2_000),)
    )
    shop.reserve("at-location", "l3", 4)
    shop.reserve("in-group", "west", 13)
    shop.stock("elsewhere", l9=1)

    everything = rows(viewer)

    assert everything["red-mug"] == ["1,254.5", "17", "1", "2", "1,236.5", "1,238.5"]
    assert everything["elsewhere"] == ["1", "0", "0", "0", "1", "1"]
    assert rows(viewer, location="l1") == {
        "red-mug": ["1,234.5", "0", "1", "2", "1,233.5", "1,235.5"]
    }
    west = rows(viewer, group="west")
    assert west == {"red-mug": ["20", "17", "0", "0", "3", "3"]}
    assert shop.ato("west") == 3
    assert rows(viewer, location="nowhere") == {}


def test_lists_are_narrowed_down(viewer: Client, shop: Shop) -> None:
    shop.stock("mug", l1=0)
    shop.stock("mug blue", l1=3)
    shop.reserve("order", "l1", 3, sku="mug blue")
    shop.stock("mug blue", l1=1)

    assert set(rows(viewer, q="mug")) == {"mug", "mug blue"}
    assert set(rows(viewer, q="mug blue")) == {"mug blue"}
    assert set(rows(viewer, state="out")) == {"mug", "mug blue"}
    assert rows(viewer, state="oversold") == {}
    assert len(rows(viewer, changed="hour")) == 0
    assert list(rows(viewer, o="-6")) == list(rows(viewer))  # no index knows figures


@pytest.mark.parametrize("few", [0, 100])
def test_items_are_found_by_place_among_few_records_and_among_many(
    viewer: Client, shop: Shop, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "FEW_RECORDS", few)
    shop.stock("mug", l1=1, l9=1)
    shop.stock("blue", l9=1)
    shop.stock("gone", l1=1)
    shop.delete("l1", sku="gone")

    assert set(rows(viewer, location="l1")) == {SKU, "mug"}
    assert set(rows(viewer, location="l9")) == {"mug", "blue"}
    assert set(rows(viewer, group="east")) == {SKU, "mug"}
    assert rows(viewer, group="nowhere") == {}


def test_items_are_listed_as_they_changed(viewer: Client, shop: Shop) -> None:
    shop.later(40 * 60).stock("late", l1=1)
    shop.later(50 * 60).stock("later", l1=1)
    shop.later(20 * 60).stock("soon", l1=1)
    shop.later(70 * 60).stock("next hour", l1=1)

    assert list(rows(viewer, o="-8")) == ["next hour", "later", "late", "soon", SKU]
    assert list(rows(viewer, o="8")) == [SKU, "soon", "late", "later", "next hour"]


def test_changed_since_is_exact_inside_the_hour(shop: Shop) -> None:
    shop.later(40 * 60).stock("late", l1=1)
    shop.later(20 * 60).stock("soon", l1=1)

    changed = changed_since(Item.objects.all(), NOON + timedelta(minutes=30))

    assert [item.sku for item in changed] == ["late"]


def test_oversold_items_are_found_and_told(viewer: Client, shop: Shop) -> None:
    shop.reserve("order", "east", 9)
    shop.stock(l1=1)

    assert set(rows(viewer, state="oversold")) == {SKU}
    assert "oversold by 3" in viewer.get(LIST).content.decode()
    page = viewer.get(f"{LIST}{shop.item().pk}/change/").content.decode()
    assert "Oversold: 3 of what is promised cannot be served." in page


def queries(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


@pytest.mark.parametrize("asked", [{}, {"location": "l1"}, {"group": "east"}, {"state": "out"}])
def test_a_list_costs_the_same_for_few_items_and_for_many(
    viewer: Client, shop: Shop, asked: dict[str, str]
) -> None:
    viewer.get(LIST, asked)  # the graph is known
    few = queries(lambda: viewer.get(LIST, asked))
    for number in range(60):
        shop.stock(f"sku-{number}", l1=number % 3, l2=2)
        shop.reserve(f"order-{number}", "east", 1, sku=f"sku-{number}")

    many = queries(lambda: viewer.get(LIST, asked))

    assert many == few <= 13


def test_an_item_costs_the_same_for_few_movements_and_for_many(viewer: Client, shop: Shop) -> None:
    page = f"{LIST}{shop.item().pk}/change/"
    viewer.get(page)
    few = queries(lambda: viewer.get(page))
    for number in range(30):
        shop.reserve(f"order-{number}", "west", 0.5)

    many = queries(lambda: viewer.get(page))

    assert many == few <= 14


def test_an_item_shows_places_promises_and_its_history(viewer: Client, shop: Shop) -> None:
    shop.reserve("order", "west", 17)
    page = viewer.get(f"{LIST}{shop.item().pk}/change/").content.decode()
    text = re.sub(r"<[^>]+>|\s+", " ", page)

    # The least shared location first: 15 at l3, the other 2 at l2.
    assert re.search(r"west l2 2 west l3 15", re.sub(" +", " ", text))
    assert "promised by a group" in text
    assert "0 &rarr; 17" in text
    assert "Correct stock" not in text  # a viewer looks


def test_history_goes_back_page_by_page(viewer: Client, shop: Shop) -> None:
    for number in range(30):
        shop.reserve(f"order-{number}", "l3", 0.1)
    address = f"{LIST}{shop.item().pk}/change/"

    first = viewer.get(address).content.decode()
    older = re.search(r"\?before=(\d+)", first)
    assert older is not None
    second = viewer.get(address, {"before": older[1]}).content.decode()

    assert first.count("reserved at a location") == 25
    assert second.count("reserved at a location") == 5
    assert "?before=" not in second


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"place": "east", "quantity": "3"},
            "3 can be promised in <strong>east</strong>: 8 available.",
        ),
        ({"place": "l1", "quantity": "6"}, "6 cannot be reserved at l1"),
        ({"place": "nowhere", "quantity": "1"}, "There is no such location or group."),
        ({"place": "east", "quantity": "0.0001"}, "must be a multiple of 0.001"),
    ],
)
def test_an_explanation_is_one_sentence(
    viewer: Client, shop: Shop, asked: dict[str, str], words: str
) -> None:
    shop.reserve("order", "west", 17)

    told = viewer.get("/admin/explain/", {"sku": SKU, **asked}).content.decode()

    assert words in told


def test_an_explanation_shows_who_holds_the_stock(viewer: Client, shop: Shop) -> None:
    shop.reserve("big-order", "west", 17, external_ref="ORDER-1")

    told = viewer.get("/admin/explain/", {"sku": SKU, "place": "east", "quantity": "9"})

    assert "big-order" in told.content.decode()
    assert "ORDER-1" in told.content.decode()
    assert told.content.decode().count("<svg") >= 1


def test_the_ledger_names_items_and_places_and_is_found_by_sku(viewer: Client, shop: Shop) -> None:
    shop.stock("cap", l9=1)
    shop.reserve("order", "l3", 2.5)
    ledger = "/admin/inventory/movement/"

    everything = viewer.get(ledger).content.decode()
    caps = viewer.get(ledger, {"q": "cap"}).content.decode()

    assert "0 → 2.5" in everything
    assert "cap" in everything
    assert re.search(r">\s*l9\s*<", caps)
    assert not re.search(r">\s*l3\s*<", caps)
    few = queries(lambda: viewer.get(ledger))
    for number in range(30):
        shop.stock(f"sku-{number}", l1=1)
    assert queries(lambda: viewer.get(ledger)) == few <= 9
