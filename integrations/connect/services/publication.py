"""The job that a publication of the location graph is: validate what is live, rebuild pools.

There is no staging copy of the graph here, as Salesforce has one: what is imported is live. What is
left to do is to prove it and to spare readers the items whose pools are behind it.
"""

from integrations.connect.services.uploads import GRAPH_PUBLICATION
from inventory.domain.graph import Graph
from inventory.domain.graph_plan import GraphPlan, GroupSpec
from inventory.selectors.graph import current_graph
from inventory.services.graph_plans import check_plan
from inventory.services.jobs.kinds import Kind
from inventory.services.jobs.running import JobRun
from inventory.services.pools import items_behind, refresh_pools_of


def publish(run: JobRun) -> None:
    """Validate the graph and rebuild pools; a graph that cannot stand is IllegalGraph.

    Counts: places and items looked at, places and items in order, items that others held.
    """
    organization_id = run.job.organization_id
    graph = current_graph(organization_id)
    places = len(graph.locations) + len(graph.groups)
    run.counts.read = places
    check_plan(_as_plan(graph))
    run.counts.processed = places
    while rebuilt := refresh_pools_of(organization_id, now=run.now()):
        run.counts.read += rebuilt
        run.counts.processed += rebuilt
        run.check()
    run.counts.skipped = items_behind(organization_id)
    run.counts.read += run.counts.skipped


def _as_plan(graph: Graph) -> GraphPlan:
    names = graph.identifiers
    return GraphPlan(
        locations=sorted(graph.locations),
        groups=[
            GroupSpec(identifier, tuple(names[pk] for pk in graph.members.get(group, ())))
            for identifier, group in sorted(graph.groups.items())
        ],
    )


KIND = Kind(GRAPH_PUBLICATION, publish)
