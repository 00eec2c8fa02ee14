"""A big import outlives kill -9 of its worker, of PostgreSQL, and of both, while customers reserve.

IMPORT_LINES=300000 in the environment makes it as big as a nightly file. (LINES alone is the height
of a terminal.) The cluster is a durable one: what it has acknowledged must outlive the blows.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.concurrency.importing import GROUP, LOCATIONS, SKUS, location, sku
from tests.concurrency.installation import Installation, installed

pytestmark = pytest.mark.slow

LINES = int(os.environ.get("IMPORT_LINES", str(SKUS * LOCATIONS)))
SECONDS = 300.0 + LINES / 100  # a busy machine is slow
ORGANIZATION = "crashing"
BAD_EVERY = 1_000
SUBMIT = """
from pathlib import Path
from inventory.services.availability_import.local import LocalFile
from inventory.origin import Origin
from inventory.selectors.organizations import organization_named
from inventory.services.availability_import.kind import AVAILABILITY_IMPORT
from inventory.services.jobs import life
from tests.concurrency.importing import now
path = Path(FILE)
with path.open("rb") as file:
    parameters = LocalFile(path, is_csv=False).parameters(file)
    organization = organization_named(ORGANIZATION)
    new = life.NewJob(organization.pk, AVAILABILITY_IMPORT, parameters, Origin("test"))
    job = life.start_import(new, now=now())
    life.receive_upload(job, file, limit=2**40, now=now())
"""


@pytest.fixture
def installation() -> Iterator[Installation]:
    with installed(seconds=SECONDS, durable=True) as installation:
        yield installation


def write_graph(path: Path) -> None:
    names = [location(n) for n in range(LOCATIONS)]
    graph = {"locations": names, "groups": [{"id": GROUP, "locations": names}]}
    path.write_text(json.dumps(graph))


def write_file(path: Path, prefix: str, *, first: int) -> int:
    """Write so many lines, a few of them bad; return how many those are."""
    bad = 0
    with path.open("w") as file:
        for n in range(LINES):
            record = {
                "recordId": f"{prefix}-{n}",
                "sku": sku(n // LOCATIONS),
                "locationId": location(n % LOCATIONS),
                "onHand": first + n % 7,
            }
            if n % BAD_EVERY == 500:
                record["onHand"] = -1
                bad += 1
            file.write(json.dumps(record) + "\n")
    return bad


def test_every_good_record_is_applied_exactly_once(installation: Installation) -> None:
    here = installation
    here.manage("create_organization", ORGANIZATION)
    write_graph(here.state / "graph.json")
    here.manage(
        "load_location_graph", f"--organization={ORGANIZATION}", str(here.state / "graph.json")
    )
    bad = write_file(here.state / "first.json", "a", first=20)
    here.run(_as_script(here.state / "first.json"))
    here.start("reserve", ORGANIZATION)
    here.start("work")

    size = (here.state / "first.json").stat().st_size
    blows = [("work",), ("database",), ("work", "database"), ("work",)]
    for number, blow in enumerate(blows):
        mark = size * (2 * number + 1) // 10
        here.wait_for(lambda mark=mark: _done(here) >= mark, f"no progress: {_job(here)}")
        if "database" in blow:
            here.kill_database()
        if "work" in blow:
            here.kill("work")
        if "database" in blow:
            here.start_database()
        if "work" in blow:
            here.start("work")
    here.wait_for(
        lambda: bool(_done(here)) and _job(here)[0] == "COMPLETED", f"not completed: {_job(here)}"
    )
    here.end("work")
    here.end("reserve")

    assert _job(here) == ("COMPLETED", LINES, LINES - bad, 0, bad)
    assert here.ask(
        "SELECT count(*), count(DISTINCT request_id), sum(on_hand_after - on_hand_before)"
        " FROM inventory_movement WHERE kind = 'location_import'"
    ) == (LINES - bad, LINES - bad, 1000 * _sum_of_good())
    assert here.ask("SELECT sum(on_hand) FROM inventory_stockrecord") == (1000 * _sum_of_good(),)
    assert here.ask("SELECT count(*) FROM inventory_importedrecord") == (LINES - bad,)
    assert here.ask("SELECT count(*) > 0 FROM reservations_document") == (True,)
    here.manage("audit_balances")
    (result,) = (here.state / "impex").iterdir()
    told = result.read_text().splitlines()
    assert json.loads(told[0]) == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    refused = [n for n in range(LINES) if n % BAD_EVERY == 500]
    assert [json.loads(line)["recordId"] for line in told[1:]] == [f"a-{n}" for n in refused]


def _as_script(path: Path) -> str:
    return f"FILE, ORGANIZATION = {str(path)!r}, {ORGANIZATION!r}\n{SUBMIT}"


def _sum_of_good() -> int:
    return sum(20 + n % 7 for n in range(LINES) if n % BAD_EVERY != 500)


def _done(here: Installation) -> int:
    done, state, errors = here.ask("SELECT bytes_done, state, errors FROM inventory_job")
    assert state != "FAILED", errors
    return int(done)


def _job(here: Installation) -> Any:
    return here.ask(
        "SELECT state, records_read, records_processed, records_skipped, records_failed"
        " FROM inventory_job"
    )
