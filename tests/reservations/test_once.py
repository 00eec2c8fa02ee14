"""A repeated request never moves stock twice (law 7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inventory.errors import DuplicateEventId, EntityNotFound
from inventory.models import Movement, ProcessedRequest
from inventory.services import retention
from inventory.services.once import forget_old_requests
from inventory.services.outcomes import Applied
from inventory.services.stock import StockUpdate
from reservations.services.operations import Fulfilment, Release, Transfer
from tests.builders import SKU, UNIT, Shop, a_shop, placed

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    """20 units in A = {l1, l2}, of which 6 are promised and 3 reserved at l1."""
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=10, l2=10)
    shop.reserve("order", "A", 6)
    shop.reserve("order-l1", "l1", 3)
    return shop


def movements(shop: Shop) -> int:
    return Movement.objects.filter(organization_id=shop.id).count()


def operations(shop: Shop) -> dict[str, Any]:
    here = shop.place("l1")
    return {
        "release": Release(request_id="call", sku=SKU, source=here, quantity=UNIT),
        "fulfilment": Fulfilment(request_id="call", sku=SKU, source=here, quantity=UNIT),
        "transfer": Transfer(
            request_id="call", sku=SKU, source=shop.place("A"), target=here, quantity=UNIT
        ),
    }


KINDS = ("release", "fulfilment", "transfer")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_record_again_moves_nothing(shop: Shop, kind: str) -> None:
    operation = operations(shop)[kind]

    assert shop.apply(operation) == [Applied.NOW]
    held, moved = shop.held(), movements(shop)
    assert shop.later(3600).apply(operation) == [Applied.BEFORE]

    assert (shop.held(), movements(shop)) == (held, moved)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_id_with_another_body_is_refused(shop: Shop, kind: str) -> None:
    operation = operations(shop)[kind]
    shop.apply(operation)
    held = shop.held()

    for other in (
        replace(operation, quantity=2 * UNIT),
        replace(operation, external_ref="web-1"),
    ):
        assert shop.apply(other)[0].refusal.code == "DuplicateEventId"

    assert shop.held() == held


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_record_may_be_sent_again_and_is_decided_anew(shop: Shop, kind: str) -> None:
    operation = replace(operations(shop)[kind], quantity=8 * UNIT)
    assert shop.apply(operation)[0].refusal.code == "InsufficientQuantity"

    shop.stock(l1=40)
    shop.reserve("more-at-l1", "l1", 5)
    shop.reserve("more", "A", 2)

    assert shop.apply(operation) == [Applied.NOW]
    assert shop.apply(operation) == [Applied.BEFORE]


def test_one_id_for_all_records_of_a_call(shop: Shop) -> None:
    shop.stock(sku="cup", l1=5)
    shop.reserve("cups", "l1", 1, sku="cup")
    records = [
        Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=UNIT),
        Release(request_id="call", sku=SKU, source=shop.place("A"), quantity=UNIT),
        Release(request_id="call", sku="cup", source=shop.place("l1"), quantity=UNIT),
        Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=UNIT),
        Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=UNIT),
    ]

    assert shop.apply(*records) == [Applied.NOW] * 5
    assert (shop.reserved("l1"), shop.reserved("A"), shop.reserved("l1", sku="cup")) == (0, 5, 0)
    assert shop.apply(*records) == [Applied.BEFORE] * 5
    shop.assert_clean()


def test_equal_records_are_told_apart_by_their_occurrence(shop: Shop) -> None:
    """The second of two equal records failed: only it is decided anew."""
    record = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=2 * UNIT)

    applied, failed = shop.apply(record, record)
    assert applied is Applied.NOW
    assert failed.refusal.code == "InsufficientQuantity"

    shop.reserve("more", "l1", 2)
    assert shop.apply(record, record) == [Applied.BEFORE, Applied.NOW]
    assert shop.reserved("l1") == 1


def test_one_of_equal_records_alone_is_refused_while_some_of_them_failed(shop: Shop) -> None:
    """Nobody can tell whether it is the one that was applied: it must not move stock again."""
    record = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=2 * UNIT)
    shop.apply(record, record)
    shop.reserve("more", "l1", 5)
    moved = movements(shop)

    (alone,) = shop.apply(record)

    assert alone.refusal.code == "DuplicateEventId"
    assert "send all 2 together again" in alone.refusal.message
    assert movements(shop) == moved
    assert shop.apply(record, record) == [Applied.BEFORE, Applied.NOW]
    assert shop.apply(record) == [Applied.BEFORE], "all have been applied by now"
    assert shop.apply(record, record) == [Applied.BEFORE, Applied.BEFORE]
    assert shop.reserved("l1") == 4
    shop.assert_clean()


def test_too_few_of_the_equal_records_that_failed_are_refused(shop: Shop) -> None:
    record = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=2 * UNIT)
    outcomes = shop.apply(record, record, record)
    assert [outcome is Applied.NOW for outcome in outcomes] == [True, False, False]
    shop.reserve("more", "l1", 9)

    codes = [outcome.refusal.code for outcome in shop.apply(record, record)]

    assert codes == ["DuplicateEventId", "DuplicateEventId"]
    assert shop.reserved("l1") == 10
    assert shop.apply(record, record, record) == [Applied.BEFORE, Applied.NOW, Applied.NOW]
    assert shop.apply(record, record, record) == [Applied.BEFORE] * 3


def test_an_applied_record_is_known_in_any_company(shop: Shop) -> None:
    """The first of two records under one id failed; the second, sent alone, is no first one."""
    too_much = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=9 * UNIT)
    fits = replace(too_much, quantity=UNIT)
    failed, applied = shop.apply(too_much, fits)
    assert failed.refusal.code == "InsufficientQuantity"
    assert applied is Applied.NOW
    shop.reserve("more", "l1", 7)
    moved = movements(shop)

    assert shop.apply(fits) == [Applied.BEFORE]
    (alone,) = shop.apply(too_much)
    assert alone.refusal.code == "DuplicateEventId"
    assert movements(shop) == moved

    assert shop.apply(fits, too_much) == [Applied.BEFORE, Applied.NOW]
    assert shop.apply(too_much, fits) == [Applied.BEFORE, Applied.BEFORE]
    assert shop.reserved("l1") == 0
    shop.assert_clean()


def test_a_call_may_be_repeated_in_parts(shop: Shop) -> None:
    one = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=UNIT)
    records = [one, one, replace(one, external_ref="web-1")]
    assert shop.apply(*records) == [Applied.NOW] * 3

    for record in records:
        assert shop.apply(record) == [Applied.BEFORE]
    assert shop.apply(*records[::-1]) == [Applied.BEFORE] * 3
    assert shop.apply(one, replace(one, quantity=2 * UNIT))[1].refusal.code == "DuplicateEventId"
    assert shop.reserved("l1") == 0


def test_what_is_stored_may_have_lost_its_beginning_to_the_retention(shop: Shop) -> None:
    record = Release(request_id="call", sku=SKU, source=shop.place("l1"), quantity=UNIT)
    assert shop.apply(record, record) == [Applied.NOW] * 2
    ProcessedRequest.objects.get(organization_id=shop.id, occurrence=0, out_of=2).delete()

    assert shop.apply(record, record) == [Applied.BEFORE, Applied.NOW]
    assert shop.apply(record, record) == [Applied.BEFORE, Applied.BEFORE]


def test_records_are_remembered_for_thirty_days(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    ProcessedRequest.objects.all().delete()
    for n in range(5):
        shop.release("A", 1, request_id=f"r-{n}")
    young = shop.later(60)
    young.release("A", 1, request_id="young")

    assert forget_old_requests(now=shop.now + timedelta(days=30)) == 0
    assert forget_old_requests(now=shop.now + timedelta(days=30, seconds=1)) == 5

    assert ProcessedRequest.objects.count() == 1
    assert young.release("A", 1, request_id="young") is Applied.BEFORE


def test_a_record_without_an_item_is_not_remembered(shop: Shop) -> None:
    """No lock guards it: two clients would store the same key."""
    nothing = Release(request_id="call", sku="unknown", source=shop.place("l1"), quantity=0)
    one = shop.a_transfer("A", "l2", 1, request_id="call", set_id="set")
    too_much = shop.a_transfer("A", "l1", 99, request_id="call", set_id="set")
    unknown = shop.a_transfer("A", "l1", 0, sku="unknown", request_id="call", set_id="set")
    before = ProcessedRequest.objects.count()

    assert shop.apply(nothing) == [Applied.NOW]
    assert shop.apply(nothing) == [Applied.NOW]
    codes = [outcome.refusal.code for outcome in shop.apply(unknown, one, too_much)]

    assert codes == ["NotAppliedDueToAtomicFailure"] * 2 + ["InsufficientQuantity"]
    assert ProcessedRequest.objects.count() == before


def test_one_id_serves_different_operations(shop: Shop) -> None:
    """Clients use a reservation's id as the id of its transfer, too."""
    for operation in operations(shop).values():
        assert shop.apply(replace(operation, request_id="order")) == [Applied.NOW]


def test_one_id_serves_different_organizations(shop: Shop) -> None:
    other = a_shop(A=["l1"])
    other.stock(l1=5)
    other.reserve("order", "l1", 3)
    record = operations(shop)["release"]

    assert shop.apply(record) == [Applied.NOW]
    assert other.apply(record) == [Applied.NOW]


def test_records_of_a_failed_set_may_be_sent_again(shop: Shop) -> None:
    records = [
        shop.a_transfer("A", "l2", 2, request_id="call", set_id="set"),
        shop.a_transfer("A", "l1", 5, request_id="call", set_id="set"),
    ]
    codes = [outcome.refusal.code for outcome in shop.apply(*records)]
    assert codes == ["NotAppliedDueToAtomicFailure", "InsufficientQuantity"]

    shop.reserve("more", "A", 1)

    assert shop.apply(*records) == [Applied.NOW, Applied.NOW]
    assert shop.apply(*records) == [Applied.BEFORE, Applied.BEFORE]


# Reservations


def test_the_same_reservation_again_is_answered_as_before(shop: Shop) -> None:
    first = shop.reserve("new", "A", 12, expires_in=60, external_ref="web-1")
    moved = movements(shop)
    shop.release("A", 2, external_ref="web-1")

    again = shop.later(30).reserve("new", "A", 12, expires_in=60, external_ref="web-1")

    assert again == first
    assert movements(shop) == moved + 1
    assert shop.held()["new", "A"] == 9


def test_the_same_addition_again_is_answered_as_before(shop: Shop) -> None:
    lines = [shop.wanted("A", 2)]

    first = shop.add("order", lines, request_id="add-1")
    again = shop.add("order", lines, request_id="add-1")

    assert again == first
    assert shop.held()["order", "A"] == 8
    with pytest.raises(DuplicateEventId):
        shop.add("order", [shop.wanted("A", 1)], request_id="add-1")
    shop.cancel("order")
    assert shop.add("order", lines, request_id="add-1") == first


def test_an_addition_that_got_nothing_may_be_sent_again(shop: Shop) -> None:
    shop.reserve("rest", "A", 11)
    lines = [shop.wanted("A", 2)]
    assert not shop.add("order", lines, request_id="add-1").success

    shop.cancel("rest")

    assert placed(shop.add("order", lines, request_id="add-1")) == {("A", SKU): 8}


def test_one_id_adds_to_different_documents(shop: Shop) -> None:
    lines = [shop.wanted("A", 1)]

    assert shop.add("order", lines, request_id="add-1").success
    assert shop.add("order-l1", lines, request_id="add-1").success


# Stock


def test_the_same_count_again_changes_nothing(shop: Shop) -> None:
    update = StockUpdate("count", "l1", SKU, replaces=True, on_hand=7 * UNIT)
    assert shop.update([update]) == [Applied.NOW]
    shop.stock(l1=9)

    assert shop.update([update]) == [Applied.BEFORE]

    assert shop.on_hand("l1") == 9


def test_the_same_count_id_with_another_body_is_refused_and_others_applied(shop: Shop) -> None:
    update = StockUpdate("count", "l1", SKU, replaces=True, on_hand=7 * UNIT)
    shop.update([update])

    refused, applied = shop.update(
        [replace(update, on_hand=8 * UNIT), StockUpdate("count", "l2", SKU, True, on_hand=UNIT)]
    )

    assert refused.refusal.code == "DuplicateEventId"
    assert applied is Applied.NOW
    assert (shop.on_hand("l1"), shop.on_hand("l2")) == (7, 1)


def test_count_ids_are_apart_by_operation(shop: Shop) -> None:
    update = StockUpdate("count", "l1", SKU, replaces=True, on_hand=7 * UNIT)
    shop.update([update], operation="batch-update")

    assert shop.update([replace(update, on_hand=UNIT)], operation="put-record") == [Applied.NOW]


def test_the_same_deletion_again_changes_nothing(shop: Shop) -> None:
    shop.delete("l1", request_id="gone")
    shop.stock(l1=4)

    shop.delete("l1", request_id="gone")

    assert shop.on_hand("l1") == 4
    shop.delete("l1", request_id="gone-2")
    with pytest.raises(EntityNotFound):
        shop.delete("l1", request_id="gone-3")


def test_only_what_was_applied_is_stored(shop: Shop) -> None:
    def stored(call: Callable[[], object]) -> int:
        before = ProcessedRequest.objects.count()
        call()
        return ProcessedRequest.objects.count() - before

    assert stored(lambda: shop.release("A", 1)) == 1
    assert stored(lambda: shop.release("A", 99)) == 0
    assert stored(lambda: shop.apply(shop.a_transfer("A", "l1", 99, set_id="set"))) == 0
    assert stored(lambda: shop.stock(l1=3, l2=4)) == 2
