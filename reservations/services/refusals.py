"""Remembering what was refused: a bounded tally for the back office, never in a request's way.

A refused request rolls back or writes nothing, so its tally is written after its transaction, by a
statement of its own. A request that gets what it asks for pays nothing.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import Error, connection

from inventory.domain.graph import Graph
from inventory.locks import after_write
from inventory.services.retention import drop
from reservations.models import RefusalReason, RefusalTally
from reservations.selectors.places import known_places
from reservations.services.placing import Placing, Wanted

KEPT_AN_HOUR = 500
"""So many rows of an organization are kept of an hour, and one that counts everything beyond.

Requests that are refused at the same moment do not see each other's rows: a few more are possible.
"""
PATIENCE = "100ms"
"""So long a row is waited for that another request counts in just then."""

_LOG = logging.getLogger(__name__)
# The waiting ends soon, and nobody waits for the disk: this is no stock.
_COUNT = """
WITH patience AS MATERIALIZED (
  SELECT set_config('lock_timeout', %(patience)s, true),
    set_config('synchronous_commit', 'off', true)
), told AS (
  SELECT t.*, EXISTS (
    SELECT FROM reservations_refusaltally r WHERE r.organization_id = %(organization)s
      AND r.hour = %(hour)s AND r.sku = t.sku AND r.place = t.place AND r.reason = t.reason
  ) AS is_known
  FROM patience, unnest(%(skus)s::text[], %(places)s::text[], %(groups)s::boolean[],
    %(reasons)s::text[], %(counts)s::bigint[], %(asked)s::bigint[], %(available)s::bigint[])
    AS t(sku, place, is_group, reason, count, asked, available)
), fitted AS (
  SELECT t.*, is_known OR row_number() OVER (PARTITION BY is_known ORDER BY sku, place, reason)
    <= %(most)s - (SELECT count(*) FROM reservations_refusaltally
                   WHERE organization_id = %(organization)s AND hour = %(hour)s) AS fits
  FROM told t
)
INSERT INTO reservations_refusaltally AS r (organization_id, hour, sku, place, is_group, reason,
  count, asked, available, document, external_ref, refused_at)
SELECT %(organization)s, %(hour)s, f.sku, f.place, f.is_group, f.reason, f.count, f.asked,
  f.available, %(document)s, %(reference)s, %(now)s
FROM (
  SELECT sku, place, is_group, reason, count, asked, available FROM fitted WHERE fits
  UNION ALL SELECT '', '', false, %(folded)s, sum(count), 0, 0 FROM fitted WHERE NOT fits
  HAVING count(*) > 0
) f ORDER BY f.sku, f.place, f.reason
ON CONFLICT (organization_id, hour, sku, place, reason) DO UPDATE SET
  count = r.count + excluded.count, is_group = excluded.is_group, asked = excluded.asked,
  available = excluded.available, document = excluded.document,
  external_ref = excluded.external_ref, refused_at = excluded.refused_at
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that got less than it asked for; quantities are thousandths."""

    line: Wanted
    reason: RefusalReason
    available: int = 0


@dataclass(frozen=True, slots=True)
class Refusals:
    """Counts what one request was refused; `document` and `external_ref` tell which it was."""

    organization_id: int
    document: str
    external_ref: str
    now: datetime

    def of_placing(self, placing: Placing) -> None:
        """Count the lines that were short, not those that fell with them."""
        refused = [
            Refused(p.line, _reason(placing, p.line), p.available)
            for p in placing.placements
            if p.available < p.line.quantity
        ]
        self._count(refused)

    def of_places(self, graph: Graph, lines: Iterable[Wanted]) -> None:
        """Count the lines whose place does not exist."""
        lines = list(lines)
        known = known_places(graph, (line.place for line in lines))
        self._count(
            [
                Refused(
                    line,
                    RefusalReason.NO_GROUP if line.place.is_group else RefusalReason.NO_LOCATION,
                )
                for line in lines
                if line.place not in known
            ]
        )

    def _count(self, refused: Sequence[Refused]) -> None:
        if refused:
            after_write(partial(_tally, self, refused))


def _reason(placing: Placing, line: Wanted) -> RefusalReason:
    if line.sku not in placing.book.items:
        return RefusalReason.NO_ITEM
    if placing.fulfil_only:
        return RefusalReason.NOT_ENOUGH_ON_HAND
    return RefusalReason.NOT_ENOUGH


def _tally(request: Refusals, refused: Sequence[Refused]) -> None:
    """Write the tally; what goes wrong is logged and is nobody else's trouble."""
    rows: dict[tuple[str, str, RefusalReason], tuple[int, Refused]] = {}
    for each in refused:
        key = (each.line.sku, each.line.place.identifier, each.reason)
        rows[key] = (rows[key][0] + 1 if key in rows else 1, each)
    last = [each for _, each in rows.values()]
    params: dict[str, Any] = {
        "patience": PATIENCE,
        "most": KEPT_AN_HOUR,
        "folded": RefusalReason.FOLDED.value,
        "organization": request.organization_id,
        "hour": request.now.replace(minute=0, second=0, microsecond=0),
        "skus": [each.line.sku for each in last],
        "places": [each.line.place.identifier for each in last],
        "groups": [each.line.place.is_group for each in last],
        "reasons": [each.reason.value for each in last],
        "counts": [count for count, _ in rows.values()],
        "asked": [each.line.quantity for each in last],
        "available": [each.available for each in last],
        "document": request.document,
        "reference": request.external_ref,
        "now": request.now,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, params)
    except Error as error:
        _LOG.warning("Refusals of %s were not counted: %s", request.document, error)


def forget_old_refusals(*, now: datetime) -> int:
    """Drop tallies beyond their retention, in batches; return how many."""
    limit = now - timedelta(days=settings.REFUSAL_RETENTION_DAYS)
    return drop(RefusalTally.objects.filter(hour__lt=limit).order_by("hour"))
