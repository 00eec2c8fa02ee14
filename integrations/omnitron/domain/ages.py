"""How long a hold has waited, in the bands that people ask by."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Ages from `least` on and below `below`; None: however old."""

    name: str
    least: timedelta
    below: timedelta | None

    def window(self, now: datetime) -> tuple[datetime | None, datetime]:
        """Return the moments of this age: later than the first, not later than the second."""
        return (None if self.below is None else now - self.below), now - self.least


AGE_BANDS: tuple[AgeBand, ...] = (
    AgeBand("hour", timedelta(), timedelta(hours=1)),
    AgeBand("day", timedelta(hours=1), timedelta(days=1)),
    AgeBand("days", timedelta(days=1), timedelta(days=3)),
    AgeBand("week", timedelta(days=3), timedelta(days=7)),
    AgeBand("older", timedelta(days=7), None),
)
"""Every age is in exactly one of them, youngest first."""
