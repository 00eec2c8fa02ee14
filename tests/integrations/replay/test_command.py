"""manage.py replay_orders against a served API: the story, told twice, with a clean audit."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.oauth.models import ApiClient
from integrations.replay.client import RefusedError
from integrations.replay.journal import Journal
from integrations.replay.orders import read_orders
from integrations.replay.shop import GROUPS, Ending, Shop
from integrations.replay.story import Story
from inventory.models import Promise, StockRecord
from reservations.models import Claim

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZATION = "replayed"
REAL_ORDERS = Path(__file__).parents[4] / "shared/data/orders.csv"
HEADER = "order,sku,description,quantity,ordered_at,unit_price,country"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Small orders of three products, one beyond 100 lines; a return, a charge, a blank line."""
    lines = [
        f"{number},SKU{n},THING,{1 + number % 5},2010-12-01T08:26:00Z,2.55,France"
        for number in range(525, 540)
        for n in range(3)
    ]
    lines += [f"540,BULK{n},THING,2,2010-12-01T08:26:00Z,1,France" for n in range(130)]
    lines += ["C541,SKU1,,-3,2010-12-02T08:26:00Z,2.55,France", "C541,NEW1,,-4,,1,France"]
    lines += ["542,POST,POSTAGE,1,2010-12-02T08:26:00Z,18,France", "543,,,1,,1,France"]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *lines]))
    return path


@pytest.fixture
def replay(orders: Path, live_server: Any, tmp_path: Path) -> Any:
    """Run the command; return what it prints, read as JSON."""

    def run(*options: str, file: Path = orders, journal: str = "journal") -> Any:
        printed = StringIO()
        call_command(
            "replay_orders",
            str(file),
            f"--organization={ORGANIZATION}",
            f"--base-url={live_server.url}/",
            f"--journal={tmp_path / journal}",
            "--clients=3",
            *options,
            stdout=printed,
        )
        return json.loads(printed.getvalue()) if "--json" in options else printed.getvalue()

    return run


def on_hand() -> dict[tuple[str, str], int]:
    records = StockRecord.objects.filter(location__organization__identifier=ORGANIZATION)
    return {
        (sku, location): quantity // 1000
        for sku, location, quantity in records.values_list(
            "item__sku", "location__identifier", "on_hand"
        )
    }


def assert_nothing_is_held() -> None:
    assert not Claim.objects.exists()
    assert not Promise.objects.filter(quantity__gt=0).exists()
    assert not StockRecord.objects.filter(reserved__gt=0).exists()


def test_the_story_from_an_empty_database_to_a_clean_audit(replay: Any, orders: Path) -> None:
    told = replay("--json")

    endings = [Shop(GROUPS).ending_of(order) for order in read_orders(orders).orders]
    assert told["audit"]["clean"]
    assert told["file"]["lines that are invalid"] == 1
    assert told["orders"]["returns put back"] == 1
    assert told["orders"]["without products"] == 2
    assert told["orders"]["in trouble"] == 0
    assert 0 < told["orders"]["cancelled"] <= len(endings) - endings.count(Ending.SHIP)
    assert told["work"]["documents"] == 17
    assert told["units"]["put back"] == 7
    assert 0 < told["units"]["shipped"] < told["units"]["reserved"]
    assert told["details"][0] == "Pseudo products, not reserved: POST 1"
    assert "(order 543, SKU ''): no SKU" in told["details"][1]
    assert_nothing_is_held()
    assert not ApiClient.objects.filter(is_active=True).exists()


def test_a_second_run_changes_nothing(replay: Any) -> None:
    first = replay("--json")
    before = on_hand()

    again = replay("--json")

    assert on_hand() == before
    played = first["orders"]["reserved in full"] + first["orders"].get("reserved in part", 0)
    assert again["orders"]["played before"] == played
    assert again["orders"]["returns put back before"] == 1
    assert again["units"]["shipped"] == 0
    assert again["audit"]["clean"]


@pytest.mark.parametrize(
    ("step", "nth"), [("_reserve", 1), ("_reserve", 2), ("_move", 1), ("_ship", 1)]
)
def test_a_run_that_was_broken_off_is_gone_on_with(
    step: str, nth: int, replay: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Break every order off right after a step, as a crash between two steps does."""
    whole = getattr(Story, step)
    calls = 0

    def broken(self: Story, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        answer = whole(self, *args, **kwargs)
        calls += 1
        if calls % nth == 0:
            raise RefusedError("crash", code="", said="")
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Story, step, broken)
        with pytest.raises(CommandError, match="nobody had expected"):
            replay("--clients=1")

    told = replay("--json")

    assert told["orders"]["in trouble"] == 0
    assert told["audit"]["clean"]
    assert_nothing_is_held()
    left = [q for (sku, _), q in on_hand().items() if sku == "BULK1"]
    assert sum(left) == 1  # 3 were on the shelves, 2 shipped: once


def test_a_plan_of_unknown_outcome_is_sent_again_not_made_again(
    replay: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transfer is applied, the crash comes before the journal knows."""

    def torn(self: Journal, document: str, moves: Any) -> Any:
        raise RefusedError("crash", code="", said="")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "moved", torn)
        with pytest.raises(CommandError):
            replay()
    assert Claim.objects.filter(place__location__isnull=False).exists()

    told = replay("--json")

    assert told["orders"]["in trouble"] == 0
    assert_nothing_is_held()


def test_documents_of_somebody_else_are_left_alone(
    replay: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Story, "_route", _broken)
        with pytest.raises(CommandError):
            replay()
    claims = Claim.objects.count()

    told = replay("--json", journal="another")

    assert claims
    assert Claim.objects.count() == claims
    assert told["orders"]["left alone: reserved by somebody else"] > 10


def _broken(*_: Any) -> Any:
    raise RefusedError("crash", code="", said="")


def test_the_table_is_for_people(replay: Any) -> None:
    told = replay("--limit=5")

    assert "file    orders" in told
    assert told.splitlines()[-1].split() == ["differences", "0"]


def test_a_wrong_address_is_told_at_once(replay: Any) -> None:
    with pytest.raises(CommandError, match="no answer in 1 tries"):
        replay("--base-url=http://127.0.0.1:9")


def test_wrong_credentials_are_told(replay: Any) -> None:
    with pytest.raises(CommandError, match="POST token: 401"):
        replay("--client-id=nobody", "--client-secret=nothing")


@pytest.mark.parametrize("options", [["--client-id=nobody"], ["--clients=0"], ["--limit=none"]])
def test_options_that_cannot_be_are_refused(options: list[str], replay: Any) -> None:
    with pytest.raises(CommandError):
        replay(*options)


@pytest.mark.slow
@pytest.mark.skipif(not REAL_ORDERS.exists(), reason="the shared order file is not here")
def test_real_orders(replay: Any) -> None:
    told = replay("--json", "--limit=60", file=REAL_ORDERS)

    assert told["audit"]["clean"]
    assert told["orders"]["in trouble"] == 0
    assert_nothing_is_held()
