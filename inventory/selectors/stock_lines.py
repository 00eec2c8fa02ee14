"""Stock records as lines of an availability export, written by PostgreSQL and streamed by COPY.

Law 1 (`domain.balance`) is told once more here, in SQL: a record that has to become a Python
object first would cost more than everything else (*measured*: 300,000 lines in a quarter of the
time). `tests/property/test_exports.py` holds both against each other.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from django.db import connection

PIECE_LINES = 1_000


def _number(thousandths: str) -> str:
    """Write a quantity as `domain.quantity.to_json_number` does; whole ones the cheap way."""
    return (
        f"CASE WHEN ({thousandths}) % 1000 = 0 THEN (({thousandths}) / 1000)::text"
        f" ELSE trim_scale(({thousandths}) * 0.001)::text END"
    )


_TO_FULFIL = "greatest(0, r.on_hand - r.safety_stock - r.reserved)"
_TO_ORDER = "greatest(0, r.on_hand + r.futures_quantity - r.safety_stock - r.reserved)"
# Stored futures have one entry for each date.
_FUTURES = f"""(SELECT string_agg(concat('{{"expectedDate":', e -> 0, ',"quantity":',
  {_number("(e ->> 1)::bigint")}, '}}'), ',' ORDER BY (e ->> 0)::timestamptz, e ->> 0)
FROM jsonb_array_elements(r.futures) e)"""
_LINE = f"""concat('{{"sku":', to_json(r.sku),
  ',"onHand":', {_number("r.on_hand")},
  ',"reserved":', {_number("r.reserved")},
  ',"atf":', {_number(_TO_FULFIL)},
  ',"ato":', {_number(_TO_ORDER)},
  ',"safetyStockCount":', {_number("r.safety_stock")},
  CASE WHEN r.effective_at IS NOT NULL THEN
    concat(',"effectiveDate":', left(to_json(r.effective_at AT TIME ZONE 'UTC')::text, -1), 'Z"')
  END,
  ',"futures":[', CASE WHEN r.futures_quantity > 0 THEN {_FUTURES} END, ']',
  CASE WHEN cardinality(r.excluded_groups) > 0 THEN concat(
    ',"attributeSet":{{"groupEligibilityExclusion":', array_to_json(r.excluded_groups), '}}')
  END,
  '}}')"""
# Sorted before the lines are made: a line is three times as wide as its record.
_LINES = f"""
COPY (
  SELECT {_LINE} FROM (
    SELECT i.sku, s.on_hand, s.reserved, s.safety_stock, s.futures_quantity, s.futures,
      s.effective_at, s.excluded_groups
    FROM unnest('{{{{{{places}}}}}}'::bigint[]) WITH ORDINALITY AS p(id, position)
    JOIN inventory_stockrecord s ON s.location_id = p.id
    JOIN inventory_item i ON i.id = s.item_id
    WHERE NOT s.is_deleted ORDER BY p.position, i.sku COLLATE "C" OFFSET 0
  ) r
) TO STDOUT
"""
_COUNTS = """
SELECT location_id, count(*) FROM inventory_stockrecord
WHERE NOT is_deleted AND location_id = ANY(%s) GROUP BY location_id
"""


def stock_lines(locations: Mapping[str, int]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Generate each location (by identifier: id) with the lines of its records.

    Lines come in pieces of whole lines, SKUs in code point order, and must be read before the
    next location is asked for. Call it inside `snapshot`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(locations.values())])
        counts: dict[int, int] = dict(cursor.fetchall())
    # Ids of the database are written into the statement: Django's cursor for debugging knows no
    # parameters of a COPY.
    sql = _LINES.replace("{{places}}", ",".join(map(str, locations.values())))
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        rows = iter(copy)
        for identifier, location in locations.items():
            yield identifier, _pieces(rows, counts.get(location, 0))
        # Read to the end: the connection is free again, and an error of the server is raised.
        if next(rows, None) is not None:
            message = "there are more stock records than were counted in the same snapshot"
            raise AssertionError(message)


def _pieces(rows: Iterator[memoryview], count: int) -> Iterator[bytes]:
    while count:
        taken = min(count, PIECE_LINES)
        count -= taken
        piece = b"".join(islice(rows, taken))
        # COPY doubles backslashes; nothing else that it escapes can stand in JSON.
        yield piece.replace(b"\\\\", b"\\")
