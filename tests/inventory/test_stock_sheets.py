"""Many corrections at once: a selection, a sheet; and lists as files."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from inventory.domain.roles import Role
from inventory.models import Item, Movement, Organization, StockRecord
from inventory.services.members import add_member
from tests.builders import SKU, Shop, a_shop

pytestmark = pytest.mark.django_db
IMPORT = "/admin/stock/import/"
LIST = "/admin/inventory/item/"
WHY = {"reason": "Stocktake", "note": "yearly"}


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"])
    shop.stock(l1=5, l2=3)
    shop.stock("cap", l1=1)
    return shop


@pytest.fixture
def mia(shop: Shop) -> Client:
    add_member(organization_id=shop.id, username="mia", role=Role.MERCHANDISER, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username="mia"))
    return client


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (StockRecord, Movement, Item)]


def upload(client: Client, content: bytes, name: str = "counts.csv") -> str:
    answer = client.post(IMPORT, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    return answer.content.decode()


def shown(page: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


SHEETS = {
    "counts.csv": (
        b"\xef\xbb\xbfSKU,Location,On_hand,remark\nred-mug,l1,7.5,x\ncap,l1,1,\nnew,l2,2,\n"
    ),
    "counts.xlsx": workbook(
        ("sku", "location", "on_hand"), ("red-mug", "l1", 7.5), ("cap", "l1", 1.0), ("new", "l2", 2)
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_shown_before_it_is_written(mia: Client, shop: Shop, name: str) -> None:
    before = state()

    page = upload(mia, SHEETS[name], name)

    assert "2 figures would change." in page
    assert "1 row says what is stored already." in page
    assert state() == before

    answer = mia.post(IMPORT, {"shown": shown(page), **WHY})

    assert answer.status_code == 302
    assert (shop.on_hand("l1"), shop.on_hand("l2", sku="new")) == (7.5, 2)
    movement = Movement.objects.order_by("-id").first()
    assert movement is not None
    assert (movement.actor, movement.external_ref) == ("user:mia", "Stocktake: yearly")
    shop.assert_clean()


def test_what_changed_since_the_preview_is_left_and_told(mia: Client, shop: Shop) -> None:
    page = upload(mia, SHEETS["counts.csv"])
    shop.stock(l1=6)

    told = mia.post(IMPORT, {"shown": shown(page), **WHY}).content.decode()

    assert "red-mug at l1 has changed meanwhile: it is 6 now." in told
    assert (shop.on_hand("l1"), shop.on_hand("l2", sku="new")) == (6, 2)
    shop.assert_clean()


def test_confirming_twice_changes_nothing_more(mia: Client, shop: Shop) -> None:
    form = {"shown": shown(upload(mia, SHEETS["counts.csv"])), **WHY}
    mia.post(IMPORT, form)
    before = state()

    told = mia.post(IMPORT, form).content.decode()

    assert "0 figures are corrected." in told
    assert state() == before


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"red-mug,l1,-1", "on_hand: must not be below 0"),
        (b"red-mug,l1,1.0005", "on_hand: must be a multiple of 0.001"),
        (b"red-mug,l1,many", "on_hand: must be a number"),
        (b"red-mug,nowhere,1", "location: there is no location nowhere"),
        (b",l1,1", "sku: must be 1 to 250 characters"),
        (b"x,l1,1\nx,l1,2", "the same item and location are in line 2"),
    ],
)
def test_a_bad_row_is_told_and_the_others_go_on(
    mia: Client, shop: Shop, row: bytes, words: str
) -> None:
    page = upload(mia, b"sku,location,on_hand\n" + row + b"\ncap,l1,9\n")

    assert words in page
    mia.post(IMPORT, {"shown": shown(page), **WHY})
    assert shop.on_hand("l1", sku="cap") == 9
    assert shop.on_hand("l1") == 5
    shop.assert_clean()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"sku,place\na,b\n", "a.csv", "must name the columns sku, location, on_hand"),
        (b"", "a.csv", "empty"),
        (b"\xff\xfe\x00", "a.csv", "cannot be read"),
        (b"not a workbook", "a.xlsx", "cannot be read"),
        (b"sku,location,on_hand\n" + b"a,l1,1\n" * 1001, "a.csv", "more than 1,000 rows"),
        (b"sku,location,on_hand\n" + b"a" * 1_100_000, "a.csv", "larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    mia: Client, shop: Shop, content: bytes, name: str, words: str
) -> None:
    before = state()

    assert words in upload(mia, content, name)

    assert state() == before


def test_a_forged_preview_writes_nothing(mia: Client, shop: Shop) -> None:
    before = state()

    assert mia.post(IMPORT, {"shown": "forged", **WHY}).status_code == 302

    assert state() == before


def test_a_preview_of_another_organization_writes_nothing(mia: Client, shop: Shop) -> None:
    other = Organization.objects.create(identifier="another")
    add_member(organization_id=other.pk, username="mia", role=Role.OPERATOR, asked_by=None)
    mia.post("/admin/organization/", {"organization": shop.organization.identifier})
    page = upload(mia, SHEETS["counts.csv"])
    mia.post("/admin/organization/", {"organization": "another"})
    before = state()

    mia.post(IMPORT, {"shown": shown(page), **WHY})

    assert state() == before


# A selection


def select(client: Client, shop: Shop) -> str:
    chosen = [shop.item().pk, shop.item("cap").pk]
    answer = client.post(f"{LIST}?location=l1", {"action": "adjust", "_selected_action": chosen})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_selected_items_are_adjusted_at_a_location(mia: Client, shop: Shop) -> None:
    page = select(mia, shop)
    mug, cap = shop.item().pk, shop.item("cap").pk
    assert f'name="seen-{mug}" value="5000"' in mia.get(page).content.decode()

    seen = {f"seen-{mug}": "5000", f"seen-{cap}": "1000"}
    answer = mia.post(page, {**seen, f"count-{mug}": "8", f"count-{cap}": "", **WHY})

    assert answer.status_code == 302
    assert (shop.on_hand("l1"), shop.on_hand("l1", sku="cap")) == (8, 1)
    shop.assert_clean()


def test_of_a_selection_only_what_was_seen_is_adjusted(mia: Client, shop: Shop) -> None:
    page = select(mia, shop)
    mug, cap = shop.item().pk, shop.item("cap").pk
    shop.stock(l1=4)

    seen = {f"seen-{mug}": "5000", f"seen-{cap}": "1000"}
    told = mia.post(page, {**seen, f"count-{mug}": "8", f"count-{cap}": "2", **WHY})

    assert "it is 4 now. Nothing was changed." in told.content.decode()
    assert (shop.on_hand("l1"), shop.on_hand("l1", sku="cap")) == (4, 2)


def test_a_selection_with_a_bad_count_changes_nothing(mia: Client, shop: Shop) -> None:
    page = select(mia, shop)
    mug, cap = shop.item().pk, shop.item("cap").pk
    before = state()

    seen = {f"seen-{mug}": "5000", f"seen-{cap}": "1000"}
    told = mia.post(page, {**seen, f"count-{mug}": "8", f"count-{cap}": "-2", **WHY})

    assert "must not be below 0" in told.content.decode()
    assert state() == before


# Lists as files


def exported(client: Client, **asked: str) -> list[dict[str, str]]:
    answer = client.get(f"{LIST}export/", asked)
    assert answer.status_code == 200
    assert 'filename="item-' in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_a_filtered_list_is_exported_with_its_figures(mia: Client, shop: Shop) -> None:
    shop.stock("=cmd()", l1=1_234)

    everything = exported(mia)
    at_l2 = exported(mia, location="l2")

    assert [row["sku"] for row in everything] == ["'=cmd()", "cap", SKU]
    assert everything[0]["on hand"] == "1234"
    assert [(row["sku"], row["on hand"]) for row in at_l2] == [(SKU, "3")]
    assert exported(mia, q="ca") == [row for row in everything if row["sku"] == "cap"]


def test_an_export_with_a_filter_that_is_none_goes_back_to_the_list(mia: Client) -> None:
    answer = mia.get(f"{LIST}export/", {"on_hand__nonsense": "1"})

    assert answer.status_code == 302
