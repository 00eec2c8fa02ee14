"""Taking a file in, a chunk a transaction: staged, compared, and written where something changes.

Everything about a chunk is committed at once: stock, ledger, the records known, the problems told,
the counts, and where the next chunk begins. So a run that is cut off anywhere is resumed with
nothing lost and nothing applied twice.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import perf_counter
from typing import IO

import msgspec

from inventory.domain.graph import Graph
from inventory.errors import ConcurrentModification
from inventory.locks import lock_items, lock_organization_shared, locked_write
from inventory.models import JobProblem
from inventory.selectors.graph import current_graph
from inventory.services.availability_import.ahead import ahead
from inventory.services.availability_import.chunks import Chunk, Pace, Pending
from inventory.services.availability_import.entries import Entry, Problem, Row, entries_of
from inventory.services.availability_import.layouts import CsvLayout, JsonLayout, Layout
from inventory.services.availability_import.lines import lines_of, unpacked
from inventory.services.availability_import.staging import (
    Found,
    compare,
    refresh_statistics,
    remember,
    stage,
)
from inventory.services.availability_import.writing import write_changes
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


class _JustImported(Exception):  # noqa: N818  # a signal inside this module
    """Another import has brought records of the chunk since it was compared."""


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
    """What a transaction made of a chunk; `locked_at` is 0 where nothing was locked."""

    taken: list[Entry]
    position: Position
    changed: int = 0
    locked_at: float = 0.0


@dataclass(slots=True)
class _Taker:
    run: JobRun
    position: Position
    pace: Pace = field(default_factory=Pace)
    quiet: Lock = field(default_factory=Lock)
    expects_unborn: bool = False
    born: int = 0
    analyze_at: int = 500

    def read_on(self) -> None:
        """Read from the position to the end; _GraphChanged when entries must be read anew."""
        graph = current_graph(self.run.job.organization_id)
        signatures = {
            place: ",".join(map(str, graph.groups_of.get(place, ())))
            for place in graph.locations.values()
        }
        with (
            closing(self.run.open_upload()) as file,
            ahead(self._entries(file, graph)) as entries,
        ):
            pending = Pending(iter(entries))
            self.quiet = entries.quiet
            while True:
                self.run.check()
                chunk = pending.take(self.pace.lines)
                if not chunk.entries:
                    return
                taken = self._take(chunk, graph, signatures)
                pending.put_back(chunk.entries[taken:])

    def _entries(self, file: IO[bytes], graph: Graph) -> Iterator[Entry]:
        parameters, position = self.run.job.parameters, self.position
        plain = unpacked(file, is_gzip=parameters["fileEncoding"] == "GZIP")
        lines = lines_of(plain, start=position.offset, number=position.line)
        layout: Layout
        if parameters["fileFormat"] == "CSV":
            layout = CsvLayout(self.run.job.identifier, position.state)
        else:
            layout = JsonLayout(position.state)
        return entries_of(lines, layout=layout, graph=graph)

    def _take(self, chunk: Chunk, graph: Graph, signatures: Mapping[int, str]) -> int:
        """Take as much of a chunk as one transaction may; return how many of its entries."""
        if self.expects_unborn:
            self._bear({row.sku for row in chunk.rows.values()})
        while True:
            try:
                with ExitStack() as hush, locked_write():
                    outcome = self._write(chunk, graph, signatures, hush)
                break
            except UnbornItems as unborn:
                self._bear(unborn.skus)
            except (_JustImported, ConcurrentModification):
                self.run.check()
        self.position = outcome.position
        held = perf_counter() - outcome.locked_at if outcome.locked_at else 0.0
        taken = len(outcome.taken)
        self.pace.after(taken=taken, changed=outcome.changed, held=held)
        log.debug("%d lines, %d changes, locks held %.6f s", taken, outcome.changed, held)
        return taken

    def _bear(self, skus: Collection[str]) -> None:
        """Create items, in a transaction of its own."""
        newborn = create_items(self.run.job.organization_id, skus=skus)
        self.expects_unborn = newborn > 0
        self.born += newborn
        if self.born >= self.analyze_at:
            refresh_statistics()
            self.analyze_at = 4 * self.born

    def _write(
        self, chunk: Chunk, graph: Graph, signatures: Mapping[int, str], hush: ExitStack
    ) -> _Outcome:
        """Write what fits of a chunk in the caller's transaction.

        From the locks on nothing else of this import runs, until `hush` ends with the transaction.
        """
        run, now = self.run, self.run.now()
        organization_id = run.job.organization_id
        stage(chunk.rows.values(), signatures=signatures)
        found = compare(organization_id)
        taken = _up_to(chunk.entries, found, most=self.pace.changes)
        last = taken[-1].line
        found = [each for each in found if each.line <= last]
        changes = {f.line: chunk.rows[f.line] for f in found if not f.is_known}
        unborn = {chunk.rows[f.line].sku for f in found if f.item_id is None and not f.is_known}
        if unborn:
            raise UnbornItems(unborn)
        _remember(organization_id, chunk, found, last=last, now=now)
        problems = _problems_of(chunk, taken, found)
        JobProblem.objects.bulk_create(
            JobProblem(job=run.job, line=line, **msgspec.structs.asdict(problem))
            for line, problem in problems.items()
        )
        outcome = _Outcome(taken, _behind(taken[-1]))
        if changes:
            lock_organization_shared(organization_id)
            hush.enter_context(self.quiet)
            outcome.locked_at = perf_counter()
            items = {f.item_id for f in found if f.item_id is not None and not f.is_known}
            locked = lock_items(organization_id, item_ids=list(items))
            if locked.graph_version != graph.version:
                raise _GraphChanged
            outcome.changed = write_changes(
                changes, graph=graph, locked=locked.items, origin=run.origin, now=now
            )
        read = sum(entry.row is not None or entry.problem is not None for entry in taken)
        counts = Counts(
            read=read,
            processed=outcome.changed,
            failed=len(problems),
            skipped=read - outcome.changed - len(problems),
            bytes_done=outcome.position.offset - self.position.offset,
        )
        run.checkpoint(counts, position=msgspec.to_builtins(outcome.position))
        return outcome


def _up_to(entries: Sequence[Entry], found: Sequence[Found], *, most: int) -> list[Entry]:
    """Return the first entries that hold no more than so many changes."""
    changed = [each.line for each in found if not each.is_known]
    if len(changed) <= most:
        return list(entries)
    return [entry for entry in entries if entry.line < changed[most]]


def _remember(
    organization_id: int, chunk: Chunk, found: Sequence[Found], *, last: int, now: datetime
) -> None:
    known = [each.line for each in found if each.is_known]
    new = sum(line <= last for line in chunk.rows) - len(known)
    if remember(organization_id, up_to_line=last, but=known, now=now) != new:
        raise _JustImported


def _problems_of(
    chunk: Chunk, taken: Sequence[Entry], found: Sequence[Found]
) -> dict[int, Problem]:
    """Return what is refused of the entries taken, by line."""
    misused = {each.line for each in found if each.is_known and not each.is_same}
    problems: dict[int, Problem] = {}
    for entry in taken:
        if entry.problem is not None:
            problems[entry.line] = entry.problem
            continue
        row, first = entry.row, chunk.repeats.get(entry.line, entry.line)
        if row is None:
            continue
        if first != entry.line and chunk.rows[first].said != row.said:
            problems[entry.line] = _misuse(row, f"'recordId' was used in line {first}")
        elif first in misused:
            problems[entry.line] = _misuse(row, "'recordId' was imported before")
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
