"""An export and the deltas that follow it, under writers: a consumer's copy is never wrong.

The copy starts from an export's file, follows get-deltas from the file's token while clients write,
reserve, transfer, ship and delete, and at the end equals a fresh export.
"""

import json
import random
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from django.utils import timezone

from inventory.errors import Refusal
from inventory.services.deltas import Delta, read_deltas
from inventory.services.exports import availability as exports
from inventory.services.exports.availability import availability_pieces, wanted_places
from tests.builders import UNIT, Shop, a_shop
from tests.concurrency.rivals import rival_before, together

pytestmark = pytest.mark.django_db(transaction=True)

LOCATIONS = ["l1", "l2", "l3", "l9"]
GROUPS = ["east", "west"]
SKUS = [f"sku-{n}" for n in range(12)]
WRITERS = 3
STEPS = 60

Copy = dict[tuple[str, str], dict[str, Any]]
FIGURES = ("onHand", "reserved", "atf", "ato", "safetyStockCount")


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    for n, sku in enumerate(SKUS[:8]):
        shop.stock(sku, l1=5 + n, l2=5, l3=15)
    return shop


def export(shop: Shop, kind: str) -> tuple[Copy, str]:
    """Return the copy that a consumer makes of an export, and the file's token."""
    wanted = wanted_places(
        groups=["*"] if kind == "groups" else None,
        locations=["*"] if kind == "locations" else None,
    )
    pieces = availability_pieces(shop.id, wanted=wanted, now=timezone.now)
    *lines, last = map(json.loads, b"".join(piece.lines for piece in pieces).splitlines())
    copy: Copy = {}
    place = ""
    for line in lines:
        if "sku" in line:
            copy[place, line["sku"]] = _figures(line)
        else:
            (place,) = line.values()
    return copy, last["deltaToken"]


def _figures(line: dict[str, Any]) -> dict[str, Any]:
    effective = line.get("effectiveDate")
    return {
        **{name: line[name] for name in FIGURES},
        "futures": [(f["expectedDate"], f["quantity"]) for f in line["futures"]],
        "effectiveDate": None if effective is None else datetime.fromisoformat(effective),
    }


def follow(copy: Copy, shop: Shop, token: str) -> str:
    """Bring the copy up to now; return the token to go on with."""
    while True:
        page = read_deltas(organization_id=shop.id, token=token, now=timezone.now())
        take_in(copy, page.records)
        token = page.next_token
        if not page.should_query_again:
            return token


def take_in(copy: Copy, deltas: Iterable[Delta]) -> None:
    for delta in deltas:
        key = (delta.place, delta.sku)
        if delta.is_deleted:
            copy.pop(key, None)
            continue
        copy[key] = {
            "onHand": delta.balance.on_hand / UNIT,
            "reserved": delta.balance.reserved / UNIT,
            "safetyStockCount": delta.balance.safety_stock / UNIT,
            "atf": delta.available_to_fulfil / UNIT,
            "ato": delta.available_to_order / UNIT,
            "futures": [(date, quantity / UNIT) for date, quantity in delta.futures],
            "effectiveDate": delta.effective_at,
        }


def a_client(shop: Shop, number: int, *, steps: int = STEPS) -> Callable[[], None]:
    """Return a client that writes at random, the same at every run."""
    chance = random.Random(number)

    def step(n: int) -> None:
        sku, location = chance.choice(SKUS), chance.choice(LOCATIONS)
        doing = chance.choice(["put", "put", "reserve", "transfer", "fulfil", "cancel", "delete"])
        document = f"client-{number}-{n}"
        if doing == "put":
            shop.put(
                location,
                sku=sku,
                request_id=document,
                on_hand=chance.randrange(20_000),
                safety_stock=chance.choice([0, 500]),
                futures=chance.choice([(), (("2030-01-01T00:00:00Z", 1_500),)]),
                excluded_groups=chance.choice([(), (), ("west",)]),
            )
        elif doing == "reserve":
            shop.reserve(document, chance.choice([*GROUPS, location]), 2, sku=sku)
        elif doing == "transfer":
            shop.transfer(chance.choice(GROUPS), location, 1, sku=sku, request_id=document)
        elif doing == "fulfil":
            shop.fulfil(location, 1, sku=sku, request_id=document)
        elif doing == "cancel":
            shop.cancel(f"client-{number}-{chance.randrange(n + 1)}")
        else:
            shop.delete(location, sku=sku, request_id=document)

    def run() -> None:
        for n in range(steps):
            try:
                step(n)
            except Refusal:
                continue

    return run


@pytest.mark.parametrize("kind", ["locations", "groups"])
def test_a_copy_that_follows_the_feed_ends_as_a_fresh_export(shop: Shop, kind: str) -> None:
    """The export is read while the clients write, and followed while they go on."""
    done = Event()
    left = list(range(WRITERS))

    def writer(number: int) -> Callable[[], None]:
        work = a_client(shop, number)

        def run() -> None:
            try:
                work()
            finally:
                left.pop()
                if not left:
                    done.set()

        return run

    def consumer() -> tuple[Copy, str]:
        copy, token = export(shop, kind)
        while not done.is_set():
            token = follow(copy, shop, token)
        return copy, token

    *written, followed = together(*(writer(n) for n in range(WRITERS)), consumer)

    assert written == [None] * WRITERS
    copy, token = followed
    follow(copy, shop, token)
    assert copy == export(shop, kind)[0]
    assert copy
    shop.assert_clean()


@pytest.mark.parametrize("kind", ["locations", "groups"])
@pytest.mark.parametrize("moment", ["find_items", "issue_token_at"])
def test_what_is_written_during_an_export_is_not_in_it_and_comes_with_the_feed(
    shop: Shop, kind: str, moment: str
) -> None:
    """The rival writes after the snapshot was taken, or when it has been read."""
    before, _ = export(shop, kind)

    def rival() -> None:
        shop.put("l1", sku=SKUS[0], on_hand=99 * UNIT)
        shop.put("l2", sku="new", on_hand=UNIT)

    with rival_before(f"{exports.__name__}.{moment}", rival) as results:
        copy, token = export(shop, kind)

    assert results == [None]
    assert copy == before
    follow(copy, shop, token)
    assert copy == export(shop, kind)[0]
    assert copy != before
