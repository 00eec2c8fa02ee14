"""All items of an organization with their group figures, a page at a time."""

from collections.abc import Collection, Iterator
from itertools import islice

from django.db import connection

from inventory.domain.figures import GroupFigures
from inventory.domain.graph import Graph
from inventory.selectors.availability import Found, ItemRow, group_figures

PAGE_ITEMS = 500
PAGE_RECORDS = 50_000
"""Stock records that a page reads at most where items are behind their graph."""

_PAGE = """
SELECT id, sku, sequence, graph_version, segmented_out FROM inventory_item
WHERE organization_id = %s AND sku > %s ORDER BY sku LIMIT %s
"""


def figures_by_item(
    graph: Graph, *, groups: Collection[int]
) -> Iterator[dict[tuple[str, int], GroupFigures]]:
    """Generate pages of figures by (SKU, group id), SKUs in the order of the database.

    Only what exists is listed. Call it inside the `snapshot` that the graph was read in.
    """
    after = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, [graph.organization_id, after, PAGE_ITEMS])
            items = [ItemRow(*row) for row in cursor.fetchall()]
        for part in _parts(items, graph):
            found = Found(graph, {item.sku: item for item in part})
            figures = group_figures(found, groups=groups)
            yield {key: figure for key, figure in figures.items() if figure.exists}
        if len(items) < PAGE_ITEMS:
            return
        after = items[-1].sku


def _parts(items: list[ItemRow], graph: Graph) -> Iterator[list[ItemRow]]:
    """Split a page so that items whose records must be added up come few at a time."""
    if all(item.graph_version == graph.version for item in items):
        yield items
        return
    few = max(1, PAGE_RECORDS // max(1, len(graph.locations)))
    rest = iter(items)
    while part := list(islice(rest, few)):
        yield part
