"""Old months of the ledger are dropped when that is asked for, and what is left is whole."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DataError, connection, transaction
from django.test import Client

from inventory.domain.roles import Role
from inventory.errors import ExpiredDeltaLink
from inventory.locks import try_lock_ledger
from inventory.models import DeltaToken, LedgerHorizon, LedgerOpening, Movement
from inventory.services import ledger_retention
from inventory.services.deltas import create_delta_token, read_deltas, update_delta_token
from inventory.services.ledger_retention import drop_old_ledger
from inventory.services.members import add_member
from inventory.tasks import drop_old_ledger_months
from reservations.models import Document
from reservations.selectors.audit import audit
from tests.builders import SKU, UNIT, Shop, a_shop
from tests.concurrency.rivals import rival_before, together

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 15, 12, tzinfo=UTC)


def at(shop: Shop, moment: datetime) -> Shop:
    return shop.later((moment - shop.now).total_seconds())


def rows(shop: Shop) -> Sequence[datetime]:
    """Return when each row that is there was recorded."""
    kept = Movement.objects.filter(organization_id=shop.id).order_by("id")
    return list(kept.values_list("recorded_at", flat=True))


@pytest.fixture
def shop() -> Shop:
    """Stock counted and reserved in March, shipped in April, counted again in May."""
    shop = a_shop(A=["l1", "l2"])
    shop.stock(l1=10, l2=5)
    shop.reserve("order", "A", 8)
    april = at(shop, datetime(2026, 4, 1, tzinfo=UTC))
    april.transfer("A", "l1", 6)
    april.fulfil("l1", 6)
    at(shop, MAY).stock(l2=9)
    return shop


def test_the_ledger_is_kept_by_default(shop: Shop) -> None:
    before = rows(shop)

    assert settings.LEDGER_RETENTION_MONTHS == 0
    assert drop_old_ledger_months() == 0
    assert drop_old_ledger(months=0, now=MAY + timedelta(days=3650)) == 0
    assert rows(shop) == before
    assert not LedgerHorizon.objects.exists()


def test_whole_months_go_and_what_they_came_to_stays(shop: Shop) -> None:
    """March is over by more than a month in the middle of May; April begins with its first row."""
    dropped = drop_old_ledger(months=1, now=MAY)

    assert dropped == 3
    assert rows(shop)[0] == datetime(2026, 4, 1, tzinfo=UTC)
    assert LedgerHorizon.objects.get().kept_since == datetime(2026, 4, 1, tzinfo=UTC)
    opened = {
        place: (on_hand // UNIT, reserved // UNIT)
        for place, on_hand, reserved in LedgerOpening.objects.values_list(
            "place_id", "on_hand", "reserved"
        )
    }
    assert sorted(opened.values()) == [(0, 8), (5, 0), (10, 0)]
    assert (shop.on_hand("l1"), shop.on_hand("l2"), shop.reserved("A")) == (4, 9, 2)
    shop.assert_clean()


@pytest.mark.parametrize(
    ("now", "months", "kept_since"),
    [
        (MAY, 4, None),
        (datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC), 1, None),
        (datetime(2026, 5, 1, tzinfo=UTC), 1, datetime(2026, 4, 1, tzinfo=UTC)),
        (datetime(2027, 1, 31, tzinfo=UTC), 2, datetime(2026, 11, 1, tzinfo=UTC)),
        (MAY, 10**6, None),
    ],
)
def test_the_current_month_and_so_many_before_it_are_kept(
    shop: Shop, now: datetime, months: int, kept_since: datetime | None
) -> None:
    drop_old_ledger(months=months, now=now)

    horizon = LedgerHorizon.objects.first()
    assert (horizon and horizon.kept_since) == kept_since
    assert all(kept_since is None or at >= kept_since for at in rows(shop))
    shop.assert_clean()


def test_the_audit_still_finds_what_no_movement_explains(shop: Shop) -> None:
    drop_old_ledger(months=1, now=MAY)

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_ledgeropening SET on_hand = on_hand + 1 WHERE on_hand > 5000"
        )
        assert cursor.rowcount == 1

    checks = {(each.check, each.place) for each in audit(shop.id).differences}
    assert ("balance is the sum of its movements", "l1") in checks
    assert ("movements follow each other", "l1") in checks


def test_a_gap_in_what_is_dropped_does_not_get_lost(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_movement SET on_hand_before = 1"
            " WHERE id = (SELECT min(id) FROM inventory_movement)"
        )
    assert audit(shop.id).differences

    drop_old_ledger(months=1, now=MAY)

    assert "balance is the sum of its movements" in {d.check for d in audit(shop.id).differences}


class KilledError(Exception):
    """The worker is gone."""


def test_a_run_that_is_cut_off_leaves_clean_books_and_the_next_goes_on(shop: Shop) -> None:
    """After each transaction, and when one is undone amid its work."""
    at(shop, MAY).stock("cup", l1=3)
    shop.stock("jar", l1=1)
    shop.stock("jar", l1=2)
    total = len(rows(shop))
    original: Callable[..., dict[int, int]] = ledger_retention._drop_first_rows
    calls = []

    def checked(*args: object, **kwargs: object) -> dict[int, int]:
        counts = original(*args, **kwargs)
        calls.append(counts)
        shop.assert_clean()
        if len(calls) == 2:
            raise KilledError
        return counts

    with (
        patch.object(ledger_retention, "_ROWS", 1),
        patch.object(ledger_retention, "_ITEMS", 1),
        patch.object(ledger_retention, "_drop_first_rows", checked),
    ):
        with pytest.raises(KilledError):
            drop_old_ledger(months=1, now=MAY)
        first = sum(sum(counts.values()) for counts in calls)
        second = drop_old_ledger(months=1, now=MAY)

    assert first == 2
    assert first + second == 5
    assert len(rows(shop)) == total - 5
    shop.assert_clean()


def test_what_is_undone_has_dropped_nothing(shop: Shop) -> None:
    before = rows(shop)

    with (
        patch.object(ledger_retention, "_DROP", f"{ledger_retention._DROP} HAVING 1 / 0 = 1"),
        pytest.raises(DataError, match="division by zero"),
    ):
        drop_old_ledger(months=1, now=MAY)

    assert rows(shop) == before
    assert not LedgerOpening.objects.exists()
    assert not LedgerHorizon.objects.exists()


def test_reservations_go_on_while_rows_are_dropped(shop: Shop) -> None:
    """A rival drops everything old between a reservation's reading and its writing."""
    with rival_before(
        "reservations.services.documents.answer_of", lambda: drop_old_ledger(months=1, now=MAY)
    ) as rival:
        answer = at(shop, MAY).reserve("mine", "A", 1)

    assert answer.success
    assert rival == [3]
    shop.assert_clean()


def test_two_runs_at_once_count_each_row_once(shop: Shop) -> None:
    """A rival drops everything when this run has chosen its items, and has dropped nothing."""
    with rival_before(
        "inventory.services.ledger_retention.try_lock_ledger",
        lambda: drop_old_ledger(months=1, now=MAY),
    ) as rival:
        mine = drop_old_ledger(months=1, now=MAY)

    assert (mine, rival) == (0, [3])
    shop.assert_clean()


def test_a_ledger_that_another_run_has_locked_is_left_to_it(shop: Shop) -> None:
    with transaction.atomic():
        assert try_lock_ledger(shop.id)
        assert together(lambda: drop_old_ledger(months=1, now=MAY)) == [0]
    assert len(rows(shop)) == 7

    assert drop_old_ledger(months=1, now=MAY) == 3


def test_a_token_from_before_what_is_kept_expires(shop: Shop) -> None:
    """Kept alive by changing its places, a token may stand for a position of months ago."""
    march = a_shop(A=["l1"])
    early = create_delta_token(
        organization_id=march.id, is_group=False, places=["l1"], now=march.now
    )
    march.stock(l1=10)
    may = at(march, MAY)
    late = create_delta_token(organization_id=march.id, is_group=False, places=["l1"], now=MAY)
    with connection.cursor() as cursor:  # as if it had been renewed day by day
        cursor.execute(
            "UPDATE inventory_deltatoken SET expires_at = %s", [MAY + timedelta(hours=9)]
        )
        # A snapshot names what other databases of the server had open just then, too.
        newest = DeltaToken.objects.latest("id")
        following = newest.seen.split(":")[1]
        cursor.execute(
            "UPDATE inventory_deltatoken SET seen = %s WHERE id = %s",
            [f"{following}:{following}:", newest.pk],
        )

    drop_old_ledger(months=1, now=MAY)
    may.stock("cup", l1=1)

    with pytest.raises(ExpiredDeltaLink):
        read_deltas(organization_id=march.id, token=early, now=MAY)
    with pytest.raises(ExpiredDeltaLink):
        update_delta_token(organization_id=march.id, token=early, places=["l1"], now=MAY)
    page = read_deltas(organization_id=march.id, token=late, now=MAY)
    assert [delta.sku for delta in page.records] == ["cup"]


def test_other_organizations_tokens_stay(shop: Shop) -> None:
    other = a_shop(A=["l1"])
    token = create_delta_token(organization_id=other.id, is_group=False, places=["l1"], now=MAY)
    at(other, MAY).stock(l1=1)

    assert drop_old_ledger(months=1, now=MAY) == 3

    page = read_deltas(organization_id=other.id, token=token, now=MAY)
    assert [delta.sku for delta in page.records] == [SKU]


def test_the_back_office_says_how_far_back_it_knows(shop: Shop) -> None:
    """Below the ledger, an item's history, and a document placed before; not below a later one."""
    at(shop, MAY).reserve("later", "l2", 1)
    add_member(organization_id=shop.id, username="vic", role=Role.VIEWER, asked_by=None)
    client = Client()
    client.force_login(User.objects.get(username="vic"))

    def says(path: str, pk: object = None) -> bool:
        answer = client.get(f"/admin/{path}/" + ("" if pk is None else f"{pk}/change/"))
        assert answer.status_code == 200
        return "What happened before 2026-04-01 00:00 is not kept any more." in (
            answer.content.decode()
        )

    documents = dict(Document.objects.values_list("identifier", "pk"))
    pages = [
        ("inventory/movement", None),
        ("inventory/item", shop.item().pk),
        ("reservations/document", documents["order"]),
        ("reservations/document", documents["later"]),
    ]
    before = [says(*page) for page in pages]

    drop_old_ledger(months=1, now=MAY)

    assert before == [False] * 4
    assert [says(*page) for page in pages] == [True, True, True, False]
