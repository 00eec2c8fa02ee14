"""`manage.py job`: what operators see of jobs, and do with them."""

import json
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inventory.models import Job, JobState
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.graph_jobs import GRAPH_EXPORT
from inventory.services.jobs import files, life
from inventory.services.jobs.running import run_next
from tests.builders import NOON, Shop, a_shop

pytestmark = pytest.mark.django_db

PARAMETERS = {
    "fileName": "stock.json",
    "fileFormat": "JSON",
    "fileEncoding": "",
    "fileHash": "",
    "fileHashType": files.HASH_TYPE,
}
LINES = b'{"recordId":"1","sku":"mug","locationId":"l1","onHand":5}\n'


@pytest.fixture
def shop() -> Shop:
    return a_shop(all=["l1"])


def job(*arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("job", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def an_import(shop: Shop) -> Job:
    new = life.NewJob(shop.id, AVAILABILITY_IMPORT, PARAMETERS, shop.origin)
    made = life.start_import(new, now=NOON)
    return life.receive_upload(made, BytesIO(LINES), limit=1000, now=NOON, is_told=False)


def an_export(shop: Shop) -> Job:
    new = life.NewJob(shop.id, GRAPH_EXPORT, {}, shop.origin)
    return life.create_export(new, now=NOON)


def test_jobs_are_listed_newest_first(shop: Shop) -> None:
    made, other = an_import(shop), an_export(a_shop(all=["l1"]))
    run_next(clock=lambda: NOON, job_id=made.pk)

    (exported, imported) = job("list")

    assert exported["id"] == other.identifier
    assert (exported["state"], exported["percent"]) == ("SUBMITTED", None)
    assert imported["organization"] == shop.organization.identifier
    assert (imported["state"], imported["percent"], imported["processed"]) == ("COMPLETED", 100, 1)
    assert [each["id"] for each in job("list", "--active")] == [other.identifier]
    own = job("list", f"--organization={shop.organization.identifier}")
    assert [each["id"] for each in own] == [made.identifier]
    assert len(job("list", "--limit=1")) == 1


def test_a_job_is_stopped_and_resumed(shop: Shop) -> None:
    made = an_import(shop)

    (stopped,) = job("stop", made.identifier)
    assert stopped["state"] == "STOPPED"
    assert not run_next(clock=lambda: NOON)

    (resumed,) = job("resume", made.identifier)
    assert resumed["state"] in ("SUBMITTED", "PENDING")
    assert run_next(clock=lambda: NOON)
    made.refresh_from_db()
    assert made.state == JobState.COMPLETED
    assert shop.on_hand("l1", sku="mug") == 5


def test_a_running_job_is_told_to_be_stopping(shop: Shop) -> None:
    made = an_import(shop)
    Job.objects.filter(pk=made.pk).update(state=JobState.RUNNING, lease="1" * 32)

    (told,) = job("stop", made.identifier)

    assert (told["state"], told["stopping"]) == ("RUNNING", True)


def test_what_cannot_be_done_is_said(shop: Shop) -> None:
    made = an_export(shop)
    run_next(clock=lambda: NOON, job_id=made.pk)

    with pytest.raises(CommandError, match="nothing to stop"):
        job("stop", made.identifier)
    with pytest.raises(CommandError, match="stopped or has failed"):
        job("resume", made.identifier)
    with pytest.raises(CommandError, match="There is no job nobody"):
        job("stop", "nobody")
    other = a_shop(all=["l1"]).organization.identifier
    with pytest.raises(CommandError, match="There is no job"):
        job("resume", made.identifier, f"--organization={other}")
    with pytest.raises(CommandError, match="No organization"):
        job("list", "--organization=nowhere")
