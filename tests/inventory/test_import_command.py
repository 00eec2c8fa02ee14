"""`manage.py import_availability`: the operator's twin of the API's import."""

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inventory.models import Job, Movement
from tests.builders import Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return a_shop(all=["l1", "l2"])


def run(shop: Shop, path: Path, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "import_availability",
        str(path),
        organization=shop.organization.identifier,
        stdout=out,
        **options,
    )
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


LINES = (
    b'{"recordId":"1","sku":"mug","locationId":"l1","onHand":5}\n'
    b'{"recordId":"2","sku":"mug","locationId":"nowhere","onHand":5}\n'
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_goes_in(shop: Shop, tmp_path: Path, pack: Any) -> None:
    (tmp_path / "stock.json").write_bytes(pack(LINES))

    told = run(shop, tmp_path / "stock.json", result=tmp_path / "result")

    assert (told["read"], told["processed"], told["skipped"], told["failed"]) == (2, 1, 0, 1)
    assert told["recordsPerSecond"] > 0
    assert shop.on_hand("l1", sku="mug") == 5
    assert Movement.objects.get().actor == "command:import_availability"
    first, second = (tmp_path / "result").read_text().splitlines()
    assert json.loads(first) == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    assert json.loads(second)["locationId"] == "nowhere"


@pytest.mark.parametrize("name", ["stock.csv", "stock.CSV.gz"])
def test_csv_is_told_by_its_name(shop: Shop, tmp_path: Path, name: str) -> None:
    text = b"Location ID,SKU,Quantity On Hand\nl2,mug,7\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)

    assert run(shop, tmp_path / name)["processed"] == 1
    assert shop.on_hand("l2", sku="mug") == 7


def test_what_is_unusable_ends_with_an_error(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(CommandError, match="The file is empty"):
        run(shop, tmp_path / "empty")
    with pytest.raises(CommandError, match="No such file"):
        run(shop, tmp_path / "missing")
    with pytest.raises(CommandError, match="No organization"):
        call_command("import_availability", str(tmp_path / "empty"), organization="nobody")
    assert Job.objects.count() == 1
