"""Reading clients and tokens."""

from django.db import connection

from integrations.oauth import scopes
from integrations.oauth.grants import Access, Grant, Principal

# By hand: building this query takes the ORM longer than the database needs to answer it.
_GRANT = """
SELECT token.expires, token.scope, client.client_id, client.scopes, organization.id,
       organization.identifier
  FROM oauth2_provider_accesstoken token
  JOIN integrations_apiclient client ON client.id = token.application_id
  JOIN inventory_organization organization ON organization.id = client.organization_id
 WHERE token.token_checksum = %s AND client.is_active
"""


def get_grant(checksum: str) -> Grant | None:
    """The grant of the token with this checksum, expired or not, in one query.

    None if there is no such token or its client was revoked. A scope taken from the client since
    is gone from its tokens too.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GRANT, [checksum])
        row = cursor.fetchone()
    if row is None:
        return None
    expires, asked, client_id, allowed, organization_id, organization = row
    access = Access(
        organization_id=organization_id,
        organization=organization,
        scopes=scopes.expand(asked.split()) & scopes.expand(allowed),
        client_id=client_id,
    )
    return Grant(Principal(client_id), access, expires.timestamp())
