"""Reading claims. The caller holds the locks of their items."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from reservations.domain.claims import Claim
from reservations.models import Source, Standing

DRAW_PAGE = 100
"""Claims read for each place before more are asked for."""

_COLUMNS = (
    "c.id, c.item_id, c.place_id, c.document_id, c.line_id, c.quantity, c.standing,"
    " c.expires_at, c.external_ref"
)
_ORDER = "ORDER BY c.standing, c.document_id, c.id"
_BY_PLACE = f"""
SELECT {_COLUMNS}, 0 AS tier FROM unnest(%s::bigint[], %s::bigint[]) AS v(item_id, place_id)
CROSS JOIN LATERAL (
  SELECT * FROM reservations_claim c
  WHERE c.item_id = v.item_id AND c.place_id = v.place_id {_ORDER} LIMIT {DRAW_PAGE}
) c
"""
_BY_REFERENCE = f"""
SELECT {_COLUMNS}, 1 FROM unnest(%s::bigint[], %s::bigint[], %s::text[])
  AS v(item_id, place_id, external_ref)
CROSS JOIN LATERAL (
  SELECT * FROM reservations_claim c
  WHERE c.item_id = v.item_id AND c.place_id = v.place_id
    AND c.external_ref = v.external_ref AND c.external_ref <> '' {_ORDER} LIMIT {DRAW_PAGE}
) c
"""
_DUE = f"""
SELECT {_COLUMNS}, 2 FROM reservations_claim c
WHERE c.item_id = ANY(%s) AND c.expires_at <= %s
"""
_ALL_AT = f"""
SELECT {_COLUMNS}, 0 FROM reservations_claim c JOIN
unnest(%s::bigint[], %s::bigint[]) AS v(item_id, place_id)
ON c.item_id = v.item_id AND c.place_id = v.place_id
"""
_OF_HOLDS = f"""
SELECT {_COLUMNS}, 0 FROM reservations_claim c
JOIN unnest(%s::bigint[], %s::bigint[]) AS v(item_id, line_id)
ON c.item_id = v.item_id AND c.line_id = v.line_id
WHERE c.standing = {Standing.ORDER_HOLD.value} ORDER BY c.id
"""
_AT_PLACES = f"""
SELECT {_COLUMNS}, 0 FROM reservations_claim c
WHERE c.item_id = ANY(%s) AND c.place_id = ANY(%s) {_ORDER}
"""
_OF_NAMED = f"""
SELECT d.identifier, d.id, {_COLUMNS} FROM reservations_document d
LEFT JOIN reservations_claim c ON c.document_id = d.id AND c.item_id = ANY(%s)
WHERE d.organization_id = %s AND d.source = '{Source.OCI.value}' AND d.identifier = ANY(%s)
"""
_OF_DOCUMENT = f"SELECT {_COLUMNS}, 0 FROM reservations_claim c WHERE c.document_id = %s"


@dataclass(frozen=True, slots=True)
class Need:
    """How much will be drawn at one item and place, for one external reference."""

    item_id: int
    place: int
    external_ref: str
    quantity: int


def claims_for_draws(needs: Collection[Need], *, now: datetime) -> list[Claim]:
    """Return enough claims to draw what is needed in the right order, and the due ones.

    A place with many claims is read only as far as the draws can reach; one statement, two where
    a page was not enough.
    """
    pairs = sorted({(need.item_id, need.place) for need in needs})
    named = sorted({(n.item_id, n.place, n.external_ref) for n in needs if n.external_ref})
    items = sorted({need.item_id for need in needs})
    rows = _query(
        f"{_BY_PLACE} UNION ALL {_BY_REFERENCE} UNION ALL {_DUE}",
        [*_columns(pairs, 2), *_columns(named, 3), items, now],
    )
    claims = {row[0]: Claim(*row[:-1]) for row in rows}
    unfinished = _unfinished(rows, needs, now=now)
    if unfinished:
        more = _query(_ALL_AT, _columns(unfinished, 2))
        claims.update((row[0], Claim(*row[:-1])) for row in more)
    return list(claims.values())


def due_claims(item_ids: Sequence[int], *, now: datetime, limit: int | None = None) -> list[Claim]:
    """Return the claims of these items whose time has passed, at most `limit` of them."""
    rows = _query(f"{_DUE} LIMIT %s", [list(item_ids), now, limit])
    return [Claim(*row[:-1]) for row in rows]


def claims_at(item_ids: Sequence[int], *, places: Sequence[int]) -> list[Claim]:
    """Return all claims of these items at any of the places."""
    return [Claim(*row[:-1]) for row in _query(_AT_PLACES, [list(item_ids), list(places)])]


def claims_of_named_documents(
    organization_id: int, *, identifiers: Collection[str], item_ids: Collection[int]
) -> tuple[dict[str, int], list[Claim]]:
    """Return the OCI documents of these ids that exist, and what they hold of the items."""
    rows = _query(_OF_NAMED, [list(item_ids), organization_id, list(identifiers)])
    claims = [Claim(*row[2:]) for row in rows if row[2] is not None]
    return {identifier: document_id for identifier, document_id, *_ in rows}, claims


def claims_of_document(document_id: int) -> list[Claim]:
    """Return what a document holds."""
    return [Claim(*row[:-1]) for row in _query(_OF_DOCUMENT, [document_id])]


def claims_of_holds(lines: Sequence[tuple[int, int]]) -> list[Claim]:
    """Return what remains of order lines, given as (item id, line id), oldest first."""
    return [Claim(*row[:-1]) for row in _query(_OF_HOLDS, _columns(lines, 2))]


def item_ids_of_document(document_id: int) -> list[int]:
    """Return the items a document has claims of; stable while the document is locked."""
    rows = _query(
        "SELECT DISTINCT item_id FROM reservations_claim WHERE document_id = %s", [document_id]
    )
    return [row[0] for row in rows]


def _unfinished(
    rows: Iterable[Sequence[Any]], needs: Collection[Need], *, now: datetime
) -> list[tuple[int, int]]:
    """Return the places where a full page of live claims does not cover what is needed."""
    wanted: dict[tuple[int, int], int] = {}
    for need in needs:
        key = (need.item_id, need.place)
        wanted[key] = wanted.get(key, 0) + need.quantity
    counted: dict[tuple[int, int, int, str], tuple[int, int]] = {}
    for row in rows:
        claim, tier = Claim(*row[:-1]), row[-1]
        if tier == 2:  # noqa: PLR2004  # the due ones are not drawn from
            continue
        page = (claim.item_id, claim.place, tier, claim.external_ref if tier else "")
        seen, quantity = counted.get(page, (0, 0))
        live = 0 if claim.is_due(now) else claim.quantity
        counted[page] = (seen + 1, quantity + live)
    return sorted(
        {
            (item_id, place)
            for (item_id, place, _, _), (seen, quantity) in counted.items()
            if seen == DRAW_PAGE and quantity < wanted.get((item_id, place), 0)
        }
    )


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(width)]


def _query(sql: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
