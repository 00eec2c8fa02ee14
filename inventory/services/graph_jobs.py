"""The location graph as a file: exported whole, imported whole (spec: oci-headless 6.3)."""

import zlib
from typing import IO

import msgspec

from inventory.domain.graph_plan import GraphPlan
from inventory.errors import IllegalGraph, InvalidRequest, InvalidRequestParameter
from inventory.models import Job, JobProblem
from inventory.selectors.graph import current_graph
from inventory.services.graph import GraphChange, preview_graph, replace_location_graph
from inventory.services.graph_edits import only_after
from inventory.services.graph_plans import MAX_FILE_BYTES, plan_from_file
from inventory.services.graph_reports import GraphReport, change_report, encoded, preview_report
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import Counts, JobFailed, JobRun
from inventory.services.leaving import LISTED, PlacesInUse

GRAPH_EXPORT = "location-graph-export"
GRAPH_IMPORT = "location-graph-import"

JSON = "application/json"
LINES = "application/octet-stream"

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_TOO_LARGE = f"A location graph has at most {MAX_FILE_BYTES // 2**20} MB."


class ExportedGroup(msgspec.Struct):
    """A group and its locations, by identifier."""

    id: str
    locations: list[str]


class ExportedGraph(msgspec.Struct):
    """The whole graph; `locations` are all of them, grouped or not."""

    locations: list[str]
    groups: list[ExportedGroup]


def export_graph(run: JobRun) -> None:
    """Write the graph as it stands."""
    graph = current_graph(run.job.organization_id)
    names = graph.identifiers
    exported = ExportedGraph(
        locations=sorted(graph.locations),
        groups=[
            ExportedGroup(name, sorted(names[member] for member in graph.members.get(pk, ())))
            for name, pk in sorted(graph.groups.items())
        ],
    )
    run.counts.read = run.counts.exported = len(exported.locations) + len(exported.groups)
    with run.writing_result(content_type=JSON) as file:
        file.write(msgspec.json.encode(exported))


def import_graph(run: JobRun) -> None:
    """Make the graph that of the file, or tell what that would do (parameter `dryRun`).

    With `seenVersion` the job fails if another version of the graph stands by then.

    The change and the note that it was made are one transaction: a run that is cut off behind it
    only writes its result again.
    """
    if run.job.position is None:
        report = _carried_out(run)
    else:
        report = msgspec.convert(run.job.position, GraphReport)
    with run.writing_result(content_type=LINES) as file:
        file.write(encoded(report) + b"\n")


def _carried_out(run: JobRun) -> GraphReport:
    JobProblem.objects.filter(job=run.job).delete()  # of a run before, that was refused
    with run.open_upload() as file:
        content = _unpacked(file)
    try:
        return _changed(run, plan_from_file(content))
    except (IllegalGraph, InvalidRequest, InvalidRequestParameter) as refusal:
        if isinstance(refusal, PlacesInUse):
            _list(run.job, refusal)
        sentence = f"{refusal.code}: {refusal.message}"
        raise JobFailed(sentence) from refusal


def _changed(run: JobRun, plan: GraphPlan) -> GraphReport:
    job = run.job
    size = len(plan.locations) + len(plan.groups)
    force = job.parameters["force"]
    if job.parameters["dryRun"]:
        preview = preview_graph(
            organization_id=job.organization_id, locations=plan.locations, groups=plan.groups
        )
        report = preview_report(preview, force=force)
        run.checkpoint(Counts(read=size, skipped=size), position=_plain(report))
        return report

    def note(change: GraphChange) -> None:
        if (seen := job.parameters.get("seenVersion")) is not None:
            only_after(seen)(change)
        counts = Counts(read=size, processed=size)
        if not change.differences:
            counts = Counts(read=size, skipped=size)
        run.checkpoint(counts, position=_plain(change_report(change)))

    change = replace_location_graph(
        organization_id=job.organization_id,
        locations=plan.locations,
        groups=plan.groups,
        origin=run.origin,
        now=run.now(),
        force=force,
        finish=note,
    )
    return change_report(change)


def _plain(report: GraphReport) -> object:
    """Return a report as the job's row keeps it."""
    return msgspec.json.decode(encoded(report))


def _list(job: Job, refusal: PlacesInUse) -> None:
    """Put the first of the places in use into the result file."""
    JobProblem.objects.bulk_create(
        JobProblem(
            job=job,
            line=number,
            record_id="",
            location=place.identifier,
            sku="",
            message=f"in use: {place}",
        )
        for number, place in enumerate(refusal.places[:LISTED], start=1)
    )


def _unpacked(file: IO[bytes]) -> bytes:
    """Return the content of a plain or packed file; JobFailed for what is too large or damaged."""
    content = file.read(MAX_FILE_BYTES + 1)
    if content.startswith(_GZIP):
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        try:
            content = unpacker.decompress(content, MAX_FILE_BYTES + 1)
        except zlib.error as error:
            message = f"The file is damaged: {error}"
            raise JobFailed(message) from error
        if len(content) <= MAX_FILE_BYTES and not unpacker.eof:
            message = "The file is not whole."
            raise JobFailed(message)
    if len(content) > MAX_FILE_BYTES:
        raise JobFailed(_TOO_LARGE)
    return content


KINDS = (Kind(GRAPH_EXPORT, export_graph), Kind(GRAPH_IMPORT, import_graph, takes_file=True))
