"""Reading claims. The caller holds the locks of their items."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from inventory.statements import array
from reservations.domain.claims import Claim
from reservations.models import Source, Standing

_COLUMNS = (
    "c.id, c.item_id, c.place_id, c.document_id, c.line_id, c.quantity, c.standing,"
    " c.expires_at, c.external_ref"
)
_ORDER = "ORDER BY c.standing, c.document_id, c.id"
# Walks claims in drawing order, one by one by the index, until they cover what is needed; what is
# due covers nothing.
_WALK = """
CROSS JOIN LATERAL (
  WITH RECURSIVE walk AS (
    (SELECT c.*, v.needed - {covered} AS lacking FROM reservations_claim c
     WHERE {here} {order} LIMIT 1)
    UNION ALL
    SELECT following.* FROM walk CROSS JOIN LATERAL (
      SELECT c.*, walk.lacking - {covered} FROM reservations_claim c
      WHERE {here} AND (c.standing, c.document_id, c.id)
        > (walk.standing, walk.document_id, walk.id) {order} LIMIT 1
    ) following WHERE walk.lacking > 0
  ) SELECT * FROM walk
) c
"""
_HERE = "c.item_id = v.item_id AND c.place_id = v.place_id"
_COVERED = "CASE WHEN c.expires_at <= %s THEN 0 ELSE c.quantity END"
_BY_PLACE = f"""
SELECT {_COLUMNS}
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS v(item_id, place_id, needed)
{_WALK.format(here=_HERE, covered=_COVERED, order=_ORDER)}
"""
_NAMED = f"{_HERE} AND c.external_ref = v.external_ref AND c.external_ref <> ''"
_BY_REFERENCE = f"""
SELECT {_COLUMNS}
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
  AS v(item_id, place_id, needed, external_ref)
{_WALK.format(here=_NAMED, covered=_COVERED, order=_ORDER)}
"""
_DUE = f"""
SELECT {_COLUMNS} FROM reservations_claim c
WHERE c.item_id = ANY(%s) AND c.expires_at <= %s
"""
_OF_HOLDS = f"""
SELECT {_COLUMNS} FROM reservations_claim c
JOIN unnest(%s::bigint[], %s::bigint[]) AS v(item_id, line_id)
ON c.item_id = v.item_id AND c.line_id = v.line_id
WHERE c.standing = {Standing.ORDER_HOLD.value} ORDER BY c.id
"""
_AT_PLACES = f"""
SELECT {_COLUMNS} FROM reservations_claim c
WHERE c.item_id = ANY(%s) AND c.place_id = ANY(%s) {_ORDER}
"""
_OF_NAMED = f"""
SELECT d.identifier, d.id, {_COLUMNS} FROM reservations_document d
LEFT JOIN reservations_claim c ON c.document_id = d.id AND c.item_id = ANY(%s)
WHERE d.organization_id = %s AND d.source = '{Source.OCI.value}' AND d.identifier = ANY(%s)
"""
_OF_DOCUMENT = f"SELECT {_COLUMNS} FROM reservations_claim c WHERE c.document_id = %s"


class Need(NamedTuple):
    """How much will be drawn at one item and place, for one external reference."""

    item_id: int
    place: int
    external_ref: str
    quantity: int


def claims_for_draws(needs: Collection[Need], *, now: datetime) -> list[Claim]:
    """Return enough claims to draw what is needed in the right order, and the due ones.

    A place with many claims is read only as far as the draws can reach.
    """
    wanted: Counter[tuple[int, int]] = Counter()
    for need in needs:
        wanted[need.item_id, need.place] += need.quantity
    queries = [_BY_PLACE, _DUE]
    params = [*_columns([(*pair, quantity) for pair, quantity in wanted.items()], 3), now, now]
    params += [array({need.item_id for need in needs}), now]
    named = {(need.item_id, need.place, need.external_ref) for need in needs if need.external_ref}
    if named:
        queries.append(_BY_REFERENCE)
        rows = [(item, place, wanted[item, place], ref) for item, place, ref in named]
        params += [*_columns(rows, 4), now, now]
    found = _query(" UNION ALL ".join(queries), params)
    return list({row[0]: Claim(*row) for row in found}.values())


def due_claims(item_ids: Sequence[int], *, now: datetime, limit: int | None = None) -> list[Claim]:
    """Return the claims of these items whose time has passed, at most `limit` of them."""
    rows = _query(f"{_DUE} LIMIT %s", [list(item_ids), now, limit])
    return [Claim(*row) for row in rows]


def claims_at(item_ids: Sequence[int], *, places: Sequence[int]) -> list[Claim]:
    """Return all claims of these items at any of the places."""
    return [Claim(*row) for row in _query(_AT_PLACES, [list(item_ids), list(places)])]


def claims_of_named_documents(
    organization_id: int, *, identifiers: Collection[str], item_ids: Collection[int]
) -> tuple[dict[str, int], list[Claim]]:
    """Return the OCI documents of these ids that exist, and what they hold of the items."""
    rows = _query(_OF_NAMED, [list(item_ids), organization_id, list(identifiers)])
    claims = [Claim(*row[2:]) for row in rows if row[2] is not None]
    return {identifier: document_id for identifier, document_id, *_ in rows}, claims


def claims_of_document(document_id: int) -> list[Claim]:
    """Return what a document holds."""
    return [Claim(*row) for row in _query(_OF_DOCUMENT, [document_id])]


def claims_of_holds(lines: Sequence[tuple[int, int]]) -> list[Claim]:
    """Return what remains of order lines, given as (item id, line id), oldest first."""
    return [Claim(*row) for row in _query(_OF_HOLDS, _columns(lines, 2))]


def item_ids_of_document(document_id: int) -> list[int]:
    """Return the items a document has claims of; stable while the document is locked."""
    rows = _query(
        "SELECT DISTINCT item_id FROM reservations_claim WHERE document_id = %s", [document_id]
    )
    return [row[0] for row in rows]


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    return [array([row[n] for row in rows]) for n in range(width)]


def _query(sql: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
