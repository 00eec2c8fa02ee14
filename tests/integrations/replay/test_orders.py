"""Reading order files, and splitting orders into documents."""

from decimal import Decimal
from pathlib import Path

import pytest

from integrations.replay.orders import (
    MAX_LINES,
    Order,
    OrderFileError,
    is_pseudo,
    parse_orders,
    read_orders,
)

HEADER = "order,sku,description,quantity,ordered_at,unit_price,country"
AT = "2010-12-01T08:26:00Z"


def line(order: str, sku: str, quantity: str, *, at: str = AT) -> str:
    return f'{order},{sku},"LANTERN, WHITE",{quantity},{at},2.55,United Kingdom'


def test_lines_of_one_sku_are_summed() -> None:
    read = parse_orders([HEADER, line("1", "A1", "6"), line("1", "B2", "1"), line("1", "A1", "2")])

    assert read.lines == 3
    assert [order.wanted for order in read.orders] == [{"A1": Decimal(8), "B2": Decimal(1)}]
    assert read.orders[0].ordered_at == "2010-12-01T08:26:00+00:00"


def test_lines_of_an_order_need_not_stand_together() -> None:
    read = parse_orders([HEADER, line("1", "A1", "6"), line("2", "A1", "1"), line("1", "A1", "1")])

    assert [(o.number, int(o.wanted["A1"])) for o in read.orders] == [("1", 7), ("2", 1)]


def test_skus_differ_by_case() -> None:
    read = parse_orders([HEADER, line("1", "15056BL", "6"), line("1", "15056bl", "1")])

    assert read.orders[0].wanted == {"15056BL": 6, "15056bl": 1}


def test_negative_quantities_come_back() -> None:
    read = parse_orders([HEADER, line("C1", "A1", "-6"), line("2", "A1", "-10")])

    assert [order.returned for order in read.orders] == [{"A1": 6}, {"A1": 10}]
    assert not any(order.wanted for order in read.orders)


@pytest.mark.parametrize(
    "sku", ["POST", "D", "M", "DOT", "BANK CHARGES", "C2", "PADS", "AMAZONFEE", "S", "CRUK"]
)
def test_charges_are_no_products(sku: str) -> None:
    read = parse_orders([HEADER, line("1", sku, "1")])

    assert is_pseudo(sku)
    assert read.pseudo == {sku: 1}
    assert not read.orders[0].wanted


@pytest.mark.parametrize("sku", ["85123A", "22752", "15056bl", "DCGS0003", "gift_0001_20"])
def test_numbered_skus_are_products(sku: str) -> None:
    assert not is_pseudo(sku)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line("1", "", "1"), "no SKU"),
        (line("1", "A 1", "1"), "not a SKU"),
        (line("1", "A/1", "1"), "not a SKU"),
        (line("1", "7" * 251, "1"), "not a SKU"),
        (line("1", "A1", ""), "the quantity must be a number"),
        (line("1", "A1", "many"), "the quantity must be a number"),
        (line("1", "A1", "--1"), "the quantity must not be below 0"),
        (line("1", "A1", "0"), "the quantity is 0"),
        (line("1", "A1", "1.0005"), "the quantity must be a multiple of 0.001"),
        (line("1", "A1", "10000000000"), "the quantity must be at most 9999999999.999"),
        (line("", "A1", "1"), "not an order number"),
        (line("1/2", "A1", "1"), "not an order number"),
        (line("C1", "A1", "1"), "a sale in a credit note"),
        ("1,A1", "the quantity must be a number"),
    ],
)
def test_a_line_that_cannot_be_read_is_left_out_and_reported(text: str, reason: str) -> None:
    read = parse_orders([HEADER, text, line("9", "A1", "1")])

    assert [invalid.reason for invalid in read.invalid] == [reason]
    assert read.invalid[0].number == 2
    assert read.orders[-1].wanted == {"A1": 1}
    assert not any(order.wanted for order in read.orders[:-1])


def test_thousandths_are_exact() -> None:
    read = parse_orders([HEADER, line("1", "A1", "0.001"), line("1", "A1", "0.002")])

    assert read.orders[0].wanted == {"A1": Decimal("0.003")}


@pytest.mark.parametrize("at", ["", "yesterday", "2010-12-01T08:26:00"])
def test_a_time_without_meaning_is_left_out(at: str) -> None:
    assert parse_orders([HEADER, line("1", "A1", "1", at=at)]).orders[0].ordered_at is None


def test_a_limit_keeps_all_lines_of_the_first_orders() -> None:
    lines = [line("1", "A1", "6"), line("2", "A1", "1"), line("1", "A1", "1")]

    read = parse_orders([HEADER, *lines], limit=1)

    assert [order.wanted for order in read.orders] == [{"A1": 7}]
    assert read.lines == 2


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(OrderFileError, match="no column order, quantity"):
        parse_orders(["sku,ordered_at", "A1,"])


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\n1,\xe9,,1,,,".encode("latin-1"))

    for name in ("missing.csv", "latin.csv"):
        with pytest.raises(OrderFileError, match=name):
            read_orders(tmp_path / name)


def an_order(lines: int) -> Order:
    return Order("7", None, {f"SKU{n}": Decimal(n + 1) for n in range(lines)}, {})


@pytest.mark.parametrize("lines", [1, MAX_LINES])
def test_an_order_is_one_document_of_its_own_number(lines: int) -> None:
    (document,) = an_order(lines).documents()

    assert document.id == "7"
    assert document.lines == an_order(lines).wanted


def test_a_large_order_is_split() -> None:
    documents = an_order(2 * MAX_LINES + 1).documents()

    assert [(d.id, len(d.lines)) for d in documents] == [
        ("7-part1", 100),
        ("7-part2", 100),
        ("7-part3", 1),
    ]
    assert {s: q for d in documents for s, q in d.lines.items()} == an_order(201).wanted


def test_an_order_without_products_has_no_document() -> None:
    assert an_order(0).documents() == ()
