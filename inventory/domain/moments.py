"""Moments as text."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """Return RFC 3339 text in UTC, to the microsecond where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
