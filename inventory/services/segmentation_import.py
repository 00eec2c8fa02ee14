"""Taking in a segmentation file, a chunk a transaction (spec: oci-headless 6.6).

What a chunk says may be said twice: a run that is cut off goes on behind its last chunk. It reads a
section from its header on, because only a whole section tells what a group that is replaced shall
exclude no longer.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO

import msgspec
from django.db import transaction

from inventory.domain.graph import Graph
from inventory.errors import ConcurrentModification, GroupDoesNotExist
from inventory.models import JobProblem
from inventory.selectors.graph import current_graph
from inventory.selectors.segmentation import write_segmented_but
from inventory.services.availability_import.lines import (
    Line,
    blocks_of_gzip,
    lines_of,
    unpacked,
)
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.problems import status_of, write_problems
from inventory.services.jobs.running import Counts, JobFailed, JobRun
from inventory.services.segmentation import SegmentChange, change_segmentation
from inventory.services.segmentation_lines import Header, Mode, Refused, entry_of

SEGMENTATION_IMPORT = "segmentation-import"

FEWEST, FIRST, MOST = 10, 40, 1_000
"""Lines a transaction. Items are locked while their pools are added up anew, which takes as long as
there are locations: the next chunk is as large as the last one teaches."""

_HOLD_SECONDS = 0.015

_GZIP = b"\x1f\x8b"
_LOOK = 1_000
_NO_HEADER = "'groupId' no header that can be applied stands above this line"


class Position(msgspec.Struct):
    """Where the next chunk begins, and the section it is in; offsets are in the unpacked file."""

    offset: int = 0
    line: int = 1
    section_offset: int = 0
    section_line: int = 1


def import_segmentation(run: JobRun) -> None:
    """Take in the uploaded file; what is refused becomes a line of the result file."""
    with closing(run.open_upload()) as file:
        is_gzip = file.read(len(_GZIP)) == _GZIP
    if run.job.position is None:
        _prove(run, is_gzip=is_gzip)
    position = msgspec.convert(run.job.position or {}, Position)
    with closing(run.open_upload()) as file, TemporaryFile() as listed:
        graph = current_graph(run.job.organization_id)
        importer = _Importer(run, graph, position, listed)
        importer.take(unpacked(file, is_gzip=is_gzip))
        if importer.is_blank:
            raise JobFailed("The file is empty.")
    with run.writing_result(content_type="application/octet-stream") as result:
        write_problems(run.job, status_of(run.job), result)


def _prove(run: JobRun, *, is_gzip: bool) -> None:
    """Check what can be wrong with the file as a whole, before any of it is applied."""
    size = run.job.upload_size
    with closing(run.open_upload()) as file:
        plain = unpacked(file, is_gzip=is_gzip)
        if is_gzip:
            start, packed_size, size = b"", size, 0
            for block in blocks_of_gzip(plain, packed_size=packed_size):
                start = start or block[:_LOOK]
                size += len(block)
        else:
            start = plain.read(_LOOK)
    if start.lstrip().startswith(b"["):
        raise JobFailed("The file must hold one JSON object a line, not an array.")
    run.begin(bytes_total=size)


@dataclass(slots=True)
class _Importer:
    """Goes down the file. `listed` keeps the SKUs of a section that replaces its group."""

    run: JobRun
    graph: Graph
    position: Position
    listed: IO[bytes]
    header: Header | None = None
    skus: dict[int, str] = field(default_factory=dict)
    chunk: int = field(default_factory=lambda: FIRST)
    problems: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By line: the SKU and the complaint."""
    is_blank: bool = True

    def take(self, file: IO[bytes]) -> None:
        """Take in every line, from the header of the position's section on."""
        begin, number = self.position.section_offset, self.position.section_line
        for line in lines_of(file, start=begin, number=number):
            entry = entry_of(line, graph=self.graph)
            if isinstance(entry, Header) or (isinstance(entry, Refused) and entry.is_header):
                self._end_section(offset=begin, line=line.number)
                self.header = entry if isinstance(entry, Header) else None
                self.position.section_offset, self.position.section_line = begin, line.number
            self.is_blank = self.is_blank and entry is None
            self._gather(line, entry)
            begin, number = line.end, line.number + 1
            if len(self.skus) + len(self.problems) >= self.chunk:
                self._apply(offset=begin, line=number)
        self._end_section(offset=begin, line=number)

    def _gather(self, line: Line, entry: Header | str | Refused | None) -> None:
        is_new = line.number >= self.position.line
        if isinstance(entry, Refused) and is_new:
            self.problems[line.number] = ("", entry.complaint)
        elif isinstance(entry, str) and self.header is not None:
            if self.header.mode is Mode.REPLACE:
                self.listed.write(entry.encode() + b"\n")
            if is_new:
                self.skus[line.number] = entry
        elif isinstance(entry, str) and is_new:
            self.problems[line.number] = (entry, _NO_HEADER)

    def _end_section(self, *, offset: int, line: int) -> None:
        """Apply what is left of a section, and what its group shall exclude no longer."""
        if self.skus or self.problems:
            self._apply(offset=offset, line=line)
        if self.header is not None and self.header.mode is Mode.REPLACE:
            self._count_the_unlisted_again(self.header.group)
        self.listed.seek(0)
        self.listed.truncate()
        self.header = None

    def _apply(self, *, offset: int, line: int) -> None:
        """Apply what was gathered and note where to go on, in one transaction."""
        self.run.check()
        before, self.position.offset, self.position.line = self.position.offset, offset, line

        def note(changed: int) -> None:
            self._note(changed, bytes_done=offset - before)

        try:
            if self.header is None or not self.skus:
                with transaction.atomic():
                    note(0)
            else:
                excludes = self.header.mode is not Mode.REMOVE
                change = SegmentChange(
                    self.header.group, tuple(dict.fromkeys(self.skus.values())), excludes
                )
                self._change(change, finish=note)
        except GroupDoesNotExist as gone:
            self.problems |= {n: (sku, gone.message) for n, sku in self.skus.items()}
            self.skus.clear()
            with transaction.atomic():
                note(0)
        self.skus.clear()
        self.problems.clear()

    def _change(self, change: SegmentChange, *, finish: Callable[[int], None] | None) -> None:
        begin = perf_counter()
        while True:
            try:
                change_segmentation(
                    organization_id=self.run.job.organization_id,
                    changes=[change],
                    origin=self.run.origin,
                    now=self.run.now(),
                    request_id=self.run.job.identifier,
                    finish=finish,
                )
            except ConcurrentModification:  # nothing was applied: the others are to go first
                self.run.check()
            else:
                break
        fits = round(len(change.skus) * _HOLD_SECONDS / (perf_counter() - begin))
        self.chunk = min(max((self.chunk + fits) // 2, FEWEST), MOST)

    def _note(self, changed: int, *, bytes_done: int) -> None:
        JobProblem.objects.bulk_create(
            JobProblem(
                job=self.run.job,
                line=number,
                record_id="",
                location="" if self.header is None else self.header.group,
                sku=sku,
                message=f"line {number}: {complaint}",
            )
            for number, (sku, complaint) in sorted(self.problems.items())
        )
        counts = Counts(
            read=len(self.skus) + len(self.problems),
            processed=changed,
            skipped=len(self.skus) - changed,
            failed=len(self.problems),
            bytes_done=bytes_done,
        )
        self.run.checkpoint(counts, position=msgspec.to_builtins(self.position))

    def _count_the_unlisted_again(self, group: str) -> None:
        with TemporaryFile() as unlisted:
            self.listed.seek(0)
            with transaction.atomic():
                write_segmented_but(
                    self.listed,
                    unlisted,
                    organization_id=self.run.job.organization_id,
                    group=self.graph.groups[group],
                )
            unlisted.seek(0)
            # A group that has left meanwhile has taken its segmentation with it.
            with suppress(GroupDoesNotExist):
                while skus := tuple(_skus(unlisted, self.chunk)):
                    self.run.check()
                    self._change(SegmentChange(group, skus, excludes=False), finish=None)


def _skus(file: IO[bytes], most: int) -> Iterator[str]:
    return (row.decode().removesuffix("\n") for row in islice(file, most))


KIND = Kind(SEGMENTATION_IMPORT, import_segmentation, takes_file=True)
