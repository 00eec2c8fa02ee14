"""Writing stock: what replaces, what stays, what comes back to life."""

from datetime import timedelta

import pytest

from inventory.errors import EntityNotFound, LocationDoesNotExist
from inventory.models import Item, Movement, MovementKind
from inventory.selectors.availability import oversold_items
from inventory.services.outcomes import Applied
from inventory.services.pools import refresh_stale_pools
from inventory.services.stock import StockUpdate
from tests.builders import NOON, SKU, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db

APRIL, MAY = "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"


@pytest.fixture
def shop() -> Shop:
    """One record with every figure."""
    shop = a_shop(A=["l1", "l2"], B=["l2"])
    shop.put(
        "l1",
        on_hand=10 * UNIT,
        safety_stock=2 * UNIT,
        futures=((APRIL, 3 * UNIT), (MAY, UNIT)),
        effective_at=NOON,
        excluded_groups=("B",),
    )
    return shop


def test_a_replacement_resets_what_is_left_out_and_keeps_reserved(shop: Shop) -> None:
    shop.reserve("order", "l1", 4)

    shop.put("l1", safety_stock=UNIT)

    record = shop.record("l1")
    assert (record.on_hand, record.safety_stock, record.reserved) == (0, UNIT, 4 * UNIT)
    assert (record.futures, record.futures_quantity) == ([], 0)
    assert (record.effective_at, record.excluded_groups) == (None, [])
    shop.assert_clean()


def test_a_patch_keeps_what_is_left_out(shop: Shop) -> None:
    shop.put("l1", replaces=False, on_hand=11 * UNIT)

    record = shop.record("l1")
    assert (record.on_hand, record.safety_stock) == (11 * UNIT, 2 * UNIT)
    assert record.futures == [[APRIL, 3 * UNIT], [MAY, UNIT]]
    assert (record.effective_at, record.excluded_groups) == (NOON, ["B"])


def test_a_patch_of_a_new_record_starts_from_nothing(shop: Shop) -> None:
    shop.put("l2", replaces=False, safety_stock=UNIT)

    assert shop.record("l2").on_hand == 0
    assert shop.figures("A").safety_stock == 3 * UNIT


def test_futures_of_one_date_are_merged_in_the_group(shop: Shop) -> None:
    shop.put("l2", futures=((MAY, 2 * UNIT), (MAY, UNIT)))

    assert shop.figures("A").futures == ((APRIL, 3 * UNIT), (MAY, 4 * UNIT))
    assert shop.figures("A").available_to_order == 15 * UNIT
    assert shop.figures("A").available_to_fulfil == 8 * UNIT


def test_a_group_is_as_of_its_youngest_count(shop: Shop) -> None:
    later = NOON + timedelta(hours=1)
    shop.put("l2", on_hand=UNIT, effective_at=later)
    assert shop.figures("A").effective_at == later

    shop.put("l2", on_hand=UNIT)
    assert shop.figures("A").effective_at == NOON, "the youngest date was taken away"
    shop.put("l2", on_hand=2 * UNIT)
    assert shop.figures("A").effective_at == NOON
    shop.assert_clean()


def test_an_unknown_location_refuses_the_whole_call(shop: Shop) -> None:
    with pytest.raises(LocationDoesNotExist):
        shop.update(
            [
                StockUpdate("call", "l1", "new", replaces=True, on_hand=UNIT),
                StockUpdate("call", "zz", "new", replaces=True, on_hand=UNIT),
            ]
        )
    assert not Item.objects.filter(organization=shop.organization, sku="new").exists()


def test_updates_of_one_record_in_one_call_follow_each_other(shop: Shop) -> None:
    shop.update(
        [
            StockUpdate("call", "l2", SKU, replaces=True, on_hand=5 * UNIT),
            StockUpdate("call", "l2", SKU, replaces=False, safety_stock=UNIT),
            StockUpdate("call", "l2", SKU, replaces=False, on_hand=6 * UNIT),
        ]
    )

    record = shop.record("l2")
    assert (record.on_hand, record.safety_stock) == (6 * UNIT, UNIT)
    assert shop.item().sequence == 4
    shop.assert_clean()


# Deleting


def test_a_deleted_record_keeps_its_reserved_count_and_its_claims(shop: Shop) -> None:
    shop.reserve("order", "l1", 4)

    shop.delete("l1")

    record = shop.record("l1")
    assert record.is_deleted
    assert (record.on_hand, record.safety_stock, record.futures_quantity) == (0, 0, 0)
    assert (record.effective_at, record.excluded_groups) == (None, [])
    assert record.reserved == 4 * UNIT
    assert shop.held() == {("order", "l1"): 4}
    assert not shop.figures("A").exists
    assert shop.item().on_hand == 0
    shop.assert_clean()

    shop.stock(l1=9)
    assert shop.reserved("l1") == 4
    assert shop.figures("A").available_to_order == 5 * UNIT
    shop.assert_clean()


def test_a_deleted_record_can_be_fulfilled_released_and_left(shop: Shop) -> None:
    shop.put("l1", on_hand=10 * UNIT)
    shop.reserve("order", "l1", 3)
    shop.delete("l1")
    shop.put("l2", on_hand=5 * UNIT)

    assert shop.fulfil("l1", 1).value == "now"
    assert shop.release("l1", 1).value == "now"
    assert shop.transfer("l1", "l2", 1).value == "now"

    assert shop.held() == {("order", "l2"): 1}
    assert shop.record("l1").is_deleted
    shop.assert_clean()


def test_a_deletion_may_leave_promises_without_stock(shop: Shop) -> None:
    shop.reserve("order", "A", 5)

    shop.delete("l1")

    assert shop.short() == 5
    assert [o.sku for o in oversold_items(shop.id, after=0, limit=10)] == [SKU]
    shop.stock(l2=5)
    assert oversold_items(shop.id, after=0, limit=10) == []


def test_what_does_not_exist_cannot_be_deleted(shop: Shop) -> None:
    shop.delete("l1")

    for location, sku in (("l1", SKU), ("l2", SKU), ("l1", "unknown")):
        with pytest.raises(EntityNotFound):
            shop.delete(location, sku=sku)
    with pytest.raises(LocationDoesNotExist):
        shop.delete("zz")


def test_movements_of_counts_carry_what_was_true_and_when(shop: Shop) -> None:
    shop.put("l1", on_hand=4 * UNIT, external_ref="count-7", effective_at=NOON)
    shop.later(60).delete("l1")

    movements = Movement.objects.filter(organization_id=shop.id).order_by("id")
    counted, deleted = list(movements)[-2:]
    assert counted.kind == MovementKind.COUNT
    assert (counted.on_hand_before, counted.on_hand_after) == (10 * UNIT, 4 * UNIT)
    assert (counted.futures_before, counted.futures_after) == (4 * UNIT, 0)
    assert (counted.quantity, counted.external_ref) == (4 * UNIT, "count-7")
    assert (counted.effective_at, counted.recorded_at) == (NOON, NOON)
    assert deleted.kind == MovementKind.DELETE
    assert (deleted.on_hand_before, deleted.on_hand_after) == (4 * UNIT, 0)


# The graph changes


def test_stale_pools_are_summed_by_readers_and_rebuilt_by_writers() -> None:
    shop = a_shop(A=["l1", "l2"], B=["l2"])
    shop.stock(l1=5, l2=5)
    built = shop.item().graph_version

    version = shop.regroup(A=["l1"], B=["l1", "l2"])

    assert shop.item().graph_version == built < version, "nobody has rebuilt them yet"
    assert (shop.ato("A"), shop.ato("B")) == (5, 10)
    shop.assert_clean()

    shop.reserve("order", "B", 1)
    assert shop.item().graph_version == version
    assert (shop.ato("A"), shop.ato("B")) == (5, 9)
    shop.assert_clean()


def test_stale_pools_are_rebuilt_ahead_of_the_next_write() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 8)
    version = shop.regroup(A=["l1"], B=["l2"])
    sequence = shop.item().sequence

    assert refresh_stale_pools(now=shop.now) >= 1

    item = shop.item()
    assert (item.graph_version, item.short, item.sequence) == (version, 3 * UNIT, sequence)
    assert item.available_to_order == 5 * UNIT
    shop.assert_clean()


def test_a_graph_change_may_oversell_and_another_one_heals() -> None:
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=5, l2=5)
    shop.reserve("order", "A", 8)

    shop.regroup(A=["l1"], B=["l2"])
    assert (shop.ato("A"), shop.ato("B")) == (0, 5)
    assert not shop.reserve("more", "A", 1).success
    assert shop.short() == 0, "no write has looked yet: the refusal wrote nothing"
    shop.stock(sku=SKU, l2=6)
    assert shop.short() == 3

    shop.regroup(A=["l1", "l2"])
    assert shop.ato("A") == 3
    shop.stock(l2=5)
    assert shop.short() == 0
    shop.assert_clean()


def test_exclusions_outlive_a_graph_change() -> None:
    shop = a_shop(A=["l1"], B=["l1"])
    shop.put("l1", on_hand=5 * UNIT, excluded_groups=("A",))

    shop.regroup(A=["l1", "l2"], B=["l2"])
    assert (shop.ato("A"), shop.ato("B")) == (0, 0)
    shop.regroup(A=["l1"], B=["l1"])
    assert (shop.ato("A"), shop.ato("B")) == (0, 5)


def test_a_count_that_was_applied_is_known_again_after_its_location_is_gone() -> None:
    shop = a_shop(A=["l1", "l2"])
    count = StockUpdate("count", "l2", SKU, replaces=True, on_hand=0)
    other = StockUpdate("other", "l2", "new-sku", replaces=True, on_hand=1)
    assert shop.update([count]) == [Applied.NOW]
    shop.regroup(A=["l1"])

    assert shop.update([count]) == [Applied.BEFORE]
    with pytest.raises(LocationDoesNotExist):
        shop.update([count, other])
    assert not Item.objects.filter(organization=shop.organization, sku="new-sku").exists()
