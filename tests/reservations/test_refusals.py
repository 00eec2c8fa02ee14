"""The tally of refusals is bounded, and never stands in a request's way."""

import logging
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from inventory.errors import LocationDoesNotExist
from inventory.locks import after_write, locked_write
from reservations.models import RefusalReason, RefusalTally
from reservations.services import refusals
from reservations.services.answers import Answer
from reservations.services.refusals import forget_old_refusals
from tests.builders import SKU, Shop, a_shop, shortages
from tests.concurrency.rivals import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    """Five units at one location."""
    shop = a_shop(all=["l1"])
    shop.stock(l1=5)
    return shop


def ask(shop: Shop, identifier: str, units: int) -> Answer:
    """Ask for all or nothing."""
    return shop.reserve(identifier, "all", units, allow_partial=False)


def tallies() -> dict[tuple[str, str], int]:
    """Return the counts by SKU and place."""
    return {(row.sku, row.place): row.count for row in RefusalTally.objects.all()}


def test_refusals_at_the_same_moment_are_all_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "PATIENCE", "60s")  # a busy machine is slow

    answers = together(*(partial(ask, shop, f"cart-{n}", 6 + n) for n in range(8)))

    assert [shortages(answer) for answer in answers] == [({("all", SKU): 5.0}) for _ in range(8)]
    assert sum(tallies().values()) == 8
    shop.assert_clean()


def test_an_hour_keeps_so_many_rows_and_counts_the_others_together(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "KEPT_AN_HOUR", 3)
    other = a_shop(all=["l1"])

    for n in range(5):
        shop.reserve(f"cart-{n}", "l1", 1, sku=f"random-{n}")
    shop.reserve("again", "l1", 1, sku="random-1")
    shop.reserve_lines("many", [shop.wanted("l1", 1, sku=f"more-{n}") for n in range(4)])

    kept = {("random-0", "l1"): 1, ("random-1", "l1"): 2, ("random-2", "l1"): 1}
    assert tallies() == {**kept, ("", ""): 6}
    assert RefusalTally.objects.get(sku="").reason == RefusalReason.FOLDED
    shop.later(3600).reserve("next hour", "l1", 1, sku="random-9")
    other.reserve("cart", "l1", 1, sku="random-9")
    assert RefusalTally.objects.filter(sku="random-9").count() == 2


def test_a_row_that_is_counted_in_elsewhere_holds_nobody_up(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ask(shop, "first", 6)

    def hold_and_reserve() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM reservations_refusaltally FOR UPDATE")
            (answer,) = together(partial(ask, shop, "second", 7))
            cursor.execute("ROLLBACK")
        return answer

    with caplog.at_level(logging.WARNING):
        (answer,) = together(hold_and_reserve)

    assert shortages(answer) == {("all", SKU): 5.0}
    assert sum(tallies().values()) == 1
    assert "were not counted" in caplog.text


def test_a_tally_that_cannot_be_written_is_logged(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refusals, "_COUNT", "SELECT no such thing")

    answer = ask(shop, "cart", 7)

    assert shortages(answer) == {("all", SKU): 5.0}
    assert not tallies()
    assert "were not counted" in caplog.text
    shop.reserve("next", "all", 5)
    assert shop.reserved("all") == 5


def test_nothing_is_called_after_a_write_that_the_database_failed(shop: Shop) -> None:
    called = []

    def write(statement: str) -> None:
        with locked_write(), connection.cursor() as cursor:
            after_write(partial(called.append, statement))
            cursor.execute(statement)

    write("SELECT 1")
    with pytest.raises(Exception, match="division by zero"):
        write("SELECT 1/0")

    assert called == ["SELECT 1"]


def test_old_refusals_are_forgotten(shop: Shop, settings: Any) -> None:
    settings.REFUSAL_RETENTION_DAYS = 2
    with pytest.raises(LocationDoesNotExist):
        shop.reserve("cart", "nowhere", 1)
    shop.later(3600 * 47).reserve("cart", "all", 9)

    assert forget_old_refusals(now=shop.now + timedelta(hours=49)) == 1

    assert tallies() == {(SKU, "all"): 1}
