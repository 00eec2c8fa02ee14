"""What became of each record of a batch; the faces decide how to say it."""

from dataclasses import dataclass
from enum import Enum

from inventory.errors import Refusal


class Reach(Enum):
    """How far an unknown place reaches: to the whole request (headless), or to its record."""

    REQUEST = "request"
    RECORD = "record"


class Applied(Enum):
    """A record that holds: applied now, or by an earlier request with the same id."""

    NOW = "now"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that left no trace, and why."""

    refusal: Refusal


Outcome = Applied | Failed
