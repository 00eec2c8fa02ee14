"""The first page of an organization: what needs somebody, each number a link to its list.

Every app registers what it has to say in its `admin`; inventory knows nothing of reservations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from inventory.backoffice.lists import PAGE_DEPTH, CappedPaginator
from inventory.backoffice.panels import Panel


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a list has, counted as the list itself does: to its depth, then `10,000+`."""

    number: int
    is_capped: bool = False

    @classmethod
    def of(cls, number: int) -> "Count":
        """Say a number that was counted elsewhere as its list says it."""
        return cls(min(number, PAGE_DEPTH), is_capped=number > PAGE_DEPTH)

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_capped else ''}"


def count_of(rows: QuerySet[Any]) -> Count:
    """Count rows as a list does; one statement that goes no deeper than a list."""
    paginator = CappedPaginator(rows.order_by("pk"), 1)
    return Count(paginator.count, paginator.is_capped)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the first row, and the address of the list that shows what it counts.

    `hint` tells what is counted; `is_bad` that any at all want somebody.
    """

    label: Any
    hint: Any
    count: Count
    address: str
    is_bad: bool = False

    @property
    def alarms(self) -> bool:
        """Whether the number is to be seen as trouble."""
        return self.is_bad and self.count.number > 0


@dataclass(frozen=True, slots=True)
class Board:
    """What an app says on the dashboard."""

    figures: Sequence[Figure] = ()
    panels: Sequence[Panel] = ()


class MakesBoard(Protocol):
    """Tells how an organization stands, by a fixed number of statements."""

    def __call__(self, *, organization_id: int, now: datetime) -> Board: ...


_makers: list[tuple[int, MakesBoard]] = []


def register_board(*, at: int) -> Callable[[MakesBoard], MakesBoard]:
    """Show what a function answers on the dashboard; the lowest `at` comes first."""

    def register(make: MakesBoard) -> MakesBoard:
        _makers.append((at, make))
        return make

    return register


def dashboard(*, organization_id: int, now: datetime) -> dict[str, Any]:
    """Return what the dashboard shows of an organization."""
    makers = sorted(_makers, key=lambda each: each[0])
    boards = [make(organization_id=organization_id, now=now) for _, make in makers]
    return {
        "counted_at": now,
        "figures": [figure for board in boards for figure in board.figures],
        "panels": [panel for board in boards for panel in board.panels],
    }
