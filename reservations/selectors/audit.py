"""Every reserved unit must be somebody's, every balance what it follows from (design: law 6)."""

from dataclasses import dataclass

from inventory.selectors.audit import (
    BALANCES,
    IN_SCOPE,
    Difference,
    Findings,
    audit_inventory,
    audited,
)
from inventory.selectors.availability import snapshot
from reservations.models import Source, Standing


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit covered and found; `differences` lists the first of them."""

    organizations: int
    items: int
    differences: list[Difference]
    difference_count: int

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing differs."""
        return not self.difference_count


_ITEMS = IN_SCOPE.format(column="i.organization_id")

# Also finds claims at a place without a balance: they would be reserved nowhere.
_RESERVED = f"""
SELECT item_id, place_id, 'reserved', coalesce(held.reserved, 0),
  coalesce(claimed.quantity, 0)::bigint
FROM ({BALANCES}) AS held FULL JOIN (
  SELECT c.item_id, c.place_id, sum(c.quantity) AS quantity
  FROM reservations_claim c JOIN inventory_item i ON i.id = c.item_id
  WHERE {_ITEMS} GROUP BY c.item_id, c.place_id
) AS claimed USING (item_id, place_id)
WHERE coalesce(held.reserved, 0) <> coalesce(claimed.quantity, 0)
  OR (held.item_id IS NULL)
"""

# No foreign key says so: a claim or a line without its document is found here.
_COPIES = f"""
SELECT c.item_id, c.place_id, 'claim ' || c.id || ': ' || f.field, f.stored, f.expected
FROM reservations_claim c
JOIN inventory_item i ON i.id = c.item_id
LEFT JOIN reservations_document d ON d.id = c.document_id
LEFT JOIN reservations_line l ON l.id = c.line_id
CROSS JOIN LATERAL (VALUES
  ('standing', c.standing::text, CASE
    WHEN d.source = '{Source.OMNITRON.value}' THEN '{Standing.ORDER_HOLD.value}'
    WHEN d.expires_at IS NULL THEN '{Standing.FINAL.value}'
    ELSE '{Standing.TEMPORARY.value}' END),
  ('expires_at', c.expires_at::text, d.expires_at::text),
  ('external_ref', c.external_ref, d.external_ref),
  ('cancelled_at', NULL, d.cancelled_at::text),
  ('document', c.document_id::text, l.document_id::text),
  ('revision', l.revision::text, d.revision::text),
  ('item', c.item_id::text, l.item_id::text),
  ('organization', i.organization_id::text, d.organization_id::text)
) AS f(field, stored, expected)
WHERE {_ITEMS} AND f.stored IS DISTINCT FROM f.expected
"""

_LINES = f"""
SELECT l.item_id, l.place_id, 'line ' || l.id || ' claims', claimed.quantity, l.quantity
FROM reservations_line l JOIN (
  SELECT c.line_id, sum(c.quantity)::bigint AS quantity
  FROM reservations_claim c JOIN inventory_item i ON i.id = c.item_id
  WHERE {_ITEMS} GROUP BY c.line_id
) AS claimed ON claimed.line_id = l.id
WHERE claimed.quantity > l.quantity
"""

_DOCUMENTS = f"""
SELECT l.item_id, l.place_id, 'line ' || l.id || ' document', l.document_id, NULL
FROM reservations_line l
JOIN inventory_item i ON i.id = l.item_id
LEFT JOIN reservations_document d ON d.id = l.document_id
WHERE {_ITEMS} AND d.id IS NULL
"""


def audit(organization_id: int | None) -> AuditReport:
    """Audit one organization, or all of them, as of one moment."""
    findings = Findings()
    with snapshot():
        organizations, items = audited(organization_id)
        audit_inventory(findings, organization_id=organization_id)
        for name, sql in (
            ("reserved is the sum of its claims", _RESERVED),
            ("a claim repeats its document", _COPIES),
            ("a line claims no more than it placed", _LINES),
            ("a line is of a document", _DOCUMENTS),
        ):
            findings.check(name, sql, organization_id=organization_id)
    return AuditReport(
        organizations=organizations,
        items=items,
        differences=findings.differences,
        difference_count=findings.count,
    )
