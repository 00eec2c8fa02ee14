"""Reading order files: JSON lines with bodies of `create_orders`, or CSV lines of orders.

Both are read by the API's own reader, so a file may say what a sales channel may say. One order of
JSON lines is in memory at a time; a CSV file is read whole, for the lines of an order need not
stand together.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from io import BytesIO
from pathlib import Path
from typing import Any

from rest_framework.exceptions import ParseError, ValidationError

from integrations.omnitron.api.bodies import NewOrder
from integrations.omnitron.api.parsing import JsonParser
from integrations.omnitron.domain.drafts import OrderDraft
from integrations.replay.orders import COLUMNS, is_pseudo

_CREDIT_NOTE = "C"


class OrderFileError(Exception):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """One order of a file, at a line of it: a draft, or why there is none.

    `skipped` counts lines that are no sale of a product: returns, charges and fees.
    """

    line: int
    number: str
    draft: OrderDraft | None = None
    errors: Any = None
    skipped: int = 0


def count_orders(path: Path, *, is_csv: bool) -> int:
    """Return how many orders the file has: lines, or numbers. Raises OrderFileError."""
    try:
        if is_csv:
            return len(_drafts(path))
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError as error:
        raise OrderFileError(str(error)) from error


def json_orders(path: Path, *, channel_id: int) -> Iterator[ReadOrder]:
    """Read bodies of `create_orders`, one a line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _json_order(number, line, channel_id=channel_id)


def _json_order(number: int, line: bytes, *, channel_id: int) -> ReadOrder:
    try:
        body = JsonParser().parse(BytesIO(line))
    except (ParseError, ValidationError) as error:
        return ReadOrder(number, "", errors=_plain(error.detail))
    return _read(number, body, channel_id=channel_id)


def _read(line: int, body: Any, *, channel_id: int, skipped: int = 0) -> ReadOrder:
    order = body.get("order") if isinstance(body, dict) else None
    name = str(order.get("number", "")) if isinstance(order, dict) else ""
    serializer = NewOrder(data=body, context={"channel_id": channel_id})
    if serializer.is_valid():
        return ReadOrder(line, name, draft=serializer.validated_data, skipped=skipped)
    return ReadOrder(line, name, errors=_plain(serializer.errors), skipped=skipped)


@dataclass(slots=True)
class _CsvOrder:
    line: int
    placed_at: str
    items: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0


def csv_orders(
    path: Path, *, channel_id: int, stock_list_id: int, currency: str
) -> Iterator[ReadOrder]:
    """Read orders of the columns order, sku, quantity, ordered_at, and if there are such
    description and unit_price; each line is an order item. Raises OrderFileError.
    """
    for number, order in _drafts(path).items():
        if not order.items:
            yield ReadOrder(order.line, number, skipped=order.skipped)
            continue
        items = [{**item, "stock_list": stock_list_id} for item in order.items]
        head = {"number": number, "date_placed": order.placed_at or None, "currency": currency}
        body = {"order": head, "order_item": items}
        yield _read(order.line, body, channel_id=channel_id, skipped=order.skipped)


def _drafts(path: Path) -> dict[str, _CsvOrder]:
    orders: dict[str, _CsvOrder] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="")
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                message = f"The file has no column {', '.join(missing)}."
                raise OrderFileError(message)
            for row in rows:
                number = row["order"].strip()
                order = orders.setdefault(number, _CsvOrder(rows.line_num, row["ordered_at"]))
                if _is_no_sale(row):
                    order.skipped += 1
                else:
                    order.items.append(_item(row))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: {error}"
        raise OrderFileError(message) from error
    return orders


def _is_no_sale(row: dict[str, str]) -> bool:
    """Tell returns, charges and fees from sales of products."""
    is_return = row["quantity"].strip().startswith("-")
    return is_return or row["order"].startswith(_CREDIT_NOTE) or is_pseudo(row["sku"].strip())


def _item(row: dict[str, str]) -> dict[str, Any]:
    return {
        "product_sku": row["sku"].strip(),
        "product_name": row.get("description", "").strip()[:250],
        "quantity": row["quantity"].strip(),
        "price": _price(row.get("unit_price", "").strip() or "0"),
    }


def _price(text: str) -> Decimal | str:
    """Return a number, which is rounded to cents; or a text that will be refused as it stands."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _plain(errors: Any) -> Any:
    """Return errors as plain JSON values."""
    if isinstance(errors, dict):
        return {str(name): _plain(each) for name, each in errors.items()}
    if isinstance(errors, list):
        return [_plain(each) for each in errors]
    return str(errors)
