"""Chunks: how much of a file one transaction takes.

A chunk ends before a record whose stock record is in it already, so that no row is written twice in
a statement. It grows while nothing changes, and holds item locks for about ten milliseconds when
much does: the number of changes it may hold follows what the last ones took.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from inventory.services.availability_import.entries import Entry, Problem, Row

MOST_LINES = 4_000
_PIECE = 32
_FIRST_LINES = 500
_FEWEST_LINES = 50
_HOLD_SECONDS = 0.014
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


class Repeat(NamedTuple):
    """A record whose id came in an earlier one of the chunk."""

    row: Row
    first: Row


@dataclass(slots=True)
class Piece:
    """A few entries, with what a chunk must know of them; made by the thread that reads ahead."""

    entries: list[Entry]
    rows: dict[int, Row]
    ids: set[str]
    pairs: set[tuple[str, int]]


@dataclass(slots=True)
class Chunk:
    """Entries that are taken together: records to be staged, and the others, each by its line."""

    entries: list[Entry] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    repeats: dict[int, Repeat] = field(default_factory=dict)
    problems: dict[int, Problem] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """How many records its lines hold, good or bad."""
        return len(self.rows) + len(self.repeats) + len(self.problems)

    def up_to(self, last: int) -> "Chunk":
        """Return what comes no later than a line."""
        if self.entries[-1].line <= last:
            return self
        return _sorted_out([entry for entry in self.entries if entry.line <= last])


def pieces_of(entries: Iterator[Entry]) -> Iterator[Piece]:
    """Generate entries by small pieces."""
    while some := list(islice(entries, _PIECE)):
        yield _piece(some)


def _piece(entries: list[Entry]) -> Piece:
    rows = {entry.line: entry.row for entry in entries if entry.row is not None}
    records = rows.values()
    return Piece(
        entries,
        rows,
        ids={row.record_id for row in records},
        pairs={(row.sku, row.place) for row in records},
    )


def _plain(entries: list[Entry], pieces: list[Piece]) -> Chunk | None:
    """Return pieces as a chunk where each entry is a record of its own, as nearly always."""
    chunk = Chunk(entries)
    ids: set[str] = set()
    pairs: set[tuple[str, int]] = set()
    for piece in pieces:
        ids |= piece.ids
        pairs |= piece.pairs
        chunk.rows |= piece.rows
    return chunk if len(entries) == len(ids) == len(pairs) else None


def _sorted_out(entries: list[Entry]) -> Chunk:
    """Return the entries before the first of a stock record that is in the chunk already."""
    chunk = Chunk()
    ids: dict[str, Row] = {}
    pairs: set[tuple[str, int]] = set()
    for entry in entries:
        row = entry.row
        if row is None:
            if entry.problem is not None:
                chunk.problems[entry.line] = entry.problem
        elif (first := ids.setdefault(row.record_id, row)) is not row:
            chunk.repeats[row.line] = Repeat(row, first)
        elif (pair := (row.sku, row.place)) in pairs:
            break
        else:
            pairs.add(pair)
            chunk.rows[row.line] = row
        chunk.entries.append(entry)
    return chunk


@dataclass(slots=True)
class Pending:
    """Entries that have been read and not yet taken; `source` generates them by pieces."""

    source: Iterator[Piece]
    _ahead: deque[Piece] = field(default_factory=deque)

    def take(self, limit: int) -> Chunk:
        """Return the next chunk: at most so many lines, by whole pieces, but one at least.

        It has no entries at the file's end.
        """
        pieces: list[Piece] = []
        while self._ahead or self._read():
            limit -= len(self._ahead[0].entries)
            if pieces and limit < 0:
                break
            pieces.append(self._ahead.popleft())
        entries = [entry for piece in pieces for entry in piece.entries]
        chunk = _plain(entries, pieces) or _sorted_out(entries)
        self.put_back(entries[len(chunk.entries) :])
        return chunk

    def foresee(self, most: int) -> tuple[int, set[str]]:
        """Return how many of about so many next entries there are, and their SKUs; they stay."""
        while len(self._ahead) * _PIECE < most and self._read():
            pass
        skus = {row.sku for piece in self._ahead for row in piece.rows.values()}
        return sum(len(piece.entries) for piece in self._ahead), skus

    def put_back(self, entries: list[Entry]) -> None:
        """Have entries taken again."""
        self._ahead.extendleft(reversed([*pieces_of(iter(entries))]))

    def _read(self) -> bool:
        """Read on; False at the file's end."""
        piece = next(self.source, None)
        if piece is not None:
            self._ahead.append(piece)
        return piece is not None
