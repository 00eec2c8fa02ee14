"""Reading an order file: one CSV line is one line of an order."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from inventory.domain.quantity import QuantityError, parse_thousandths

COLUMNS = ("order", "sku", "quantity", "ordered_at")
MAX_LINES = 100
"""The most lines one reservation document may have."""

_SKU = re.compile(r"[^\\<>;%/\s\x00-\x1f\x7f]{1,250}")
_ORDER = re.compile(r"[A-Za-z0-9._-]{1,100}")  # part of addresses and of request ids
_CREDIT_NOTE = "C"
_CHARGES = frozenset({"C2"})  # carriage: the one charge of the file that has a digit


class OrderFileError(Exception):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Document:
    """Lines that are reserved together under one id."""

    id: str
    lines: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer wants, and what comes back, by SKU."""

    number: str
    ordered_at: str | None
    wanted: Mapping[str, Decimal]
    returned: Mapping[str, Decimal]

    def documents(self) -> tuple[Document, ...]:
        """Return the wanted lines in documents of at most 100 lines; the ids never change."""
        lines = list(self.wanted.items())
        parts = [dict(lines[at : at + MAX_LINES]) for at in range(0, len(lines), MAX_LINES)]
        if len(parts) == 1:
            return (Document(self.number, parts[0]),)
        return tuple(
            Document(f"{self.number}-part{n}", part) for n, part in enumerate(parts, start=1)
        )


@dataclass(frozen=True, slots=True)
class InvalidLine:
    """A line that was left out, and why."""

    number: int
    order: str
    sku: str
    reason: str


@dataclass(slots=True)
class OrderFile:
    """The orders of a file, in its order, and the lines that are not for the stock."""

    orders: list[Order] = field(default_factory=list)
    lines: int = 0
    pseudo: Counter[str] = field(default_factory=Counter)
    invalid: list[InvalidLine] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    ordered_at: str | None
    wanted: dict[str, Decimal] = field(default_factory=dict)
    returned: dict[str, Decimal] = field(default_factory=dict)


class _UnreadableLineError(Exception):
    """A line that must be left out; says why."""


def read_orders(path: Path, *, limit: int | None = None) -> OrderFile:
    """Read the first `limit` orders of a CSV file, or all; raises OrderFileError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_orders(file, limit=limit)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: {error}"
        raise OrderFileError(message) from error


def parse_orders(text: Iterable[str], *, limit: int | None = None) -> OrderFile:
    """Read orders from CSV text; an order's lines need not stand together."""
    rows = csv.DictReader(text, restval="")
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        message = f"The file has no column {', '.join(missing)}."
        raise OrderFileError(message)
    read = OrderFile()
    drafts: dict[str, _Draft] = {}
    for row in rows:
        number, sku = row["order"].strip(), row["sku"].strip()
        if number not in drafts and limit is not None and len(drafts) >= limit:
            continue
        read.lines += 1
        try:
            draft = drafts.setdefault(_number(number), _Draft(_moment(row["ordered_at"])))
            if is_pseudo(sku):
                read.pseudo[sku] += 1
            else:
                _add(draft, sku, _quantity(row["quantity"].strip()), order=number)
        except _UnreadableLineError as error:
            read.invalid.append(InvalidLine(rows.line_num, number, sku, str(error)))
    read.orders = list(_finished(drafts))
    return read


def is_pseudo(sku: str) -> bool:
    """Tell a charge or a fee (POST, D, M, BANK CHARGES) from a product.

    Products are numbered: what has no digit is none of them.
    """
    return bool(sku) and (not any(map(str.isdigit, sku)) or sku in _CHARGES)


def _add(draft: _Draft, sku: str, quantity: Decimal, *, order: str) -> None:
    if not _SKU.fullmatch(sku):
        raise _UnreadableLineError("not a SKU" if sku else "no SKU")
    if quantity > 0 and order.startswith(_CREDIT_NOTE):
        raise _UnreadableLineError("a sale in a credit note")
    side = draft.wanted if quantity > 0 else draft.returned
    side[sku] = side.get(sku, Decimal(0)) + abs(quantity)


def _number(text: str) -> str:
    if not _ORDER.fullmatch(text):
        raise _UnreadableLineError("not an order number")
    return text


def _quantity(text: str) -> Decimal:
    try:
        thousandths = parse_thousandths(text.removeprefix("-"))
    except QuantityError as error:
        reason = f"the quantity {error}"
        raise _UnreadableLineError(reason) from None
    if not thousandths:
        raise _UnreadableLineError("the quantity is 0")
    quantity = Decimal(thousandths) / 1000
    return -quantity if text.startswith("-") else quantity


def _moment(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.isoformat() if moment.tzinfo is not None else None


def _finished(drafts: Mapping[str, _Draft]) -> Iterator[Order]:
    for number, draft in drafts.items():
        yield Order(number, draft.ordered_at, draft.wanted, draft.returned)
