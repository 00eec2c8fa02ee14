"""Items come to life the first time they are written."""

from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


class UnbornItems(Exception):  # noqa: N818  # a signal between two services, not an error
    """Raised inside a write that found SKUs without an item; the write is undone and repeated."""

    def __init__(self, skus: Collection[str]) -> None:
        super().__init__(f"{len(skus)} items are to be created")
        self.skus = skus


def with_items_born(organization_id: int, write: Callable[[], Result]) -> Result:
    """Run a write; when it finds unborn items, create them and run it again.

    They are created in a statement that is committed by itself, sorted by SKU: two clients that
    bring the same new SKUs in opposite order would otherwise wait for each other (design: 6.4).
    """
    try:
        return write()
    except UnbornItems as unborn:
        create_items(organization_id, skus=unborn.skus)
    return write()


def create_items(organization_id: int, *, skus: Collection[str]) -> int:
    """Create the items that do not exist yet, and return how many those were.

    A new item's empty pools fit any graph. The commit does not wait for the disk: whoever builds on
    the item does, for a later place in the same log.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH hurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
            " INSERT INTO inventory_item (organization_id, sku, sequence, graph_version, on_hand,"
            " available_to_order, short)"
            " SELECT o.id, v.sku, 0, o.graph_version, 0, 0, 0"
            " FROM hurried, inventory_organization o, unnest(%s::text[]) AS v(sku)"
            " WHERE o.id = %s ORDER BY v.sku ON CONFLICT DO NOTHING",
            [sorted(skus), organization_id],
        )
        return int(cursor.rowcount)
