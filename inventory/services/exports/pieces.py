"""A piece of an export file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, and how many of them are records (not headers)."""

    lines: bytes
    records: int = 0
