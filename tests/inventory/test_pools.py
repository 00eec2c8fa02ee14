"""Rebuilding pools ahead of the next write: by index, and round whatever is in the way."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connection

from inventory import locks
from inventory.models import StockRecord
from inventory.services import pools
from inventory.services.pools import refresh_stale_pools
from tests.builders import Shop, a_shop
from tests.concurrency.servers import address_of

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def another_session(lock: str, key: int) -> Iterator[None]:
    """Hold a lock in a connection of its own until the block ends."""
    with closing(psycopg.connect(**address_of(connection))) as session:
        session.execute(lock, [key])
        yield


def behind(*skus: str) -> Shop:
    """Make a shop whose items are behind the graph."""
    shop = a_shop(A=["l1", "l2"])
    for sku in skus:
        shop.stock(sku, l1=5, l2=5)
    shop.regroup(A=["l1"], B=["l2"])
    return shop


def rebuilt(shop: Shop, *skus: str) -> list[bool]:
    shop.organization.refresh_from_db()
    return [shop.item(sku).graph_version == shop.organization.graph_version for sku in skus]


def test_every_organization_is_served_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "BATCH", 2)
    skus = [f"sku-{n}" for n in range(5)]
    shop, other = behind(*skus), behind("a")

    assert refresh_stale_pools(now=shop.now) == 6

    assert rebuilt(shop, *skus) == [True] * 5
    assert rebuilt(other, "a") == [True]
    assert refresh_stale_pools(now=shop.now) == 0
    shop.assert_clean()


def test_a_limit_holds_for_each_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "BATCH", 2)
    shop, other = behind("a", "b", "c"), behind("a")

    assert refresh_stale_pools(now=shop.now, limit=2) == 3

    assert rebuilt(other, "a") == [True]
    assert refresh_stale_pools(now=shop.now, limit=2) == 1


def test_an_item_that_others_hold_is_passed_over() -> None:
    shop, other = behind("a", "b"), behind("a")
    hold = "SELECT FROM inventory_item WHERE id = %s FOR NO KEY UPDATE"

    with another_session(hold, shop.item("a").pk):
        assert refresh_stale_pools(now=shop.now) == 2

    assert rebuilt(shop, "a", "b") == [False, True]
    assert rebuilt(other, "a") == [True]
    assert shop.ato("B", sku="a") == 5, "readers add up its records"
    assert refresh_stale_pools(now=shop.now) == 1


def test_a_graph_change_holds_up_its_own_tenant_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "PATIENCE", "50ms")
    shop, other = behind("a"), behind("a")

    with another_session(f"SELECT pg_advisory_xact_lock({locks._ORGANIZATION_SPACE}, %s)", shop.id):
        assert refresh_stale_pools(now=shop.now) == 1

    assert rebuilt(shop, "a") == [False]
    assert rebuilt(other, "a") == [True]


def test_a_batch_that_fails_is_logged_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pools, "BATCH", 1)
    shop, other = behind("a", "b"), behind("a")
    # No reader understands these futures.
    StockRecord.objects.filter(item=shop.item("a")).update(futures=["?"])

    assert refresh_stale_pools(now=shop.now) == 2

    assert rebuilt(shop, "a", "b") == [False, True]
    assert rebuilt(other, "a") == [True]
    told = [record.message for record in caplog.records if record.name == "holdfast.pools"]
    assert told == [f"Pools of organization {shop.id} stay stale: [{shop.item('a').pk}]"]


_MORE_ITEMS = """
INSERT INTO inventory_item (organization_id, sku, sequence, graph_version, on_hand,
  available_to_order, short)
SELECT o.id, 'more-' || n, 0, o.graph_version - (n % 1000 = 0)::int, 0, 0, 0
FROM inventory_organization o, generate_series(1, 20000) n
"""


def test_items_behind_the_graph_are_found_by_their_index() -> None:
    """Beat asks every ten seconds; a scan of all items of all tenants would never pay."""
    shop, _ = behind("a"), behind("a")
    with connection.cursor() as cursor:
        cursor.execute(_MORE_ITEMS)
        cursor.execute("ANALYZE inventory_item, inventory_organization")
        plans = []
        for query, params in (
            (pools._ORGANIZATIONS, []),
            (pools._BEHIND, [shop.id, -1, 0, shop.id, pools.BATCH]),
        ):
            cursor.execute(f"EXPLAIN (COSTS OFF) {query}", params)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    for plan in plans:
        assert "item_behind_graph" in plan
        assert "Seq Scan on inventory_item" not in plan
        assert "graph_version <" in next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "Sort" not in plans[1]
    assert refresh_stale_pools(now=shop.now) == 2 + 2 * 20
