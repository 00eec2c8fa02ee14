"""The back office at a million stock records, a million movements and 100,000 reservations.

Every list that the site has is opened plainly, by each filter, in each order and by a search, at
its first and its deepest page, every page that is no list, and a page of each kind of row. The
client is in this process: what is measured is the server's time.
"""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.bench.rows import Report

MILLISECONDS = 300
_ITEMS, _LOCATIONS = 100_000, 10
_ROUNDS = 5
_MOVEMENTS_A_TRANSACTION = 1_000

_SAMPLES = {
    "q": "office-00123",
    "sku": "office-0000123",
    "location": "office-l7",
    "group": "office-group",
    "place": "office-l1",
}
"""What text filters are asked for, by the name of their parameter."""

_ROWS = (
    """
    WITH made AS (
      INSERT INTO inventory_place (organization_id, identifier, is_retired)
      SELECT %(org)s, 'office-l' || n, false FROM generate_series(1, %(locations)s) n RETURNING id
    ) INSERT INTO inventory_location (place_ptr_id) SELECT id FROM made
    """,
    """
    WITH made AS (
      INSERT INTO inventory_place (organization_id, identifier, is_retired)
      VALUES (%(org)s, 'office-group', false) RETURNING id
    ), groups AS (
      INSERT INTO inventory_locationgroup (place_ptr_id) SELECT id FROM made RETURNING place_ptr_id
    )
    INSERT INTO inventory_groupmembership (group_id, location_id)
    SELECT g.place_ptr_id, p.id FROM groups g, inventory_place p
    JOIN inventory_location l ON l.place_ptr_id = p.id WHERE p.organization_id = %(org)s
    """,
    """
    INSERT INTO inventory_item (organization_id, sku, sequence, graph_version, on_hand,
      available_to_order, short, changed_at)
    SELECT %(org)s, 'office-' || lpad(n::text, 7, '0'), 1, 1, (n %% 997) * 10000,
      (n %% 997) * 10000, CASE WHEN n %% 50 = 0 THEN 1000 ELSE 0 END,
      now() - n * interval '3 seconds'
    FROM generate_series(1, %(items)s) n
    """,
    """
    INSERT INTO inventory_stockrecord (item_id, location_id, on_hand, safety_stock, reserved,
      futures, futures_quantity, excluded_groups, is_deleted)
    SELECT i.id, p.id, i.on_hand / %(locations)s, 0, 0, '[]', 0, '{}', false
    FROM inventory_item i, inventory_place p JOIN inventory_location l ON l.place_ptr_id = p.id
    WHERE i.organization_id = %(org)s AND p.organization_id = %(org)s
    """,
    """
    INSERT INTO inventory_poolbalance (item_id, signature, records, on_hand, safety_stock,
      reserved, free, free_to_fulfil, futures)
    SELECT i.id, g.id::text, %(locations)s, i.on_hand, 0, 0, i.on_hand, i.on_hand, '{}'
    FROM inventory_item i, inventory_place g JOIN inventory_locationgroup l ON l.place_ptr_id = g.id
    WHERE i.organization_id = %(org)s AND g.organization_id = %(org)s
    """,
    """
    WITH documents AS (
      INSERT INTO reservations_document (organization_id, source, identifier, external_ref,
        reservation_time, revision, body)
      SELECT %(org)s, 'oci', 'office-' || n, '', now(), 1, gen_random_uuid()
      FROM generate_series(1, %(items)s) n RETURNING id
    ), places AS (
      SELECT min(i.id) AS item, min(p.id) AS place FROM inventory_item i, inventory_place p
      WHERE i.organization_id = %(org)s AND p.organization_id = %(org)s
    ), lines AS (
      INSERT INTO reservations_line (document_id, revision, position, item_id, place_id, set_id,
        requested, quantity)
      SELECT d.id, 1, 0, item + d.id %% %(items)s, place, '', 1000, 1000 FROM documents d, places
      RETURNING id, document_id, item_id, place_id
    )
    INSERT INTO reservations_claim (item_id, place_id, document_id, line_id, quantity, standing,
      external_ref)
    SELECT item_id, place_id, document_id, id, 1000, 0, '' FROM lines
    """,
)

_MOVEMENTS = """
INSERT INTO inventory_movement (organization_id, item_id, place_id, kind, quantity,
  on_hand_before, on_hand_after, safety_stock_before, safety_stock_after, reserved_before,
  reserved_after, futures_before, futures_after, request_id, external_ref, correlation_id,
  actor, sequence, graph_version, effective_at)
SELECT %(org)s, s.item_id, s.location_id, 'location_update', s.on_hand, 0, s.on_hand,
  0, 0, 0, 0, 0, 0, 'bench', '', '', 'bench', 1, 1, now()
FROM inventory_stockrecord s JOIN inventory_item i ON i.id = s.item_id
WHERE i.organization_id = %(org)s AND i.id >= %(first)s AND i.id < %(first)s + %(some)s
"""


def measure(report: Report, *, quick: bool) -> None:
    """Fill an organization with rows and open every page of it.

    Lists of orders are opened where the bench has piled them up.
    """
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser("bench", password=None))
    _fill("office", items=_ITEMS // (20 if quick else 1))
    _visit(client, "office")
    addresses = [*_lists(client, of_orders=False), *_rows(client), *_pages(), *_questions()]
    for address in addresses:
        report.at_most(f"page: {address}", _milliseconds(client, address), MILLISECONDS, "ms")
    _visit(client, "bench")
    for address in _lists(client, of_orders=True):
        report.at_most(f"page: {address}", _milliseconds(client, address), MILLISECONDS, "ms")


def _fill(name: str, *, items: int) -> None:
    from django.db import connection
    from django.db.models import Min

    from inventory.models import Item, Organization
    from tests.bench.shop import loading

    with loading(), connection.cursor() as cursor:
        organization = Organization.objects.create(identifier=name).pk
        of = {"org": organization, "items": items, "locations": _LOCATIONS}
        for rows in _ROWS:
            cursor.execute(rows, of)
        # As imports write them: no transaction of the ledger has more than some thousand rows.
        some = _MOVEMENTS_A_TRANSACTION // _LOCATIONS
        found = Item.objects.filter(organization=organization).aggregate(first=Min("pk"))
        for first in range(found["first"], found["first"] + items, some):
            cursor.execute(_MOVEMENTS, {"org": organization, "first": first, "some": some})


def _visit(client: Any, organization: str) -> None:
    from django.urls import reverse

    client.post(reverse("admin:choose_organization"), {"organization": organization})


def _lists(client: Any, *, of_orders: bool) -> Iterator[str]:
    """Yield whatever lists can be asked, at the first and at the deepest page."""
    from tests import back_office

    for model, model_admin in back_office.lists().items():
        if (model._meta.app_label == "orders") is not of_orders:
            continue
        changelist = back_office.address(model, "changelist")
        for asked in back_office.questions(model_admin, client, samples=_SAMPLES):
            yield changelist + asked
            pages = back_office.change_list(model_admin, client, asked).paginator.num_pages
            if pages > 1:
                yield f"{changelist}{asked or '?'}&p={pages}"


def _rows(client: Any) -> Iterator[str]:
    """Yield the page of a row of each list that has any."""
    from tests import back_office

    for model, model_admin in back_office.lists().items():
        row = next(iter(back_office.change_list(model_admin, client).result_list), None)
        if row is not None:
            yield back_office.address(model, "change", row.pk)


def _pages() -> Iterator[str]:
    """Yield the pages that are no list, and the first page of all."""
    from django.urls import reverse

    from inventory.backoffice.pages import PAGES

    yield reverse("admin:index")
    for page in PAGES:
        yield reverse(f"admin:{page.name}")


def _questions() -> Iterator[str]:
    """Yield what a merchandiser asks that is no filter of a list."""
    from django.urls import reverse

    explain = reverse("admin:explain")
    for place in (_SAMPLES["place"], _SAMPLES["group"]):
        yield f"{explain}?sku={_SAMPLES['sku']}&place={place}&quantity=3"
    stock = reverse("admin:inventory_item_changelist")
    yield f"{stock}?location=office-l7&state=oversold"
    yield f"{stock}?group=office-group&state=out&o=-9"
    documents = reverse("admin:reservations_document_changelist")
    yield f"{documents}?place=office-l1&sku=office-0000123"
    yield f"{documents}?state=open&expiring=60"


def _milliseconds(client: Any, address: str) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        status = client.get(address, follow=True).status_code
        times.append((time.perf_counter() - started) * 1000)
        if status != 200:
            message = f"{address}: {status}"
            raise RuntimeError(message)
    return median(times)
