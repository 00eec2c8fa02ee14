"""Expiry goes round what is in its way: a held item, one that fails, another tenant's graph."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, NoReturn
from unittest.mock import patch

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection

from inventory import locks
from inventory.models import StockRecord
from reservations.models import Claim
from reservations.services import expiry
from tests.builders import Shop, a_shop
from tests.concurrency.rivals import together
from tests.concurrency.servers import address_of

pytestmark = pytest.mark.django_db(transaction=True)

HELD = "SELECT FROM inventory_item WHERE id = %s FOR NO KEY UPDATE"
CHANGING = f"SELECT pg_advisory_xact_lock({locks._ORGANIZATION_SPACE}, %s)"


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PATIENCE", "50ms")


@contextmanager
def another_session(lock: str, key: int) -> Iterator[psycopg.Connection]:
    """Hold a lock in a connection of its own until the block ends."""
    with closing(psycopg.connect(**address_of(connection))) as session:
        session.execute(lock, [key])
        yield session


def with_baskets(*skus: str) -> Shop:
    """Make a shop with a basket of one unit of each SKU; all have expired an hour later."""
    shop = a_shop(all=["l1"])
    for sku in skus:
        shop.stock(sku, l1=5)
        shop.reserve(f"basket-{sku}", "l1", 1, sku=sku, expires_in=60)
    return shop.later(3600)


def reserved(shop: Shop, *skus: str) -> list[float]:
    return [shop.reserved("l1", sku=sku) for sku in skus]


@contextmanager
def freed_before_waiting(session: psycopg.Connection) -> Iterator[None]:
    """Let a session give its locks back when a run comes to wait for them."""
    wait = expiry._Run.wait_for_held

    def freed(run: expiry._Run) -> None:
        session.rollback()
        wait(run)

    with patch.object(expiry._Run, "wait_for_held", freed):
        yield


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "holdfast.expiry"]


def break_record(shop: Shop, sku: str) -> None:
    """Leave a claim that the reserved count does not know: the database refuses to lower it."""
    StockRecord.objects.filter(item=shop.item(sku)).update(reserved=0)


def test_an_item_that_is_held_waits_and_the_others_do_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop, other = with_baskets("a", "b", "c"), with_baskets("a")

    with another_session(HELD, shop.item("b").pk):
        assert shop.expire() == 3

    assert reserved(shop, "a", "b", "c") == [0, 1, 0]
    assert reserved(other, "a") == [0]
    assert told(caplog) == [f"Others hold 1 items: {shop.organization.identifier}/b"]
    assert shop.expire() == 1, "the next run has it"
    shop.assert_clean()
    other.assert_clean()


def test_an_item_whose_lock_becomes_free_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PATIENCE", "30s")
    shop = with_baskets("a", "b")

    with (
        another_session(HELD, shop.item("a").pk) as session,
        freed_before_waiting(session),
    ):
        assert shop.expire() == 2

    assert reserved(shop, "a", "b") == [0, 0]


def test_a_run_waits_for_few_items_only(caplog: pytest.LogCaptureFixture) -> None:
    skus = [f"sku-{n}" for n in range(8)]
    shop = with_baskets(*skus, "free")

    with another_session(
        "SELECT FROM inventory_item WHERE organization_id = %s AND sku <> 'free' FOR NO KEY UPDATE",
        shop.id,
    ):
        assert shop.expire() == 1

    assert reserved(shop, *skus) == [1] * 8
    (message,) = told(caplog)
    assert message.startswith("Others hold 8 items")
    assert shop.expire() == 8


def test_an_item_that_fails_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    shop, other = with_baskets("a", "b", "c"), with_baskets("a")
    break_record(shop, "b")

    assert shop.expire() == 3

    assert reserved(shop, "a", "c") == [0, 0]
    assert reserved(other, "a") == [0]
    assert Claim.objects.get(item=shop.item("b")).quantity == 1000, "nothing is half released"
    (failure,) = (record for record in caplog.records if record.name == "holdfast.expiry")
    assert failure.message == f"Nothing is released of {shop.organization.identifier}/b"
    assert failure.exc_info is not None
    assert failure.exc_info[0] is IntegrityError
    other.assert_clean()


def test_an_item_that_fails_after_it_was_held(caplog: pytest.LogCaptureFixture) -> None:
    shop = with_baskets("a", "b")
    break_record(shop, "a")

    with (
        another_session(HELD, shop.item("a").pk) as session,
        freed_before_waiting(session),
    ):
        assert shop.expire() == 1

    assert told(caplog) == [f"Nothing is released of {shop.organization.identifier}/a"]


def test_a_graph_change_holds_up_its_own_tenant_only(caplog: pytest.LogCaptureFixture) -> None:
    shop, other = with_baskets("a", "b"), with_baskets("a")

    with another_session(CHANGING, shop.id):
        assert shop.expire() == 1

    assert reserved(shop, "a", "b") == [1, 1]
    assert reserved(other, "a") == [0]
    assert told(caplog) == [f"The graph of organization {shop.id} is being changed"]
    assert shop.expire() == 2


def test_without_a_database_a_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every further item would fail, each after the pool's patience."""
    shop = with_baskets("a", "b")
    tried = []

    def unreachable() -> NoReturn:
        tried.append(True)
        connection.close()
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(expiry, "locked_write", unreachable)
        with pytest.raises(OperationalError):
            shop.expire()

    assert len(tried) == 1
    assert shop.expire() == 2


def test_a_connection_that_breaks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = with_baskets("a", "b")
    real, tried = expiry.lock_items, []

    def cut_off(*args: Any, **options: Any) -> Any:
        tried.append(args)
        if len(tried) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(*args, **options)

    monkeypatch.setattr(expiry, "lock_items", cut_off)

    assert shop.expire() == 2
    assert len(tried) == 3, "together, then one by one"
    shop.assert_clean()


def test_two_runs_at_once_release_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PATIENCE", "30s")
    skus = [f"sku-{n}" for n in range(20)]
    shop = with_baskets(*skus)

    released = together(shop.expire, shop.expire)

    assert sum(released) == 20
    assert shop.expire() == 0
    assert reserved(shop, *skus) == [0] * 20
    shop.assert_clean()


def test_many_claims_of_one_item_are_released_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "BATCH_CLAIMS", 3)
    shop = a_shop(all=["l1"])
    shop.stock(l1=10)
    for n in range(8):
        shop.reserve(f"basket-{n}", "l1", 1, expires_in=60)
    due = shop.now + timedelta(hours=1)
    assert Claim.objects.filter(expires_at__lt=due).count() == 8

    assert shop.later(3600).expire() == 8

    assert shop.reserved("l1") == 0
    shop.assert_clean()
