"""Exports as files: commands, the way back in, what a run that stops leaves behind."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from inventory.errors import InvalidRequest
from inventory.models import DeltaToken, Job, JobState, StockRecord
from inventory.selectors import item_pages, stock_lines
from inventory.selectors.jobs import AVAILABILITY_EXPORT
from inventory.services.deltas import read_deltas
from inventory.services.exports import spool as spools
from inventory.services.exports.availability import availability_pieces, wanted_places
from inventory.services.exports.conversion import import_lines
from inventory.services.exports.spool import Spool
from inventory.services.jobs import life
from inventory.services.jobs.running import JobRun, run_next
from tests.builders import NOON, UNIT, Shop, a_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    shop = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    shop.stock(l1=5, l2=5, l3=15)
    shop.put(
        "l1",
        sku='od"d',
        on_hand=1_250,
        safety_stock=10,
        futures=(("2030-01-01T00:00:00Z", 2_500),),
        effective_at=NOON + timedelta(microseconds=1),
        excluded_groups=("east",),
    )
    return shop


def export(shop: Shop, **objects: list[str]) -> bytes:
    wanted = wanted_places(groups=objects.get("groups"), locations=objects.get("locations"))
    pieces = availability_pieces(shop.id, wanted=wanted, now=lambda: NOON)
    return b"".join(piece.lines for piece in pieces)


def without_token(file: bytes) -> list[bytes]:
    *lines, token = file.splitlines()
    assert b"deltaToken" in token
    return lines


# Pages and pieces


def test_many_records_come_in_pieces(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        shop.put("l2", sku=f"sku-{n}", on_hand=UNIT)
    at_once = without_token(export(shop, locations=["*"]))
    monkeypatch.setattr(stock_lines, "PIECE_LINES", 2)

    assert without_token(export(shop, locations=["*"])) == at_once
    assert len(at_once) == 4 + 4 + 7


@pytest.mark.parametrize("stale", [False, True])
def test_many_items_come_in_pages(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, stale: bool
) -> None:
    for n in range(7):
        shop.put("l2", sku=f"sku-{n}", on_hand=UNIT)
    if stale:
        shop.regroup(east=["l2"], west=["l1", "l2", "l3"], more_locations=["l9"])
    at_once = without_token(export(shop, groups=["*"]))
    monkeypatch.setattr(item_pages, "PAGE_ITEMS", 3)
    monkeypatch.setattr(item_pages, "PAGE_RECORDS", 4)
    monkeypatch.setattr(spools, "MEMORY", 100)
    monkeypatch.setattr(spools, "BLOCK", 64)

    assert without_token(export(shop, groups=["*"])) == at_once
    records = {"east": 8, "west": 9} if stale else {"east": 8, "west": 8}
    assert len(at_once) == 2 + sum(records.values())


def test_a_spool_gives_each_key_its_lines_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MEMORY", 16)
    monkeypatch.setattr(spools, "BLOCK", 8)
    with Spool[str]() as spool:
        for n in range(50):
            spool.add("even" if n % 2 == 0 else "odd", [b"%d\n" % n])
        evens = b"".join(spool.pieces("even"))
        spool.add("odd", [b"last\n"])
        odds = b"".join(spool.pieces("odd"))
        nothing = list(spool.pieces("never"))

    assert evens.split() == [b"%d" % n for n in range(0, 50, 2)]
    assert odds.split() == [*(b"%d" % n for n in range(1, 50, 2)), b"last"]
    assert nothing == []


def test_the_token_lives_from_the_end_of_the_reading(shop: Shop) -> None:
    export(shop, locations=["*"])

    token = DeltaToken.objects.get()

    assert token.expires_at == NOON + timedelta(hours=23, minutes=30)
    assert token.places == ["l1", "l2", "l3", "l9"]


@pytest.mark.django_db(transaction=True)
def test_the_token_of_a_large_export_follows_all_its_places() -> None:
    names = [f"l{n:03}" for n in range(120)]
    shop = a_shop(all=names)
    token = json.loads(export(shop, locations=["*"]).splitlines()[-1])["deltaToken"]
    shop.stock(l000=1, l119=2)

    page = read_deltas(organization_id=shop.id, token=token, now=NOON)

    assert [(delta.place, delta.balance.on_hand) for delta in page.records] == [
        ("l000", 1 * UNIT),
        ("l119", 2 * UNIT),
    ]


# Jobs


def a_job(shop: Shop, **parameters: Any) -> Job:
    new = life.NewJob(shop.id, AVAILABILITY_EXPORT, parameters, shop.origin)
    return life.start_export(new, now=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["locations", "groups"])
def test_an_export_that_is_stopped_lets_go_of_its_snapshot(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It stops in the middle of the stream; the connection must be free to say so."""
    job = a_job(shop, **{kind: ["*"]})
    checks = []

    def check(run: JobRun) -> None:
        checks.append(run)
        if len(checks) == 2:
            run.is_stopping = True
        original(run)

    original = JobRun.check
    monkeypatch.setattr(JobRun, "check", check)
    run_next(clock=timezone.now, job_id=job.pk)

    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    assert job.result == ""
    assert not connection.in_atomic_block
    assert not DeltaToken.objects.exists()
    monkeypatch.undo()
    life.resume(job)
    run_next(clock=timezone.now, job_id=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.COMPLETED
    assert job.records_exported == (4 if kind == "locations" else 2)


# Commands


def call(*arguments: Any) -> str:
    said = StringIO()
    call_command(*map(str, arguments), stderr=said)
    return said.getvalue()


@pytest.mark.django_db(transaction=True)  # a snapshot may or may not see rows of its transaction
def test_the_command_writes_what_the_api_gives(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    organization = shop.organization.identifier

    said = call(
        "export_availability", "--organization", organization, "--locations", "--output", file
    )

    assert said.startswith("4 records in ")
    assert without_token(file.read_bytes()) == without_token(export(shop, locations=["*"]))
    token = json.loads(file.read_bytes().splitlines()[-1])["deltaToken"]
    page = read_deltas(organization_id=shop.id, token=token, now=timezone.now())
    assert page.records == []
    call(
        "export_availability", "--organization", organization, "--groups", "west", "--output", file
    )
    assert without_token(file.read_bytes()) == without_token(export(shop, groups=["west"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--groups", "nowhere"], "No group exists with ID 'nowhere'"),
        (["--locations", "east"], "No location exists with ID 'east'"),
        (["--locations", "*", "l1"], "goes alone"),
    ],
)
def test_a_refused_export_leaves_no_file(
    shop: Shop, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    file = tmp_path / "export.ndjson"

    with pytest.raises(CommandError, match=sentence.replace("*", r"\*")):
        call(
            "export_availability",
            "--organization",
            shop.organization.identifier,
            *arguments,
            "--output",
            file,
        )

    assert list(tmp_path.iterdir()) == []


def test_an_organization_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No organization exists with ID 'nobody'"):
        call("export_availability", "--organization", "nobody", "--groups")


def test_an_export_becomes_an_import(shop: Shop, tmp_path: Path) -> None:
    shop.reserve("basket", "l1", 1)
    source, target = tmp_path / "export.ndjson", tmp_path / "import.ndjson"
    source.write_bytes(export(shop, locations=["l1", "l9"]))

    said = call("export_to_import", source, "--output", target)

    assert said == "2 records\n"
    odd, mug = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert odd.pop("recordId") != mug.pop("recordId")
    assert odd == {
        "sku": 'od"d',
        "locationId": "l1",
        "onHand": 1.25,
        "safetyStockCount": 0.01,
        "effectiveDate": "2026-03-01T12:00:00.000001Z",
        "futures": [{"expectedDate": "2030-01-01T00:00:00Z", "quantity": 2.5}],
        "attributeSet": {"groupEligibilityExclusion": ["east"]},
    }
    assert mug == {
        "sku": "red-mug",
        "locationId": "l1",
        "onHand": 5,
        "safetyStockCount": 0,
        "effectiveDate": None,
        "futures": [],
        "attributeSet": None,
    }


def test_each_conversion_has_record_ids_of_its_own() -> None:
    export = [b'{"locationId":"l1"}\n', b'{"sku":"mug","onHand":1}\n']

    ids = {json.loads(line)["recordId"] for _ in range(2) for line in import_lines(export)}

    assert len(ids) == 2


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([b'{"groupId":"east"}'], "Line 1 begins group 'east'"),
        ([b'{"sku":"mug"}'], "Line 1 comes before the first location"),
        ([b'{"locationId":"l1"}', b"", b"{"], "Line 3 is not a line"),
        ([b'{"locationId":"l1"}', b"[]"], "Line 2 is not a line"),
        ([b'{"locationId":"l1"}', b'{"sku":"\xff"}'], "Line 2 is not a line"),
        ([b'{"locationId":"l1"}', b"{}"], "Line 2 is neither"),
    ],
)
def test_what_is_no_locations_export(lines: list[bytes], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        list(import_lines(lines))


def test_a_file_that_cannot_be_converted_leaves_none(tmp_path: Path) -> None:
    source, target = tmp_path / "groups.ndjson", tmp_path / "import.ndjson"
    source.write_bytes(b'{"groupId":"east"}\n')
    target.write_bytes(b"as it was")

    with pytest.raises(CommandError, match="Line 1 begins group"):
        call("export_to_import", source, "--output", target)
    with pytest.raises(CommandError, match="missing"):
        call("export_to_import", tmp_path / "missing", "--output", target)

    assert target.read_bytes() == b"as it was"
    assert len(list(tmp_path.iterdir())) == 2


# The way back in


def imported(shop: Shop, file: bytes) -> Job:
    from io import BytesIO

    from inventory.services.availability_import.kind import AVAILABILITY_IMPORT

    parameters = {
        "fileName": "import.ndjson",
        "fileFormat": "JSON",
        "fileEncoding": "",
        "fileHash": "",
        "fileHashType": "SHA-256",
    }
    new = life.NewJob(shop.id, AVAILABILITY_IMPORT, parameters, shop.origin)
    job = life.start_import(new, now=timezone.now())
    life.receive_upload(job, BytesIO(file), limit=len(file), now=timezone.now())
    run_next(clock=timezone.now, job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_an_export_goes_round(shop: Shop) -> None:
    for n in range(40):
        for name in ("l1", "l2", "l3", "l9"):
            shop.put(
                name,
                sku=f"sku-{n * 37 % 40}",
                on_hand=n * 1_001,
                safety_stock=n % 3 * 500,
                futures=(("2030-01-01T00:00:00Z", 1 + n), ("2031-01-01T00:00:00Z", 5))[: n % 3],
                effective_at=NOON + timedelta(milliseconds=n * 500) if n % 2 else None,
                excluded_groups=("west",) if n % 5 == 0 else (),
            )
    shop.delete("l9", sku="sku-7")
    first = without_token(export(shop, locations=["*"]))
    groups = without_token(export(shop, groups=["*"]))

    twin = a_shop(east=["l1", "l2"], west=["l2", "l3"], more_locations=["l9"])
    job = imported(twin, b"".join(import_lines(line + b"\n" for line in first)))

    assert (job.state, job.errors) == (JobState.COMPLETED, [])
    assert (
        job.records_processed
        == StockRecord.objects.filter(item__organization=twin.organization).count()
        == 163
    )
    assert job.records_failed == 0
    assert without_token(export(twin, locations=["*"])) == first
    assert without_token(export(twin, groups=["*"])) == groups
    twin.assert_clean()
