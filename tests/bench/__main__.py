"""`python -m tests.bench`: print a JSON report, exit non-zero when a row does not hold."""

import argparse
import json
import multiprocessing
import os
import platform
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from tests.bench.load import PROCESSES, Clients, Target, Variant
from tests.bench.rows import Report, medians
from tests.bench.server import database, web


def main() -> int:
    """Run everything, or with --quick a short version for development."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument(
        "--quick", action="store_true", help="short rounds, small crowds: to develop"
    )
    quick = parser.parse_args().quick
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves no server behind
    with database():
        import django

        django.setup()
        report, versions = _run(quick=quick)
    versions["seconds"] = round(time.monotonic() - started)
    sys.stdout.write(json.dumps(report.as_json(**versions), indent=2) + "\n")
    for name in report.broken:
        sys.stderr.write(f"does not hold: {name}\n")
    return 1 if report.broken else 0


def _run(*, quick: bool) -> tuple[Report, dict[str, Any]]:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from integrations.oauth.services import create_api_client
    from tests.bench import exports, floor, imports, orders, pages, shop, trips

    call_command("migrate", verbosity=0)
    crowd = 500 if quick else 10_000
    with shop.loading():
        organization = shop.make_shop(timezone.now())
        shop.to_release(organization, items=100, now=timezone.now())
        shop.crowd(organization, sku="crowded", documents=crowd, now=timezone.now())
        office = orders.open_office(organization)
        to_map = orders.place_orders(office, items=2_000 if quick else 15_000, skus=1_000)
    with connection.cursor() as cursor:
        cursor.execute(floor.TABLES)
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone()
    issued = create_api_client(organization=organization.identifier, name="bench")
    answer = Client().post(
        "/dwsso/oauth2/access_token",
        {
            "grant_type": "client_credentials",
            "client_id": issued.client.client_id,
            "client_secret": issued.secret,
        },
    )
    token = answer.json()["access_token"]
    report = Report()
    # Spawned before the server so that nothing is shared with it.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool, web() as port:
        target = Target(port, organization.identifier, token)
        clients = Clients(target, pool)
        _throughput(report, clients, quick=quick)
        _release(report, clients, quick=quick)
        _mapping(report, clients, office, to_map, quick=quick)
        _work_queue(report, clients, office, quick=quick)
        trips.measure(report, target)
    exports.measure(report, quick=quick)
    imports.measure(report, quick=quick)
    pages.measure(report, quick=quick)
    _expiry(report, organization, documents=200 if quick else 10_000, spread=3 if quick else 60)
    versions = {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "django": version("django"),
        "gunicorn": version("gunicorn"),
        "postgresql": postgres,
        "quick": quick,
    }
    return report, versions


def _throughput(report: Report, clients: Clients, *, quick: bool) -> None:
    seconds, rounds = (0.6, 2) if quick else (1.5, 7)
    items = [f"item-{n}" for n in range(1_000)]
    hundred = items[:100]

    def reserve(skus: list[str], place: str = "shop-1", kind: str = "locations") -> Variant:
        return Variant("reserve", {"skus": skus, "place": place, "kind": kind})

    def measured(variants: dict[str, Variant], count: int) -> dict[str, float]:
        for variant in variants.values():  # a round to warm up
            clients.rate(variant, clients=count, seconds=seconds / 2)
        return medians(
            [
                {
                    name: clients.rate(variant, clients=count, seconds=seconds)
                    for name, variant in variants.items()
                }
                for _ in range(rounds)
            ]
        )

    writes = measured(
        {
            "floor, hot": Variant("take", {"counters": 1}),
            "reserve, hot": reserve(["hot"]),
            "floor, spread": Variant("take", {"counters": 1_000}),
            "reserve, spread": reserve(items),
        },
        8,
    )
    for name, rate in writes.items():
        report.tell(name, rate, "requests/s")
    report.at_least(
        "reserve spread / floor", writes["reserve, spread"] / writes["floor, spread"], 0.4
    )
    report.at_least("reserve hot / floor", writes["reserve, hot"] / writes["floor, hot"], 0.35)

    reads = measured(
        {
            "floor, 100 rows": Variant("rows", {}),
            "availability, location": Variant(
                "availability", {"body": {"skus": hundred, "locations": ["shop-1"]}}
            ),
            "availability, group": Variant(
                "availability", {"body": {"skus": hundred, "groups": ["small"]}}
            ),
        },
        4,
    )
    for name, rate in reads.items():
        report.tell(name, rate, "requests/s")
    for kind in ("location", "group"):
        ratio = reads[f"availability, {kind}"] / reads["floor, 100 rows"]
        report.at_least(f"availability at a {kind} / floor", ratio, 0.3)

    wide = measured(
        {
            f"group of {size}": reserve([f"wide-{size}"], f"g{size}", "groups")
            for size in (10, 1_000, 10_000)
        }
        | {"crowded": reserve(["crowded"]), "empty": reserve(["empty"])},
        1,
    )
    for name, rate in wide.items():
        report.tell(f"reserve, {name}", 1000 / rate, "ms")
    report.at_most(
        "group of 10,000 / group of 10", wide["group of 10"] / wide["group of 10000"], 1.3
    )
    report.at_most("crowded item / empty item", wide["empty"] / wide["crowded"], 1.15)


def _release(report: Report, clients: Clients, *, quick: bool) -> None:
    """Release 1 record and 100 records over 100 items with each call, over Connect."""
    seconds, rounds = (0.6, 2) if quick else (1.5, 7)
    variants = {n: Variant("release", {"records": n}) for n in (1, 100)}
    for variant in variants.values():  # a round to warm up
        clients.rate(variant, clients=1, seconds=seconds / 2)
    rates = medians(
        [
            {
                f"release {n} over Connect": clients.rate(variant, clients=1, seconds=seconds)
                for n, variant in variants.items()
            }
            for _ in range(rounds)
        ]
    )
    for name, rate in rates.items():
        report.tell(name, 1000 / rate, "ms")
    one, hundred = rates.values()
    report.at_most("release 100 / release 1 over Connect", one / hundred, 4)


def _mapping(report: Report, clients: Clients, office: Any, ids: range, *, quick: bool) -> None:
    """Compare create_mapping with the floor, order items over a thousand items."""
    from tests.bench import orders

    seconds, rounds = (0.6, 2) if quick else (1.5, 7)
    floor = Variant("take", {"counters": 1_000})
    with orders.mapping(office, ids) as mapping:
        variants = {"floor, spread": floor, "create_mapping": mapping}
        for variant in variants.values():
            clients.rate(variant, clients=8, seconds=seconds / 2)
        rates = medians(
            [
                {
                    name: clients.rate(variant, clients=8, seconds=seconds)
                    for name, variant in variants.items()
                }
                for _ in range(rounds)
            ]
        )
    report.tell("create_mapping", rates["create_mapping"], "requests/s")
    report.at_least("create_mapping / floor", rates["create_mapping"] / rates["floor, spread"], 0.4)


def _work_queue(report: Report, clients: Clients, office: Any, *, quick: bool) -> None:
    """Compare a page of the work queue among many orders with one among few."""
    from tests.bench import orders

    seconds, rounds = (0.6, 2) if quick else (1.5, 7)
    few, many = 10_000, 50_000 if quick else 1_000_000
    page = orders.work_queue(office)
    times = {}
    for first, last in ((1, few), (few, many)):
        orders.pile_up(office, first=first, last=last)
        times[last] = orders.milliseconds(clients, page, seconds=seconds, rounds=rounds)
        report.tell(f"work queue of {last:,} orders, {orders.PAGE} a page", times[last], "ms")
    report.at_most(f"work queue of {many:,} / of {few:,}", times[many] / times[few], 1.5)


def _expiry(report: Report, organization: Any, *, documents: int, spread: int) -> None:
    """Release what is due once a second, as beat does, and take the longest lag."""
    from django.db import connection
    from django.utils import timezone

    from reservations.services.expiry import expire_due_claims
    from tests.bench import shop

    with shop.loading():
        shop.fall_due(organization, documents=documents, spread=timedelta(seconds=spread))
    longest = timedelta()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        started = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), min(c.expires_at) FROM reservations_claim c"
                " JOIN reservations_document d ON d.id = c.document_id"
                " WHERE d.identifier LIKE 'due-%'"
            )
            left, oldest = cursor.fetchone()
        if not left:
            break
        if oldest <= timezone.now():
            expire_due_claims(origin=shop.ORIGIN, now=timezone.now())
            longest = max(longest, timezone.now() - oldest)
        time.sleep(max(0.0, 1 - (time.monotonic() - started)))
    report.at_most("longest expiry lag", longest.total_seconds(), 10, "s")


if __name__ == "__main__":
    sys.exit(main())
