"""What the replay tells."""

from decimal import Decimal

from integrations.replay.orders import OrderFile, parse_orders
from integrations.replay.tally import (
    DocumentResult,
    Effort,
    OrderResult,
    Outcome,
    ReturnResult,
    as_table,
    details,
    summarize,
)

D = Decimal
SIX = {"A1": D(6)}
EFFORT = Effort(clients=2, requests=1200, retries=1, seconds=2.0)


def shipped(wanted: int, reserved: int, sent: int) -> DocumentResult:
    outcome = Outcome.SHIPPED if reserved else Outcome.REFUSED
    return DocumentResult(outcome, _lines(wanted), _lines(reserved), _lines(sent))


def _lines(units: int) -> dict[str, Decimal]:
    return {"A1": D(units)} if units else {}


RESULTS = [
    OrderResult("1", [shipped(6, 6, 6)]),
    OrderResult("2", [shipped(6, 4, 4)]),
    OrderResult("3", [shipped(6, 0, 0)]),
    OrderResult("4", [shipped(6, 6, 6), shipped(6, 0, 0)]),
    OrderResult("5", [shipped(6, 6, 2)]),
    OrderResult("6", [DocumentResult(Outcome.CANCELLED, SIX, SIX)]),
    OrderResult("7", [DocumentResult(Outcome.BEFORE, SIX)]),
    OrderResult("8", [DocumentResult(Outcome.EXPIRED, SIX)]),
    OrderResult("9", [DocumentResult(Outcome.UNKNOWN, SIX)]),
    OrderResult("10", returned=ReturnResult(D(3), was_repeated=False)),
    OrderResult("11", returned=ReturnResult(D(3), was_repeated=True)),
    OrderResult("12", trouble="PUT: 500: no"),
    OrderResult("13"),
]


def test_every_order_is_counted_by_what_it_got_and_how_it_ended() -> None:
    summary = summarize(OrderFile(), RESULTS, effort=EFFORT)

    assert summary["orders"] == {
        "reserved in full": 3,
        "reserved in part": 2,
        "refused": 1,
        "without products": 1,
        "played before": 1,
        "expired": 1,
        "left alone: reserved by somebody else": 1,
        "shipped": 3,
        "shipped in part, the rest released": 1,
        "cancelled": 1,
        "returns put back": 1,
        "returns put back before": 1,
        "in trouble": 1,
    }


def test_units_and_work_are_those_of_this_run() -> None:
    summary = summarize(OrderFile(), RESULTS, effort=EFFORT)

    assert summary["units"] == {"wanted": 42, "reserved": 28, "shipped": 18, "put back": 3}
    assert summary["work"]["lines short"] == 3
    assert summary["work"]["documents"] == 7
    assert summary["work"]["requests per second"] == 600


def test_the_table_shows_all_figures() -> None:
    table = as_table(summarize(OrderFile(), RESULTS, effort=EFFORT)).splitlines()

    assert len({len(line) for line in table}) == 1
    assert any(line.startswith("orders  reserved in full") for line in table)
    assert any(line.split()[-2:] == ["requests", "1,200"] for line in table)


def test_details_name_what_was_left_out_and_what_went_wrong() -> None:
    file = parse_orders(["order,sku,quantity,ordered_at", "1,POST,1,", "1,,1,", "1,D,-1,"])

    assert details(file, RESULTS) == [
        "Pseudo products, not reserved: D 1, POST 1",
        "Line 3 (order 1, SKU ''): no SKU",
        "Order 12: PUT: 500: no",
    ]
