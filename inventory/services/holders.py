"""Who holds reserved counts. Inventory counts them and does not know whose they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inventory.services.book import StockBook
from inventory.statements import Statement


@dataclass(frozen=True, slots=True)
class Leaving:
    """Places, by id, that leave the graph for good, and under which request id that is told."""

    places: Collection[int]
    request_id: str
    now: datetime


class Holder(Protocol):
    """Gives back what it holds of the book's items at places that leave, in the caller's
    transaction: lowers the counts in the book and adds its own rows to the statement.
    """

    def __call__(self, book: StockBook, statement: Statement, leaving: Leaving) -> None: ...


_holders: list[Holder] = []


def register_holder(holder: Holder) -> None:
    """Make a holder known; called from `AppConfig.ready`."""
    if holder not in _holders:
        _holders.append(holder)


def give_back(book: StockBook, statement: Statement, leaving: Leaving) -> None:
    """Have everybody give back what is held at places that leave."""
    for holder in _holders:
        holder(book, statement, leaving)
