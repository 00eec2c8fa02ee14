"""Sheets that people make: CSV or XLSX read into corrections, before anything is written.

The library parses; what the rows mean is said here, and only `correct_stock` writes.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from import_export.formats.base_formats import CSV, XLSX

from inventory.domain.quantity import QuantityError, parse_thousandths
from inventory.selectors.graph import current_graph
from inventory.selectors.stock_overview import counts_at
from inventory.services.corrections import MAX_CORRECTIONS

MAX_ROWS = MAX_CORRECTIONS
MAX_BYTES = 1024 * 1024
_COLUMNS = ("sku", "location", "on_hand")
_LONGEST_SKU = 250


class SheetError(ValueError):
    """The file as a whole cannot be read; the message tells why."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line of a sheet: what it says, what stands there now, and what is wrong with it.

    Quantities are thousandths. `seen` is None where there is no record.
    """

    line: int
    sku: str
    location: str
    count: int | None
    seen: int | None
    error: str = ""

    @property
    def differs(self) -> bool:
        """Whether the line asks for anything."""
        return not self.error and self.count != self.seen


def read_sheet(*, name: str, content: bytes, organization_id: int) -> list[SheetRow]:
    """Read a file of at most 1,000 rows and compare it with what is stored; SheetError.

    The first row names the columns: sku, location, on_hand. Others are passed over.
    """
    rows = _parsed(name, content)
    graph = current_graph(organization_id)
    known = counts_at(organization_id, pairs={(row["sku"], row["location"]) for _line, row in rows})
    seen: dict[tuple[str, str], int] = {}
    read = []
    for line, row in rows:
        pair = (row["sku"], row["location"])
        count, error = _count(row["on_hand"])
        if not 0 < len(row["sku"]) <= _LONGEST_SKU:
            error = _("sku: must be 1 to 250 characters")
        elif row["location"] not in graph.locations:
            error = _("location: there is no location %s") % row["location"]
        elif pair in seen:
            error = _("the same item and location are in line %s") % seen[pair]
        seen.setdefault(pair, line)
        read.append(SheetRow(line, *pair, count, known.get(pair), error))
    return read


def _parsed(name: str, content: bytes) -> list[tuple[int, dict[str, str]]]:
    if len(content) > MAX_BYTES:
        raise SheetError(_("The file is larger than 1 MB: import it as a job instead."))
    sheet = XLSX() if name.lower().endswith(".xlsx") else CSV()
    try:
        text: Any = content if isinstance(sheet, XLSX) else content.decode("utf-8-sig")
        dataset = sheet.create_dataset(text)
    except Exception as error:  # whatever the library meets in a stranger's file
        raise SheetError(_("The file cannot be read as a CSV or XLSX sheet.")) from error
    headers = [str(header or "").strip().lower() for header in dataset.headers or ()]
    missing = [column for column in _COLUMNS if column not in headers]
    if missing:
        raise SheetError(_("The first row must name the columns %s.") % ", ".join(_COLUMNS))
    if len(dataset) > MAX_ROWS:
        raise SheetError(_("The file has more than 1,000 rows: import it as a job instead."))
    at = {column: headers.index(column) for column in _COLUMNS}
    rows = [{column: _text(row[index]) for column, index in at.items()} for row in dataset]
    return [(line, row) for line, row in enumerate(rows, start=2) if any(row.values())]


def _text(cell: Any) -> str:
    """Return a cell as it was typed: a workbook keeps 5 as the number 5.0."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _count(text: str) -> tuple[int | None, str]:
    try:
        return parse_thousandths(text.replace(",", "")), ""
    except QuantityError as error:
        return None, f"on_hand: {error}"
