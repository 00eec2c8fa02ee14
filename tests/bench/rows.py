"""Rows of the report."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """A measured figure; `holds` is None where there is no bound."""

    name: str
    value: float
    unit: str
    bound: str = ""
    holds: bool | None = None


@dataclass
class Report:
    """All rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def tell(self, name: str, value: float, unit: str) -> None:
        """Add a figure without a bound."""
        self.rows.append(Row(name, round(value, 3), unit))

    def at_least(self, name: str, value: float, bound: float, unit: str = "x") -> None:
        """Add a figure that must reach its bound."""
        self.rows.append(Row(name, round(value, 3), unit, f">= {bound}", value >= bound))

    def at_most(self, name: str, value: float, bound: float, unit: str = "x") -> None:
        """Add a figure that must stay within its bound."""
        self.rows.append(Row(name, round(value, 3), unit, f"<= {bound}", value <= bound))

    @property
    def broken(self) -> list[str]:
        """Return the names of the rows that do not hold."""
        return [row.name for row in self.rows if row.holds is False]

    def as_json(self, **more: Any) -> dict[str, Any]:
        """Return the report as plain values."""
        return {**more, "rows": [asdict(row) for row in self.rows], "broken": self.broken}


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each variant over the rounds."""
    return {name: median(one[name] for one in rounds) for name in rounds[0]}
