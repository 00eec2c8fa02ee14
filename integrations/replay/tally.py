"""What became of the orders: results of single ones, added up and told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from integrations.replay.orders import OrderFile

_TROUBLES_SHOWN = 10


class Outcome(Enum):
    """How a document ended."""

    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    BEFORE = "played before"
    EXPIRED = "expired"
    UNKNOWN = "left alone: reserved by somebody else"


_IN_FULL = "reserved in full"
_IN_PART = "reserved in part"
_NO_PRODUCTS = "without products"
_REST_RELEASED = "shipped in part, the rest released"
_TOLD_IN_ORDER = (
    _IN_FULL,
    _IN_PART,
    Outcome.REFUSED.value,
    _NO_PRODUCTS,
    Outcome.BEFORE.value,
    Outcome.EXPIRED.value,
    Outcome.UNKNOWN.value,
    Outcome.SHIPPED.value,
    _REST_RELEASED,
    Outcome.CANCELLED.value,
)


@dataclass(slots=True)
class DocumentResult:
    """What became of a document; quantities by SKU."""

    outcome: Outcome
    wanted: Mapping[str, Decimal]
    reserved: Mapping[str, Decimal] = field(default_factory=dict)
    shipped: Mapping[str, Decimal] = field(default_factory=dict)
    moves: int = 0
    refused_moves: int = 0

    @property
    def was_played(self) -> bool:
        """Tell whether it was played in this run."""
        return self.outcome in {Outcome.SHIPPED, Outcome.CANCELLED, Outcome.REFUSED}


@dataclass(slots=True)
class ReturnResult:
    """What came back."""

    units: Decimal
    was_repeated: bool


@dataclass(slots=True)
class OrderResult:
    """What became of an order; `trouble` is what nobody had expected."""

    number: str
    documents: list[DocumentResult] = field(default_factory=list)
    returned: ReturnResult | None = None
    trouble: str = ""

    def reserved(self) -> str | None:
        """Tell how much could be reserved; None for a return."""
        if not self.documents:
            return None if self.returned or self.trouble else _NO_PRODUCTS
        played = [document for document in self.documents if document.was_played]
        if not played:
            return self.documents[0].outcome.value
        if all(document.reserved == document.wanted for document in played):
            return _IN_FULL
        return _IN_PART if any(d.reserved for d in played) else Outcome.REFUSED.value

    def ended(self) -> str | None:
        """Tell how it ended; None when nothing was reserved."""
        held = [document for document in self.documents if document.reserved]
        if not held:
            return None
        if any(document.outcome is Outcome.CANCELLED for document in held):
            return Outcome.CANCELLED.value
        is_whole = all(document.shipped == document.reserved for document in held)
        return Outcome.SHIPPED.value if is_whole else _REST_RELEASED


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took."""

    clients: int
    requests: int
    retries: int
    seconds: float


def summarize(
    file: OrderFile, results: Sequence[OrderResult], *, effort: Effort
) -> dict[str, dict[str, Any]]:
    """Return sections of figures, ready for JSON."""
    documents = [d for result in results for d in result.documents if d.was_played]
    returns = [result.returned for result in results if result.returned is not None]
    seconds = round(effort.seconds, 2)
    return {
        "file": {
            "orders": len(results),
            "lines": file.lines,
            "lines of pseudo products": file.pseudo.total(),
            "lines that are invalid": len(file.invalid),
        },
        "orders": {
            **_counted(each for result in results for each in (result.reserved(), result.ended())),
            "returns put back": sum(not r.was_repeated for r in returns),
            **(
                {"returns put back before": n}
                if (n := sum(r.was_repeated for r in returns))
                else {}
            ),
            "in trouble": sum(bool(result.trouble) for result in results),
        },
        "units": {
            "wanted": _units(d.wanted for d in documents),
            "reserved": _units(d.reserved for d in documents),
            "shipped": _units(d.shipped for d in documents),
            "put back": _number(sum((r.units for r in returns if not r.was_repeated), Decimal(0))),
        },
        "work": {
            "documents": len(documents),
            "lines short": sum(_short_lines(d) for d in documents),
            "transfers": sum(d.moves for d in documents),
            "transfers refused and routed anew": sum(d.refused_moves for d in documents),
            "clients": effort.clients,
            "requests": effort.requests,
            "retries": effort.retries,
            "seconds": seconds,
            "requests per second": round(effort.requests / seconds, 1) if seconds else 0,
        },
    }


def as_table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the sections as text, figures in one column."""
    width = max(len(name) for section in summary.values() for name in section)
    lines = []
    for title, section in summary.items():
        for n, (name, figure) in enumerate(section.items()):
            lines.append(f"{title if n == 0 else '':8}{name:{width}}  {figure:>12,}")
    return "\n".join(lines)


def details(file: OrderFile, results: Iterable[OrderResult]) -> list[str]:
    """Return what was left out and what went wrong, one sentence each."""
    said = []
    if file.pseudo:
        names = ", ".join(f"{sku} {count}" for sku, count in sorted(file.pseudo.items()))
        said.append(f"Pseudo products, not reserved: {names}")
    said += [
        f"Line {line.number} (order {line.order}, SKU '{line.sku}'): {line.reason}"
        for line in file.invalid[:_TROUBLES_SHOWN]
    ]
    troubles = [result for result in results if result.trouble]
    said += [f"Order {t.number}: {t.trouble}" for t in troubles[:_TROUBLES_SHOWN]]
    return said


def _counted(names: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(names)
    return {name: counts[name] for name in _TOLD_IN_ORDER if counts[name]}


def _short_lines(document: DocumentResult) -> int:
    nothing = Decimal(0)
    return sum(document.reserved.get(sku, nothing) < q for sku, q in document.wanted.items())


def _units(lines: Iterable[Mapping[str, Decimal]]) -> int | float:
    return _number(sum((sum(each.values(), Decimal(0)) for each in lines), Decimal(0)))


def _number(quantity: Decimal) -> int | float:
    """Figures to look at, not to calculate with."""
    return int(quantity) if quantity == int(quantity) else float(quantity)
