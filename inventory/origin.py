"""Who asks: carried from the edge into the ledger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The actor (`client:…`, `user:…`, `beat`, `command:…`) and the request's correlation id."""

    actor: str
    correlation_id: str = ""
