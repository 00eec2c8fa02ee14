"""What other apps add to inventory's pages: inventory knows nothing of reservations.

An app registers a function in its `admin`; the page shows what it answers, in its own template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page: a template, and what it is filled with."""

    template: str
    context: dict[str, Any]


class Holders(Protocol):
    """Tells who holds an item at some of these places (identifiers of locations and groups)."""

    def __call__(
        self, *, organization_id: int, sku: str, places: Sequence[str], now: datetime
    ) -> Panel: ...


_holders: list[Holders] = []


def register_holders(holders: Holders) -> Holders:
    """Let the page of an explanation show who holds what."""
    _holders.append(holders)
    return holders


def panels(*, organization_id: int, sku: str, places: Sequence[str], now: datetime) -> list[Panel]:
    """Return what the other apps have to say."""
    return [
        holders(organization_id=organization_id, sku=sku, places=places, now=now)
        for holders in _holders
    ]
