"""Jobs in real workers: killed at every point of a graph and a segmentation import, and stopped.

A worker that dies kills itself by SIGKILL at the very point that is named, so nothing here is left
to chance; the next one takes the job over when the lease of the dead one has run out.
"""

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.concurrency.installation import Installation, installed

pytestmark = pytest.mark.slow

SECONDS = 300.0  # a busy machine is slow
SHOP = """
import json
from django.utils import timezone
from inventory.models import Organization
from tests.builders import Shop

organization, _ = Organization.objects.get_or_create(identifier={name!r})
shop = Shop(organization, {groups!r}, now=timezone.now())
"""
SUBMIT = """
from inventory.services.jobs import life
with open({path!r}, "rb") as file:
    new = life.NewJob(shop.id, {kind!r}, {parameters!r}, shop.origin)
    job = life.import_now(new, file, limit=2**40, now=timezone.now())
print(job.identifier)
"""
AVAILABILITY = {
    "fileName": "x",
    "fileFormat": "JSON",
    "fileEncoding": "",
    "fileHash": "",
    "fileHashType": "SHA-256",
}


@pytest.fixture(scope="module")
def here() -> Iterator[Installation]:
    with installed(seconds=SECONDS, durable=False) as installation:
        yield installation


class Office:
    """An organization of the installation, and one job of it."""

    def __init__(self, here: Installation, name: str, groups: dict[str, list[str]]) -> None:
        self.here = here
        self.name = name
        self.shop = SHOP.format(name=name, groups=groups)
        self.job = ""

    def run(self, code: str) -> str:
        return self.here.run(self.shop + code)

    def submit(self, kind: str, content: bytes, **parameters: Any) -> None:
        path = self.here.state / f"{self.name}.upload"
        path.write_bytes(content)
        code = SUBMIT.format(path=str(path), kind=kind, parameters=parameters)
        self.job = self.run(code).split()[-1]

    def state(self) -> str:
        row = self.here.ask(
            "SELECT state, errors FROM inventory_job WHERE identifier = %s", self.job
        )
        assert row[0] != "FAILED", row[1]
        return str(row[0])

    def counts(self) -> tuple[int, int, int, int]:
        found: tuple[int, int, int, int] = self.here.ask(
            "SELECT records_read, records_processed, records_skipped, records_failed"
            " FROM inventory_job WHERE identifier = %s",
            self.job,
        )
        return found

    def movements(self, *kinds: str) -> tuple[int, int]:
        """Return how many movements of these kinds there are, and of how many items and places."""
        found: tuple[int, int] = self.here.ask(
            "SELECT count(*), count(DISTINCT (m.item_id, m.place_id)) FROM inventory_movement m"
            " JOIN inventory_organization o ON o.id = m.organization_id"
            " WHERE o.identifier = %s AND m.kind = ANY(%s)",
            self.name,
            list(kinds),
        )
        return found

    def dies_at(self, point: str, number: int = 1) -> None:
        """Let a worker take the job and be killed when it comes to a point."""
        self.here.start("die", point, str(number))
        assert self.here.ended_by("die") == signal.SIGKILL
        assert self.state() == "RUNNING"

    def ends(self) -> list[dict[str, Any]]:
        """Let a worker end the job, and return the lines of its result."""
        self.here.start("work")
        self.here.wait_for(lambda: self.state() == "COMPLETED", f"not completed: {self.state()}")
        self.here.end("work")
        (name,) = self.here.ask("SELECT result FROM inventory_job WHERE identifier = %s", self.job)
        lines = Path(self.here.environment["IMPEX_FOLDER"], name).read_text().splitlines()
        return [json.loads(line) for line in lines]


def test_a_graph_import_outlives_kill_9(here: Installation) -> None:
    places = [f"l-{n:02d}" for n in range(15)]
    groups = {"east": places[:10], "west": places[5:]}
    office = Office(here, "graph-shop", groups)
    office.run(
        "shop.regroup(**shop.groups)\n"
        f"for n in range(40): shop.stock(f'sku-{{n:02d}}', **dict.fromkeys({places!r}, 5))\n"
        "shop.reserve('cart', 'l-00', 2, sku='sku-07')\n"
        "shop.reserve('bag', 'east', 12, sku='sku-08')\n"
    )
    left = {"east": places[2:10], "north": places[8:]}
    groups_of_file = [{"id": name, "locations": members} for name, members in left.items()]
    file = {"locations": places[2:], "groups": groups_of_file}
    office.submit("location-graph-import", json.dumps(file).encode(), force=True, dryRun=False)
    version, before = _version(office), office.movements("location_delete", "reservation_release")
    assert before == (0, 0)

    office.dies_at("checkpoint")
    assert _version(office) == version
    assert office.movements("location_delete", "reservation_release") == before
    assert _groups(office) == {"east", "west"}
    assert office.counts() == (0, 0, 0, 0)

    office.dies_at("result")
    assert _version(office) == version + 1
    assert _groups(office) == {"east", "north"}
    size = len(file["locations"]) + len(groups_of_file)
    assert office.counts() == (size, size, 0, 0)
    after = office.movements("location_delete", "reservation_release")
    assert after == (81, 80)  # all that lay at two locations, and the cart at one of them

    office.dies_at("end")
    (report,) = office.ends()

    assert report["status"] == "COMPLETED_WITHOUT_ERRORS"
    assert _version(office) == version + 1
    assert office.movements("location_delete", "reservation_release") == after
    assert office.counts() == (size, size, 0, 0)
    here.manage("audit_balances")


def _version(office: Office) -> int:
    question = "SELECT graph_version FROM inventory_organization WHERE identifier = %s"
    return int(office.here.ask(question, office.name)[0])


def _groups(office: Office) -> set[str]:
    (names,) = office.here.ask(
        "SELECT array_agg(p.identifier) FROM inventory_locationgroup g"
        " JOIN inventory_place p ON p.id = g.place_ptr_id"
        " JOIN inventory_organization o ON o.id = p.organization_id"
        " WHERE o.identifier = %s AND NOT p.is_retired",
        office.name,
    )
    return set(names)


def test_a_segmentation_import_outlives_kill_9(here: Installation) -> None:
    office = Office(here, "segment-shop", {"east": ["l-1", "l-2"], "west": ["l-2"]})
    skus = [f"sku-{n:03d}" for n in range(200)]
    office.run(
        "shop.regroup(**shop.groups)\n"
        "for n in range(0, 200, 4): shop.stock(f'sku-{n:03d}', **{'l-1': 5, 'l-2': 5})\n"
        "shop.segment('east', *(f'old-{n:02d}' for n in range(30)), 'sku-000', 'sku-004')\n"
        "shop.reserve('bag', 'east', 3, sku='sku-100')\n"
    )
    lines: list[dict[str, str]] = [{"groupId": "east", "mode": "REPLACE"}]
    lines += [{"sku": name} for name in skus[:150]]
    lines += [{"sku": "b ad"}, {"groupId": "west", "mode": "APPEND"}]
    lines += [{"sku": name} for name in skus[100:]]
    lines += [{"groupId": "nowhere", "mode": "APPEND"}, {"sku": "sku-000"}]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    excluded = office.movements("group_exclusion")
    assert excluded == (32, 32)
    office.submit("segmentation-import", content.encode())

    office.dies_at("begun")
    office.dies_at("checkpoint", 2)
    first = office.counts()
    assert 0 < first[0] < 150
    assert office.movements("group_exclusion")[0] == 32 + first[1]
    office.dies_at("unlisted")
    assert office.movements("group_inclusion") == (0, 0)
    assert office.movements("group_exclusion") == (32 + 148, 32 + 148)
    office.dies_at("checkpoint", 2)
    assert office.movements("group_inclusion") == (30, 30)
    office.dies_at("result")
    told = office.ends()

    assert office.counts() == (253, 148 + 100, 2, 3)
    assert office.movements("group_exclusion") == (32 + 148 + 100, 32 + 148 + 100)
    assert office.movements("group_inclusion") == (30, 30)
    assert told[0] == {"status": "COMPLETED_WITH_PARTIAL_FAILURES"}
    assert [each["message"].split(":")[0] for each in told[1:]] == [
        "line 152",
        "line 254",
        "line 255",
    ]
    assert _segmented(office, "east") == sorted(skus[:150])
    assert _segmented(office, "west") == sorted(skus[100:])
    here.manage("audit_balances")


def _segmented(office: Office, group: str) -> list[str]:
    code = (
        "from inventory.selectors.graph import current_graph\n"
        "from inventory.selectors.segmentation import segmented_skus\n"
        f"found = segmented_skus(shop.id, group=current_graph(shop.id).groups[{group!r}])\n"
        "print(json.dumps(sorted(sku for page in found for sku in page)))\n"
    )
    found: list[str] = json.loads(office.run(code).splitlines()[-1])
    return found


def test_a_stopped_import_goes_on_where_it_was_stopped(here: Installation) -> None:
    places = [f"l-{n}" for n in range(4)]
    office = Office(here, "stopping-shop", {"all": places})
    skus = [f"sku-{n:04d}" for n in range(1_000)]
    amid = skus[500]
    office.run(f"shop.regroup(**shop.groups)\nshop.stock({amid!r}, **{{'l-0': 1}})\n")
    file = _stock(skus, places)
    good = sum(record["onHand"] > 0 for record in file)
    content = "".join(json.dumps(record) + "\n" for record in file)
    office.submit("availability-import", content.encode(), **AVAILABILITY)

    with psycopg.connect(here.postgres.url) as holder:
        holder.execute("SELECT FROM inventory_item WHERE sku = %s FOR NO KEY UPDATE", [amid])
        here.start("work")
        here.wait_for(lambda: office.counts()[0] > 0, "the import does not begin")
        told = json.loads(here.manage("job", "stop", office.job))
        assert (told["state"], told["stopping"]) == ("RUNNING", True)
    here.wait_for(lambda: office.state() == "STOPPED", "the import does not stop")

    read, processed, skipped, failed = office.counts()
    assert 0 < read < len(file)
    done = file[:read]
    assert (processed, skipped) == (sum(record["onHand"] > 0 for record in done), 0)
    assert failed == read - processed
    assert office.movements("location_import") == (processed, processed)
    assert _imported(office) == (processed, processed)

    told = json.loads(here.manage("job", "resume", office.job))
    assert told["id"] == office.job
    here.wait_for(lambda: office.state() == "COMPLETED", "the import is not completed")
    here.end("work")

    assert office.counts() == (len(file), good, 0, len(file) - good)
    assert office.movements("location_import") == (good, good)
    assert _imported(office) == (good, good)
    here.manage("audit_balances")


def _stock(skus: Sequence[str], places: Sequence[str]) -> list[dict[str, Any]]:
    """One record for each pair; every fiftieth is bad."""
    pairs = [(sku, place) for sku in skus for place in places]
    return [
        {
            "recordId": f"r-{n}",
            "sku": sku,
            "locationId": place,
            "onHand": -1 if n % 50 == 49 else 5 + n % 7,
        }
        for n, (sku, place) in enumerate(pairs)
    ]


def _imported(office: Office) -> tuple[int, int]:
    """Return how many records are known as imported, and how many ids the ledger has."""
    found: tuple[int, int] = office.here.ask(
        "SELECT (SELECT count(*) FROM inventory_importedrecord r WHERE r.organization_id = o.id),"
        " (SELECT count(DISTINCT request_id) FROM inventory_movement m"
        "  WHERE m.organization_id = o.id AND m.kind = 'location_import')"
        " FROM inventory_organization o WHERE o.identifier = %s",
        office.name,
    )
    return found
