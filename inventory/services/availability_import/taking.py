"""Taking a file in, a chunk a transaction: staged, compared, and written where something changes.

Everything about a chunk is committed at once: stock, ledger, the records known, the problems told,
the counts, and where the next chunk begins. So a run that is cut off anywhere is resumed with
nothing lost and nothing applied twice.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import IO

import msgspec

from inventory.domain.graph import Graph
from inventory.errors import ConcurrentModification
from inventory.locks import lock_items, locked_write
from inventory.models import JobProblem
from inventory.selectors.graph import current_graph
from inventory.services.availability_import.ahead import ahead
from inventory.services.availability_import.chunks import (
    MOST_LINES,
    Chunk,
    Pace,
    Pending,
    Piece,
    pieces_of,
)
from inventory.services.availability_import.entries import Entry, Problem, Row, entries_of
from inventory.services.availability_import.layouts import CsvLayout, JsonLayout, Layout
from inventory.services.availability_import.lines import lines_of, unpacked
from inventory.services.availability_import.session import open_chunk
from inventory.services.availability_import.staging import (
    KnownRecords,
    changes_of,
    drop_known,
    refresh_statistics,
    remember,
    stage,
    study,
)
from inventory.services.availability_import.writing import Checkpoint, write_changes
from inventory.services.items import UnbornItems, create_items
from inventory.services.jobs.running import Counts, JobRun

log = logging.getLogger("holdfast.import")


class Position(msgspec.Struct, rename="camel"):
    """Where the next chunk begins, in the unpacked file, and what its layout must know."""

    offset: int = 0
    line: int = 1
    state: str = ""


class _GraphChanged(Exception):  # noqa: N818  # a signal inside this module
    """Places are other than those that pending entries were read with."""


def take_in(run: JobRun, position: Position) -> None:
    """Take in the run's file from a position on."""
    taker = _Taker(run, position)
    while True:
        try:
            taker.read_on()
        except _GraphChanged:
            continue
        return


@dataclass(slots=True)
class _Outcome:
    """What a transaction took of a chunk; `locked_at` is 0 where nothing was locked."""

    taken: int
    position: Position
    changed: int = 0
    locked_at: float = 0.0


@dataclass(slots=True)
class _Taker:
    run: JobRun
    position: Position
    pace: Pace = field(default_factory=Pace)
    reading: Callable[[], AbstractContextManager[None]] = nullcontext
    expects_unborn: bool = False
    foreseen: int = 0
    expects_known: bool = False
    born: int = 0
    analyze_at: int = 1

    def read_on(self) -> None:
        """Read from the position to the end; _GraphChanged when entries must be read anew."""
        graph = current_graph(self.run.job.organization_id)
        with (
            closing(self.run.open_upload()) as file,
            ahead(self._pieces(file, graph)) as pieces,
        ):
            pending = Pending(iter(pieces))
            self.reading = pieces.reading
            while True:
                self.run.check()
                if self.expects_unborn and self.foreseen < self.pace.lines:
                    self._foresee(pending)
                chunk = pending.take(self.pace.lines)
                if not chunk.entries:
                    return
                taken = self._take(chunk, graph)
                self.foreseen -= taken
                pending.put_back(chunk.entries[taken:])

    def _pieces(self, file: IO[bytes], graph: Graph) -> Iterator[Piece]:
        parameters, position = self.run.job.parameters, self.position
        plain = unpacked(file, is_gzip=parameters["fileEncoding"] == "GZIP")
        lines = lines_of(plain, start=position.offset, number=position.line)
        layout: Layout
        if parameters["fileFormat"] == "CSV":
            layout = CsvLayout(self.run.job.identifier, position.state)
        else:
            layout = JsonLayout(position.state)
        return pieces_of(entries_of(lines, layout=layout, graph=graph))

    def _take(self, chunk: Chunk, graph: Graph) -> int:
        """Take as much of a chunk as one transaction may; return how many of its entries."""
        while True:
            try:
                with locked_write():
                    outcome = self._write(chunk, graph)
                break
            except UnbornItems as unborn:
                self._bear(unborn.skus)
            except KnownRecords:
                self.expects_known = True
            except ConcurrentModification:
                self.run.check()
        self.position = outcome.position
        held = perf_counter() - outcome.locked_at if outcome.locked_at else 0.0
        self.pace.after(taken=outcome.taken, changed=outcome.changed, held=held)
        log.debug("%d lines, %d changes, locks held %.6f s", outcome.taken, outcome.changed, held)
        return outcome.taken

    def _foresee(self, pending: Pending) -> None:
        """Create the items of many chunks at once: where one was unborn, more will be."""
        self.foreseen, skus = pending.foresee(MOST_LINES)
        self._bear(skus)

    def _bear(self, skus: Collection[str]) -> None:
        """Create items, in a transaction of its own."""
        with self.reading():
            newborn = create_items(self.run.job.organization_id, skus=skus)
        self.expects_unborn = newborn > 0
        self.born += newborn
        if self.born >= self.analyze_at:
            refresh_statistics()
            self.analyze_at = 4 * self.born

    def _reach(self, chunk: Chunk, known: Collection[int]) -> tuple[int, set[str]]:
        """Return the last line that the transaction may take, and the SKUs it may have to write.

        A chunk that could be all changes is not compared first: its items are locked as they are.
        """
        last = chunk.entries[-1].line
        if len(chunk.rows) - len(known) <= self.pace.changes:
            return last, {row.sku for line, row in chunk.rows.items() if line not in known}
        changes = changes_of(self.run.job.organization_id, most=self.pace.changes)
        return changes.last if changes.number == self.pace.changes else last, set(changes.skus)

    def _write(self, chunk: Chunk, graph: Graph) -> _Outcome:
        """Write what fits of a chunk in the caller's transaction.

        From the locks on nothing is read ahead.
        """
        run, now = self.run, self.run.now()
        organization_id = run.job.organization_id
        is_studied = open_chunk(organization_id)
        with self.reading():
            stage(row.copy for row in chunk.rows.values())
            if not is_studied:
                study()
            known = drop_known(organization_id) if self.expects_known else {}
            self.expects_known = bool(known)
            last, skus = self._reach(chunk, known)
            taken = chunk.up_to(last)
            remember(organization_id, up_to_line=last, now=now)
        problems = taken.problems | _misuses(taken, known)
        JobProblem.objects.bulk_create(
            JobProblem(job=run.job, line=line, **msgspec.structs.asdict(problem))
            for line, problem in problems.items()
        )
        outcome = _Outcome(len(taken.entries), _behind(taken.entries[-1]))
        unchanged = Counts(
            read=taken.read,
            failed=len(problems),
            skipped=taken.read - len(problems),
            bytes_done=outcome.position.offset - self.position.offset,
        )
        checkpoint = Checkpoint(unchanged, msgspec.to_builtins(outcome.position))
        if not skus:
            run.checkpoint(unchanged, position=checkpoint.position)
            return outcome
        outcome.locked_at = perf_counter()
        locked = lock_items(organization_id, skus=list(skus))
        if locked.graph_version != graph.version:
            raise _GraphChanged
        if unborn := skus - locked.items.keys():
            raise UnbornItems(unborn)
        outcome.changed = write_changes(
            taken.rows,
            last=last,
            graph=graph,
            locked=locked.items,
            run=run,
            checkpoint=checkpoint,
            now=now,
        )
        return outcome


def _misuses(chunk: Chunk, known: Mapping[int, bool]) -> dict[int, Problem]:
    """Return the records under ids that stand for something else, by line.

    `known` tells of records imported before whether they say the same.
    """
    problems = {
        line: _misuse(chunk.rows[line], "'recordId' was imported before")
        for line, says_the_same in known.items()
        if not says_the_same and line in chunk.rows
    }
    for line, (row, first) in chunk.repeats.items():
        if row.body != first.body:
            problems[line] = _misuse(row, f"'recordId' was used in line {first.line}")
        elif first.line in problems:
            problems[line] = _misuse(row, "'recordId' was imported before")
    return problems


def _misuse(row: Row, complaint: str) -> Problem:
    return Problem(
        record_id=row.record_id,
        location=row.location,
        sku=row.sku,
        message=f"line {row.line}: {complaint} with other content",
    )


def _behind(entry: Entry) -> Position:
    return Position(entry.end, entry.line + 1, entry.state)
