"""What the order management knows of its own work, kept across a crash.

Reservations, shipments and returns are harmless to repeat by their ids alone. Routing is not: a
second run would find other availability, choose other locations, and move a document's units
twice. So a plan is written down before it is sent, and what was moved as soon as it is known.

One JSON object a line; a line torn by a crash is ignored.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from integrations.replay.routing import Move


class _Entry(msgspec.Struct, omit_defaults=True):
    document: str
    event: Literal["begun", "planned", "moved"]
    moves: list[tuple[str, str, Decimal]] = []


@dataclass(slots=True)
class Memory:
    """What was done with a document: moves that were made, and a plan of unknown outcome."""

    moved: list[Move] = field(default_factory=list)
    rounds: int = 0
    planned: list[Move] | None = None


class Journal:
    """Remembers routing; shared by all clients."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._memories: dict[str, Memory] = {}
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._read(line)
        self._file = path.open("ab")
        self._file.write(b"\n")  # ends a line that a crash has torn
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def memory_of(self, document: str) -> Memory | None:
        """Return what is known of a document; None if it was never begun."""
        return self._memories.get(document)

    def begin(self, document: str) -> Memory:
        """A document is about to be reserved, or was found not to be routed yet."""
        return self._write(_Entry(document, "begun"))

    def plan(self, document: str, moves: Sequence[Move]) -> Memory:
        """These moves are about to be sent."""
        return self._write(_Entry(document, "planned", _plain(moves)))

    def moved(self, document: str, moves: Sequence[Move]) -> Memory:
        """Of the plan, these moves were made."""
        return self._write(_Entry(document, "moved", _plain(moves)))

    def _write(self, entry: _Entry) -> Memory:
        with self._lock:
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
            return self._apply(entry)

    def _read(self, line: bytes) -> None:
        try:
            entry = msgspec.json.decode(line, type=_Entry)
        except msgspec.MsgspecError:
            return
        self._apply(entry)

    def _apply(self, entry: _Entry) -> Memory:
        moves = [Move(*move) for move in entry.moves]
        if entry.event == "begun":
            self._memories[entry.document] = Memory()
        memory = self._memories.setdefault(entry.document, Memory())
        if entry.event == "planned":
            memory.planned = moves
            memory.rounds += 1
        elif entry.event == "moved":
            memory.moved += moves
            memory.planned = None
        return memory


def _plain(moves: Sequence[Move]) -> list[tuple[str, str, Decimal]]:
    return [(move.sku, move.location, move.quantity) for move in moves]
