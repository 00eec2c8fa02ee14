"""Importing orders, and the small commands around them."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.omnitron import tasks
from integrations.omnitron.models import Channel, Order, OrderItem, ProductInfo, ProductStock
from reservations.models import Claim, Document
from tests.builders import a_shop
from tests.integrations.omnitron.office import Office, an_office

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "order,sku,description,quantity,ordered_at,unit_price,country"
CSV = f"""{HEADER}
1001,a1,Red mug,2,2010-12-01T08:26:00Z,2.55,France
1002,b2,Blue mug,1,2010-12-01T08:28:00Z,3.391,France
1001,b2,Blue mug,3,2010-12-01T08:26:00Z,3.39,France
1001,POST,POSTAGE,1,2010-12-01T08:26:00Z,18,France
C1003,a1,Red mug,-1,2010-12-01T09:26:00Z,2.55,France
1004,a1,Red mug,99,2010-12-01T09:30:00Z,2.55,France
1005,a1,Red mug,0,2010-12-01T09:30:00Z,2.55,France
1006,c 3,Torn,1,2010-12-01T09:30:00Z,x,France
"""


@pytest.fixture
def office() -> Office:
    """Two products at one of two locations, and a channel called web."""
    shop = a_shop(all=["l1", "l2"])
    shop.stock("a1", l1=5)
    shop.stock("b2", l1=5)
    return an_office(shop, lists={"web": "all", "main": "l1"})


@pytest.fixture
def run(office: Office) -> Any:
    """Run a command of the office's organization; return what it prints."""

    def run(command: str, *options: str) -> str:
        printed = StringIO()
        organization = f"--organization={office.shop.organization.identifier}"
        call_command(command, *options, organization, stdout=printed)
        return printed.getvalue()

    return run


def results(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_csv_file_is_imported_once(office: Office, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(CSV)
    options = (str(file), "--channel=web", "--stock-list=main", "--currency=gbp", "--no-progress")

    told = json.loads(run("import_orders", *options))

    result = Path(told.pop("result"))
    assert told == {"created": 2, "refused": 3, "left out": 1, "lines left out": 2}
    by_number = {each["number"]: each for each in results(result)}
    assert by_number["1004"]["errors"] == {
        "non_field_errors": ["a1: 99 asked for, 3 available to order."]
    }
    assert by_number["1005"]["errors"]["order_item"]["0"] == {
        "quantity": ["A quantity must be above 0."]
    }
    assert sorted(by_number["1006"]["errors"]["order_item"]["0"]) == ["price", "product_sku"]
    assert by_number["C1003"]["outcome"] == "left out"

    first, second = Order.objects.order_by("number")
    assert (first.number, first.currency, first.status) == ("1001", "gbp", 400)
    assert first.date_placed is not None
    lines = first.orderitem_set.order_by("pk").values_list("product__sku", "quantity")
    assert list(lines) == [("a1", 2000), ("b2", 3000)]
    (item,) = second.orderitem_set.all()
    assert (str(item.price), item.price_currency) == ("3.39", "gbp")
    assert ProductInfo.objects.get(item__sku="a1").name == "Red mug"
    assert office.held("b2") == {
        (item.pk, "l1"): 1,
        (first.orderitem_set.get(product__sku="b2").pk, "l1"): 3,
    }
    office.shop.assert_clean()

    before = office.state()
    again = json.loads(run("import_orders", *options))
    assert (again["exists"], again.get("created")) == (2, None)
    assert office.state() == before


def test_json_lines_are_bodies_of_create_orders(office: Office, run: Any, tmp_path: Path) -> None:
    file, result = tmp_path / "orders.jsonl", tmp_path / "told.jsonl"
    body = {
        "order": {"number": "1001", "currency": "try"},
        "order_item": [{"product_sku": "a1", "price": "1.00", "quantity": 2}],
    }
    file.write_text(
        "\n".join(
            [
                json.dumps(body),
                "",
                "{torn",
                '{"order": 1}',
                json.dumps({**body, "order": {"number": "1002"}}),
                json.dumps({**body, "order": {"number": "1003"}}),
                json.dumps({**body, "order": {"number": "x\0"}}),
            ]
        )
    )
    options = (str(file), "--channel=web", f"--result={result}", "--no-progress")

    told = json.loads(run("import_orders", *options))

    assert told == {"created": 2, "refused": 4, "lines left out": 0, "result": str(result)}
    outcomes = [(each["line"], each["number"], each["outcome"]) for each in results(result)]
    assert outcomes == [
        (1, "1001", "created"),
        (3, "", "refused"),
        (4, "", "refused"),
        (5, "1002", "created"),
        (6, "1003", "refused"),
        (7, "", "refused"),
    ]
    assert all(each.get("errors") for each in results(result) if each["outcome"] == "refused")
    assert office.shop.reserved("all", sku="a1") == 4
    before = office.state()
    assert json.loads(run("import_orders", *options))["exists"] == 2
    assert office.state() == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("missing.csv", "--channel=web"), "No such file"),
        (("missing.jsonl", "--channel=web"), "No such file"),
        (("{file}", "--channel=shop"), "No channel exists"),
        (("{file}", "--channel=web", "--stock-list=x"), "No stock list exists"),
        (("{bad}", "--channel=web"), "no column sku"),
    ],
)
def test_what_cannot_be_imported_is_told(
    run: Any, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    file, bad = tmp_path / "orders.csv", tmp_path / "bad.csv"
    file.write_text(CSV)
    bad.write_text("order,quantity,ordered_at\n1,1,\n")

    with pytest.raises(CommandError, match=reason):
        run("import_orders", *(option.format(file=file, bad=bad) for option in options))

    assert not Order.objects.exists()
    assert not Document.objects.exists()


def test_lists_and_channels_are_made(office: Office, run: Any) -> None:
    made = json.loads(
        run(
            "create_stock_list", "--name=till", "--place=l2", "--code=7", "--auto-sync", "--fulfils"
        )
    )
    assert made["on_mapping"] == "fulfil"
    run("create_channel", "--name=pos", "--stock-list=till", "--extra-stock-list=web")

    channel = Channel.objects.get(name="pos")
    assert channel.stock_list is not None
    assert (channel.stock_list.code, channel.stock_list.is_auto_sync) == ("7", True)
    assert [each.name for each in channel.extra_stock_lists.all()] == ["web"]


@pytest.mark.parametrize(
    ("command", "options", "reason"),
    [
        ("create_stock_list", ("--name=web", "--place=l2"), "name exists"),
        ("create_stock_list", ("--name=x", "--place=l2", "--code=code-web"), "code exists"),
        ("create_stock_list", ("--name=x", "--place=l7"), "No location or group"),
        ("create_stock_list", ("--name=x", "--place=all", "--fulfils"), "no shelf"),
        ("create_stock_list", ("--name=", "--place=l1"), "1 to 128"),
        ("create_channel", ("--name=web",), "exists"),
        ("create_channel", ("--name=x", "--stock-list=y"), "'y'"),
    ],
)
def test_what_cannot_be_made_is_told(
    office: Office, run: Any, command: str, options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run(command, *options)
    assert Channel.objects.count() == 1


def test_late_holds_are_listed_and_warned_of(
    office: Office, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    office.shop.now = timezone.now() - timedelta(hours=25)
    late = office.create("1001", office.line("main", 1.5, sku="a1")).id
    office.shop.now = timezone.now()
    office.create("1002", office.line("main", 1, sku="a1"))

    (told,) = [json.loads(line) for line in run("late_holds").splitlines()]

    assert told["order"] == late
    assert (told["number"], told["sku"], told["held"]) == ("1001", "a1", 1.5)
    assert (told["order_item"], told["stock_list"]) == (office.items(late)[0], "main")
    assert len(run("late_holds", "--hours=0").splitlines()) == 2
    assert tasks.warn_of_late_holds() == 1
    assert office.shop.organization.identifier in caplog.text
    office.map(office.items(late)[0], "ERP-1")
    assert run("late_holds") == ""
    assert tasks.warn_of_late_holds() == 0


def test_products_are_put_on_the_lists_of_their_places(office: Office, run: Any) -> None:
    office.shop.stock("c", l2=1)
    office.shop.stock("gone", l1=1)
    office.shop.delete("l1", sku="gone")

    assert run("sync_product_stock").strip() == "5"

    rows = ProductStock.objects.order_by("product__sku", "stock_list__name")
    assert list(rows.values_list("product__sku", "stock_list__name")) == [
        ("a1", "main"),
        ("a1", "web"),
        ("b2", "main"),
        ("b2", "web"),
        ("c", "web"),
    ]
    assert {row.organization_id for row in rows} == {office.shop.id}
    assert tasks.sync_product_stock() == 0
    assert office.figures("web", sku="c") == (1, 0)


def test_nothing_of_the_import_is_held_twice(office: Office, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        f"{HEADER}\n1,a1,,1,2010-12-01T08:26:00Z,1,F\n1,a1,,1,2010-12-01T08:26:00Z,1,F\n"
    )
    for _ in range(2):
        run("import_orders", str(file), "--channel=web", "--no-progress")
    assert OrderItem.objects.count() == Claim.objects.count() == 2
    office.shop.assert_clean()
