"""The job that a publication of the location graph is: validate what is live, rebuild pools.

There is no staging copy of the graph here, as Salesforce has one: what is imported is live. What is
left to do is to prove it and to spare readers the items whose pools are behind it.
"""

from integrations.connect.services.uploads import GRAPH_PUBLICATION
from inventory.api.wire import check_place_id
from inventory.domain.graph import Graph
from inventory.errors import Refusal
from inventory.selectors.graph import current_graph
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobFailed, JobRun
from inventory.services.pools import items_behind, refresh_pools_of

MAX_COMPLAINTS = 100


def publish(run: JobRun) -> None:
    """Validate the graph and rebuild pools; JobFailed with a sentence for each bad place.

    Counts: places and items looked at, places and items in order, items that others held.
    """
    organization_id = run.job.organization_id
    graph = current_graph(organization_id)
    places = len(graph.locations) + len(graph.groups)
    run.counts.read = places
    complaints = _complaints(graph)
    run.counts.failed = len(complaints)
    if complaints:
        raise JobFailed(*complaints[:MAX_COMPLAINTS])
    run.counts.processed = places
    while rebuilt := refresh_pools_of(organization_id, now=run.now()):
        run.counts.read += rebuilt
        run.counts.processed += rebuilt
        run.check()
    run.counts.skipped = items_behind(organization_id)
    run.counts.read += run.counts.skipped


def _complaints(graph: Graph) -> list[str]:
    complaints = [
        f"Group '{identifier}' is empty."
        for identifier, group in sorted(graph.groups.items())
        if not graph.members.get(group)
    ]
    for identifier in sorted({*graph.locations, *graph.groups}):
        try:
            check_place_id(identifier, field=identifier)
        except Refusal as refusal:
            complaints.append(refusal.message)
    return complaints


KIND = Kind(GRAPH_PUBLICATION, publish)
