"""Chunks: how much of a file one transaction takes.

A chunk ends before a record whose stock record is in it already, so that no row is written twice in
a statement. It grows while nothing changes, and holds item locks for about ten milliseconds when
much does: the number of changes it may hold follows what the last ones took.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inventory.services.availability_import.entries import Entry, Row

MOST_LINES = 4_000
_FIRST_LINES = 500
_FEWEST_LINES = 50
_HOLD_SECONDS = 0.012
_FIRST_CHANGES, _FEWEST_CHANGES, _MOST_CHANGES = 150, 75, 1_000


@dataclass(slots=True)
class Pace:
    """How many lines the next chunk takes, and how many changes it may write."""

    lines: int = _FIRST_LINES
    changes: int = _FIRST_CHANGES

    def after(self, *, taken: int, changed: int, held: float) -> None:
        """Learn from a chunk: its lines, its changes, and how long it held locks (seconds)."""
        if changed:
            per_change = held / changed
            fits = round(_HOLD_SECONDS / per_change) if per_change else _MOST_CHANGES
            target = (self.changes + fits) // 2  # one slow commit is no trend
            self.changes = min(max(target, _FEWEST_CHANGES), _MOST_CHANGES)
        density = changed / taken if taken else 0
        room = round(self.changes / density) if density else 2 * self.lines
        self.lines = min(max(room, _FEWEST_LINES), 2 * self.lines, MOST_LINES)


@dataclass(slots=True)
class Chunk:
    """Entries that are taken together; `rows` are those of them to be staged."""

    entries: list[Entry] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    """Lines whose record id came in an earlier line of the chunk, which is given."""


@dataclass(slots=True)
class Pending:
    """Entries that have been read and not yet taken."""

    source: Iterator[Entry]
    _ahead: deque[Entry] = field(default_factory=deque)

    def take(self, limit: int) -> Chunk:
        """Return the next chunk of at most so many lines; it has no entries at the file's end."""
        chunk = Chunk()
        ids: dict[str, int] = {}
        pairs: set[tuple[str, int]] = set()
        while len(chunk.entries) < limit and (entry := self._next()) is not None:
            row = entry.row
            if row is not None:
                first = ids.setdefault(row.record_id, row.line)
                if first != row.line:
                    chunk.repeats[row.line] = first
                elif (row.sku, row.place) in pairs:
                    self._ahead.appendleft(entry)
                    break
                else:
                    pairs.add((row.sku, row.place))
                    chunk.rows[row.line] = row
            chunk.entries.append(entry)
        return chunk

    def put_back(self, entries: Sequence[Entry]) -> None:
        """Have entries taken again."""
        self._ahead.extendleft(reversed(entries))

    def _next(self) -> Entry | None:
        return self._ahead.popleft() if self._ahead else next(self.source, None)
