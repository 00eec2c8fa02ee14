"""manage.py import_graph, and its older name."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from inventory.selectors.graph import current_graph
from tests.builders import UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"])
    shop.stock(l1=5, l2=5, l3=15)
    shop.reserve("order", "west", 7)
    return shop


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say that l3 and west are gone and l4 is new."""
    path = tmp_path / "graph.json"
    graph = {
        "locations": ["l1", "l2", "l4"],
        "groups": [{"id": "east", "locations": ["l1", "l4"]}],
    }
    path.write_text(json.dumps(graph))
    return path


def run(shop: Shop, file: Path, *options: str, name: str = "import_graph") -> Any:
    out = StringIO()
    call_command(
        name, "--organization", shop.organization.identifier, *options, str(file), stdout=out
    )
    return json.loads(out.getvalue())


def refused(shop: Shop, file: Path, *options: str) -> tuple[str, str]:
    err = StringIO()
    version = current_graph(shop.id).version
    with pytest.raises(CommandError) as error:
        call_command(
            "import_graph",
            "--organization",
            shop.organization.identifier,
            *options,
            str(file),
            stderr=err,
        )
    assert current_graph(shop.id).version == version
    return str(error.value), err.getvalue()


@pytest.mark.parametrize("name", ["import_graph", "load_location_graph"])
def test_a_forced_change_tells_what_it_let_go(shop: Shop, file: Path, name: str) -> None:
    before = current_graph(shop.id).version

    told = run(shop, file, "--force", name=name)

    assert told == {
        "status": "COMPLETED_WITHOUT_ERRORS",
        "graphVersion": before + 1,
        "locations": {
            "added": {"count": 1, "first": ["l4"]},
            "removed": {"count": 1, "first": ["l3"]},
        },
        "groups": {
            "added": {"count": 0, "first": []},
            "removed": {"count": 1, "first": ["west"]},
            "changed": [
                {
                    "id": "east",
                    "added": {"count": 1, "first": ["l4"]},
                    "removed": {"count": 1, "first": ["l2"]},
                }
            ],
        },
        "inUse": {
            "count": 2,
            "first": [
                {"id": "l3", "type": "location", "items": 1, "onHand": 15, "reserved": 0},
                {"id": "west", "type": "group", "items": 1, "onHand": 0, "reserved": 7},
            ],
        },
    }
    assert current_graph(shop.id).version == before + 1
    shop.assert_clean()


def test_places_in_use_refuse_it_without_force(shop: Shop, file: Path) -> None:
    message, listed = refused(shop, file)

    assert message.startswith("IllegalGroupState: Places that leave the graph are in use (2): ")
    assert message.endswith("Repeat with --force to let it go.")
    assert listed == (
        "in use: location l3 (1 item, 15 on hand, 0 reserved)\n"
        "in use: group west (1 item, 7 promised)\n"
    )


def test_a_dry_run_changes_nothing(shop: Shop, file: Path) -> None:
    before = current_graph(shop.id)
    shop.reserve("more", "east", 9)

    told = run(shop, file, "--dry-run")

    assert told["status"] == "FAILED"
    assert told["dryRun"] is True
    assert told["graphVersion"] == before.version
    assert told["inUse"]["count"] == 2
    assert told["oversold"] == {
        "count": 1,
        "first": [{"sku": "red-mug", "short": 4, "shortBefore": 0}],
    }
    assert run(shop, file, "--dry-run", "--force")["status"] == "COMPLETED_WITHOUT_ERRORS"
    assert current_graph(shop.id) == before


def test_fractions_are_numbers(shop: Shop, file: Path) -> None:
    shop.put("l3", on_hand=UNIT + 5)

    assert run(shop, file, "--dry-run")["inUse"]["first"][0]["onHand"] == 1.005


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "InvalidRequest: The file is not a location graph in JSON: "),
        (b"\xff{}", "InvalidRequest: The file is not a location graph in JSON: "),
        (b'{"a":' * 100_000, "InvalidRequest: The file is not a location graph in JSON: "),
        (b"[]", "InvalidRequestParameter: Expected `object`, got `array`"),
        (b'{"groups": []}', "InvalidRequestParameter: Object missing required field `locations`"),
        (b'{"locations": ["a b"], "groups": []}', "InvalidRequestParameter: 'locations[0]': "),
        (
            b'{"locations": ["l1"], "groups": [{"id": "g1", "locations": [7]}]}',
            "InvalidRequestParameter: 'groups[0].locations[0]': Expected `str`, got `int`",
        ),
        (b'{"locations": [], "groups": []}', "LocationListMustNotBeEmpty: "),
        (
            b'{"locations": ["l1"], "groups": [{"id": "g1", "locations": ["l2"]}]}',
            "IllegalGroupState: 'g1' names 'l2', which is not among the locations.",
        ),
    ],
)
def test_files_that_are_no_graph(shop: Shop, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(content)

    message, _ = refused(shop, path)

    assert message.startswith(told)


def test_a_file_that_is_not_there(shop: Shop, tmp_path: Path) -> None:
    message, _ = refused(shop, tmp_path / "nowhere.json")

    assert "nowhere.json" in message
