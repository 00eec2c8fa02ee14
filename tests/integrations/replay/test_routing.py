"""Which location ships what, and the stock to do it from."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.replay.journal import Journal
from integrations.replay.orders import Order
from integrations.replay.routing import Move, Routing, plan_moves
from integrations.replay.shop import GROUPS, LOCATIONS, Ending, Shop
from integrations.replay.stock import is_scarce, opening_stock

D = Decimal
SHOP = Shop(GROUPS)
PLACES = ("l1", "l2", "l3")


def order(number: str, **wanted: int) -> Order:
    return Order(number, None, {sku: D(q) for sku, q in wanted.items()}, {})


def free(**quantities: int) -> Mapping[tuple[str, str], Decimal]:
    return {("A1", name): D(quantity) for name, quantity in quantities.items()}


def test_a_line_goes_where_most_is_and_is_split_when_it_must() -> None:
    moves = plan_moves({"A1": D(7)}, free=free(l1=2, l2=6, l3=0), locations=PLACES)

    assert moves == [Move("A1", "l2", D(6)), Move("A1", "l1", D(1))]


def test_equal_locations_are_taken_by_name() -> None:
    assert plan_moves({"A1": D(3)}, free=free(l2=5, l1=5), locations=PLACES) == [
        Move("A1", "l1", D(3))
    ]


def test_what_finds_no_place_is_left_out() -> None:
    moves = plan_moves({"A1": D(9), "B2": D(1)}, free=free(l1=2), locations=PLACES)

    assert moves == [Move("A1", "l1", D(2))]


def test_routing_learns_from_refusals() -> None:
    routing = Routing(rest={"A1": D(5)})
    (move,) = routing.plan(free(l1=5, l2=5), locations=PLACES)
    routing.was_refused(move, available=D(2))

    moves = routing.plan(free(l1=5, l2=5), locations=PLACES)

    assert moves == [Move("A1", "l2", D(5))]
    routing.was_refused(moves[0], available=D(1))
    moves = routing.plan(free(l1=5, l2=5), locations=PLACES)
    assert moves == [Move("A1", "l1", D(2)), Move("A1", "l2", D(1))]
    routing.moved(moves)
    assert routing.rest == {"A1": D(2)}
    assert routing.routed == {("A1", "l1"): D(2), ("A1", "l2"): D(1)}
    assert routing.refused == 2


def test_limits_that_leave_nothing_are_forgotten() -> None:
    routing = Routing(rest={"A1": D(5)})
    routing.was_refused(Move("A1", "l1", D(5)), available=D(0))

    assert routing.plan(free(l1=5), locations=PLACES) == [Move("A1", "l1", D(5))]
    assert routing.plan(free(), locations=PLACES) == []


def test_the_opening_stock_is_a_bit_more_than_will_be_asked_for_and_less_of_the_scarce() -> None:
    skus = [f"SKU{n}" for n in range(100)]
    orders = [Order(str(n), None, {sku: D(5) for sku in skus}, {}) for n in range(40)]

    stock = opening_stock(orders, shop=SHOP)

    total = {sku: sum(q for (s, _), q in stock.items() if s == sku) for sku in skus}
    assert any(map(is_scarce, skus))
    for sku in skus:
        expected = 160 if is_scarce(sku) else 250
        assert expected - len(GROUPS) <= total[sku] <= expected + len(GROUPS)
    assert {location for _, location in stock} == set(LOCATIONS)
    assert all(quantity == int(quantity) for quantity in stock.values())
    assert stock == opening_stock(orders, shop=SHOP)


def test_what_lies_on_the_shelves_is_in_whole_units() -> None:
    stock = opening_stock([Order("1", None, {"SKU1": D("0.5"), "SKU2": D(1)}, {})], shop=SHOP)

    assert not is_scarce("SKU1")
    assert not is_scarce("SKU2")
    assert sum(q for (sku, _), q in stock.items() if sku == "SKU1") == 1
    assert sum(q for (sku, _), q in stock.items() if sku == "SKU2") == 2


def test_every_group_can_serve_its_own_demand_alone() -> None:
    orders = [order(str(n), SKU1=7) for n in range(30)]
    demand = dict.fromkeys(GROUPS, D(0))
    for each in orders:
        demand[SHOP.group_of(each)] += 7

    stock = opening_stock(orders, shop=SHOP)

    assert not is_scarce("SKU1")
    for group, locations in GROUPS.items():
        assert sum(stock["SKU1", name] for name in locations) >= demand[group]


def test_the_fate_of_an_order_follows_from_its_number() -> None:
    orders = [order(str(n)) for n in range(300)]

    assert {SHOP.group_of(each) for each in orders} == set(GROUPS)
    endings = [SHOP.ending_of(each) for each in orders]
    assert 10 <= endings.count(Ending.CANCEL_EARLY) <= 20
    assert 10 <= endings.count(Ending.CANCEL_LATE) <= 20
    assert endings == [SHOP.ending_of(each) for each in orders]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.jsonl"


def test_the_journal_remembers_plans_and_moves(path: Path) -> None:
    plan = [Move("A1", "l1", D("2.5")), Move("A1", "l2", D(1))]
    with Journal(path) as journal:
        journal.begin("7")
        journal.plan("7", plan)
        journal.moved("7", plan[:1])
        journal.plan("7", plan[1:])

    with Journal(path) as journal:
        memory = journal.memory_of("7")
        assert memory is not None
        assert (memory.moved, memory.planned, memory.rounds) == (plan[:1], plan[1:], 2)
        assert journal.memory_of("8") is None


def test_a_new_beginning_forgets(path: Path) -> None:
    with Journal(path) as journal:
        journal.begin("7")
        journal.plan("7", [Move("A1", "l1", D(1))])
        memory = journal.begin("7")

    assert (memory.moved, memory.planned, memory.rounds) == ([], None, 0)


def test_a_torn_line_of_the_journal_is_ignored(path: Path) -> None:
    with Journal(path) as journal:
        journal.begin("7")
    path.write_bytes(path.read_bytes() + b'{"document":"8","eve')

    with Journal(path) as journal:
        journal.begin("9")
    with Journal(path) as journal:
        known = [name for name in "789" if journal.memory_of(name) is not None]

    assert known == ["7", "9"]
