"""The delta feed misses nothing and waits for nobody (design: 8), on real transactions."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, current_thread
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.env import BASE_DIR
from config.postgres import PostgresUnavailable, _installed
from inventory.errors import ExpiredDeltaLink, InvalidRequestParameter, Refusal
from inventory.models import DeltaToken, Movement
from inventory.services import deltas, retention, stock
from inventory.services.deltas import (
    LIFETIME,
    Delta,
    DeltaPage,
    create_delta_token,
    forget_expired_tokens,
    read_deltas,
    update_delta_token,
)
from inventory.services.pools import refresh_stale_pools
from tests.builders import NOON, UNIT, Shop, a_shop
from tests.concurrency.rivals import DEADLINE, in_own_connection
from tests.concurrency.servers import address_of, database_url

pytestmark = pytest.mark.django_db(transaction=True)

PLACES = ["l1", "l2", "l3"]
GROUPS = ["east", "west"]


@pytest.fixture
def shop() -> Shop:
    return a_shop(east=["l1", "l2"], west=["l2", "l3"])


def follow(shop: Shop, *places: str) -> str:
    return create_delta_token(
        organization_id=shop.id,
        is_group=places[0] in shop.groups,
        places=places,
        now=shop.now,
    )


def read(shop: Shop, token: str) -> DeltaPage:
    return read_deltas(organization_id=shop.id, token=token, now=shop.now)


def read_all(shop: Shop, token: str) -> tuple[list[Delta], str]:
    """Read to the end of the round."""
    records: list[Delta] = []
    while True:
        page = read(shop, token)
        records += page.records
        token = page.next_token
        if not page.should_query_again:
            return records, token


def said(records: list[Delta]) -> list[tuple[str, str, float]]:
    return [(delta.sku, delta.place, delta.balance.on_hand / UNIT) for delta in records]


@contextmanager
def held_before_commit(work: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Run a stock write in another connection up to its commit, which comes when called for."""
    written, go = Event(), Event()
    holder: list[Any] = []
    real = stock.locked_write

    @contextmanager
    def held() -> Iterator[None]:
        with real():
            yield
            if current_thread() in holder:
                written.set()
                assert go.wait(DEADLINE)

    def run() -> None:
        holder.append(current_thread())
        work()

    with ThreadPoolExecutor(1) as pool, patch.object(stock, "locked_write", held):
        running = pool.submit(in_own_connection(run))

        def commit() -> None:
            go.set()
            running.result(DEADLINE)

        try:
            assert written.wait(DEADLINE)
            yield commit
        finally:
            commit()


# Nothing lost, nobody waited for


def test_a_change_is_told_once_and_a_quiet_feed_is_empty(shop: Shop) -> None:
    shop.stock("before", l1=1)
    token = follow(shop, "l1")
    shop.stock("a", l1=5)
    shop.stock("elsewhere", l2=5)

    first, token = read_all(shop, token)
    second, _ = read_all(shop, token)

    assert said(first) == [("a", "l1", 5)]
    assert second == []


@pytest.mark.parametrize("place", ["l1", "east"])
def test_a_transaction_that_commits_late_is_told_late(shop: Shop, place: str) -> None:
    token = follow(shop, place)

    with held_before_commit(lambda: shop.stock("first", l1=1)) as commit:
        shop.stock("second", l1=2)
        while_open, token = read_all(shop, token)
        nothing_new, token = read_all(shop, token)
        commit()
    committed, token = read_all(shop, token)
    at_the_end, _ = read_all(shop, token)

    assert said(while_open) == [("second", place, 2)]
    assert nothing_new == []
    assert said(committed) == [("first", place, 1)]
    assert at_the_end == []


def test_a_token_made_while_a_transaction_is_open_tells_of_it(shop: Shop) -> None:
    with held_before_commit(lambda: shop.stock("first", l1=1)) as commit:
        shop.stock("second", l1=2)
        token = follow(shop, "l1")
        commit()

    assert said(read_all(shop, token)[0]) == [("first", "l1", 1)]


def test_a_transaction_that_is_undone_is_never_told(shop: Shop) -> None:
    token = follow(shop, "l1")
    real = stock.locked_write

    @contextmanager
    def broken_off() -> Iterator[None]:
        with real():
            yield
            assert Movement.objects.count() == 1
            raise KeyboardInterrupt

    with patch.object(stock, "locked_write", broken_off), pytest.raises(KeyboardInterrupt):
        shop.stock("a", l1=1)

    assert read_all(shop, token)[0] == []


@pytest.fixture
def other_database() -> Iterator[dict[str, Any]]:
    """Address of another database of the same cluster."""
    address = address_of(connection)
    name = f"{address['dbname']}_other"
    with closing(psycopg.connect(**address | {"dbname": "postgres"}, autocommit=True)) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
        yield address | {"dbname": name}
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_transaction_open_in_another_database_changes_nothing(
    shop: Shop, other_database: dict[str, Any]
) -> None:
    token = follow(shop, "l1")
    with closing(psycopg.connect(**other_database)) as foreign:
        foreign.execute("CREATE TABLE held (n int)")
        foreign.execute("SELECT pg_current_xact_id()")

        shop.stock("a", l1=1)
        first, token = read_all(shop, token)
        again, token = read_all(shop, token)
        shop.stock("b", l1=2)
        second, token = read_all(shop, token)
        foreign.commit()
    shop.stock("c", l1=3)
    third, _ = read_all(shop, token)

    assert said(first) == [("a", "l1", 1)]
    assert again == []
    assert said(second) == [("b", "l1", 2)]
    assert said(third) == [("c", "l1", 3)]


# A consumer's copy


def everything(shop: Shop, skus: list[str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return what a consumer must have in the end: on hand, reserved, ATO by SKU and place."""
    truth = {}
    for sku in skus:
        for place in PLACES:
            balance = shop.record(place, sku=sku)
            ato = balance.on_hand - balance.safety_stock - balance.reserved
            truth[sku, place] = (balance.on_hand, balance.reserved, ato)
        for place in GROUPS:
            figures = shop.figures(place, sku=sku)
            truth[sku, place] = (figures.on_hand, figures.reserved, figures.available_to_order)
    return truth


class Consumer:
    """Follows places and keeps a copy of their figures."""

    def __init__(self, shop: Shop, *places: str) -> None:
        self.shop = shop
        self.token = follow(shop, *places)
        self.copy: dict[tuple[str, str], tuple[int, ...]] = {}
        self.sequences: dict[tuple[str, str], int] = {}
        self.pages = 0

    def catch_up(self) -> int:
        """Read one page; return how many records it had."""
        page = read(self.shop, self.token)
        self.token = page.next_token
        self.pages += 1
        for delta in page.records:
            key = delta.sku, delta.place
            assert delta.sequence >= self.sequences.get(key, 0)
            self.sequences[key] = delta.sequence
            balance = delta.balance
            self.copy[key] = (balance.on_hand, balance.reserved, delta.available_to_order)
        return len(page.records) + page.should_query_again


def busy(shop: Shop, skus: list[str], seed: int) -> Callable[[], None]:
    """Return a writer of many small changes."""
    dice = random.Random(seed)

    def once(n: int) -> None:
        sku, place = dice.choice(skus), dice.choice(PLACES)
        document = f"d-{seed}-{n}"
        chosen = dice.randrange(5)
        if chosen == 0:
            shop.put(place, sku=sku, on_hand=dice.randrange(5, 50) * UNIT)
        elif chosen == 1:
            shop.reserve(document, dice.choice(GROUPS + PLACES), 2, sku=sku)
            if dice.random() < 0.5:
                shop.cancel(document)
        elif chosen == 2:
            shop.transfer(dice.choice(GROUPS), place, 1, sku=sku)
        elif chosen == 3:
            shop.fulfil(place, 1, sku=sku)
        else:
            shop.release(place, 1, sku=sku)

    def work() -> None:
        for n in range(30):
            try:
                once(n)
            except Refusal:  # e.g. nothing was reserved, so there is nothing to cancel
                continue

    return work


def test_a_consumer_under_writers_ends_with_the_truth(shop: Shop) -> None:
    skus = [f"item-{n}" for n in range(7)]
    consumers = [Consumer(shop, *PLACES), Consumer(shop, *GROUPS)]
    for sku in skus:
        shop.stock(sku, l1=20, l2=20, l3=20)

    with patch.object(deltas, "PAGE_RECORDS", 6), ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(in_own_connection(busy(shop, skus, n))) for n in range(6)]
        rounds = 0
        while not all(writer.done() for writer in writers):
            for consumer in consumers:
                consumer.catch_up()
            rounds += 1
        for writer in writers:
            writer.result()
        for consumer in consumers:
            while consumer.catch_up():
                pass

    copy = consumers[0].copy | consumers[1].copy
    assert copy == everything(shop, skus)
    assert rounds > 3
    shop.assert_clean()


# Pages


def test_a_round_of_several_pages_with_writes_in_between(shop: Shop) -> None:
    token = follow(shop, "l1")
    skus = [f"sku-{n}" for n in range(7)]
    for n, sku in enumerate(skus):
        shop.stock(sku, l1=n + 1)

    with patch.object(deltas, "PAGE_RECORDS", 3):
        first = read(shop, token)
        # One that has been answered, one that has not, and a new one.
        shop.stock("sku-0", l1=100)
        shop.stock("sku-6", l1=600)
        shop.stock("new", l1=700)
        second = read(shop, first.next_token)
        third = read(shop, second.next_token)
        fourth, token = read_all(shop, third.next_token)
        fifth, _ = read_all(shop, token)

    assert [len(page.records) for page in (first, second, third)] == [3, 3, 1]
    assert [p.should_query_again for p in (first, second, third)] == [True, True, False]
    assert said([*first.records, *second.records]) == [(f"sku-{n}", "l1", n + 1) for n in range(6)]
    assert said(third.records) == [("sku-6", "l1", 600)]  # as it stands now
    assert said(fourth) == [("sku-0", "l1", 100), ("sku-6", "l1", 600), ("new", "l1", 700)]
    assert fifth == []


def test_more_than_a_thousand_records_come_in_pages(shop: Shop) -> None:
    token = follow(shop, "l1")
    for batch in range(11):
        shop.update(
            [
                stock.StockUpdate(
                    f"{batch}-{n}", "l1", f"sku-{batch}-{n}", replaces=True, on_hand=UNIT
                )
                for n in range(100)
            ]
        )

    first = read(shop, token)
    second = read(shop, first.next_token)

    assert (len(first.records), first.should_query_again) == (1_000, True)
    assert (len(second.records), second.should_query_again) == (100, False)
    assert len({delta.sku for delta in first.records + second.records}) == 1_100


def test_a_page_can_be_read_again(shop: Shop) -> None:
    token = follow(shop, "l1")
    for n in range(5):
        shop.stock(f"sku-{n}", l1=1)

    with patch.object(deltas, "PAGE_RECORDS", 2):
        first, again = read(shop, token), read(shop, token)
        second, second_again = read(shop, first.next_token), read(shop, first.next_token)

    assert said(first.records) == said(again.records)
    assert said(second.records) == said(second_again.records)


def test_pages_without_a_followed_record_are_passed_over(shop: Shop) -> None:
    token = follow(shop, "l3")
    for n in range(8):
        shop.stock(f"sku-{n}", l1=1)
    shop.stock("mine", l3=1)

    with patch.object(deltas, "PAGE_RECORDS", 2), patch.object(deltas, "_ROUNDS", 2):
        records, _ = read_all(shop, token)

    assert said(records) == [("mine", "l3", 1)]


# Deletion, groups


def test_a_deleted_record_is_told_as_deleted(shop: Shop) -> None:
    shop.stock("a", l1=5)
    token = follow(shop, "l1")
    shop.delete("l1", sku="a")

    (delta,), _ = read_all(shop, token)

    assert delta.is_deleted
    assert delta.available_to_order == 0


@pytest.mark.parametrize("effective_at", [None, NOON], ids=["undated", "dated"])
@pytest.mark.parametrize("rebuilt", [False, True], ids=["as written", "rebuilt"])
def test_a_group_that_lost_its_last_record_is_told_as_deleted(
    shop: Shop,
    effective_at: datetime | None,
    rebuilt: bool,  # noqa: FBT001
) -> None:
    """An exclusion is no deletion: the neighbour that still counts the record keeps it."""
    shop.put("l2", sku="a", on_hand=5 * UNIT, effective_at=effective_at)
    token = follow(shop, "east", "west")
    shop.put("l2", sku="a", on_hand=5 * UNIT, effective_at=effective_at, excluded_groups=("east",))
    # The record that gave the pool its date has left it: the pools wait to be added up again.
    is_stale = shop.item("a").graph_version == 0
    assert is_stale == (effective_at is not None)
    if rebuilt:
        refresh_stale_pools(now=shop.now)
        assert shop.item("a").graph_version > 0

    (east, west), _ = read_all(shop, token)

    assert (east.place, east.is_deleted) == ("east", True)
    assert (east.balance.on_hand, east.available_to_order, east.futures) == (0, 0, ())
    assert east.effective_at is None
    assert (west.place, west.is_deleted) == ("west", False)
    assert (west.available_to_order, west.effective_at) == (5 * UNIT, effective_at)


@pytest.mark.parametrize("effective_at", [None, NOON], ids=["undated", "dated"])
def test_a_group_that_gets_its_record_back_is_told_as_changed(
    shop: Shop, effective_at: datetime | None
) -> None:
    shop.put("l1", sku="a", on_hand=UNIT, effective_at=effective_at, excluded_groups=("east",))
    token = follow(shop, "east")
    shop.put("l1", sku="a", on_hand=UNIT, effective_at=effective_at)

    (delta,), token = read_all(shop, token)
    assert (delta.is_deleted, delta.available_to_order) == (False, UNIT)

    shop.delete("l1", sku="a")
    (delta,), _ = read_all(shop, token)
    assert delta.is_deleted


def test_an_item_that_a_group_never_had_is_told_as_deleted(shop: Shop) -> None:
    """Whether a group had it once is not stored; deleting what is not there is harmless."""
    token = follow(shop, "east", "west")
    shop.stock("a", l3=4)

    (east, west), _ = read_all(shop, token)

    assert (east.is_deleted, west.is_deleted) == (True, False)


def test_a_group_changes_with_its_neighbour(shop: Shop) -> None:
    shop.stock("a", l1=0, l2=5, l3=0)
    token = follow(shop, "west")
    shop.reserve("order", "east", 4, sku="a")

    (delta,), _ = read_all(shop, token)

    assert (delta.place, delta.available_to_order) == ("west", UNIT)


# Tokens that are no good any more


def test_a_token_lives_for_twenty_three_and_a_half_hours(shop: Shop) -> None:
    token = follow(shop, "l1")
    limit = timedelta(hours=23, minutes=30).total_seconds()

    read(shop.later(limit - 1), token)
    for seconds in (limit, limit + 3600):
        with pytest.raises(ExpiredDeltaLink):
            read(shop.later(seconds), token)
        with pytest.raises(ExpiredDeltaLink):
            update_delta_token(
                organization_id=shop.id,
                token=token,
                places=["l2"],
                now=shop.later(seconds).now,
            )


def test_every_answer_starts_the_clock_anew_and_old_tokens_are_dropped(shop: Shop) -> None:
    token = follow(shop, "l1")
    day = shop.later(20 * 3600)
    token = read(day, token).next_token

    assert forget_expired_tokens(now=shop.now + timedelta(hours=24)) == 1
    read(shop.later(40 * 3600), token)


def test_old_tokens_are_dropped_in_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(7):
        follow(shop, "l1")
    kept = follow(shop.later(3600), "l1")

    with CaptureQueriesContext(connection) as said:
        assert forget_expired_tokens(now=shop.now + LIFETIME) == 7

    assert sum(query["sql"].startswith("DELETE") for query in said) == 3
    read(shop.later(3600), kept)
    assert forget_expired_tokens(now=shop.now + LIFETIME) == 0


def test_a_graph_change_expires_tokens(shop: Shop) -> None:
    locations, groups = follow(shop, "l1"), follow(shop, "east")
    shop.regroup(east=["l1"], west=["l2", "l3"])

    for token in (locations, groups):
        with pytest.raises(ExpiredDeltaLink):
            read(shop, token)
        with pytest.raises(ExpiredDeltaLink):
            update_delta_token(organization_id=shop.id, token=token, places=["l1"], now=shop.now)
    read(shop, follow(shop, "l1"))


def test_a_token_of_another_organization_is_unknown(shop: Shop) -> None:
    other = a_shop(east=["l1"])
    token = follow(other, "l1")

    for unknown in (token, "never-issued", ""):
        with pytest.raises(InvalidRequestParameter):
            read(shop, unknown)
        with pytest.raises(InvalidRequestParameter):
            update_delta_token(organization_id=shop.id, token=unknown, places=["l1"], now=shop.now)


def test_a_token_is_kept_as_a_digest(shop: Shop) -> None:
    token = follow(shop, "l1")

    (row,) = DeltaToken.objects.values()

    assert token not in str(row)


def test_a_replica_behind_the_token_returns_it_unchanged(shop: Shop) -> None:
    early = deltas.feed_position(shop.id)
    shop.stock("a", l1=1)
    token = follow(shop, "l1")

    with patch.object(deltas, "feed_position", lambda _: replace(early)):
        page = read(shop, token)

    assert page == DeltaPage([], token, should_query_again=False)


_READ_ELSEWHERE = """
import sys
import django
django.setup()
from datetime import datetime
from inventory.errors import Refusal
from inventory.services.deltas import read_deltas
organization, token, now = sys.argv[1:]
try:
    page = read_deltas(
        organization_id=int(organization), token=token, now=datetime.fromisoformat(now)
    )
    print(*(delta.sku for delta in page.records))
except Refusal as refusal:
    print(refusal.code)
"""


def read_at(url: str, shop: Shop, token: str, state: Path) -> str:
    """Read in a process of its own that uses the database of this address."""
    told = subprocess.run(
        [sys.executable, "-c", _READ_ELSEWHERE, str(shop.id), token, shop.now.isoformat()],
        cwd=BASE_DIR,
        env={
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": url,
            "HOLDFAST_STATE": str(state),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


def program(name: str) -> str:
    """Return the path of a program that fits the server."""
    major = connection.pg_version // 10_000
    try:
        return next(found[name] for found in _installed() if found.major == major)
    except (PostgresUnavailable, StopIteration):
        pytest.skip(f"{name} {major} is not installed")


def test_a_token_from_before_a_dump_and_restore_has_expired(
    shop: Shop, other_database: dict[str, Any], tmp_path: Path
) -> None:
    connection.ensure_connection()
    dump, restore = program("pg_dump"), program("pg_restore")
    token = follow(shop, "l1")
    shop.stock("a", l1=1)
    file = tmp_path / "dump"

    here, there = database_url(address_of(connection)), database_url(other_database)
    for command in (
        [dump, "--format=custom", f"--file={file}", f"--dbname={here}"],
        [restore, "--exit-on-error", "--no-owner", f"--dbname={there}", str(file)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    assert read_at(here, shop, token, tmp_path) == "a"
    assert read_at(there, shop, token, tmp_path) == "ExpiredDeltaLink"


# Updating


def test_an_updated_token_keeps_its_position(shop: Shop) -> None:
    token = follow(shop, "l1")
    shop.stock("a", l1=1, l2=2)

    updated = update_delta_token(
        organization_id=shop.id, token=token, places=["l2", "l3"], now=shop.now
    )
    records, _ = read_all(shop, updated)

    assert said(records) == [("a", "l2", 2)]
    assert said(read_all(shop, token)[0]) == [("a", "l1", 1)]  # the old one still stands


def test_a_token_updated_within_a_round_misses_nothing_of_it(shop: Shop) -> None:
    token = follow(shop, "l1")
    skus = [f"sku-{n}" for n in range(4)]
    for sku in skus:
        shop.stock(sku, l1=1, l2=2)

    with patch.object(deltas, "PAGE_RECORDS", 2):
        token = read(shop, token).next_token
        token = update_delta_token(
            organization_id=shop.id, token=token, places=["l2"], now=shop.now
        )
        records, _ = read_all(shop, token)

    assert said(records) == [(sku, "l2", 2) for sku in skus]


@pytest.mark.parametrize("places", [[], ["nowhere"], ["east"], ["l1"] * 101])
def test_places_must_be_known_and_of_the_tokens_kind(shop: Shop, places: list[str]) -> None:
    token = follow(shop, "l1")

    with pytest.raises(InvalidRequestParameter):
        create_delta_token(organization_id=shop.id, is_group=False, places=places, now=shop.now)
    with pytest.raises(InvalidRequestParameter):
        update_delta_token(organization_id=shop.id, token=token, places=places, now=shop.now)


# The plan

_MORE_MOVEMENTS = """
INSERT INTO inventory_movement (
  organization_id, item_id, place_id, kind, quantity, on_hand_before, on_hand_after,
  safety_stock_before, safety_stock_after, reserved_before, reserved_after, futures_before,
  futures_after, request_id, external_ref, correlation_id, actor, sequence, graph_version,
  effective_at, xid
)
SELECT m.organization_id + n %% 2, m.item_id, m.place_id, m.kind, m.quantity, 0, 0, 0, 0, 0, 0,
  0, 0, '', '', '', '', 1, 1, m.effective_at, (3 + n %% 500)::text::xid8
FROM inventory_movement m, generate_series(1, 20000) n WHERE m.id = %s
"""


def test_the_changed_items_are_found_by_the_index_of_the_feed(shop: Shop) -> None:
    shop.stock("a", l1=1)
    movement = Movement.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(_MORE_MOVEMENTS, [movement.pk])
        cursor.execute("ANALYZE inventory_movement")
        seen = deltas.feed_position(shop.id).snapshot
        shop.stock("b", l1=1)
        until = deltas.feed_position(shop.id).snapshot

        cursor.execute(
            f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {deltas._CHANGED}",
            [shop.id, seen, seen, until, 0, 1_001],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "movement_feed" in plan
    assert "Seq Scan" not in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "organization_id = " in condition
    assert "xid >= " in condition
