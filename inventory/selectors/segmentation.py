"""Which SKUs a group does not count. SKUs have no character that COPY escapes."""

from collections.abc import Iterator
from itertools import islice
from typing import IO

from django.db import connection

PAGE = 1_000
_BLOCK = 256 * 1024

# Ids are written into a COPY: Django's cursor for debugging knows no parameters of one.
_EXCLUDED = """
SELECT i.sku FROM inventory_item i WHERE i.organization_id = {organization}
  AND i.segmented_out <> '{{}}' AND i.segmented_out @> ARRAY[{group}]::bigint[]
"""
_ALL = f'COPY ({_EXCLUDED} ORDER BY sku COLLATE "C") TO STDOUT'
_UNLISTED = f"""
COPY ({_EXCLUDED} AND NOT EXISTS (
  SELECT FROM segmentation_listed l WHERE l.sku = i.sku
)) TO STDOUT
"""


def segmented_skus(organization_id: int, *, group: int) -> Iterator[tuple[str, ...]]:
    """Generate the SKUs that a group (by id) excludes, in code point order, a page at a time.

    One statement streams them all, so they are of one moment.
    """
    sql = _ALL.format(organization=int(organization_id), group=int(group))
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        rows = copy.rows()
        while page := tuple(sku for (sku,) in islice(rows, PAGE)):
            yield page


def write_segmented_but(
    listed: IO[bytes], found: IO[bytes], *, organization_id: int, group: int
) -> None:
    """Write the SKUs that a group excludes and `listed` does not name; a SKU a line in both files.

    Must be called in a transaction: it works with a table of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE segmentation_listed (sku text) ON COMMIT DROP")
        with cursor.copy("COPY segmentation_listed FROM STDIN") as copy:
            while block := listed.read(_BLOCK):
                copy.write(block)
        cursor.execute("ANALYZE segmentation_listed")
        sql = _UNLISTED.format(organization=int(organization_id), group=int(group))
        with cursor.copy(sql) as copy:
            found.writelines(map(bytes, copy))
        cursor.execute("DROP TABLE segmentation_listed")
