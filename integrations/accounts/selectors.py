"""Reading users and tokens."""

import math

from django.db import connection

from integrations.accounts.models import IntegrationUser
from integrations.oauth.grants import Access, Grant, Principal

# By hand, like the grant of an API client: building it costs the ORM more than running it.
_GRANT = """
SELECT token.expires, account.username, organization.id, organization.identifier
  FROM integrations_integrationtoken token
  JOIN integrations_integrationuser account ON account.id = token.user_id
  JOIN inventory_organization organization ON organization.id = account.organization_id
 WHERE token.checksum = %s AND account.is_active
"""


def get_grant(checksum: str) -> Grant | None:
    """The grant of the token with this checksum, expired or not, in one query.

    None if there is no such token or its user was revoked. It has no scopes: a user may do
    everything that the Omnitron API offers, in its own organization.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GRANT, [checksum])
        row = cursor.fetchone()
    if row is None:
        return None
    expires, username, organization_id, organization = row
    access = Access(
        organization_id=organization_id,
        organization=organization,
        scopes=frozenset(),
        client_id=username,
    )
    until = math.inf if expires is None else expires.timestamp()
    return Grant(Principal(username), access, until)


def user_named(username: str) -> IntegrationUser:
    """The user of this name, which a token has just vouched for."""
    return IntegrationUser.objects.get(username=username)
