"""The back office at a million stock records, a million movements and 100,000 reservations.

Every list is opened at its first and its deepest page, by a client in this process: what is
measured is the server's time.
"""

import time
from statistics import median
from typing import Any

from tests.bench.rows import Report

MILLISECONDS = 300
_ITEMS, _LOCATIONS = 100_000, 10
_ROUNDS = 5

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
    INSERT INTO inventory_movement (organization_id, item_id, place_id, kind, quantity,
      on_hand_before, on_hand_after, safety_stock_before, safety_stock_after, reserved_before,
      reserved_after, futures_before, futures_after, request_id, external_ref, correlation_id,
      actor, sequence, graph_version, effective_at)
    SELECT %(org)s, s.item_id, s.location_id, 'location_update', s.on_hand, 0, s.on_hand,
      0, 0, 0, 0, 0, 0, 'bench', '', '', 'bench', 1, 1, now()
    FROM inventory_stockrecord s JOIN inventory_item i ON i.id = s.item_id
    WHERE i.organization_id = %(org)s
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


def measure(report: Report, *, quick: bool) -> None:
    """Fill an organization with rows and open every list of it."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    from inventory.models import Organization
    from tests.bench.shop import loading

    with loading(), connection.cursor() as cursor:
        organization = Organization.objects.create(identifier="office").pk
        size = {"items": _ITEMS // (20 if quick else 1), "locations": _LOCATIONS}
        for rows in _ROWS:
            cursor.execute(rows, {"org": organization, **size})
    client = Client()
    client.force_login(User.objects.create_superuser("bench", password=None))
    client.post("/admin/organization/", {"organization": "office"})
    for name, address in _addresses(organization):
        report.at_most(f"page: {name}", _milliseconds(client, address), MILLISECONDS, "ms")


def _addresses(organization: int) -> list[tuple[str, str]]:
    """Return lists at their first and deepest page, then what a merchandiser asks of stock."""
    from django.contrib import admin
    from django.urls import reverse

    from inventory.backoffice.base import OrganizationAdmin
    from inventory.models import Item

    found = []
    for model, model_admin in admin.site._registry.items():  # Django has no door
        if isinstance(model_admin, OrganizationAdmin):
            meta = model._meta
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            found += [(meta.label, address), (f"{meta.label}, deepest", f"{address}?p=200")]
    stock = reverse("admin:inventory_item_changelist")
    questions = {
        "starting SKU": "q=office-00123",
        "by ATO, deepest": "o=7&p=200",
        "by change": "o=-9",
        "at a location": "location=office-l7",
        "at a location, deepest": "location=office-l7&p=200",
        "in a group": "group=office-group",
        "out of stock": "state=out",
        "oversold, deepest": "state=oversold&p=40",
        "changed": "changed=day&o=-9",
    }
    found += [(f"stock {name}", f"{stock}?{query}") for name, query in questions.items()]
    documents = reverse("admin:reservations_document_changelist")
    questions = {
        "open, deepest": "state=open&p=200",
        "closed": "state=closed",
        "expiring": "expiring=60",
        "at a place, deepest": "place=office-l1&p=200",
        "of an item": "sku=office-0000123",
        "of a reference": "reference=nobody",
        "beginning": "q=office-777",
    }
    found += [(f"reservations {name}", f"{documents}?{query}") for name, query in questions.items()]
    item = Item.objects.filter(organization=organization).first()
    assert item is not None  # it was just made
    found.append(("dashboard", reverse("admin:index")))
    found.append(("item", reverse("admin:inventory_item_change", args=[item.pk])))
    return found


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
